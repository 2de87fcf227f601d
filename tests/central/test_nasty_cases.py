"""The nastiest cases that nothing else tries by name; ``docs/nasty-cases.md`` lists them all.

Source: records-and-sync section 8.
"""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from central.archive.layout import Layout, read_key, write_key
from central.archive.storage import open_database, open_payloads
from central.auditor.opening import read_blob, read_identity
from central.authority.codes import new_code
from central.authority.policies import Policies
from kiosk.audit.entries import EntryKind, open_entry
from kiosk.audit.records import Attachment, RecordContents, open_record, seal_record
from kiosk.crypto import age
from kiosk.crypto.notes import verifier_key
from kiosk.crypto.signing import SigningKey
from kiosk.domain.errors import KeyStoreError, UnreachableError
from kiosk.domain.ids import OfficeId, RecordId
from kiosk.ports import LinkAnswer, OutboxRow, OutboxState
from kiosk.services.fleet import require_membership
from kiosk.services.part_upload import PART_BYTES, PART_TYPE
from kiosk.services.result import sent_name
from kiosk.sync.policy import CollectorTerms, Recipient, sign_policy
from kiosk.sync.receipts import ReceiptState
from kiosk.transport.https_link import Deadlines, HttpsLinks
from tests.fakes.central_side import CentralSide, founded, serving
from tests.fakes.clock import FakeClock
from tests.fakes.enrolled import Call, EnrolledDevice
from tests.fakes.field import audited, problems, questions
from tests.fakes.middlebox import Middlebox, Passing, middlebox
from tests.fakes.mortal_collector import MortalCollector

pytestmark = pytest.mark.process
MIB = 1024 * 1024


def leaves(side: CentralSide, device: EnrolledDevice, seqs: list[int]) -> list[int]:
    """Those of ``seqs`` that are stored and have their leaf."""
    name = device.identity.device_id
    with side.ledger() as ledger:
        held = [row.seq for row in ledger.sealed_from(name, 0, 1000)]
        return [seq for seq in seqs if ledger.leaf(name, seq) is not None and seq in held]


# --- 1: replies lost, and a collector that comes back from a backup -------------------------------


def test_a_reply_lost_fifty_times_in_a_row_doubles_nothing(side, device):
    seq, _ = device.seal()
    lost = 0

    def losing(call: Call) -> LinkAnswer:
        nonlocal lost
        answer = call.go()
        if call.method == "PUT":
            lost += 1
            raise UnreachableError("reply lost")
        return answer

    device.links.trouble = losing
    for _ in range(50):
        assert device.delivery.run_once().reason == "SYNC-001"
        assert device.has_blob(seq)
    assert lost == 50
    device.links.trouble = Call.go
    device.delivery.run_once()
    assert device.row(seq).state is OutboxState.STORED
    with side.ledger() as ledger:
        rows = ledger.sealed_from(device.identity.device_id, 0, 10)
    assert [row.seq for row in rows] == leaves(side, device, [seq]) == [seq]


def put_back(collector: MortalCollector) -> None:
    collector.kill()
    collector.restore()
    collector.start()


def test_a_collector_put_back_to_a_backup_is_sent_again_what_it_lost(mortal, fielded):
    mortal.kill()
    mortal.back_up()
    mortal.start()
    seq = fielded.visit(1).seq

    def without_receipts(call: Call) -> LinkAnswer:
        if "/receipts" in call.path:
            raise UnreachableError("not yet")
        return call.go()

    fielded.links.trouble = without_receipts
    fielded.send()
    assert fielded.rows()[-1].state is OutboxState.UNCONFIRMED
    with fielded.store.begin() as uow:
        uow.values.put(sent_name(seq), b"")
        uow.commit()
    put_back(mortal)
    fielded.links.trouble = Call.go
    # The first delivery announces the record again, the second is told that it is missing.
    assert fielded.send().stored + fielded.send().stored == 1
    with fielded.store.begin() as uow:
        assert uow.values.get(sent_name(seq)) is None, "a result would be handed over again"
    side = CentralSide(mortal.data, "", None, None)  # type: ignore[arg-type] # read only
    assert problems(audited(side), fielded) == ()
    with side.ledger() as ledger:
        assert ledger.leaf(fielded.identity.device_id, seq) is not None


