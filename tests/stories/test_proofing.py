"""Whole cases on the real vault: every outcome leaves one sealed record, whatever happens."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from kiosk.audit.records import open_record
from kiosk.crypto.signing import key_id_of
from kiosk.domain.decision import Decision, Outcome, Reason
from kiosk.domain.errors import (
    DiskFullError,
    DraftError,
    EventRefusedError,
    JourneyInvalidError,
    PictureTooLargeError,
)
from kiosk.domain.evidence import Check, Side, Verdict
from kiosk.domain.request import RequestVerdict
from kiosk.journeys.automatic import Script, play
from kiosk.journeys.model import (
    CaptureRestarted,
    CaseAbandoned,
    ChecksComputed,
    ConsentAnswered,
    DecisionTaken,
    FeaturesDrawn,
    PersonFacts,
    RecordSealed,
    RequestPresented,
    SealConfirmed,
    StepKind,
    SteppedBack,
)
from tests.fakes.cases import CARD_SIDES, FEATURES, OLD_CARD, PASSED, SEALED, side
from tests.fakes.office import Office, ScriptedExamination, office_on_disk
from tests.fakes.store import InMemoryStore

PROCEDURE = "online-request"


@pytest.fixture
def office(tmp_path):
    office = office_on_disk(tmp_path)
    yield office
    office.store.close()


def script(office: Office, **values: object) -> Script:
    return replace(Script(codes=(office.code(),), sides=CARD_SIDES), **values)


def opened_record(office: Office, seq: int) -> dict:
    """What an auditor reads in the record that the journal announces at ``seq``."""
    with office.store.begin() as uow:
        blob = uow.blobs.get(seq)
        rows = uow.agents.all()
    signers = {key_id_of(row.public_key): row.public_key for row in rows}
    signers[office.device_key.key_id] = office.device_key.public
    return open_record(blob, office.auditor, signers, office.device_key.key_id).record


def test_an_accepted_case_leaves_one_sealed_record_and_no_draft(office):
    session = office.session()
    case = office.proofing.open_case(PROCEDURE, session)
    end = play(case, script(office))
    assert end.step is StepKind.RECEIPT
    assert end.record is not None
    assert office.proofing.drafts(session) == ()
    assert [row.seq for row in office.outbox()] == [end.record.seq]
    record = opened_record(office, end.record.seq)
    assert record["visavis"]["decision"]["outcome"] == "accepted"
    assert record["visavis"]["case_id"] == end.case_id
    assert office.journal_kinds()[-2:] == ["verify_open", "verify_close"]


@pytest.mark.parametrize(
    ("changes", "checks", "outcome", "reason"),
    [
        ({}, (Check("validity.expiry", Verdict.FAIL, "expired"),), "refused", Reason.EXPIRED),
        ({}, (Check("request.surname", Verdict.FAIL),), "refused", Reason.NAME_DIFFERS),
        ({}, (Check("mrz.document_number", Verdict.FAIL),), "refused", Reason.MRZ_CHECK_DIGIT),
        (
            {"person": PersonFacts(Verdict.FAIL)},
            PASSED,
            "refused",
            Reason.PERSON_DIFFERS,
        ),
        (
            {"features": {"engraving": Verdict.FAIL}},
            PASSED,
            "refused",
            Reason.FEATURE_NOT_CONFORM,
        ),
        (
            {"tick_near_matches": False},
            (Check("request.surname", Verdict.UNSURE, "prefix"),),
            "suspended",
            Reason.NAME_DIFFERS,
        ),
        (
            {"features": {"hologram": Verdict.UNSURE, "guilloche": Verdict.UNSURE}},
            PASSED,
            "suspended",
            Reason.TOO_FEW_FEATURES,
        ),
        ({"consent": False}, PASSED, "abandoned", Reason.CUSTOMER_WITHDRAWS),
        ({"abandon_at": StepKind.PERSON}, PASSED, "abandoned", Reason.CUSTOMER_WITHDRAWS),
    ],
)
def test_every_other_outcome_leaves_its_record_too(office, changes, checks, outcome, reason):
    office.examination.verdicts = checks
    case = office.proofing.open_case(PROCEDURE, office.session())
    end = play(case, script(office, **changes))
    assert end.record is not None
    record = opened_record(office, end.record.seq)["visavis"]
    assert record["decision"]["outcome"] == outcome
    assert reason.value in record["decision"]["reasons"]
    assert len(office.outbox()) == 1


def test_an_old_card_gets_its_printed_date_typed(office):
    sides = (side(Side.FRONT, OLD_CARD), side(Side.BACK))
    case = office.proofing.open_case(PROCEDURE, office.session())
    end = play(case, script(office, sides=sides, typed={"expiry_date": date(2027, 6, 14)}))
    assert end.typed_fields == ("expiry_date",)
    assert end.decision == Decision(Outcome.ACCEPTED)


@pytest.mark.parametrize(
    ("text", "verdict"),
    [
        (lambda _office: "https://example.org/menu", RequestVerdict.FOREIGN),
        (lambda office: office.code()[:-6] + "AAAAAA", RequestVerdict.FORGED),
        (
            lambda office: office.code(expires_at=office.clock.now() - timedelta(days=1)),
            RequestVerdict.EXPIRED,
        ),
        (
            lambda office: office.code(not_before=office.clock.now() + timedelta(days=1)),
            RequestVerdict.NOT_YET_VALID,
        ),
        (lambda office: office.code(office_id="069002"), RequestVerdict.WRONG_OFFICE),
    ],
)
def test_a_code_that_cannot_be_used_gets_its_own_answer(office, text, verdict):
    session = office.session()
    case = office.proofing.open_case(PROCEDURE, session)
    state = case.present_code(text(office))
    assert (state.step, state.request_problem) == (StepKind.REQUEST, verdict)
    assert state.request is None
    assert state.request_office == ("069002" if verdict is RequestVerdict.WRONG_OFFICE else "")
    back = office.proofing.resume(state.case_id, session)
    assert back.state == state


@pytest.mark.parametrize(
    ("decision", "verdict"),
    [
        (Decision(Outcome.ACCEPTED), RequestVerdict.USED_BEFORE),
        (Decision(Outcome.REFUSED, (Reason.PERSON_DIFFERS,)), RequestVerdict.USED_BEFORE),
        (Decision(Outcome.SUSPENDED, (Reason.PERSON_DIFFERS,)), None),
    ],
)
def test_a_request_is_used_up_by_an_answer_and_not_by_a_suspension(office, decision, verdict):
    session = office.session()
    play(office.proofing.open_case(PROCEDURE, session), script(office, decision=decision))
    state = office.proofing.open_case(PROCEDURE, session).present_code(office.code())
    assert state.request_problem is verdict


def test_two_open_cases_with_one_request_cannot_both_be_accepted(office):
    session = office.session()
    cases = [office.proofing.open_case(PROCEDURE, session) for _ in range(2)]
    for case in cases:
        play(case, script(office), until=StepKind.CONFIRM)
    assert cases[0].dispatch(SealConfirmed()).closed
    with pytest.raises(EventRefusedError):
        cases[1].dispatch(SealConfirmed())
    cases[1].dispatch(CaseAbandoned(Reason.REQUEST_EXPIRED_OR_USED))
    assert cases[1].dispatch(SealConfirmed()).closed
    assert len(office.outbox()) == 2


NOT_PASSED = {StepKind.REQUEST, StepKind.SECOND_AGENT, StepKind.RECEIPT}


def test_a_case_is_resumed_at_every_step_with_the_same_data(office, tmp_path):
    session = office.session()
    case = office.proofing.open_case(PROCEDURE, session)
    steps = []

    def restarted(state):
        if not state.closed:
            again = office.proofing.resume(state.case_id, session)
            assert again.state == state
            steps.append(state.step)

    play(case, script(office), after_act=restarted)
    assert set(steps) == {step.kind for step in case.journey.steps} - NOT_PASSED


def test_a_draft_opens_in_a_later_session_of_the_same_shift_only(office):
    session = office.session()
    case = office.proofing.open_case(PROCEDURE, session)
    case.present_code(office.code())
    again = office.session()
    (summary,) = office.proofing.drafts(again)
    assert summary.can_resume
    assert (summary.step, summary.customer) == (StepKind.NOTICE, "Maëlle Roussel")
    other = office.session("dominique")
    assert office.proofing.drafts(other) == ()
    with pytest.raises(DraftError):
        office.proofing.resume(case.state.case_id, other)


@pytest.mark.parametrize("until", [StepKind.DOCUMENT, StepKind.CONFIRM])
def test_a_case_that_ended_with_its_shift_moves_no_more_and_shows_no_acceptance(office, until):
    session = office.session()
    case = office.proofing.open_case(PROCEDURE, session)
    play(case, script(office), until=until)
    before = case.state
    office.sealing.seal_open_drafts(session)
    (row,) = office.outbox()
    assert opened_record(office, row.seq)["visavis"]["decision"]["outcome"] == "abandoned"
    with pytest.raises(EventRefusedError):
        case.dispatch(SealConfirmed() if until is StepKind.CONFIRM else SteppedBack())
    assert case.state == before
    assert office.proofing.drafts(session) == ()
    assert len(office.outbox()) == 1


def test_a_seal_whose_answer_was_lost_is_answered_by_the_first_record(office):
    session = office.session()
    case = office.proofing.open_case(PROCEDURE, session)
    play(case, script(office), until=StepKind.CONFIRM)
    facts = office.sealing.seal(case.state, session)
    assert case.dispatch(SealConfirmed()).record == facts
    assert len(office.outbox()) == 1


def test_a_sealed_case_cannot_be_resumed(office):
    session = office.session()
    case = office.proofing.open_case(PROCEDURE, session)
    play(case, script(office))
    with pytest.raises(DraftError):
        office.proofing.resume(case.state.case_id, session)


def test_an_unknown_procedure_opens_nothing(office):
    session = office.session()
    with pytest.raises(JourneyInvalidError):
        office.proofing.open_case("made-up", session)
    assert "verify_open" not in office.journal_kinds()
    assert office.proofing.procedures() == ("online-request", "registered-letter")


def test_a_nearly_full_disk_refuses_a_case_before_anything_is_captured():
    store = InMemoryStore()
    office = Office(store)
    session = office.session()
    case = office.proofing.open_case(PROCEDURE, session)
    case.present_code(office.code())
    store.free = 1024
    with pytest.raises(DiskFullError):
        office.proofing.open_case(PROCEDURE, session)
    with pytest.raises(DiskFullError):
        case.dispatch(ConsentAnswered("1", given=True))
    assert case.state.step is StepKind.NOTICE
    store.free = 1 << 40
    assert case.dispatch(ConsentAnswered("1", given=True)).step is StepKind.DOCUMENT


def test_a_disk_that_fills_up_during_the_seal_loses_nothing():
    store = InMemoryStore()
    office = Office(store)
    session = office.session()
    case = office.proofing.open_case(PROCEDURE, session)
    play(case, script(office), until=StepKind.CONFIRM)
    before = case.state
    store.full = True
    with pytest.raises(DiskFullError):
        case.dispatch(SealConfirmed())
    assert case.state == before
    store.full = False
    assert office.proofing.resume(before.case_id, session).state == before
    assert case.dispatch(SealConfirmed()).closed
    assert len(office.outbox()) == 1


def test_a_refused_event_leaves_the_draft_as_it_was(office):
    session = office.session()
    case = office.proofing.open_case(PROCEDURE, session)
    before = case.state
    with pytest.raises(EventRefusedError):
        case.dispatch(DecisionTaken(Decision(Outcome.ACCEPTED)))
    assert case.state == before
    assert office.proofing.resume(before.case_id, session).state == before


def test_pictures_stay_in_memory_and_reach_a_record_only_where_the_policy_says_so(tmp_path):
    for wanted in (False, True):
        folder = tmp_path / str(wanted)
        folder.mkdir()
        office = office_on_disk(folder)
        office.evidence_images = wanted
        session = office.session()
        case = office.proofing.open_case(PROCEDURE, session)
        play(case, script(office), until=StepKind.CONFIRM)
        case.attach_image(Side.FRONT, b"a picture")
        assert office.proofing.resume(case.state.case_id, session).image(Side.FRONT) is None
        end = case.dispatch(SealConfirmed())
        assert case.image(Side.FRONT) is None
        attachments = opened_record(office, end.record.seq)["visavis"]["attachments"]
        assert len(attachments) == int(wanted)
        office.store.close()


def test_pictures_are_forgotten_when_the_capture_starts_again(office):
    case = office.proofing.open_case(PROCEDURE, office.session())
    play(case, script(office), until=StepKind.DOCUMENT)
    case.attach_image(Side.FRONT, b"a picture")
    case.dispatch(CaptureRestarted())
    assert case.image(Side.FRONT) is None
    with pytest.raises(PictureTooLargeError):
        case.attach_image(Side.FRONT, bytes(8 * 1024 * 1024 + 1))


def test_a_document_without_known_features_can_still_be_suspended():
    office = Office(InMemoryStore(), examination=ScriptedExamination(catalogue=()))
    case = office.proofing.open_case(PROCEDURE, office.session())
    play(case, script(office), until=StepKind.FEATURES)
    case.dispatch(DecisionTaken(Decision(Outcome.SUSPENDED, (Reason.TOO_FEW_FEATURES,))))
    assert case.dispatch(SealConfirmed()).closed


def test_a_screen_cannot_answer_for_a_service_nor_bring_its_own_request(office):
    session = office.session()
    case = office.proofing.open_case(PROCEDURE, session)
    forged = RequestPresented(RequestVerdict.VALID, office.request("forged"))
    with pytest.raises(EventRefusedError):
        case.dispatch(forged)
    play(case, script(office), until=StepKind.CONFIRM)
    for event in (ChecksComputed(PASSED), FeaturesDrawn(FEATURES), RecordSealed(SEALED)):
        with pytest.raises(EventRefusedError):
            case.dispatch(event)
    assert not case.state.closed
    assert len(office.outbox()) == 0


def test_going_back_to_the_request_and_keeping_it_loses_nothing(office):
    session = office.session()
    case = office.proofing.open_case(PROCEDURE, session)
    play(case, script(office), until=StepKind.CHECKS)
    before = case.state
    for _ in range(3):
        case.dispatch(SteppedBack())
    kept = case.dispatch(RequestPresented(RequestVerdict.VALID, case.state.request))
    assert (kept.document, kept.checks) == (before.document, before.checks)


@pytest.mark.parametrize(
    ("year", "verdict"),
    [(1970, RequestVerdict.NOT_YET_VALID), (2107, RequestVerdict.EXPIRED)],
)
def test_a_clock_off_by_years_costs_a_plain_answer_and_no_case(office, year, verdict):
    session = office.session()
    code = office.code()
    right = office.clock.now()
    office.clock.set_wall(right.replace(year=year))
    case = office.proofing.open_case(PROCEDURE, session)
    assert case.present_code(code).request_problem is verdict
    office.clock.set_wall(right)
    assert case.present_code(code).step is StepKind.NOTICE
    play(case, script(office))
    assert case.state.closed
    assert office.journal_kinds().count("clock_jump") == 2
