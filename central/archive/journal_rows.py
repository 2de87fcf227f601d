"""Reads and writes rows about devices and their journals."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

from sqlalchemy import Row, bindparam, func, insert, select, update

from central.archive.rows import AlarmRow, DeviceRow, EntryRow, OriginRow
from central.archive.schema import alarms, devices, entries, forks, origins
from central.archive.transaction import Transaction, cut_hashes, join_hashes
from kiosk.domain.ids import DeviceId, OfficeId, RecordId

# Said once, those of every delivery: to put one together costs more than to carry it out.
_PUT_DEVICE = (
    update(devices)
    .where(devices.c.device_id == bindparam("who"))
    .values({column.name: bindparam(column.name) for column in devices.c if not column.primary_key})
)
_ENTRIES_BETWEEN = (
    select(entries)
    .where(
        entries.c.device_id == bindparam("who"),
        entries.c.seq >= bindparam("start"),
        entries.c.seq < bindparam("end"),
    )
    .order_by(entries.c.seq)
)
_QUARANTINED = select(devices.c.device_id, devices.c.quarantined).where(
    devices.c.device_id.in_(bindparam("who", expanding=True))
)


def _values(row: EntryRow | DeviceRow) -> dict[str, Any]:
    """Columns of a row; ``asdict`` would copy the bytes of each, one by one."""
    return {name: getattr(row, name) for name in row.__slots__}


def _device(row: Row[Any]) -> DeviceRow:
    return DeviceRow(
        device_id=DeviceId(row.device_id),
        public_key=row.public_key,
        office_id=OfficeId(row.office_id),
        enrolled_at=row.enrolled_at,
        size=row.size,
        frontier=cut_hashes(row.frontier),
        checkpoint=row.checkpoint,
        quarantined=bool(row.quarantined),
    )


class JournalRows(Transaction):
    """Devices and their journals."""

    def device(self, device_id: DeviceId) -> DeviceRow | None:
        """A device by its id."""
        row = self._one(devices, device_id=device_id)
        return None if row is None else _device(row)

    def devices(self) -> tuple[DeviceRow, ...]:
        """Every device, by id."""
        rows = self._connection.execute(select(devices).order_by(devices.c.device_id))
        return tuple(_device(row) for row in rows)

    def put_device(self, row: DeviceRow) -> None:
        """Add a device, or replace its state."""
        values = _values(row) | {"frontier": join_hashes(row.frontier)}
        known = self.device(row.device_id)
        if known is None:
            self._connection.execute(insert(devices).values(**values))
            self.fleet.add_device(row.device_id, row.office_id, row.enrolled_at)
        else:
            del values["device_id"]
            self._connection.execute(_PUT_DEVICE, values | {"who": row.device_id})
        before = (row.office_id, False) if known is None else (known.office_id, known.quarantined)
        if before != (row.office_id, row.quarantined):
            self.fleet.set_device(row.device_id, row.office_id, quarantined=row.quarantined)

    def add_entries(self, rows: tuple[EntryRow, ...]) -> None:
        """Append journal entries, of one device."""
        if rows:
            self._connection.execute(insert(entries), [_values(row) for row in rows])
            records = sum(row.record_id is not None for row in rows)
            self.fleet.announced(rows[0].device_id, records)

    def entries(self, device_id: DeviceId, start: int, end: int) -> tuple[EntryRow, ...]:
        """Entries with ``start <= seq < end``, in order."""
        asked = {"who": device_id, "start": start, "end": end}
        rows = self._connection.execute(_ENTRIES_BETWEEN, asked)
        return tuple(EntryRow(**row._asdict()) for row in rows)

    def next_entry(self, device_id: DeviceId, start: int) -> int | None:
        """Number of the first entry from ``start`` on."""
        query = select(func.min(entries.c.seq)).where(
            entries.c.device_id == device_id, entries.c.seq >= start
        )
        found: int | None = self._connection.execute(query).scalar_one()
        return found

    def entry(self, device_id: DeviceId, seq: int) -> EntryRow | None:
        """One entry."""
        row = self._one(entries, device_id=device_id, seq=seq)
        return None if row is None else EntryRow(**row._asdict())

    def entries_of_record(self, record_id: RecordId) -> tuple[EntryRow, ...]:
        """The entries that announce a record: one, unless a device announces another's id."""
        query = select(entries).where(entries.c.record_id == record_id)
        rows = self._connection.execute(query.order_by(entries.c.device_id, entries.c.seq))
        return tuple(EntryRow(**row._asdict()) for row in rows)

    def add_fork(
        self, device_id: DeviceId, seq: int, jws: str, checkpoint: str, received_at: str
    ) -> None:
        """Keep the evidence of a second history; the same evidence once."""
        known = self._one(forks, device_id=device_id, seq=seq, jws=jws)
        if known is None:
            self._connection.execute(
                insert(forks).values(
                    device_id=device_id,
                    seq=seq,
                    jws=jws,
                    checkpoint=checkpoint,
                    received_at=received_at,
                )
            )

    def forks(self, device_id: DeviceId) -> int:
        """How many entries of another history are known."""
        query = select(func.count()).select_from(forks).where(forks.c.device_id == device_id)
        return int(self._connection.execute(query).scalar_one())

    def add_alarm(self, row: AlarmRow) -> None:
        """Raise an alarm; the same one is raised once."""
        known = self._one(alarms, device_id=row.device_id, kind=row.kind, seq=row.seq)
        if known is None:
            self._connection.execute(insert(alarms).values(**asdict(row)))
            self.fleet.add_alarm(row.device_id, row.kind, row.seq, row.raised_at)

    def alarms(self, device_id: DeviceId) -> tuple[AlarmRow, ...]:
        """Alarms about a device, in the order in which they were raised."""
        query = select(alarms).where(alarms.c.device_id == device_id)
        rows = self._connection.execute(query.order_by(alarms.c.raised_at, alarms.c.seq))
        return tuple(AlarmRow(**row._asdict()) for row in rows)

    def add_origin(self, row: OriginRow) -> None:
        """Keep the sealed beginning of a device's ratchet; it is never replaced."""
        self._connection.execute(insert(origins).values(**asdict(row)))

    def origin(self, device_id: DeviceId) -> OriginRow | None:
        """The sealed beginning of a device's ratchet."""
        row = self._one(origins, device_id=device_id)
        return None if row is None else OriginRow(**row._asdict())

    def quarantined(self, device_ids: Iterable[DeviceId]) -> dict[DeviceId, bool]:
        """For each of these devices that is known, whether it has two histories."""
        rows = self._connection.execute(_QUARANTINED, {"who": sorted(set(device_ids))})
        return {DeviceId(row.device_id): bool(row.quarantined) for row in rows}

    def journal_entries(self) -> int:
        """Journal entries held, of every device."""
        query = select(func.coalesce(func.sum(devices.c.size), 0))
        return int(self._connection.execute(query).scalar_one())