def test_a_collector_put_back_behind_its_own_receipts_is_told_and_nothing_more_is_let_go(
    mortal, fielded
):
    """What the device holds goes up again; that the log went back is a matter for people."""
    fielded.visit(1)
    fielded.send()
    mortal.kill()
    mortal.back_up()
    mortal.start()
    seq = fielded.visit(2).seq
    assert fielded.send().stored == 1
    put_back(mortal)
    assert fielded.send().reason == "", "nothing awaits a receipt: it only announces again"
    for _ in range(3):
        summary = fielded.send()
        assert (summary.reason, summary.purged) == ("SYNC-005", 0)
    fielded.clock.advance(days=3)
    assert fielded.send().purged == 0
    with fielded.store.begin() as uow:
        assert uow.blobs.get(seq) is not None
    kinds = fielded.kinds()
    assert "split_view" in kinds
    assert "central_loss" in kinds
    side = CentralSide(mortal.data, "", None, None)  # type: ignore[arg-type] # read only
    with side.ledger() as ledger:
        assert ledger.sealed(fielded.identity.device_id, seq) is not None, "it is there again"


# --- 6: sizes and texts ---------------------------------------------------------------------------


def sealed_with(device: EnrolledDevice, contents: RecordContents) -> int:
    """Seal these very contents as the sealing service does; the entry."""
    recipients = [recipient.age for recipient in device.policy.recipients]
    sealed = seal_record(contents, recipients, device.agent_key, device.key)
    now = device.clock.now()
    with device.store.begin() as uow:
        number = RecordId(f"{device.identity.device_id[4:]}{uow.journal.size():016x}")
        seq, _ = device.journal.append(uow, EntryKind.VERIFY_CLOSE, {}, sealed, number)
        uow.blobs.put(seq, sealed.blob)
        row = OutboxRow(seq, number, OutboxState.WAITING, now, now, 0, "", len(sealed.blob))
        uow.outbox.put(row)
        uow.commit()
    return seq


def opened(side: CentralSide, device: EnrolledDevice, seq: int) -> RecordContents:
    """What the auditor reads of a stored record."""
    layout = Layout(side.data)
    with side.ledger() as ledger:
        row = ledger.sealed(device.identity.device_id, seq)
    assert row is not None
    signers = {key.key_id: key.public for key in (device.agent_key, device.key)}
    blob = read_blob(open_payloads(layout), row)
    return open_record(blob, read_identity(layout.identity), signers, device.key.key_id)


@pytest.mark.parametrize("size", [0, 1, 16 * MIB])
def test_an_image_of_no_byte_and_a_record_of_16_mib_arrive_whole(side, device, size):
    image = bytes(size)
    twice = (Attachment("jpg", image), Attachment("jpg", image))
    seq = sealed_with(device, RecordContents({"visavis": {"agent_id": "a-17"}}, twice))
    for _ in range(2):
        device.delivery.run_once()
    assert device.row(seq).state is OutboxState.STORED
    assert {kept.data for kept in opened(side, device, seq).attachments} == {image}


NAMES = {
    "decomposed": ("E\u0301LODIE", "\u00c9LODIE"),
    "right to left": ("\u05d3\u05d5\u05d3 \u202eABC", "\u05d3\u05d5\u05d3 \u202eABC"),
    "emoji": ("\U0001f469\u200d\U0001f692", "\U0001f469\u200d\U0001f692"),
    "nul": ("A\x00B", "A\x00B"),
    "not a character": ("\ufffe\U0010ffff", "\ufffe\U0010ffff"),
}


@pytest.mark.parametrize("kind", sorted(NAMES))
def test_a_record_with_any_name_arrives_with_that_name(side, device, kind):
    written, read = NAMES[kind]
    seq = sealed_with(device, RecordContents({"visavis": {"name": written}}))
    device.delivery.run_once()
    assert device.row(seq).state is OutboxState.STORED
    assert opened(side, device, seq).record["visavis"]["name"] == read


