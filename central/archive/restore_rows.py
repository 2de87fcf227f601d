"""Reads and writes rows about logs that ended inside one transaction."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from sqlalchemy import Connection, delete, insert, select

from central.archive.restore_schema import ended_logs, ended_states
from central.archive.witness_rows import CosignedRow, WitnessRows
from central.archive.witness_schema import cosignatures, cosigned_checkpoints


@dataclass(frozen=True, slots=True)
class EndedRow:
    """A log that ended.

    Attributes:
        log_origin: its name.
        size: leaves of the last state that it signed here.
        checkpoint: that state.
        ended_at: when the next one began, ISO 8601 UTC.
    """

    log_origin: str
    size: int
    checkpoint: str
    ended_at: str


class RestoreRows:
    """Rows about logs that ended."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def end(self, row: EndedRow) -> None:
        """Note that a log ended; what witnesses vouched for of it is put aside with it."""
        self._connection.execute(insert(ended_logs).values(**asdict(row)))
        states = [
            {"log_origin": row.log_origin, "size": state.size, "note": state.note}
            for state in WitnessRows(self._connection).every()
        ]
        if states:
            self._connection.execute(insert(ended_states), states)
        self._connection.execute(delete(cosignatures))
        self._connection.execute(delete(cosigned_checkpoints))

    def ended(self) -> tuple[EndedRow, ...]:
        """Every log that ended, oldest first."""
        rows = self._connection.execute(select(ended_logs).order_by(ended_logs.c.ended_at))
        return tuple(EndedRow(**row._asdict()) for row in rows)

    def states(self) -> tuple[CosignedRow, ...]:
        """Every state of those logs that witnesses vouched for, cosignatures included."""
        order = (ended_states.c.log_origin, ended_states.c.size)
        rows = self._connection.execute(select(ended_states).order_by(*order))
        return tuple(CosignedRow(row.size, row.note) for row in rows)
