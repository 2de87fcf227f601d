"""What is counted for those who run the fleet is what a walk through everything would count."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import delete

from central.archive.database import Database
from central.archive.figures import figures_of
from central.archive.fleet_filling import fill
from central.archive.fleet_pages import DeviceLine, FleetPages
from central.archive.fleet_rows import Sighting
from central.archive.fleet_schema import TABLES
from central.archive.layout import Layout
from central.archive.ledger import Ledger
from central.archive.rows import DeviceRow
from central.archive.storage import open_database
from central.collector.sightings import Sightings
from kiosk.audit.entries import EntryKind
from kiosk.crypto.http_signatures import VerifiedRequest
from kiosk.domain.ids import DeviceId, KeyId, OfficeId
from tests.fakes.central_side import CentralSide, founded, reading, serving
from tests.fakes.enrolled import EnrolledDevice

NOW = datetime(2026, 11, 26, 21, 0, tzinfo=UTC)
ENROLLED = "2026-11-20T08:00:00+00:00"


@contextmanager
def opened(data: Path) -> Iterator[Database]:
    database = open_database(Layout(data))
    try:
        yield database
    finally:
        database.close()


def line_of(ledger: Ledger, name: str) -> DeviceLine:
    line = FleetPages(ledger._connection).device(name)
    assert line is not None
    return line


@pytest.mark.process
def test_counts_are_those_of_a_walk_through_journals_and_records(side: CentralSide, device):
    for extra in (0, 5000):
        device.seal(extra_bytes=extra)
    device.journal.record(EntryKind.FRAUD_ALERT, {"case": "c-1"})
    device.delivery.run_once()
    device.seal()
    with side.ledger() as ledger:
        name = device.identity.device_id
        line, row = line_of(ledger, name), ledger.device(name)
        assert row is not None
        announced = [e for e in ledger.entries(name, 0, row.size) if e.record_id]
        assert (line.entries, line.announced, line.received, line.missing) == (row.size, 2, 2, 0)
        assert len(announced) == line.announced
        assert line.held_bytes > 5000
        assert (line.app_build, line.office_id, line.quarantined) == ("0.1.0", "075012", False)
        assert line.alarms == 1
        assert line.behind_since == ""
        assert line.told_at
        kinds = [a.kind for a in FleetPages(ledger._connection).alarms(None, 50, name)]
        assert kinds == ["fraud_alert"]


@pytest.mark.process
def test_a_database_from_before_is_counted_once_and_gives_the_same(tmp_path):
    data = founded(tmp_path / "data")
    with serving(data) as running:
        device = EnrolledDevice().enrol(running.enrol_code("075012"))
        twin = device.clone()
        device.seal()
        device.delivery.run_once()
        device.seal()
        twin.seal()
        device.delivery.run_once()
        twin.delivery.run_once()
        device.seal()
        device.delivery.run_once()
    name = device.identity.device_id
    with opened(data) as database:
        with database.reading() as ledger:
            before, figures = line_of(ledger, name), figures_of(ledger)
        assert before.quarantined
        assert before.held_back == 1
        with database.writing() as ledger:
            for table in reversed(TABLES):
                ledger._connection.execute(delete(table))
        assert fill(database, NOW.isoformat()) == 1
        assert fill(database, NOW.isoformat()) == 0
        with database.reading() as ledger:
            after = line_of(ledger, name)
            assert figures_of(ledger) == figures
    counted = ("announced", "received", "missing", "held_back", "held_bytes", "app_build")
    assert [getattr(after, n) for n in counted] == [getattr(before, n) for n in counted]
    assert (after.alarms, after.quarantined) == (before.alarms, True)


@pytest.mark.process
def test_a_device_with_a_wrong_clock_is_told_with_its_drift(tmp_path):
    data = founded(tmp_path / "data")
    with serving(data) as running:
        wrong, right = EnrolledDevice(), EnrolledDevice()
        for device in (wrong, right):
            device.enrol(running.enrol_code())
        wrong.clock.wall += timedelta(hours=2)
        right.seal()
        wrong.seal()
        assert wrong.delivery.run_once().reason == ""
        right.delivery.run_once()
        assert running.stop() == 0
    with reading(data) as ledger:
        off = line_of(ledger, wrong.identity.device_id)
        fine = line_of(ledger, right.identity.device_id)
    assert off.drift_s is not None
    assert fine.drift_s is not None
    assert abs(off.drift_s - 7200) < 30
    assert off.refused
    assert abs(fine.drift_s) < 30
    assert not fine.refused
    assert off.contact_at > off.told_at[:16]


@pytest.fixture
def database(tmp_path) -> Iterator[Database]:
    database = Database(tmp_path / "c.db")
    with database.writing() as ledger:
        for name in ("dev-a", "dev-b"):
            row = DeviceRow(DeviceId(name), b"k" * 32, OfficeId("075012"), ENROLLED)
            ledger.put_device(row)
    yield database
    database.close()


def call(created: datetime, name: str = "a") -> VerifiedRequest:
    return VerifiedRequest(KeyId(name), bytes(32), round(created.timestamp()))


def seen(database: Database, name: str = "dev-a") -> tuple[str, int | None, bool]:
    with database.reading() as ledger:
        line = line_of(ledger, name)
    return line.contact_at, line.drift_s, line.refused


def minutes(number: float) -> datetime:
    return NOW + timedelta(minutes=number)


def test_a_device_is_written_down_once_a_minute(database):
    sightings = Sightings(database)
    for second in (0, 10, 59):
        at = NOW + timedelta(seconds=second)
        sightings.note(call(at), at)
        sightings.flush()
    assert seen(database) == ("2026-11-26T21:00:00.000+00:00", 0, False)
    sightings.note(call(minutes(1)), minutes(1))
    sightings.flush()
    assert seen(database)[0] == "2026-11-26T21:01:00.000+00:00"
    assert seen(database, "dev-b") == (ENROLLED, None, False)


def test_what_is_signed_after_a_refusal_says_nothing_of_the_clock(database):
    sightings = Sightings(database)
    sightings.note(call(minutes(120)), NOW, refused=True)
    sightings.note(call(NOW), NOW)
    sightings.flush()
    sightings.note(call(minutes(2)), minutes(2))
    sightings.flush()
    assert seen(database) == ("2026-11-26T21:02:00.000+00:00", 7200, True)
    # Mended: the next deliveries are signed by its own clock, and none is refused.
    sightings.note(call(minutes(400)), minutes(400))
    sightings.flush()
    assert seen(database) == ("2026-11-27T03:40:00.000+00:00", 0, False)


def test_a_later_refusal_counts_at_once(database):
    sightings = Sightings(database)
    sightings.note(call(minutes(60)), NOW, refused=True)
    sightings.flush()
    sightings.note(call(minutes(-60)), minutes(5), refused=True)
    sightings.flush()
    assert seen(database)[1:] == (-65 * 60, True)


def test_contacts_of_two_processes_never_go_back(database):
    with database.writing() as ledger:
        for at in (minutes(5), minutes(3)):
            stamp = at.isoformat(timespec="milliseconds")
            ledger.fleet.saw([Sighting(DeviceId("dev-a"), stamp, 1, False)], "")
    assert seen(database)[0] == minutes(5).isoformat(timespec="milliseconds")


def test_sightings_of_a_device_that_is_not_here_change_nothing(database):
    sightings = Sightings(database)
    sightings.note(call(NOW, "stranger"), NOW)
    sightings.flush()
    assert seen(database) == (ENROLLED, None, False)


def test_an_end_is_told_until_somebody_works_there_again(database):
    with database.writing() as ledger:
        ledger.fleet._change(DeviceId("dev-a"), ended="lease_expired")
    with database.reading() as ledger:
        assert line_of(ledger, "dev-a").ended == "lease_expired"


def test_receipts_are_counted_by_hour(database):
    with database.writing("log") as ledger:
        for number in (3, 4):
            ledger.fleet.count_receipts("2026-11-26T21", number)
        ledger.fleet.count_receipts("2026-11-26T20", 1)
    with database.reading() as ledger:
        pages = FleetPages(ledger._connection)
        assert pages.receipts_since("2026-11-26T21") == {"2026-11-26T21": 7}
