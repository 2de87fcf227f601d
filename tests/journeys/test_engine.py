"""How a case moves: the rules of the engine, one by one."""

from dataclasses import replace
from datetime import date

import pytest

from kiosk.documents.printed_checks import FieldSource
from kiosk.domain.decision import Decision, Outcome, Reason
from kiosk.domain.errors import EventRefusedError
from kiosk.domain.evidence import Check, DocumentKind, PrintedValue, Side, Verdict
from kiosk.domain.request import RequestVerdict
from kiosk.journeys.automatic import Script, play
from kiosk.journeys.engine import accepts, advance, outcomes, pending
from kiosk.journeys.facts import printed_days
from kiosk.journeys.model import (
    CaptureRestarted,
    CaseAbandoned,
    ChecksReviewed,
    ComputeChecks,
    ConsentAnswered,
    DecisionTaken,
    DocumentConfirmed,
    FeatureExamined,
    FeaturesFinished,
    FieldTyped,
    LanguageChosen,
    PersonCompared,
    PersonFacts,
    PrintRead,
    RecordSealed,
    RequestPresented,
    SaveDraft,
    SealConfirmed,
    SealRecord,
    SideCaptured,
    SideFacts,
    StepKind,
    SteppedBack,
    TypedField,
)
from tests.fakes.cases import (
    CARD_SIDES,
    DOCUMENT,
    FEATURES,
    JOURNEY,
    OLD_CARD,
    PASSPORT,
    REQUEST,
    SEALED,
    PaperCase,
    new_case,
    side,
)

STEPS = [s.kind for s in JOURNEY.steps if s.kind is not StepKind.SECOND_AGENT]
GOOD = Script(codes=("valid",), sides=CARD_SIDES)
ACCEPT = DecisionTaken(Decision(Outcome.ACCEPTED))
REFUSE = DecisionTaken(Decision(Outcome.REFUSED, (Reason.NOT_ORIGINAL,)))


def case_at(step: StepKind, script: Script = GOOD, case: PaperCase | None = None) -> PaperCase:
    case = case or PaperCase()
    play(case, script, until=step)
    assert case.state.step is step
    return case


def test_a_good_document_and_the_right_person_end_in_an_accepted_record():
    case = PaperCase()
    end = play(case, GOOD)
    assert end.step is StepKind.RECEIPT
    assert end.decision == Decision(Outcome.ACCEPTED)
    assert end.record == SEALED
    assert case.records == 1


def test_every_accepted_event_asks_for_a_saved_draft_until_the_seal():
    state = new_case()
    answer = advance(JOURNEY, state, RequestPresented(RequestVerdict.FORGED))
    assert answer.effects == (SaveDraft(),)
    case = case_at(StepKind.CONFIRM)
    assert advance(JOURNEY, case.state, SealConfirmed()).effects == (SealRecord(),)
    assert advance(JOURNEY, case.state, RecordSealed(SEALED)).effects == ()


def test_a_code_that_is_no_request_is_answered_and_the_case_stays():
    case = PaperCase()
    state = case.present_code("expired")
    assert state.step is StepKind.REQUEST
    assert state.request_problem is RequestVerdict.EXPIRED
    assert case.present_code("valid").step is StepKind.NOTICE
    assert case.state.request_problem is None


def test_an_event_of_another_step_is_refused_and_changes_nothing():
    state = new_case()
    with pytest.raises(EventRefusedError):
        advance(JOURNEY, state, DocumentConfirmed())
    assert state == new_case()


def test_refused_consent_goes_to_confirmation_as_abandoned_by_the_customer():
    case = case_at(StepKind.NOTICE)
    state = case.dispatch(ConsentAnswered("1", given=False))
    assert state.step is StepKind.CONFIRM
    assert state.decision == Decision(Outcome.ABANDONED, (Reason.CUSTOMER_WITHDRAWS,))


def test_consent_needs_a_notice():
    case = case_at(StepKind.NOTICE)
    with pytest.raises(EventRefusedError):
        case.dispatch(ConsentAnswered("", given=True))


