"""Refuse a procedure that could lose a customer, or a record.

Rules, in order:

1. Every name means something: steps, guards, texts are named once and lead somewhere.
2. From the first step every step can be reached, and from every step the end can be reached.
3. The case ends only by ``RecordSealed``: there is no way out that leaves no record.
4. Every step before the end can be abandoned, and abandoning leads to a step that seals.
"""

from collections.abc import Iterator
from dataclasses import fields

from kiosk.domain.errors import JourneyInvalidError
from kiosk.journeys.guards import GUARDS
from kiosk.journeys.model import CaseState, RecordSealed, SealConfirmed, SealRecord, StepKind
from kiosk.journeys.procedure import Journey, Step


def validate(journey: Journey) -> None:
    """Check a procedure. Raises JourneyInvalidError that names the first fault."""
    for fault in faults(journey):
        raise JourneyInvalidError(f"{journey.name}: {fault}")


def faults(journey: Journey) -> Iterator[str]:
    """Everything that is wrong with a procedure, in words for its author."""
    kinds = [step.kind for step in journey.steps]
    if len(set(kinds)) != len(kinds):
        yield "a step is listed twice"
    if journey.start not in kinds:
        yield "the first step is not listed"
        return
    yield from _unknown_names(journey)
    dangling = {to for step in journey.steps for to in _targets(step)} - set(kinds)
    if dangling:
        yield f"leads to a step that is not listed: {_names(dangling)}"
        return
    yield from _dead_ends(journey)
    yield from _lost_records(journey)


def _unknown_names(journey: Journey) -> Iterator[str]:
    facts = {field.name for field in fields(CaseState)}
    for step in journey.steps:
        guards = {step.done_when, *(way.when for way in step.ways)}
        guards |= {order.unless for order in step.orders}
        for name in sorted(guards - GUARDS.keys()):
            yield f"{step.kind}: no guard {name}"
        for name in sorted(set(step.keeps) - facts):
            yield f"{step.kind}: keeps {name}, which no case has"
        if not step.instruction:
            yield f"{step.kind}: no instruction"
    for name in sorted(set(journey.accept_when) - GUARDS.keys()):
        yield f"acceptance: no guard {name}"


def _dead_ends(journey: Journey) -> Iterator[str]:
    ends = {step.kind for step in journey.steps if _is_end(step)}
    if not ends:
        yield "no step ends the case"
    unreached = {step.kind for step in journey.steps} - _reachable(journey, journey.start)
    if unreached:
        yield f"never reached: {_names(unreached)}"
    for step in journey.steps:
        if not _reachable(journey, step.kind) & ends:
            yield f"dead end: {step.kind}"


def _lost_records(journey: Journey) -> Iterator[str]:
    ends = {step.kind for step in journey.steps if _is_end(step)}
    sealing = {step.kind for step in journey.steps if _seals(step)}
    if journey.start in ends:
        yield "ends where it starts, without a record"
    for step in journey.steps:
        for way in step.ways:
            if way.to in ends and way.on is not RecordSealed:
                yield f"{step.kind}: ends by {way.on.__name__}, without a record"
            if way.on is RecordSealed and step.kind not in sealing:
                yield f"{step.kind}: takes in a sealed record that it never asks for"
        if step.kind in ends:
            if step.back:
                yield f"{step.kind}: goes back after the end"
        elif step.abandon_to is None:
            yield f"{step.kind}: cannot be abandoned"
        elif step.abandon_to not in sealing:
            yield f"{step.kind}: abandoning leads to {step.abandon_to}, which leaves no record"


def _is_end(step: Step) -> bool:
    return not step.ways and step.abandon_to is None


def _seals(step: Step) -> bool:
    """Asks for the seal: when the agent confirms, or by itself on entering."""
    return any(way.on is SealConfirmed for way in step.ways) or any(
        isinstance(order.effect, SealRecord) for order in step.orders
    )


def _targets(step: Step) -> set[StepKind]:
    targets = {way.to for way in step.ways}
    return targets if step.abandon_to is None else targets | {step.abandon_to}


def _reachable(journey: Journey, start: StepKind) -> set[StepKind]:
    seen: set[StepKind] = set()
    waiting = [start]
    while waiting:
        kind = waiting.pop()
        if kind not in seen:
            seen.add(kind)
            waiting.extend(_targets(journey.step(kind)) - seen)
    return seen


def _names(kinds: set[StepKind]) -> str:
    return ", ".join(sorted(kinds))
