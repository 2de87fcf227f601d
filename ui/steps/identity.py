"""Identity: read aloud with the customer, corrected where it is not right, the document beside.

Rules, in order:

1. The lines begin with what was read: print where it is sure, else the zone. The agent adds
   accents.
2. A line that says something else than what was read is marked, for the agent and in the record.
3. A place of birth in France is a commune with its INSEE code; the code may be left out once the
   agent has said so a second time, the name may not. A birth abroad has a country and no commune.
"""

from collections.abc import Iterable

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QWidget
from typing_extensions import override

from kiosk.documents.birth_places import FRANCE, commune_code
from kiosk.documents.catalogue import DocumentCatalogue
from kiosk.documents.countries import Countries, parse_countries
from kiosk.domain.evidence import IdentityDocument
from kiosk.journeys.model import SideFacts
from kiosk.journeys.service_steps import IdentityConfirmed, IdentityFacts
from kiosk.paths import RESOURCES
from ui.steps.entries import Entry
from ui.steps.panel import TURN_KEY, StepPanel
from ui.steps.service_stages import ServiceStages
from ui.steps.words import names_of, partial_day
from ui.theme import Space, Tone, Type
from ui.viewmodels.journey import CaseView
from ui.widgets.button import Button
from ui.widgets.card import Card
from ui.widgets.choices import Choice, ChoiceGroup
from ui.widgets.field import FieldState, ReadList, ReadRow
from ui.widgets.halves import Halves
from ui.widgets.label import Label
from ui.widgets.look import Look

COUNTRIES = RESOURCES / "documents" / "countries.toml"
_IN_FRANCE, _ABROAD = "france", "abroad"
_MAX = 80
FIELDS = ("surname", "given_names", "used_name", "birth_place")


def read_values(document: IdentityDocument, sides: Iterable[SideFacts]) -> dict[str, str]:
    """What was read, by field: as printed where sure; names of the zone with capitals only."""
    kept = tuple(sides)
    surname, given = names_of(document, kept)
    printed = {v.name: v.text for side in kept for v in side.printed if v.sure}
    return {
        "surname": surname,
        "given_names": given,
        "used_name": printed.get("usage_name", ""),
        "birth_place": printed.get("birth_place", ""),
    }


def names_in(text: str) -> tuple[str, ...]:
    """Given names as typed: separated by commas, else by spaces."""
    parts = text.split(",") if "," in text else text.split()
    return tuple(" ".join(part.split()) for part in parts if part.strip())


