"""Cases change hands only by hand-over, and the record names everybody."""

from dataclasses import replace
from datetime import timedelta

import msgspec
import pytest

from kiosk.audit.acts import act_holds
from kiosk.audit.entries import open_entry
from kiosk.audit.records import open_record
from kiosk.crypto.signing import key_id_of
from kiosk.domain.agent import DUTIES, Agent, Duty, Role, may
from kiosk.domain.decision import Decision, Outcome, Reason
from kiosk.domain.errors import (
    DraftError,
    EventRefusedError,
    HandOverError,
    NotAllowedError,
    SamePersonError,
)
from kiosk.domain.ids import AgentId, CaseId
from kiosk.journeys.automatic import Script, play
from kiosk.journeys.model import (
    CaseAbandoned,
    ConsentAnswered,
    DecisionTaken,
    SealConfirmed,
    StepKind,
)
from kiosk.journeys.service_steps import SignatureFacts, SignatureGiven
from kiosk.services import standing_record
from kiosk.services.drafts import copied_key, draft_key, hands_of, opened_with
from kiosk.services.standing_record import STANDING_PREFIX, StandingRecord, put_standing
from tests.fakes.cases import CARD_SIDES
from tests.fakes.office import Office
from tests.fakes.store import InMemoryStore

SACHA = AgentId("sacha")


@pytest.fixture
def office() -> Office:
    return Office(InMemoryStore())


def entry(office: Office, kind: str):
    with office.store.begin() as uow:
        rows = [r for r in uow.journal.range(0, uow.journal.size()) if r.kind == kind]
    return open_entry(rows[-1].jws, office.device_key.public)


def last_record(office: Office):
    with office.store.begin() as uow:
        row = uow.outbox.all()[-1]
        blob = uow.blobs.get(row.seq)
        publics = [agent.public_key for agent in uow.agents.all()]
    signers = {key_id_of(key): key for key in (*publics, office.device_key.public)}
    return open_record(blob, office.auditor, signers, office.device_key.key_id).record["visavis"]


def opened(office: Office, agent: str = "camille"):
    """A case with a request, in the hands of an agent."""
    session = office.session(agent)
    case = office.proofing.open_case("online-request", session)
    case.present_code(office.code())
    return session, case


def standing_of(office: Office, case_id: CaseId) -> StandingRecord:
    with office.store.begin() as uow:
        record = standing_record.standing_of(uow, case_id)
    assert record is not None
    return record


def abandon(case):
    case.dispatch(CaseAbandoned(Reason.TECHNICAL_FAILURE))
    case.dispatch(SealConfirmed())
    return case


def test_a_case_goes_to_a_colleague_and_both_sign(office: Office):
    camille, case = opened(office)
    sacha = office.session("sacha")
    office.hand_over.hand_over(case.state.case_id, SACHA, camille)
    (waiting,) = office.proofing.drafts(sacha)
    assert (waiting.handed_by, waiting.can_resume) == ("Camille R.", True)
    assert office.proofing.drafts(camille) == ()
    again = office.proofing.resume(case.state.case_id, sacha)
    assert again.state.request == case.state.request
    assert again.state.agent_id == SACHA
    given, taken = entry(office, "case_handed"), entry(office, "case_taken")
    assert act_holds(given, "from", camille.signing_key.public)
    assert act_holds(taken, "to", sacha.signing_key.public)
    assert not act_holds(taken, "to", camille.signing_key.public)
    assert taken.facts["handed"] == given.seq
    abandon(again)
    record = last_record(office)
    assert record["agent_id"] == "sacha"
    (hop,) = record["hands"]
    assert (hop["from"], hop["to"], hop["how"]) == ("camille", "sacha", "colleague")


