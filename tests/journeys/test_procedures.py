"""Every procedure of the service, in both forms: sound, playable, and never a dead end."""

import os
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kiosk.domain.decision import Decision, Outcome, Reason
from kiosk.domain.errors import EventRefusedError, JourneyInvalidError
from kiosk.domain.evidence import Check, Verdict
from kiosk.domain.ids import AgentId
from kiosk.journeys.automatic import CodePresented, Script, next_act, play
from kiosk.journeys.blocks import Terms
from kiosk.journeys.catalogue import JourneyCatalogue
from kiosk.journeys.codec import decode, encode
from kiosk.journeys.diagram import page
from kiosk.journeys.engine import opened
from kiosk.journeys.guards import HANDED_TO_PROXY
from kiosk.journeys.model import (
    CaseAbandoned,
    CaseState,
    ChecksReviewed,
    DecisionTaken,
    PersonCompared,
    PersonFacts,
    SealConfirmed,
    StepKind,
    SteppedBack,
)
from kiosk.journeys.procedure import Form, Journey
from kiosk.journeys.procedures import procedures
from kiosk.journeys.service_steps import (
    AddresseeMet,
    Consulted,
    ContactChallenged,
    ContactChannel,
    ContactConfirmed,
    ContactDeferred,
    ContactsFinished,
    ContactTyped,
    DocumentLookedUp,
    EligibilityAnswered,
    EligibilityFacts,
    ItemFacts,
    ItemScanned,
    LookupFacts,
    LookupStatus,
    Presence,
    PresenceFacts,
    Purpose,
    PurposeChosen,
    SecondAgentAnswered,
    SecondAgentAsked,
    SecondAgentFacts,
    SignatureFacts,
    SignatureGiven,
    SignOff,
    SignsNoted,
    Situation,
)
from kiosk.journeys.validate import faults
from tests.fakes.cases import CARD_SIDES, OPENED_AT, PASSED, SIDES, PaperCase

PAGES = Path(__file__).parents[2] / "docs" / "journeys"
COUNTER = procedures(Terms(SIDES))
CARRIER = procedures(Terms(SIDES, form=Form.CARRIER))
EVERY = [
    pytest.param(journey, id=f"{journey.name}-{journey.form}") for journey in (*COUNTER, *CARRIER)
]
BY_NAME = {journey.name: journey for journey in (*CARRIER, *COUNTER)}
SCRIPT = Script(codes=("valid",), sides=CARD_SIDES)
COLLEAGUE = AgentId("a-18")


def signed(verdict: Verdict, about: SignOff = SignOff.DECISION) -> SecondAgentAnswered:
    return SecondAgentAnswered(SecondAgentFacts(COLLEAGUE, about, verdict, "word"))


def strict(journey: Journey) -> Journey:
    return replace(journey, second_agent_for=(Outcome.ACCEPTED, Outcome.REFUSED))


def at(journey: Journey, step: StepKind, script: Script = SCRIPT) -> PaperCase:
    case = PaperCase(journey)
    play(case, script, until=step)
    assert case.state.step is step
    return case


@pytest.mark.parametrize("journey", EVERY)
def test_every_procedure_is_sound(journey):
    assert list(faults(journey)) == []
    assert list(faults(strict(journey))) == []


@pytest.mark.parametrize("name", sorted(BY_NAME))
def test_the_page_in_the_documentation_is_not_stale(name):
    drawn, file = page(BY_NAME[name]), PAGES / f"{name}.md"
    if os.environ.get("VISAVIS_DRAW") == "1":
        file.write_text(drawn, encoding="utf-8")
    assert file.read_text(encoding="utf-8") == drawn, "draw it again: VISAVIS_DRAW=1"


def test_each_place_offers_what_can_be_done_there():
    assert JourneyCatalogue(*COUNTER).names() == (
        "welcome",
        "online-request",
        "registered-letter",
        "counter-creation",
        "paper-file",
    )
    assert "home-visit" in JourneyCatalogue(*CARRIER).names()
    with pytest.raises(JourneyInvalidError):
        JourneyCatalogue(*COUNTER).get("home-visit")


@pytest.mark.parametrize("journey", EVERY)
def test_an_ordinary_customer_is_served_to_the_end(journey):
    case = PaperCase(journey)
    end = play(case, SCRIPT)
    advice = journey.name in {"welcome", "paper-file"}
    assert end.decision == Decision(Outcome.ADVISED if advice else Outcome.ACCEPTED)
    assert (end.step, case.records) == (StepKind.RECEIPT, 1)


