"""Erasure: by two, written down, never against a hold, and where the record still is elsewhere."""

import sqlite3
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from central.auditor.erasure import erase, hold, reapply, release
from central.auditor.histories import Histories
from central.auditor.opening import Opening, RecordUnknownError
from central.auditor.opening_log import held
from central.auditor.orders import Act
from central.auditor.refusal import AuditRefusedError
from central.auditor.session import Target, session
from kiosk.domain.ids import DeviceId, RecordId
from kiosk.ports import LinkAnswer
from tests.fakes import programs
from tests.fakes.auditors import Auditors, auditors_of
from tests.fakes.central_side import CentralSide, reading, serving
from tests.fakes.enrolled import EnrolledDevice

pytestmark = pytest.mark.process
Office = tuple[Auditors, CentralSide, EnrolledDevice]


@pytest.fixture
def office(tmp_path) -> Iterator[Office]:
    two = auditors_of(tmp_path)
    with serving(two.layout.root) as side:
        device = EnrolledDevice().enrol(side.enrol_code())
        device.seal()
        device.seal()
        assert device.delivery.run_once().stored == 2
        yield two, side, device


def now() -> datetime:
    return datetime.now(UTC)


def act(two: Auditors, which: Act, record: RecordId):
    """Carry out an order about one record."""
    authority = two.authority(which, (record,), now())
    with session(two.layout, two.present(), authority) as at_work:
        return {Act.ERASE: erase, Act.HOLD: hold, Act.RELEASE: release}[which](
            two.layout, at_work, now()
        )


def record_of(device: EnrolledDevice, seq: int = 2) -> RecordId:
    return device.row(seq).record_id


def header_of(two: Auditors, device: EnrolledDevice, seq: int = 2) -> bytes | None:
    with reading(two.layout.root) as ledger:
        sealed = ledger.sealed(device.identity.device_id, seq)
    assert sealed is not None
    return sealed.header


def left_on_disk(two: Auditors, data: bytes) -> list[str]:
    files = [path for path in two.layout.collector.rglob("*") if path.is_file()]
    return [path.name for path in files if data in path.read_bytes()]


def problems(two: Auditors) -> list[str]:
    report = Histories(two.layout).verify(now())
    return [*report.problems, *(p for device in report.devices for p in device.problems)]


def test_an_erased_record_is_noise_and_its_proofs_still_hold(office: Office) -> None:
    two, side, device = office
    header = header_of(two, device)
    assert header is not None
    key = header[400:1200]  # a piece of the stanza that holds the key
    assert left_on_disk(two, key)
    side.stop()
    (done,) = act(two, Act.ERASE, record_of(device)).records
    assert (done.erased, done.waiting) == (True, False)
    assert left_on_disk(two, key) == []
    with pytest.raises(RecordUnknownError, match="erased"):
        Opening(two.layout, two.present().identity).find(record_of(device))
    assert problems(two) == []
    assert header_of(two, device, 3) is not None


def test_a_receipt_is_given_for_an_erased_record_as_before(office: Office) -> None:
    two, _, device = office
    act(two, Act.ERASE, record_of(device))
    device.seal()
    assert device.delivery.run_once().stored == 1
    assert problems(two) == []


def test_a_key_that_is_gone_without_an_order_is_a_deletion(office: Office) -> None:
    two, _, _ = office
    with sqlite3.connect(two.layout.database) as connection:
        connection.execute("UPDATE sealed SET header = NULL WHERE seq = 2")
    connection.close()
    assert problems(two) == ["record 2: its key is gone, and nobody ordered that"]


def test_an_order_that_an_operator_made_up_is_named(office: Office) -> None:
    two, _, device = office
    with sqlite3.connect(two.layout.database) as connection:
        connection.execute("UPDATE sealed SET header = NULL WHERE seq = 2")
        row = (record_of(device), "a.b.c", "d.e.f", "2026-11-26", "2026-11-26")
        connection.execute("INSERT INTO erasure_orders VALUES (?, ?, ?, ?, ?)", row)
    connection.close()
    (found,) = problems(two)
    assert "not signed" in found


def test_a_legal_hold_goes_before_an_erasure(office: Office) -> None:
    two, _, device = office
    record = record_of(device)
    assert [one.held for one in act(two, Act.HOLD, record).records] == [True]
    with pytest.raises(AuditRefusedError, match="hold"):
        act(two, Act.ERASE, record)
    assert header_of(two, device) is not None
    with held(two.layout, two.control) as log:
        assert [(line.act, line.result, line.why) for line in log.lines] == [
            ("hold", "granted", ""),
            ("erase", "blocked", "hold"),
        ]
    assert act(two, Act.RELEASE, record).records == ()
    (done,) = act(two, Act.ERASE, record).records
    assert done.erased


