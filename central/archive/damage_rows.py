"""Reads and writes rows about damaged payloads inside one transaction."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from sqlalchemy import Connection, bindparam, insert, select, update

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


# Said once, those of every delivery: to put one together costs more than to carry it out.
_OPEN_OF = (
    select(_TABLE.seq)
    .where(_TABLE.device_id == bindparam("who"), _TABLE.mended_at.is_(None))
    .order_by(_TABLE.seq)
)
_OPEN_AT = select(_TABLE.seq).where(
    _TABLE.device_id == bindparam("who"),
    _TABLE.seq == bindparam("at"),
    _TABLE.mended_at.is_(None),
)


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
        return tuple(self._connection.execute(_OPEN_OF, {"who": device_id}).scalars())

    def is_open(self, device_id: DeviceId, seq: int) -> bool:
        """Whether a payload is to come again."""
        asked = {"who": device_id, "at": seq}
        return self._connection.execute(_OPEN_AT, asked).one_or_none() is not None

    def every(self) -> tuple[DamageRow, ...]:
        """Every damage that was found, oldest first."""
        query = select(damaged_payloads).order_by(_TABLE.found_at, _TABLE.device_id, _TABLE.seq)
        return tuple(DamageRow(**row._asdict()) for row in self._connection.execute(query))