@pytest.mark.parametrize("journey", EVERY)
def test_the_customer_may_leave_at_every_step(journey):
    steps = [s.kind for s in journey.steps if s.kind not in {"second-agent", "receipt"}]
    for step in steps:
        if step is StepKind.CONFIRM and journey.name in {"welcome", "paper-file"}:
            continue  # closes by itself: nobody ever stands there
        case = at(journey, step)
        case.dispatch(CaseAbandoned())
        if not case.state.closed:
            case.dispatch(SealConfirmed())
        assert case.state.decision == Decision(Outcome.ABANDONED, (Reason.CUSTOMER_WITHDRAWS,))
        assert case.records == 1


# --- welcome --------------------------------------------------------------------------------------


@pytest.mark.parametrize("situation", [s for s in Situation if s is not Situation.NEW])
def test_who_needs_another_procedure_is_not_questioned(situation):
    case = PaperCase(BY_NAME["welcome"])
    case.dispatch(PurposeChosen(Purpose.REGISTERED_LETTER, situation))
    assert case.state.decision == Decision(Outcome.ADVISED)
    assert (case.state.eligibility, case.records) == (None, 1)


def test_questions_go_on_until_they_come_to_a_result():
    case = at(BY_NAME["welcome"], StepKind.ELIGIBILITY)
    case.dispatch(EligibilityAnswered(EligibilityFacts()))
    assert case.state.step is StepKind.ELIGIBILITY
    refused = EligibilityFacts((), eligible=False, obstacle="not-adult")
    case.dispatch(EligibilityAnswered(refused))
    assert case.state.step is StepKind.CHANNEL
    case.dispatch(SteppedBack())
    assert case.state.step is StepKind.ELIGIBILITY


# --- contact --------------------------------------------------------------------------------------


def test_a_corrected_address_must_be_confirmed_anew():
    case = at(BY_NAME["counter-creation"], StepKind.CONTACT)
    email = ContactChannel.EMAIL
    case.dispatch(ContactTyped(email, "a@example.org"))
    case.dispatch(ContactChallenged(email, "c1", OPENED_AT))
    case.dispatch(ContactConfirmed(email, "word"))
    same = case.dispatch(ContactTyped(email, "a@example.org"))
    assert same.contacts[0].statement == "word"
    case.dispatch(ContactTyped(email, "b@example.org"))
    with pytest.raises(EventRefusedError):
        case.dispatch(ContactConfirmed(email, "word"))
    with pytest.raises(EventRefusedError):
        case.dispatch(ContactsFinished())


def test_a_confirmed_address_is_not_put_off_and_an_unknown_one_not_challenged():
    case = at(BY_NAME["counter-creation"], StepKind.CONTACT)
    mobile = ContactChannel.MOBILE
    with pytest.raises(EventRefusedError):
        case.dispatch(ContactChallenged(mobile, "c1", OPENED_AT))
    with pytest.raises(EventRefusedError):
        case.dispatch(ContactTyped(mobile, ""))
    case.dispatch(ContactTyped(mobile, "+33639980000"))
    case.dispatch(ContactChallenged(mobile, "c1", OPENED_AT))
    case.dispatch(ContactConfirmed(mobile, "word"))
    with pytest.raises(EventRefusedError):
        case.dispatch(ContactDeferred(mobile))


# --- registered letter ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("presence", "decision"),
    [
        (Presence.ABSENT, Decision(Outcome.NO_SHOW, (Reason.ADDRESSEE_ABSENT,))),
        (Presence.REFUSES, Decision(Outcome.NO_SHOW, (Reason.ADDRESSEE_REFUSES,))),
        (Presence.PROXY, Decision(Outcome.REFUSED, (Reason.PROXY_PRESENTED,))),
    ],
)
def test_a_letter_is_handed_to_its_addressee_only(presence, decision):
    case = at(BY_NAME["registered-letter"], StepKind.PRESENCE)
    case.dispatch(AddresseeMet(PresenceFacts(presence)))
    assert (case.state.step, case.state.decision) == (StepKind.CONFIRM, decision)
    case.dispatch(SteppedBack())
    assert (case.state.step, case.state.decision) == (StepKind.PRESENCE, None)


def test_a_proxy_goes_on_where_the_policy_allows_one():
    case = at(replace(BY_NAME["registered-letter"], proxy_allowed=True), StepKind.PRESENCE)
    case.dispatch(AddresseeMet(PresenceFacts(Presence.PROXY)))
    assert case.state.step is StepKind.NOTICE