# --- the record is elsewhere ---


def on_the_tablet(device: EnrolledDevice) -> tuple[int, RecordId]:
    """A record whose entry has arrived, and whose bytes have not."""
    seq, _ = device.seal()
    go = device.links.trouble
    device.links.trouble = lambda call: LinkAnswer(503, b"") if call.method == "PUT" else call.go()
    device.delivery.run_once()
    device.links.trouble = go
    device.clock.advance(seconds=600)
    return seq, record_of(device, seq)


def test_an_order_waits_for_a_record_that_is_still_on_a_tablet(office: Office) -> None:
    two, _, device = office
    seq, record = on_the_tablet(device)
    (done,) = act(two, Act.ERASE, record).records
    assert (done.erased, done.waiting) == (False, True)
    assert device.delivery.run_once().stored == 1
    assert header_of(two, device, seq) is None
    assert not device.has_blob(seq)  # it got its receipt, and deleted its own copy
    assert problems(two) == []
    with reading(two.layout.root) as ledger:
        order = ledger.erasures.order(record)
        assert order is not None
        assert order.done_at is not None


def test_an_order_may_come_before_anything_of_the_record(office: Office) -> None:
    two, _, device = office
    seq, _ = device.seal()
    (done,) = act(two, Act.ERASE, record_of(device, seq)).records
    assert done.waiting
    assert device.delivery.run_once().stored == 1
    assert header_of(two, device, seq) is None
    assert problems(two) == []


def test_a_hold_placed_meanwhile_keeps_it_until_its_release(office: Office) -> None:
    two, _, device = office
    seq, record = on_the_tablet(device)
    act(two, Act.ERASE, record)
    act(two, Act.HOLD, record)
    assert device.delivery.run_once().stored == 1
    assert header_of(two, device, seq) is not None
    (done,) = act(two, Act.RELEASE, record).records
    assert done.erased
    assert header_of(two, device, seq) is None


def test_parts_of_an_upload_are_dropped_with_it(office: Office) -> None:
    two, _, device = office
    seq, record = on_the_tablet(device)
    two.layout.uploads.mkdir(exist_ok=True)
    part = two.layout.uploads / f"{device.identity.device_id}-{seq:012d}.part"
    part.write_bytes(b"age-encryption.org/v1\n")
    act(two, Act.ERASE, record)
    assert not part.exists()


def test_parts_of_a_record_that_comes_again_are_dropped_too(office: Office) -> None:
    """Its payload was damaged here: its row stands, and its device has begun to send it anew."""
    two, _, device = office
    header = header_of(two, device)
    assert header is not None
    two.layout.uploads.mkdir(exist_ok=True)
    part = two.layout.uploads / f"{device.identity.device_id}-{2:012d}.part"
    part.write_bytes(header)
    act(two, Act.ERASE, record_of(device))
    assert left_on_disk(two, header[400:1200]) == []
    assert not part.exists()


def test_a_record_in_quarantine_is_erased_too(office: Office) -> None:
    two, _, device = office
    other = device.clone()
    device.seal()
    device.delivery.run_once()
    seq, _ = other.seal()
    other.delivery.run_once()
    assert device.seal()[0] > seq
    device.delivery.run_once()
    record = record_of(device, device.size() - 1)
    with reading(two.layout.root) as ledger:
        row = ledger.sealed(device.identity.device_id, device.size() - 1)
    assert row is not None
    assert row.state == "quarantined"
    (done,) = act(two, Act.ERASE, record).records
    assert done.erased


# --- a backup put back ---


def test_orders_are_carried_out_again_on_a_backup(office: Office, tmp_path) -> None:
    two, side, device = office
    side.stop()
    backup = tmp_path / "backup.db"
    source, copy = sqlite3.connect(two.layout.database), sqlite3.connect(backup)
    source.backup(copy)
    copy.close()
    source.close()
    act(two, Act.HOLD, record_of(device, 3))
    act(two, Act.ERASE, record_of(device))
    for path in two.layout.collector.glob("collector.db*"):
        path.unlink()
    backup.rename(two.layout.database)
    assert header_of(two, device) is not None
    with held(two.layout, two.control) as log:
        (done,) = reapply(two.layout, log, now()).records
    assert done.erased
    assert header_of(two, device) is None
    with pytest.raises(AuditRefusedError, match="hold"):
        act(two, Act.ERASE, record_of(device, 3))
    assert problems(two) == []


def test_a_hold_placed_after_a_release_outlasts_a_replay(office: Office) -> None:
    two, _, device = office
    record = record_of(device)
    for which in (Act.HOLD, Act.RELEASE, Act.HOLD):
        act(two, which, record)
    with held(two.layout, two.control) as log:
        reapply(two.layout, log, now())
    with reading(two.layout.root) as ledger:
        assert len(ledger.erasures.holds(record)) == 1
    with pytest.raises(AuditRefusedError, match="hold"):
        act(two, Act.ERASE, record)
    assert header_of(two, device) is not None


