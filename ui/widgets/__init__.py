"""Widgets of the product: each draws itself from tokens and speaks through labels.

Each takes a :class:`~ui.widgets.look.Look` first and plain, already translated strings after it;
screens write the texts again when ``look.language.changed`` comes. ``look.theme`` gives tokens
(``ui.theme``), ``look.language.tr(key, **values)`` the words. Names of icons are the files of
``resources/icons``.

=============  ===================================================================================
look           ``Look(theme, language)``
label          ``Label(look, text, style=Type.BODY, ink="ink", *, wrap)``: ``set_ink``,
               ``set_style``; ``IconLabel(look, icon, ink, size)``: ``show_icon``;
               ``Badge(look, icon, tone, size)``: icon on a round soft fill
button         ``Button(look, text, *, kind, key, icon, trailing, short)``: a QPushButton; ``key``
               is a Qt sequence (``"Return"``, ``"F5"``), bound and drawn as a key cap;
               ``short`` words for the tablet, ``set_texts(text, short)``;
               ``set_busy``, ``set_height(Size)``;
               ``IconButton(look, icon, name)``
chip           ``Chip(look, text, *, icon, tone)``: ``show_text(text, tone, icon)``
card           ``Card(look, title, *, trailing)``: ``body`` (QVBoxLayout), ``set_title``
steps          ``StepItem(title, hint)``; ``StepRail(look)``, ``StepBar(look)``:
               ``show_steps(items, current)``; steps before current are done
preview        ``Preview(look)``: ``show_frame(image BGR (h, w, 3) uint8, outline (4, 2) or None)``,
               drawn 1:1 when it has ``picture_size`` device px (signal
               ``picture_resized(int, int)``); ``show_message(text, progress, live=)``,
               ``show_note(text)`` instead of a picture, ``clear()``
quality        ``Measure(icon, label, value, tone)``; ``QualityRow(look)``: ``show_measures``
field          ``FieldState``; ``Field(look, label, value, *, state, reason, editable)``:
               ``show_value``, ``begin_edit``; signals ``edited(str)``, ``edit_cancelled()``;
               ``ReadRow(name, label, value, state, reason, editable)``; ``ReadList(look)``:
               ``show_rows``; signal ``edited(name, text)``
tile           ``Tile(look, title, hint, *, icon, key, primary)``: a QPushButton
list_row       ``RowItem(name, title, detail, icon, tone, chip)``; ``RowList(look, *, clickable)``:
               ``show_items``; signal ``chosen(name)``
banner         ``Banner(look)``: ``show_message(text, tone, undo, ms)``, ``dismiss``; signal
               ``undone()``
pin_pad        ``PinPad(look, *, length)``: signal ``entered(str)``; ``show_error``, ``set_locked``
choices        ``Choice(value, label, hint, icon, tone)``; ``ChoiceGroup(look, *, multiple, columns,
               keys)``: ``show_choices``, ``selected``, ``select(*values)``; signal
               ``changed(tuple)``
check_row      ``CheckRow(look, sentence, verdict, *, detail, tick, number)``: ``ticked``; signal
               ``ticked_changed(bool)``
feature_card   ``Gesture``; ``FeatureView(title, instruction, gesture, box, side, shape)`` (box = x,
               y, width, height in 0..1 of the document, or None; shape ``card`` or ``passport``);
               ``FeatureCard(look)``: ``show_feature(view)``
portrait       ``PortraitCompare(look)``: ``show_portrait``, ``show_live``, ``set_captions``,
               ``set_missing``
empty          ``EmptyState(look, icon, title, hint)``: ``show_text``
announce       ``announce(widget, text, *, assertive)``; ``Toast(parent, look)``: ``show_text``
action_bar     ``ActionBar(look, *, back, others, primary)``: give it to ``Shell.set_page``
scroll         ``ScrollArea(look)`` in place of QScrollArea
line_edit      ``LineEdit(look, name)`` in place of QLineEdit
logo           ``Mark(look)``, ``Wordmark(look)``
=============  ===================================================================================
"""