def test_whoever_gave_a_case_can_neither_open_nor_move_it_any_more(office: Office):
    camille, case = opened(office)
    office.session("sacha")
    office.hand_over.hand_over(case.state.case_id, SACHA, camille)
    with pytest.raises(DraftError):
        office.proofing.resume(case.state.case_id, camille)
    with pytest.raises(EventRefusedError):
        abandon(case)
    with pytest.raises(DraftError):
        office.hand_over.hand_over(case.state.case_id, SACHA, camille)


@pytest.mark.parametrize("accepted", [False, True])
def test_what_was_given_away_has_a_key_that_the_giver_never_held(office: Office, accepted: bool):
    """Whoever has the shift key of the giver, and the whole vault, opens it no more."""
    camille, case = opened(office)
    sacha = office.session("sacha")
    case_id = case.state.case_id
    with office.store.begin() as uow:
        row = uow.drafts.get(case_id)
    assert opened_with(draft_key(camille, case_id), row).case_id == case_id
    office.hand_over.hand_over(case_id, SACHA, camille)
    if accepted:
        office.proofing.resume(case_id, sacha)
    with office.store.begin() as uow:
        row, hands = uow.drafts.get(case_id), hands_of(uow, case_id)
    assert camille.agent.agent_id not in hands.copies
    with pytest.raises(DraftError):
        opened_with(draft_key(camille, case_id), row)


def test_a_third_person_opens_nothing_before_or_after(office: Office):
    camille, case = opened(office)
    robin = office.session("robin")
    office.session("sacha")
    for moment in range(2):
        with pytest.raises(DraftError):
            office.proofing.resume(case.state.case_id, robin)
        assert office.proofing.drafts(robin) == ()
        assert office.hand_over.of_colleagues(robin) == ()
        if not moment:
            office.hand_over.hand_over(case.state.case_id, SACHA, camille)


def test_a_hand_over_survives_the_end_of_the_shift_of_the_giver(office: Office):
    camille, case = opened(office)
    sacha = office.session("sacha")
    office.hand_over.hand_over(case.state.case_id, SACHA, camille)
    office.sign_in.sign_out(camille)
    assert office.proofing.resume(case.state.case_id, sacha).state.agent_id == SACHA


def test_what_was_handed_over_is_sealed_at_the_end_of_the_shift_of_the_taker(office: Office):
    camille, case = opened(office)
    sacha = office.session("sacha")
    office.hand_over.hand_over(case.state.case_id, SACHA, camille)
    office.sign_in.sign_out(sacha)
    record = last_record(office)
    assert record["decision"]["outcome"] == "abandoned"
    assert record["agent_id"] == "sacha"
    assert record["hands"][0]["from"] == "camille"
    assert office.journal_kinds().count("verify_close") == 1


def test_what_was_handed_over_and_never_opened_leaves_its_record_when_its_time_is_over(
    office: Office,
):
    camille, case = opened(office)
    office.sign_in.sign_out(office.session("sacha"))
    office.hand_over.hand_over(case.state.case_id, SACHA, camille)
    assert len(office.hand_over.expire(timedelta())) == 1
    closed = entry(office, "verify_close")
    facts = closed.facts
    assert (facts["agent"], facts["waited_for"], facts["sealed"]) == ("camille", "sacha", True)
    assert (facts["outcome"], facts["why"]) == ("abandoned", "not-taken")
    record = last_record(office)
    assert (record["agent_id"], record["decision"]["outcome"]) == ("camille", "abandoned")
    assert office.sealing.sealed_as(case.state.case_id) is Outcome.ABANDONED
    with office.store.begin() as uow:
        assert uow.drafts.all() == ()
        assert uow.values.names("case-") == ()
    assert len(office.hand_over.expire(timedelta())) == 0
    assert office.journal_kinds().count("verify_close") == 1


