"""Delivery over real HTTPS: what is lost, doubled or believed when things go wrong."""

import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from central.archive.layout import Layout
from kiosk.audit.checkpoint import Checkpoint, sign
from kiosk.audit.entries import EntryKind, open_entry
from kiosk.audit.records import SealedBlob
from kiosk.crypto.signing import SigningKey
from kiosk.domain.errors import CertificateError, NotEnrolledError, UnreachableError
from kiosk.ports import LinkAnswer, OutboxState
from kiosk.services.delivery import Delivery, DeliveryStep, DeliverySummary, Progress
from kiosk.services.fleet import LOG_CHECKPOINT, POLICY
from kiosk.services.journal_upload import ACKNOWLEDGED
from kiosk.services.owed import Owed
from kiosk.services.receipts_kept import RECEIPT_PREFIX
from kiosk.sync.messages import ReceiptPage, decode, encode
from kiosk.sync.policy import open_policy, sign_policy
from tests.fakes.central_side import CentralSide, founded, reading, serving
from tests.fakes.enrolled import Call, EnrolledDevice, Trouble
from tests.fakes.field import FieldDevice

pytestmark = pytest.mark.process


def kinds(device: EnrolledDevice) -> list[str]:
    with device.store.begin() as uow:
        return [row.kind for row in uow.journal.range(0, uow.journal.size())]


def leaves(side: CentralSide, device: EnrolledDevice) -> list[int]:
    """Entry numbers of the device that the collector gave receipts for."""
    with side.ledger() as ledger:
        rows = ledger.sealed_from(device.identity.device_id, 0, 1000)
        return [r.seq for r in rows if ledger.leaf(r.device_id, r.seq) is not None]


def test_a_record_arrives_and_is_purged_here_only_then(
    side: CentralSide, device: EnrolledDevice
) -> None:
    seq, sealed = device.seal()
    assert device.delivery.run_once() == DeliverySummary(sent=1, stored=1, purged=1)
    assert device.row(seq).state is OutboxState.STORED
    assert not device.has_blob(seq)
    assert kinds(device)[-1] == "blob_purged"
    assert leaves(side, device) == [seq]
    with side.ledger() as ledger:
        row = ledger.sealed(device.identity.device_id, seq)
    assert row is not None
    assert row.header is not None
    path = Layout(side.data).payloads / device.identity.device_id
    (payload,) = path.iterdir()
    assert row.header + payload.read_bytes() == sealed.blob


def test_the_deletion_itself_reaches_the_collector(
    side: CentralSide, device: EnrolledDevice
) -> None:
    device.seal()
    device.delivery.run_once()
    with side.ledger() as ledger:
        rows = ledger.entries(device.identity.device_id, 0, 1000)
    assert [row.jws for row in rows] == device.entries()


def test_the_receipt_is_kept_as_proof(device: EnrolledDevice) -> None:
    seq, _ = device.seal()
    device.delivery.run_once()
    with device.store.begin() as uow:
        assert uow.values.get(f"{RECEIPT_PREFIX}{seq:012d}") is not None


def test_running_again_changes_nothing(side: CentralSide, device: EnrolledDevice) -> None:
    seq, _ = device.seal()
    device.delivery.run_once()
    before, size = device.row(seq), device.size()
    assert device.delivery.run_once() == DeliverySummary()
    assert (device.row(seq), device.size()) == (before, size)
    assert leaves(side, device) == [seq]


def test_records_are_committed_before_any_of_them_travels(device: EnrolledDevice) -> None:
    device.seal()
    device.seal()
    device.delivery.run_once()
    calls = device.links.calls
    assert calls.index(f"POST /v1/devices/{device.identity.device_id}/log") < min(
        i for i, call in enumerate(calls) if call.startswith("PUT")
    )


@pytest.mark.parametrize("lost", ["PUT", "POST", "GET"])
def test_a_reply_lost_after_the_commit_doubles_nothing(
    side: CentralSide, device: EnrolledDevice, lost: str
) -> None:
    seq, _ = device.seal()

    def losing(call: Call) -> LinkAnswer:
        call.go()
        if call.method == lost:
            raise UnreachableError("reply lost")
        return call.go()

    device.links.trouble = losing
    for _ in range(5):
        assert device.delivery.run_once().reason in ("SYNC-001", "")
        assert device.has_blob(seq) or device.row(seq).state is OutboxState.STORED
    device.links.trouble = Call.go
    device.delivery.run_once()
    assert device.row(seq).state is OutboxState.STORED
    assert leaves(side, device) == [seq]
    assert not device.has_blob(seq)


