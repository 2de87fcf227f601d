"""Counted together is counted one by one: the fleet's sums over any arrivals, restarts included."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from central.archive.database import Database
from central.archive.erasure_rows import ErasureRow, HoldRow
from central.archive.fleet_schema import device_states
from central.archive.rows import DeviceRow, EntryRow, SealedRow
from central.collector.arrivals import Arrivals
from kiosk.domain.ids import DeviceId, OfficeId, RecordId
from kiosk.sync.receipts import ReceiptState

AT = "2026-11-27T09:00:00.000+00:00"
DEVICES = tuple(DeviceId(f"dev-{n}") for n in range(4))


@dataclass(frozen=True)
class Step:
    """What happens: entries announced, records that arrive, records set apart, or a restart.

    Attributes:
        kind: ``announce``, ``arrive``, ``apart``, ``fail`` (a batch that is rolled back, then the
            process ends) or ``restart``.
        picks: (device, size, quarantined) of each record; of ``announce`` how many for which.
    """

    kind: str
    picks: tuple[tuple[int, int, bool], ...]


picked = st.tuples(st.integers(0, len(DEVICES) - 1), st.integers(0, 9), st.booleans())
steps = st.lists(
    st.builds(
        Step,
        st.sampled_from(["announce", "arrive", "arrive", "apart", "fail", "restart"]),
        st.lists(picked, min_size=1, max_size=12).map(tuple),
    ),
    max_size=14,
)


class OneByOne:
    """What is counted, said as one change for each record, in plain Python."""

    def __init__(self) -> None:
        self.states: dict[str, dict[str, Any]] = {
            name: {
                "announced": 0,
                "received": 0,
                "missing": 0,
                "held_back": 0,
                "held_bytes": 0,
                "behind_since": "",
            }
            for name in DEVICES
        }

    def announced(self, name: str, records: int) -> None:
        self.states[name]["announced"] += records
        self.states[name]["missing"] += records

    def behind(self, name: str) -> None:
        state = self.states[name]
        if state["missing"] > 0 and not state["behind_since"]:
            state["behind_since"] = AT

    def received(self, row: SealedRow) -> None:
        state = self.states[row.device_id]
        if state["missing"] <= 1:
            state["behind_since"] = ""
        state["received"] += 1
        state["missing"] -= 1
        state["held_bytes"] += row.size
        state["held_back"] += int(row.state == ReceiptState.QUARANTINED)

    def set_apart(self, name: str) -> None:
        self.states[name]["held_back"] += 1


class Grouped:
    """A real database over a file, which a restart opens anew."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.database = Database(path)
        self.announced = dict.fromkeys(DEVICES, 0)
        self.arrived: list[tuple[DeviceId, int]] = []
        with self.database.writing() as ledger:
            for name in DEVICES:
                ledger.put_device(DeviceRow(name, b"k" * 32, OfficeId("075012"), AT))

    def restart(self) -> None:
        self.database.close()
        self.database = Database(self.path)

    def states(self) -> dict[str, dict[str, Any]]:
        with self.database.reading() as ledger:
            rows = ledger._connection.execute(select(device_states)).mappings().all()
        names = ("announced", "received", "missing", "held_back", "held_bytes", "behind_since")
        return {row["device_id"]: {name: row[name] for name in names} for row in rows}


def rows_of(side: Grouped, picks: Sequence[tuple[int, int, bool]]) -> list[SealedRow]:
    """Records that were announced and have not come, as far as there are any."""
    rows: list[SealedRow] = []
    for number, size, apart in picks:
        name = DEVICES[number]
        taken = {seq for device, seq in side.arrived if device == name}
        taken |= {row.seq for row in rows if row.device_id == name}
        free = next((seq for seq in range(side.announced[name]) if seq not in taken), None)
        if free is not None:
            state = ReceiptState.QUARANTINED if apart else ReceiptState.LOGGED
            rows.append(SealedRow(name, free, b"b" * 32, b"p" * 32, b"h", AT, state, size))
    return rows