@pytest.mark.parametrize("released", [False, True])
def test_a_replay_leaves_every_hold_as_the_log_does(office: Office, released: bool) -> None:
    two, _, device = office
    record = record_of(device)
    act(two, Act.HOLD, record)
    if released:
        act(two, Act.RELEASE, record)
    with sqlite3.connect(two.layout.database) as connection:  # what a backup would say
        connection.execute(
            "UPDATE legal_holds SET released_at = ?", (None if released else "2026-11-26",)
        )
    connection.close()
    with held(two.layout, two.control) as log:
        reapply(two.layout, log, now())
    with reading(two.layout.root) as ledger:
        assert len(ledger.erasures.holds(record)) == (not released)


# --- the log of openings says what was ordered, not the database ---


def carry_out(two: Auditors, record: RecordId, order: str, approval: str) -> None:
    """As somebody does who may write into the database."""
    with sqlite3.connect(two.layout.database) as connection:
        connection.execute("UPDATE sealed SET header = NULL WHERE seq = 2")
        row = (record, order, approval, "2026-11-26", "2026-11-26")
        connection.execute("INSERT INTO erasure_orders VALUES (?, ?, ?, ?, ?)", row)
    connection.close()


def test_an_order_that_was_blocked_makes_no_erasure_lawful(office: Office) -> None:
    two, _, device = office
    record = record_of(device)
    act(two, Act.HOLD, record)
    with pytest.raises(AuditRefusedError):
        act(two, Act.ERASE, record)
    with held(two.layout, two.control) as log:
        line = log.lines[-1]
    carry_out(two, record, line.order, line.approval)
    (found,) = problems(two)
    assert "does not say that this was granted" in found


def test_an_order_that_was_approved_and_never_given_makes_none_lawful(office: Office) -> None:
    two, _, device = office
    record = record_of(device)
    unused = two.authority(Act.ERASE, (record,), now())
    carry_out(two, record, unused.token, unused.approval)
    (found,) = problems(two)
    assert "does not say that this was granted" in found


def test_a_hold_that_somebody_took_out_of_the_database_blocks(office: Office) -> None:
    two, _, device = office
    record = record_of(device)
    act(two, Act.HOLD, record)
    with sqlite3.connect(two.layout.database) as connection:
        connection.execute("DELETE FROM legal_holds")
    connection.close()
    with pytest.raises(AuditRefusedError, match="hold"):
        act(two, Act.ERASE, record)
    assert header_of(two, device) is not None


def test_an_erasure_that_was_granted_against_a_hold_is_named(office: Office) -> None:
    two, _, device = office
    record = record_of(device)
    act(two, Act.HOLD, record)
    authority = two.authority(Act.ERASE, (record,), now())
    with session(two.layout, two.present(), authority) as at_work:
        at_work.grant([Target(record, DeviceId(""))], now())
    carry_out(two, record, authority.token, authority.approval)
    assert problems(two) == ["record 2: its key is gone against a hold"]


def test_a_key_that_outlived_its_order_is_named_until_the_order_is_carried_out(
    office: Office,
) -> None:
    two, _, device = office
    record = record_of(device)
    authority = two.authority(Act.ERASE, (record,), now())
    with session(two.layout, two.present(), authority) as at_work:  # and then the power went
        at_work.grant([Target(record, DeviceId(""))], now())
    assert problems(two) == ["record 2: ordered to be erased, here, and its key still there"]
    with held(two.layout, two.control) as log:
        reapply(two.layout, log, now())
    assert problems(two) == []


def test_a_log_of_openings_that_does_not_verify_is_named(office: Office) -> None:
    two, _, device = office
    act(two, Act.ERASE, record_of(device))
    text = two.layout.openings.read_bytes()
    two.layout.openings.write_bytes(text.replace(b'"granted"', b'"blocked"'))
    assert len(problems(two)) == 2
    assert problems(two)[0].startswith("log of openings: ")


# --- rows that somebody took out of the database, or put in ---


def written(two: Auditors, statement: str, values: tuple[str, ...] = ()) -> None:
    """As somebody does who may write into the database."""
    with sqlite3.connect(two.layout.database) as connection:
        connection.execute(statement, values)
    connection.close()


def said(two: Auditors, *words: str) -> subprocess.CompletedProcess[str]:
    return programs.run("central", "audit", *words, "--data", two.layout.root)


