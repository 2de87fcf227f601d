"""Which sheets were mailed for which record: so that none is sent twice, or without measure.

No row holds an address or a word of a sheet: the address is a keyed hash. A new table only: a
database from before it gets it when it is opened.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    ForeignKey,
    Integer,
    LargeBinary,
    Table,
    Text,
    delete,
    func,
    insert,
    select,
)

from central.archive.schema import metadata
from kiosk.domain.ids import DeviceId

_NUMBER = BigInteger().with_variant(Integer(), "sqlite")

table = Table(
    "mailed_sheets",
    metadata,
    Column("device_id", ForeignKey("devices.device_id"), primary_key=True),
    Column("seq", _NUMBER, primary_key=True, autoincrement=False),
    Column("address_hash", LargeBinary, primary_key=True),
    Column("variant", Text, primary_key=True),
    Column("status", Text, nullable=False),
    Column("sent_at", Text, nullable=False, index=True),
    sqlite_strict=True,
)


@dataclass(frozen=True, slots=True)
class SheetRow:
    """One sheet that was mailed, or is on its way.

    Attributes:
        device_id, seq: entry of the record that it is about.
        address_hash: keyed hash of the address, 32 bytes.
        variant: how it is written.
        status: ``sending``, ``sent`` or ``failed``.
        sent_at: ISO 8601 UTC with milliseconds.
    """

    device_id: DeviceId
    seq: int
    address_hash: bytes
    variant: str
    status: str
    sent_at: str


class SheetRows:
    """Reads and writes them. No rule of the protocol lives here."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def of_record(self, device_id: DeviceId, seq: int) -> tuple[SheetRow, ...]:
        """What was mailed about a record."""
        return self._all(table.c.device_id == device_id, table.c.seq == seq)

    def put(self, row: SheetRow) -> None:
        """Insert or replace."""
        self._connection.execute(
            delete(table).where(
                table.c.device_id == row.device_id,
                table.c.seq == row.seq,
                table.c.address_hash == row.address_hash,
                table.c.variant == row.variant,
            )
        )
        self._connection.execute(insert(table).values(**asdict(row)))

    def times_to_address(self, address_hash: bytes, since: str) -> tuple[str, ...]:
        """When sheets were mailed to an address since a time, oldest first."""
        found = self._all(table.c.address_hash == address_hash, table.c.sent_at >= since)
        return tuple(sorted(row.sent_at for row in found))

    def count_of_device(self, device_id: DeviceId, since: str) -> int:
        """How many sheets a device had mailed since a time."""
        query = select(func.count()).where(table.c.device_id == device_id, table.c.sent_at >= since)
        return int(self._connection.execute(query).scalar_one())

    def forget(self, before: str) -> None:
        """Delete what was mailed before a time."""
        self._connection.execute(delete(table).where(table.c.sent_at < before))

    def _all(self, *where: Any) -> tuple[SheetRow, ...]:
        rows = self._connection.execute(select(table).where(*where))
        return tuple(SheetRow(**row._asdict()) for row in rows)