def test_a_server_that_is_down_costs_nothing(side: CentralSide, device: EnrolledDevice) -> None:
    seq, _ = device.seal()

    def down(_call: Call) -> LinkAnswer:
        raise UnreachableError("down")

    device.links.trouble = down
    assert device.delivery.run_once().reason == "SYNC-001"
    assert device.row(seq).state is OutboxState.WAITING
    assert device.has_blob(seq)


def test_a_server_that_went_away_is_unreachable(tmp_path) -> None:
    with serving(founded(tmp_path / "central")) as side:
        device = EnrolledDevice().enrol(side.enrol_code())
        seq, _ = device.seal()
        assert side.stop() == 0
        assert device.delivery.run_once().reason == "SYNC-001"
        assert device.has_blob(seq)


def test_another_server_in_its_place_gets_nothing(tmp_path) -> None:
    with serving(founded(tmp_path / "ours")) as ours:
        port = int(ours.url.rpartition(":")[2])
        device = EnrolledDevice().enrol(ours.enrol_code())
        ours.stop()
    device.seal()
    with serving(founded(tmp_path / "theirs"), port) as theirs:
        assert device.delivery.run_once().reason == CertificateError.code
        with theirs.ledger() as ledger:
            assert ledger.devices() == ()


@pytest.mark.parametrize("years", [-50, -3, 3, 50])
def test_a_clock_off_by_years_does_not_matter(side: CentralSide, years: int) -> None:
    device = EnrolledDevice()
    device.clock.set_wall(datetime.now(UTC) + timedelta(days=365 * years))
    device.enrol(side.enrol_code())
    device.seal()
    assert device.delivery.run_once().stored == 1


def _forged(change) -> Trouble:
    def forging(call: Call) -> LinkAnswer:
        answer = call.go()
        if "/receipts" not in call.path:
            return answer
        return replace(answer, body=encode(change(decode(answer.body, ReceiptPage))))

    return forging


def _leaf(page: ReceiptPage, **changes: object) -> ReceiptPage:
    item = page.receipts[0]
    assert item.leaf is not None
    leaf = msgspec.structs.replace(item.leaf, **changes)
    changed = msgspec.structs.replace(item, leaf=leaf)
    return msgspec.structs.replace(page, receipts=(changed,))


FORGERIES = {
    "another blob": lambda page: _leaf(page, blob="A" * 43),
    "another entry": lambda page: _leaf(page, entry="A" * 43),
    "another device": lambda page: _leaf(page, device="dev-0000000000000000"),
    "another time": lambda page: _leaf(page, received_at="2001-01-01T00:00:00+00:00"),
    "no leaf": lambda page: msgspec.structs.replace(
        page, receipts=(msgspec.structs.replace(page.receipts[0], leaf=None),)
    ),
    "another place": lambda page: msgspec.structs.replace(
        page, receipts=(msgspec.structs.replace(page.receipts[0], index=10_000),)
    ),
}


@pytest.mark.parametrize("forgery", FORGERIES)
def test_a_forged_receipt_purges_nothing(device: EnrolledDevice, forgery: str) -> None:
    seq, _ = device.seal()
    device.links.trouble = _forged(FORGERIES[forgery])
    summary = device.delivery.run_once()
    assert (summary.stored, summary.failed, summary.purged) == (0, 1, 0)
    assert device.has_blob(seq)
    row = device.row(seq)
    assert (row.state, row.reason) == (OutboxState.UNCONFIRMED, "SYNC-005")
    device.links.trouble = Call.go
    assert device.delivery.run_once().purged == 1


def test_a_checkpoint_by_another_key_purges_nothing(device: EnrolledDevice) -> None:
    from kiosk.audit.checkpoint import Checkpoint, sign

    seq, _ = device.seal()
    origin = device.policy.collector.origin
    fake = sign(Checkpoint(origin, 1, bytes(32)), SigningKey.generate())
    device.links.trouble = _forged(lambda p: msgspec.structs.replace(p, checkpoint=fake))
    summary = device.delivery.run_once()
    assert (summary.reason, summary.purged) == ("SYNC-005", 0)
    assert device.has_blob(seq)


