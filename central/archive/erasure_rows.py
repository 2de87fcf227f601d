"""Orders of erasure and legal holds, and what they do to a record that is here or arrives.

Rules, in order: a held record is not erased, whatever was ordered; an ordered one loses its age
header, which alone holds its key, and keeps everything that proves that it existed; an order that
finds no record waits for it. Whether an order is signed by those who may give it is not asked
here: the collector has no auditors' keys. The auditor asks (:mod:`central.auditor.histories`).
Source: records-and-sync 2.5 and section 8, case 14.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass

from sqlalchemy import Connection, delete, insert, select, tuple_, update

from central.archive.erasure_schema import erasure_orders, legal_holds
from central.archive.later_rows import LaterRows
from central.archive.locks import ERASURES, share
from central.archive.result_rows import ResultRows
from central.archive.schema import entries, sealed
from kiosk.domain.ids import RecordId

_PAGE = 500
"""Records that one query asks about."""


@dataclass(frozen=True, slots=True)
class ErasureRow:
    """An order: both tokens, when it was given, when it took effect."""

    record_id: RecordId
    order_token: str
    approval: str
    ordered_at: str
    done_at: str | None = None


@dataclass(frozen=True, slots=True)
class HoldRow:
    """A legal hold on one record."""

    order_id: str
    record_id: RecordId
    order_token: str
    approval: str
    placed_at: str
    released_at: str | None = None


class ErasureRows:
    """Reads and writes them."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._steady = False

    def order(self, record_id: RecordId) -> ErasureRow | None:
        """The order about a record."""
        query = select(erasure_orders).where(erasure_orders.c.record_id == record_id)
        row = self._connection.execute(query).one_or_none()
        return None if row is None else ErasureRow(**row._asdict())

    def orders(self) -> tuple[ErasureRow, ...]:
        """Every order, oldest first."""
        query = select(erasure_orders).order_by(
            erasure_orders.c.ordered_at, erasure_orders.c.record_id
        )
        return tuple(ErasureRow(**row._asdict()) for row in self._connection.execute(query))

    def add_order(self, row: ErasureRow) -> None:
        """Keep an order; the first one about a record counts."""
        if self.order(row.record_id) is None:
            self._connection.execute(insert(erasure_orders).values(**asdict(row)))

    def put_order(self, row: ErasureRow) -> None:
        """Keep an order with these tokens, also where it stands here with others."""
        self.add_order(row)
        tokens = {"order_token": row.order_token, "approval": row.approval}
        query = update(erasure_orders).where(erasure_orders.c.record_id == row.record_id)
        self._connection.execute(query.values(**tokens))

    def drop_order(self, record_id: RecordId) -> None:
        """Take an order out that nobody gave."""
        query = delete(erasure_orders).where(erasure_orders.c.record_id == record_id)
        self._connection.execute(query)

    def drop_hold(self, row: HoldRow) -> None:
        """Take a hold out that nobody placed."""
        key = (legal_holds.c.order_id == row.order_id, legal_holds.c.record_id == row.record_id)
        self._connection.execute(delete(legal_holds).where(*key))

    def holds(self, record_id: RecordId) -> tuple[HoldRow, ...]:
        """Holds on a record that were not released."""
        query = select(legal_holds).where(
            legal_holds.c.record_id == record_id, legal_holds.c.released_at.is_(None)
        )
        return tuple(HoldRow(**row._asdict()) for row in self._connection.execute(query))

    def all_holds(self) -> tuple[HoldRow, ...]:
        """Every hold, released ones too, oldest first."""
        query = select(legal_holds).order_by(legal_holds.c.placed_at, legal_holds.c.record_id)
        return tuple(HoldRow(**row._asdict()) for row in self._connection.execute(query))

    def add_hold(self, row: HoldRow) -> None:
        """Keep a hold; the same one once."""
        key = (legal_holds.c.order_id == row.order_id, legal_holds.c.record_id == row.record_id)
        if self._connection.execute(select(legal_holds).where(*key)).one_or_none() is None:
            self._connection.execute(insert(legal_holds).values(**asdict(row)))

    def put_hold(self, row: HoldRow) -> None:
        """Keep a hold released or not as ``row`` says, also where it stands here otherwise."""
        self.add_hold(row)
        query = update(legal_holds).where(
            legal_holds.c.order_id == row.order_id, legal_holds.c.record_id == row.record_id
        )
        self._connection.execute(query.values(released_at=row.released_at))

    def release(self, record_id: RecordId, at: str) -> int:
        """Release every hold on a record; how many there were."""
        query = update(legal_holds).where(
            legal_holds.c.record_id == record_id, legal_holds.c.released_at.is_(None)
        )
        return self._connection.execute(query.values(released_at=at)).rowcount

    def steady(self) -> None:
        """Keep orders and holds as they are until this transaction ends."""
        if not self._steady:
            share(self._connection, ERASURES)
            self._steady = True

    def due(self, record_id: RecordId | None) -> bool:
        """Whether a record that is here or arrives is to be forgotten now.

        It stays so until the transaction ends: an order that is given in between would find no
        record, and the record no order.
        """
        self.steady()
        if record_id is None or self.order(record_id) is None:
            return False
        return not self.holds(record_id)

    def due_among(self, record_ids: Iterable[RecordId | None]) -> frozenset[RecordId]:
        """Those of many that :meth:`due` names: hardly ever any, so that one question is enough."""
        self.steady()
        asked = [record_id for record_id in dict.fromkeys(record_ids) if record_id is not None]
        found: set[RecordId] = set()
        for first in range(0, len(asked), _PAGE):
            some = erasure_orders.c.record_id.in_(asked[first : first + _PAGE])
            rows = self._connection.execute(select(erasure_orders.c.record_id).where(some))
            found.update(RecordId(record_id) for record_id in rows.scalars())
        return frozenset(record_id for record_id in found if not self.holds(record_id))

    def with_key(self, record_ids: Sequence[RecordId]) -> frozenset[RecordId]:
        """Those of these records of which something is here with its header."""
        place = (sealed.c.device_id == entries.c.device_id) & (sealed.c.seq == entries.c.seq)
        query = select(entries.c.record_id).join_from(entries, sealed, place)
        found: set[RecordId] = set()
        for first in range(0, len(record_ids), _PAGE):
            some = entries.c.record_id.in_(record_ids[first : first + _PAGE])
            rows = self._connection.execute(query.where(some, sealed.c.header.is_not(None)))
            found.update(RecordId(row.record_id) for row in rows)
        return frozenset(found)

    def apply(self, record_id: RecordId, at: str) -> int:
        """Take the header from whatever is here of a record, where that is due; of how many."""
        if not self.due(record_id):
            return 0
        places = select(entries.c.device_id, entries.c.seq).where(entries.c.record_id == record_id)
        query = update(sealed).where(
            tuple_(sealed.c.device_id, sealed.c.seq).in_(places), sealed.c.header.is_not(None)
        )
        erased = self._connection.execute(query.values(header=None)).rowcount
        if erased:
            self.note_done(record_id, at)
        ResultRows(self._connection).erase_of_record(record_id)
        LaterRows(self._connection).erase_of_record(record_id)
        return erased

    def note_done(self, record_id: RecordId, at: str) -> None:
        """Note when an order took effect; the first time counts."""
        query = update(erasure_orders).where(
            erasure_orders.c.record_id == record_id, erasure_orders.c.done_at.is_(None)
        )
        self._connection.execute(query.values(done_at=at))
