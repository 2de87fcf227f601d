"""Reads and writes rows about damaged payloads inside one transaction."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from sqlalchemy import Connection, insert, select, update

from central.archive.damage_schema import damaged_payloads
from kiosk.domain.ids import DeviceId

_TABLE = damaged_payloads.c


@dataclass(frozen=True, slots=True)
class DamageRow:
    """A payload that is not what its row says.

    Attributes:
        device_id: of the record.
        seq: its entry.
        what: value of :class:`central.archive.payloads.PayloadState`.
        found_at: ISO 8601 UTC.
        mended_at: when it came again, ISO 8601 UTC, or None.
    """

    device_id: DeviceId
    seq: int
    what: str
    found_at: str
    mended_at: str | None = None


class DamageRows:
    """Rows about damaged payloads."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def note(self, row: DamageRow) -> bool:
        """Note a damage; False where it was known. A second one of a record opens it anew."""
        held = select(damaged_payloads).where(
            _TABLE.device_id == row.device_id, _TABLE.seq == row.seq
        )
        known = self._connection.execute(held).one_or_none()
        if known is None:
            self._connection.execute(insert(damaged_payloads).values(**asdict(row)))
        elif known.mended_at is not None:
            again = update(damaged_payloads).where(
                _TABLE.device_id == row.device_id, _TABLE.seq == row.seq
            )
            self._connection.execute(again.values(**asdict(row)))
        else:
            return False
        return True

    def mend(self, device_id: DeviceId, seq: int, at: str) -> bool:
        """The payload came again; False where it was not damaged."""
        query = update(damaged_payloads).where(
            _TABLE.device_id == device_id, _TABLE.seq == seq, _TABLE.mended_at.is_(None)
        )
        return bool(self._connection.execute(query.values(mended_at=at)).rowcount)

    def open_of(self, device_id: DeviceId) -> tuple[int, ...]:
        """Entries of a device whose payloads are to come again, in order."""
        query = select(_TABLE.seq).where(_TABLE.device_id == device_id, _TABLE.mended_at.is_(None))
        return tuple(self._connection.execute(query.order_by(_TABLE.seq)).scalars())

    def is_open(self, device_id: DeviceId, seq: int) -> bool:
        """Whether a payload is to come again."""
        query = select(_TABLE.seq).where(
            _TABLE.device_id == device_id, _TABLE.seq == seq, _TABLE.mended_at.is_(None)
        )
        return self._connection.execute(query).one_or_none() is not None

    def every(self) -> tuple[DamageRow, ...]:
        """Every damage that was found, oldest first."""
        query = select(damaged_payloads).order_by(_TABLE.found_at, _TABLE.device_id, _TABLE.seq)
        return tuple(DamageRow(**row._asdict()) for row in self._connection.execute(query))
