"""Every way in which a procedure can end: derived from its steps and the closed lists.

Rules, in order:

1. An ending is what a record says: procedure, place, outcome, and one reason where there is one.
2. Nothing is listed by hand: what the steps take in says which outcomes are possible, the lists of
   :mod:`kiosk.journeys.reasons` and :mod:`kiosk.domain.decision` say for which reasons.
3. A record may name several reasons; each of them is an ending of its own.

Source: ``domain.md`` 1.8, outcomes and reasons.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from kiosk.domain.decision import VISIT_REASONS, Outcome, Reason
from kiosk.journeys.model import DecisionTaken, Event
from kiosk.journeys.procedure import Form, Journey
from kiosk.journeys.reasons import WALKED_AWAY, reasons_of
from kiosk.journeys.service_facts import UNHANDED
from kiosk.journeys.service_steps import AddresseeMet, VisitBegun


@dataclass(frozen=True, slots=True)
class Ending:
    """One way to end.

    Attributes:
        procedure: name of the journey.
        form: at the counter or at the customer's door.
        outcome: as sealed.
        reason: one that the record names; None for an acceptance or an advice.
    """

    procedure: str
    form: Form
    outcome: Outcome
    reason: Reason | None = None


def endings(journey: Journey) -> tuple[Ending, ...]:
    """Every ending of a procedure, in the order of the closed lists."""
    found = set(_possible(journey))
    return tuple(
        Ending(journey.name, journey.form, outcome, reason)
        for outcome in Outcome
        for reason in (None, *Reason)
        if (outcome, reason) in found
    )


def _possible(journey: Journey) -> Iterator[tuple[Outcome, Reason | None]]:
    taken: set[type[Event]] = {way.on for step in journey.steps for way in step.ways}
    if not journey.accept_when:
        yield Outcome.ADVISED, None  # nobody is verified
    elif DecisionTaken in taken:
        yield Outcome.ACCEPTED, None
        for outcome in (Outcome.REFUSED, Outcome.SUSPENDED):
            yield from _each(outcome, reasons_of(journey))
    if any(step.abandon_to is not None for step in journey.steps):
        yield from _each(Outcome.ABANDONED, WALKED_AWAY.values())
    if VisitBegun in taken:
        yield from _each(Outcome.NO_SHOW, VISIT_REASONS)
    if AddresseeMet in taken:
        for decision in UNHANDED.values():
            yield from _each(decision.outcome, decision.reasons)


def _each(outcome: Outcome, reasons: Iterable[Reason]) -> Iterator[tuple[Outcome, Reason]]:
    return ((outcome, reason) for reason in reasons)
