"""The repositories of :mod:`kiosk.ports` over the tables of :mod:`kiosk.vault.schema`.

Times are stored as ISO 8601 text in UTC. Each row maps to the frozen row of its port and back.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Row, delete, func, insert, or_, select
from sqlalchemy.dialects.sqlite import insert as upsert

from kiosk.audit.entries import entry_leaf
from kiosk.domain.errors import JournalBrokenError
from kiosk.domain.ids import AgentId, CaseId, RecordId
from kiosk.ports import AgentRow, DraftRow, JournalQuery, JournalRow, OutboxRow, OutboxState
from kiosk.vault import schema
from kiosk.vault.transaction import Transaction

CHUNK_BYTES = 256 * 1024


def _text(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat()


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


class Agents:
    """See :class:`kiosk.ports.AgentRepository`."""

    def __init__(self, transaction: Transaction) -> None:
        self._tx = transaction

    @staticmethod
    def _row(row: Row[Any]) -> AgentRow:
        found = dict(row._mapping)  # noqa: SLF001 - SQLAlchemy's public name for a row as a mapping
        if found["last_try_at"] is not None:
            found["last_try_at"] = _moment(found["last_try_at"])
        return AgentRow(**found)

    def get(self, agent_id: AgentId) -> AgentRow | None:
        """The agent, or None."""
        table = schema.agents
        row = self._tx.row(select(table).where(table.c.agent_id == agent_id))
        return None if row is None else self._row(row)

    def all(self) -> tuple[AgentRow, ...]:
        """Every agent, by name."""
        table = schema.agents
        rows = self._tx.rows(select(table).order_by(table.c.display_name, table.c.agent_id))
        return tuple(self._row(row) for row in rows)

    def put(self, row: AgentRow) -> None:
        """Insert or replace."""
        # No shift key: the shift is over, and its key with it.
        self._tx.erases_a_key = self._tx.erases_a_key or row.wrapped_shift_key is None
        values = asdict(row)
        if row.last_try_at is not None:
            values["last_try_at"] = _text(row.last_try_at)
        statement = upsert(schema.agents).values(values)
        self._tx.execute(statement.on_conflict_do_update(index_elements=["agent_id"], set_=values))


class Drafts:
    """See :class:`kiosk.ports.DraftRepository`."""

    def __init__(self, transaction: Transaction) -> None:
        self._tx = transaction

    @staticmethod
    def _row(row: Row[Any]) -> DraftRow:
        found = dict(row._mapping)  # noqa: SLF001 - SQLAlchemy's public name for a row as a mapping
        found["updated_at"] = _moment(found["updated_at"])
        return DraftRow(**found)

    def get(self, case_id: CaseId) -> DraftRow | None:
        """The draft, or None."""
        table = schema.drafts
        row = self._tx.row(select(table).where(table.c.case_id == case_id))
        return None if row is None else self._row(row)

    def all(self) -> tuple[DraftRow, ...]:
        """Every draft, the one touched last first."""
        table = schema.drafts
        order = select(table).order_by(table.c.updated_at.desc(), table.c.case_id)
        return tuple(self._row(row) for row in self._tx.rows(order))

    def put(self, row: DraftRow) -> None:
        """Insert or replace."""
        values = asdict(row) | {"updated_at": _text(row.updated_at)}
        statement = upsert(schema.drafts).values(values)
        self._tx.execute(statement.on_conflict_do_update(index_elements=["case_id"], set_=values))

    def delete(self, case_id: CaseId) -> None:
        """Remove it; nothing happens when there is none."""
        table = schema.drafts
        self._tx.execute(delete(table).where(table.c.case_id == case_id))


class Journal:
    """See :class:`kiosk.ports.JournalRepository`."""

    def __init__(self, transaction: Transaction) -> None:
        self._tx = transaction

    @staticmethod
    def _row(row: Row[Any]) -> JournalRow:
        record_id = None if row.record_id is None else RecordId(row.record_id)
        return JournalRow(row.seq, row.kind, record_id, _moment(row.wall_claimed), row.jws)

    def append(self, row: JournalRow, slip_code: str = "") -> None:
        """Add the next entry. Raises JournalBrokenError unless ``seq`` is the next number."""
        if row.seq != self.size():
            raise JournalBrokenError("order")
        values = asdict(row) | {"wall_claimed": _text(row.wall_claimed)}
        self._tx.execute(insert(schema.journal).values(values))
        leaf = {"seq": row.seq, "leaf": entry_leaf(row.jws), "slip_code": slip_code}
        self._tx.execute(insert(schema.leaves).values(leaf))

    def find(self, query: JournalQuery) -> tuple[JournalRow, ...]:
        """Entries that fit, newest first."""
        table = schema.journal
        wanted = select(table)
        if query.slip_code:
            joined = schema.leaves.c.seq == table.c.seq
            wanted = wanted.join(schema.leaves, joined)
            wanted = wanted.where(schema.leaves.c.slip_code == query.slip_code)
        if query.record_id:
            wanted = wanted.where(table.c.record_id == query.record_id)
        if query.kind:
            wanted = wanted.where(table.c.kind == query.kind)
        if query.since is not None:
            wanted = wanted.where(table.c.wall_claimed >= _text(query.since))
        if query.until is not None:
            wanted = wanted.where(table.c.wall_claimed < _text(query.until))
        if query.behind is not None:
            moment, seq = _text(query.behind[0]), query.behind[1]
            # The first condition alone lets the index begin there.
            wanted = wanted.where(
                table.c.wall_claimed <= moment,
                or_(table.c.wall_claimed < moment, table.c.seq < seq),
            )
        # By the time that was claimed, as the indexes are; entries of one moment by their number.
        order = (table.c.wall_claimed.desc(), table.c.seq.desc())
        rows = self._tx.rows(wanted.order_by(*order).limit(query.limit))
        return tuple(self._row(row) for row in rows)

    def size(self) -> int:
        """Number of entries."""
        last = self._tx.row(select(func.max(schema.journal.c.seq)))
        return 0 if last is None or last[0] is None else int(last[0]) + 1

    def get(self, seq: int) -> JournalRow | None:
        """One entry, or None."""
        found = self.range(seq, seq + 1)
        return found[0] if found else None

    def range(self, start: int, end: int) -> tuple[JournalRow, ...]:
        """Entries ``start`` up to, not including, ``end``."""
        table = schema.journal
        wanted = select(table).where(table.c.seq >= start, table.c.seq < end)
        return tuple(self._row(row) for row in self._tx.rows(wanted.order_by(table.c.seq)))

    def leaves(self, start: int, end: int) -> tuple[bytes, ...]:
        """Leaf hashes ``start`` up to, not including, ``end``."""
        table = schema.leaves
        wanted = select(table.c.leaf).where(table.c.seq >= start, table.c.seq < end)
        return tuple(row.leaf for row in self._tx.rows(wanted.order_by(table.c.seq)))

    def frontier(self) -> tuple[bytes, ...]:
        """Hashes of the complete subtrees, largest first."""
        table = schema.frontier
        rows = self._tx.rows(select(table.c.hash).order_by(table.c.position))
        return tuple(row.hash for row in rows)

    def put_frontier(self, frontier: Sequence[bytes]) -> None:
        """Replace the frontier."""
        self._tx.execute(delete(schema.frontier))
        rows = [{"position": i, "hash": value} for i, value in enumerate(frontier)]
        if rows:
            self._tx.execute(insert(schema.frontier), rows)


class Outbox:
    """See :class:`kiosk.ports.OutboxRepository`."""

    def __init__(self, transaction: Transaction) -> None:
        self._tx = transaction

    @staticmethod
    def _row(row: Row[Any]) -> OutboxRow:
        found = dict(row._mapping)  # noqa: SLF001 - SQLAlchemy's public name for a row as a mapping
        found["state"] = OutboxState(found["state"])
        found["queued_at"] = _moment(found["queued_at"])
        found["updated_at"] = _moment(found["updated_at"])
        found["purged"] = bool(found["purged"])
        return OutboxRow(**found)

    def get(self, seq: int) -> OutboxRow | None:
        """The row, or None."""
        table = schema.outbox
        row = self._tx.row(select(table).where(table.c.seq == seq))
        return None if row is None else self._row(row)

    def all(self) -> tuple[OutboxRow, ...]:
        """Every row, oldest first."""
        rows = self._tx.rows(select(schema.outbox).order_by(schema.outbox.c.seq))
        return tuple(self._row(row) for row in rows)

    def unsettled(self) -> tuple[OutboxRow, ...]:
        """Rows of records that are still here, oldest first."""
        table = schema.outbox
        rows = self._tx.rows(select(table).where(table.c.purged == 0).order_by(table.c.seq))
        return tuple(self._row(row) for row in rows)

    def put(self, row: OutboxRow) -> None:
        """Insert or replace."""
        values = asdict(row) | {
            "state": row.state.value,
            "queued_at": _text(row.queued_at),
            "updated_at": _text(row.updated_at),
            "purged": int(row.purged),
        }
        statement = upsert(schema.outbox).values(values)
        self._tx.execute(statement.on_conflict_do_update(index_elements=["seq"], set_=values))


class Blobs:
    """See :class:`kiosk.ports.BlobRepository`; chunks of 256 KiB."""

    def __init__(self, transaction: Transaction) -> None:
        self._tx = transaction

    def put(self, seq: int, blob: bytes) -> None:
        """Insert or replace."""
        self._tx.execute(delete(schema.blobs).where(schema.blobs.c.seq == seq))
        starts = range(0, max(len(blob), 1), CHUNK_BYTES)
        rows = [
            {"seq": seq, "chunk": index, "data": blob[start : start + CHUNK_BYTES]}
            for index, start in enumerate(starts)
        ]
        self._tx.execute(insert(schema.blobs), rows)

    def get(self, seq: int) -> bytes | None:
        """The whole blob, or None."""
        table = schema.blobs
        wanted = select(table.c.data).where(table.c.seq == seq).order_by(table.c.chunk)
        chunks = self._tx.rows(wanted)
        return b"".join(row.data for row in chunks) if chunks else None

    def purge(self, seq: int) -> None:
        """Delete it, overwrite its pages with zeros, and give the space back to the disk."""
        self._tx.execute(delete(schema.blobs).where(schema.blobs.c.seq == seq))
        self._tx.vacuum()


class Values:
    """See :class:`kiosk.ports.ValueRepository`."""

    def __init__(self, transaction: Transaction) -> None:
        self._tx = transaction

    def get(self, name: str) -> bytes | None:
        """The value, or None."""
        table = schema.named_values
        found = self._tx.row(select(table.c.value).where(table.c.name == name))
        return None if found is None else bytes(found.value)

    def put(self, name: str, value: bytes) -> None:
        """Insert or replace."""
        statement = upsert(schema.named_values).values(name=name, value=value)
        change = {"value": value}
        self._tx.execute(statement.on_conflict_do_update(index_elements=["name"], set_=change))

    def delete(self, name: str) -> None:
        """Remove it; nothing happens when there is none."""
        # A visit of a day that is over: no older copy of it may stay in the write-ahead log.
        self._tx.erases_a_key = True
        table = schema.named_values
        self._tx.execute(delete(table).where(table.c.name == name))

    def names(self, prefix: str) -> tuple[str, ...]:
        """Names that begin with ``prefix``, sorted."""
        table = schema.named_values
        begins = func.substr(table.c.name, 1, len(prefix)) == prefix
        rows = self._tx.rows(select(table.c.name).where(begins).order_by(table.c.name))
        return tuple(row.name for row in rows)
