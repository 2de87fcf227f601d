"""The collector's database: SQLite in one file, or PostgreSQL.

Rules, in order: a commit is durable when it returns (SQLite: WAL with ``synchronous=FULL``, because
NORMAL loses acknowledged rows at a power cut; PostgreSQL: ``synchronous_commit=on`` at least, and
where it has a synchronous replica, that one has it too: :mod:`central.archive.replica`);
writers of one scope come one after the other, also from several processes, so that no rule needs to
think of two at once; a reader sees one consistent state and never waits.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection, Engine, create_engine, event, make_url, text
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import DisconnectionError, SQLAlchemyError
from sqlalchemy.pool import ConnectionPoolEntry

from central.archive.faults import StoreError
from central.archive.layout import FolderError
from central.archive.ledger import Ledger
from central.archive.locks import lock
from central.archive.migrations import migrate
from central.archive.old_rows import rewrite
from central.archive.replica import Commits
from central.archive.turns import Turns

_BUSY_TIMEOUT_S = 30.0
_SYNCHRONOUS_FULL = 2
_CONNECTIONS = 40
"""As many as the threads that answer calls."""
_FRESH_S = 1.0
"""A connection to a server that was used so lately is not asked whether it still stands."""
_FRESH_UNTIL = "visavis_fresh_until"
_DURABLE = frozenset({"on", "local", "remote_write", "remote_apply"})
EVERYTHING = ""
"""Scope of a writer that keeps out only writers without a scope of their own."""


def _on_connect(connection: sqlite3.Connection, _record: ConnectionPoolEntry) -> None:
    # The driver must not begin transactions by itself: we say which kind (see _on_begin).
    connection.isolation_level = None
    for pragma in (
        "journal_mode=WAL",
        "synchronous=FULL",
        "fullfsync=1",
        "foreign_keys=ON",
        "trusted_schema=OFF",
        # What an erasure takes away is overwritten, not only unlinked.
        "secure_delete=ON",
    ):
        connection.execute(f"PRAGMA {pragma}")


def _on_begin(connection: Connection) -> None:
    writing = connection.get_execution_options().get("writing", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writing else "BEGIN")


def _sqlite(path: Path) -> Engine:
    engine = create_engine(
        f"sqlite+pysqlite:///{path}",
        connect_args={"timeout": _BUSY_TIMEOUT_S},
        # One that is closed when its call ends has to read the schema again for the next.
        pool_size=_CONNECTIONS,
        max_overflow=0,
    )
    event.listen(engine, "connect", _on_connect)
    event.listen(engine, "begin", _on_begin)
    return engine


def _postgresql(url: str) -> Engine:
    engine = create_engine(
        make_url(url).set(drivername="postgresql+psycopg"),
        pool_size=_CONNECTIONS,
        max_overflow=0,
        # Whoever waited for another writer must read what that one wrote.
        isolation_level="READ COMMITTED",
    )
    _ask_after_a_pause(engine)
    return engine


def _ask_after_a_pause(engine: Engine) -> None:
    """A server that was restarted is met by a new connection, not by a failed call.

    A connection that answered a moment ago is not asked: that would cost every call a round trip.
    """

    def lent(driver: DBAPIConnection, entry: ConnectionPoolEntry, _proxy: object) -> None:
        if time.monotonic() > entry.info.get(_FRESH_UNTIL, 0.0):
            try:
                engine.dialect.do_ping(driver)
            except Exception as exc:
                raise DisconnectionError from exc

    def given_back(_driver: DBAPIConnection | None, entry: ConnectionPoolEntry) -> None:
        entry.info[_FRESH_UNTIL] = time.monotonic() + _FRESH_S

    event.listen(engine, "checkout", lent)
    event.listen(engine, "checkin", given_back)


@contextmanager
def _failing_in_one_word() -> Iterator[None]:
    try:
        yield
    except SQLAlchemyError as exc:
        raise StoreError(type(exc).__name__) from exc


@dataclass(frozen=True, slots=True)
class Forgotten:
    """Where nothing is left of what was erased: the files of the tables, the write-ahead log."""

    tables: bool
    log: bool


class Database:
    """Opens the database; hands out ledgers, one transaction each."""

    def __init__(self, where: Path | str) -> None:
        """Open or create, and bring an older schema up to date.

        Args:
            where: a file for SQLite, or ``postgresql://...``.

        Raises:
            FolderError: it does not answer, or refuses what durability depends on.
        """
        self._embedded = isinstance(where, Path)
        # SQLite lets writers sleep and try again; here they take turns.
        self._turns = Turns(where) if isinstance(where, Path) else None
        self._engine = _sqlite(where) if isinstance(where, Path) else _postgresql(where)
        # Said by the driver with the statement that begins the transaction.
        self._reading = (
            self._engine
            if self._embedded
            else self._engine.execution_options(
                isolation_level="REPEATABLE READ", postgresql_readonly=True
            )
        )
        self._commits = None if self._embedded else Commits(self._engine)
        try:
            if self._commits is not None:
                with _failing_in_one_word():
                    self._commits.start()
            with self._transaction(("schema",), local=True) as connection:
                if not self._durable(connection):
                    raise FolderError("the database does not keep what it has acknowledged")
                migrate(connection)
        except (SQLAlchemyError, StoreError) as exc:
            self.close()
            # The text of the driver's error may hold the address and the name of the user.
            raise FolderError("the database does not answer") from exc

    def _durable(self, connection: Connection) -> bool:
        if self._embedded:
            level = connection.execute(text("PRAGMA synchronous")).scalar_one()
            return bool(level == _SYNCHRONOUS_FULL)
        commit = connection.execute(text("SHOW synchronous_commit")).scalar_one()
        fsync = connection.execute(text("SHOW fsync")).scalar_one()
        return commit in _DURABLE and fsync == "on"

    @contextmanager
    def _transaction(self, scopes: tuple[str, ...], *, local: bool) -> Iterator[Connection]:
        turn: AbstractContextManager[None] = (
            nullcontext() if self._turns is None else self._turns.turn()
        )
        writing = self._engine.execution_options(writing=True)
        with turn, writing.connect() as connection:
            connection.begin()
            if self._commits is not None:
                self._commits.begin(connection, local=local)
            for scope in sorted(set(scopes)) or [EVERYTHING]:
                lock(connection, scope)
            yield connection
            if self._commits is None:
                connection.commit()
            elif not self._commits.commit(connection) and not local:
                raise StoreError("replica")

    @contextmanager
    def writing(self, *scopes: str, local: bool = False) -> Iterator[Ledger]:
        """A ledger to change; committed durably when the block ends well, else rolled back.

        Args:
            scopes: what is written (devices, the log; :data:`EVERYTHING` where none is named);
                writers of other scopes need not wait, where the database can do that.
            local: to be durable on one server is enough, for whoever brings it keeps it, or asks
                anew. Else it is on the synchronous replica too, where there is one.

        Raises:
            StoreError: the database does not answer, or refuses, or its replica is away.
        """
        with _failing_in_one_word(), self._transaction(scopes, local=local) as connection:
            yield Ledger(connection)

    @property
    def behind(self) -> bool:
        """Whether a synchronous replica may lack what was committed here."""
        return self._commits is not None and self._commits.behind

    def settle(self) -> None:
        """Return once all that is visible now is on the synchronous replica too. Raises StoreError.

        Where there is none, that is at once.
        """
        if self._commits is not None:
            with _failing_in_one_word():
                self._commits.settle()

    @contextmanager
    def reading(self) -> Iterator[Ledger]:
        """A ledger to read, in one consistent state. Raises StoreError."""
        with _failing_in_one_word(), self._reading.begin() as connection:
            yield Ledger(connection)

    def forget(self) -> Forgotten:
        """Take what was erased out of old rows, and out of the write-ahead log where that is ours.

        SQLite overwrites rows itself; a reader that is at work keeps its log in use: the next call,
        or the next start, gets it. PostgreSQL keeps its log by its own rules: an operator has to
        see to that; its old rows: :mod:`central.archive.old_rows`.
        """
        with _failing_in_one_word():
            if not self._embedded:
                return Forgotten(tables=rewrite(self._engine), log=False)
            with self._engine.connect() as connection:
                raw = connection.connection.cursor()
                busy = raw.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
        return Forgotten(tables=True, log=not busy)

    def close(self) -> None:
        """Close every connection."""
        self._engine.dispose()
        if self._turns is not None:
            self._turns.close()
            self._turns = None
