"""A document without a machine-readable zone: the agent types what is printed, field by field.

Rules, in order:

1. Only kinds of which the catalogue says that documents without a zone exist can be chosen.
2. Every field is judged when it is left and when the form is confirmed, in a sentence of its own;
   an empty date of expiry must be stated, never forgotten.
3. The result is a document without layout, and the check ``reading.typed``, which the agent ticks
   later: nothing here was read by a machine.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QVBoxLayout, QWidget

from kiosk.documents import issuers
from kiosk.documents.catalogue import DocumentCatalogue
from kiosk.documents.names import mrz_name
from kiosk.domain.evidence import Check, DocumentKind, IdentityDocument, PartialDate, Verdict
from ui.steps.entries import DateEntry, Entry, typed_day
from ui.theme import Space
from ui.widgets.choices import Choice, ChoiceGroup
from ui.widgets.look import Look

TYPED = Check("reading.typed", Verdict.UNSURE)
_OLDEST_YEAR = 1900
_PARTS = 12
_ROWS, _LOW_ROWS = (2, 3, 2), (4, 3)
"""How many fields stand beside each other, row by row; each row has so many equal parts."""
_LEAST_NUMBER = 4
_NUMBER = re.compile(r"[0-9A-Z]+", re.ASCII)
_MONTH = re.compile(r"(?:(\d{1,2})[\s./-]+)?(\d{4})")
_GAPS = re.compile(r"[\s,;]+")


def typed_birth(text: str) -> PartialDate | None:
    """``14/06/1950``, ``06/1950`` or ``1950``; None where it is no date."""
    day = typed_day(text)
    if day is not None:
        return PartialDate(day.year, day.month, day.day)
    match = _MONTH.fullmatch(text.strip())
    if match is None:
        return None
    month = int(match[1]) if match[1] else None
    return PartialDate(int(match[2]), month) if month is None or 1 <= month <= 12 else None


@dataclass(frozen=True, slots=True)
class _Field:
    """A field: its name in the texts, its entry, and what is wrong with it (a key, or ``""``)."""

    name: str
    entry: Entry
    problem: Callable[[], str]


class PlainForm(QWidget):
    """Kind, State, names, dates, number.

    Signals:
        changed(): something was typed or chosen.
    """

    changed = Signal()

    def __init__(self, look: Look, catalogue: DocumentCatalogue) -> None:
        super().__init__()
        self._look = look
        self._catalogue = catalogue
        self._today = date.min
        self.kind = ChoiceGroup(look, columns=2, keys=False)
        self.kind.setObjectName("plain-kind")
        self.issuer, self.number = Entry(look, mono=True), Entry(look, mono=True)
        self.surname, self.given_names = Entry(look), Entry(look)
        self.birth, self.issue, self.expiry = Entry(look), DateEntry(look), DateEntry(look)
        self.no_expiry = ChoiceGroup(look, multiple=True, keys=False)
        self.no_expiry.setObjectName("plain-no-expiry")
        self.examined = ChoiceGroup(look, multiple=True, keys=False)
        self.examined.setObjectName("plain-examined")
        self._fields = (  # in the order in which they are laid out, and asked for
            _Field("surname", self.surname, lambda: _name_problem(self.surname)),
            _Field("given_names", self.given_names, lambda: _name_problem(self.given_names)),
            _Field("birth", self.birth, self._birth_problem),
            _Field("number", self.number, self._number_problem),
            _Field("issuer", self.issuer, self._issuer_problem),
            _Field("issue", self.issue, self._issue_problem),
            _Field("expiry", self.expiry, self._expiry_problem),
        )
        self._confirmed = False
        self._build()

    def _build(self) -> None:
        column = self._column = QVBoxLayout(self)
        column.setContentsMargins(Space.NONE, Space.NONE, Space.NONE, Space.NONE)
        column.addWidget(self.kind)
        self._grid = QGridLayout()
        self._grid.setHorizontalSpacing(Space.XL)
        self._grid.setVerticalSpacing(Space.M)
        for part in range(_PARTS):
            self._grid.setColumnStretch(part, 1)
        column.addLayout(self._grid)
        self._look.theme.changed.connect(self._lay_fields)
        self._lay_fields()
        boxes = QHBoxLayout()
        boxes.setSpacing(Space.XL)
        boxes.addWidget(self.no_expiry, 1)
        boxes.addWidget(self.examined, 1)
        column.addLayout(boxes)
        column.addStretch(1)
        for field in self._fields:
            field.entry.edit.setObjectName(f"plain-{field.name}")
            field.entry.edit.setMaxLength(80)
            field.entry.changed.connect(self._edited)
            field.entry.edit.editingFinished.connect(self._left)
        for group in (self.kind, self.no_expiry, self.examined):
            group.changed.connect(self._edited)

    def _lay_fields(self) -> None:
        """Row by row, in their order; in a low window more of them beside each other."""
        rest, low = iter(self._fields), self._look.theme.low
        self._column.setSpacing(Space.S if low else Space.M)
        for row, count in enumerate(_LOW_ROWS if low else _ROWS):
            span = _PARTS // count
            for at in range(count):
                entry = next(rest).entry
                self._grid.removeWidget(entry)
                place = (row, at * span, 1, span)
                self._grid.addWidget(entry, *place, Qt.AlignmentFlag.AlignTop)

    # --- what the step gives and takes --------------------------------------------------------

    def begin(self, today: date) -> None:
        """Start afresh."""
        self.clear()
        self._today = today
        self.retranslate()
        self.surname.edit.setFocus()

    def clear(self) -> None:
        """Another case: nothing is carried over."""
        self._confirmed = False
        for field in self._fields:
            field.entry.edit.clear()
            field.entry.show_problem("")
        for group in (self.kind, self.no_expiry, self.examined):
            group.select()

    def retranslate(self) -> None:
        """Write every word again."""
        tr = self._look.language.tr
        self.kind.show_choices(
            tuple(
                Choice(
                    kind.value, tr(f"document_kinds.{kind.value}"), tr(f"plain.kind.{kind.value}")
                )
                for kind in self._catalogue.kinds_without_zone()
            )
        )
        self.no_expiry.show_choices((Choice("none", tr("plain.no_expiry")),))
        self.examined.show_choices((Choice("both", tr("plain.examined")),))
        for field in self._fields:
            field.entry.set_label(tr(f"plain.label.{field.name}"), tr(f"plain.form.{field.name}"))
        self._judge()

    @property
    def document(self) -> IdentityDocument | None:
        """The document typed, None while something is missing or wrong."""
        chosen = self.kind.selected
        born = typed_birth(self.birth.edit.text())
        if not chosen or born is None or not self.examined.selected or self._wrong():
            return None
        return IdentityDocument(
            kind=DocumentKind(chosen[0]),
            layout="",
            mrz=(),
            document_code="",
            issuer=self._issuer,
            nationality="",
            surname=_plain(self.surname),
            given_names=tuple(n for n in _GAPS.split(_plain(self.given_names)) if n),
            document_number=self._number,
            birth_date=born,
            sex="",
            expiry_date=self.expiry.day,
            issue_date=self.issue.day,
        )

    def confirm(self) -> IdentityDocument | None:
        """The document, or every sentence that says what is missing, the first one in hand."""
        self._confirmed = True
        self._judge()
        document = self.document
        if document is None:
            wrong = self._wrong()
            if wrong and self.kind.selected:
                wrong[0].entry.edit.setFocus()
            else:
                group = self.kind if not self.kind.selected else self.examined
                group.button(next(iter(self._values(group)))).setFocus()
        return document

    @property
    def missing(self) -> str:
        """What must still be chosen, in a sentence; ``""`` where nothing is."""
        tr = self._look.language.tr
        if not self.kind.selected:
            return tr("plain.kind_missing")
        return "" if self.examined.selected else tr("plain.examined_missing")

    # --- judging ------------------------------------------------------------------------------

    def _values(self, group: ChoiceGroup) -> tuple[str, ...]:
        if group is self.examined:
            return ("both",)
        return tuple(kind.value for kind in self._catalogue.kinds_without_zone())

    def _wrong(self) -> list[_Field]:
        return [field for field in self._fields if field.problem()]

    def _edited(self, _values: tuple[str, ...] = ()) -> None:
        self._judge()
        self.changed.emit()

    def _left(self) -> None:
        for field in self._fields:
            if field.entry.edit is self.sender():
                self._say(field)

    def _judge(self) -> None:
        """Sentences that stand already go away when mended; new ones wait until it is left."""
        for field in self._fields:
            if self._confirmed or not field.problem():
                self._say(field)

    def _say(self, field: _Field) -> None:
        problem = field.problem()
        if problem == "empty" and not self._confirmed:
            problem = ""
        text = self._look.language.tr(f"plain.problem.{field.name}.{problem}") if problem else ""
        field.entry.show_problem(text)
        field.entry.edit.setAccessibleDescription(text)

    @property
    def _issuer(self) -> str:
        return self.issuer.edit.text().strip().upper()

    @property
    def _number(self) -> str:
        return re.sub(r"[\s./-]", "", self.number.edit.text()).upper()

    def _issuer_problem(self) -> str:
        if not self._issuer:
            return "empty"
        known = issuers.is_known(self._issuer) and self._issuer != issuers.SPECIMEN
        return "" if known else "unknown"

    def _number_problem(self) -> str:
        if not self._number:
            return "empty"
        right = _NUMBER.fullmatch(self._number) and len(self._number) >= _LEAST_NUMBER
        return "" if right else "form"

    def _birth_problem(self) -> str:
        text = self.birth.edit.text()
        if not text.strip():
            return "empty"
        born = typed_birth(text)
        if born is None or born.year is None:
            return "form"
        latest = date(born.year, born.month or 1, born.day or 1)
        return "" if born.year >= _OLDEST_YEAR and latest <= self._today else "impossible"

    def _issue_problem(self) -> str:
        day = self.issue.day
        if day is None:
            return "form" if self.issue.edit.text().strip() else ""
        born = typed_birth(self.birth.edit.text())
        early = born is not None and born.year is not None and day.year < born.year
        return "impossible" if early or day > self._today else ""

    def _expiry_problem(self) -> str:
        day = self.expiry.day
        if day is None:
            if self.expiry.edit.text().strip():
                return "form"
            return "" if self.no_expiry.selected else "empty"
        if self.no_expiry.selected:
            return "both"
        issued = self.issue.day
        return "order" if issued is not None and day <= issued else ""


def _plain(entry: Entry) -> str:
    return " ".join(entry.edit.text().split())


def _name_problem(entry: Entry) -> str:
    text = _plain(entry)
    if not text:
        return "empty"
    # A name of which nothing has a place in a zone (another script) could never be compared.
    named = mrz_name(text) and not any(sign.isdigit() for sign in text)
    return "" if named else "form"
