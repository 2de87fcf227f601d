"""Typing a machine-readable zone: by kind of document, judged field by field as one types.

Rules, in order:

1. The kind chosen gives the layout; where the first characters say another kind of the same shape,
   it is chosen and told.
2. Small letters, spaces, dots and pasted lines are taken as a zone writes them; nothing else is
   changed. A look-alike that cannot stand at its place is told and offered, never replaced by
   itself.
3. The zone is accepted when every check digit holds.
"""

import re
from datetime import date
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from kiosk.documents.check_digits import FILLER
from kiosk.documents.identification import identify_lines
from kiosk.documents.layouts import FR_ID, LAYOUTS, MRV_A, MRV_B, TD1, TD2, TD3, Layout, layout_of
from kiosk.documents.mrz import CHECK_DIGITS, MrzReading, parse
from kiosk.documents.series import Family, SeriesCatalogue
from kiosk.documents.zone_places import (
    Digit,
    DigitState,
    Misplaced,
    digits_of,
    misplaced,
    place_of,
)
from kiosk.domain.errors import MrzFormatError
from kiosk.domain.evidence import Verdict
from ui.steps.entries import zone_text
from ui.steps.words import check_label, check_sentence
from ui.steps.zone_row import ZoneRow
from ui.theme import Space
from ui.widgets.button import Button
from ui.widgets.check_row import CheckRow
from ui.widgets.choices import Choice, ChoiceGroup
from ui.widgets.look import Look

if TYPE_CHECKING:
    from kiosk.capture.doubt import OpenReading

FORMS: Final = {
    "card": TD1,
    "passport": TD3,
    "old-card": FR_ID,
    "card-2": TD2,
    "visa-a": MRV_A,
    "visa-b": MRV_B,
}
"""Layout by the kind of document in hand."""
REPLACE_KEY = "F6"
_FORM_OF = {layout.name: form for form, layout in FORMS.items()}
_FORM_OF_WIDTH = {30: "card", 36: "old-card", 44: "passport"}
"""What a line of this width is of, until its first characters tell more."""
_TELLING = 5
"""So many characters tell the layout among those of one shape (``IDFRA``)."""


