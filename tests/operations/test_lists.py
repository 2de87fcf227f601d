"""Lists over a large fleet: every device once, in order, and never by a walk through all."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from sqlalchemy import event

from central.archive import fleet_order
from central.archive.database import Database
from central.archive.fleet_order import Cursor, Order, Sort
from central.archive.fleet_pages import DeviceLine, Limits
from central.archive.reader import Reader
from central.operations.census import DRIFT_S, limits_at
from kiosk.domain.ids import DeviceId
from tests.fakes.fleet import seed
from tests.fakes.stores import postgres

NOW = datetime(2026, 11, 26, 21, 0, tzinfo=UTC)
COUNT = 3000
SIZE = 170
KEYS = {
    Sort.DEVICE: lambda line: line.device_id,
    Sort.OFFICE: lambda line: line.office_id,
    Sort.CONTACT: lambda line: line.contact_at,
    Sort.MISSING: lambda line: line.missing,
    Sort.DRIFT: lambda line: -1 if line.drift_s is None else abs(line.drift_s),
    Sort.BUILD: lambda line: line.app_build,
    Sort.SINCE: lambda line: line.behind_since,
}


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def fleet(request, tmp_path_factory) -> Iterator[Reader]:
    if request.param == "sqlite":
        where = tmp_path_factory.mktemp("fleet") / "c.db"
        yield from seeded(where)
        return
    with postgres() as server:
        yield from seeded(server.url)


@pytest.fixture(scope="module")
def embedded(tmp_path_factory) -> Iterator[Reader]:
    yield from seeded(tmp_path_factory.mktemp("embedded") / "c.db")


def seeded(where) -> Iterator[Reader]:
    database = Database(where)
    seed(database, COUNT, NOW)
    reader = Reader(where)
    yield reader
    reader.close()
    database.close()


def walked(reader: Reader, order: Order, *, back: bool = False) -> list[DeviceLine]:
    """Every page of a list, from the first to the last; or back again from there."""
    with reader.reading() as state:
        found = state.fleet.page(order, None, SIZE)
        pages = [found]
        while found.after is not None:
            found = state.fleet.page(order, found.after, SIZE)
            pages.append(found)
        if back:
            pages = [found]
            while found.before is not None:
                found = state.fleet.page(order, found.before, SIZE)
                pages.insert(0, found)
    return [line for page in pages for line in page.lines]


@pytest.mark.parametrize("down", [False, True])
@pytest.mark.parametrize("sort", list(Sort))
def test_every_device_is_listed_once_in_order_there_and_back(fleet, sort, down):
    order = fleet_order.all_devices(sort, descending=down)
    lines = walked(fleet, order)
    assert len({line.device_id for line in lines}) == len(lines) == COUNT
    # PostgreSQL sorts text by its own collation; here all of it is plain.
    keys = [(KEYS[sort](line), line.device_id) for line in lines]
    assert keys == sorted(keys, reverse=down)
    assert walked(fleet, order, back=True) == lines


def test_each_view_holds_exactly_what_its_name_says(fleet):
    limits = limits_at(NOW)
    everyone = walked(fleet, fleet_order.all_devices(Sort.DEVICE, descending=False))
    views = {
        fleet_order.owing(): lambda one: one.missing > 0,
        fleet_order.late(limits.late_before): lambda one: (
            "" < one.behind_since < limits.late_before
        ),
        fleet_order.silent(limits.silent_before): lambda one: (
            one.contact_at < limits.silent_before and not one.ended
        ),
        fleet_order.drifting(DRIFT_S): lambda one: abs(one.drift_s or 0) >= DRIFT_S,
        fleet_order.quarantined(): lambda one: one.quarantined,
        fleet_order.ended("device_closed"): lambda one: one.ended == "device_closed",
        fleet_order.of_office("010010"): lambda one: one.office_id == "010010",
        fleet_order.of_build("0.1.0"): lambda one: one.app_build == "0.1.0",
    }
    for order, fits in views.items():
        wanted = {line.device_id for line in everyone if fits(line)}
        found = [line.device_id for line in walked(fleet, order)]
        assert wanted
        assert len(found) == len(wanted)
        assert set(found) == wanted


def test_lost_devices_are_listed_page_by_page_and_are_silent_no_more(fleet):
    everyone = walked(fleet, fleet_order.all_devices(Sort.DEVICE, descending=False))
    limits = limits_at(NOW)
    lost = frozenset(line.device_id for line in everyone[::9]) | {DeviceId("dev-unknown")}
    with fleet.reading() as state:
        first = state.fleet.named(lost, None, SIZE)
        second = state.fleet.named(lost, first.after, SIZE)
        back = state.fleet.named(lost, second.before, SIZE)
        census = state.fleet.census(limits_at(NOW, lost))
    assert [line.device_id for line in first.lines + second.lines] == sorted(lost)[:-1]
    assert (first.before, second.after, back.lines) == (None, None, first.lines)
    silent = walked(fleet, fleet_order.silent(limits.silent_before, lost))
    assert census.silent == len(silent)
    assert not lost & {line.device_id for line in silent}


def test_the_census_counts_what_the_lists_show(fleet):
    limits: Limits = limits_at(NOW)
    with fleet.reading() as state:
        census = state.fleet.census(limits)
    everyone = walked(fleet, fleet_order.all_devices(Sort.DEVICE, descending=False))
    assert census.devices == COUNT
    assert census.late == len(walked(fleet, fleet_order.late(limits.late_before)))
    assert census.silent == len(walked(fleet, fleet_order.silent(limits.silent_before)))
    assert census.drifting == len(walked(fleet, fleet_order.drifting(DRIFT_S)))
    assert census.quarantined == len(walked(fleet, fleet_order.quarantined()))
    assert census.missing == sum(line.missing for line in everyone)
    assert sum(number for _, number in census.alarms) == sum(line.alarms for line in everyone)
    assert dict(census.builds)["0.1.0"] == len(walked(fleet, fleet_order.of_build("0.1.0")))


@pytest.mark.parametrize("part", [4, 6, 10])
def test_the_beginning_of_a_number_finds_all_that_begin_so(fleet, part):
    everyone = walked(fleet, fleet_order.all_devices(Sort.DEVICE, descending=False))
    beginning = everyone[COUNT // 2].device_id[:part]
    with fleet.reading() as state:
        found = state.fleet.beginning_with(beginning, 4000)
        none = state.fleet.beginning_with("dev-_%", 10)
    assert [f.device_id for f in found] == [
        line.device_id for line in everyone if line.device_id.startswith(beginning)
    ]
    assert none == ()


def plans(reader: Reader, work) -> list[str]:
    """How SQLite finds the rows of every statement that ``work`` runs."""
    statements: list[tuple[str, tuple]] = []

    def note(_connection, _cursor, statement, parameters, *_):
        statements.append((statement, parameters))

    event.listen(reader._engine, "before_cursor_execute", note)
    try:
        with reader.reading() as state:
            work(state)
    finally:
        event.remove(reader._engine, "before_cursor_execute", note)
    lines = []
    with reader._engine.connect() as connection:
        for statement, parameters in statements:
            rows = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)
            lines += [str(row[3]) for row in rows]
    return lines


ORDERS = [
    *(fleet_order.all_devices(sort, descending=down) for sort in Sort for down in (False, True)),
    fleet_order.owing(),
    fleet_order.late("2026-11-25T21:00:00.000+00:00"),
    fleet_order.silent("2026-11-23T21:00:00.000+00:00"),
    fleet_order.drifting(DRIFT_S),
    fleet_order.quarantined(),
    fleet_order.ended("device_closed"),
    fleet_order.of_office("010010"),
    fleet_order.of_build("0.1.0"),
]


@pytest.mark.parametrize("order", ORDERS, ids=range(len(ORDERS)))
def test_no_page_sorts_or_walks_through_the_fleet(embedded, order):
    # Of SQLite alone: what PostgreSQL plans depends on its statistics.
    with embedded.reading() as state:
        (line,) = state.fleet.page(order, None, 1).lines
    cursor = Cursor(str(KEYS[order.sort](line)), line.device_id)
    for begin in (None, cursor):
        found = plans(embedded, lambda state, at=begin: state.fleet.page(order, at, 50))
        assert not [line for line in found if "TEMP B-TREE" in line and "GROUP" not in line]
        scans = [line for line in found if line.startswith("SCAN")]
        # The first page of an order over everybody begins at the end of its index and stops.
        assert all("USING" in line and "INDEX" in line for line in scans), scans
        assert not scans or begin is None
