"""What was checked without asking: each check in a sentence, near matches to confirm by a tick."""

from itertools import count

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget
from typing_extensions import override

from kiosk.documents.catalogue import DocumentCatalogue
from kiosk.domain.evidence import Check, Verdict
from kiosk.journeys.guards import all_checks, document_reported, near_matches
from kiosk.journeys.model import ChecksReviewed
from kiosk.journeys.service_steps import DocumentLookedUp, LookupFacts
from kiosk.texts import MissingTextError
from ui.steps.lookup import LookupCard
from ui.steps.panel import StepPanel
from ui.steps.words import (
    check_label,
    check_sentence,
    full_name,
    given_names,
    names_of,
    partial_day,
)
from ui.theme import Space, Type
from ui.viewmodels.journey import CaseView
from ui.widgets.button import Button
from ui.widgets.card import Card
from ui.widgets.check_row import CheckRow
from ui.widgets.field import FieldState, ReadList, ReadRow
from ui.widgets.label import Label
from ui.widgets.look import Look
from ui.widgets.scroll import ScrollArea

_STATES = {
    Verdict.PASS: FieldState.OK,
    Verdict.UNSURE: FieldState.WARN,
    Verdict.FAIL: FieldState.ERROR,
}
LOOKUP_KEY = "F6"
_ORDER = {Verdict.FAIL: 0, Verdict.UNSURE: 1, Verdict.PASS: 2, Verdict.NOT_DONE: 3}