def test_a_person_who_changes_their_mind_goes_back_and_consents():
    case = case_at(StepKind.NOTICE)
    case.dispatch(ConsentAnswered("1", given=False))
    assert case.dispatch(SteppedBack()).decision is None
    assert case.dispatch(ConsentAnswered("1", given=True)).step is StepKind.DOCUMENT


def test_one_press_leads_back_to_the_checks_and_what_came_after_them_is_kept():
    case = case_at(StepKind.DECISION)
    before = case.state
    state = case.dispatch(SteppedBack(StepKind.CHECKS))
    assert state.step is StepKind.CHECKS
    assert StepKind.CHECKS not in state.trail
    assert (state.features, state.person) == (before.features, before.person)


def test_no_press_leads_back_to_a_step_that_is_not_behind():
    case = case_at(StepKind.CHECKS)
    with pytest.raises(EventRefusedError):
        case.dispatch(SteppedBack(StepKind.DECISION))
    with pytest.raises(EventRefusedError):
        case.dispatch(SteppedBack(StepKind.CHECKS))
    assert case.state.step is StepKind.CHECKS


def test_a_card_is_complete_with_both_sides_and_a_passport_with_one():
    case = case_at(StepKind.DOCUMENT)
    assert case.state.sides_expected == (Side.FRONT, Side.BACK)
    case.dispatch(side(Side.FRONT))
    with pytest.raises(EventRefusedError):
        case.dispatch(DocumentConfirmed())
    assert case.dispatch(side(Side.BACK, DOCUMENT)).sides_expected == ()
    assert case.dispatch(CaptureRestarted()).sides == ()
    assert case.dispatch(side(Side.FRONT, PASSPORT)).sides_expected == ()
    assert case.dispatch(DocumentConfirmed()).step is StepKind.CHECKS


def test_sides_without_any_readable_zone_are_asked_for_again():
    case = case_at(StepKind.DOCUMENT)
    case.dispatch(side(Side.FRONT))
    state = case.dispatch(side(Side.BACK))
    assert state.document is None
    assert state.sides_expected == (Side.FRONT, Side.BACK)


def test_a_layout_without_expiry_needs_it_typed_and_keeps_it_over_a_new_capture():
    case = case_at(StepKind.DOCUMENT)
    case.dispatch(side(Side.FRONT, OLD_CARD))
    case.dispatch(side(Side.BACK))
    with pytest.raises(EventRefusedError):
        case.dispatch(DocumentConfirmed())
    case.dispatch(FieldTyped("expiry_date", date(2027, 6, 14)))
    state = case.dispatch(side(Side.FRONT, OLD_CARD))
    assert state.document is not None
    assert state.document.expiry_date == date(2027, 6, 14)
    assert state.typed_fields == ("expiry_date",)


def test_a_date_that_was_read_cannot_be_typed_over():
    case = case_at(StepKind.DOCUMENT)
    case.dispatch(side(Side.BACK, DOCUMENT))
    with pytest.raises(EventRefusedError):
        case.dispatch(FieldTyped("expiry_date", date(2040, 1, 1)))
    with pytest.raises(EventRefusedError):
        case.dispatch(FieldTyped("surname", date(2040, 1, 1)))


PRINTED_BACK = SideCaptured(
    SideFacts(
        Side.BACK,
        9,
        by_hand=False,
        sharpness=0.9,
        printed=(
            PrintedValue("expiry_date", "2022-06-14", sure=True),
            PrintedValue("issue_date", "2012-06-15", sure=True),
        ),
    ),
    None,
)


def test_print_that_is_read_after_its_side_counts_as_if_it_had_come_with_it():
    case = case_at(StepKind.DOCUMENT)
    first = replace(OLD_CARD, expiry_date=None, issue_month=date(2012, 6, 1))
    case.dispatch(side(Side.FRONT, first))
    case.dispatch(side(Side.BACK))
    late = PrintRead(Side.BACK, PRINTED_BACK.facts.printed)
    state = case.dispatch(late)
    assert state.sides[1].printed == late.printed
    assert printed_days(state, "expiry_date") == {"2022-06-14"}
    with pytest.raises(EventRefusedError):
        case.dispatch(late)