def announce(side: Grouped, model: OneByOne, step: Step) -> None:
    for number, size, told in step.picks:
        name = DEVICES[number]
        start = side.announced[name]
        new = tuple(EntryRow(name, start + n, "jws", b"l" * 32, RecordId("r")) for n in range(size))
        with side.database.writing(name) as ledger:
            ledger.add_entries(new)
            if told:
                # As FleetRows.told does when entries came: since when something is awaited.
                mine = device_states.c.device_id == name
                behind = (device_states.c.missing > 0) & (device_states.c.behind_since == "")
                ledger._connection.execute(
                    device_states.update().where(mine, behind).values(behind_since=AT)
                )
        side.announced[name] += size
        model.announced(name, size)
        if told:
            model.behind(name)


class CutOffError(Exception):
    """The process ends in the middle of a batch."""


def arrive(side: Grouped, model: OneByOne, step: Step) -> None:
    rows = rows_of(side, step.picks)
    if step.kind == "fail":
        with suppress(CutOffError), side.database.writing(*DEVICES) as ledger:
            ledger.add_all_sealed(rows)
            raise CutOffError
        side.restart()
    with side.database.writing(*DEVICES) as ledger:
        ledger.add_all_sealed(rows)
    for row in rows:
        model.received(row)
        side.arrived.append((row.device_id, row.seq))


def set_apart(side: Grouped, model: OneByOne, step: Step) -> None:
    keys = sorted({side.arrived[n % len(side.arrived)] for n, _, _ in step.picks if side.arrived})
    with side.database.writing(*DEVICES) as ledger:
        ledger.set_states(keys, ReceiptState.QUARANTINED)
    for name, _ in keys:
        model.set_apart(name)


LAST_TWO_AT_ONCE = [
    Step("announce", ((0, 2, True),)),
    Step("arrive", ((0, 5, False), (0, 6, True))),
    Step("announce", ((0, 3, True),)),
    Step("arrive", ((0, 5, False), (0, 6, True))),
]


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(steps)
@example(LAST_TWO_AT_ONCE)
def test_counted_together_is_counted_one_by_one(plan: list[Step]) -> None:
    model = OneByOne()
    with tempfile.TemporaryDirectory() as folder:
        side = Grouped(Path(folder) / "c.db")
        try:
            for step in plan:
                if step.kind == "restart":
                    side.restart()
                elif step.kind == "announce":
                    announce(side, model, step)
                elif step.kind == "apart":
                    set_apart(side, model, step)
                else:
                    arrive(side, model, step)
                assert side.states() == model.states
        finally:
            side.database.close()


@pytest.fixture
def filled(tmp_path: Path):
    side = Grouped(tmp_path / "c.db")
    for name in DEVICES[:2]:
        with side.database.writing() as ledger:
            ledger.add_entries(
                tuple(EntryRow(name, n, "j", b"l" * 32, RecordId(f"{name}-{n}")) for n in range(9))
            )
    yield side
    side.database.close()


def test_a_group_with_an_order_to_erase_in_it_forgets_that_one_only(filled: Grouped) -> None:
    database, name = filled.database, DEVICES[0]
    ordered, held = RecordId(f"{name}-1"), RecordId(f"{name}-2")
    with database.writing() as ledger:
        for record in (ordered, held):
            ledger.erasures.add_order(ErasureRow(record, "o", "a", AT))
        ledger.erasures.add_hold(HoldRow("h", held, "o", "a", AT))
        asked = (None, ordered, held, RecordId("r-x"), ordered)
        assert ledger.erasures.due_among(asked) == {ordered}
    arrivals = Arrivals(database)
    for seq in range(4):
        row = SealedRow(name, seq, b"b" * 32, b"p" * 32, b"h", AT, ReceiptState.LOGGED, 5)
        assert arrivals.commit(row, RecordId(f"{name}-{seq}"))
    with database.reading() as ledger:
        gone = [seq for seq in range(4) if ledger.sealed(name, seq).header is None]  # type: ignore[union-attr] # there
    assert gone == [1]
    assert filled.states()[name]["received"] == 4
    assert filled.states()[DEVICES[1]]["received"] == 0


def test_a_record_that_is_sent_twice_is_counted_once(filled: Grouped) -> None:
    arrivals, name = Arrivals(filled.database), DEVICES[0]
    row = SealedRow(name, 3, b"b" * 32, b"p" * 32, b"h", AT, ReceiptState.LOGGED, 5)
    assert [arrivals.commit(one) for one in (row, row, replace(row, size=9))] == [
        True,
        False,
        False,
    ]
    state = filled.states()[name]
    assert (state["received"], state["held_bytes"], state["missing"]) == (1, 5, 8)
