"""Read over everything once more, then seal: once."""

from PySide6.QtCore import Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QGridLayout
from typing_extensions import override

from kiosk.documents.catalogue import DocumentCatalogue
from kiosk.documents.items import shown
from kiosk.domain.contact import spaced
from kiosk.domain.decision import Outcome
from kiosk.domain.evidence import Verdict
from kiosk.journeys.guards import all_checks
from kiosk.journeys.model import CaseState, SealConfirmed
from kiosk.journeys.service_steps import ContactStatus
from kiosk.services.distribution import handed_over
from ui.steps.panel import StepPanel
from ui.steps.words import day_or_dash, full_name, names_of, partial_day
from ui.theme import Space, Type
from ui.widgets.card import Card
from ui.widgets.chip import Chip
from ui.widgets.field import FieldState, ReadList, ReadRow
from ui.widgets.label import Label
from ui.widgets.look import Look
from ui.widgets.outcome import OUTCOME_LOOKS

_NARROW = 960
"""Width, px, under which three cards do not stand side by side."""
_CHECKS = {
    "name": ("request.surname", "request.given_names"),
    "birth": ("request.birth_date",),
    "kind": ("document.announced_kind",),
    "number": ("request.number",),
    "expiry": ("validity.expiry",),
}
"""Checks that say how each row about the person and the document stands."""


