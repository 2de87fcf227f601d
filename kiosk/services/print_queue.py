"""The print of sides that were accepted, read a strip a frame until nothing is left.

Rules, in order:

1. One strip a frame: a strip takes as long as finding and reading a zone.
2. The sides of one document are read one after the other; a side that is accepted anew takes the
   place of what was read of it before.
3. What was read is told again with every frame until it is forgotten, because a frame may be lost
   on its way to the screen.
"""

from __future__ import annotations

from kiosk.domain.evidence import Side
from kiosk.services.gradual import Gradual
from kiosk.services.observation import PrintedSide
from kiosk.services.printed_reading import PrintedField

_STEPS_A_FRAME = 1
Fields = Gradual[tuple[PrintedField, ...]]


class PrintQueue:
    """Reads the print of the sides of one document."""

    def __init__(self) -> None:
        """Nothing to read."""
        self._sides: dict[Side, Fields] = {}

    def add(self, side: Side, fields: Fields | None) -> None:
        """A side was accepted. ``fields``: None where it has none to read."""
        self._sides.pop(side, None)
        if fields is not None:
            self._sides[side] = fields

    def step(self) -> None:
        """Read one strip more, of the side accepted first that is not done."""
        for fields in self._sides.values():
            if not fields.done:
                fields.step(_STEPS_A_FRAME)
                return

    def forget(self, side: Side | None = None) -> None:
        """Drop one side, or all."""
        if side is None:
            self._sides.clear()
        else:
            self._sides.pop(side, None)

    @property
    def read(self) -> tuple[PrintedSide, ...]:
        """Sides that were read to their end."""
        done = ((side, fields) for side, fields in self._sides.items() if fields.done)
        return tuple(PrintedSide(side, fields.outcome) for side, fields in done)
