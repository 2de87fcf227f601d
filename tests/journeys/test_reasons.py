"""Reasons that the facts of a case suggest, and the automatic agent's answer to them."""

from dataclasses import replace
from datetime import date

import pytest

from kiosk.domain.decision import VISIT_REASONS, Decision, Outcome, Reason
from kiosk.domain.errors import EventRefusedError
from kiosk.domain.evidence import Check, Side, Verdict
from kiosk.domain.request import RequestVerdict
from kiosk.journeys.automatic import CodePresented, Script, fitting_decision, next_act, play
from kiosk.journeys.model import FieldTyped, PersonFacts, StepKind
from kiosk.journeys.reasons import MISMATCHES, found_against, suggested_reasons
from kiosk.journeys.service_steps import (
    Consulted,
    LookupFacts,
    LookupStatus,
    Presence,
    PresenceFacts,
)
from tests.fakes.cases import CARD_SIDES, FEATURES, JOURNEY, OLD_CARD, PaperCase, new_case, side

NEAR = Check("request.surname", Verdict.UNSURE, "prefix")


@pytest.mark.parametrize(
    ("facts", "reasons"),
    [
        ({"request_problem": RequestVerdict.EXPIRED}, (Reason.REQUEST_EXPIRED_OR_USED,)),
        ({"request_problem": RequestVerdict.USED_BEFORE}, (Reason.REQUEST_EXPIRED_OR_USED,)),
        ({"request_problem": RequestVerdict.WRONG_OFFICE}, (Reason.WRONG_OFFICE,)),
        ({"request_problem": RequestVerdict.FOREIGN}, ()),
        ({"checks": (Check("validity.expiry", Verdict.FAIL),)}, (Reason.EXPIRED,)),
        ({"checks": (NEAR,)}, (Reason.NAME_DIFFERS,)),
        ({"checks": (Check("seal.signature", Verdict.UNSURE, "list-too-old"),)}, ()),
        ({"checks": (Check("seal.signature", Verdict.FAIL),)}, (Reason.SEAL_INVALID,)),
        ({"checks": (NEAR,), "ticked": (NEAR.code,)}, ()),
        (
            {"features": (replace(FEATURES[0], verdict=Verdict.FAIL),)},
            (Reason.FEATURE_NOT_CONFORM,),
        ),
        (
            {"features": (replace(FEATURES[0], verdict=Verdict.UNSURE),)},
            (Reason.TOO_FEW_FEATURES,),
        ),
        ({"person": PersonFacts(Verdict.UNSURE)}, (Reason.PERSON_DIFFERS,)),
        (
            {"person": PersonFacts(Verdict.PASS, (), 1, questions_consistent=False)},
            (Reason.ANSWERS_INCONSISTENT,),
        ),
        ({}, ()),
    ],
)
def test_facts_suggest_reasons_of_the_closed_list(facts, reasons):
    assert suggested_reasons(replace(new_case(), **facts)) == reasons


def failed(code: str) -> dict[str, object]:
    return {"checks": (Check(code, Verdict.FAIL),)}


def presented(presence: Presence) -> dict[str, object]:
    return {"presence": PresenceFacts(presence)}


# Facts that suggest each reason of the closed list (domain 1.8).
FACTS = {
    Reason.NOT_ADULT: failed("person.adult"),
    Reason.TYPE_NOT_ACCEPTED: failed("document.kind_accepted"),
    Reason.NOT_ORIGINAL: {"signs": ("not-original.copy",)},
    Reason.EXPIRED: failed("validity.expiry"),
    Reason.DAMAGED: {"signs": ("damaged.torn",)},
    Reason.MRZ_CHECK_DIGIT: failed("mrz.composite"),
    Reason.MRZ_PRINT_DIFFER: {"checks": (Check("printed.number", Verdict.UNSURE, "different"),)},
    Reason.SEAL_INVALID: failed("seal.signature"),
    Reason.SEAL_DIFFERS: failed("seal.matches"),
    Reason.FEATURE_NOT_CONFORM: {"features": (replace(FEATURES[0], verdict=Verdict.FAIL),)},
    Reason.TOO_FEW_FEATURES: {"features": (replace(FEATURES[0], verdict=Verdict.UNSURE),)},
    Reason.REPORTED_LOST_OR_STOLEN: {"lookup": LookupFacts(LookupStatus.HIT, Consulted.SUPERVISOR)},
    Reason.NAME_DIFFERS: failed("request.surname"),
    Reason.BIRTH_DATE_DIFFERS: failed("request.birth_date"),
    Reason.NUMBER_DIFFERS: failed("request.number"),
    Reason.WRONG_OFFICE: {"request_problem": RequestVerdict.WRONG_OFFICE},
    Reason.REQUEST_EXPIRED_OR_USED: {"request_problem": RequestVerdict.EXPIRED},
    Reason.PERSON_DIFFERS: {"person": PersonFacts(Verdict.FAIL)},
    Reason.ANSWERS_INCONSISTENT: {
        "person": PersonFacts(Verdict.PASS, (), 1, questions_consistent=False)
    },
    Reason.PROXY_PRESENTED: presented(Presence.PROXY),
}
# Only a person says these: the customer leaves, or the machine fails.
SAID = {Reason.CUSTOMER_WITHDRAWS, Reason.TECHNICAL_FAILURE}