def test_a_log_that_forgot_what_this_device_saw_is_refused(
    side: CentralSide, device: EnrolledDevice
) -> None:
    """The collector came back from an old backup and signs a shorter log."""
    device.seal()
    pages: list[bytes] = []

    def keeping(call: Call) -> LinkAnswer:
        answer = call.go()
        if "/receipts" in call.path:
            pages.append(answer.body)
        return answer

    device.links.trouble = keeping
    device.delivery.run_once()
    device.seal()
    device.delivery.run_once()
    seq, _ = device.seal()
    old = decode(pages[0], ReceiptPage)
    device.links.trouble = _forged(lambda _page: old)
    summary = device.delivery.run_once()
    assert (summary.reason, summary.purged) == ("SYNC-005", 0)
    assert device.has_blob(seq)


def test_one_damaged_record_does_not_hold_up_the_others(device: EnrolledDevice) -> None:
    bad, sealed = device.seal()
    good, _ = device.seal()
    with device.store.begin() as uow:
        uow.blobs.put(bad, sealed.blob[:-1] + bytes([sealed.blob[-1] ^ 1]))
        uow.commit()
    summary = device.delivery.run_once()
    assert (summary.sent, summary.stored, summary.failed) == (1, 1, 1)
    assert device.row(good).state is OutboxState.STORED
    assert (device.row(bad).state, device.row(bad).reason) == (OutboxState.REFUSED, "AUDIT-003")
    assert device.has_blob(bad)


def test_bytes_that_change_on_the_way_are_sent_again(device: EnrolledDevice) -> None:
    seq, sealed = device.seal()
    other = replace(sealed, blob=sealed.blob[:-1] + bytes([sealed.blob[-1] ^ 1]))

    def corrupting(call: Call) -> LinkAnswer:
        return replace_body(call, other).go() if call.method == "PUT" else call.go()

    device.links.trouble = corrupting
    assert device.delivery.run_once().failed == 1
    assert device.row(seq).state is OutboxState.WAITING
    assert device.has_blob(seq)
    device.links.trouble = Call.go
    assert device.delivery.run_once().stored == 1


def replace_body(call: Call, sealed: SealedBlob) -> Call:
    return replace(call, body=sealed.blob)


def test_a_record_interrupted_by_a_crash_is_sent_again(device: EnrolledDevice) -> None:
    seq, _ = device.seal()

    class Crash(BaseException):
        """The process dies here."""

    def dying(call: Call) -> LinkAnswer:
        if call.method == "PUT":
            call.go()
            raise Crash
        return call.go()

    device.links.trouble = dying
    with pytest.raises(Crash):
        device.delivery.run_once()
    assert device.row(seq).state is OutboxState.SENDING
    device.links.trouble = Call.go
    assert device.delivery.run_once().stored == 1


def test_cancelled_between_two_records(device: EnrolledDevice) -> None:
    device.seal()
    device.seal()
    seen: list[Progress] = []

    def cancelled() -> bool:
        return any(p.step is DeliveryStep.RECORDS and p.done == 1 for p in seen)

    summary = device.delivery.run_once(seen.append, cancelled)
    assert (summary.sent, summary.stored, summary.reason) == (1, 0, "")
    assert summary.stopped
    assert device.delivery.run_once().stored == 2


def _publish(side: CentralSide, device: EnrolledDevice, **changes: object) -> str:
    """A policy token by the real root; it is not given to the collector."""
    from central.archive.layout import read_key

    policy = replace(device.policy, **changes)
    return sign_policy(policy, read_key(Layout(side.data).root_key))


def _policy_answer(token: str):
    def answering(call: Call) -> LinkAnswer:
        return LinkAnswer(200, token.encode()) if call.path == "/v1/policy" else call.go()

    return answering


def test_an_older_policy_is_refused(side: CentralSide, device: EnrolledDevice) -> None:
    newer = _publish(side, device, version=9, feature_count=5)
    older = _publish(side, device, version=8)
    device.links.trouble = _policy_answer(newer)
    device.delivery.run_once()
    assert device.policy.version == 9
    assert "policy_applied" in kinds(device)
    device.links.trouble = _policy_answer(older)
    assert device.delivery.run_once().reason == "SYNC-007"
    assert device.policy.version == 9


def test_a_policy_of_a_coming_day_waits_for_it(side: CentralSide, device: EnrolledDevice) -> None:
    from kiosk.services.coming_policy import promote

    tomorrow = (datetime.now(UTC) + timedelta(days=2)).date()
    device.links.trouble = _policy_answer(
        _publish(side, device, version=9, feature_count=5, valid_from=tomorrow)
    )
    assert device.delivery.run_once().reason == ""
    assert device.policy.version == 1
    assert device.delivery.run_once().reason == "", "sent once more, kept once"
    assert "policy_applied" not in kinds(device)
    device.links.trouble = None
    applied = promote(device.store, device.journal, tomorrow)
    assert applied is not None
    assert device.policy.version == 9
    assert kinds(device).count("policy_applied") == 1


