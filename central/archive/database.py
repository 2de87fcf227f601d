"""The collector's database: SQLite in WAL mode, every commit durable.

Rules, in order: ``synchronous=FULL`` (NORMAL loses acknowledged rows at a power cut); a writer
takes the write lock when it begins, so that it never has to start over; readers never wait.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.pool import ConnectionPoolEntry

from central.archive.layout import FolderError
from central.archive.ledger import Ledger
from central.archive.schema import metadata

_BUSY_TIMEOUT_S = 30.0
_SYNCHRONOUS_FULL = 2


def _on_connect(connection: sqlite3.Connection, _record: ConnectionPoolEntry) -> None:
    # The driver must not begin transactions by itself: we say which kind (see _on_begin).
    connection.isolation_level = None
    for pragma in (
        "journal_mode=WAL",
        "synchronous=FULL",
        "fullfsync=1",
        "foreign_keys=ON",
        "trusted_schema=OFF",
    ):
        connection.execute(f"PRAGMA {pragma}")


def _on_begin(connection: Connection) -> None:
    writing = connection.get_execution_options().get("writing", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writing else "BEGIN")


class Database:
    """Opens the database; hands out ledgers, one transaction each."""

    def __init__(self, path: Path) -> None:
        """Open or create.

        Raises:
            FolderError: the settings that durability depends on were not accepted.
        """
        self._engine: Engine = create_engine(
            f"sqlite+pysqlite:///{path}", connect_args={"timeout": _BUSY_TIMEOUT_S}
        )
        event.listen(self._engine, "connect", _on_connect)
        event.listen(self._engine, "begin", _on_begin)
        with self._engine.execution_options(writing=True).begin() as connection:
            if connection.execute(text("PRAGMA synchronous")).scalar_one() != _SYNCHRONOUS_FULL:
                raise FolderError("synchronous")
            metadata.create_all(connection)

    @contextmanager
    def writing(self) -> Iterator[Ledger]:
        """A ledger to change; committed durably when the block ends well, else rolled back."""
        with self._engine.execution_options(writing=True).begin() as connection:
            yield Ledger(connection)

    @contextmanager
    def reading(self) -> Iterator[Ledger]:
        """A ledger to read, in one consistent state."""
        with self._engine.begin() as connection:
            yield Ledger(connection)

    def close(self) -> None:
        """Close every connection."""
        self._engine.dispose()
