"""From step to step: what goes on by itself, and why a case comes back to the checks.

Rules, in order:

1. Only forwards, and never past anything that asks the agent: checks are passed where every one of
   them is clear, features after the last one that conforms, the decision where the person is the
   same and nothing stands against an acceptance. The seal still asks.
2. Esc leads back to each of these pages, and there nothing goes on by itself.
3. Rules that changed under an open case are told where the case came back because of them.
"""

from kiosk.domain.decision import Decision, Outcome
from kiosk.domain.evidence import Verdict
from kiosk.journeys.guards import all_checks
from kiosk.journeys.model import (
    CaseState,
    ChecksReviewed,
    DecisionTaken,
    Event,
    FeaturesFinished,
    RulesUsed,
    StepKind,
)
from ui.viewmodels.journey import CaseView

_CLEAR = (Verdict.PASS, Verdict.NOT_DONE)
"""Verdicts that ask nothing of the agent."""


class Passage:
    """Remembers where the case stood before."""

    def __init__(self, *, brisk: bool) -> None:
        """Brisk: an answer that leaves nothing open goes on by itself."""
        self._brisk = brisk
        self._before: tuple[StepKind | None, RulesUsed | None] = (None, None)

    def forget(self) -> None:
        """Another case."""
        self._before = (None, None)

    def pass_by(self, view: CaseView, *, answering: bool, reading: bool) -> Event | None:
        """What needs no key of its own; the step is passed by and never shown.

        Args:
            view: where the case stands.
            answering: the agent has just answered about a feature.
            reading: printed fields are still being read.
        """
        event = self._goes_on(view, answering=answering, reading=reading)
        if event is not None:
            self._before = (view.state.step, view.state.rules)
        return event

    def arrive(self, state: CaseState) -> bool:
        """The step is shown; whether it is back because the rules are others now."""
        before, self._before = self._before, (state.step, state.rules)
        step, rules = before
        back = state.step is StepKind.CHECKS and step in (StepKind.DECISION, StepKind.CONFIRM)
        return back and rules is not None and rules != state.rules

    def _goes_on(self, view: CaseView, *, answering: bool, reading: bool) -> Event | None:
        state, came_from = view.state, self._before[0]
        if not self._brisk or came_from is None:
            return None
        match state.step:
            case StepKind.CHECKS if came_from in (StepKind.DOCUMENT, StepKind.IDENTITY):
                clear = all(check.verdict in _CLEAR for check in all_checks(state))
                clear = clear and not reading
                return ChecksReviewed() if clear and all_checks(state) else None
            case StepKind.FEATURES if came_from is StepKind.FEATURES and answering:
                conform = [item.verdict is Verdict.PASS for item in state.features]
                return FeaturesFinished() if conform and all(conform) else None
            case StepKind.DECISION if came_from is StepKind.PERSON:
                same = state.person is not None and state.person.verdict is Verdict.PASS
                accept = Outcome.ACCEPTED.value in view.outcomes
                return DecisionTaken(Decision(Outcome.ACCEPTED)) if same and accept else None
            case _:
                return None
