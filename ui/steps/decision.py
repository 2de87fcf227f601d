"""The decision: outcome, reasons of the closed list, and the restricted flag apart.

The same page decides a case at any earlier step; acceptance is not offered there.
"""

from collections.abc import Sequence
from dataclasses import replace

from PySide6.QtWidgets import QVBoxLayout, QWidget
from typing_extensions import override

from kiosk.documents.catalogue import DocumentCatalogue
from kiosk.domain.decision import Decision, Outcome, Reason
from kiosk.domain.evidence import Check, Verdict
from kiosk.journeys.guards import (
    HANDED_TO_PROXY,
    all_checks,
    near_matches,
    person_unsure,
    proxy_may_receive,
)
from kiosk.journeys.model import CaseState, DecisionTaken, StepKind, SteppedBack
from kiosk.journeys.reasons import GROUPS, groups_of, suggested_reasons
from kiosk.journeys.service_steps import SecondAgentAsked
from ui.steps.panel import StepPanel
from ui.steps.words import check_label
from ui.theme import Space, Tone, Type
from ui.widgets.button import Button
from ui.widgets.card import Card
from ui.widgets.choices import Choice, ChoiceGroup
from ui.widgets.label import Label
from ui.widgets.look import Look
from ui.widgets.outcome import OUTCOME_LOOKS
from ui.widgets.reason_groups import ReasonGroup, ReasonGroups
from ui.widgets.scroll import ScrollArea

ASK_KEY = "F6"
TICK_KEY = "F5"
_OUTCOMES = (Outcome.ACCEPTED, Outcome.REFUSED, Outcome.SUSPENDED)
_SUGGESTED = "suggested"
_LATER = frozenset({"features_conform", "person_same"})
"""Obstacles of the steps after the checks."""


