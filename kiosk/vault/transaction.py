"""One transaction on the one connection: what the repositories speak through."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, Executable, Row

from kiosk.domain.errors import VaultCorruptError, VaultReadOnlyError
from kiosk.vault.faults import translated


class Transaction:
    """A write transaction, used in the thread that opened it, ended by commit or rollback.

    Attributes:
        erases_a_key: once committed, no older copy of a key may stay in the write-ahead log.
        met_damage: a page did not decrypt or does not make sense, or the disk took no write; the
            connection is of no more use.
    """

    def __init__(self, engine: Engine, path: Path) -> None:
        self._path = path
        self.erases_a_key = False
        self.met_damage = False
        self._thread = threading.get_ident()
        self._connection: Connection | None = None
        connection = engine.connect()
        try:
            with self._translated():
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

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            with translated(self._path):
                yield
        except (VaultCorruptError, VaultReadOnlyError):
            self.met_damage = True
            raise

    def execute(
        self,
        statement: Executable,
        parameters: Sequence[Mapping[str, Any]] | None = None,
    ) -> None:
        """Run one statement that answers nothing. Raises a VaultError leaf."""
        with self._translated():
            self._live().execute(statement, parameters)

    def rows(self, statement: Executable) -> Sequence[Row[Any]]:
        """Every row of a query, fetched here so that no fault shows up later, untranslated."""
        with self._translated():
            return self._live().execute(statement).all()

    def row(self, statement: Executable) -> Row[Any] | None:
        """The only row of a query, or None."""
        found = self.rows(statement)
        return found[0] if found else None

    def vacuum(self) -> None:
        """Give every free page back to the disk."""
        with self._translated():
            cursor = self._live().connection.cursor()
            try:
                # One step frees one page and answers an empty row: all of them must be fetched.
                cursor.execute("PRAGMA incremental_vacuum")
                cursor.fetchall()
            finally:
                cursor.close()

    def report(self, sql: str) -> list[str]:
        """First column of every row that a check answers with."""
        with self._translated():
            return [str(row[0]) for row in self._live().exec_driver_sql(sql)]

    def commit(self) -> None:
        """End durably. After a failure the transaction is rolled back. Raises a VaultError leaf."""
        connection = self._live()
        with self._translated():
            try:
                connection.commit()
            finally:
                self.close()

    def close(self) -> None:
        """Roll back what was not committed; does nothing when ended."""
        connection, self._connection = self._connection, None
        if connection is None:
            return
        with self._translated():
            try:
                connection.rollback()
            finally:
                connection.close()
