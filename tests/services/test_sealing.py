"""Sealing: everything or nothing, once, readable elsewhere only."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kiosk.audit.entries import open_entry
from kiosk.audit.records import Attachment
from kiosk.crypto import age
from kiosk.crypto.digests import b64u, sha256, unb64u
from kiosk.documents.requests import request_key
from kiosk.domain.decision import Decision, Outcome, Reason
from kiosk.domain.errors import (
    DiskFullError,
    PolicyInvalidError,
    SealedRecordError,
    SignatureInvalidError,
)
from kiosk.domain.evidence import Check, Verdict
from kiosk.journeys.model import CaseState, PersonFacts, StepKind
from kiosk.ports import OutboxState
from kiosk.services.result import announced_by, result_name
from kiosk.services.sealing import require_space
from kiosk.services.used_requests import is_used
from tests.fakes.cases import CARD_SIDES, DOCUMENT, FEATURES, PASSED, REQUEST, new_case
from tests.fakes.desk import ESCROW, OPS, PROVIDER, WITH_PROVIDER, Desk
from tests.fakes.store import InMemoryStore

ACCEPTED = Decision(Outcome.ACCEPTED)
REFUSED = Decision(Outcome.REFUSED, (Reason.PERSON_DIFFERS,), fraud_suspected=True)
SUSPENDED = Decision(Outcome.SUSPENDED, (Reason.TECHNICAL_FAILURE,))
ABANDONED = Decision(Outcome.ABANDONED, (Reason.CUSTOMER_WITHDRAWS,))


def decided(decision: Decision = ACCEPTED, case: str = "c" * 32) -> CaseState:
    """A case at the moment of its seal."""
    return replace(
        new_case(),
        case_id=type(new_case().case_id)(case),
        step=StepKind.CONFIRM,
        request=REQUEST,
        notice_version="2026-11",
        consent=True,
        document=DOCUMENT,
        sides=tuple(side.facts for side in CARD_SIDES),
        reading_checks=CARD_SIDES[1].checks,
        checks=PASSED,
        features=tuple(replace(f, verdict=Verdict.PASS) for f in FEATURES),
        person=PersonFacts(Verdict.PASS, ("ears", "nose"), 1, questions_consistent=True),
        decision=decision,
    )


def save_draft(desk: Desk, state: CaseState, session) -> None:
    with desk.store.begin() as uow:
        desk.drafts.save(uow, state, session)
        uow.commit()


def test_a_seal_leaves_record_entry_blob_outbox_row_and_mark_and_ends_the_draft(desk: Desk):
    session = desk.session()
    save_draft(desk, decided(), session)
    facts = desk.sealing.seal(decided(), session)
    (row,) = desk.outbox()
    assert (row.seq, row.record_id, row.state) == (
        facts.seq,
        facts.record_id,
        OutboxState.WAITING,
    )
    with desk.store.begin() as uow:
        blob = uow.blobs.get(facts.seq)
        assert uow.drafts.all() == ()
        assert is_used(uow, REQUEST)
    assert blob is not None
    assert row.payload_len == len(blob)
    assert len(facts.slip_code) == 8
    assert facts.sealed_at == desk.clock.now()
    assert desk.verify().verified


def test_the_entry_commits_to_the_blob_byte_for_byte(desk: Desk):
    facts = desk.sealing.seal(decided(), desk.session())
    header = open_entry(desk.entries()[facts.seq].jws, desk.device_key.public)
    with desk.store.begin() as uow:
        blob = uow.blobs.get(facts.seq)
    assert blob is not None
    age_header, payload = age.split(blob)
    assert header.record_id == facts.record_id
    assert header.age_header_sha256 == b64u(sha256(age_header))
    assert header.payload_sha256 == b64u(sha256(payload))
    assert header.payload_len == len(payload)
    assert header.recipients == (age.kid_of(OPS.recipient), age.kid_of(ESCROW.recipient))
    request = request_key(REQUEST.issuer, REQUEST.request_id)
    assert header.facts == {
        "case": "c" * 32,
        "agent": "a-17",
        "outcome": "accepted",
        "sealed": True,
        "request": request,
    }


def test_the_journal_entry_holds_nothing_of_the_person(desk: Desk):
    facts = desk.sealing.seal(decided(), desk.session())
    header = unb64u(desk.entries()[facts.seq].jws.split(".")[1]).decode().upper()
    for word in ("ROUSSEL", "MAELLE", "MAËLLE", "D2H6862M2", "1988", "REQ-1"):
        assert word not in header


def test_either_recipient_reads_the_record_and_nobody_else_does(desk: Desk):
    facts = desk.sealing.seal(decided(), desk.session())
    assert desk.open_record(facts.seq, OPS) == desk.open_record(facts.seq, ESCROW)
    with pytest.raises(SealedRecordError):
        desk.open_record(facts.seq, age.Identity.generate())


def test_a_record_bears_the_agent_who_decided(desk: Desk):
    session = desk.session()
    colleague = desk.session("a-18")
    facts = desk.sealing.seal(decided(), replace(colleague, agent=session.agent))
    with desk.store.begin() as uow:
        row = uow.agents.get(colleague.agent.agent_id)
        assert row is not None
        uow.agents.put(replace(row, public_key=session.signing_key.public))
        uow.commit()
    with pytest.raises(SignatureInvalidError):
        desk.open_record(facts.seq)


def test_a_case_is_sealed_once_whatever_is_asked_again(desk: Desk):
    session = desk.session()
    first = desk.sealing.seal(decided(), session)
    entries = len(desk.entries())
    desk.clock.advance(seconds=60)
    assert desk.sealing.seal(decided(REFUSED), session) == first
    assert len(desk.entries()) == entries
    assert len(desk.outbox()) == 1


@pytest.mark.parametrize("year", [1970, 2099])
def test_a_wrong_clock_is_told_and_the_record_is_sealed_all_the_same(desk: Desk, year: int):
    session = desk.session()
    desk.clock.set_wall(desk.clock.wall.replace(year=year))
    facts = desk.sealing.seal(decided(), session)
    assert desk.kinds()[-2:] == ["clock_jump", "verify_close"]
    header = open_entry(desk.entries()[facts.seq].jws, desk.device_key.public)
    assert (header.kind, header.clock_state) == ("verify_close", "jumped")
    assert desk.open_record(facts.seq).record["record_id"] == facts.record_id
    assert desk.verify().verified


def test_two_cases_leave_two_records(desk: Desk):
    session = desk.session()
    first = desk.sealing.seal(decided(case="1" * 32), session)
    second = desk.sealing.seal(decided(case="2" * 32), session)
    assert first.record_id != second.record_id
    assert second.seq == first.seq + 1
    assert first.slip_code != second.slip_code


@pytest.mark.parametrize(
    ("decision", "used"),
    [(ACCEPTED, True), (REFUSED, True), (SUSPENDED, False), (ABANDONED, False)],
)
def test_only_an_accepted_or_refused_case_uses_the_request_up(
    desk: Desk, decision: Decision, used: bool
):
    desk.sealing.seal(decided(decision), desk.session())
    with desk.store.begin() as uow:
        assert is_used(uow, REQUEST) is used
        assert not is_used(uow, replace(REQUEST, issuer="https://other.test"))


def test_a_full_disk_leaves_everything_as_it_was(desk: Desk):
    session = desk.session()
    save_draft(desk, decided(), session)
    entries = desk.kinds()
    assert isinstance(desk.store, InMemoryStore)
    desk.store.full = True
    with pytest.raises(DiskFullError):
        desk.sealing.seal(decided(), session)
    assert desk.kinds() == entries
    assert desk.outbox() == ()
    with desk.store.begin() as uow:
        (draft,) = uow.drafts.all()
        assert not is_used(uow, REQUEST)
    assert desk.drafts.load(draft, session) == decided()
    desk.store.full = False
    assert desk.sealing.seal(decided(), session)
    assert desk.verify().verified


def test_the_reserve_is_asked_for_before_anything_is_captured(desk: Desk):
    assert isinstance(desk.store, InMemoryStore)
    desk.store.free = 64 * 1024 * 1024
    require_space(desk.store)
    desk.store.free -= 1
    with pytest.raises(DiskFullError):
        require_space(desk.store)


def test_without_recipients_nothing_is_sealed(desk: Desk):
    session = desk.session()
    desk.set_terms(recipients=())
    with pytest.raises(PolicyInvalidError):
        desk.sealing.seal(decided(), session)
    assert desk.outbox() == ()


def test_a_policy_that_arrives_during_a_seal_is_not_named_by_its_entry(desk: Desk):
    session = desk.session()
    before, begin = desk.terms.policy_version, desk.store.begin

    def policy_arrives():
        # The first unit of work of a seal looks for an earlier one, the second writes.
        if begun:
            desk.set_terms(policy_version=before + 1, recipients=(OPS.recipient,))
        begun.append(True)
        return begin()

    begun: list[bool] = []
    desk.store.begin = policy_arrives
    facts = desk.sealing.seal(decided(), session)
    header = open_entry(desk.entries()[facts.seq].jws, desk.device_key.public)
    assert header.recipients == (age.kid_of(OPS.recipient), age.kid_of(ESCROW.recipient))
    assert header.policy_v == before


def test_a_case_without_a_decision_cannot_be_sealed(desk: Desk):
    session = desk.session()
    with pytest.raises(ValueError, match="decision"):
        desk.sealing.seal(replace(decided(), decision=None), session)


def test_nobody_seals_for_a_colleague(desk: Desk):
    with pytest.raises(ValueError, match="agent"):
        desk.sealing.seal(decided(), desk.session("a-18"))
    assert desk.outbox() == ()


def test_pictures_go_in_only_where_the_policy_says_so(desk: Desk):
    session = desk.session()
    pictures = (Attachment("jpg", b"front"), Attachment("jpg", b"front"), Attachment("png", b""))
    without = desk.sealing.seal(decided(case="1" * 32), session, pictures)
    assert desk.open_record(without.seq).attachments == ()
    assert desk.open_record(without.seq).record["visavis"]["attachments"] == []
    desk.set_terms(evidence_images=True)
    kept = desk.sealing.seal(decided(case="2" * 32), session, pictures)
    contents = desk.open_record(kept.seq)
    assert {a.data for a in contents.attachments} == {b"front", b""}
    assert len(contents.record["visavis"]["attachments"]) == 3


def test_the_length_of_a_record_tells_nothing_of_a_name(desk: Desk):
    session = desk.session()
    lengths = set()
    for number, name in enumerate(("LI", "DE LA TOUR DU PIN CHAMBLY DE LA CHARCE")):
        state = replace(decided(case=f"{number:032x}"), document=replace(DOCUMENT, surname=name))
        desk.sealing.seal(state, session)
        lengths.add(desk.outbox()[-1].payload_len)
    assert len(lengths) == 1


def test_names_are_sealed_in_one_unicode_form(desk: Desk):
    decomposed = replace(DOCUMENT, surname="MU\u0308LLER")
    facts = desk.sealing.seal(replace(decided(), document=decomposed), desk.session())
    claims = desk.open_record(facts.seq).record["verified_claims"]["claims"]
    assert claims["family_name"] == "M\u00dcLLER"


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 2**32), st.integers(1, 255))
def test_no_byte_of_a_sealed_record_can_change_unnoticed(position: int, mask: int):
    desk = Desk()
    facts = desk.sealing.seal(decided(), desk.session())
    with desk.store.begin() as uow:
        blob = bytearray(uow.blobs.get(facts.seq) or b"")
        blob[position % len(blob)] ^= mask
        uow.blobs.put(facts.seq, bytes(blob))
        uow.commit()
    with pytest.raises(SealedRecordError):
        desk.open_record(facts.seq)


# --- the result for the provider ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("decision", "told"), [(ACCEPTED, True), (REFUSED, True), (SUSPENDED, True), (ABANDONED, False)]
)
def test_the_entry_announces_the_result_that_is_kept_beside_it(decision: Decision, told: bool):
    desk = Desk(terms=WITH_PROVIDER)
    facts = desk.sealing.seal(decided(decision), desk.session())
    with desk.store.begin() as uow:
        kept = uow.values.get(result_name(facts.seq))
    announced = announced_by(desk.entries()[facts.seq], desk.device_key.public)
    assert (kept is not None) == (announced is not None) == told
    if announced is not None:
        assert announced.fits(kept)
        assert announced.kid == age.kid_of(PROVIDER.recipient)
        assert not announced.fits((kept or b"") + b" ")


def test_another_issuer_or_none_is_told_nothing():
    for state in (decided(), replace(decided(), request=None)):
        desk = Desk(terms=replace(WITH_PROVIDER, result_recipients={"other": PROVIDER.recipient}))
        facts = desk.sealing.seal(state, desk.session())
        assert announced_by(desk.entries()[facts.seq], desk.device_key.public) is None


@pytest.mark.parametrize(
    ("checks", "against"),
    [((), False), ((Check("request.birth_date", Verdict.FAIL, "1990-01-02"),), True)],
)
def test_a_case_that_is_broken_off_says_whether_something_was_found_and_not_what(
    desk: Desk, checks: tuple[Check, ...], against: bool
):
    state = replace(decided(ABANDONED), checks=checks)
    seq = desk.sealing.seal(state, desk.session()).seq
    header = open_entry(desk.entries()[seq].jws, desk.device_key.public)
    assert header.facts["against"] is against
    assert set(header.facts) == {"case", "agent", "outcome", "sealed", "request", "against"}


@pytest.mark.parametrize("decision", [ACCEPTED, REFUSED, SUSPENDED])
def test_a_decided_case_says_nothing_of_what_was_found(desk: Desk, decision: Decision):
    seq = desk.sealing.seal(decided(decision), desk.session()).seq
    header = open_entry(desk.entries()[seq].jws, desk.device_key.public)
    assert "against" not in header.facts