class ZoneEntry(QWidget):
    """Lines of the zone, with its checks while one types.

    Signals:
        changed(): lines or form changed.
    """

    changed = Signal()

    def __init__(self, look: Look, series: SeriesCatalogue) -> None:
        """``series`` knows the lines of papers that are no travel documents."""
        super().__init__()
        self._look = look
        self._series = series
        self._today = date.min
        self._shape = ChoiceGroup(look, columns=3, low_columns=6, keys=False)
        self._shape.setObjectName("zone-form")
        self._lines = [ZoneRow(look, number) for number in range(3)]
        self._seen: OpenReading | None = None
        self._offered: Misplaced | None = None
        self.replace = Button(look, "", icon="refresh", key=REPLACE_KEY)
        self.replace.setObjectName("replace-look-alike")
        self._checks = QVBoxLayout()
        self._rows: list[CheckRow] = []
        self._shown: tuple[object, ...] = ()
        self._changing = False
        column = QVBoxLayout(self)
        column.setContentsMargins(Space.NONE, Space.NONE, Space.NONE, Space.NONE)
        column.setSpacing(Space.M)
        column.addWidget(self._shape)
        for line in self._lines:
            line.changed.connect(self._edited)
            line.edit.pasted.connect(self._paste)
            line.edit.focus_moved.connect(self._judge)
            column.addWidget(line)
        column.addWidget(self.replace, 0, Qt.AlignmentFlag.AlignLeft)
        column.addLayout(self._checks)
        column.addStretch(1)
        self._shape.changed.connect(self._reshape)
        self.replace.clicked.connect(self._replace)
        self.replace.hide()
        self.retranslate()
        self._shape.select("card")
        self._reshape()

    @property
    def layout_chosen(self) -> Layout:
        """Layout of the kind chosen."""
        chosen = self._shape.selected
        return FORMS[chosen[0] if chosen else "card"]

    @property
    def texts(self) -> tuple[str, ...]:
        """The lines as typed."""
        return tuple(line.edit.text() for line in self._lines[: self.layout_chosen.lines])

    @property
    def digits(self) -> tuple[Digit, ...]:
        """The check digits, open where something is missing."""
        return digits_of(self.layout_chosen, self.texts)

    @property
    def reading(self) -> MrzReading | None:
        """The zone typed, None while the lines are no zone."""
        if any(len(text) != self.layout_chosen.width for text in self.texts):
            return None
        try:
            return parse(self.texts, self._today)
        except MrzFormatError:
            return None

    @property
    def accepted(self) -> MrzReading | None:
        """The zone typed where every check digit holds."""
        reading = self.reading
        return reading if reading is not None and reading.digits_agree else None

    def begin(self, today: date, form: str, seen: "OpenReading | None" = None) -> None:
        """Start afresh.

        Args:
            today: date of the act.
            form: a key of ``FORMS``.
            seen: what the camera saw last of a zone, for its pictures; its text is not taken over.
        """
        self._today = today
        self._seen = seen
        for line in self._lines:
            line.edit.clear()
        self._shape.select(_FORM_OF.get(seen.layout, form) if seen else form)
        self._reshape()
        self._lines[0].setFocus()

    def clear(self) -> None:
        """Another case: nothing is carried over."""
        self._seen = None
        for line in self._lines:
            line.edit.clear()
            line.show_strip(None)

    def take(self, text: str) -> None:
        """A document reader typed one line, or all lines in a row.

        A line goes into the first one that is not whole; where all are, a new zone begins.
        """
        if len(text) > max(layout.width for layout in LAYOUTS.values()):
            self._paste(text)
            return
        if len(text) != self.layout_chosen.width:
            self._empty()
            self._shape.select(_FORM_OF_WIDTH[len(text)])
            self._reshape()
        lines = self._lines[: self.layout_chosen.lines]
        free = [line for line in lines if len(line.edit.text()) != len(text)]
        if not free:
            self._empty()
        self._put(free[0] if free else lines[0], text, limit=len(text))
        self._reshape()

    def _empty(self) -> None:
        for line in self._lines:
            self._put(line, "")

    def retranslate(self) -> None:
        """Write every word again."""
        tr = self._look.language.tr
        self._shape.show_choices(tuple(Choice(form, tr(f"zone.form.{form}")) for form in FORMS))
        for line in self._lines:
            line.retranslate()
        self._shown = ()
        self._judge()

    # --- what is typed ------------------------------------------------------------------------

    def _reshape(self, _values: tuple[str, ...] = ()) -> None:
        layout = self.layout_chosen
        seen = self._seen
        fits = seen is not None and len(seen.strips) == layout.lines
        for number, line in enumerate(self._lines):
            line.setVisible(number < layout.lines)
            line.use_layout(layout)
            strip = seen.strips[number] if seen and fits and number < layout.lines else None
            line.show_strip(strip, seen.places[number] if seen and strip is not None else ())
            line.retranslate()
        self._edited()

    def _edited(self) -> None:
        if self._changing:
            return
        for line in self._lines:
            clean = zone_text(line.edit.text(), self.layout_chosen.width)
            if clean != line.edit.text():
                self._put(line, clean)
        if not self._follow():
            self._judge()
            self.changed.emit()

    def _follow(self) -> bool:
        """Whether the first characters told another kind of the same shape, chosen now."""
        layout, texts = self.layout_chosen, self.texts
        if not texts or len(texts[0]) < _TELLING:
            return False
        told = layout_of([text.ljust(layout.width, FILLER) for text in texts])
        if told is None or told is layout:
            return False
        self._shape.select(_FORM_OF[told.name])
        self._reshape()
        return True

    def _paste(self, text: str) -> None:
        """Several lines, or one string of all of them, into the lines; else where the caret is."""
        rows = [zone_text(row, len(row)) for row in text.splitlines() if row.strip()]
        if len(rows) == 1:
            whole = rows[0]
            sizes = {(FORMS[f].lines * FORMS[f].width): FORMS[f] for f in FORMS}
            layout = sizes.get(len(whole))
            if layout is not None:
                rows = re.findall(f".{{{layout.width}}}", whole)
        shapes = {(layout.lines, layout.width) for layout in LAYOUTS.values()}
        if (len(rows), *{len(row) for row in rows}) in shapes:
            told = layout_of(rows)
            if told is not None:
                self._shape.select(_FORM_OF[told.name])
            for line, row in zip(self._lines, rows, strict=False):
                self._put(line, row, limit=len(row))
            self._reshape()
            return
        for line in self._lines:
            if line.edit.hasFocus():
                line.edit.insert(" ".join(rows))

    def _put(self, line: ZoneRow, text: str, limit: int = 0) -> None:
        """Write into a line without being told of it."""
        self._changing = True
        where = line.edit.cursorPosition()
        if limit:
            line.edit.setMaxLength(limit)
        line.edit.setText(text)
        line.edit.setCursorPosition(where)
        self._changing = False

    def _replace(self) -> None:
        """Put the look-alike that was offered in its place."""
        offered = self._offered
        if offered is None:
            return
        edit = self._lines[offered.line].edit
        where, text = edit.cursorPosition(), edit.text()
        edit.setText(text[: offered.position] + offered.instead + text[offered.position + 1 :])
        edit.setCursorPosition(where)
        edit.setFocus()

    # --- what is said of it -------------------------------------------------------------------

    def _judge(self) -> None:
        digits = self.digits
        strangers = misplaced(self.layout_chosen, self.texts)
        for number, line in enumerate(self._lines[: self.layout_chosen.lines]):
            line.show_digits(digits)
            line.show_problem(self._problem_of(number, digits, strangers))
        self._offer(next((item for item in strangers if item.instead), None))
        self._show_checks()

    def _problem_of(
        self, number: int, digits: tuple[Digit, ...], strangers: tuple[Misplaced, ...]
    ) -> str:
        tr = self._look.language.tr
        other = identify_lines(self.texts[number : number + 1], self._series).family
        if other is not Family.UNKNOWN:
            return tr("zone.other_paper", kind=tr(f"document_families.{other.value}"))
        for item in strangers:
            if item.line == number:
                key = "zone.no_digit" if item.character.isdigit() else "zone.no_letter"
                key = "zone.no_filler" if item.character == FILLER else key
                if place_of(self.layout_chosen, item.line, item.position).field == "sex":
                    key = "zone.no_sex"
                return tr(key, position=item.position + 1, character=item.character)
        wrong = [d for d in digits if d.state is DigitState.WRONG]
        named = [d for d in wrong if d.covered is not None] or wrong
        for digit in named:
            if digit.place.line == number:
                return tr(f"zone.wrong.{digit.name}", position=digit.place.start + 1)
        edit = self._lines[number].edit
        short = self.layout_chosen.width - len(edit.text())
        if edit.text() and short and not edit.hasFocus():
            return tr("journey.entry.zone_short", n=short)
        return ""

    def _offer(self, item: Misplaced | None) -> None:
        self._offered = item
        self.replace.setVisible(item is not None)
        if item is not None:
            self.replace.setText(
                self._look.language.tr(
                    "zone.replace",
                    old=item.character,
                    new=item.instead,
                    position=item.position + 1,
                    line=item.line + 1,
                )
            )
            self.replace.updateGeometry()

    def _show_checks(self) -> None:
        """Doubts about what the zone says, once it is whole; its digits are told in place."""
        reading = self.reading
        checks = () if reading is None else reading.checks
        if checks == self._shown:
            return
        self._shown = checks
        for row in self._rows:
            self._checks.removeWidget(row)
            row.hide()
            row.deleteLater()
        self._rows = []
        wrong = [
            check
            for check in checks
            if check.verdict is not Verdict.PASS and check.code not in CHECK_DIGITS
        ]
        for check in wrong[:3]:
            row = CheckRow(
                self._look,
                check_sentence(check, self._look.language),
                check.verdict,
                detail=check_label(check, self._look.language),
            )
            self._rows.append(row)
            self._checks.addWidget(row)
