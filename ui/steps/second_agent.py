"""The second agent: what is asked, what was found out, and a colleague's own code under the answer.

The colleague reads, answers, chooses their name and types their code. The session of the first
agent stays as it is, and no answer is preselected.
"""

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from typing_extensions import override

from kiosk.documents.catalogue import DocumentCatalogue
from kiosk.domain.agent import Agent
from kiosk.domain.evidence import Verdict
from kiosk.journeys.guards import all_checks
from kiosk.journeys.model import CaseState
from ui.steps.panel import StepPanel
from ui.steps.words import full_name, names_of
from ui.theme import Tone, Type
from ui.widgets.card import Card
from ui.widgets.choices import Choice, ChoiceGroup, initials_of
from ui.widgets.label import Label
from ui.widgets.look import Look
from ui.widgets.person_pin import PersonPin
from ui.workers.desk import Failure

_ANSWERS = {
    "decision": (("pass", "circle-check", Tone.OK), ("fail", "circle-x", Tone.BAD)),
    "person": (
        ("pass", "user-check", Tone.OK),
        ("fail", "circle-x", Tone.BAD),
        ("unsure", "help-circle", Tone.WARN),
    ),
}


class SecondAgentPanel(StepPanel):
    """Question, facts and colleagues on the left, the code on the right.

    Signals:
        answered(str, str, object): the colleague's agent id, their PIN, and a ``Verdict``.
    """

    answered = Signal(str, str, object)
    name = "second-agent"
    keeps_hint = True

    def __init__(self, look: Look, catalogue: DocumentCatalogue) -> None:
        super().__init__(look, catalogue)
        self.primary.hide()
        self._people: tuple[Agent, ...] = ()
        self._card = Card(look, " ")
        self._facts = Label(look, "", Type.STRONG, wrap=True)
        self._facts.setObjectName("second-facts")
        self._why = Label(look, "", Type.LABEL, "ink2", wrap=True)
        self.answers = ChoiceGroup(look, keys=False, columns=2)
        self.answers.setObjectName("second-answers")
        for part in (self._facts, self._why, self.answers):
            self._card.body.addWidget(part)
        self.person = PersonPin(look, "journey.second-agent.primary", self._card)
        self.body.addWidget(self.person)
        self.body.addStretch(1)
        self.person.given.connect(self._given)
        self.answers.changed.connect(self._chosen)

    @property
    def about(self) -> str:
        """``person`` or ``decision``."""
        decided = self.view is not None and self.view.state.decision is not None
        return "decision" if decided else "person"

    def show_colleagues(self, people: tuple[Agent, ...]) -> None:
        """Who may answer."""
        self._people = people
        self.refresh()

    def show_refusal(self, failure: Failure) -> None:
        """The code of the colleague was not accepted."""
        self.person.show_error(self.look.language.tr(f"errors.{failure.code}.what"))

    @override
    def forget(self) -> None:
        super().forget()
        self._people = ()
        self.answers.select()
        self.person.reset()

    @override
    def take_focus(self) -> None:
        """The code of the last colleague who was here is gone."""
        self.answers.select()
        self.person.reset()
        self.setFocus()

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Digits, Backspace and Enter belong to the code, wherever the focus is."""
        if event.key() == Qt.Key.Key_Escape or not self.person.pad.take_key(event):
            super().keyPressEvent(event)

    @override
    def set_busy(self, busy: bool) -> None:
        """While it is checked; whatever came of it, the code does not stay in the field."""
        self.person.pad.set_busy(busy)
        if not busy:
            self.person.pad.field.clear()

    @override
    def refresh(self) -> None:
        if self.view is None:
            return
        about, tr = self.about, self.look.language.tr
        self._card.set_title(self.tr_(f"question.{about}"))
        self._why.setText(self.tr_(f"why.{about}"))
        self._facts.setText("\n".join(self._lines(self.view.state)))
        kept = self.answers.selected
        self.answers.show_choices(
            tuple(
                Choice(word, self.tr_(f"answer.{about}.{word}"), "", icon, tone)
                for word, icon, tone in _ANSWERS[about]
            )
        )
        self.answers.select(*kept)
        self.person.show_people(
            tuple(
                Choice(
                    agent.agent_id,
                    agent.display_name,
                    tr(f"common.role.{agent.role.value}"),
                    initials=initials_of(agent.display_name),
                )
                for agent in self._people
            ),
            self.tr_("who"),
            (self.tr_("nobody"), self.tr_("nobody_hint")),
        )

    def _lines(self, state: CaseState) -> tuple[str, ...]:
        """The few facts that the question is about; never the other's opinion of the person."""
        tr = self.look.language.tr
        lines = []
        if state.document is not None:
            name = " ".join(names_of(state.document, state.sides))
            lines.append(f"{name}, {state.document.document_number}")
        elif state.request is not None:
            lines.append(full_name(state.request.surname, state.request.given_names))
        checks = all_checks(state)
        failed = sum(check.verdict is Verdict.FAIL for check in checks)
        if checks:
            lines.append(self.tr_("checks_failed", n=failed) if failed else self.tr_("checks_good"))
        if state.decision is not None:
            reasons = [tr(f"reasons.{reason.value}") for reason in state.decision.reasons]
            words = ", ".join([tr(f"outcomes.{state.decision.outcome.value}"), *reasons])
            lines.append(self.tr_("decided", decision=words))
        return tuple(lines)

    def _chosen(self, _values: tuple[str, ...]) -> None:
        self.person.pad.show_error("")

    def _given(self, agent_id: str, pin: str) -> None:
        chosen = self.answers.selected
        if not chosen:
            self.person.show_error(self.tr_("answer_first"))
            return
        self.answered.emit(agent_id, pin, Verdict(chosen[0]))
