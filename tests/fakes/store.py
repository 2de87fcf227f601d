"""A store in memory that keeps the promises of the real one: same contract tests, no file."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

from kiosk.audit.entries import entry_leaf
from kiosk.domain.errors import DiskFullError, JournalBrokenError, VaultError
from kiosk.domain.ids import AgentId, CaseId
from kiosk.ports import AgentRow, DraftRow, JournalQuery, JournalRow, OutboxRow


@dataclass
class _Tables:
    agents: dict[AgentId, AgentRow] = field(default_factory=dict)
    drafts: dict[CaseId, DraftRow] = field(default_factory=dict)
    journal: list[JournalRow] = field(default_factory=list)
    slips: dict[int, str] = field(default_factory=dict)
    frontier: tuple[bytes, ...] = ()
    outbox: dict[int, OutboxRow] = field(default_factory=dict)
    blobs: dict[int, bytes] = field(default_factory=dict)
    values: dict[str, bytes] = field(default_factory=dict)


class _Repository:
    def __init__(self, unit: InMemoryUnitOfWork) -> None:
        self._unit = unit

    @property
    def _tables(self) -> _Tables:
        return self._unit.tables()


class _Agents(_Repository):
    def get(self, agent_id: AgentId) -> AgentRow | None:
        return self._tables.agents.get(agent_id)

    def all(self) -> tuple[AgentRow, ...]:
        rows = self._tables.agents.values()
        return tuple(sorted(rows, key=lambda row: (row.display_name, row.agent_id)))

    def put(self, row: AgentRow) -> None:
        self._tables.agents[row.agent_id] = row


class _Drafts(_Repository):
    def get(self, case_id: CaseId) -> DraftRow | None:
        return self._tables.drafts.get(case_id)

    def all(self) -> tuple[DraftRow, ...]:
        rows = sorted(self._tables.drafts.values(), key=lambda row: row.case_id)
        return tuple(sorted(rows, key=lambda row: row.updated_at, reverse=True))

    def put(self, row: DraftRow) -> None:
        self._tables.drafts[row.case_id] = row

    def delete(self, case_id: CaseId) -> None:
        self._tables.drafts.pop(case_id, None)


class _Journal(_Repository):
    def append(self, row: JournalRow, slip_code: str = "") -> None:
        if row.seq != self.size():
            raise JournalBrokenError("order")
        self._tables.journal.append(row)
        self._tables.slips[row.seq] = slip_code

    def find(self, query: JournalQuery) -> tuple[JournalRow, ...]:
        def fits(row: JournalRow) -> bool:
            return (
                (query.since is None or row.wall_claimed >= query.since)
                and (query.until is None or row.wall_claimed < query.until)
                and query.kind in ("", row.kind)
                and query.record_id in ("", row.record_id)
                and query.slip_code in ("", self._tables.slips[row.seq])
                and (query.behind is None or (row.wall_claimed, row.seq) < query.behind)
            )

        found = sorted(
            (row for row in self._tables.journal if fits(row)),
            key=lambda row: (row.wall_claimed, row.seq),
            reverse=True,
        )
        return tuple(found[: query.limit])

    def size(self) -> int:
        return len(self._tables.journal)

    def get(self, seq: int) -> JournalRow | None:
        return self._tables.journal[seq] if 0 <= seq < self.size() else None

    def range(self, start: int, end: int) -> tuple[JournalRow, ...]:
        return tuple(self._tables.journal[max(start, 0) : max(end, 0)])

    def leaves(self, start: int, end: int) -> tuple[bytes, ...]:
        return tuple(entry_leaf(row.jws) for row in self.range(start, end))

    def frontier(self) -> tuple[bytes, ...]:
        return self._tables.frontier

    def put_frontier(self, frontier: Sequence[bytes]) -> None:
        self._tables.frontier = tuple(frontier)


class _Outbox(_Repository):
    def get(self, seq: int) -> OutboxRow | None:
        return self._tables.outbox.get(seq)

    def all(self) -> tuple[OutboxRow, ...]:
        return tuple(row for _, row in sorted(self._tables.outbox.items()))

    def unsettled(self) -> tuple[OutboxRow, ...]:
        return tuple(row for row in self.all() if not row.purged)

    def put(self, row: OutboxRow) -> None:
        self._tables.outbox[row.seq] = row


class _Blobs(_Repository):
    def put(self, seq: int, blob: bytes) -> None:
        self._tables.blobs[seq] = blob

    def get(self, seq: int) -> bytes | None:
        return self._tables.blobs.get(seq)

    def purge(self, seq: int) -> None:
        self._tables.blobs.pop(seq, None)


class _Values(_Repository):
    def get(self, name: str) -> bytes | None:
        return self._tables.values.get(name)

    def put(self, name: str, value: bytes) -> None:
        self._tables.values[name] = value

    def delete(self, name: str) -> None:
        self._tables.values.pop(name, None)

    def names(self, prefix: str) -> tuple[str, ...]:
        return tuple(sorted(name for name in self._tables.values if name.startswith(prefix)))


class InMemoryUnitOfWork:
    """Works on a copy; ``commit`` puts the copy in place."""

    def __init__(self, store: InMemoryStore) -> None:
        self._store = store
        self._working: _Tables | None = None
        self._thread = 0
        self.agents = _Agents(self)
        self.drafts = _Drafts(self)
        self.journal = _Journal(self)
        self.outbox = _Outbox(self)
        self.blobs = _Blobs(self)
        self.values = _Values(self)

    def tables(self) -> _Tables:
        if self._thread != threading.get_ident():
            raise RuntimeError("a unit of work is used in one thread")
        if self._working is None:
            raise RuntimeError("this unit of work has ended")
        return self._working

    def __enter__(self) -> Self:
        self._working = self._store.enter()
        self._thread = threading.get_ident()
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._working = None
        self._store.leave()

    def commit(self) -> None:
        working = self.tables()
        self._working = None
        self._store.replace(working)


class InMemoryStore:
    """Stands in for the encrypted store (``kiosk.ports.Store``).

    Attributes:
        free: what ``free_bytes`` answers.
        full: commits that change anything fail as on a full disk.
        commits: how many units of work were committed.
    """

    def __init__(self) -> None:
        self._tables = _Tables()
        self._lock = threading.Lock()
        self._owner = 0
        self._closed = False
        self.free = 10 * 1024**3
        self.full = False
        self.commits = 0

    def begin(self) -> InMemoryUnitOfWork:
        return InMemoryUnitOfWork(self)

    def enter(self) -> _Tables:
        if self._owner == threading.get_ident():
            raise RuntimeError("a unit of work is already open in this thread")
        if self._closed:
            raise VaultError("closed")
        self._lock.acquire()
        self._owner = threading.get_ident()
        return deepcopy(self._tables)

    def leave(self) -> None:
        self._owner = 0
        self._lock.release()

    def replace(self, tables: _Tables) -> None:
        if self.full and tables != self._tables:
            raise DiskFullError("fake")
        numbers = range(len(tables.journal))
        if any(seq not in numbers for seq in (*tables.outbox, *tables.blobs)):
            raise VaultError("no such journal entry")
        self._tables = tables
        self.commits += 1

    def free_bytes(self) -> int:
        return self.free

    def close(self) -> None:
        self._closed = True
