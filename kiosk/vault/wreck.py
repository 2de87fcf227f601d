"""Reads what is left of a damaged store, row by row, and writes nothing to it.

Rules, in order: a page that does not decrypt or does not make sense costs the rows on it and no
other; SQLCipher lets nothing more through a connection that met such a page, so a new one goes on
behind it; what lies between the last row read from the front and the last one read from the back is
asked for number by number; how many rows were not found is told, never guessed away. The first page
holds what makes a file a database: without it nothing can be read here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from sqlcipher3 import dbapi2

from kiosk.domain.errors import VaultCorruptError
from kiosk.vault.faults import translated
from kiosk.vault.opening import BUSY_TIMEOUT_S, connect_readable

_PAGE_ROWS = 500
MAX_PROBES = 20_000
"""Rows asked for one by one in one gap; about thirty pages of the smallest rows."""


class Wreck:
    """A damaged store, opened to be read.

    Attributes:
        version: of its tables.
        stumbled: whether some page of the table that was read last could not be read.
    """

    def __init__(self, path: Path, key: bytes) -> None:
        """Open. Raises VaultKeyError, VaultBusyError, VaultCorruptError (no first page)."""
        self._path = path
        self._key = key
        self._connection: Any = None
        self.stumbled = False
        self.version = int(self._rows("PRAGMA user_version")[0][0])

    def close(self) -> None:
        """Let go of the file."""
        connection, self._connection = self._connection, None
        if connection is not None:
            with suppress(dbapi2.Error):
                connection.close()

    def table(self, name: str, upto: int = 0) -> Iterator[Mapping[str, Any]]:
        """Every row of a table that can still be read, in the order of its row numbers.

        Args:
            name: one of our own tables; nothing where the file has no such one.
            upto: a row number that is known to have been given out, from elsewhere.
        """
        last = 0
        for row in self._ahead(name, -1):
            last = row["_rowid"]
            yield row
        if not self.stumbled:
            return
        back = list(self._behind(name, last))
        first_behind = back[-1]["_rowid"] if back else max(upto, last + 200) + 1
        for number in range(last + 1, min(first_behind, last + 1 + MAX_PROBES)):
            yield from self._one(name, number)
        yield from reversed(back)

    def blob(self, seq: int) -> bytes | None:
        """The sealed bytes of a record; None where there are none, or not all of them."""
        try:
            rows = self._rows("SELECT data FROM blobs WHERE seq = ? ORDER BY chunk", (seq,))
        except VaultCorruptError:
            return None
        return b"".join(row[0] for row in rows) if rows else None

    # --- scanning -------------------------------------------------------------------------------

    def _ahead(self, name: str, after: int) -> Iterator[Mapping[str, Any]]:
        """Rows from the front, until the end or until a page stands in the way."""
        self.stumbled = False
        size = _PAGE_ROWS
        while True:
            sql = f"SELECT rowid AS _rowid, * FROM {name} WHERE rowid > ? ORDER BY rowid LIMIT ?"  # noqa: S608 - our own names
            try:
                rows = self._named(sql, (after, size))
            except VaultCorruptError:
                if size == 1:
                    self.stumbled = True
                    return
                size = max(1, size // 8)
                continue
            yield from rows
            if len(rows) < size:
                return
            after = rows[-1]["_rowid"]

    def _behind(self, name: str, after: int) -> Iterator[Mapping[str, Any]]:
        """Rows from the back, down to the page that stands in the way."""
        before, size = 2**62, _PAGE_ROWS
        while True:
            sql = (
                f"SELECT rowid AS _rowid, * FROM {name} WHERE rowid > ? AND rowid < ? "  # noqa: S608 - our own names
                "ORDER BY rowid DESC LIMIT ?"
            )
            try:
                rows = self._named(sql, (after, before, size))
            except VaultCorruptError:
                if size == 1:
                    return
                size = max(1, size // 8)
                continue
            yield from rows
            if len(rows) < size:
                return
            before = rows[-1]["_rowid"]

    def _one(self, name: str, number: int) -> list[Mapping[str, Any]]:
        with suppress(VaultCorruptError):
            return self._named(
                f"SELECT rowid AS _rowid, * FROM {name} WHERE rowid = ?",  # noqa: S608 - our own names
                (number,),
            )
        return []

    def _named(self, sql: str, values: tuple[int, ...]) -> list[Mapping[str, Any]]:
        cursor = self._run(sql, values)
        names = [column[0] for column in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in self._fetched(cursor)]

    def _rows(self, sql: str, values: tuple[int, ...] = ()) -> list[tuple[Any, ...]]:
        return self._fetched(self._run(sql, values))

    def _fetched(self, cursor: Any) -> list[tuple[Any, ...]]:
        try:
            with translated(self._path):
                return list(cursor.fetchall())
        except VaultCorruptError:
            self.close()
            raise

    def _run(self, sql: str, values: tuple[int, ...]) -> Any:
        if self._connection is None:
            self._connection = connect_readable(self._path, self._key, BUSY_TIMEOUT_S)
        try:
            with translated(self._path):
                return self._connection.execute(sql, values)
        except VaultCorruptError:
            self.close()
            raise
