"""Reads and writes rows about sealed records that arrived."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Select, bindparam, func, insert, select, tuple_, update

from central.archive.fleet_rows import Arrived
from central.archive.result_rows import result_awaited
from central.archive.rows import AnnouncedRow, KeptRow, SealedRow
from central.archive.schema import devices, entries, sealed
from central.archive.transaction import Transaction
from kiosk.domain.ids import DeviceId
from kiosk.sync.receipts import ReceiptState

# Said once, those of every delivery: to put one together costs more than to carry it out.
_MISSING = (
    select(entries.c.seq)
    .outerjoin(
        sealed,
        (sealed.c.device_id == entries.c.device_id) & (sealed.c.seq == entries.c.seq),
    )
    .where(
        entries.c.device_id == bindparam("who"),
        entries.c.seq > bindparam("behind"),
        entries.c.record_id.is_not(None),
        sealed.c.seq.is_(None),
    )
    .order_by(entries.c.seq)
    .limit(bindparam("most"))
)
_ANNOUNCED = (
    select(devices.c.public_key, entries.c.jws, sealed)
    .join(entries, entries.c.device_id == devices.c.device_id)
    .outerjoin(
        sealed,
        (sealed.c.device_id == entries.c.device_id) & (sealed.c.seq == entries.c.seq),
    )
    .where(
        entries.c.device_id == bindparam("who"),
        entries.c.seq == bindparam("at"),
        entries.c.record_id.is_not(None),
    )
)
_SEALED_FROM = (
    select(sealed)
    .where(sealed.c.device_id == bindparam("who"), sealed.c.seq >= bindparam("start"))
    .order_by(sealed.c.seq)
    .limit(bindparam("most"))
)
_UNSEQUENCED = (
    select(sealed, entries.c.leaf)
    .join(
        entries,
        (entries.c.device_id == sealed.c.device_id) & (entries.c.seq == sealed.c.seq),
    )
    .where(sealed.c.state == ReceiptState.LOGGED, ~result_awaited())
    .order_by(sealed.c.received_at, sealed.c.device_id, sealed.c.seq)
    .limit(bindparam("most"))
)
_SET_STATES = (
    update(sealed)
    .where(tuple_(sealed.c.device_id, sealed.c.seq).in_(bindparam("keys", expanding=True)))
    .values(state=bindparam("to"))
)
_SEALED_AMONG = select(sealed.c.device_id, sealed.c.seq).where(
    tuple_(sealed.c.device_id, sealed.c.seq).in_(bindparam("keys", expanding=True))
)


def _values(row: SealedRow) -> dict[str, Any]:
    """Columns of a row; ``asdict`` would copy the bytes of each, one by one."""
    return {name: getattr(row, name) for name in row.__slots__}


def _kept() -> Select[Any]:
    columns = (sealed.c.device_id, sealed.c.seq, sealed.c.payload_sha256, sealed.c.received_at)
    return select(*columns).where(sealed.c.header.is_not(None))


class SealedRows(Transaction):
    """Sealed records."""

    def missing(self, device_id: DeviceId, limit: int, after: int = -1) -> tuple[int, ...]:
        """Entries behind ``after`` that announce a record which has not arrived, in order."""
        asked = {"who": device_id, "behind": after, "most": limit}
        return tuple(self._connection.execute(_MISSING, asked).scalars())

    def kept_page(self, since: str, after: KeptRow | None, limit: int) -> tuple[KeptRow, ...]:
        """Records that were not erased, newest first.

        Args:
            since: those that arrived from then on, ISO 8601 UTC; ``""`` for all.
            after: the last one of the page before.
            limit: rows of a page.
        """
        order = (sealed.c.received_at, sealed.c.device_id, sealed.c.seq)
        query = _kept().where(sealed.c.received_at >= since)
        if after is not None:
            query = query.where(
                tuple_(*order) < tuple_(after.received_at, after.device_id, after.seq)
            )
        rows = self._connection.execute(query.order_by(*(c.desc() for c in order)).limit(limit))
        return tuple(KeptRow(**row._asdict()) for row in rows)

    def kept_drawn(self, before: str, count: int) -> tuple[KeptRow, ...]:
        """So many of the records that arrived before and were not erased, drawn by chance."""
        query = _kept().where(sealed.c.received_at < before)
        rows = self._connection.execute(query.order_by(func.random()).limit(count))
        return tuple(KeptRow(**row._asdict()) for row in rows)

    def announced(self, device_id: DeviceId, seq: int) -> AnnouncedRow | None:
        """The entry that announces a record; None where none does."""
        row = self._connection.execute(_ANNOUNCED, {"who": device_id, "at": seq}).one_or_none()
        if row is None:
            return None
        values = row._asdict()
        key, jws = values.pop("public_key"), values.pop("jws")
        return AnnouncedRow(key, jws, None if values["seq"] is None else SealedRow(**values))

    def sealed(self, device_id: DeviceId, seq: int) -> SealedRow | None:
        """A record that arrived."""
        row = self._one(sealed, device_id=device_id, seq=seq)
        return None if row is None else SealedRow(**row._asdict())

    def sealed_from(self, device_id: DeviceId, start: int, limit: int) -> tuple[SealedRow, ...]:
        """Records that arrived, from entry ``start`` on."""
        asked = {"who": device_id, "start": start, "most": limit}
        rows = self._connection.execute(_SEALED_FROM, asked)
        return tuple(SealedRow(**row._asdict()) for row in rows)

    def sealed_between(self, device_id: DeviceId, start: int, end: int) -> dict[int, SealedRow]:
        """Records that arrived, of entries ``start <= seq < end``, by entry."""
        query = select(sealed).where(
            sealed.c.device_id == device_id, sealed.c.seq >= start, sealed.c.seq < end
        )
        return {row.seq: SealedRow(**row._asdict()) for row in self._connection.execute(query)}

    def unsequenced(self, limit: int) -> tuple[tuple[SealedRow, bytes], ...]:
        """Records that have no leaf in the log yet, oldest first, with the leaf of their entry.

        A record whose entry announces a result waits for that too: a receipt stands for both.
        """
        found = []
        for row in self._connection.execute(_UNSEQUENCED, {"most": limit}):
            values = row._asdict()
            leaf = values.pop("leaf")
            found.append((SealedRow(**values), leaf))
        return tuple(found)

    def set_state(self, device_id: DeviceId, seq: int, state: str) -> None:
        """Change the state of a record."""
        self.set_states(((device_id, seq),), state)

    def set_states(self, keys: Sequence[tuple[DeviceId, int]], state: str) -> None:
        """Change the state of records."""
        if keys:
            self._connection.execute(_SET_STATES, {"keys": keys, "to": state})
        if state == ReceiptState.QUARANTINED:
            self.fleet.held_back(device_id for device_id, _ in keys)

    def add_sealed(self, row: SealedRow) -> None:
        """Note that a record arrived."""
        self.add_all_sealed((row,))

    def add_all_sealed(self, rows: Iterable[SealedRow]) -> None:
        """Note that records arrived."""
        arrived = tuple(rows)
        if not arrived:
            return
        values = [_values(row) for row in arrived]
        for value in values:
            del value["size"]
        self._connection.execute(insert(sealed), values)
        self.fleet.received(
            Arrived(row.device_id, row.size, row.state == ReceiptState.QUARANTINED)
            for row in arrived
        )

    def sealed_among(self, keys: Sequence[tuple[DeviceId, int]]) -> frozenset[tuple[str, int]]:
        """Those of ``keys`` (device and entry number) whose record arrived."""
        rows = self._connection.execute(_SEALED_AMONG, {"keys": keys})
        return frozenset((row.device_id, row.seq) for row in rows)
