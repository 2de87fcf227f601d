"""One transaction on the one connection: what the repositories speak through."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, CursorResult, Engine, Executable

from kiosk.vault.faults import translated


class Transaction:
    """A write transaction, used in the thread that opened it, ended by commit or rollback."""

    def __init__(self, engine: Engine, path: Path) -> None:
        self._path = path
        self._thread = threading.get_ident()
        self._connection: Connection | None = None
        connection = engine.connect()
        try:
            with translated(self._path):
                connection.begin()
        except BaseException:
            connection.close()
            raise
        self._connection = connection

    def _live(self) -> Connection:
        if threading.get_ident() != self._thread:
            raise RuntimeError("a unit of work is used in one thread")
        if self._connection is None:
            raise RuntimeError("this unit of work has ended")
        return self._connection

    def execute(
        self,
        statement: Executable,
        parameters: Mapping[str, Any] | Sequence[Mapping[str, Any]] | None = None,
    ) -> CursorResult[Any]:
        """Run one statement. Raises a VaultError leaf."""
        with translated(self._path):
            return self._live().execute(statement, parameters)

    def vacuum(self) -> None:
        """Give every free page back to the disk."""
        with translated(self._path):
            cursor = self._live().connection.cursor()
            try:
                # One step frees one page and answers an empty row: all of them must be fetched.
                cursor.execute("PRAGMA incremental_vacuum")
                cursor.fetchall()
            finally:
                cursor.close()

    def report(self, sql: str) -> list[str]:
        """First column of every row that a check answers with."""
        with translated(self._path):
            return [str(row[0]) for row in self._live().exec_driver_sql(sql)]

    def commit(self) -> None:
        """End durably. After a failure the transaction is rolled back. Raises a VaultError leaf."""
        connection = self._live()
        with translated(self._path):
            try:
                connection.commit()
            finally:
                self.close()

    def close(self) -> None:
        """Roll back what was not committed; does nothing when ended."""
        connection, self._connection = self._connection, None
        if connection is None:
            return
        with translated(self._path):
            try:
                connection.rollback()
            finally:
                connection.close()
