"""The engine: a journey, a state and an event give the next state and the effects to perform.

Rules, in order:

1. A sealed case does not move.
2. An event is taken in only where the step names it and the guard of one of its ways holds;
   otherwise it is refused and the state is unchanged.
3. The agent may go back wherever the step allows it; what is found out then is kept until something
   that it rests on changes. A decision lasts only as long as the agent stays with it.
4. Every accepted event asks for a saved draft, and for what the step that it leads to needs.
5. The customer may choose the language to read at every step; it moves nothing else.
6. Pure: same input, same answer; no clock, file, network or chance.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime

from kiosk.domain.decision import Outcome
from kiosk.domain.errors import EventRefusedError
from kiosk.domain.evidence import Verdict
from kiosk.domain.ids import AgentId, CaseId, OfficeId
from kiosk.journeys.facts import sides_missing, take_in
from kiosk.journeys.guards import GUARDS, obstacles
from kiosk.journeys.model import (
    CaseAbandoned,
    CaseState,
    ChecksComputed,
    DecisionTaken,
    DrawFeatures,
    Effect,
    Event,
    FeatureExamined,
    LanguageChosen,
    PrintRead,
    RecordSealed,
    SaveDraft,
    SealConfirmed,
    SealRecord,
    StepKind,
    SteppedBack,
)
from kiosk.journeys.procedure import Journey, Step, Way

_DECISION_LASTS = (
    StepKind.DECISION,
    StepKind.SECOND_AGENT,
    StepKind.SIGNATURE,
    StepKind.CONFIRM,
    StepKind.RECEIPT,
)
_LANGUAGE = re.compile("[a-z]{2}")  # ISO 639-1
# A colleague who has answered is not asked again by going back.
_PASSED_THROUGH = (StepKind.SECOND_AGENT,)


@dataclass(frozen=True, slots=True)
class Advance:
    """Answer of the engine.

    Attributes:
        state: the next state.
        effects: what the services must do, in order.
    """

    state: CaseState
    effects: tuple[Effect, ...]


def opened(
    journey: Journey, case_id: CaseId, agent_id: AgentId, office_id: OfficeId, opened_at: datetime
) -> CaseState:
    """State of a case that was just opened."""
    state = CaseState(
        case_id=case_id,
        procedure=journey.name,
        step=journey.start,
        agent_id=agent_id,
        office_id=office_id,
        opened_at=opened_at,
    )
    return replace(state, sides_expected=sides_missing(journey, state, None, set()))


def advance(journey: Journey, state: CaseState, event: Event) -> Advance:
    """Move a case by one event.

    Raises:
        EventRefusedError: the event is not accepted at this step; the state is unchanged.
    """
    if state.closed:
        raise EventRefusedError("case is sealed")
    if isinstance(event, LanguageChosen):
        return Advance(_spoken(state, event), (SaveDraft(),))
    step = _step(journey, state)
    if isinstance(event, SteppedBack):
        moved = _gone_back(journey, state, event.to)
    elif isinstance(event, CaseAbandoned):
        moved = _abandoned(journey, state, step, event)
    else:
        moved = _moved(journey, state, step, event)
    return Advance(moved, tuple(_effects(journey, state, moved, event)))


def rechecked(journey: Journey, state: CaseState, event: ChecksComputed) -> Advance:
    """The checks made again because the rules have changed since (another day, another policy).

    Where they say the same, the case stays where it is. Where they differ, what rested on them
    falls, and the agent sees them first: back to the step that shows them, or on to it where the
    case has gone back to before it. A case that was stopped before that step rests on no check: it
    keeps its decision, and the rules that it was taken by.

    Raises:
        EventRefusedError: the case is sealed.
    """
    if state.closed:
        raise EventRefusedError("case is sealed")
    kept = replace(state, rules=event.rules)
    if event.checks == state.checks:
        return Advance(kept, (SaveDraft(),))
    passed = StepKind.CHECKS in state.trail
    if state.decision is not None and not passed:
        # Old rules beside old checks: the next decision has them made again.
        return Advance(state, (SaveDraft(),))
    # Never new rules beside old checks: they would pass for made by today's.
    kept = replace(kept, checks=event.checks, ticked=())
    if not passed:
        return Advance(kept, (SaveDraft(),))
    moved = replace(
        kept,
        decision=None,
        signature=None,
        second_agent=None,
        step=StepKind.CHECKS,
        trail=state.trail[: state.trail.index(StepKind.CHECKS)],
    )
    return Advance(moved, (SaveDraft(), *_orders(journey, moved)))


def without_decision(state: CaseState) -> CaseState:
    """A decided case as it stood before, for somebody else to decide: nothing found out is lost.

    It stands at the step of the decision again, or at the one that it was stopped at.
    """
    undecided = replace(state, decision=None, signature=None, second_agent=None)
    if StepKind.DECISION in state.trail:
        before = state.trail.index(StepKind.DECISION)
    elif state.step is StepKind.DECISION or not state.trail:
        return undecided
    else:
        before = len(state.trail) - 1
    return replace(undecided, step=state.trail[before], trail=state.trail[:before])


def pending(journey: Journey, state: CaseState) -> tuple[Effect, ...]:
    """Effects that the step still waits for, for a case brought back from a draft."""
    if state.closed:
        return ()
    return tuple(_orders(journey, state))


def accepts(journey: Journey, state: CaseState, event: type[Event]) -> bool:
    """Whether the step takes in this kind of event at all (its guard may still refuse it)."""
    if state.closed:
        return False
    if event is LanguageChosen:
        return True
    step = _step(journey, state)
    if event is SteppedBack:
        return step.back and bool(state.trail)
    if event is CaseAbandoned:
        return step.abandon_to is not None
    return any(way.on is event for way in step.ways)


def outcomes(journey: Journey, state: CaseState) -> tuple[Outcome, ...]:
    """Outcomes that the agent may choose now; acceptance only where nothing stands against it."""
    stops = (Outcome.REFUSED, Outcome.SUSPENDED)
    if not accepts(journey, state, DecisionTaken):
        return ()
    if state.step is StepKind.DECISION and not obstacles(journey, state):
        return (Outcome.ACCEPTED, *stops)
    return stops


def _step(journey: Journey, state: CaseState) -> Step:
    try:
        return journey.step(state.step)
    except KeyError as exc:
        raise EventRefusedError("step of another procedure") from exc


def _gone_back(journey: Journey, state: CaseState, to: StepKind | None) -> CaseState:
    """One step back; with ``to`` as many as lead there, each of which may be left backwards."""
    if to is not None and to not in state.trail:
        raise EventRefusedError("no way back")
    state = _one_back(journey, state)
    while to is not None and state.step is not to:
        state = _one_back(journey, state)
    return state


def _one_back(journey: Journey, state: CaseState) -> CaseState:
    if not _step(journey, state).back or not state.trail:
        raise EventRefusedError("no way back")
    *trail, before = state.trail
    while trail and before is StepKind.SIGNATURE and not _signs(journey, state):
        # Nothing is signed for an abandoned case: the way back leads to the decision.
        before = trail.pop()
    return _settled(replace(state, step=before, trail=tuple(trail)))


def _spoken(state: CaseState, event: LanguageChosen) -> CaseState:
    if not _LANGUAGE.fullmatch(event.code):
        raise EventRefusedError("no code of a language")
    return replace(state, language=event.code)


def _signs(journey: Journey, state: CaseState) -> bool:
    return GUARDS["signature_wanted"](journey, state)


def _abandoned(journey: Journey, state: CaseState, step: Step, event: CaseAbandoned) -> CaseState:
    if step.abandon_to is None:
        raise EventRefusedError("nothing to abandon")
    return _arrived(take_in(journey, state, event), step.abandon_to)


def _moved(journey: Journey, state: CaseState, step: Step, event: Event) -> CaseState:
    ways = [way for way in step.ways if way.on is type(event)]
    if not ways:
        raise EventRefusedError(f"{type(event).__name__} at {step.kind}")
    taken = take_in(journey, state, event)
    way = _open_way(journey, taken, ways)
    if way is None:
        closed = " ".join(way.when for way in ways)
        raise EventRefusedError(f"{type(event).__name__} at {step.kind}: not {closed}")
    return _arrived(taken, way.to)


def _open_way(journey: Journey, state: CaseState, ways: list[Way]) -> Way | None:
    return next((way for way in ways if GUARDS[way.when](journey, state)), None)


def _arrived(state: CaseState, to: StepKind) -> CaseState:
    if to is state.step:
        return state
    trail = state.trail if state.step in _PASSED_THROUGH else (*state.trail, state.step)
    # Back from a colleague: the step that asked is not behind itself.
    trail = trail[:-1] if trail[-1:] == (to,) else trail
    return _settled(replace(state, step=to, trail=trail))


def _settled(state: CaseState) -> CaseState:
    """Drop a decision that the agent has walked away from, and the word that stood by it."""
    if state.decision is None:
        return replace(state, second_agent=None)
    walked_away = state.step not in _DECISION_LASTS
    taken_back = state.step is StepKind.DECISION and state.decision.outcome is Outcome.ABANDONED
    if walked_away or taken_back:
        return replace(state, decision=None, signature=None, second_agent=None)
    return state


def _effects(
    journey: Journey, before: CaseState, after: CaseState, event: Event
) -> Iterator[Effect]:
    if isinstance(event, SealConfirmed):
        yield SealRecord()
        return
    if isinstance(event, RecordSealed):
        return  # the draft went with the seal, in the same transaction
    yield SaveDraft()
    if after.step is not before.step or isinstance(event, PrintRead):
        yield from _orders(journey, after)
    elif isinstance(event, FeatureExamined):
        wanted = journey.feature_count - sum(
            item.verdict is not Verdict.UNSURE for item in after.features
        )
        if wanted > 0:
            yield DrawFeatures(wanted)


def _orders(journey: Journey, state: CaseState) -> Iterator[Effect]:
    for order in journey.step(state.step).orders:
        if not GUARDS[order.unless](journey, state):
            yield order.effect