def test_what_its_agent_left_lying_ends_without_them_and_without_any_key_of_theirs(office: Office):
    """At home with the tablet in the locker: the shift is open, the PIN is not here."""
    _, case = played(office, "online-request", StepKind.CONFIRM, Script())
    case_id = case.state.case_id
    with office.store.begin() as uow:
        (agent,) = [row for row in uow.agents.all() if row.agent_id == "camille"]
        uow.agents.put(replace(agent, wrapped_shift_key=b"gone", wrapped_signing_key=b"gone"))
        uow.commit()
    assert len(office.hand_over.expire(timedelta(seconds=1))) == 0
    assert len(office.hand_over.expire(timedelta())) == 1
    facts = entry(office, "verify_close").facts
    assert (facts["agent"], facts["sealed"]) == ("camille", True)
    assert (facts["outcome"], facts["why"]) == ("abandoned", "left")
    assert "waited_for" not in facts
    record = last_record(office)
    assert (record["agent_id"], record["decision"]["outcome"]) == ("camille", "abandoned")
    assert record["document"]["number"] == case.state.document.document_number
    assert office.sealing.sealed_as(case_id) is Outcome.ABANDONED
    with office.store.begin() as uow:
        assert uow.drafts.all() == ()
        assert uow.values.names("case-") == ()
    assert len(office.hand_over.expire(timedelta())) == 0
    with pytest.raises(EventRefusedError):
        abandon(case)
    assert office.journal_kinds().count("verify_close") == 1


def test_whoever_is_at_work_has_left_nothing(office: Office):
    _, case = opened(office)
    _, other = opened(office, "robin")
    assert len(office.hand_over.expire(timedelta(), AgentId("camille"))) == 1
    with office.store.begin() as uow:
        assert [row.case_id for row in uow.drafts.all()] == [case.state.case_id]
    assert entry(office, "verify_close").facts["case"] == other.state.case_id
    assert abandon(case).state.closed


def test_a_case_that_waits_ends_even_while_whom_it_waits_for_is_at_work(office: Office):
    camille, case = opened(office)
    office.session("sacha")
    office.hand_over.hand_over(case.state.case_id, SACHA, camille)
    assert len(office.hand_over.expire(timedelta(), SACHA)) == 1
    assert entry(office, "verify_close").facts["why"] == "not-taken"


def test_a_draft_from_before_such_records_were_kept_ends_by_its_entry_alone(office: Office):
    _, case = opened(office)
    with office.store.begin() as uow:
        put_standing(uow, case.state.case_id, None)
        uow.commit()
    assert len(office.hand_over.expire(timedelta())) == 1
    facts = entry(office, "verify_close").facts
    assert (facts["why"], facts["sealed"]) == ("left", False)
    with office.store.begin() as uow:
        assert (uow.drafts.all(), uow.outbox.all()) == ((), ())


def test_a_record_that_an_earlier_program_kept_as_one_text_is_announced_too(office: Office):
    _, case = opened(office)
    case_id = case.state.case_id
    record = standing_of(office, case_id)
    with office.store.begin() as uow:
        put_standing(uow, case_id, None)
        uow.values.put(STANDING_PREFIX + case_id, msgspec.json.encode(record))
        uow.commit()
    assert len(office.hand_over.expire(timedelta())) == 1
    assert entry(office, "verify_close").facts["sealed"] is True
    with office.store.begin() as uow:
        (row,) = uow.outbox.all()
        assert uow.blobs.get(row.seq) == record.closed.blob.blob


def test_bytes_of_an_earlier_step_are_not_taken_for_a_record_that_holds_its_own(office: Office):
    """An earlier program was put back for a while: it replaces the record, and not what lies by."""
    _, case = opened(office)
    case_id = case.state.case_id
    record = standing_of(office, case_id)
    with office.store.begin() as uow:
        uow.values.put(STANDING_PREFIX + case_id, msgspec.json.encode(record))
        uow.values.put("case-standing-bytes/" + case_id, b"of an earlier step")
        uow.commit()
    assert standing_of(office, case_id) == record