def test_print_of_a_side_that_the_camera_did_not_read_is_refused():
    case = case_at(StepKind.DOCUMENT)
    late = PrintRead(Side.BACK, PRINTED_BACK.facts.printed)
    with pytest.raises(EventRefusedError):
        case.dispatch(late)
    typed = SideFacts(Side.BACK, 0, by_hand=True, sharpness=0.0)
    case.dispatch(SideCaptured(typed, DOCUMENT))
    with pytest.raises(EventRefusedError):
        case.dispatch(late)


def test_print_that_is_read_when_the_agent_has_gone_on_makes_the_checks_anew():
    case = case_at(StepKind.DOCUMENT)
    case.dispatch(side(Side.FRONT))
    case.dispatch(side(Side.BACK, DOCUMENT))
    before = case.dispatch(DocumentConfirmed())
    assert before.checks
    answer = advance(JOURNEY, before, PrintRead(Side.FRONT, PRINTED_BACK.facts.printed))
    assert answer.state.step is StepKind.CHECKS
    assert answer.state.checks == ()
    assert ComputeChecks() in answer.effects


@pytest.mark.parametrize(
    ("day", "source", "fits"),
    [
        (date(2022, 6, 14), FieldSource.READ, True),
        (date(2022, 6, 14), FieldSource.TYPED, True),
        (date(2022, 6, 15), FieldSource.CORRECTED, True),
        (date(2022, 6, 15), FieldSource.READ, False),
        (date(2022, 6, 14), FieldSource.CORRECTED, False),
    ],
)
def test_a_date_counts_as_read_only_where_print_was_read_so(day, source, fits):
    case = case_at(StepKind.DOCUMENT)
    case.dispatch(
        side(Side.FRONT, replace(OLD_CARD, expiry_date=None, issue_month=date(2012, 6, 1)))
    )
    case.dispatch(PRINTED_BACK)
    event = FieldTyped("expiry_date", day, source)
    if not fits:
        with pytest.raises(EventRefusedError):
            case.dispatch(event)
        return
    state = case.dispatch(event)
    assert state.field_sources == (TypedField("expiry_date", source),)
    # The first source is replaced by the next; the reading stays what it was.
    again = case.dispatch(FieldTyped("expiry_date", date(2022, 6, 14), FieldSource.READ))
    assert again.field_sources == (TypedField("expiry_date", FieldSource.READ),)


def test_a_date_that_was_not_read_cannot_be_confirmed_as_read():
    case = case_at(StepKind.DOCUMENT)
    case.dispatch(side(Side.FRONT, OLD_CARD))
    case.dispatch(side(Side.BACK))
    for source in (FieldSource.READ, FieldSource.CORRECTED):
        with pytest.raises(EventRefusedError):
            case.dispatch(FieldTyped("expiry_date", date(2027, 6, 14), source))


def test_another_document_under_the_camera_drops_the_sides_of_the_first():
    case = case_at(StepKind.DOCUMENT)
    case.dispatch(side(Side.FRONT, OLD_CARD))
    state = case.dispatch(side(Side.BACK, DOCUMENT))
    assert [s.side for s in state.sides] == [Side.BACK]
    assert state.sides_expected == (Side.FRONT,)


def test_a_captured_again_document_drops_checks_features_and_comparison():
    case = case_at(StepKind.DECISION)
    for step in (StepKind.PERSON, StepKind.FEATURES, StepKind.CHECKS, StepKind.DOCUMENT):
        state = case.dispatch(SteppedBack())
        assert state.step is step
        assert state.person is not None  # going back alone loses nothing
    state = case.dispatch(side(Side.BACK, DOCUMENT))
    assert (state.checks, state.ticked, state.features, state.person) == ((), (), (), None)


