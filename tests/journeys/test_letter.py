"""The registered letter in detail: proxies, signatures, signs of alteration, reported documents."""

from dataclasses import replace

import pytest

from kiosk.domain.decision import Decision, Outcome, Reason
from kiosk.domain.errors import EventRefusedError
from kiosk.domain.evidence import Verdict
from kiosk.journeys.automatic import Script, play
from kiosk.journeys.blocks import Terms
from kiosk.journeys.engine import outcomes
from kiosk.journeys.guards import HANDED_TO_PROXY, obstacles, proxy_may_receive
from kiosk.journeys.model import (
    CaseAbandoned,
    DecisionTaken,
    PersonFacts,
    SealConfirmed,
    StepKind,
    SteppedBack,
)
from kiosk.journeys.procedures import registered_letter
from kiosk.journeys.reasons import suggested_reasons
from kiosk.journeys.service_steps import (
    AddresseeMet,
    Consulted,
    DocumentLookedUp,
    ItemFacts,
    ItemScanned,
    LookupFacts,
    LookupStatus,
    Presence,
    PresenceFacts,
    SignatureFacts,
    SignatureGiven,
    SignsNoted,
)
from tests.fakes.cases import CARD_SIDES, SIDES, PaperCase

LETTER = registered_letter(Terms(SIDES))
WITH_PROXY = replace(LETTER, proxy_allowed=True)
SCRIPT = Script(sides=CARD_SIDES)
BY_PROXY = replace(
    SCRIPT,
    service={StepKind.PRESENCE: lambda _j, _s: AddresseeMet(PresenceFacts(Presence.PROXY))},
)
SIGNED = SignatureGiven(SignatureFacts((((1, 1), (200, 40)),), 900, 300))


def at(step: StepKind, journey=LETTER, script=SCRIPT) -> PaperCase:
    case = PaperCase(journey)
    play(case, script, until=step)
    assert case.state.step is step
    return case


def test_an_accepted_letter_is_never_sealed_without_its_signature():
    case = at(StepKind.CONFIRM)
    case.state = replace(case.state, signature=None)
    with pytest.raises(EventRefusedError):
        case.dispatch(SealConfirmed())
    case.dispatch(SteppedBack())
    case.dispatch(SIGNED)
    assert case.dispatch(SealConfirmed()).closed


def test_a_proxy_is_never_accepted_and_may_take_the_letter():
    case = at(StepKind.DECISION, WITH_PROXY, BY_PROXY)
    assert obstacles(WITH_PROXY, case.state) == ("addressee_present",)
    assert Outcome.ACCEPTED not in outcomes(WITH_PROXY, case.state)
    assert proxy_may_receive(WITH_PROXY, case.state)
    assert suggested_reasons(case.state) == (Reason.PROXY_PRESENTED,)
    with pytest.raises(EventRefusedError):
        case.dispatch(DecisionTaken(Decision(Outcome.ACCEPTED)))
    assert case.dispatch(DecisionTaken(HANDED_TO_PROXY)).step is StepKind.SIGNATURE
    case.dispatch(SIGNED)
    end = case.dispatch(SealConfirmed())
    assert (end.decision, case.records) == (HANDED_TO_PROXY, 1)
    assert end.signature is not None


@pytest.mark.parametrize(
    "decision",
    [
        Decision(Outcome.REFUSED, (Reason.PROXY_PRESENTED,), fraud_suspected=True),
        Decision(Outcome.REFUSED, (Reason.PERSON_DIFFERS,)),
        Decision(Outcome.SUSPENDED, (Reason.PROXY_PRESENTED,)),
    ],
)
def test_any_other_decision_about_a_proxy_hands_nothing_over(decision):
    case = at(StepKind.DECISION, WITH_PROXY, BY_PROXY)
    assert case.dispatch(DecisionTaken(decision)).step is StepKind.CONFIRM


def test_a_proxy_who_is_not_the_one_on_the_document_takes_nothing():
    script = replace(BY_PROXY, person=PersonFacts(Verdict.FAIL))
    case = at(StepKind.DECISION, WITH_PROXY, script)
    assert not proxy_may_receive(WITH_PROXY, case.state)
    assert case.dispatch(DecisionTaken(HANDED_TO_PROXY)).step is StepKind.CONFIRM


def test_an_abandoned_case_keeps_no_signature_and_leads_back_to_the_decision():
    case = at(StepKind.CONFIRM)
    assert case.state.signature is not None
    state = case.dispatch(CaseAbandoned())
    assert (state.step, state.signature) == (StepKind.CONFIRM, None)
    state = case.dispatch(SteppedBack())
    while state.step is StepKind.CONFIRM:
        state = case.dispatch(SteppedBack())
    assert (state.step, state.decision) == (StepKind.DECISION, None)


def test_another_decision_drops_what_was_signed():
    case = at(StepKind.CONFIRM)
    case.dispatch(SteppedBack())
    state = case.dispatch(SteppedBack())
    assert (state.step, state.signature is None) == (StepKind.DECISION, False)
    state = case.dispatch(DecisionTaken(Decision(Outcome.REFUSED, (Reason.DAMAGED,))))
    assert (state.step, state.signature) == (StepKind.CONFIRM, None)


