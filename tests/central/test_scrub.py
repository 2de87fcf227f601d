"""Payloads that a disk spoilt while their rows stand: noticed, asked again, told where too late."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import update

from central.archive.layout import FolderError, Layout
from central.archive.payloads import FolderPayloads, PayloadState
from central.archive.reader import open_reader
from central.archive.schema import entries, log_leaves, sealed
from central.archive.storage import open_database, open_payloads
from central.auditor.opening import read_blob
from central.collector.keys import PolicyShelf
from central.collector.log import log_of
from central.collector.scrub import ALARM, Scrub, ScrubReport
from central.collector.server import load_keys
from kiosk.audit.entries import EntryKind, open_entry
from kiosk.ports import OutboxState
from kiosk.services.receipts_kept import VOID_PREFIX
from tests.fakes.central_side import CentralSide, ask, central, founded, serving
from tests.fakes.enrolled import EnrolledDevice

pytestmark = pytest.mark.process


@pytest.fixture
def side(tmp_path) -> Iterator[CentralSide]:
    with serving(founded(tmp_path / "central")) as running:
        yield running


@pytest.fixture
def device(side: CentralSide) -> EnrolledDevice:
    return EnrolledDevice().enrol(side.enrol_code())


@pytest.fixture
def patient(side: CentralSide, device: EnrolledDevice) -> EnrolledDevice:
    """A device that keeps its sealed copies for a day."""
    central("policy", "set", "retention.blob_grace_hours=24", "--data", side.data)
    device.delivery.run_once()
    return device


def payload_of(side: CentralSide, device: EnrolledDevice, seq: int):
    (path,) = Layout(side.data).payloads.glob(f"{device.identity.device_id}/{seq:012d}-*")
    return path


def scrubbed(side: CentralSide, **how) -> ScrubReport:
    database = open_database(Layout(side.data))
    try:
        scrub = Scrub(database, open_payloads(Layout(side.data)))
        return scrub.run(datetime.now(UTC), timedelta(hours=48), **how)
    finally:
        database.close()


def central_losses(device: EnrolledDevice) -> list[dict[str, object]]:
    with device.store.begin() as uow:
        rows = uow.journal.range(0, uow.journal.size())
    headers = [open_entry(row.jws, device.key.public) for row in rows]
    return [dict(h.facts) for h in headers if h.kind is EntryKind.CENTRAL_LOSS]


SPOILS = {
    PayloadState.ALTERED: lambda path: path.write_bytes(path.read_bytes()[:-1]),
    PayloadState.MISSING: lambda path: path.unlink(),
}


@pytest.mark.parametrize("what", SPOILS)
def test_a_payload_that_was_cut_short_is_asked_of_its_device_again(side, patient, what):
    seqs = [patient.seal()[0] for _ in range(2)]
    assert patient.delivery.run_once().stored == 2
    spoilt = seqs[0]
    path = payload_of(side, patient, spoilt)
    before = path.read_bytes()
    SPOILS[what](path)
    told = central("scrub", "--data", side.data, check=False)
    assert told.returncode == 1
    assert f"{what}: {patient.identity.device_id} entry {spoilt}" in told.stdout
    summary = patient.delivery.run_once()
    assert (summary.sent, summary.stored) == (1, 1)
    assert path.read_bytes() == before
    assert patient.row(spoilt).state is OutboxState.STORED
    assert central_losses(patient) == [{"seq": spoilt}]
    report = scrubbed(side)
    assert (report.checked, report.found, report.open) == (2, (), ())
    with side.ledger() as ledger:
        row = ledger.sealed(patient.identity.device_id, spoilt)
        leaf = ledger.leaf(patient.identity.device_id, spoilt)
        assert ledger.log().size == 2
        (damage,) = ledger.damages.every()
    assert leaf is not None
    assert damage.mended_at is not None
    assert read_blob(open_payloads(Layout(side.data)), row)


def test_no_receipt_speaks_of_a_payload_that_is_known_to_be_damaged(side, patient):
    """A receipt given now would let the last whole copy go."""
    seq, _ = patient.seal()
    patient.delivery.run_once()
    with patient.store.begin() as uow:
        uow.values.delete(f"central/receipt/{seq:012d}")
        uow.commit()
    payload_of(side, patient, seq).write_bytes(b"cut")
    assert [row.what for row in scrubbed(side).found] == [PayloadState.ALTERED]
    page = patient_page(side, patient)
    assert [item.state for item in page.receipts if item.seq == seq] == ["logged"]


def patient_page(side: CentralSide, device: EnrolledDevice):
    database = open_database(Layout(side.data))
    try:
        keys = load_keys(Layout(side.data))
        log = log_of(database, PolicyShelf(keys.root_public), keys.log)
        with database.reading() as ledger:
            return log.page(ledger, device.identity.device_id, 0, 0)
    finally:
        database.close()


def test_what_the_device_let_go_is_told_as_lost_and_the_operators_are_alarmed(side, device):
    seq, _ = device.seal()
    assert device.delivery.run_once().purged == 1
    payload_of(side, device, seq).unlink()
    scrubbed(side)
    for _ in range(2):
        assert device.delivery.run_once().reason == ""
    assert central_losses(device) == [{"seq": seq, "purged": True}]
    assert device.row(seq).purged
    assert len(scrubbed(side).open) == 1, "it stays told until it is found"
    reader = open_reader(Layout(side.data))
    with reader.reading() as state:
        assert state.fleet.alarm(device.identity.device_id, ALARM, seq) is not None
        told = [state.fleet.alarm(device.identity.device_id, "central_loss", n) for n in range(99)]
    reader.close()
    assert any(told)
    with device.store.begin() as uow:
        assert not uow.values.names(VOID_PREFIX)


def test_erased_records_and_whole_ones_are_left_alone(side, patient):
    erased, whole = (patient.seal()[0] for _ in range(2))
    patient.delivery.run_once()
    payload_of(side, patient, erased).unlink()
    database = open_database(Layout(side.data))
    with database.writing() as ledger:
        ledger._connection.execute(update(sealed).where(sealed.c.seq == erased).values(header=None))
    database.close()
    report = scrubbed(side)
    assert (report.checked, report.open) == (1, ())
    assert whole


def test_a_damaged_record_that_was_erased_since_is_waited_for_no_more(side, patient):
    seq, _ = patient.seal()
    patient.delivery.run_once()
    payload_of(side, patient, seq).unlink()
    assert [row.seq for row in scrubbed(side).open] == [seq]
    database = open_database(Layout(side.data))
    with database.writing() as ledger:
        ledger._connection.execute(update(sealed).where(sealed.c.seq == seq).values(header=None))
    database.close()
    assert scrubbed(side).open == ()
    central("scrub", "--all", "--data", side.data)


def test_a_store_that_is_not_there_is_not_taken_for_damage(side, patient):
    for _ in range(25):
        patient.seal()
    patient.delivery.run_once()
    folder = Layout(side.data).payloads
    folder.rename(folder.with_name("elsewhere"))
    folder.mkdir()
    with pytest.raises(FolderError, match="is the store there"):
        scrubbed(side)
    folder.rmdir()
    with pytest.raises(OSError, match="payloads"):
        scrubbed(side)
    folder.with_name("elsewhere").rename(folder)
    assert scrubbed(side).checked == 25
    with side.ledger() as ledger:
        assert ledger.damages.every() == ()


def test_older_ones_are_drawn_by_chance(side, patient):
    for _ in range(5):
        patient.seal()
    patient.delivery.run_once()
    database = open_database(Layout(side.data))
    scrub = Scrub(database, open_payloads(Layout(side.data)))
    later = datetime.now(UTC) + timedelta(days=9)
    assert scrub.run(later, timedelta(hours=48)).checked == 0
    assert scrub.run(later, timedelta(hours=48), sample=3).checked == 3
    assert scrub.run(later, timedelta(hours=48), sample=99).checked == 5
    assert scrub.run(later, None).checked == 5
    database.close()
    assert ask("scrub", "--all", "--data", side.data)["checked"] == 5


def test_what_cannot_be_read_is_said_to_be_so(tmp_path):
    (tmp_path / "name-00").mkdir()
    assert FolderPayloads(tmp_path).state("name-00") is PayloadState.UNREADABLE


ALTERATIONS = {
    "the digest of the record": update(sealed).values(blob_sha256=bytes(32)),
    "the leaf of the receipt": update(log_leaves).values(data=b'{"seq":0}'),
    "the entry of the device": update(entries)
    .where(entries.c.record_id.is_not(None))
    .values(jws="e30.e30.e30"),
}


@pytest.mark.parametrize("what", ALTERATIONS)
def test_a_row_that_says_otherwise_than_device_and_log_is_named(side, patient, what):
    """The payload is whole; somebody wrote in the database."""
    seq, _ = patient.seal()
    assert patient.delivery.run_once().stored == 1
    assert scrubbed(side).contradicted == ()
    database = open_database(Layout(side.data))
    with database.writing() as ledger:
        ledger._connection.execute(ALTERATIONS[what])
    database.close()
    report = scrubbed(side)
    assert (report.checked, report.found, report.open) == (1, (), ())
    assert report.contradicted == ((patient.identity.device_id, seq),)
    told = central("scrub", "--data", side.data, check=False)
    assert told.returncode == 1
    assert f"contradicted: {patient.identity.device_id} entry {seq}" in told.stdout