def test_the_same_request_shown_again_keeps_the_case_and_another_one_starts_it_afresh():
    case = case_at(StepKind.CHECKS)
    for _ in range(3):
        case.dispatch(SteppedBack())
    assert case.present_code("valid").document == DOCUMENT
    case.dispatch(SteppedBack())
    other = replace(REQUEST, request_id="req-2")
    state = case.dispatch(RequestPresented(RequestVerdict.VALID, other))
    assert (state.document, state.consent, state.checks) == (None, None, ())


def test_entering_the_checks_asks_for_them_once():
    case = case_at(StepKind.DOCUMENT)
    for event in CARD_SIDES:
        case.dispatch(event)
    entered = advance(JOURNEY, case.state, DocumentConfirmed())
    assert entered.effects == (SaveDraft(), ComputeChecks())
    assert pending(JOURNEY, entered.state) == (ComputeChecks(),)
    case.dispatch(DocumentConfirmed())
    case.dispatch(SteppedBack())
    again = advance(JOURNEY, case.state, DocumentConfirmed())
    assert again.effects == (SaveDraft(),)


def test_a_failed_check_leads_straight_to_a_decision_that_cannot_be_acceptance():
    case = PaperCase(checks=(Check("validity.expiry", Verdict.FAIL),))
    case_at(StepKind.CHECKS, case=case)
    assert case.dispatch(ChecksReviewed()).step is StepKind.DECISION
    assert Outcome.ACCEPTED not in outcomes(JOURNEY, case.state)
    with pytest.raises(EventRefusedError):
        case.dispatch(ACCEPT)
    assert case.dispatch(REFUSE).step is StepKind.CONFIRM


@pytest.mark.parametrize("tick", [True, False])
def test_a_near_match_needs_a_tick_to_be_accepted(tick):
    near = Check("request.surname", Verdict.UNSURE, "prefix")
    script = replace(GOOD, tick_near_matches=tick)
    case = case_at(StepKind.DECISION, script, PaperCase(checks=(near,)))
    assert (Outcome.ACCEPTED in outcomes(JOURNEY, case.state)) is tick


def test_only_near_matches_can_be_ticked():
    case = PaperCase(checks=(Check("validity.expiry", Verdict.FAIL),))
    case_at(StepKind.CHECKS, case=case)
    with pytest.raises(EventRefusedError):
        case.dispatch(ChecksReviewed(("validity.expiry",)))


def test_all_features_drawn_need_an_answer():
    case = case_at(StepKind.FEATURES)
    with pytest.raises(EventRefusedError):
        case.dispatch(FeaturesFinished())
    with pytest.raises(EventRefusedError):
        case.dispatch(FeatureExamined("engraving", Verdict.NOT_DONE))
    with pytest.raises(EventRefusedError):
        case.dispatch(FeatureExamined("never-drawn", Verdict.PASS))


def test_cannot_tell_draws_another_feature_in_its_place():
    case = case_at(StepKind.FEATURES)
    state = case.dispatch(FeatureExamined("engraving", Verdict.UNSURE))
    assert [f.feature_id for f in state.features] == ["engraving", "hologram", "guilloche", "edge"]
    state = case.dispatch(FeatureExamined("hologram", Verdict.UNSURE))
    assert len(state.features) == 4  # the catalogue has no more


@pytest.mark.parametrize(
    ("verdicts", "permitted"),
    [
        ({}, True),
        ({"hologram": Verdict.UNSURE}, True),
        ({"hologram": Verdict.FAIL}, False),
        ({"hologram": Verdict.UNSURE, "guilloche": Verdict.UNSURE}, False),
    ],
)
def test_acceptance_needs_three_conforming_features_of_two_kinds(verdicts, permitted):
    case = case_at(StepKind.DECISION, replace(GOOD, features=verdicts))
    assert (Outcome.ACCEPTED in outcomes(JOURNEY, case.state)) is permitted