def test_nothing_of_the_record_stays_behind_when_its_case_is_over(office: Office):
    _, case = opened(office)
    with office.store.begin() as uow:
        assert len(uow.values.names("case-standing")) == 2
    abandon(case)
    with office.store.begin() as uow:
        assert uow.values.names("case-standing") == ()


@pytest.mark.parametrize("how", ["accepted", "taken over"])
def test_whoever_takes_a_case_puts_a_record_of_their_own_in_place(office: Office, how: str):
    sacha = office.session("sacha")
    manager = office.session("dominique", Role.MANAGER)
    camille, case = opened(office)
    case_id = case.state.case_id
    office.hand_over.hand_over(case_id, SACHA, camille)
    with office.store.begin() as uow:
        assert uow.values.names(STANDING_PREFIX) == (STANDING_PREFIX + case_id,)
    if how == "taken over":
        office.hand_over.take_over(case_id, manager)
    taker = sacha if how == "accepted" else manager
    again = office.proofing.resume(case_id, taker)
    assert standing_of(office, case_id).told["agent"] == taker.agent.agent_id
    assert len(office.hand_over.expire(timedelta(), taker.agent.agent_id)) == 0
    abandon(again)
    with office.store.begin() as uow:
        assert uow.values.names(STANDING_PREFIX) == ()
    assert last_record(office)["agent_id"] == taker.agent.agent_id
    assert office.journal_kinds().count("verify_close") == 1


def test_the_record_that_stands_ready_names_nobody_while_it_waits(office: Office):
    office.session("sacha")
    camille, case = played(office, "online-request", StepKind.CONFIRM, Script())
    office.hand_over.hand_over(case.state.case_id, SACHA, camille)
    document = case.state.document
    assert document is not None
    with office.store.begin() as uow:
        stored = uow.values.get(STANDING_PREFIX + case.state.case_id)
    assert stored is not None
    for word in (document.surname, document.document_number, *document.given_names):
        assert word.encode() not in stored


def test_new_keys_of_the_colleague_close_what_waited_for_them_with_a_record(office: Office):
    manager = office.session("dominique", Role.MANAGER)
    office.session("sacha")
    camille, case = opened(office)
    office.hand_over.hand_over(case.state.case_id, SACHA, camille)
    code = office.onboarding.invite(Agent(SACHA, "Sacha P.", Role.AGENT), manager)
    office.onboarding.redeem(code, "141421")
    facts = entry(office, "verify_close").facts
    assert (facts["why"], facts["sealed"]) == ("new-keys", True)
    assert last_record(office)["agent_id"] == "camille"


def played(office: Office, name: str, step: StepKind, script: Script):
    """A case of camille that has come to a step."""
    camille = office.session()
    case = office.proofing.open_case(name, camille)
    play(case, replace(script, codes=(office.code(),), sides=CARD_SIDES), until=step)
    assert case.state.step is step
    return camille, case


@pytest.mark.parametrize("name", ["online-request", "registered-letter"])
@pytest.mark.parametrize("how", ["given", "taken over"])
def test_nobody_seals_what_somebody_else_decided(office: Office, name: str, how: str):
    taker = office.session("sacha", Role.MANAGER)
    camille, case = played(office, name, StepKind.CONFIRM, Script())
    known = case.state
    if how == "given":
        office.hand_over.hand_over(known.case_id, SACHA, camille)
    else:
        office.hand_over.take_over(known.case_id, taker)
    again = office.proofing.resume(known.case_id, taker)
    state = again.state
    assert (state.step, state.decision, state.signature) == (StepKind.DECISION, None, None)
    assert state.trail == known.trail[: known.trail.index(StepKind.DECISION)]
    assert (state.document, state.checks, state.person) == (
        known.document,
        known.checks,
        known.person,
    )
    with pytest.raises(EventRefusedError):
        again.dispatch(SealConfirmed())
    assert play(again, Script()).decision == Decision(Outcome.ACCEPTED)
    assert last_record(office)["agent_id"] == "sacha"


