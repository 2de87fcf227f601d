"""What rows of every kind share: the connection of one transaction, and how a row is found."""

from __future__ import annotations

from functools import cache
from typing import Any

from sqlalchemy import Connection, Row, Select, Table, bindparam, select

from central.archive.fleet_rows import FleetRows

_HASH_BYTES = 32


def join_hashes(hashes: tuple[bytes, ...]) -> bytes:
    """Hashes as one column keeps them."""
    return b"".join(hashes)


def cut_hashes(data: bytes) -> tuple[bytes, ...]:
    """Inverse of :func:`join_hashes`."""
    return tuple(data[i : i + _HASH_BYTES] for i in range(0, len(data), _HASH_BYTES))


@cache
def _by_key(table: Table, names: tuple[str, ...]) -> Select[Any]:
    """The row with given values in these columns."""
    return select(table).where(*(table.c[name] == bindparam(name) for name in names))


class Transaction:
    """One transaction.

    Attributes:
        fleet: what is counted for those who run the fleet.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self.fleet = FleetRows(connection)

    def _one(self, table: Table, **key: Any) -> Row[Any] | None:
        return self._connection.execute(_by_key(table, tuple(key)), key).one_or_none()
