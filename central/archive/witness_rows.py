"""Reads and writes rows about witnesses inside one transaction."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import Connection, func, insert, select

from central.archive.witness_schema import cosignatures, cosigned_checkpoints, witness_troubles

PUT_BACK = "put-back"
"""Trouble of a witness that knows less than it once vouched for."""


@dataclass(frozen=True, slots=True)
class CosignedRow:
    """A state of the log that witnesses vouched for.

    Attributes:
        size: leaves.
        note: the checkpoint as the log signed it, followed by the lines of the witnesses.
    """

    size: int
    note: str


@dataclass(frozen=True, slots=True)
class WitnessRow:
    """What is known of one witness.

    Attributes:
        witness: its verifier key.
        size: newest state of the log that it cosigned, 0 before the first.
        cosigned_at: when, as it says itself, seconds since the epoch; 0 before the first.
        trouble: what went wrong the last time it was asked, or ``""``.
        told_at: since when it is so, ISO 8601 UTC, or ``""``.
    """

    witness: str
    size: int = 0
    cosigned_at: int = 0
    trouble: str = ""
    told_at: str = ""


class WitnessRows:
    """Rows about witnesses."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, size: int, note: str, witness: str, line: str, cosigned_at: int) -> None:
        """Keep a cosignature; the same witness's word on the same state once.

        Args:
            size: of the log.
            note: the checkpoint as the log signed it.
            witness: verifier key.
            line: signature line, newline included.
            cosigned_at: seconds since the epoch.
        """
        held = select(cosigned_checkpoints.c.size).where(cosigned_checkpoints.c.size == size)
        if self._connection.execute(held).one_or_none() is None:
            self._connection.execute(insert(cosigned_checkpoints).values(size=size, note=note))
        said = select(cosignatures.c.size).where(
            cosignatures.c.size == size, cosignatures.c.witness == witness
        )
        if self._connection.execute(said).one_or_none() is None:
            values = {"size": size, "witness": witness, "line": line, "cosigned_at": cosigned_at}
            self._connection.execute(insert(cosignatures).values(**values))

    def cosigned(self, size: int) -> CosignedRow | None:
        """The state of the log of ``size`` with every cosignature on it, None without any."""
        query = select(cosigned_checkpoints.c.note).where(cosigned_checkpoints.c.size == size)
        note = self._connection.execute(query).scalar_one_or_none()
        if note is None:
            return None
        lines = select(cosignatures.c.line).where(cosignatures.c.size == size)
        words = self._connection.execute(lines.order_by(cosignatures.c.witness)).scalars()
        return CosignedRow(size, note + "".join(words))

    def sizes_cosigned_by(self, witnesses: tuple[str, ...], needed: int, limit: int) -> list[int]:
        """Sizes that at least so many of these witnesses cosigned, largest first."""
        query = (
            select(cosignatures.c.size)
            .where(cosignatures.c.witness.in_(witnesses))
            .group_by(cosignatures.c.size)
            .having(func.count() >= needed)
            .order_by(cosignatures.c.size.desc())
            .limit(limit)
        )
        return list(self._connection.execute(query).scalars())

    def newest_of(self, witness: str) -> WitnessRow:
        """What is known of a witness."""
        query = (
            select(cosignatures.c.size, cosignatures.c.cosigned_at)
            .where(cosignatures.c.witness == witness)
            .order_by(cosignatures.c.size.desc())
            .limit(1)
        )
        newest = self._connection.execute(query).one_or_none()
        told = select(witness_troubles).where(witness_troubles.c.witness == witness)
        last = told.order_by(witness_troubles.c.id.desc()).limit(1)
        trouble = self._connection.execute(last).one_or_none()
        return WitnessRow(
            witness,
            0 if newest is None else newest.size,
            0 if newest is None else newest.cosigned_at,
            "" if trouble is None else trouble.trouble,
            "" if trouble is None else trouble.told_at,
        )

    def tell(self, witness: str, trouble: str, now: str) -> None:
        """Note what is wrong with a witness, ``""`` for nothing any more, when that changes."""
        if self.newest_of(witness).trouble != trouble:
            values = {"witness": witness, "trouble": trouble, "told_at": now}
            self._connection.execute(insert(witness_troubles).values(**values))

    def told(self, trouble: str) -> tuple[tuple[str, str], ...]:
        """Witness and time of every time that ``trouble`` was noted, oldest first."""
        query = select(witness_troubles.c.witness, witness_troubles.c.told_at).where(
            witness_troubles.c.trouble == trouble
        )
        rows = self._connection.execute(query.order_by(witness_troubles.c.id))
        return tuple((row.witness, row.told_at) for row in rows)

    def every(self) -> Iterator[CosignedRow]:
        """Every state of the log that was cosigned, smallest first."""
        query = select(cosigned_checkpoints.c.size).order_by(cosigned_checkpoints.c.size)
        for size in list(self._connection.execute(query).scalars()):
            found = self.cosigned(size)
            if found is not None:
                yield found
