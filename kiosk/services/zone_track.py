"""Whether the zone in sight may be another card's: it jumped, or was out of sight for a while.

Rules, in order:

1. No hand exchanges two cards between two frames: until it has, the zone is hidden or moves.
2. A zone that is missed for a moment (a glare, a shake) and lies where it lay is the same one.
3. Where it lies is told by its middle: the ends of a line shake with every cut.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from kiosk.capture.picture import Points

MISSED_MS = 200
"""For so long a zone may be out of sight and still be the same: a hand takes longer."""
JUMP = 0.04
"""Share of its length that a zone that lies still or is held may move from frame to frame."""


class ZoneTrack:
    """Follows one zone."""

    def __init__(self) -> None:
        """Nothing was seen yet."""
        self.reset()

    def reset(self) -> None:
        """Forget what was seen."""
        self._middle: Points | None = None
        self._seen_ms: int | None = None

    def broken(self, corners: Points | None, timestamp_ms: int) -> bool:
        """Whether the zone of this frame may be another one than that of the frame before.

        Args:
            corners: (4, 2) of the zone in px, None where they are not known.
            timestamp_ms: of the frame.
        """
        before, self._seen_ms = self._seen_ms, timestamp_ms
        missed = before is not None and timestamp_ms - before > MISSED_MS
        if corners is None:
            return missed
        middle, length = corners.mean(0), float(np.ptp(corners, axis=0).max())
        was, self._middle = self._middle, middle
        if was is None:
            return missed
        return missed or float(np.abs(middle - was).max()) > JUMP * length