class DecisionPanel(StepPanel):
    """Outcomes on the left (keys 1 to 3), reasons on the right; suggested ones are set."""

    name = "decision"

    def __init__(self, look: Look, catalogue: DocumentCatalogue) -> None:
        self.ask = Button(look, "", icon="users", key=ASK_KEY)
        self.ask.setObjectName("ask-colleague")
        self.to_checks = Button(look, "", icon="list-check", key=TICK_KEY)
        self.to_checks.setObjectName("to-checks")
        self.to_checks.hide()
        super().__init__(look, catalogue)
        self.ask.clicked.connect(self._ask)
        self.outcomes = ChoiceGroup(look)
        self.outcomes.setObjectName("outcomes")
        self.reasons = ReasonGroups(look, (_SUGGESTED, *GROUPS), tuple(r.value for r in Reason))
        self.reasons.setObjectName("reasons")
        self.flag = ChoiceGroup(look, multiple=True, keys=False)
        self.flag.setObjectName("fraud-flag")
        self._why_not = Label(look, "", Type.STRONG, "warn", wrap=True)
        self._obstacles = Label(look, "", Type.BODY, "ink2", wrap=True)
        self._left = Card(look, " ")
        self._right = Card(look, " ")
        self._restricted = Card(look, " ")
        self._restricted_hint = Label(look, "", Type.LABEL, "ink2", wrap=True)
        self._suggested_for: object = None
        self._build()
        self.outcomes.changed.connect(self._judge)
        self.reasons.changed.connect(self._judge)
        self.flag.changed.connect(self._judge)
        self.to_checks.clicked.connect(self._go_to_checks)
        look.theme.changed.connect(self.refresh)

    def _build(self) -> None:
        self._left.body.addWidget(self.outcomes)
        self._left.body.addWidget(self._why_not)
        self._left.body.addWidget(self._obstacles)
        self._left.body.addStretch(1)
        self._restricted.body.addWidget(self._restricted_hint)
        self._restricted.body.addWidget(self.flag)
        left = QWidget()
        column = QVBoxLayout(left)
        column.setContentsMargins(Space.NONE, Space.NONE, Space.NONE, Space.NONE)
        column.setSpacing(Space.L)
        column.addWidget(self._left, 1)
        column.addWidget(self._restricted)
        inner = QWidget()
        rows = QVBoxLayout(inner)
        rows.setContentsMargins(Space.NONE, Space.NONE, Space.M, Space.NONE)
        rows.addWidget(self.reasons)
        rows.addStretch(1)
        scroll = ScrollArea(self.look)
        scroll.setWidget(inner)
        self._right.body.addWidget(scroll, 1)
        self.columns(left, self._right, (4, 6))

    @property
    def decision(self) -> Decision | None:
        """What the agent chose, None while something is missing."""
        chosen = self.outcomes.selected
        if not chosen:
            return None
        outcome = Outcome(chosen[0])
        fraud = bool(self.flag.selected)
        if outcome is Outcome.ACCEPTED:
            return Decision(outcome, fraud_suspected=fraud)
        reasons = tuple(Reason(value) for value in self.reasons.selected)
        return Decision(outcome, reasons, fraud) if reasons else None

    @override
    def forget(self) -> None:
        super().forget()
        self._suggested_for = None
        self.reasons.close_all()
        for group in (self.outcomes, self.reasons, self.flag):
            group.select()

    @override
    def extra_buttons(self) -> tuple[Button, ...]:
        return (self.ask, self.to_checks)

    def _ask(self) -> None:
        """In doubt about the person: a colleague compares too."""
        self.happened.emit(SecondAgentAsked())

    def _go_to_checks(self) -> None:
        """What was not ticked is ticked there, and what came after it is not done again."""
        self.happened.emit(SteppedBack(StepKind.CHECKS))

    @override
    def go_on(self) -> None:
        decision = self.decision
        if decision is not None:
            self.happened.emit(DecisionTaken(decision))

    @override
    def refresh(self) -> None:
        if self.view is None:
            return
        possible = self.view.outcomes
        self.ask.setText(self.tr_("ask"))
        self.ask.setVisible(
            self.view.state.step is StepKind.DECISION
            and person_unsure(self.view.journey, self.view.state)
        )
        self._left.set_title(self.tr_("outcome"))
        self._right.set_title(self.tr_("reasons"))
        self._restricted.set_title(self.tr_("restricted"))
        # In a low window the sentence stands within the choice that it is about.
        low, hint = self.look.theme.low, self.tr_("restricted_hint")
        self._restricted_hint.setText(hint)
        self._restricted_hint.setVisible(not low)
        within = hint if low else ""
        self.flag.show_choices(
            (Choice("fraud", self.tr_("fraud"), within, "alert-triangle", Tone.BAD),)
        )
        self.outcomes.show_choices(
            tuple(
                Choice(o.value, *self._words(o), *OUTCOME_LOOKS[o])
                for o in _OUTCOMES
                if o.value in possible
            )
        )
        self._write_reasons()
        self._write_obstacles(possible)
        self._suggest()
        self._judge()

    @property
    def _for_proxy(self) -> bool:
        """Whether the one refusal that hands a letter over to a proxy is possible."""
        view = self.view
        return (
            view is not None
            and view.state.step is StepKind.DECISION
            and proxy_may_receive(view.journey, view.state)
        )

    def _words(self, outcome: Outcome) -> tuple[str, str]:
        """What an outcome is called, and what it means."""
        if outcome is Outcome.REFUSED and self._for_proxy:
            return self.tr_("proxy.choice"), self.tr_("proxy.hint")
        return self.tr_(f"choice.{outcome.value}"), self.tr_(f"hint.{outcome.value}")

    def _write_reasons(self) -> None:
        if self.view is None:
            return
        suggested = suggested_reasons(self.view.state)
        groups = [
            ReasonGroup(
                _SUGGESTED,
                "",
                tuple(self._reason(reason, self.tr_("suggested")) for reason in suggested),
                fixed=True,
            )
        ]
        groups += [
            ReasonGroup(
                name,
                self.tr_(f"group.{name}"),
                tuple(self._reason(reason) for reason in reasons if reason not in suggested),
            )
            for name, reasons in groups_of(self.view.journey).items()
        ]
        self.reasons.show_groups(groups)

    def _reason(self, reason: Reason, hint: str = "") -> Choice:
        words = self.look.language.tr(f"reasons.{reason.value}")
        return Choice(reason.value, words, hint, tone=Tone.WARN)

    def _write_obstacles(self, possible: tuple[str, ...]) -> None:
        """What stands against an acceptance; of a case that is stopped, only that it is."""
        if self.view is None:
            return
        state = self.view.state
        blocked = Outcome.ACCEPTED.value not in possible
        stopped = state.step is not StepKind.DECISION
        names = self.view.obstacles if blocked and not stopped else ()
        if "checks_clear" in names and state.person is None:
            # A failed check led here past the later steps: what they would say is no news.
            names = tuple(name for name in names if name not in _LATER)
        self._why_not.setVisible(blocked)
        self._obstacles.setVisible(bool(names))
        self._why_not.setText(self.tr_("stopped" if stopped else "why_not"))
        self.to_checks.set_texts(self.tr_("to_checks"), self.tr_("to_checks_short"))
        self.to_checks.updateGeometry()
        self.to_checks.setVisible("checks_clear" in names and self._ticks_left(state))
        lines = (line for name in names for line in self._obstacle(name))
        self._obstacles.setText("\n".join(f"– {line}" for line in lines))

    @staticmethod
    def _ticks_left(state: CaseState) -> bool:
        """Whether a tick, and no failed check, is what is missing."""
        failed = any(check.verdict is Verdict.FAIL for check in all_checks(state))
        unticked = any(check.code not in state.ticked for check in near_matches(state))
        return unticked and not failed and StepKind.CHECKS in state.trail

    def _obstacle(self, name: str) -> tuple[str, ...]:
        """An obstacle in words; the checks by name, as the agent saw them."""
        if name != "checks_clear" or self.view is None:
            return (self.tr_(f"obstacle.{name}"),)
        state = self.view.state
        failed = [check for check in all_checks(state) if check.verdict is Verdict.FAIL]
        unticked = [check for check in near_matches(state) if check.code not in state.ticked]
        lines = tuple(
            self.tr_(f"obstacle.{key}", checks=", ".join(self._labels(checks)))
            for key, checks in (("checks_failed", failed), ("checks_unticked", unticked))
            if checks
        )
        return lines or (self.tr_("obstacle.checks_known"),)

    def _labels(self, checks: Sequence[Check]) -> list[str]:
        """What the checks are about, each once."""
        bare = (replace(check, detail="") for check in checks)
        return list(dict.fromkeys(check_label(check, self.look.language) for check in bare))

    def _suggest(self) -> None:
        """Preselect once for a state: a way back keeps what the agent chose."""
        if self.view is None:
            return
        state = self.view.state
        key = (
            *(state.case_id, state.request_problem, state.presence, state.checks, state.ticked),
            *(state.lookup, state.features, state.signs, state.person),
        )
        if key == self._suggested_for:
            return
        self._suggested_for = key
        decision = state.decision
        if decision is not None and decision.outcome is not Outcome.ABANDONED:
            self.outcomes.select(decision.outcome.value)
            self.reasons.select(*(reason.value for reason in decision.reasons))
            self.flag.select(*(["fraud"] if decision.fraud_suspected else []))
            return
        suggested = suggested_reasons(state)
        self.flag.select()
        self.reasons.select(*(reason.value for reason in suggested))
        if Outcome.ACCEPTED.value in self.view.outcomes:
            self.outcomes.select(Outcome.ACCEPTED.value)
        elif self._for_proxy:
            self.outcomes.select(Outcome.REFUSED.value)
        else:
            self.outcomes.select()

    def _judge(self, _values: tuple[str, ...] = ()) -> None:
        accepted = self.outcomes.selected == (Outcome.ACCEPTED.value,)
        self._right.setVisible(not accepted)
        self.primary.setEnabled(self.decision is not None)
        self._warn_proxy()
        missing = bool(self.outcomes.selected) and not accepted and not self.reasons.selected
        if missing:
            self.show_problem(self.tr_("reason_needed"), Tone.INFO)
        elif self.banner.text == self.tr_("reason_needed"):
            self.banner.dismiss()

    def _warn_proxy(self) -> None:
        """With any other reason beside it the refusal hands nothing over: told beforehand."""
        warning = self.tr_("proxy.not_handed")
        other = self.decision is not None and self.decision != HANDED_TO_PROXY
        if self._for_proxy and self.outcomes.selected == (Outcome.REFUSED.value,) and other:
            self.show_problem(warning, Tone.WARN)
        elif self.banner.text == warning:
            self.banner.dismiss()