def test_three_features_of_one_kind_are_not_enough():
    same = tuple(replace(item, kind="look") for item in FEATURES)
    case = case_at(StepKind.DECISION, case=PaperCase(features=same))
    assert Outcome.ACCEPTED not in outcomes(JOURNEY, case.state)


@pytest.mark.parametrize(
    "person",
    [
        PersonFacts(Verdict.FAIL),
        PersonFacts(Verdict.UNSURE),
        PersonFacts(Verdict.PASS, questions_asked=1, questions_consistent=False),
    ],
)
def test_a_doubt_about_the_person_forbids_acceptance(person):
    case = case_at(StepKind.DECISION, replace(GOOD, person=person))
    with pytest.raises(EventRefusedError):
        case.dispatch(ACCEPT)


def test_a_comparison_that_was_not_done_is_no_answer():
    case = case_at(StepKind.PERSON)
    with pytest.raises(EventRefusedError):
        case.dispatch(PersonCompared(PersonFacts(Verdict.NOT_DONE)))


@pytest.mark.parametrize("step", [s for s in STEPS if s is not StepKind.RECEIPT])
def test_every_step_can_be_abandoned_and_taken_up_again(step):
    case = case_at(step)
    state = case.dispatch(CaseAbandoned())
    assert state.step is StepKind.CONFIRM
    assert state.decision == Decision(Outcome.ABANDONED, (Reason.CUSTOMER_WITHDRAWS,))
    back = case.dispatch(SteppedBack())
    assert back.decision is None
    assert back.step is (step if step is not StepKind.CONFIRM else StepKind.DECISION)


@pytest.mark.parametrize("step", [s for s in STEPS if s not in ("confirm", "receipt")])
def test_a_refusal_is_possible_at_every_step(step):
    case = case_at(step)
    case.dispatch(REFUSE)
    state = case.dispatch(SealConfirmed())
    assert (state.decision, case.records) == (REFUSE.decision, 1)


def test_a_decision_is_still_shown_after_going_back_to_it_and_dropped_beyond():
    case = case_at(StepKind.CONFIRM)
    assert case.dispatch(SteppedBack()).decision == Decision(Outcome.ACCEPTED)
    assert case.dispatch(SteppedBack()).decision is None


def test_a_sealed_case_does_not_move():
    case = case_at(StepKind.RECEIPT)
    for event in (SteppedBack(), CaseAbandoned(), SealConfirmed(), RecordSealed(SEALED)):
        with pytest.raises(EventRefusedError):
            case.dispatch(event)
        assert not accepts(JOURNEY, case.state, type(event))
    assert outcomes(JOURNEY, case.state) == ()
    assert pending(JOURNEY, case.state) == ()


def test_a_step_of_another_procedure_is_refused():
    shorter = replace(JOURNEY, steps=JOURNEY.steps[:2])
    state = case_at(StepKind.PERSON).state
    with pytest.raises(EventRefusedError):
        advance(shorter, state, CaseAbandoned())


def test_sides_of_an_unknown_kind_are_both():
    assert JOURNEY.sides_of(DocumentKind.OTHER) == (Side.FRONT, Side.BACK)
    assert JOURNEY.sides_of(DocumentKind.FR_PASSPORT) == (Side.FRONT,)


def test_the_customer_chooses_the_language_at_every_step_and_nothing_else_moves():
    seen = []
    play(PaperCase(), GOOD, after_act=seen.append)
    english = LanguageChosen("en")
    for state in seen:
        assert accepts(JOURNEY, state, LanguageChosen) is not state.closed
        if state.closed:
            with pytest.raises(EventRefusedError):
                advance(JOURNEY, state, english)
            continue
        moved = advance(JOURNEY, state, english)
        assert moved.state == replace(state, language="en")
        assert moved.effects == (SaveDraft(),)
    assert seen[-1].closed


@pytest.mark.parametrize("code", ["", "EN", "english", "e1", "fr\n"])
def test_what_is_no_code_of_a_language_is_not_kept(code):
    with pytest.raises(EventRefusedError):
        advance(JOURNEY, new_case(), LanguageChosen(code))