@pytest.mark.parametrize("value", ["\ud800", "a\udfffb", 2**53 + 1, -(2**53) - 1, float("nan")])
def test_what_no_reader_could_read_alike_is_not_sealed(device, value):
    size = device.size()
    with pytest.raises(ValueError, match="canonical"):
        sealed_with(device, RecordContents({"visavis": {"value": value}}))
    assert device.size() == size


# --- 7: uploads in parts --------------------------------------------------------------------------


def half_sent(device: EnrolledDevice) -> tuple[int, bytes]:
    """A record of which the collector holds one part."""
    seq, sealed = device.seal(extra_bytes=3 * PART_BYTES)

    def cut(call: Call) -> LinkAnswer:
        if call.method == "PUT":
            raise UnreachableError("cut")
        return call.go()

    device.links.trouble = cut
    device.delivery.run_once()
    device.links.trouble = Call.go
    link = device.link()
    path = f"/v1/devices/{device.identity.device_id}/records/{seq}/upload"
    link.call("POST", path, fields=(("Upload-Length", str(len(sealed.blob))),))
    fields = (("Upload-Offset", "0"), ("Upload-Complete", "?0"))
    assert link.call("PATCH", path, sealed.blob[:1000], PART_TYPE, fields=fields).status == 204
    link.close()
    return seq, sealed.blob


def test_an_upload_whose_parts_the_server_lost_begins_anew(side, device):
    seq, _ = half_sent(device)
    forgotten = False

    def forgetting(call: Call) -> LinkAnswer:
        nonlocal forgotten
        if call.method == "PATCH" and not forgotten:
            forgotten = True
            for part in Layout(side.data).uploads.glob(f"{device.identity.device_id}-*"):
                part.write_bytes(b"")
        return call.go()

    device.links.trouble = forgetting
    device.delivery.run_once()
    assert forgotten
    assert device.row(seq).state is OutboxState.STORED
    assert leaves(side, device, [seq]) == [seq]


def test_an_upload_that_ends_after_the_device_fell_from_trust_is_kept_apart(side, device):
    """Two histories of it came to light in the middle: kept, as evidence, and never stored."""
    clone = device.clone()
    seq, _ = half_sent(device)
    clone.seal()
    clone.delivery.run_once()
    summary = device.delivery.run_once()
    assert summary.stored == 0
    assert device.row(seq).state is OutboxState.QUARANTINED
    assert device.has_blob(seq)
    with side.ledger() as ledger:
        row = ledger.sealed(device.identity.device_id, seq)
        assert row is not None
        assert row.state == ReceiptState.QUARANTINED
        assert ledger.leaf(device.identity.device_id, seq) is None


# --- 8: keys and policies of a device that was away -----------------------------------------------


def test_records_sealed_to_the_old_key_during_forty_days_away_are_taken(tmp_path):
    with serving(founded(tmp_path / "central")) as side:
        device = EnrolledDevice().enrol(side.enrol_code())
        layout, policies = Layout(side.data), Policies(Layout(side.data))
        fresh = age.Identity.generate().recipient
        before = policies.in_force()
        changed = replace(
            before,
            version=before.version + 1,
            issued_at=datetime.now(UTC),
            recipients=(Recipient(age.kid_of(fresh), fresh),),
        )
        database = open_database(layout)
        with database.writing() as ledger:
            ledger.add_policy(changed.version, sign_policy(changed, read_key(layout.root_key)))
        database.close()
        away = [device.seal()[0]]
        device.clock.advance(days=40)
        away += [device.seal()[0]]
        assert device.delivery.run_once().stored == 2
        assert device.policy.version == changed.version
        device._wire()
        after, _ = device.seal()
        assert device.delivery.run_once().stored == 1
        kids = [
            open_entry(jws, device.key.public).recipients
            for number, jws in enumerate(device.entries())
            if number in (*away, after)
        ]
        assert kids == [(before.recipients[0].kid,)] * 2 + [(changed.recipients[0].kid,)]