def test_a_policy_that_holds_now_overtakes_a_coming_one(
    side: CentralSide, device: EnrolledDevice
) -> None:
    from kiosk.services.coming_policy import tokens_coming

    later = (datetime.now(UTC) + timedelta(days=30)).date()
    coming = _publish(side, device, version=9, valid_from=later)
    device.links.trouble = _policy_answer(coming)
    device.delivery.run_once()
    device.links.trouble = _policy_answer(_publish(side, device, version=10))
    assert device.delivery.run_once().reason == ""
    assert device.policy.version == 10
    with device.store.begin() as uow:
        assert tokens_coming(uow) == []


def test_a_policy_of_another_root_is_refused(device: EnrolledDevice) -> None:
    stranger = SigningKey.generate()
    token = sign_policy(replace(device.policy, version=99), stranger)
    assert open_policy(token, stranger.public).version == 99
    device.links.trouble = _policy_answer(token)
    assert device.delivery.run_once().reason == "SYNC-007"
    assert device.policy.version == 1


def test_a_stored_policy_that_was_altered_is_refused(device: EnrolledDevice) -> None:
    from kiosk.domain.errors import PolicyInvalidError

    with device.store.begin() as uow:
        token = uow.values.get(POLICY)
        assert token is not None
        uow.values.put(POLICY, token[:-4] + b"AAAA")
        uow.commit()
    with pytest.raises(PolicyInvalidError):
        device.delivery.run_once()


def test_a_cloned_disk_is_a_fork_and_both_histories_are_kept(side: CentralSide) -> None:
    one = EnrolledDevice().enrol(side.enrol_code())
    two = one.clone()
    one.seal()
    assert one.delivery.run_once().stored == 1
    seq, _ = two.seal()
    assert two.delivery.run_once().reason == "SYNC-004"
    assert two.has_blob(seq)
    with side.ledger() as ledger:
        device = ledger.device(one.identity.device_id)
        assert device is not None
        assert device.quarantined
        assert ledger.forks(one.identity.device_id) == 1
    later, _ = one.seal()
    assert one.delivery.run_once().stored == 0
    assert one.row(later).state is OutboxState.QUARANTINED
    assert one.has_blob(later)


def test_a_log_whose_key_is_not_the_one_seen_before_ends_the_delivery_and_purges_nothing(
    device: EnrolledDevice,
) -> None:
    seq, _ = device.seal()
    strange = SigningKey.generate()
    origin = device.policy.collector.origin
    with device.store.begin() as uow:
        uow.values.put(LOG_CHECKPOINT, sign(Checkpoint(origin, 0, bytes(32)), strange).encode())
        uow.commit()
    assert device.delivery.run_once().reason == "SYNC-005"
    assert device.has_blob(seq)


def test_a_device_put_back_to_an_old_copy_says_so_once(side: CentralSide) -> None:
    one = EnrolledDevice().enrol(side.enrol_code())
    old = one.clone()
    one.seal()
    assert one.delivery.run_once().stored == 1
    for _ in range(3):
        assert old.delivery.run_once().reason == "SYNC-004"
    headers = [open_entry(entry, old.key.public) for entry in old.entries()]
    assert [header.kind for header in headers].count(EntryKind.RESTORE_DETECTED) == 1
    assert headers[-1].facts == {"here": 2, "central": one.size()}
    with side.ledger() as ledger:
        assert ledger.forks(one.identity.device_id) == 1


def test_an_unenrolled_device_says_so() -> None:
    device = EnrolledDevice()
    delivery = Delivery(device.store, None, device.links, device.keys, device.clock)  # type: ignore[arg-type] # never reached
    with pytest.raises(NotEnrolledError):
        delivery.run_once()


