"""What the pages for those who run the fleet read: a few rows each, found by an index.

Rules, in order: nothing is written; a page of devices is found in one table by one of its indexes,
from a key onwards, and only then are the other tables asked about those devices; whatever sums over
the whole fleet stands in :meth:`FleetPages.census`, which is asked once a minute at most.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Column, ColumnElement, Connection, and_, func, or_, select, text

from central.archive.fleet_order import Cursor, Order, Slice
from central.archive.fleet_schema import (
    device_contacts,
    device_states,
    fleet_alarms,
    hourly_receipts,
)
from central.archive.schema import devices, forks, log_state, sealed
from kiosk.domain.ids import DeviceId, OfficeId
from kiosk.sync.receipts import ReceiptState

_MAX_GROUPS: Final = 50
_SUMS: Final = ("quarantined", "announced", "received", "missing", "held_back", "held_bytes")


@dataclass(frozen=True, slots=True)
class DeviceLine:
    """One device as a list shows it.

    Attributes:
        device_id, office_id: which, and where it works.
        enrolled_at: ISO 8601 UTC, as every time here.
        entries: of its journal held here.
        quarantined: two histories of it are known.
        announced, received, missing: records of its journal; those that arrived; those awaited.
        behind_since: since when at least one is awaited, or ``""``.
        held_back: records that arrived and are in quarantine.
        held_bytes: of its records.
        app_build: version of its program at its newest entry, or ``""``.
        told_at: when entries last arrived, or ``""``.
        ended: kind of the entry that ended its work, or ``""``.
        contact_at: of its last call, or ``""``.
        drift_s: its clock minus ours, seconds; None where no call told it.
        drift_at: when it was told.
        refused: it was so wrong that the call was refused.
        alarms: how many.
    """

    device_id: DeviceId
    office_id: OfficeId
    enrolled_at: str
    entries: int
    quarantined: bool
    announced: int
    received: int
    missing: int
    behind_since: str
    held_back: int
    held_bytes: int
    app_build: str
    told_at: str
    ended: str
    contact_at: str
    drift_s: int | None
    drift_at: str
    refused: bool
    alarms: int


@dataclass(frozen=True, slots=True)
class AlarmLine:
    """One alarm: of which device, what, at which entry, since when."""

    device_id: DeviceId
    kind: str
    seq: int
    raised_at: str


@dataclass(frozen=True, slots=True)
class HeldBack:
    """A record in quarantine: the entry that announced it, and when it arrived."""

    seq: int
    received_at: str


@dataclass(frozen=True, slots=True)
class Census:
    """Sums over the whole fleet.

    Attributes:
        devices, quarantined, announced, received, missing, held_back, held_bytes: as in a line.
        ended: devices by the entry that ended their work.
        late: devices that owe a record for longer than is usual.
        silent: devices not heard for longer than is usual, those that ended apart.
        never: of those, devices that were never heard.
        drifting: devices whose clock is off by more than is usual.
        owing: devices that owe a record.
        builds: devices by version of the program, most frequent first.
        alarms: alarms by kind.
        newest_contact: when any device last called, or ``""``.
        log_size: leaves of the collector's log.
        unsequenced: records that wait for their receipt.
    """

    devices: int
    quarantined: int
    announced: int
    received: int
    missing: int
    held_back: int
    held_bytes: int
    ended: tuple[tuple[str, int], ...]
    late: int
    silent: int
    never: int
    drifting: int
    owing: int
    builds: tuple[tuple[str, int], ...]
    alarms: tuple[tuple[str, int], ...]
    newest_contact: str
    log_size: int
    unsequenced: int


@dataclass(frozen=True, slots=True)
class Limits:
    """What is unusual.

    Attributes:
        silent_before: a device not heard since then is silent; ISO 8601 UTC.
        late_before: a record owed since before then is late.
        drift_s: a clock that is off by so much is looked at.
        lost: devices that nobody expects to call.
    """

    silent_before: str
    late_before: str
    drift_s: int
    lost: frozenset[DeviceId] = frozenset()


class FleetPages:
    """Reads in one consistent state of the database."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    # --- devices ----------------------------------------------------------------------------------

    def page(self, order: Order, cursor: Cursor | None, size: int) -> Slice[DeviceLine]:
        """A page of devices in an order, after (or before) a key."""
        query = order.query(cursor, size + 1, self._connection.dialect.name)
        rows = self._connection.execute(query).all()
        more, rows = len(rows) > size, rows[:size]
        if cursor is not None and cursor.backwards:
            rows = rows[::-1]
        found = self._lines([DeviceId(row.device_id) for row in rows])
        return order.slice([(row.value, found[row.device_id]) for row in rows], cursor, more=more)

    def device(self, device_id: str) -> DeviceLine | None:
        """One device."""
        return self._lines([DeviceId(device_id)]).get(DeviceId(device_id))

    def _lines(self, wanted: Sequence[DeviceId]) -> dict[DeviceId, DeviceLine]:
        if not wanted:
            return {}
        state, contact = device_states.c, device_contacts.c
        columns: list[Column[Any]] = [
            *(devices.c.device_id, devices.c.enrolled_at, devices.c.size),
            *(column for column in state if column.name != "device_id"),
            *(column for column in contact if column.name not in ("device_id", "drift_size")),
        ]
        query = (
            select(*columns)
            .join(device_states, state.device_id == devices.c.device_id)
            .join(device_contacts, contact.device_id == devices.c.device_id)
            .where(devices.c.device_id.in_(wanted))
        )
        rows = self._connection.execute(query).all()
        raised = self._alarms_of(wanted)
        return {row.device_id: _line(row, raised.get(row.device_id, 0)) for row in rows}

    def _alarms_of(self, wanted: Sequence[DeviceId]) -> dict[str, int]:
        table = fleet_alarms.c
        query = select(table.device_id, func.count()).where(table.device_id.in_(wanted))
        rows = self._connection.execute(query.group_by(table.device_id))
        return {str(name): int(number) for name, number in rows}

    def held_back(self, device_id: DeviceId, after: int, limit: int) -> tuple[HeldBack, ...]:
        """Records of a device in quarantine, from entry ``after`` + 1 on."""
        query = select(sealed.c.seq, sealed.c.received_at).where(
            sealed.c.device_id == device_id,
            sealed.c.seq > after,
            sealed.c.state == ReceiptState.QUARANTINED,
        )
        rows = self._connection.execute(query.order_by(sealed.c.seq).limit(limit))
        return tuple(HeldBack(row.seq, row.received_at) for row in rows)

    # --- alarms -----------------------------------------------------------------------------------

    def alarms(
        self, before: AlarmLine | None, limit: int, device_id: str = "", kind: str = ""
    ) -> tuple[AlarmLine, ...]:
        """Alarms, newest first, older than ``before``; of one device, of one kind, or all."""
        table = fleet_alarms.c
        key = (table.raised_at, table.device_id, table.kind, table.seq)
        query = select(table.device_id, table.kind, table.seq, table.raised_at)
        if device_id:
            query = query.where(table.device_id == device_id)
        if kind:
            query = query.where(table.kind == kind)
        if before is not None:
            query = query.where(_below(key, _key(before)))
        rows = self._connection.execute(query.order_by(*(c.desc() for c in key)).limit(limit))
        return tuple(AlarmLine(DeviceId(r.device_id), r.kind, r.seq, r.raised_at) for r in rows)

    def alarm(self, device_id: str, kind: str, seq: int) -> AlarmLine | None:
        """One alarm."""
        table = fleet_alarms.c
        query = select(table.raised_at).where(
            table.device_id == device_id, table.kind == kind, table.seq == seq
        )
        raised_at = self._connection.execute(query).scalar_one_or_none()
        return None if raised_at is None else AlarmLine(DeviceId(device_id), kind, seq, raised_at)

    def second_histories(self, device_id: str) -> int:
        """Entries that are kept as evidence of another history of a device."""
        query = select(func.count()).select_from(forks).where(forks.c.device_id == device_id)
        return int(self._connection.execute(query).scalar_one())

    # --- the whole fleet --------------------------------------------------------------------------

    def receipts_since(self, hour: str) -> dict[str, int]:
        """Receipts by hour (``2026-11-26T21``, UTC) from ``hour`` on, where there were any."""
        table = hourly_receipts.c
        query = select(table.hour, table.receipts).where(table.hour >= hour)
        return {row.hour: int(row.receipts) for row in self._connection.execute(query)}

    def census(self, limits: Limits) -> Census:
        """Count everything; walks once through the rows of the devices, never through journals."""
        state, contact = device_states.c, device_contacts.c
        sums = [func.coalesce(func.sum(state[name]), 0).label(name) for name in _SUMS]
        row = self._connection.execute(select(func.count().label("devices"), *sums)).one()
        late = and_(state.behind_since > "", state.behind_since < limits.late_before)
        here = (state.device_id.not_in(sorted(limits.lost)),) if limits.lost else ()
        at_work = and_(state.device_id == contact.device_id, state.ended == "", *here)
        unheard = and_(at_work, contact.contact_at < limits.silent_before)
        size = self._connection.execute(select(log_state.c.size)).scalar_one_or_none()
        return Census(
            **{name: int(value) for name, value in row._asdict().items()},
            ended=self._groups(state.ended, state.ended != ""),
            late=self._count(late),
            silent=self._count(unheard),
            never=self._count(and_(at_work, contact.contact_at == "")),
            drifting=self._count(contact.drift_size >= limits.drift_s),
            owing=self._count(state.missing > 0),
            builds=self._groups(state.app_build),
            alarms=self._groups(fleet_alarms.c.kind),
            newest_contact=self._newest_contact(),
            log_size=int(size or 0),
            unsequenced=self._count(sealed.c.state == ReceiptState.LOGGED),
        )

    def _newest_contact(self) -> str:
        newest = select(func.max(device_contacts.c.contact_at))
        return str(self._connection.execute(newest).scalar_one() or "")

    def _count(self, where: ColumnElement[bool]) -> int:
        return int(self._connection.execute(select(func.count()).where(where)).scalar_one())

    def _groups(
        self, column: Column[Any], *where: ColumnElement[bool]
    ) -> tuple[tuple[str, int], ...]:
        count = func.count()
        query = select(column, count).where(*where).group_by(column)
        rows = self._connection.execute(query.order_by(count.desc(), column).limit(_MAX_GROUPS))
        return tuple((str(value), int(number)) for value, number in rows)

    def database_bytes(self) -> int:
        """How much room the database takes."""
        if self._connection.dialect.name == "sqlite":
            pages = self._connection.execute(text("PRAGMA page_count")).scalar_one()
            size = self._connection.execute(text("PRAGMA page_size")).scalar_one()
            return int(pages) * int(size)
        query = text("SELECT pg_database_size(current_database())")
        return int(self._connection.execute(query).scalar_one())


def _line(row: Any, alarms: int) -> DeviceLine:
    values = row._asdict()
    values["entries"] = values.pop("size")
    values |= {"quarantined": bool(row.quarantined), "refused": bool(row.refused)}
    values["missing"] = max(0, row.missing)
    return DeviceLine(**values, alarms=alarms)


def _key(alarm: AlarmLine) -> tuple[str | int, ...]:
    return (alarm.raised_at, alarm.device_id, alarm.kind, alarm.seq)


def _below(columns: Iterable[Any], values: Iterable[str | int]) -> ColumnElement[bool]:
    """Whether a row of columns stands before a row of values."""
    pairs = list(zip(columns, values, strict=True))
    return or_(
        *(
            and_(*(column == value for column, value in pairs[:n]), pairs[n][0] < pairs[n][1])
            for n in range(len(pairs))
        )
    )
