"""Opens the collector's database for a program that must not change a byte of it.

Rules, in order: the database itself refuses to write (SQLite: ``mode=ro`` and ``query_only``;
PostgreSQL: read-only transactions); nothing is made or brought up to date here: a database that is
older or newer than the program is refused.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from sqlalchemy import Connection, Engine, create_engine, event, inspect, make_url, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import ConnectionPoolEntry

from central.archive.faults import StoreError
from central.archive.fleet_pages import FleetPages
from central.archive.fleet_schema import TABLES
from central.archive.layout import FolderError, Layout
from central.archive.ledger import Ledger
from central.archive.migrations import VERSION
from central.archive.provider_schema import TABLES as PROVIDER_TABLES
from central.archive.schema import schema_version
from central.archive.storage import read_storage

_BUSY_TIMEOUT_S = 10.0
_CONNECTIONS = 4


def _on_connect(connection: sqlite3.Connection, _record: ConnectionPoolEntry) -> None:
    connection.isolation_level = None
    for pragma in ("query_only=ON", "trusted_schema=OFF"):
        connection.execute(f"PRAGMA {pragma}")


def _on_begin(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN")


def _sqlite(path: Path) -> Engine:
    engine = create_engine(
        f"sqlite+pysqlite:///file:{quote(str(path.absolute()))}?mode=ro&uri=true",
        connect_args={"timeout": _BUSY_TIMEOUT_S, "check_same_thread": False},
    )
    event.listen(engine, "connect", _on_connect)
    event.listen(engine, "begin", _on_begin)
    return engine


def _postgresql(url: str) -> Engine:
    return create_engine(
        make_url(url).set(drivername="postgresql+psycopg"),
        pool_size=_CONNECTIONS,
        max_overflow=0,
        pool_pre_ping=True,
        isolation_level="REPEATABLE READ",
        connect_args={"options": "-c default_transaction_read_only=on"},
    )


@dataclass(frozen=True, slots=True)
class Reading:
    """One consistent state of the database.

    Attributes:
        ledger: rows by their keys.
        fleet: pages over the fleet.
    """

    ledger: Ledger
    fleet: FleetPages


class Reader:
    """A database that can be read, and only read."""

    def __init__(self, where: Path | str) -> None:
        """Open.

        Raises:
            FolderError: it does not answer, or is of another version of the program.
        """
        self._engine = _sqlite(where) if isinstance(where, Path) else _postgresql(where)
        try:
            with self._engine.begin() as connection:
                known = set(inspect(connection).get_table_names())
                fits = {table.name for table in (*TABLES, *PROVIDER_TABLES)} <= known
                if fits:
                    version = connection.execute(select(schema_version.c.version))
                    fits = version.scalar_one_or_none() == VERSION
        except SQLAlchemyError as exc:
            self._engine.dispose()
            raise FolderError("the database does not answer") from exc
        if not fits:
            self._engine.dispose()
            raise FolderError("the database is of another version: start the collector once first")

    @contextmanager
    def reading(self) -> Iterator[Reading]:
        """One consistent state, as long as the block lasts. Raises StoreError."""
        try:
            with self._engine.begin() as connection:
                yield Reading(Ledger(connection), FleetPages(connection))
        except SQLAlchemyError as exc:
            raise StoreError(type(exc).__name__) from exc

    def close(self) -> None:
        """Close every connection."""
        self._engine.dispose()


def open_reader(layout: Layout) -> Reader:
    """The database of a central side, to read. Raises FolderError."""
    storage = read_storage(layout)
    return Reader(storage.database or layout.database)