def test_two_deliveries_at_once_double_nothing(side: CentralSide, device: EnrolledDevice) -> None:
    seq, sealed = device.seal()
    device.links.trouble = Call.go
    link = device.link()
    path = f"/v1/devices/{device.identity.device_id}"
    device.links.trouble = lambda call: LinkAnswer(503, b"") if call.method == "PUT" else call.go()
    device.delivery.run_once()
    device.links.trouble = Call.go
    answers: list[int] = []

    def put() -> None:
        mine = device.link()
        answers.append(mine.call("PUT", f"{path}/records/{seq}", sealed.blob).status)
        mine.close()

    threads = [threading.Thread(target=put) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    link.call("GET", f"/v1/devices/{device.identity.device_id}/receipts?from=0&tree=0")
    link.close()
    assert sorted(answers) == [200, 200, 200, 201]
    assert leaves(side, device) == [seq]
    with reading(side.data) as ledger:
        assert len(ledger.sealed_from(device.identity.device_id, 0, 10)) == 1


# --- what is owed ---------------------------------------------------------------------------------


def test_nothing_is_owed_once_everything_arrived(device) -> None:
    seq, _ = device.seal()
    assert device.delivery.owed().records == {seq}
    assert device.delivery.owed().entries == device.size()
    device.delivery.run_once()
    # The deletion is an entry of its own, and was sent by the same delivery.
    assert device.delivery.owed() == Owed()
    assert not device.delivery.owed()
    device.journal.record(EntryKind.FRAUD_ALERT, {"case": "c-17"})
    assert device.delivery.owed() == Owed(entries=device.size())


def test_what_a_person_must_send_is_owed_by_nobody(device) -> None:
    device.seal(extra_bytes=BIG)
    device.delivery.set_metered(metered=True)
    device.delivery.run_once()
    assert device.delivery.owed() == Owed()
    device.delivery.set_metered(metered=False)
    assert device.delivery.owed()


def test_entries_that_somebody_else_brought_are_not_owed(device) -> None:
    device.delivery.run_once()
    with device.store.begin() as uow:
        uow.values.delete(ACKNOWLEDGED)
        uow.commit()
    assert device.delivery.owed().entries
    device.delivery.run_once()
    assert device.delivery.owed() == Owed()


# --- metered links --------------------------------------------------------------------------------

BIG = 300_000


def test_on_a_metered_link_only_what_is_small_goes_by_itself(side, device) -> None:
    small, _ = device.seal(extra_bytes=1000)
    big, _ = device.seal(extra_bytes=BIG)
    device.delivery.set_metered(metered=True)
    for _ in range(2):
        assert device.delivery.run_once().reason == ""
    assert device.row(small).state is OutboxState.STORED
    held = device.row(big)
    assert (held.state, held.attempts, held.reason) == (OutboxState.WAITING, 0, "")
    assert leaves(side, device) == [small]
    with side.ledger() as ledger:
        entries = ledger.entries(device.identity.device_id, 0, 100)
    assert big in [entry.seq for entry in entries], "that the big one exists is known"


def test_what_a_metered_link_held_goes_when_somebody_asks(side, device) -> None:
    big, _ = device.seal(extra_bytes=BIG)
    device.delivery.set_metered(metered=True)
    device.delivery.run_once()
    assert device.delivery.run_once(metered=False).stored == 1
    assert leaves(side, device) == [big]
    assert device.delivery.is_metered(), "asking once changes no setting"


def test_what_a_metered_link_held_goes_when_it_is_one_no_more(device) -> None:
    device.seal(extra_bytes=BIG)
    device.delivery.set_metered(metered=True)
    assert device.delivery.run_once().sent == 0
    device.delivery.set_metered(metered=False)
    assert device.delivery.run_once().stored == 1


def test_the_settings_file_counts_until_somebody_says_otherwise(device) -> None:
    made = (device.store, device.journal, device.links, device.keys, device.clock)
    delivery = Delivery(*made, metered=True)
    assert delivery.is_metered()
    delivery.set_metered(metered=False)
    assert not Delivery(*made, metered=True).is_metered()


def test_a_pace_is_measured_where_enough_was_sent(device) -> None:
    def slow(call: Call) -> LinkAnswer:
        if "/records/" in call.path:
            device.clock.advance(seconds=3)
        return call.go()

    device.links.trouble = slow
    assert device.delivery.run_once().pace is None
    _, sealed = device.seal(extra_bytes=BIG)
    assert device.delivery.run_once().pace == pytest.approx(len(sealed.blob) / 3)


def test_a_clock_that_was_set_neither_shortens_nor_lengthens_a_grace(fielded: FieldDevice) -> None:
    """A delivered record stays for the hours that the policy says, and goes after them."""
    seq = fielded.visit(1).seq
    assert fielded.send().stored == 1
    fielded.clock.set_wall(fielded.clock.now() + timedelta(days=365))
    assert fielded.send().purged == 0
    fielded.clock.set_wall(fielded.clock.now() - timedelta(days=730))
    fielded.clock.advance(seconds=23 * 3600)
    assert fielded.send().purged == 0
    fielded.clock.advance(seconds=2 * 3600)
    assert fielded.send().purged == 1
    with fielded.store.begin() as uow:
        assert uow.blobs.get(seq) is None
        assert uow.values.names("outbox-proven/") == ()