class IdentityPanel(StepPanel):
    """Lines at the left, the document at the right.

    Signals:
        rows_changed(tuple): (name, value) of each line, for the customer's screen.
        turn_requested(): turn the screen to the customer.
    """

    rows_changed = Signal(tuple)
    turn_requested = Signal()

    name = "identity"

    def __init__(self, look: Look, catalogue: DocumentCatalogue) -> None:
        self.turn = Button(look, "", icon="rotate-3d", key=TURN_KEY)
        self.turn.setObjectName("turn")
        super().__init__(look, catalogue)
        self._stages = ServiceStages(look)
        self._countries: Countries = parse_countries(COUNTRIES.read_bytes())
        self._read: dict[str, str] = {}
        self._case = ""
        self._warned = False
        self._card = Card(look, " ")
        self._beside = Card(look, " ")
        self._document = ReadList(look)
        self.entries = {name: Entry(look) for name in FIELDS}
        self.code = Entry(look, mono=True)
        self.country = Entry(look)
        self.where = ChoiceGroup(look, columns=2, keys=False)
        self._found = Label(look, "", Type.LABEL_STRONG, "ok", wrap=True)
        self._build()
        self._bind()

    def _build(self) -> None:
        for name, entry in (*self.entries.items(), ("code", self.code), ("country", self.country)):
            entry.edit.setObjectName(f"identity-{name.replace('_', '-')}")
            entry.edit.setMaxLength(_MAX)
        self.body.addWidget(self._stages)
        names = self.entries
        self._card.body.addLayout(_row(names["surname"], names["used_name"]))
        self._card.body.addWidget(names["given_names"])
        self._card.body.addWidget(self.where)
        self._card.body.addLayout(_row(names["birth_place"], self.code))
        self._card.body.addWidget(self.country)
        self._card.body.addWidget(self._found)
        self._card.body.addStretch(1)
        self._beside.body.addWidget(self._document)
        self._beside.body.addStretch(1)
        self.body.addWidget(Halves(self._card, self._beside), 1)

    def set_turnable(self, turnable: bool) -> None:
        """Whether there is only this screen, so that it is turned to the customer."""
        self.turn.setVisible(turnable)

    def _bind(self) -> None:
        self.turn.clicked.connect(self.turn_requested)
        for entry in (*self.entries.values(), self.code, self.country):
            entry.changed.connect(self._edited)
        self.where.changed.connect(self._moved)

    # --- what a panel adds --------------------------------------------------------------------

    @override
    def extra_buttons(self) -> tuple[Button, ...]:
        return (self.turn,)

    @override
    def forget(self) -> None:
        super().forget()
        self._case = ""
        self._read = {}
        for entry in (*self.entries.values(), self.code, self.country):
            entry.edit.clear()

    @override
    def show_case(self, view: CaseView) -> None:
        state = view.state
        self._warned = False
        document = state.document
        if document is not None:
            read = read_values(document, state.sides)
            if state.case_id != self._case or read != self._read:
                self._case, self._read = state.case_id, read
                self._begin(state.identity)
        super().show_case(view)

    @override
    def take_focus(self) -> None:
        for entry in (self.entries["birth_place"], self.code):
            if entry.isVisible() and not entry.edit.text():
                entry.edit.setFocus()
                return
        self.setFocus()

    @override
    def refresh(self) -> None:
        tr = self.look.language.tr
        self._stages.show_stage(1)
        self.turn.set_texts(tr("journey.contact.turn"), tr("journey.contact.turn_short"))
        self._card.set_title(self.tr_("card"))
        self._beside.set_title(self.tr_("document"))
        for name, entry in self.entries.items():
            entry.set_label(self.tr_(f"field.{name}"), self.tr_(f"example.{name}"))
        self.code.set_label(self.tr_("field.code"), self.tr_("example.code"))
        self.country.set_label(self.tr_("field.country"), self.tr_("example.country"))
        self.where.show_choices(
            tuple(Choice(value, self.tr_(value)) for value in (_IN_FRANCE, _ABROAD))
        )
        if not self.where.selected:
            self.where.select(_IN_FRANCE)
        self._document.show_rows(self._rows_of_document())
        self.primary.setText(tr("journey.identity.primary"))
        self._moved(())

    @override
    def go_on(self) -> None:
        facts = self._facts()
        if facts is not None:
            self.happened.emit(IdentityConfirmed(facts))

    # --- lines --------------------------------------------------------------------------------

    @property
    def corrected(self) -> tuple[str, ...]:
        """Names of the lines that say something else than what was read."""
        return tuple(
            name
            for name, entry in self.entries.items()
            if self._read.get(name) and _same(entry.edit.text()) != _same(self._read[name])
        )

    @property
    def is_abroad(self) -> bool:
        """Whether the customer was born outside France."""
        return self.where.selected == (_ABROAD,)

    def _begin(self, confirmed: IdentityFacts | None) -> None:
        """Write what was read, or what was confirmed before going back."""
        values = dict(self._read)
        code, country = "", ""
        if confirmed is not None:
            values |= {
                "surname": confirmed.surname,
                "given_names": ", ".join(confirmed.given_names),
                "used_name": confirmed.used_name,
                "birth_place": confirmed.birth_place_name,
            }
            code = confirmed.birth_place
            abroad = confirmed.birth_country != FRANCE
            country = confirmed.birth_country if abroad else ""
            self.where.select(_ABROAD if abroad else _IN_FRANCE)
        else:
            self.where.select(_IN_FRANCE)
        for name, entry in self.entries.items():
            entry.edit.setText(values[name])
        self.code.edit.setText(code)
        self.country.edit.setText(country)

    def _moved(self, _values: tuple[str, ...]) -> None:
        self.code.setVisible(not self.is_abroad)
        self.country.setVisible(self.is_abroad)
        self._edited()

    def _edited(self) -> None:
        self._warned = False
        for entry in (*self.entries.values(), self.code, self.country):
            entry.show_problem("")
        self._document.show_rows(self._rows_of_document())
        found = self._countries.find(self.country.edit.text()) if self.is_abroad else None
        self._found.setText(
            "" if found is None else self.tr_("found", name=found[1], code=found[0])
        )
        self._found.setVisible(found is not None)
        self.rows_changed.emit(self.rows())

    def rows(self) -> tuple[tuple[str, str], ...]:
        """The lines as the customer reads them."""
        document = None if self.view is None else self.view.state.document
        if document is None:
            return ()
        place = self.entries["birth_place"].edit.text().strip()
        if self.is_abroad:
            found = self._countries.find(self.country.edit.text())
            place = ", ".join(p for p in (place, "" if found is None else found[1]) if p)
        values = {
            "surname": self.entries["surname"].edit.text().strip(),
            "given_names": ", ".join(names_in(self.entries["given_names"].edit.text())),
            "used_name": self.entries["used_name"].edit.text().strip(),
            "birth_date": partial_day(document.birth_date, self.look.language),
            "birth_place": place,
        }
        return tuple((name, value) for name, value in values.items() if value)

    def _facts(self) -> IdentityFacts | None:
        """The identity as it stands, None where a line is missing or wrong; the line says so."""
        surname = " ".join(self.entries["surname"].edit.text().split())
        given = names_in(self.entries["given_names"].edit.text())
        place = " ".join(self.entries["birth_place"].edit.text().split())
        for name, value in (("surname", surname), ("given_names", given), ("birth_place", place)):
            if not value:
                return self._refuse(self.entries[name], self.tr_(f"missing.{name}"))
        code, country = self._birth()
        if code is None or country is None:
            return None
        return IdentityFacts(
            surname=surname,
            given_names=given,
            used_name=" ".join(self.entries["used_name"].edit.text().split()),
            birth_place=code,
            birth_country=country,
            birth_place_name=place,
            corrected=self.corrected,
        )

    def _birth(self) -> tuple[str | None, str | None]:
        """Codes of commune and country; None where one is wrong, and the line says so."""
        if self.is_abroad:
            found = self._countries.find(self.country.edit.text())
            if found is None:
                self._refuse(self.country, self.tr_("missing.country"))
                return None, None
            return "", found[0]
        typed = self.code.edit.text()
        if not typed.strip():
            if self._warned:
                return "", FRANCE
            self._warned = True
            self.show_problem(self.tr_("no_code"), Tone.WARN)
            self.code.edit.setFocus()
            return None, None
        view = self.view
        document = None if view is None else view.state.document
        code = commune_code(typed, None if document is None else document.birth_date.year)
        if code is None:
            self._refuse(self.code, self.tr_("missing.code"))
            return None, None
        return code, FRANCE

    @staticmethod
    def _refuse(entry: Entry, text: str) -> None:
        entry.show_problem(text)
        entry.edit.setFocus()
        entry.edit.selectAll()

    def _rows_of_document(self) -> tuple[ReadRow, ...]:
        document = None if self.view is None else self.view.state.document
        if document is None:
            return ()
        tr = self.look.language.tr
        values = {
            "surname": self._read.get("surname", ""),
            "given_names": self._read.get("given_names", ""),
            "used_name": self._read.get("used_name", ""),
            "birth_date": partial_day(document.birth_date, self.look.language),
            "birth_place": self._read.get("birth_place", ""),
        }
        corrected = self.corrected
        rows = [
            ReadRow(
                f"read-{name}",
                tr(f"customer.row.{name}"),
                value,
                FieldState.WARN if name in corrected else FieldState.PLAIN,
                self.tr_("corrected") if name in corrected else "",
            )
            for name, value in values.items()
            if value
        ]
        kind = tr(f"document_kinds.{document.kind.value}")
        rows.append(ReadRow("read-kind", self.tr_("kind"), kind, FieldState.PLAIN))
        number = document.document_number
        rows.append(ReadRow("read-number", self.tr_("number"), number, FieldState.PLAIN))
        return tuple(rows)


def _same(text: str) -> str:
    """A value for comparison: accents count, case and spaces do not."""
    return " ".join(text.replace(",", " ").casefold().split())


def _row(*widgets: QWidget) -> QHBoxLayout:
    row = QHBoxLayout()
    row.setSpacing(Space.XL)
    for widget in widgets:
        row.addWidget(widget, 1, Qt.AlignmentFlag.AlignTop)
    return row