class ConfirmPanel(StepPanel):
    """Person and document, examination, decision; one blue button."""

    name = "confirm"

    def __init__(self, look: Look, catalogue: DocumentCatalogue) -> None:
        super().__init__(look, catalogue)
        self.primary.set_icon("lock")
        self._outcome = Chip(look)
        self._person = Card(look, " ")
        self._examination = Card(look, " ")
        self._decision = Card(look, " ", trailing=self._outcome)
        self._lists = {card: ReadList(look) for card in self._cards}
        self._reasons = Label(look, "", Type.BODY, wrap=True)
        self._once = Label(look, "", Type.LABEL, "ink2", wrap=True)
        self._grid = QGridLayout()
        self._grid.setSpacing(Space.XXL)
        for card in self._cards:
            card.body.addWidget(self._lists[card])
            card.body.addStretch(1)
        self._lay_out(narrow=False)
        self._decision.body.insertWidget(0, self._reasons)
        self._decision.body.addWidget(self._once, 0, Qt.AlignmentFlag.AlignBottom)
        self.body.addLayout(self._grid, 1)

    @property
    def _cards(self) -> tuple[Card, Card, Card]:
        return self._person, self._examination, self._decision

    def _lay_out(self, *, narrow: bool) -> None:
        """Three cards side by side; the decision under the two others where the page is narrow."""
        for card in self._cards:
            self._grid.removeWidget(card)
        self._grid.addWidget(self._person, 0, 0)
        self._grid.addWidget(self._examination, 0, 1)
        if narrow:
            self._grid.addWidget(self._decision, 1, 0, 1, 2)
        else:
            self._grid.addWidget(self._decision, 0, 2)
        self._narrow = narrow
        self._stretch()

    def _stretch(self) -> None:
        """A column takes room only where a card stands in it."""
        for column, card in enumerate((self._person, self._examination, self._decision)):
            empty = card.isHidden() or (self._narrow and column == 2)
            self._grid.setColumnStretch(column, 0 if empty else 1)

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._lay_out(narrow=self.width() < _NARROW)

    @override
    def go_on(self) -> None:
        self.happened.emit(SealConfirmed())

    @override
    def refresh(self) -> None:
        if self.view is None:
            return
        state = self.view.state
        tr = self.look.language.tr
        self._person.set_title(self.tr_("person"))
        self._examination.set_title(self.tr_("examination"))
        self._decision.set_title(self.tr_("decision"))
        self._lists[self._person].show_rows(self._person_rows(state))
        self._lists[self._examination].show_rows(self._examination_rows(state))
        decision = state.decision
        # Nobody was met: there is neither a person nor an examination to read again.
        nobody = decision is not None and decision.outcome is Outcome.NO_SHOW
        self._examination.setHidden(nobody)
        self._person.setHidden(nobody and state.document is None and state.request is None)
        self._stretch()
        rows: tuple[ReadRow, ...] = ()
        if decision is not None:
            icon, tone = OUTCOME_LOOKS[decision.outcome]
            self._outcome.show_text(tr(f"outcomes.{decision.outcome.value}"), tone, icon)
            reasons = [tr(f"reasons.{reason.value}") for reason in decision.reasons]
            if state.visit is not None and state.visit.postponed_to is not None:
                new_day = self.look.language.weekday_within(state.visit.postponed_to)
                reasons.append(tr("journey.visit.new_day", day=new_day))
            self._reasons.setText("\n".join(reasons) or self.tr_("no_reason"))
            if decision.fraud_suspected:
                rows = (
                    ReadRow(
                        "fraud",
                        tr("journey.decision.restricted"),
                        tr("journey.decision.fraud"),
                        FieldState.WARN,
                        self.tr_("restricted"),
                    ),
                )
        letter = () if state.item is None else self._letter_rows(state)
        self._lists[self._decision].show_rows((*letter, *rows))
        two = (self.tr_("letter.two"),) if handed_over(state) else ()
        self._once.setText("\n".join((*two, self.tr_("once"))))

    def _letter_rows(self, state: CaseState) -> tuple[ReadRow, ...]:
        """The letter: its number, to whom it goes, or until when it is kept."""
        tr, presence = self.look.language.tr, state.presence
        values = {"number": "" if state.item is None else shown(state.item.number)}
        if handed_over(state) and presence is not None and state.signature is not None:
            key = "witnessed" if state.signature.unable else "signed"
            values["handed"] = tr(f"journey.confirm.letter.{presence.presence.value}")
            values["signature"] = tr(f"journey.confirm.letter.{key}")
        elif presence is not None and presence.kept_until is not None:
            values["kept"] = self.look.language.day(presence.kept_until)
        return tuple(
            ReadRow(f"letter-{name}", tr(f"journey.confirm.letter.{name}"), value)
            for name, value in values.items()
        )

    def _person_rows(self, state: CaseState) -> tuple[ReadRow, ...]:
        document, request, language = state.document, state.request, self.look.language
        tr = language.tr
        if document is None:
            if request is None:
                return (self._row("name", ""),)
            return (
                self._row("name", full_name(request.surname, request.given_names)),
                self._row("birth", partial_day(request.birth_date, language)),
            )
        values = {
            "name": " ".join(names_of(document, state.sides)),
            "birth": partial_day(document.birth_date, language),
            "kind": tr(f"document_kinds.{document.kind.value}"),
            "number": document.document_number,
            "expiry": day_or_dash(document.expiry_date, language),
        }
        return (
            *(self._row(name, value, _state_of(name, state)) for name, value in values.items()),
            *self._contact_rows(state),
        )

    def _contact_rows(self, state: CaseState) -> tuple[ReadRow, ...]:
        """Ways to reach the customer, and whether each was confirmed."""
        tr = self.look.language.tr
        return tuple(
            ReadRow(
                f"contact-{contact.channel.value}",
                tr(f"journey.contact.{contact.channel.value}.label"),
                spaced(contact.address),
                FieldState.OK if contact.status is ContactStatus.CONFIRMED else FieldState.WARN,
                "" if contact.status is ContactStatus.CONFIRMED else tr("journey.contact.deferred"),
            )
            for contact in state.contacts
        )

    def _examination_rows(self, state: CaseState) -> tuple[ReadRow, ...]:
        checks = all_checks(state)
        failed = sum(check.verdict is Verdict.FAIL for check in checks)
        unsure = sum(check.verdict is Verdict.UNSURE for check in checks)
        passed = sum(check.verdict is Verdict.PASS for check in checks)
        conform = sum(item.verdict is Verdict.PASS for item in state.features)
        wrong = any(item.verdict is Verdict.FAIL for item in state.features)
        rows = [
            self._row(
                "checks",
                self.tr_("checks_value", passed=passed, unsure=unsure, failed=failed)
                if checks
                else "",
                FieldState.ERROR if failed else FieldState.OK,
            ),
            self._row(
                "features",
                self.tr_("features_value", conform=conform, count=len(state.features))
                if state.features
                else "",
                FieldState.ERROR if wrong else FieldState.OK,
            ),
        ]
        person = state.person
        answer = self.tr_(f"person_value.{person.verdict.value}") if person else ""
        good = person is not None and person.verdict is Verdict.PASS
        rows.append(self._row("face", answer, FieldState.OK if good else FieldState.ERROR))
        if person is not None and person.questions_asked:
            word = "consistent" if person.questions_consistent else "inconsistent"
            rows.append(
                self._row(
                    "questions",
                    self.tr_(f"questions_value.{word}", n=person.questions_asked),
                    FieldState.OK if person.questions_consistent else FieldState.ERROR,
                )
            )
        return tuple(rows)

    def _row(self, name: str, value: str, state: FieldState = FieldState.OK) -> ReadRow:
        """A row; what was not done is shown quietly, and needs no reason beside it."""
        shown = value or self.tr_("not_done")
        marked = state in (FieldState.ERROR, FieldState.WARN)
        reason = self.tr_("look_again") if value and marked else ""
        return ReadRow(
            name, self.tr_(f"row.{name}"), shown, state if value else FieldState.EMPTY, reason
        )


def _state_of(name: str, state: CaseState) -> FieldState:
    """How a value stands: as the worst of its checks, one that the agent ticked being good."""
    checks = [check for check in all_checks(state) if check.code in _CHECKS[name]]
    if any(check.verdict is Verdict.FAIL for check in checks):
        return FieldState.ERROR
    if any(c.verdict is Verdict.UNSURE and c.code not in state.ticked for c in checks):
        return FieldState.WARN
    return FieldState.OK
