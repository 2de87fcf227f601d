"""What one frame shows, as far as it was measured: handed from part to part of the live reader."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from kiosk.capture.quality import Quality
from kiosk.ports import Frame
from kiosk.services.zone_reading import ZoneFinding

if TYPE_CHECKING:
    from kiosk.capture.picture import Points


@dataclass(frozen=True, slots=True)
class Look:
    """One frame.

    Attributes:
        frame: the frame.
        zone: its zone, perhaps none.
        corners: (4, 2) of the document in px, or None.
        quality: of document and zone.
        still: its picture may be kept: the document lies still, or its zone alone tells where.
    """

    frame: Frame
    zone: ZoneFinding
    corners: Points | None
    quality: Quality
    still: bool

    @property
    def outline(self) -> Points | None:
        """(4, 2) along which the side is cut out, or None where it is not known."""
        return self.corners if self.corners is not None else self.zone.card