def test_the_same_decision_keeps_what_was_signed():
    case = at(StepKind.CONFIRM)
    case.dispatch(SteppedBack())
    case.dispatch(SteppedBack())
    state = case.dispatch(DecisionTaken(Decision(Outcome.ACCEPTED)))
    assert (state.step, state.signature is None) == (StepKind.SIGNATURE, False)


@pytest.mark.parametrize(
    "signature",
    [
        SignatureFacts((((901, 0),),), 900, 300),
        SignatureFacts((((0, -1),),), 900, 300),
        SignatureFacts((((0, 0),),), 0, 300),
        SignatureFacts(tuple(((1, 1),) for _ in range(201)), 900, 300),
        SignatureFacts((tuple((1, 1) for _ in range(20_001)),), 900, 300),
    ],
)
def test_a_signature_is_drawn_on_its_pad_and_by_a_hand(signature):
    case = at(StepKind.SIGNATURE)
    with pytest.raises(EventRefusedError):
        case.dispatch(SignatureGiven(signature))


@pytest.mark.parametrize(
    ("facts", "taken"),
    [
        (ItemFacts("RR123456785FR", "s10"), True),
        (ItemFacts("1A12345678901", "french"), True),
        (ItemFacts("RR123456784FR", "s10"), False),
        (ItemFacts("RR123456784FR", "other", by_hand=True), False),
        (ItemFacts("RR123456785FR", "other", by_hand=True), False),
        (ItemFacts("000LP12345678", "other", by_hand=True), True),
        (ItemFacts("000LP12345678", "other"), False),
        (ItemFacts("https://example.org", "s10"), False),
        (ItemFacts("", "other", by_hand=True), False),
    ],
)
def test_a_number_is_taken_only_as_its_format_writes_it(facts, taken):
    case = PaperCase(LETTER)
    if taken:
        assert case.dispatch(ItemScanned(facts)).step is StepKind.PRESENCE
        return
    with pytest.raises(EventRefusedError):
        case.dispatch(ItemScanned(facts))


# --- examination ----------------------------------------------------------------------------------

HIT = DocumentLookedUp(LookupFacts(LookupStatus.HIT, Consulted.AUTHORITY))
CLEAR = DocumentLookedUp(LookupFacts(LookupStatus.CLEAR, Consulted.HELPLINE))


def test_a_reported_document_leads_to_a_decision_that_cannot_be_acceptance():
    case = at(StepKind.CHECKS)
    case.dispatch(HIT)
    play(case, SCRIPT, until=StepKind.DECISION)
    assert StepKind.FEATURES not in case.state.trail
    assert "not_reported" in obstacles(LETTER, case.state)
    assert Reason.REPORTED_LOST_OR_STOLEN in suggested_reasons(case.state)
    with pytest.raises(EventRefusedError):
        case.dispatch(DecisionTaken(Decision(Outcome.ACCEPTED)))


@pytest.mark.parametrize(
    "event", [CLEAR, DocumentLookedUp(LookupFacts(LookupStatus.NOT_AVAILABLE))]
)
def test_a_document_that_is_not_reported_goes_on(event):
    case = at(StepKind.CHECKS)
    case.dispatch(event)
    assert play(case, SCRIPT).decision == Decision(Outcome.ACCEPTED)


@pytest.mark.parametrize(
    "facts",
    [
        LookupFacts(LookupStatus.HIT),
        LookupFacts(LookupStatus.CLEAR),
        LookupFacts(LookupStatus.NOT_AVAILABLE, Consulted.SUPERVISOR),
    ],
)
def test_an_answer_has_somebody_who_gave_it(facts):
    case = at(StepKind.CHECKS)
    with pytest.raises(EventRefusedError):
        case.dispatch(DocumentLookedUp(facts))


def test_another_document_is_asked_about_anew():
    case = at(StepKind.CHECKS)
    case.dispatch(HIT)
    case.dispatch(SteppedBack())
    other = replace(CARD_SIDES[1].document, document_number="X4RTBPFW4")
    state = case.dispatch(replace(CARD_SIDES[1], document=other))
    assert state.lookup is None


@pytest.mark.parametrize(
    ("sign", "reason"),
    [
        ("damaged.torn", Reason.DAMAGED),
        ("not-original.copy", Reason.NOT_ORIGINAL),
        ("feature-not-conform.photo", Reason.FEATURE_NOT_CONFORM),
    ],
)
def test_a_sign_of_alteration_forbids_acceptance_and_suggests_its_reason(sign, reason):
    case = at(StepKind.FEATURES)
    case.dispatch(SignsNoted((sign,)))
    play(case, SCRIPT, until=StepKind.DECISION)
    assert "unaltered" in obstacles(LETTER, case.state)
    assert reason in suggested_reasons(case.state)


def test_a_sign_may_be_taken_back():
    case = at(StepKind.FEATURES)
    case.dispatch(SignsNoted(("damaged.torn",)))
    case.dispatch(SignsNoted(()))
    assert play(case, SCRIPT).decision == Decision(Outcome.ACCEPTED)


@pytest.mark.parametrize("signs", [("torn",), ("expired.torn",), ("damaged.a", "damaged.a")])
def test_an_unknown_sign_is_refused(signs):
    case = at(StepKind.FEATURES)
    with pytest.raises(EventRefusedError):
        case.dispatch(SignsNoted(signs))