def test_a_case_stopped_half_way_is_the_taker_s_to_stop(office: Office):
    camille, case = played(office, "online-request", StepKind.DOCUMENT, Script())
    case.dispatch(DecisionTaken(Decision(Outcome.REFUSED, (Reason.NOT_ORIGINAL,))))
    sacha = office.session("sacha")
    office.hand_over.hand_over(case.state.case_id, SACHA, camille)
    state = office.proofing.resume(case.state.case_id, sacha).state
    assert (state.step, state.decision) == (StepKind.DOCUMENT, None)
    assert StepKind.DOCUMENT not in state.trail


def test_who_cannot_sign_is_witnessed_by_the_agent_who_seals(office: Office):
    unable = SignatureGiven(SignatureFacts((), 900, 300, unable=True))
    script = Script(service={StepKind.SIGNATURE: lambda _j, _s: unable})
    camille, case = played(office, "registered-letter", StepKind.CONFIRM, script)
    sacha = office.session("sacha")
    office.hand_over.hand_over(case.state.case_id, SACHA, camille)
    again = office.proofing.resume(case.state.case_id, sacha)
    again.dispatch(DecisionTaken(Decision(Outcome.ACCEPTED)))
    assert again.state.step is StepKind.SIGNATURE


def test_a_manager_takes_over_the_case_of_somebody_absent(office: Office):
    manager = office.session("dominique", Role.MANAGER)
    _, case = opened(office)
    (there,) = office.hand_over.of_colleagues(manager)
    assert (there.agent.display_name, there.step) == ("Camille R.", case.state.step)
    office.hand_over.take_over(case.state.case_id, manager)
    taken = entry(office, "case_taken")
    assert (taken.facts["from"], taken.facts["how"]) == ("camille", "manager")
    assert act_holds(taken, "to", manager.signing_key.public)
    with pytest.raises(EventRefusedError):
        abandon(case)
    abandon(office.proofing.resume(case.state.case_id, manager))
    assert last_record(office)["hands"][0]["how"] == "manager"


def test_a_manager_who_came_later_can_take_over_after_the_next_save(office: Office):
    _, case = opened(office)
    manager = office.session("dominique", Role.MANAGER)
    assert office.hand_over.of_colleagues(manager) == ()
    case.dispatch(ConsentAnswered(given=True, notice_version="1"))
    assert len(office.hand_over.of_colleagues(manager)) == 1


def test_nothing_is_left_to_take_over_after_the_end_of_the_shift(office: Office):
    manager = office.session("dominique", Role.MANAGER)
    camille, case = opened(office)
    office.sign_in.sign_out(camille)
    assert office.hand_over.of_colleagues(manager) == ()
    with pytest.raises(HandOverError):
        office.hand_over.take_over(case.state.case_id, manager)
    with office.store.begin() as uow:
        assert uow.values.names("case-hands/") == ()


def test_an_agent_takes_over_nothing(office: Office):
    _, case = opened(office)
    with pytest.raises(NotAllowedError):
        office.hand_over.take_over(case.state.case_id, office.session("sacha"))


def test_a_manager_ends_the_shift_of_somebody_who_left(office: Office):
    manager = office.session("dominique", Role.MANAGER)
    _, case = opened(office)
    assert office.hand_over.end_shift_of(AgentId("camille"), manager) == 1
    (mine,) = office.proofing.drafts(manager)
    assert mine.case_id == case.state.case_id
    assert entry(office, "case_taken").facts["from"] == "camille"
    closed = entry(office, "shift_close")
    assert act_holds(closed, "by", manager.signing_key.public)
    with office.store.begin() as uow:
        row = uow.agents.get(AgentId("camille"))
    assert row is not None
    assert row.wrapped_shift_key is None
    for wrong in (AgentId("camille"), AgentId("nobody")):
        with pytest.raises(HandOverError):
            office.hand_over.end_shift_of(wrong, manager)
    with pytest.raises(SamePersonError):
        office.hand_over.end_shift_of(AgentId("dominique"), manager)
    with pytest.raises(NotAllowedError):
        office.hand_over.end_shift_of(AgentId("dominique"), office.session("sacha"))


