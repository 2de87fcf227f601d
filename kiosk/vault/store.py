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
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Self

from sqlalchemy import Engine

from kiosk.domain.errors import (
    DiskFullError,
    VaultBusyError,
    VaultCorruptError,
    VaultError,
    VaultKeyError,
    VaultReadOnlyError,
)
from kiosk.ports import (
    AgentRepository,
    BlobRepository,
    DraftRepository,
    JournalRepository,
    OutboxRepository,
    ValueRepository,
)
from kiosk.vault import opening, repositories
from kiosk.vault.faults import fault_of_file, translated
from kiosk.vault.transaction import Transaction

_LOCK_TIMEOUT_S = 30.0
_REKEY_ROOM = 2
_SPARE_BYTES = 16 * 1024 * 1024


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

    def __init__(self, path: Path, key: bytes, open_engine: Callable[[bytes], Engine]) -> None:
        """Open the file at once. Raises as :func:`open_store`."""
        self._path = path
        self._key = key
        self._open_with = open_engine
        self._engine: Engine | None = open_engine(key)
        self._closed = False
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
        except VaultReadOnlyError:
            self._drop_engine()
            self._lock.release()
            raise
        except BaseException:
            self._lock.release()
            raise
        self._owner = threading.get_ident()
        return transaction

    def _open_engine(self) -> Engine:
        if self._closed:
            raise VaultError("closed")
        if self._engine is None:
            self._engine = self._open_with(self._key)
        return self._engine

    def end(self, transaction: Transaction) -> None:
        """Roll back what is left and let the next writer in. Called by the unit of work."""
        try:
            transaction.close()
        finally:
            if transaction.met_damage:
                # SQLCipher lets nothing more through a connection that met a damaged page. A new
                # one still reaches everything that the damage does not touch; and it finds out
                # whether a disk that took no write takes them again.
                self._drop_engine()
            if transaction.erases_a_key:
                self._fold_log()
            self._owner = None
            self._lock.release()

    def _drop_engine(self) -> None:
        engine, self._engine = self._engine, None
        if engine is not None:
            with suppress(VaultError), translated(self._path):
                engine.dispose()

    def free_bytes(self) -> int:
        """Free space on the disk of the file, for this user. Raises VaultError."""
        try:
            return shutil.disk_usage(self._path.parent).free
        except OSError as exc:
            raise fault_of_file(exc) from exc

    def problems(self) -> tuple[str, ...]:
        """Everything that a full check of the file finds; empty when it is sound. Slow."""
        found: list[str] = []
        # The check of the cipher reads the file past the log: after a power cut amid a fold the
        # file has halves of pages, which the log makes whole. So the log is folded first.
        fold = self.start()
        fold.erases_a_key = True
        self.end(fold)
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

    def rekey(self, key: bytes) -> None:
        """Encrypt every page anew with ``key``; other units of work wait until it is done.

        One transaction in the write-ahead log: a power cut leaves the file under the one key or
        under the other, so both must be kept until this returns. Needs room for the file twice.

        Raises:
            DiskFullError: no room; nothing was done.
            VaultError: not done, or not known to be done; the key that opens the file now is used.
        """
        if len(key) != opening.KEY_BYTES:
            raise VaultKeyError("the key has not 32 bytes")
        if self._owner == threading.get_ident():
            raise RuntimeError("a unit of work is open in this thread")
        if not self._lock.acquire(timeout=_LOCK_TIMEOUT_S):
            raise VaultBusyError("writer's lock")
        try:
            self._rekey(key)
        finally:
            self._lock.release()

    def _rekey(self, key: bytes) -> None:
        engine = self._open_engine()
        if self.free_bytes() < _REKEY_ROOM * self._path.stat().st_size + _SPARE_BYTES:
            raise DiskFullError("rekey")
        try:
            with translated(self._path):
                connection = engine.raw_connection()
                try:
                    cursor = connection.cursor()
                    cursor.execute(f"PRAGMA rekey = \"x'{key.hex()}'\"")
                    cursor.close()
                finally:
                    connection.close()
            # No page under the old key stays behind in the log.
            self._fold_log()
        finally:
            self._drop_engine()
            self._settle_key(key)

    def _settle_key(self, new: bytes) -> None:
        """Go on with the key that the file bears now."""
        try:
            self._engine = self._open_with(new)
        except (VaultKeyError, VaultCorruptError):
            self._engine = self._open_with(self._key)
            raise
        self._key = new

    def close(self) -> None:
        """Fold the write-ahead log into the file and close it. Safe to call twice."""
        with self._lock:
            self._closed = True
            self._fold_log()
            self._drop_engine()

    def _fold_log(self) -> None:
        """Move the write-ahead log into the file, where secure_delete rules, and empty it.

        Without room for it, or with a reader in the way, the log stays: nothing in it is lost.
        """
        if self._engine is None:
            return
        with suppress(VaultError), translated(self._path):
            connection = self._engine.raw_connection()
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
    return SqlStore(path, key, partial(_open_engine, path, busy_timeout_s))


def _open_engine(path: Path, busy_timeout_s: float, key: bytes) -> Engine:
    return opening.open_engine(path, key, busy_timeout_s)
