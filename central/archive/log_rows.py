"""Reads and writes rows of the collector's own log: its state, its leaves, complete subtrees."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import bindparam, func, insert, select, tuple_, update

from central.archive.rows import LeafRow, LogRow
from central.archive.schema import devices, entries, log_leaves, log_nodes, log_state
from central.archive.transaction import Transaction, cut_hashes, join_hashes
from kiosk.audit.tree import node_hash
from kiosk.domain.ids import DeviceId

# Said once, those of every delivery: to put one together costs more than to carry it out.
_LEAVES_AMONG = select(log_leaves.c.device_id, log_leaves.c.seq).where(
    tuple_(log_leaves.c.device_id, log_leaves.c.seq).in_(bindparam("keys", expanding=True))
)
_PUT_LOG = update(log_state).values(
    size=bindparam("to_size"), frontier=bindparam("to_frontier"), checkpoint=bindparam("to_note")
)
_NODE = select(log_nodes.c.hash).where(
    log_nodes.c.level == bindparam("level"), log_nodes.c.index == bindparam("index")
)
_LEAF_HASH = select(log_leaves.c.hash).where(log_leaves.c.index == bindparam("index"))
_NEWEST_LEAF = select(func.max(log_leaves.c.seq)).where(log_leaves.c.device_id == bindparam("who"))


def _values(row: LeafRow) -> dict[str, Any]:
    """Columns of a row; ``asdict`` would copy the bytes of each, one by one."""
    return {name: getattr(row, name) for name in row.__slots__}


class LogRows(Transaction):
    """The collector's log."""

    def log(self) -> LogRow | None:
        """State of the log, None before its first checkpoint."""
        row = self._one(log_state, id=1)
        return None if row is None else LogRow(row.size, cut_hashes(row.frontier), row.checkpoint)

    def put_log(self, row: LogRow) -> None:
        """Replace the state of the log."""
        values = {
            "size": row.size,
            "frontier": join_hashes(row.frontier),
            "checkpoint": row.checkpoint,
        }
        if self.log() is None:
            self._connection.execute(insert(log_state).values(id=1, **values))
        else:
            to = {"to_size": row.size, "to_frontier": values["frontier"], "to_note": row.checkpoint}
            self._connection.execute(_PUT_LOG, to)

    def add_leaf(self, row: LeafRow) -> None:
        """Append to the log, with the inner nodes that this leaf completes."""
        self.add_leaves((row,))

    def add_leaves(self, rows: Sequence[LeafRow]) -> None:
        """Append leaves to the log, in order, with the inner nodes that they complete."""
        if not rows:
            return
        self._connection.execute(insert(log_leaves), [_values(row) for row in rows])
        made: dict[tuple[int, int], bytes] = {(0, row.index): row.hash for row in rows}
        nodes = []
        for row in rows:
            level, index, hashed = 0, row.index, row.hash
            while index & 1:
                left = made.get((level, index - 1)) or self.node(level, index - 1)
                hashed = node_hash(left, hashed)
                level, index = level + 1, index >> 1
                made[level, index] = hashed
                nodes.append({"level": level, "index": index, "hash": hashed})
        if nodes:
            self._connection.execute(insert(log_nodes), nodes)

    def leaves_among(self, keys: Sequence[tuple[DeviceId, int]]) -> frozenset[tuple[str, int]]:
        """Those of ``keys`` (device and entry number) that have a leaf."""
        rows = self._connection.execute(_LEAVES_AMONG, {"keys": keys})
        return frozenset((row.device_id, row.seq) for row in rows)

    def node(self, level: int, index: int) -> bytes:
        """Hash of the complete subtree over leaves ``index << level`` to ``index + 1 << level``.

        Raises:
            LookupError: it is not complete.
        """
        query = _NODE if level else _LEAF_HASH
        asked = {"level": level, "index": index} if level else {"index": index}
        found: bytes | None = self._connection.execute(query, asked).scalar_one_or_none()
        if found is None:
            raise LookupError(f"node {level} {index}")
        return found

    def nodes_between(self, level: int, start: int, end: int) -> tuple[bytes, ...]:
        """Hashes of complete subtrees of one level, ``start <= index < end``; level 0: leaves."""
        if not level:
            query = select(log_leaves.c.hash).where(
                log_leaves.c.index >= start, log_leaves.c.index < end
            )
            return tuple(self._connection.execute(query.order_by(log_leaves.c.index)).scalars())
        query = select(log_nodes.c.hash).where(
            log_nodes.c.level == level, log_nodes.c.index >= start, log_nodes.c.index < end
        )
        return tuple(self._connection.execute(query.order_by(log_nodes.c.index)).scalars())

    def leaves_between(self, start: int, end: int) -> tuple[bytes, ...]:
        """Data of leaves ``start`` to ``end`` - 1, in order."""
        query = select(log_leaves.c.data).where(
            log_leaves.c.index >= start, log_leaves.c.index < end
        )
        return tuple(self._connection.execute(query.order_by(log_leaves.c.index)).scalars())

    def leaf(self, device_id: DeviceId, seq: int) -> LeafRow | None:
        """The leaf of a record."""
        row = self._one(log_leaves, device_id=device_id, seq=seq)
        return None if row is None else LeafRow(**row._asdict())

    def newest_leaf_seq(self, device_id: DeviceId) -> int | None:
        """Highest entry number of a device with a leaf in the log."""
        asked = {"who": device_id}
        newest: int | None = self._connection.execute(_NEWEST_LEAF, asked).scalar_one()
        return newest

    def unexplained_leaves(self) -> int:
        """Leaves whose device or journal entry is not here any more."""
        query = (
            select(func.count())
            .select_from(log_leaves)
            .outerjoin(devices, devices.c.device_id == log_leaves.c.device_id)
            .outerjoin(
                entries,
                (entries.c.device_id == log_leaves.c.device_id)
                & (entries.c.seq == log_leaves.c.seq),
            )
            .where(entries.c.seq.is_(None) | devices.c.device_id.is_(None))
        )
        return int(self._connection.execute(query).scalar_one())

    def each_leaf_hash(self, page: int = 10_000) -> Iterator[bytes]:
        """Every leaf hash, in order, a page at a time."""
        at = 0
        while True:
            query = (
                select(log_leaves.c.index, log_leaves.c.hash)
                .where(log_leaves.c.index >= at)
                .order_by(log_leaves.c.index)
                .limit(page)
            )
            pairs = [(index, hashed) for index, hashed in self._connection.execute(query)]
            if not pairs:
                return
            yield from (hashed for _, hashed in pairs)
            at = pairs[-1][0] + 1

    def leaf_hashes(self) -> list[bytes]:
        """Every leaf hash, in order."""
        query = select(log_leaves.c.hash).order_by(log_leaves.c.index)
        return list(self._connection.execute(query).scalars())