def test_another_item_asks_anew_who_is_there():
    case = at(BY_NAME["registered-letter"], StepKind.NOTICE)
    case.dispatch(SteppedBack())
    case.dispatch(SteppedBack())
    state = case.dispatch(ItemScanned(ItemFacts("RR123456785FR", "s10")))
    assert state.presence is None


def test_only_who_was_accepted_signs_and_a_signature_goes_with_its_decision():
    journey = BY_NAME["registered-letter"]
    case = at(journey, StepKind.CONFIRM)
    assert case.state.signature is not None
    for _ in range(3):
        case.dispatch(SteppedBack())
    assert (case.state.decision, case.state.signature) == (None, None)
    refused = at(journey, StepKind.CONFIRM, replace(SCRIPT, person=PersonFacts(Verdict.FAIL)))
    assert StepKind.SIGNATURE not in refused.state.trail


def test_a_signature_has_strokes_or_a_reason_for_none():
    case = at(BY_NAME["registered-letter"], StepKind.SIGNATURE)
    for facts in (
        SignatureFacts((), 900, 300),
        SignatureFacts((((1, 1), (2, 2)),), 900, 300, unable=True),
    ):
        with pytest.raises(EventRefusedError):
            case.dispatch(SignatureGiven(facts))
    case.dispatch(SignatureGiven(SignatureFacts((), 900, 300, unable=True)))
    assert case.state.step is StepKind.CONFIRM


# --- second agent ---------------------------------------------------------------------------------

VERIFICATIONS = [param for param in EVERY if param.values[0].accept_when]


@pytest.mark.parametrize("journey", VERIFICATIONS)
def test_an_acceptance_waits_for_a_colleague_where_the_policy_says_so(journey):
    case = at(strict(journey), StepKind.DECISION)
    case.dispatch(DecisionTaken(Decision(Outcome.ACCEPTED)))
    assert case.state.step is StepKind.SECOND_AGENT
    with pytest.raises(EventRefusedError):
        case.dispatch(SealConfirmed())
    case.dispatch(signed(Verdict.PASS))
    assert case.state.step in {StepKind.CONFIRM, StepKind.SIGNATURE}
    end = play(case, SCRIPT)
    assert end.second_agent is not None
    assert case.records == 1


def test_a_colleague_who_disagrees_takes_the_decision_away():
    case = at(strict(BY_NAME["online-request"]), StepKind.DECISION)
    case.dispatch(DecisionTaken(Decision(Outcome.ACCEPTED)))
    state = case.dispatch(signed(Verdict.FAIL))
    assert (state.step, state.decision) == (StepKind.DECISION, None)
    assert state.trail.count(StepKind.DECISION) == 0


def test_a_new_decision_needs_the_colleague_again():
    case = at(strict(BY_NAME["online-request"]), StepKind.DECISION)
    case.dispatch(DecisionTaken(Decision(Outcome.ACCEPTED)))
    case.dispatch(signed(Verdict.PASS))
    case.dispatch(SteppedBack())
    state = case.dispatch(DecisionTaken(Decision(Outcome.REFUSED, (Reason.NOT_ORIGINAL,))))
    assert (state.step, state.second_agent) == (StepKind.SECOND_AGENT, None)


def test_nobody_is_their_own_second_agent_and_questions_are_not_mixed_up():
    case = at(strict(BY_NAME["online-request"]), StepKind.DECISION)
    case.dispatch(DecisionTaken(Decision(Outcome.ACCEPTED)))
    own = SecondAgentFacts(case.state.agent_id, SignOff.DECISION, Verdict.PASS, "word")
    for event in (
        SecondAgentAnswered(own),
        signed(Verdict.PASS, SignOff.PERSON),
        signed(Verdict.NOT_DONE),
    ):
        with pytest.raises(EventRefusedError):
            case.dispatch(event)


@pytest.mark.parametrize("verdict", [Verdict.PASS, Verdict.FAIL, Verdict.UNSURE])
def test_a_doubt_about_the_person_may_be_settled_by_a_colleague(verdict):
    unsure = replace(SCRIPT, person=PersonFacts(Verdict.UNSURE))
    case = at(BY_NAME["online-request"], StepKind.DECISION, unsure)
    case.dispatch(SecondAgentAsked())
    state = case.dispatch(signed(verdict, SignOff.PERSON))
    assert state.step is StepKind.DECISION
    accept = DecisionTaken(Decision(Outcome.ACCEPTED))
    if verdict is Verdict.PASS:
        assert case.dispatch(accept).step is StepKind.CONFIRM
        return
    with pytest.raises(EventRefusedError):
        case.dispatch(accept)


