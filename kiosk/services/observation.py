"""What is seen in a frame, and what was accepted: values for the screen and for the journey."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from kiosk.capture.doubt import OpenReading
from kiosk.capture.guidance import Guidance
from kiosk.capture.quality import Quality
from kiosk.domain.evidence import Check, IdentityDocument, Side
from kiosk.ports import CodeSighting
from kiosk.services.printed_reading import PrintedField

if TYPE_CHECKING:
    from kiosk.capture.picture import Picture, Points


@dataclass(frozen=True, slots=True)
class AcceptedReading:
    """A side that was read.

    Attributes:
        document: what the zone says; None for a side without a zone.
        checks: check digits, agreement, and the seal compared with the zone.
        frames_agreeing: how many frames gave this reading.
        sharpness: 0 to 1, best of those frames.
        side: front or back, as the layout tells.
        seal: verdict of a 2D-Doc seen on this side (``SealVerdict`` value), or ``""``.
        print_follows: its printed fields are still read, line by line:
            :attr:`Observation.printed` tells them once they are.
        seen_as: what the heading of a side without a zone names (``Family`` value), or ``""``.
    """

    document: IdentityDocument | None
    checks: tuple[Check, ...]
    frames_agreeing: int
    sharpness: float
    side: Side
    seal: str = ""
    print_follows: bool = False
    seen_as: str = ""


@dataclass(frozen=True, slots=True)
class PrintedSide:
    """The print of a side that was accepted before, read to its end.

    Attributes:
        side: which side.
        fields: those that were found, with their strips; never stored.
    """

    side: Side
    fields: tuple[PrintedField, ...]


@dataclass(frozen=True, slots=True)
class Observation:
    """What is seen in one frame.

    Attributes:
        guidance: one sentence for the agent.
        outline: (4, 2) corners of the document in px of the frame, clockwise, or None.
        quality: of the document and the zone.
        codes: in this frame.
        reading: set once accepted, and then on every frame until the next reset.
        portrait: (h, w, 3) BGR of the accepted front, or None.
        best_image: (H, 1012, 3) BGR, the accepted side rectified, or None.
        open_reading: a zone that frames leave open at some characters, for the agent to settle
            (``LiveReader.settle``); None while there is hope, and once a reading is accepted.
        printed: sides of this document whose print was read to its end; the side accepted last may
            come some frames later, when the next side lies there already.
    """

    guidance: Guidance
    outline: Points | None
    quality: Quality
    codes: tuple[CodeSighting, ...] = ()
    reading: AcceptedReading | None = None
    portrait: Picture | None = None
    best_image: Picture | None = None
    open_reading: OpenReading | None = None
    printed: tuple[PrintedSide, ...] = ()
