"""The automatic agent: plays a procedure with no screen and a scripted customer.

It sees what an agent sees (the state) and does what an agent does (events), one act at a time.
Stories, the demonstration and the benchmarks use it; it takes no short cut through the rules.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Final, Protocol

from kiosk.domain.decision import Decision, Outcome, Reason
from kiosk.domain.errors import EventRefusedError
from kiosk.domain.evidence import Verdict
from kiosk.journeys.automatic_service import USUAL, ServiceAct
from kiosk.journeys.guards import checks_failed, near_matches, obstacles
from kiosk.journeys.model import (
    CaseAbandoned,
    CaseState,
    ChecksReviewed,
    ConsentAnswered,
    DecisionTaken,
    DocumentConfirmed,
    Event,
    FeatureExamined,
    FeaturesFinished,
    FieldTyped,
    PersonCompared,
    PersonFacts,
    SealConfirmed,
    SideCaptured,
    StepKind,
)
from kiosk.journeys.procedure import Journey
from kiosk.journeys.reasons import suggested_reasons

MOST_ACTS: Final = 200
"""Acts after which a case that does not end counts as stuck; a real one takes about twenty."""


class CaseLike(Protocol):
    """A case, or something that behaves like one."""

    @property
    def journey(self) -> Journey: ...  # noqa: D102
    @property
    def state(self) -> CaseState: ...  # noqa: D102
    def dispatch(self, event: Event) -> CaseState: ...  # noqa: D102
    def present_code(self, text: str) -> CaseState: ...  # noqa: D102


@dataclass(frozen=True, slots=True)
class CodePresented:
    """The customer holds a code under the camera."""

    text: str


Act = Event | CodePresented


@dataclass(frozen=True, slots=True)
class Script:
    """What the customer brings and what the agent will see.

    Attributes:
        codes: texts of the codes shown, one after the other until one is accepted.
        sides: readings of the document, in the order presented.
        notice_version: version of the notice on the screen.
        consent: the answer to the notice.
        typed: printed fields to type where the layout has none.
        tick_near_matches: whether the agent confirms near matches.
        features: answers by feature id; every other one conforms.
        person: result of the comparison.
        decision: the decision to take; None for acceptance where it is permitted, else a refusal
            (a failure) or a suspension (a doubt).
        service: what happens at a step around the verification, instead of the usual.
        abandon_at: the step at which the customer leaves, or None.
        refuse_at: the step at which the agent takes ``decision`` at once, or None.
    """

    codes: tuple[str, ...] = ()
    sides: tuple[SideCaptured, ...] = ()
    notice_version: str = "1"
    consent: bool = True
    typed: Mapping[str, date] = field(default_factory=dict)
    tick_near_matches: bool = True
    features: Mapping[str, Verdict] = field(default_factory=dict)
    person: PersonFacts = field(
        default_factory=lambda: PersonFacts(Verdict.PASS, ("face-shape", "ears"), 1, True)
    )
    decision: Decision | None = None
    service: Mapping[StepKind, ServiceAct] = field(default_factory=dict)
    abandon_at: StepKind | None = None
    refuse_at: StepKind | None = None


def play(
    case: CaseLike,
    script: Script,
    after_act: Callable[[CaseState], None] | None = None,
    until: StepKind | None = None,
) -> CaseState:
    """Play a case to its receipt.

    Args:
        case: the case, at any step.
        script: the customer.
        after_act: called with the state after each act.
        until: stop on reaching this step.

    Returns:
        The last state.

    Raises:
        EventRefusedError: the script runs out before the case can go on.
    """
    shown = 0
    for _ in range(MOST_ACTS):
        state = case.state
        if state.closed or state.step is until:
            return state
        act = next_act(case.journey, state, script, codes_shown=shown)
        if isinstance(act, CodePresented):
            shown += 1
            after = case.present_code(act.text)
        else:
            after = case.dispatch(act)
        if after_act is not None:
            after_act(after)
    raise EventRefusedError("the script does not end")


def next_act(journey: Journey, state: CaseState, script: Script, codes_shown: int = 0) -> Act:
    """What the agent does next.

    Raises:
        EventRefusedError: the script has nothing more for this step.
    """
    if state.step is script.abandon_at:
        return CaseAbandoned()
    if state.step is script.refuse_at and script.decision is not None:
        return DecisionTaken(script.decision)
    acted = script.service.get(state.step)
    if acted is not None:
        return acted(journey, state)
    if state.step is StepKind.REQUEST or (state.step is StepKind.VISIT and state.visit is not None):
        return _code(script, codes_shown)
    match state.step:
        case StepKind.NOTICE:
            return ConsentAnswered(script.notice_version, script.consent)
        case StepKind.DOCUMENT:
            return _document(state, script)
        case StepKind.CHECKS:
            near = tuple(check.code for check in near_matches(state))
            return ChecksReviewed(near if script.tick_near_matches else ())
        case _:
            return _judgement(journey, state, script)


def _judgement(journey: Journey, state: CaseState, script: Script) -> Event:
    match state.step:
        case StepKind.FEATURES:
            return _feature(state, script)
        case StepKind.PERSON:
            return PersonCompared(script.person)
        case StepKind.DECISION:
            return DecisionTaken(script.decision or fitting_decision(journey, state))
        case StepKind.CONFIRM:
            return SealConfirmed()
        case _:
            return _around(journey, state)


def _around(journey: Journey, state: CaseState) -> Event:
    try:
        return USUAL[state.step](journey, state)
    except KeyError as exc:
        raise EventRefusedError(f"nothing in the script for {state.step}") from exc


def fitting_decision(journey: Journey, state: CaseState) -> Decision:
    """Acceptance where it is permitted, refusal on a failure, suspension on a doubt."""
    if not obstacles(journey, state):
        return Decision(Outcome.ACCEPTED)
    reasons = suggested_reasons(state) or (Reason.TECHNICAL_FAILURE,)
    failed = (
        checks_failed(journey, state)
        or any(item.verdict is Verdict.FAIL for item in state.features)
        or (state.person is not None and state.person.verdict is Verdict.FAIL)
    )
    return Decision(Outcome.REFUSED if failed else Outcome.SUSPENDED, reasons)


def _code(script: Script, codes_shown: int) -> CodePresented:
    if codes_shown >= len(script.codes):
        raise EventRefusedError("no more codes in the script")
    return CodePresented(script.codes[codes_shown])


def _document(state: CaseState, script: Script) -> Event:
    captured = {facts.side for facts in state.sides}
    for reading in script.sides:
        if reading.facts.side not in captured:
            return reading
    if state.document is None:
        raise EventRefusedError("no document in the script")
    if state.document.expiry_date is None and "expiry_date" in script.typed:
        return FieldTyped("expiry_date", script.typed["expiry_date"])
    if state.document.issue_date is None and "issue_date" in script.typed:
        return FieldTyped("issue_date", script.typed["issue_date"])
    return DocumentConfirmed()


def _feature(state: CaseState, script: Script) -> Event:
    for item in state.features:
        if item.verdict is None:
            verdict = script.features.get(item.feature_id, Verdict.PASS)
            return FeatureExamined(item.feature_id, verdict)
    return FeaturesFinished()