def test_a_colleague_never_overrules_not_the_same_person():
    differs = replace(SCRIPT, person=PersonFacts(Verdict.FAIL))
    case = at(BY_NAME["online-request"], StepKind.DECISION, differs)
    with pytest.raises(EventRefusedError):
        case.dispatch(SecondAgentAsked())


def test_comparing_again_forgets_the_colleague():
    unsure = replace(SCRIPT, person=PersonFacts(Verdict.UNSURE))
    case = at(BY_NAME["online-request"], StepKind.DECISION, unsure)
    case.dispatch(SecondAgentAsked())
    case.dispatch(signed(Verdict.PASS, SignOff.PERSON))
    case.dispatch(SteppedBack())
    assert case.state.second_opinion is not None
    state = case.dispatch(PersonCompared(PersonFacts(Verdict.UNSURE)))
    assert state.second_opinion is None


def test_an_acceptance_may_need_a_colleague_for_the_person_and_one_for_the_decision():
    unsure = replace(SCRIPT, person=PersonFacts(Verdict.UNSURE))
    case = at(strict(BY_NAME["online-request"]), StepKind.DECISION, unsure)
    case.dispatch(SecondAgentAsked())
    case.dispatch(signed(Verdict.PASS, SignOff.PERSON))
    case.dispatch(DecisionTaken(Decision(Outcome.ACCEPTED)))
    state = case.dispatch(signed(Verdict.PASS))
    assert state.step is StepKind.CONFIRM
    assert state.second_opinion.about is SignOff.PERSON
    assert state.second_agent.about is SignOff.DECISION
    assert case.dispatch(SealConfirmed()).closed
    assert case.records == 1


def test_a_word_about_one_letter_counts_for_no_other():
    case = at(strict(BY_NAME["registered-letter"]), StepKind.PRESENCE)
    proxy = AddresseeMet(PresenceFacts(Presence.PROXY))
    case.dispatch(proxy)
    assert case.dispatch(signed(Verdict.PASS)).step is StepKind.CONFIRM
    assert case.dispatch(SteppedBack()).second_agent is None
    case.dispatch(SteppedBack())
    case.dispatch(ItemScanned(ItemFacts("RR123456785FR", "s10")))
    assert case.dispatch(proxy).step is StepKind.SECOND_AGENT
    with pytest.raises(EventRefusedError):
        case.dispatch(SealConfirmed())
    assert case.records == 0


def test_a_word_goes_with_the_decision_that_the_customer_leaves():
    case = at(strict(BY_NAME["online-request"]), StepKind.DECISION)
    case.dispatch(DecisionTaken(Decision(Outcome.ACCEPTED)))
    case.dispatch(signed(Verdict.PASS))
    assert case.dispatch(CaseAbandoned()).second_agent is None


def test_no_case_is_accepted_before_the_step_of_the_decision():
    case = at(strict(BY_NAME["online-request"]), StepKind.DECISION)
    case.dispatch(SteppedBack())
    with pytest.raises(EventRefusedError):
        case.dispatch(DecisionTaken(Decision(Outcome.ACCEPTED)))


# --- anything, in any order -----------------------------------------------------------------------