class ChecksPanel(StepPanel):
    """Failures first, then doubts, then what is in order; the request beside the document."""

    name = "checks"

    def __init__(self, look: Look, catalogue: DocumentCatalogue) -> None:
        self.lookup_button = Button(look, "", icon="help-octagon", key=LOOKUP_KEY)
        self.lookup_button.setObjectName("lookup")
        super().__init__(look, catalogue)
        self._card = Card(look, " ")
        self._list = QVBoxLayout()
        self._list.setSpacing(Space.S)
        self._list.setAlignment(Qt.AlignmentFlag.AlignTop)
        self._rows: dict[str, CheckRow] = {}
        self._summary = Label(look, "", Type.STRONG, wrap=True)
        self._side = Card(look, " ")
        self._announced = ReadList(look)
        self.lookup = LookupCard(look)
        self._right = QStackedWidget()
        self._warned = False
        self._build()

    def _build(self) -> None:
        inner = QWidget()
        inner.setLayout(self._list)
        self._list.setContentsMargins(Space.NONE, Space.NONE, Space.M, Space.NONE)
        scroll = ScrollArea(self.look)
        scroll.setWidget(inner)
        head = QHBoxLayout()
        head.addWidget(self._summary, 1)
        self._card.body.addLayout(head)
        self._card.body.addWidget(scroll, 1)
        self._side.body.addWidget(self._announced)
        self._side.body.addStretch(1)
        self._right.addWidget(self._side)
        self._right.addWidget(self.lookup)
        self.columns(self._card, self._right, (7, 3))
        self.lookup_button.clicked.connect(self._toggle_lookup)
        self.lookup.answered.connect(self._looked_up)

    @override
    def extra_buttons(self) -> tuple[Button, ...]:
        return (self.lookup_button,)

    @property
    def looking_up(self) -> bool:
        """Whether the answers about a reported document are shown."""
        return self._right.currentIndex() == 1

    def _toggle_lookup(self) -> None:
        self._right.setCurrentIndex(0 if self.looking_up else 1)
        self._write_lookup()

    def _looked_up(self, facts: LookupFacts) -> None:
        if self.view is not None and facts != self.view.state.lookup:
            self.happened.emit(DocumentLookedUp(facts))

    def _write_lookup(self) -> None:
        key = "done" if self.looking_up else "button"
        self.lookup_button.set_texts(self.tr_(f"lookup.{key}"), self.tr_(f"lookup.{key}_short"))
        self.lookup.show_facts(self.view.state.lookup if self.view else None)

    @property
    def rows(self) -> dict[str, CheckRow]:
        """The row of each check, by its code."""
        return dict(self._rows)

    @property
    def ticked(self) -> tuple[str, ...]:
        """Codes of the near matches that were confirmed."""
        return tuple(code for code, row in self._rows.items() if row.ticked)

    @override
    def forget(self) -> None:
        super().forget()
        self._right.setCurrentIndex(0)
        self.lookup.forget()
        self._show((), set(), set())

    @override
    def go_on(self) -> None:
        row = next((row for row in self._rows.values() if row.open), None)
        if row is not None and not self._warned and not self._failed:
            self._warned = True  # once: the second Enter goes on without the tick
            self.show_problem(self.tr_("open_tick"))
            if row.tick_button is not None:
                row.tick_button.setFocus()
            return
        self.happened.emit(ChecksReviewed(self.ticked))

    @override
    def show_case(self, view: CaseView) -> None:
        self._warned = False
        super().show_case(view)

    def _forget_warning(self, _ticked: bool) -> None:
        self._warned = False
        self.banner.dismiss()

    @property
    def _failed(self) -> bool:
        """A check failed: no tick can make an acceptance possible."""
        checks = all_checks(self.view.state) if self.view else ()
        return any(check.verdict is Verdict.FAIL for check in checks)

    @override
    def refresh(self) -> None:
        if self.view is None:
            return
        state = self.view.state
        self._card.set_title(self.tr_("card"))
        titles = {(False, True): "confirmed", (False, False): "alone"}
        kind = (state.request is not None, state.identity is not None)
        self._side.set_title(self.tr_(titles.get(kind, "announced")))
        self._write_lookup()
        kept = set(self.ticked) | set(state.ticked)
        near = {check.code for check in near_matches(state)}
        checks = sorted(_told(all_checks(state)), key=lambda check: _ORDER[check.verdict])
        self._show(tuple(checks), near, kept)
        failed = sum(check.verdict is Verdict.FAIL for check in checks)
        reported = document_reported(self.view.journey, state)
        if reported:
            self._summary.setText(self.tr_("lookup.reported"))
            self._summary.set_ink("bad")
        elif failed:
            self._summary.setText(self.tr_("failed", n=failed))
            self._summary.set_ink("bad")
        elif near:
            self._summary.setText(self.tr_("near", n=len(near)))
            self._summary.set_ink("warn")
        else:
            self._summary.setText(self.tr_("clear"))
            self._summary.set_ink("ok")
        self.primary.setText(self.tr_("primary_failed" if failed or reported else "primary"))
        self.primary.setEnabled(bool(checks))
        self._announced.show_rows(self._pairs())

    def _pairs(self) -> tuple[ReadRow, ...]:
        """Announced in the request, and read on the document, one above the other."""
        if self.view is None:
            return ()
        state, language = self.view.state, self.look.language
        request, document = state.request, state.document
        if request is None:
            return self._confirmed_pairs() or self._document_rows()
        name = [
            ReadRow(
                "request-name",
                self.tr_("request_name"),
                self._name(request.surname, request.given_names),
                FieldState.PLAIN,
            ),
        ]
        birth = [
            ReadRow(
                "request-birth",
                self.tr_("request_birth"),
                partial_day(request.birth_date, language),
                FieldState.PLAIN,
            ),
        ]
        if document is not None:
            surname, given = names_of(document, state.sides)
            name.append(
                ReadRow(
                    "document-name",
                    self.tr_("document_name"),
                    self._name(surname, tuple(given.split(", "))),
                    self._judged("request.surname", "request.given_names"),
                )
            )
            birth.append(
                ReadRow(
                    "document-birth",
                    self.tr_("document_birth"),
                    partial_day(document.birth_date, language),
                    self._judged("request.birth_date"),
                )
            )
        return (*name, *birth, *self._document_pair())

    def _name(self, surname: str, given: tuple[str, ...]) -> str:
        """The first given name is enough, unless it is the others that differ."""
        if self._judged("request.given_names") in (FieldState.PLAIN, FieldState.OK):
            return full_name(surname, given)
        return f"{surname.upper()} {given_names(given)}"

    def _document_pair(self) -> tuple[ReadRow, ...]:
        """Announced and presented document, where they are not the same."""
        state = None if self.view is None else self.view.state
        judged = self._judged("document.announced_kind", "request.number")
        if state is None or judged in (FieldState.PLAIN, FieldState.OK):
            return ()
        request, document = state.request, state.document
        if request is None or document is None:
            return ()
        rows = []
        for name, kind, number in (
            ("request", request.document_kind, request.document_number),
            ("document", document.kind, document.document_number),
        ):
            words = "" if kind is None else self.look.language.tr(f"document_kinds.{kind.value}")
            told = ", ".join(filter(None, (words, number)))
            state_of = judged if name == "document" else FieldState.PLAIN
            rows.append(ReadRow(f"{name}-document", self.tr_(f"{name}_document"), told, state_of))
        return tuple(rows)

    def _confirmed_pairs(self) -> tuple[ReadRow, ...]:
        """Confirmed by the customer, and read on the document; nothing where neither is."""
        state = None if self.view is None else self.view.state
        if state is None or state.identity is None or state.document is None:
            return ()
        identity = state.identity
        surname, given = names_of(state.document, state.sides)
        return (
            ReadRow(
                "confirmed-name",
                self.tr_("confirmed_name"),
                f"{identity.surname} {', '.join(identity.given_names)}",
                FieldState.PLAIN,
            ),
            ReadRow(
                "document-name",
                self.tr_("document_name"),
                f"{surname} {given}",
                self._judged("identity.surname", "identity.given_names", "identity.spelling"),
            ),
            ReadRow(
                "document-birth",
                self.tr_("document_birth"),
                partial_day(state.document.birth_date, self.look.language),
                FieldState.PLAIN,
            ),
        )

    def _document_rows(self) -> tuple[ReadRow, ...]:
        """Nothing was announced: what was read stands alone."""
        document = self.view.state.document if self.view else None
        if self.view is None or document is None:
            return ()
        surname, given = names_of(document, self.view.state.sides)
        values = {
            "document_name": full_name(surname, tuple(given.split(", "))),
            "document_birth": partial_day(document.birth_date, self.look.language),
        }
        return tuple(
            ReadRow(name.replace("_", "-"), self.tr_(name), value, FieldState.PLAIN)
            for name, value in values.items()
        )

    def _judged(self, *codes: str) -> FieldState:
        """The worst verdict of these checks, as the state of a field."""
        found = [
            check.verdict
            for check in (all_checks(self.view.state) if self.view else ())
            if check.code in codes and check.verdict in _STATES
        ]
        return (
            _STATES[min(found, key=lambda verdict: _ORDER[verdict])] if found else FieldState.PLAIN
        )

    def _tick_words(self, check: Check) -> str:
        """What a tick says; some doubts are not about comparing with the document."""
        try:
            return self.tr_(f"ticks.{check.code}")
        except MissingTextError:
            return self.tr_("tick")

    def _show(self, checks: tuple[Check, ...], near: set[str], ticked: set[str]) -> None:
        for row in self._rows.values():
            self._list.removeWidget(row)
            row.hide()
            row.deleteLater()
        self._rows = {}
        numbers = count(1)
        for check in checks:
            tick = self._tick_words(check) if check.code in near else ""
            row = CheckRow(
                self.look,
                check_sentence(check, self.look.language),
                check.verdict,
                detail=check_label(check, self.look.language),
                tick=tick,
                number=next(numbers) if tick else 0,
            )
            row.setObjectName(f"check-{check.code}")
            row.set_ticked(check.code in ticked)
            if row.tick_button is not None:
                row.tick_button.setObjectName(f"tick-{check.code}")
            row.ticked_changed.connect(self._forget_warning)
            self._rows[check.code] = row
            self._list.addWidget(row)


def _told(checks: tuple[Check, ...]) -> tuple[Check, ...]:
    """The checks to show: good check digits are told once, in the summary of the zone."""
    if all(check.code != "mrz.summary" for check in checks):
        return checks
    return tuple(
        check
        for check in checks
        if check.code == "mrz.summary"
        or not check.code.startswith("mrz.")
        or check.verdict in (Verdict.FAIL, Verdict.UNSURE)
    )
