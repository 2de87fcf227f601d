"""Lists over a large fleet: every device once, in order, and never by a walk through all."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import event

from central.archive import fleet_filters, fleet_order
from central.archive.database import Database
from central.archive.fleet_filters import Filter
from central.archive.fleet_order import Cursor, Order, Sort
from central.archive.fleet_pages import DeviceLine
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


@pytest.fixture(scope="module")
def everyone(fleet) -> list[DeviceLine]:
    """The fleet, by number."""
    return walked(fleet, fleet_order.all_devices(Sort.DEVICE, descending=False))


def walked(
    reader: Reader, order: Order, *, back: bool = False, size: int = SIZE
) -> list[DeviceLine]:
    """Every page of a list, from the first to the last; or back again from there."""
    with reader.reading() as state:
        found = state.fleet.page(order, None, size)
        pages = [found]
        while found.after is not None:
            found = state.fleet.page(order, found.after, size)
            pages.append(found)
        if back:
            pages = [found]
            while found.before is not None:
                found = state.fleet.page(order, found.before, size)
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


def by(*filters: Filter, sort: Sort = Sort.DEVICE, down: bool = False) -> Order:
    return Order(sort, down, filters)


LIMITS = limits_at(NOW)
FITS = {
    "owing": (fleet_filters.owing, lambda one: one.missing > 0),
    "late": (
        lambda size: fleet_filters.late(LIMITS.late_before, size),
        lambda one: "" < one.behind_since < LIMITS.late_before,
    ),
    "silent": (
        lambda size: fleet_filters.silent(LIMITS.silent_before, (), size),
        lambda one: one.contact_at < LIMITS.silent_before and not one.ended,
    ),
    "drifting": (
        lambda size: fleet_filters.drifting(DRIFT_S, size),
        lambda one: abs(one.drift_s or 0) >= DRIFT_S,
    ),
    "quarantined": (fleet_filters.quarantined, lambda one: one.quarantined),
    "closed": (
        lambda size: fleet_filters.ended("device_closed", size),
        lambda one: one.ended == "device_closed",
    ),
    "office": (
        lambda _: fleet_filters.of_office("010010"),
        lambda one: one.office_id == "010010",
    ),
    "build": (
        lambda size: fleet_filters.of_build("0.1.0", size),
        lambda one: one.app_build == "0.1.0",
    ),
    "begins": (
        lambda size: fleet_filters.beginning("dev-3", size),
        lambda one: one.device_id.startswith("dev-3"),
    ),
}
"""Each filter, given about how many fit, and what its name says of a device."""


@pytest.mark.parametrize("name", FITS)
def test_each_view_holds_exactly_what_its_name_says(fleet, everyone, name):
    make, fits = FITS[name]
    wanted = [line.device_id for line in everyone if fits(line)]
    assert wanted
    for size in (None, 1_000_000):
        assert [line.device_id for line in walked(fleet, by(make(size)))] == wanted


combined = st.lists(st.sampled_from(list(FITS)), min_size=1, max_size=4, unique=True)


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    names=combined,
    sort=st.sampled_from(list(Sort)),
    down=st.booleans(),
    sizes=st.lists(st.sampled_from([None, 5, 100_000]), min_size=4, max_size=4),
    back=st.booleans(),
)
def test_filters_combine_in_any_order_there_and_back(
    fleet, everyone, names, sort, down, sizes, back
):
    filters = [FITS[name][0](size) for name, size in zip(names, sizes, strict=False)]
    wanted = [line for line in everyone if all(FITS[name][1](line) for name in names)]
    wanted.sort(key=lambda line: (KEYS[sort](line), line.device_id), reverse=down)
    order = by(*filters, sort=sort, down=down)
    # Small pages, so that there are several; whatever leads, the list is the same.
    found = walked(fleet, order, back=back, size=7)
    assert [line.device_id for line in found] == [line.device_id for line in wanted]


def test_lost_devices_are_listed_page_by_page_and_are_silent_no_more(fleet, everyone):
    lost = frozenset(line.device_id for line in everyone[::9]) | {DeviceId("dev-unknown")}
    order = by(fleet_filters.named(lost))
    with fleet.reading() as state:
        first = state.fleet.page(order, None, SIZE)
        second = state.fleet.page(order, first.after, SIZE)
        back = state.fleet.page(order, second.before, SIZE)
        census = state.fleet.census(limits_at(NOW, lost))
    assert [line.device_id for line in first.lines + second.lines] == sorted(lost)[:-1]
    assert (first.before, second.after, back.lines) == (None, None, first.lines)
    silent = walked(fleet, by(fleet_filters.silent(LIMITS.silent_before, lost)))
    assert census.silent == len(silent)
    assert not lost & {line.device_id for line in silent}


def test_the_census_counts_what_the_lists_show(fleet, everyone):
    with fleet.reading() as state:
        census = state.fleet.census(LIMITS)
    counted = {
        "late": census.late,
        "silent": census.silent,
        "drifting": census.drifting,
        "owing": census.owing,
        "quarantined": census.quarantined,
        "build": dict(census.builds)["0.1.0"],
        "closed": dict(census.ended)["device_closed"],
    }
    assert census.devices == COUNT
    assert counted == {name: sum(map(FITS[name][1], everyone)) for name in counted}
    assert census.missing == sum(line.missing for line in everyone)
    assert sum(number for _, number in census.alarms) == sum(line.alarms for line in everyone)


@pytest.mark.parametrize("part", [4, 6, 10])
def test_the_beginning_of_a_number_finds_all_that_begin_so(fleet, everyone, part):
    beginning = everyone[COUNT // 2].device_id[:part]
    found = walked(fleet, by(fleet_filters.beginning(beginning)))
    assert [f.device_id for f in found] == [
        line.device_id for line in everyone if line.device_id.startswith(beginning)
    ]
    assert walked(fleet, by(fleet_filters.beginning("dev-_%"))) == []


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
    by(fleet_filters.owing(9000), sort=Sort.MISSING, down=True),
    by(fleet_filters.late(LIMITS.late_before, 9000), sort=Sort.SINCE),
    by(fleet_filters.silent(LIMITS.silent_before, (), 9000), sort=Sort.CONTACT),
    by(fleet_filters.drifting(DRIFT_S, 9000), sort=Sort.DRIFT, down=True),
    by(fleet_filters.quarantined()),
    by(fleet_filters.ended("device_closed")),
    by(fleet_filters.of_office("010010")),
    by(fleet_filters.of_build("0.1.0", 300)),
    by(fleet_filters.beginning("dev-3")),
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


def steps_of(reader: Reader, order: Order, cursor: Cursor | None) -> int:
    """Thousands of steps that SQLite's machine takes for a page: work, whatever else runs."""
    taken = 0

    def count() -> int:
        nonlocal taken
        taken += 1
        return 0

    with reader.reading() as state:
        raw = state.fleet._connection.connection.driver_connection
        assert raw is not None
        raw.set_progress_handler(count, 1000)
        try:
            state.fleet.page(order, cursor, 50)
        finally:
            raw.set_progress_handler(None, 0)
    return taken


@pytest.mark.parametrize("sort", [Sort.DEVICE, Sort.CONTACT, Sort.MISSING, Sort.BUILD])
@pytest.mark.parametrize(
    "names",
    [
        ("quarantined", "begins"),
        ("closed", "build"),
        ("late", "office"),
        ("silent", "build"),
        ("drifting", "begins"),
        ("silent", "build", "begins", "office"),
    ],
    ids="+".join,
)
def test_a_list_is_led_by_what_few_devices_fit(embedded, everyone, names, sort):
    filters = [FITS[name][0](sum(map(FITS[name][1], everyone))) for name in names]
    few = min(sum(map(FITS[name][1], everyone)) for name in names)
    for down in (False, True):
        order = by(*filters, sort=sort, down=down)
        taken = steps_of(embedded, order, None)
        # A page of lines takes some steps of its own; walking through the fleet takes 40 and more.
        assert taken <= 8 + few * 60 // 1000, taken