ANYTHING = st.sampled_from(
    [
        SteppedBack(),
        SteppedBack(),
        CaseAbandoned(),
        SealConfirmed(),
        SecondAgentAsked(),
        signed(Verdict.PASS),
        signed(Verdict.FAIL),
        signed(Verdict.PASS, SignOff.PERSON),
        signed(Verdict.UNSURE, SignOff.PERSON),
        PersonCompared(PersonFacts(Verdict.UNSURE)),
        PersonCompared(PersonFacts(Verdict.FAIL)),
        ChecksReviewed(),
        DecisionTaken(Decision(Outcome.ACCEPTED)),
        DecisionTaken(Decision(Outcome.REFUSED, (Reason.NOT_ORIGINAL,))),
        DecisionTaken(Decision(Outcome.SUSPENDED, (Reason.NAME_DIFFERS,))),
        DecisionTaken(Decision(Outcome.NO_SHOW, (Reason.VISIT_POSTPONED,))),
        *(PurposeChosen(Purpose.QUESTION, situation) for situation in Situation),
        EligibilityAnswered(EligibilityFacts()),
        *(AddresseeMet(PresenceFacts(presence)) for presence in Presence),
        ItemScanned(ItemFacts("1A12345678901", "french")),
        SignatureGiven(SignatureFacts((((1, 1), (90, 40)),), 900, 300)),
        DocumentLookedUp(LookupFacts(LookupStatus.HIT, Consulted.AUTHORITY)),
        DocumentLookedUp(LookupFacts(LookupStatus.NOT_AVAILABLE)),
        SignsNoted(("damaged.torn",)),
        SignsNoted(()),
        ContactTyped(ContactChannel.EMAIL, "c@example.org"),
        ContactChallenged(ContactChannel.EMAIL, "c2", OPENED_AT),
        ContactConfirmed(ContactChannel.EMAIL, "word"),
        ContactDeferred(ContactChannel.MOBILE),
        ContactsFinished(),
    ]
)
AROUND_A_DECISION = st.sampled_from(
    [
        SteppedBack(),
        SecondAgentAsked(),
        signed(Verdict.PASS),
        signed(Verdict.PASS, SignOff.PERSON),
        DecisionTaken(Decision(Outcome.ACCEPTED)),
        AddresseeMet(PresenceFacts(Presence.PROXY)),
        SealConfirmed(),
    ]
)
PRESSED = st.lists(
    st.one_of(ANYTHING, AROUND_A_DECISION, st.just("go on")), min_size=8, max_size=40
)


def press(case: PaperCase, event: object) -> None:
    before = case.state
    try:
        act = next_act(case.journey, before, SCRIPT) if event == "go on" else event
        if isinstance(act, CodePresented):
            case.present_code(act.text)
        else:
            case.dispatch(act)
    except EventRefusedError:
        assert case.state == before


ASKED_ABOUT = ("decision", "item", "presence", "document", "checks", "features", "person")


def assert_the_word_stands_by_the_decision(before: CaseState, after: CaseState) -> None:
    """A colleague's word is there only with what it was given about, all of it unchanged."""
    word, opinion = after.second_agent, after.second_opinion
    if opinion is not None:
        assert opinion.about is SignOff.PERSON
        assert after.person == before.person
    if word is None:
        return
    assert (word.about, word.verdict) == (SignOff.DECISION, Verdict.PASS)
    assert after.decision is not None
    for name in ASKED_ABOUT:
        assert getattr(after, name) == getattr(before, name), name


def finish(case: PaperCase) -> CaseState:
    if not case.state.closed:
        case.dispatch(CaseAbandoned())
    if not case.state.closed:
        case.dispatch(SealConfirmed())
    return case.state


@pytest.mark.parametrize("journey", EVERY)
@given(
    pressed=PRESSED,
    proxies=st.booleans(),
    four_eyes=st.booleans(),
    checks=st.sampled_from(
        [PASSED, (Check("age", Verdict.UNSURE),), (Check("age", Verdict.FAIL),)]
    ),
    far=st.sampled_from([None, None, Verdict.PASS, Verdict.UNSURE]),
)
@settings(max_examples=250, deadline=None)
def test_whatever_is_pressed_there_is_a_way_out_and_one_record(
    journey, pressed, proxies, four_eyes, checks, far
):
    journey = replace(journey, proxy_allowed=proxies)
    case = PaperCase(strict(journey) if four_eyes else journey, checks=checks)
    if far is not None and journey.accept_when:
        # Chance alone seldom comes as far as a decision.
        play(case, replace(SCRIPT, person=PersonFacts(far)), until=StepKind.DECISION)
    for event in pressed:
        if case.state.closed:
            break
        before = case.state
        press(case, event)
        assert decode(encode(case.state)) == case.state
        decision = case.state.decision
        if case.state.signature is not None:
            assert decision in (Decision(Outcome.ACCEPTED), HANDED_TO_PROXY)
        accepted = decision is not None and decision.outcome is Outcome.ACCEPTED
        if four_eyes and accepted and case.state.step is StepKind.CONFIRM:
            assert case.state.second_agent is not None
        assert_the_word_stands_by_the_decision(before, case.state)
        if four_eyes and accepted and case.state.closed:
            assert case.state.second_agent is not None
    end = finish(case)
    assert (end.step, case.records) == (StepKind.RECEIPT, 1)


def test_a_case_opens_at_the_first_step_of_its_procedure():
    for journey in (*COUNTER, *CARRIER):
        state = opened(journey, "c" * 32, AgentId("a"), "075012", OPENED_AT)
        assert state.step is journey.steps[0].kind