def test_a_waiting_erasure_that_was_taken_out_is_missed(office: Office) -> None:
    two, _, device = office
    _, record = on_the_tablet(device)
    act(two, Act.ERASE, record)
    assert problems(two) == []
    written(two, "DELETE FROM erasure_orders")
    (found,) = problems(two)
    assert found.startswith("orders: the order of ")
    assert f"to erase record {record}, which is still to come, is not in the database" in found
    told = said(two, "openings")
    assert (told.returncode, "is not in the database" in told.stderr) == (0, True)
    assert said(two, "reapply").returncode == 0
    assert problems(two) == []
    assert "WRONG" not in said(two, "openings").stderr


def test_a_waiting_erasure_that_was_exchanged_is_missed(office: Office) -> None:
    two, _, device = office
    _, record = on_the_tablet(device)
    act(two, Act.ERASE, record)
    written(two, "UPDATE erasure_orders SET approval = 'a.b.c'")
    (found,) = problems(two)
    assert "as another one" in found
    assert said(two, "reapply").returncode == 0
    assert problems(two) == []


def test_a_waiting_erasure_that_nobody_ordered_is_named(office: Office) -> None:
    two, _, device = office
    _, record = on_the_tablet(device)
    row = (record, "a.b.c", "d.e.f", "2026-11-26", None)
    written(two, "INSERT INTO erasure_orders VALUES (?, ?, ?, ?, ?)", row)
    (found,) = problems(two)
    assert "nobody gave it" in found
    assert said(two, "reapply").returncode == 0
    assert problems(two) == []


@pytest.mark.parametrize(
    ("statement", "word"),
    [
        ("DELETE FROM legal_holds", "is not in the database"),
        ("UPDATE legal_holds SET released_at = '2026-11-26'", "as released"),
    ],
)
def test_a_hold_that_was_taken_out_is_missed(office: Office, statement: str, word: str) -> None:
    two, _, device = office
    record = record_of(device)
    act(two, Act.HOLD, record)
    assert problems(two) == []
    written(two, statement)
    (found,) = problems(two)
    assert found.startswith(f"orders: the hold on record {record}, placed ")
    assert word in found
    assert said(two, "reapply").returncode == 0
    assert problems(two) == []


@pytest.mark.parametrize("released", [False, True])
def test_a_hold_that_nobody_placed_is_named(office: Office, released: bool) -> None:
    two, _, device = office
    record = record_of(device)
    if released:
        act(two, Act.HOLD, record)
        act(two, Act.RELEASE, record)
        written(two, "UPDATE legal_holds SET released_at = NULL")
    else:
        row = ("0" * 32, record, "a.b.c", "d.e.f", "2026-11-26", None)
        written(two, "INSERT INTO legal_holds VALUES (?, ?, ?, ?, ?, ?)", row)
    (found,) = problems(two)
    assert ("was released" if released else "nobody placed it") in found
    assert said(two, "reapply").returncode == 0
    assert problems(two) == []


def test_an_order_that_nobody_gave_does_not_follow_a_release(office: Office) -> None:
    two, _, device = office
    record = record_of(device)
    act(two, Act.HOLD, record)
    row = (record, "a.b.c", "d.e.f", "2026-11-26", None)
    written(two, "INSERT INTO erasure_orders VALUES (?, ?, ?, ?, ?)", row)
    (found,) = problems(two)
    assert "or when a hold ends" in found
    assert act(two, Act.RELEASE, record).records == ()
    assert header_of(two, device) is not None


def test_a_key_that_went_while_a_hold_was_taken_out_is_named(office: Office) -> None:
    """The hold came while the erasure waited; its row was gone when the record arrived."""
    two, _, device = office
    seq, record = on_the_tablet(device)
    act(two, Act.ERASE, record)
    act(two, Act.HOLD, record)
    with sqlite3.connect(two.layout.database) as connection:
        rows = connection.execute("SELECT * FROM legal_holds").fetchall()
        connection.execute("DELETE FROM legal_holds")
    connection.close()
    assert device.delivery.run_once().stored == 1
    assert header_of(two, device, seq) is None
    for row in rows:  # and somebody put it back
        written(two, "INSERT INTO legal_holds VALUES (?, ?, ?, ?, ?, ?)", row)
    assert problems(two) == [f"record {seq}: its key is gone against a hold"]


def test_a_hold_on_what_was_erased_before_accuses_nobody(office: Office) -> None:
    two, _, device = office
    record = record_of(device)
    act(two, Act.ERASE, record)
    act(two, Act.HOLD, record)
    assert problems(two) == []


def test_an_order_that_was_carried_out_and_taken_out_is_named(office: Office) -> None:
    two, _, device = office
    act(two, Act.ERASE, record_of(device))
    written(two, "DELETE FROM erasure_orders")
    (found,) = problems(two)
    assert "as was ordered, and the order was taken out" in found