@pytest.mark.parametrize("announced", [False, True])
def test_a_key_of_the_log_that_a_policy_changed_is_followed(mortal, fielded, announced):
    """The new key signs the time before the device has the policy that says so."""
    layout = Layout(mortal.data)
    before, fresh = fielded.policy, SigningKey.generate()
    origin = before.collector.origin
    changed = replace(
        before,
        version=before.version + 1,
        issued_at=datetime.now(UTC),
        valid_from=datetime.now(UTC).date() + timedelta(days=2) if announced else None,
        collector=CollectorTerms(origin, verifier_key(origin, fresh.public)),
    )
    database = open_database(layout)
    with database.writing() as ledger:
        ledger.add_policy(changed.version, sign_policy(changed, read_key(layout.root_key)))
    database.close()
    if announced:
        fielded.send()
        fielded.clock.wall -= timedelta(days=9_000)
    mortal.kill()
    layout.log_key.unlink()
    write_key(layout.log_key, fresh)
    mortal.start()
    seq = fielded.visit(1).seq
    fielded.send()
    assert require_membership(fielded.store)[1].version == (
        before.version if announced else changed.version
    )
    side = CentralSide(mortal.data, "", None, None)  # type: ignore[arg-type] # read only
    with side.ledger() as ledger:
        assert ledger.sealed(fielded.identity.device_id, seq) is not None


# --- 9: boxes in between --------------------------------------------------------------------------

PATIENT = Deadlines(connect_s=60, pause_s=60, call_s=120)


@pytest.fixture
def box(side: CentralSide) -> Iterator[Middlebox]:
    with middlebox(side) as running:
        yield running


@pytest.fixture
def behind(side: CentralSide, box: Middlebox) -> EnrolledDevice:
    """A device that knows the collector by the address of the box."""
    now = datetime.now(UTC)
    code = new_code(Layout(side.data), box.url, OfficeId("075012"), now, timedelta(hours=1))
    made = EnrolledDevice()
    made.links._links = HttpsLinks(made.clock, PATIENT)
    return made.enrol(code.text())


def is_stored_once(side: CentralSide, box: Middlebox, device: EnrolledDevice, seq: int) -> None:
    """Once the box meddles no more, nobody has to do anything."""
    box.request = box.response = lambda _passing: None
    box.hang_up = False
    for _ in range(2):
        device.delivery.run_once()
    assert device.row(seq).state is OutboxState.STORED
    assert leaves(side, device, [seq]) == [seq]


def page(kind: str, body: bytes):
    def answering(passing: Passing) -> None:
        passing.status = 200
        passing.answer_fields = {"Content-Type": kind}
        passing.answer = body

    return answering


@pytest.mark.parametrize("only", ["", "time", "policy", "log", "records", "receipts", "conflicts"])
@pytest.mark.parametrize("kind", ["text/html; charset=utf-8", "text/plain", "application/json"])
def test_a_portal_that_answers_200_to_a_call_is_believed_in_none(side, box, behind, only, kind):
    seq, _ = behind.seal()
    portal = page(kind, b"<html>Please log in</html>" if "json" not in kind else b"{}")

    def sometimes(passing: Passing) -> None:
        if only in passing.path:
            portal(passing)

    box.request = sometimes
    summary = behind.delivery.run_once()
    assert behind.has_blob(seq) or only == "conflicts"
    if only == "records" and "html" not in kind:
        # An empty "200" is all that a record is answered anyway: only a receipt counts.
        assert (summary.reason, behind.row(seq).state) == ("", OutboxState.UNCONFIRMED)
    elif only == "records":
        assert behind.row(seq).state is OutboxState.WAITING
    else:
        assert summary.reason in ("SYNC-006", "SYNC-007"), summary
    is_stored_once(side, box, behind, seq)


def test_a_proxy_that_takes_the_digest_away_stops_the_call_and_loses_nothing(side, box, behind):
    seq, _ = behind.seal()

    def stripping(passing: Passing) -> None:
        passing.fields = {k: v for k, v in passing.fields.items() if k.lower() != "content-digest"}

    box.request = stripping
    assert behind.delivery.run_once().reason == "SYNC-003"
    assert behind.has_blob(seq)
    is_stored_once(side, box, behind, seq)


