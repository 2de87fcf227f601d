"""Follows the document's outline from frame to frame, begun at the top left of its print.

Rules, in order:

1. The outline is that of the document which bears the zone; else of the largest one.
2. An outline found in a moving, blurred picture is no ground to go on from.
3. What is shown is smoothed; what is cut out is cut along the outline of this very frame.
4. Every now and then the outline is looked for from the beginning, so that no error stays.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kiosk.capture.outline import OutlineTracker, refined, upright_by, with_head
from kiosk.capture.still import overlap

if TYPE_CHECKING:
    from kiosk.capture.location import Location, Place
    from kiosk.capture.picture import Points
    from kiosk.services.zone_reading import ZoneFinding

STILL_FRAMES = 2
_ANEW = 15  # frames after which the outline is looked for from the beginning
_SAME_DOCUMENT = 0.7


class OutlineFollower:
    """Follows one outline."""

    def __init__(self) -> None:
        """Nothing was seen yet."""
        self.reset()

    def reset(self) -> None:
        """Forget what was seen."""
        self._tracker = OutlineTracker()
        self._exact: Points | None = None
        self._frames = 0
        self.measured: Points | None = None
        """(4, 2) px of this very frame, or None where no document was found in it."""

    @property
    def stable_frames(self) -> int:
        """For how many frames it has been lying still."""
        return self._tracker.stable_frames

    @property
    def lies_still(self) -> bool:
        """Long enough that a side without a zone may be cut out."""
        return self.stable_frames >= STILL_FRAMES

    def follow(self, location: Location, zone: ZoneFinding, width: int) -> Points | None:
        """The outline to show for this frame, (4, 2) px. ``width``: of the frame in px."""
        self._frames += 1
        place = _bearer(location, zone)
        if place is None:
            self._exact = self.measured = None
            return self._tracker.update(None, width)
        corners = place.corners
        if zone.corners is not None:
            corners = upright_by(corners, zone.corners)
        if zone.card is not None:
            corners = with_head(corners, zone.card)
        before = self._exact if self._tracker.stable_frames > STILL_FRAMES else None
        corners = refined(zone.grey, corners, before)
        self.measured = corners
        self._exact = corners if self._frames % _ANEW else None
        return self._tracker.update(corners, width)

    def may_cut(self, corners: Points | None) -> bool:
        """Whether a side may be cut out along ``corners``; always where the zone alone tells."""
        measured = self.measured is not None and corners is self.measured
        return not measured or self.stable_frames >= 1


def _bearer(location: Location, zone: ZoneFinding) -> Place | None:
    """The document that bears the zone; the largest one where no zone is in sight.

    None where a zone lies on none of them: a portrait must never be cut from another document than
    the one that was read.
    """
    if zone.corners is None:
        return location.document
    told = zone.card if zone.card is not None else zone.corners
    bearing = [p for p in location.documents if overlap(p.corners, told) > _SAME_DOCUMENT]
    return bearing[0] if bearing else None
