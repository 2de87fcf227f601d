"""What a witness remembers: of each log its keys, and the newest tree that it vouched for.

Rules, in order: a commit is on the disk when it returns (SQLite, WAL, ``synchronous=FULL``);
looking at the newest tree and replacing it happen in one transaction, so that of two requests at
once the later one meets what the earlier one wrote; a tree is only ever replaced by a larger one; a
log that was closed stays closed, and its newest tree stays known.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

_BUSY_TIMEOUT_S = 10.0
_SYNCHRONOUS_FULL = 2
_VERSION = 2
MAX_SUSPICIONS = 64
"""Kept of each log; a log that is at odds with itself need not be shown to be so a thousand
times."""
_TABLES = """
CREATE TABLE IF NOT EXISTS log_keys (
    origin TEXT NOT NULL, verifier_key TEXT NOT NULL, PRIMARY KEY (origin, verifier_key)) STRICT;
CREATE TABLE IF NOT EXISTS trees (
    origin TEXT PRIMARY KEY, size INTEGER NOT NULL, root BLOB NOT NULL, note TEXT NOT NULL,
    seen_at INTEGER NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS suspicions (
    origin TEXT NOT NULL, kind TEXT NOT NULL, size INTEGER NOT NULL, root BLOB NOT NULL,
    note TEXT NOT NULL, held_note TEXT NOT NULL, seen_at INTEGER NOT NULL,
    PRIMARY KEY (origin, kind, size, root)) STRICT;
CREATE TABLE IF NOT EXISTS closed_logs (
    origin TEXT PRIMARY KEY, closed_at INTEGER NOT NULL) STRICT;
"""


class MemoryFaultError(Exception):
    """The state cannot be read or kept: nothing is cosigned."""


@dataclass(frozen=True, slots=True)
class Tree:
    """The newest tree of a log that this witness vouched for.

    Attributes:
        size: leaves.
        root: 32 bytes.
        note: the log's own signed checkpoint.
        seen_at: seconds since the epoch.
    """

    size: int
    root: bytes
    note: str
    seen_at: int


@dataclass(frozen=True, slots=True)
class Suspicion:
    """A checkpoint that a log signed and that does not go with what it showed before.

    Attributes:
        origin: which log.
        kind: ``fork``: two roots of one size, proven by both notes; ``unproven``: a larger tree
            that the submitted proof does not lead to, which a careless sender makes as well.
        size: of the tree that was refused.
        note: what was refused.
        held_note: what it was held against.
        seen_at: seconds since the epoch, of the first time.
    """

    origin: str
    kind: str
    size: int
    note: str
    held_note: str
    seen_at: int


class Turn:
    """One transaction."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def keys(self, origin: str) -> tuple[str, ...]:
        """Verifier keys trusted for a log; none for one that is not watched."""
        query = "SELECT verifier_key FROM log_keys WHERE origin = ? ORDER BY verifier_key"
        return tuple(key for (key,) in self._connection.execute(query, (origin,)))

    def add_key(self, origin: str, verifier_key: str) -> None:
        """Watch a log; the same key once."""
        query = "INSERT OR IGNORE INTO log_keys VALUES (?, ?)"
        self._connection.execute(query, (origin, verifier_key))

    def origins(self) -> tuple[str, ...]:
        """Every log that is watched."""
        query = "SELECT DISTINCT origin FROM log_keys ORDER BY origin"
        return tuple(origin for (origin,) in self._connection.execute(query))

    def tree(self, origin: str) -> Tree | None:
        """The newest tree of a log, None before the first."""
        query = "SELECT size, root, note, seen_at FROM trees WHERE origin = ?"
        row = self._connection.execute(query, (origin,)).fetchone()
        return None if row is None else Tree(*row)

    def put_tree(self, origin: str, tree: Tree) -> None:
        """Replace the newest tree. Raises MemoryFaultError where that would be a step back."""
        held = self.tree(origin)
        if held is not None and (
            tree.size < held.size or (tree.size == held.size and tree.root != held.root)
        ):
            raise MemoryFaultError("a step back")
        query = "INSERT OR REPLACE INTO trees VALUES (?, ?, ?, ?, ?)"
        values = (origin, tree.size, tree.root, tree.note, tree.seen_at)
        self._connection.execute(query, values)

    def close(self, origin: str, at: int) -> None:
        """Vouch for no further tree of a log; ``at``: seconds since the epoch."""
        self._connection.execute("INSERT OR IGNORE INTO closed_logs VALUES (?, ?)", (origin, at))

    def closed(self) -> frozenset[str]:
        """Logs that were closed."""
        query = "SELECT origin FROM closed_logs"
        return frozenset(origin for (origin,) in self._connection.execute(query))

    def suspect(self, kind: str, origin: str, tree: Tree, held_note: str) -> None:
        """Keep what does not go with what is held; the same one once, and a bounded number."""
        count = "SELECT count(*) FROM suspicions WHERE origin = ? AND kind = ?"
        (held,) = self._connection.execute(count, (origin, kind)).fetchone()
        if held < MAX_SUSPICIONS:
            query = "INSERT OR IGNORE INTO suspicions VALUES (?, ?, ?, ?, ?, ?, ?)"
            values = (origin, kind, tree.size, tree.root, tree.note, held_note, tree.seen_at)
            self._connection.execute(query, values)

    def suspicions(self) -> tuple[Suspicion, ...]:
        """Everything that was kept, oldest first."""
        query = (
            "SELECT origin, kind, size, note, held_note, seen_at FROM suspicions ORDER BY seen_at"
        )
        return tuple(Suspicion(*row) for row in self._connection.execute(query))


class Memory:
    """The file of a witness; one transaction at a time in this process, and in all of them."""

    def __init__(self, path: Path) -> None:
        """Open or make the file. Raises MemoryFaultError."""
        self._lock = threading.Lock()
        try:
            self._connection = sqlite3.connect(
                path, timeout=_BUSY_TIMEOUT_S, isolation_level=None, check_same_thread=False
            )
            self._prepare()
        except sqlite3.Error as exc:
            raise MemoryFaultError(type(exc).__name__) from exc

    def _prepare(self) -> None:
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "fullfsync=1", "trusted_schema=OFF"):
            self._connection.execute(f"PRAGMA {pragma}")
        (level,) = self._connection.execute("PRAGMA synchronous").fetchone()
        (version,) = self._connection.execute("PRAGMA user_version").fetchone()
        if level != _SYNCHRONOUS_FULL:
            raise MemoryFaultError("the file does not keep what it has acknowledged")
        if version > _VERSION:
            raise MemoryFaultError("the file belongs to a newer version of this program")
        self._connection.executescript(_TABLES)
        self._connection.execute(f"PRAGMA user_version={_VERSION}")

    @contextmanager
    def turn(self) -> Iterator[Turn]:
        """A transaction, durable when the block ends well, else undone. Raises MemoryFaultError."""
        with self._lock:
            try:
                self._connection.execute("BEGIN IMMEDIATE")
                try:
                    yield Turn(self._connection)
                except BaseException:
                    self._connection.execute("ROLLBACK")
                    raise
                self._connection.execute("COMMIT")
            except sqlite3.Error as exc:
                raise MemoryFaultError(type(exc).__name__) from exc

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._connection.close()
