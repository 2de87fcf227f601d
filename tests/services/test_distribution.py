"""A registered letter that was handed over leaves two records that name each other, or none."""

import re
from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kiosk.audit.entries import open_entry
from kiosk.crypto.digests import sha256, unb64u
from kiosk.domain.decision import Decision, Outcome, Reason
from kiosk.domain.errors import DiskFullError
from kiosk.domain.ids import CaseId
from kiosk.journeys.guards import HANDED_TO_PROXY
from kiosk.journeys.model import CaseState
from kiosk.journeys.service_steps import ItemFacts, Presence, PresenceFacts, SignatureFacts
from kiosk.services.distribution import build_distribution, handed_over, signature_svg
from tests.fakes.desk import DEVICE, TERMS, Desk
from tests.services.test_sealing import ABANDONED, REFUSED, decided, save_draft

SIGNATURE = SignatureFacts((((100, 150), (180, 90), (260, 160)), ((300, 40),)), 900, 300)
UNABLE = SignatureFacts((), 900, 300, unable=True)
KEPT_UNTIL = date(2026, 12, 10)


def letter(
    decision: Decision | None = None,
    presence: Presence = Presence.IN_PERSON,
    signature: SignatureFacts | None = SIGNATURE,
    case: str = "c" * 32,
) -> CaseState:
    return replace(
        decided(decision or Decision(Outcome.ACCEPTED), case),
        procedure="registered-letter",
        request=None,
        item=ItemFacts("RR123456785FR", "s10"),
        presence=PresenceFacts(presence, KEPT_UNTIL),
        signature=signature,
    )


def test_a_letter_handed_over_leaves_two_records_in_one_transaction(desk: Desk):
    session = desk.session()
    save_draft(desk, letter(), session)
    facts = desk.sealing.seal(letter(), session)
    assert facts.distribution is not None
    assert desk.kinds()[-2:] == ["item_distributed", "verify_close"]
    assert [row.record_id for row in desk.outbox()] == [
        facts.distribution.record_id,
        facts.record_id,
    ]
    assert facts.seq == facts.distribution.seq + 1
    with desk.store.begin() as uow:
        assert uow.drafts.all() == ()
    assert desk.verify().verified


def test_each_record_names_the_other(desk: Desk):
    facts = desk.sealing.seal(letter(), desk.session())
    verification = desk.open_record(facts.seq).record
    proof = desk.open_record(facts.distribution.seq).record
    assert proof["record_id"] == facts.distribution.record_id
    assert proof["visavis"]["linked"] == {"kind": "verification", "record_id": facts.record_id}
    assert verification["visavis"]["linked"] == {
        "kind": "proof-of-distribution",
        "record_id": facts.distribution.record_id,
    }
    assert verification["verified_claims"]["claims"]["family_name"] == "ROUSSEL"


def test_the_proof_holds_what_the_order_of_2007_asks_for(desk: Desk):
    facts = desk.sealing.seal(letter(), desk.session())
    proof = desk.open_record(facts.distribution.seq).record["visavis"]
    assert proof["item"] == {"number": "RR123456785FR", "scheme": "s10"}
    assert proof["accepted_by"] == {
        "family_name": "ROUSSEL",
        "given_name": "MAELLE ANNE",
        "capacity": "addressee",
    }
    assert proof["document"] == {"kind": "fr-id-card-2021", "issuer": "FRA", "number": "D2H6862M2"}
    assert proof["distributed_on"] == desk.clock.now().astimezone().date().isoformat()
    assert (proof["agent_id"], proof["office_id"]) == ("a-17", "075012")


def test_the_signature_is_kept_though_the_policy_keeps_no_picture(desk: Desk):
    assert not desk.terms.evidence_images
    facts = desk.sealing.seal(letter(), desk.session())
    contents = desk.open_record(facts.distribution.seq)
    (drawing,) = contents.attachments
    assert drawing.extension == "svg"
    assert drawing.data == signature_svg(SIGNATURE)
    signature = contents.record["visavis"]["signature"]
    assert signature == {"unable": False, "sha256": sha256(drawing.data).hex()}
    assert desk.open_record(facts.seq).attachments == ()


def test_who_cannot_sign_has_the_agent_as_witness(desk: Desk):
    facts = desk.sealing.seal(letter(signature=UNABLE), desk.session())
    contents = desk.open_record(facts.distribution.seq)
    assert contents.attachments == ()
    assert contents.record["visavis"]["signature"] == {"unable": True, "witness": "a-17"}


def test_a_proxy_takes_the_letter_and_verifies_nobody(desk: Desk):
    facts = desk.sealing.seal(letter(HANDED_TO_PROXY, Presence.PROXY), desk.session())
    verification = desk.open_record(facts.seq).record
    assert verification["visavis"]["decision"]["reasons"] == ["proxy-presented"]
    assert "verified_claims" not in verification
    proof = desk.open_record(facts.distribution.seq).record["visavis"]
    assert proof["accepted_by"]["capacity"] == "proxy"