def test_a_proxy_that_changes_a_body_is_noticed(side, box, behind):
    seq, _ = behind.seal()

    def spoiling(passing: Passing) -> None:
        if passing.method == "PUT":
            passing.body = passing.body[:-1] + b"x"

    box.request = spoiling
    assert behind.delivery.run_once().failed == 1
    assert behind.has_blob(seq)
    is_stored_once(side, box, behind, seq)


def test_a_box_that_compresses_answers_nobody_asked_it_to_is_noticed(side, box, behind):
    seq, _ = behind.seal()

    def compressing(passing: Passing) -> None:
        passing.answer = gzip.compress(passing.answer)
        passing.answer_fields["Content-Encoding"] = "gzip"

    box.response = compressing
    assert behind.delivery.run_once().reason == "SYNC-006"
    assert behind.has_blob(seq)
    is_stored_once(side, box, behind, seq)


def test_a_connection_that_was_closed_behind_an_answer_is_not_used_again(side, box, behind):
    """HTTP/1.1 says that it stays open; the box closes it without a word, after each answer."""
    numbers = [behind.seal()[0] for _ in range(3)]
    box.hang_up = True
    for _ in range(12):
        summary = behind.delivery.run_once()
        assert summary.reason in ("", "SYNC-001")
    for seq in numbers:
        is_stored_once(side, box, behind, seq)


# --- 10, 11, 12: people and machines that fail ----------------------------------------------------


def test_a_program_killed_twenty_times_as_a_visit_opens_hides_none_of_them(mortal, fielded):
    cases = []
    for number in range(20):
        cases.append(fielded.open_visit(number).case_id)
        fielded.store.close()
        fielded.restart()
    fielded.send()
    side = CentralSide(mortal.data, "", None, None)  # type: ignore[arg-type] # read only
    asked = questions(audited(side, datetime.now(UTC) + timedelta(days=10)), fielded)
    assert [case for case in cases if any(case in question for question in asked)] == cases
    with fielded.store.begin() as uow:
        assert len(uow.drafts.all()) == 20, "each can be gone on with"
    assert fielded.verify().problems == ()


def test_a_secret_store_that_is_locked_for_a_while_costs_nothing(side, device):
    seq, _ = device.seal()
    device.keys.locked = True
    with pytest.raises(KeyStoreError):
        device.delivery.run_once()
    assert device.has_blob(seq)
    device.keys.locked = False
    assert device.delivery.run_once().stored == 1


def test_a_record_that_the_collector_will_not_have_holds_up_no_other(side, device):
    poison, _ = device.seal()
    others = [device.seal()[0] for _ in range(3)]

    def refusing(call: Call) -> LinkAnswer:
        if call.method == "PUT" and call.path.endswith(f"/{poison}"):
            return replace(call, body=b"not what was announced").go()
        return call.go()

    device.links.trouble = refusing
    for _ in range(3):
        summary = device.delivery.run_once()
        assert (summary.reason, summary.failed) == ("", 1)
    assert leaves(side, device, others) == others
    assert (device.row(poison).state, device.row(poison).reason) == (
        OutboxState.WAITING,
        "SYNC-003",
    )
    device.links.trouble = Call.go
    assert device.delivery.run_once().stored == 1


# --- 5: clocks ------------------------------------------------------------------------------------


@pytest.mark.parametrize("year", [1970, 1999, 2099])
def test_a_device_of_another_century_delivers(side, year):
    device = EnrolledDevice(clock=FakeClock(wall=datetime(year, 1, 1, 0, 0, 1, tzinfo=UTC)))
    device.enrol(side.enrol_code())
    seq, _ = device.seal()
    device.clock.wall -= timedelta(hours=1) if year > 1970 else timedelta(0)
    assert device.delivery.run_once().stored == 1
    assert leaves(side, device, [seq]) == [seq]
    with side.ledger() as ledger:
        (row,) = ledger.sealed_from(device.identity.device_id, 0, 10)
    assert abs(datetime.fromisoformat(row.received_at) - datetime.now(UTC)) < timedelta(minutes=5)