def test_what_opens_for_nobody_is_accounted_for_as_the_shift_is_ended(office: Office):
    opened(office)  # before there was a manager whom a copy of the key could be for
    manager = office.session("dominique", Role.MANAGER)
    assert office.hand_over.end_shift_of(AgentId("camille"), manager) == 0
    assert entry(office, "verify_close").facts["sealed"] is True
    assert last_record(office)["agent_id"] == "camille"
    with office.store.begin() as uow:
        assert uow.drafts.all() == ()


def test_a_case_goes_to_somebody_who_may_verify(office: Office):
    camille, case = opened(office)
    office.session("tech", Role.TECHNICIAN)
    for wrong in ("tech", "nobody"):
        with pytest.raises(HandOverError):
            office.hand_over.hand_over(case.state.case_id, AgentId(wrong), camille)
    with pytest.raises(SamePersonError):
        office.hand_over.hand_over(case.state.case_id, AgentId("camille"), camille)
    assert [a.agent_id for a in office.hand_over.colleagues(camille)] == []
    assert abandon(case).state.step is StepKind.RECEIPT


def test_a_copied_key_opens_for_its_agent_and_case_alone(office: Office):
    manager = office.session("dominique", Role.MANAGER)
    other = office.session("alex", Role.MANAGER)
    _, case = opened(office)
    with office.store.begin() as uow:
        hands = hands_of(uow, case.state.case_id)
    mine = hands.copies["dominique"]
    swapped = replace(hands, copies={"alex": mine})
    with pytest.raises(DraftError):
        copied_key(swapped, other, case.state.case_id)
    with pytest.raises(DraftError):
        copied_key(hands, manager, "d" * 32)
    assert len(copied_key(hands, manager, case.state.case_id)) == 32


# --- the table of roles ---------------------------------------------------------------------------


def test_a_technician_neither_verifies_nor_unlocks(office: Office):
    with pytest.raises(NotAllowedError):
        office.proofing.open_case("online-request", office.session("tech", Role.TECHNICIAN))
    assert DUTIES[Role.TECHNICIAN] == {Duty.DIAGNOSE, Duty.TEND, Duty.RESCUE}
    assert "verify_open" not in office.journal_kinds()


def test_every_role_stands_in_the_table_and_every_duty_is_somebodys():
    assert set(DUTIES) == set(Role)
    assert frozenset().union(*DUTIES.values()) == set(Duty)
    assert not any(
        may(Role.AGENT, duty) for duty in set(Duty) - {Duty.VERIFY, Duty.SECOND, Duty.DIAGNOSE}
    )


def test_the_code_of_a_case_that_waits_for_this_agent_opens_that_case_and_no_second(
    office: Office,
):
    camille, case = opened(office)
    sacha = office.session("sacha")
    office.hand_over.hand_over(case.state.case_id, SACHA, camille)
    fresh = office.proofing.open_case("online-request", sacha)
    again = office.proofing.open_with(office.code(), sacha, fresh)
    assert again is not None
    assert again.state.case_id == case.state.case_id
    assert again.state.agent_id == SACHA
    assert [row.case_id for row in office.proofing.drafts(sacha)] == [case.state.case_id]


def test_a_case_that_waits_for_somebody_else_is_nobody_elses_to_open_by_its_code(office: Office):
    camille, case = opened(office)
    office.session("sacha")
    office.hand_over.hand_over(case.state.case_id, SACHA, camille)
    assert office.proofing.open_with(office.code(), camille) is None
    assert office.proofing.open_with(office.code(), office.session("robin")) is None
