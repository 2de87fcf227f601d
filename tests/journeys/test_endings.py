"""Endings follow from the steps: every one that the engine allows and a screen offers, no other."""

import pytest

from kiosk.domain.decision import VISIT_REASONS, Decision, Outcome, Reason
from kiosk.domain.errors import EventRefusedError
from kiosk.journeys.automatic import Script, play
from kiosk.journeys.blocks import Terms
from kiosk.journeys.endings import endings
from kiosk.journeys.model import CaseAbandoned, DecisionTaken, StepKind
from kiosk.journeys.procedure import Form, Journey
from kiosk.journeys.procedures import procedures
from kiosk.journeys.reasons import GROUPS, WALKED_AWAY, groups_of, reasons_of
from kiosk.journeys.service_steps import AddresseeMet, Presence, PresenceFacts
from tests.fakes.cases import CARD_SIDES, SIDES, PaperCase

EVERY = [
    pytest.param(journey, id=f"{journey.name}-{form.value}")
    for form in Form
    for journey in procedures(Terms(SIDES, form=form))
]
SCRIPT = Script(codes=("valid",), sides=CARD_SIDES)
ABOUT_REQUESTS = set(GROUPS["request"])


def found(journey: Journey) -> set[tuple[Outcome, Reason | None]]:
    return {(ending.outcome, ending.reason) for ending in endings(journey)}


def decisions() -> list[Decision]:
    made = []
    for outcome in Outcome:
        for reasons in ((), *((reason,) for reason in Reason)):
            try:
                made.append(Decision(outcome, reasons))
            except ValueError:
                continue
    return made


def reached(journey: Journey) -> set[tuple[Outcome, Reason | None]]:
    """Every decision that the engine seals, tried at every step of a plain case."""
    events = [DecisionTaken(decision) for decision in decisions()]
    events += [CaseAbandoned(reason) for reason in Reason]
    events += [AddresseeMet(PresenceFacts(presence)) for presence in Presence]
    ends = {(play(PaperCase(journey), SCRIPT).decision.outcome, None)}
    for step in journey.steps:
        for event in events:
            case = PaperCase(journey)
            if play(case, SCRIPT, until=step.kind).step is not step.kind:
                break
            try:
                case.dispatch(event)
            except (EventRefusedError, ValueError):
                continue
            decision = case.state.decision
            if case.state.step is StepKind.CONFIRM or case.state.closed:
                ends |= {(decision.outcome, reason) for reason in decision.reasons or (None,)}
    return ends


@pytest.mark.parametrize("journey", EVERY)
def test_every_ending_can_be_sealed(journey):
    assert {(o, r) for o, r in found(journey) if o is not Outcome.NO_SHOW} <= reached(journey)


@pytest.mark.parametrize("journey", EVERY)
def test_what_the_engine_allows_beyond_is_offered_on_no_page(journey):
    """A way back to an agent who must choose: the pages offer the lists, and nothing beside."""
    beyond = reached(journey) - found(journey)
    decided = {r for o, r in beyond if o in (Outcome.REFUSED, Outcome.SUSPENDED)}
    assert decided <= {Reason.CUSTOMER_WITHDRAWS, *ABOUT_REQUESTS, None}
    walked = {r for o, r in beyond if o is Outcome.ABANDONED}
    assert not walked & set(WALKED_AWAY.values())
    assert Outcome.ACCEPTED not in {outcome for outcome, _ in beyond}


@pytest.mark.parametrize("form", Form)
def test_every_outcome_and_reason_of_the_closed_lists_is_an_ending_somewhere(form):
    ends = [ending for journey in procedures(Terms({}, form=form)) for ending in endings(journey)]
    assert {ending.outcome for ending in ends} == set(Outcome)
    missing = set(Reason) - {ending.reason for ending in ends}
    # At a counter nobody puts a visit off, and nobody has moved.
    of_doors = {Reason.VISIT_POSTPONED, Reason.ADDRESSEE_MOVED}
    assert missing == (of_doors if form is Form.COUNTER else set())


@pytest.mark.parametrize("journey", EVERY)
def test_a_procedure_without_a_request_offers_no_reason_about_one(journey):
    asks = {StepKind.REQUEST, StepKind.VISIT} & {step.kind for step in journey.steps}
    assert ("request" in groups_of(journey)) == bool(asks)
    confirms = any(step.kind is StepKind.IDENTITY for step in journey.steps)
    assert (Reason.NAME_DIFFERS in reasons_of(journey)) == (bool(asks) or confirms)


def test_only_a_visit_ends_for_all_four_reasons():
    by_name = {p.values[0].name: p.values[0] for p in EVERY}
    visits = {r for o, r in found(by_name["home-visit"]) if o is Outcome.NO_SHOW}
    assert visits == set(VISIT_REASONS)
    letters = {r for o, r in found(by_name["registered-letter"]) if o is Outcome.NO_SHOW}
    assert letters == {Reason.ADDRESSEE_ABSENT, Reason.ADDRESSEE_REFUSES}
