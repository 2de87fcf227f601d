"""The store and its units of work.

Rules, in order:

1. One file, one connection, one writer: a unit of work holds the writer's lock while it is open.
2. A unit of work is opened, used and closed in one thread; opening a second one inside the first
   is a fault of the program and is said at once instead of waiting for ever.
3. ``commit`` is durable when it returns. Leaving without it rolls everything back.
"""

from __future__ import annotations

import shutil
import threading
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from sqlalchemy import Engine

from kiosk.domain.errors import VaultBusyError, VaultCorruptError, VaultError
from kiosk.ports import (
    AgentRepository,
    BlobRepository,
    DraftRepository,
    JournalRepository,
    OutboxRepository,
    ValueRepository,
)
from kiosk.vault import opening, repositories
from kiosk.vault.faults import translated
from kiosk.vault.transaction import Transaction

_LOCK_TIMEOUT_S = 30.0


class SqlUnitOfWork:
    """See :class:`kiosk.ports.UnitOfWork`."""

    agents: AgentRepository
    drafts: DraftRepository
    journal: JournalRepository
    outbox: OutboxRepository
    blobs: BlobRepository
    values: ValueRepository

    def __init__(self, store: SqlStore) -> None:
        self._store = store
        self._transaction: Transaction | None = None

    def __enter__(self) -> Self:
        transaction = self._store.start()
        self._transaction = transaction
        self.agents = repositories.Agents(transaction)
        self.drafts = repositories.Drafts(transaction)
        self.journal = repositories.Journal(transaction)
        self.outbox = repositories.Outbox(transaction)
        self.blobs = repositories.Blobs(transaction)
        self.values = repositories.Values(transaction)
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        transaction, self._transaction = self._transaction, None
        if transaction is not None:
            self._store.end(transaction)

    def commit(self) -> None:
        """Durable when it returns; nothing can be done in this unit of work afterwards."""
        if self._transaction is None:
            raise RuntimeError("this unit of work is not open")
        self._transaction.commit()


class SqlStore:
    """See :class:`kiosk.ports.Store`: the encrypted file ``path``."""

    def __init__(self, path: Path, engine: Engine) -> None:
        self._path = path
        self._engine: Engine | None = engine
        self._lock = threading.Lock()
        self._owner: int | None = None

    def begin(self) -> SqlUnitOfWork:
        """A unit of work, to be used in a ``with`` statement."""
        return SqlUnitOfWork(self)

    def start(self) -> Transaction:
        """Take the writer's lock and begin. Called by the unit of work."""
        if self._owner == threading.get_ident():
            raise RuntimeError("a unit of work is already open in this thread")
        if not self._lock.acquire(timeout=_LOCK_TIMEOUT_S):
            raise VaultBusyError("writer's lock")
        try:
            transaction = Transaction(self._open_engine(), self._path)
        except BaseException:
            self._lock.release()
            raise
        self._owner = threading.get_ident()
        return transaction

    def _open_engine(self) -> Engine:
        if self._engine is None:
            raise VaultError("closed")
        return self._engine

    def end(self, transaction: Transaction) -> None:
        """Roll back what is left and let the next writer in. Called by the unit of work."""
        try:
            transaction.close()
        finally:
            self._owner = None
            self._lock.release()

    def free_bytes(self) -> int:
        """Free space on the disk of the file, for this user."""
        return shutil.disk_usage(self._path.parent).free

    def problems(self) -> tuple[str, ...]:
        """Everything that a full check of the file finds; empty when it is sound. Slow."""
        found: list[str] = []
        for check in ("cipher_integrity_check", "integrity_check", "foreign_key_check"):
            transaction = self.start()
            try:
                found += transaction.report(f"PRAGMA {check}")
            except VaultCorruptError as exc:
                # The check itself stumbled over the damage.
                found.append(f"{check}: {exc.detail}")
            finally:
                self.end(transaction)
        return tuple(line for line in found if line != "ok")

    def close(self) -> None:
        """Fold the write-ahead log into the file and close it. Safe to call twice."""
        with self._lock:
            engine, self._engine = self._engine, None
            if engine is None:
                return
            try:
                # Without room for it the log stays beside the file: nothing in it is lost.
                with suppress(VaultError), translated(self._path):
                    self._fold_log(engine)
            finally:
                engine.dispose()

    @staticmethod
    def _fold_log(engine: Engine) -> None:
        connection = engine.raw_connection()
        try:
            cursor = connection.cursor()
            cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            cursor.close()
        finally:
            connection.close()


def open_store(path: Path, key: bytes, busy_timeout_s: float = opening.BUSY_TIMEOUT_S) -> SqlStore:
    """Open, or create, the store in ``path``.

    Args:
        path: the file; its folder exists.
        key: 32 raw bytes.
        busy_timeout_s: how long to wait for another process.

    Raises:
        VaultKeyError, VaultCorruptError, VaultBusyError, VaultPragmaError, VaultVersionError,
        DiskFullError, VaultError.
    """
    return SqlStore(path, opening.open_engine(path, key, busy_timeout_s))
