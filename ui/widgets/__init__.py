"""Widgets of the product. Each takes a :class:`~ui.widgets.look.Look` first and plain, already
translated strings after it; screens write the texts again when ``look.language.changed`` comes.

``look.theme`` gives tokens (``ui.theme``), ``look.language.tr(key, **values)`` the words.

=================  =================================================================================
look               ``Look(theme, language)``
label              ``Label(look, text="", style=Type.BODY, ink="ink", *, wrap=False)``:
                   ``setText``, ``set_ink(name)``; ``IconLabel(look, icon, ink="ink2", size=Size.ICON)``:
                   ``show_icon(icon, ink)``; ``Badge(look, icon, tone)``: icon on a round soft fill
button             ``Button(look, text, *, kind=ButtonKind.SECONDARY, key="", icon="", trailing="")``:
                   a QPushButton; ``key`` is a Qt sequence (``"Return"``, ``"F5"``, ``"Ctrl+L"``) that is
                   bound and drawn as a key cap; ``set_busy(bool)``; ``icon`` before, ``trailing`` icon
                   after the text; kinds PRIMARY, SECONDARY, QUIET, DANGER;
                   ``short`` / ``set_texts(text, short)``: shorter words on a tablet; ``set_height(Size)``
chip               ``Chip(look, text="", *, icon="", tone=Tone.INFO)``: ``show_text(text, tone, icon)``
card               ``Card(look, title="", *, trailing=None)``: ``body`` (QVBoxLayout), ``set_title``
steps              ``StepItem(title, hint="")``; ``StepRail(look)`` and ``StepBar(look)``:
                   ``show_steps(items: tuple[StepItem, ...], current: int)`` (before current = done)
preview            ``Preview(look)``: ``show_frame(image BGR (h,w,3) uint8, outline (4,2)|None in image px)``
                   drawn 1:1 when it has ``picture_size`` device px (signal ``picture_resized(int, int)``);
                   ``show_message(text, progress=None 0..1, live=True)``, ``show_note(text)`` instead of a
                   picture, ``clear()``
quality            ``Measure(icon, label, value, tone)``; ``QualityRow(look)``: ``show_measures(tuple)``
field              ``FieldState`` EMPTY/OK/WARN/ERROR; ``Field(look, label, value="", *, state, reason="",
                   editable=False)``: ``show_value(value, state, reason="")``, ``begin_edit()``, signals
                   ``edited(str)`` (Enter), ``edit_cancelled()``;
                   ``ReadRow(name, label, value, state, reason="", editable=False)``;
                   ``ReadList(look)``: ``show_rows(tuple[ReadRow, ...])``, signal ``edited(name, text)``
tile               ``Tile(look, title, hint, *, icon, key="", primary=False)``: a QPushButton
list_row           ``RowItem(name, title, detail, icon, tone, chip="")``; ``ListRow(look, item, *,
                   clickable=False)``: a QPushButton when clickable; ``RowList(look, *, clickable=False)``:
                   ``show_items(tuple[RowItem, ...])``, signal ``chosen(name)``
banner             ``Banner(look)``: ``show_message(text, tone=Tone.INFO, undo="", ms=UNDO_MS)``,
                   ``dismiss()``; signal ``undone()``
pin_pad            ``PinPad(look, *, length=6)``: signal ``entered(str)``; ``clear()``, ``show_error(text)``,
                   ``set_locked(bool)``
choices            ``Choice(value, label, hint="", icon="", tone=Tone.INFO)``; ``ChoiceGroup(look, *,
                   multiple=False, columns=1, keys=True)``: ``show_choices(tuple[Choice, ...])``,
                   ``selected -> tuple[str, ...]``, ``select(*values)``; signal ``changed(tuple)``
check_row          ``CheckRow(look, sentence, verdict, *, detail="", tick="")``: with ``tick`` text the
                   agent can confirm a near match; ``ticked`` property, signal ``ticked_changed(bool)``
feature_card       ``Gesture`` LOOK/TOUCH/TILT; ``FeatureView(title, instruction, gesture, box, side,
                   shape)`` (box = x, y, width, height in 0..1 of the document, or None; shape
                   ``"card"`` or ``"passport"``); ``FeatureCard(look)``: ``show_feature(view)``
portrait           ``PortraitCompare(look)``: ``show_portrait(BGR|None)``, ``show_live(BGR|None)``,
                   ``set_captions(portrait, live)``, ``set_missing(text)``
empty              ``EmptyState(look, icon, title, hint="")``: ``show_text(title, hint)``
announce           ``announce(widget, text, *, assertive=False)``; ``Toast(parent, look)``:
                   ``show_text(text, tone=Tone.OK)``
action_bar         ``ActionBar(look, *, back=None, others=(), primary=None)`` of Buttons; give it to
                   ``Shell.set_page(page, bar)``
scroll, line_edit  ``ScrollArea(look)`` in place of QScrollArea; ``LineEdit(look, name)``
logo               ``Mark(look)`` (two arcs with a dot each), ``Wordmark(look, ink)``
=================  =================================================================================
"""