@pytest.mark.parametrize(
    ("decision", "presence", "signature"),
    [
        (REFUSED, Presence.IN_PERSON, None),
        (ABANDONED, Presence.IN_PERSON, SIGNATURE),
        (REFUSED, Presence.IN_PERSON, SIGNATURE),
        (Decision(Outcome.NO_SHOW, (Reason.ADDRESSEE_ABSENT,)), Presence.ABSENT, None),
        (HANDED_TO_PROXY, Presence.PROXY, None),
        (HANDED_TO_PROXY, Presence.IN_PERSON, SIGNATURE),
        (HANDED_TO_PROXY, Presence.ABSENT, SIGNATURE),
        (Decision(Outcome.ACCEPTED), Presence.PROXY, SIGNATURE),
        (Decision(Outcome.ACCEPTED), Presence.ABSENT, SIGNATURE),
    ],
)
def test_what_was_not_handed_over_leaves_one_record_with_the_last_day(
    desk: Desk, decision, presence, signature
):
    facts = desk.sealing.seal(letter(decision, presence, signature), desk.session())
    assert facts.distribution is None
    assert len(desk.outbox()) == 1
    record = desk.open_record(facts.seq).record["visavis"]
    assert "linked" not in record
    assert record["service"]["presence"]["kept_until"] == "2026-12-10"


def test_asked_again_the_answer_is_the_same_pair(desk: Desk):
    session = desk.session()
    first = desk.sealing.seal(letter(), session)
    entries = len(desk.entries())
    assert desk.sealing.seal(letter(REFUSED, signature=None), session) == first
    assert (len(desk.entries()), len(desk.outbox())) == (entries, 2)
    assert desk.sealing.sealed_as(CaseId("c" * 32)) is Outcome.ACCEPTED


def test_a_full_disk_leaves_neither(desk: Desk):
    session = desk.session()
    save_draft(desk, letter(), session)
    kinds = desk.kinds()
    desk.store.full = True
    with pytest.raises(DiskFullError):
        desk.sealing.seal(letter(), session)
    assert (desk.kinds(), desk.outbox()) == (kinds, ())
    desk.store.full = False
    desk.sealing.seal(letter(), session)
    assert len(desk.outbox()) == 2


def test_the_end_of_a_shift_hands_nothing_over(desk: Desk):
    session = desk.session()
    save_draft(desk, letter(), session)
    assert desk.sealing.seal_open_drafts(session) == 1
    (row,) = desk.outbox()
    record = desk.open_record(row.seq).record["visavis"]
    assert record["decision"]["outcome"] == "abandoned"
    assert "signature" not in record["service"]


def test_the_end_of_a_shift_adds_nothing_to_a_pair_whose_answer_was_lost(desk: Desk):
    session = desk.session()
    desk.sealing.seal(letter(), session)
    save_draft(desk, letter(), session)
    desk.sealing.seal_open_drafts(session)
    assert len(desk.outbox()) == 2


def test_entries_of_both_records_name_nobody(desk: Desk):
    facts = desk.sealing.seal(letter(), desk.session())
    for seq in (facts.seq, facts.distribution.seq):
        header = unb64u(desk.entries()[seq].jws.split(".")[1]).decode().upper()
        for word in ("ROUSSEL", "MAELLE", "D2H6862M2", "1988", "RR123456785FR"):
            assert word not in header
    header = open_entry(desk.entries()[facts.distribution.seq].jws, desk.device_key.public)
    assert header.facts == {
        "case": "c" * 32,
        "agent": "a-17",
        "outcome": "handed-over",
        "sealed": True,
    }


def test_nothing_is_proved_where_nothing_was_handed_over():
    state = letter(REFUSED, signature=None)
    assert not handed_over(state)
    with pytest.raises(ValueError, match="handed over"):
        build_distribution(state, None, state.opened_at, DEVICE, TERMS)


POINTS = st.tuples(st.integers(0, 900), st.integers(0, 300))


@settings(max_examples=50)
@given(st.lists(st.lists(POINTS, min_size=1, max_size=30), min_size=1, max_size=5))
def test_every_signature_is_one_well_formed_drawing(strokes):
    facts = SignatureFacts(tuple(map(tuple, strokes)), 900, 300)
    drawing = signature_svg(facts).decode("ascii")
    assert drawing.count("<path ") == len(strokes)
    numbers = [int(n) for n in re.findall(r"[ML](\d+) ", drawing)]
    assert numbers[0] == strokes[0][0][0]
    assert signature_svg(facts) == signature_svg(facts)


def test_an_empty_signature_is_no_drawing():
    with pytest.raises(ValueError, match="signed"):
        signature_svg(UNABLE)


def test_a_suspected_fraud_is_told_only_where_the_policy_says_so(desk: Desk):
    session = desk.session()
    desk.sealing.seal(decided(REFUSED, "1" * 32), session)
    assert "fraud_alert" not in desk.kinds()
    desk.set_terms(fraud_alert=True)
    desk.sealing.seal(decided(REFUSED, "2" * 32), session)
    desk.sealing.seal(decided(case="3" * 32), session)
    assert desk.kinds()[-3:] == ["fraud_alert", "verify_close", "verify_close"]
    entry = next(row for row in desk.entries() if row.kind == "fraud_alert")
    header = open_entry(entry.jws, desk.device_key.public)
    assert (header.facts, header.record_id) == ({"case": "2" * 32}, None)
    assert desk.verify().verified