@pytest.mark.parametrize("reason", FACTS)
def test_every_reason_is_suggested_where_the_facts_say_so(reason):
    assert suggested_reasons(replace(new_case(), **FACTS[reason])) == (reason,)


def test_no_reason_of_the_closed_list_is_out_of_reach():
    assert {*FACTS, *SAID, *VISIT_REASONS} == set(Reason)


def test_without_any_reason_the_automatic_agent_suspends_for_a_technical_one():
    assert fitting_decision(JOURNEY, new_case()) == Decision(
        Outcome.SUSPENDED, (Reason.TECHNICAL_FAILURE,)
    )


def test_the_automatic_agent_says_when_its_script_runs_out():
    with pytest.raises(EventRefusedError):
        play(PaperCase(), Script())
    with pytest.raises(EventRefusedError):
        play(PaperCase(), Script(codes=("valid",)))


def test_the_automatic_agent_refuses_and_abandons_where_its_script_says_so():
    decision = Decision(Outcome.REFUSED, (Reason.NOT_ORIGINAL,))
    script = Script(("valid",), CARD_SIDES, decision=decision, refuse_at=StepKind.FEATURES)
    end = play(PaperCase(), script)
    assert (end.decision, end.person) == (decision, None)


def test_the_automatic_agent_types_both_printed_dates():
    sides = (side(Side.FRONT, OLD_CARD), side(Side.BACK))
    typed = {"expiry_date": date(2027, 6, 14), "issue_date": date(2012, 6, 15)}
    end = play(PaperCase(), Script(("valid",), sides, typed=typed))
    assert end.typed_fields == ("expiry_date", "issue_date")
    assert end.document.issue_date == date(2012, 6, 15)


def test_a_date_cannot_be_typed_without_a_document():
    case = PaperCase()
    play(case, Script(("valid",)), until=StepKind.DOCUMENT)
    with pytest.raises(EventRefusedError):
        case.dispatch(FieldTyped("issue_date", date(2012, 6, 15)))


def test_a_script_that_never_ends_is_stopped():
    class Deaf(PaperCase):
        def present_code(self, _text):
            return self.state

    codes = ("valid",) * 500
    assert isinstance(next_act(JOURNEY, new_case(), Script(codes)), CodePresented)
    with pytest.raises(EventRefusedError, match="does not end"):
        play(Deaf(), Script(codes))


@pytest.mark.parametrize("reason", [r for r in FACTS if r is not Reason.MRZ_PRINT_DIFFER])
def test_a_mismatch_stands_against_a_case_and_an_honest_mistake_does_not(reason):
    assert found_against(replace(new_case(), **FACTS[reason])) is (reason in MISMATCHES)


@pytest.mark.parametrize(
    "facts",
    [
        {},
        {"checks": (NEAR,)},
        {"checks": (Check("printed.number", Verdict.UNSURE, "different"),)},
        {"checks": (Check("seal.signature", Verdict.UNSURE, "list-too-old"),)},
        {"person": PersonFacts(Verdict.UNSURE)},
    ],
)
def test_what_nobody_is_sure_of_stands_against_no_case(facts):
    assert found_against(replace(new_case(), **facts)) is False


def test_every_mismatch_can_be_found():
    assert set(FACTS) >= MISMATCHES
