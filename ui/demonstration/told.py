"""A document whose reading is told: for plays in which reading it is not the point.

Rules, in order:

1. What a specimen says is told at once, as a reader would after many frames: its zone is parsed,
   its check digits and its 2D-Doc are judged by the program, nothing of that is told.
2. Codes are really read, from the picture of the camera.
3. Pictures are those of the specimen, laid flat; there is no light, no hand and no glare.
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import cv2
import numpy as np
from typing_extensions import override

from kiosk.capture.guidance import Guidance
from kiosk.capture.portrait import portrait_of
from kiosk.capture.quality import Quality
from kiosk.devices.code_reader import ZxingCodeReader
from kiosk.devices.pacing import monotonic_ms
from kiosk.devices.specimens import Specimen
from kiosk.documents import mrz
from kiosk.documents.check_digits import check_digit
from kiosk.documents.identification import Identification
from kiosk.documents.twoddoc import TrustList
from kiosk.domain.errors import CameraUnpluggedError
from kiosk.domain.evidence import Side, Verdict
from kiosk.domain.request import VerificationRequest
from kiosk.ports import Clock, Frame, FrameSource
from kiosk.services.observation import Observation, PrintedSide
from kiosk.services.printed_reading import PrintedField
from kiosk.services.side_taking import PlainSide, SeenZone, SideTaker, TakenSide
from ui.demonstration.causes import Twist
from ui.demonstration.stage import Stage

if TYPE_CHECKING:
    from kiosk.ports import Picture

_SIZE = (1280, 720)
_SHARE = 0.86
"""Of the picture that what is shown takes at most."""
CARD_WIDTH = 1012
_TD1_LINES = 3
_PAUSE_S = 0.02
_FRAMES, _SHARPNESS = 3, 0.9
_GOOD = Quality(sharpness=_SHARPNESS, glare=0.0, glare_at=None, exposure=0.6)
_DESK = 96
"""Grey of the desk."""
_OTHER_NUMBER = "20ZZ99999"
_OTHER_BIRTH = "840422"
_SIGNED = "\u001f"
"""Between the message of a 2D-Doc and its signature."""


@dataclass(frozen=True, slots=True)
class Shown:
    """What lies under the camera: a side of a specimen, a code, or nothing."""

    specimen: Specimen | None = None
    side: Side = Side.FRONT
    twist: Twist = Twist.NONE
    code: bytes = b""


class ToldStage(Stage):
    """A stage without light: :meth:`reader` knows what lies on it."""

    def __init__(self) -> None:
        super().__init__()
        self.shown = Shown()
        self.twist = Twist.NONE
        self.pictures = Pictures()

    @override
    def open_camera(self) -> FrameSource:
        return _StillCamera(self)

    def reader(self, clock: Clock, trust: Callable[[], TrustList]) -> "ToldReader":
        """The reader that goes with it."""
        return ToldReader(self, clock, trust)

    @override
    def lay(self, specimen_id: str, side: Side) -> None:
        self.shown = Shown(self.specimens[specimen_id], side, self.twist)

    @override
    def hold_code(self, png: bytes) -> None:
        self.shown = Shown(code=png)

    @override
    def clear(self) -> None:
        self.shown = Shown()

    @property
    @override
    def empty(self) -> bool:
        return self.shown == Shown()


class _StillCamera:
    """A :class:`kiosk.ports.FrameSource` of what lies on a stage."""

    name = "Caméra spécimen"

    def __init__(self, stage: ToldStage) -> None:
        self._stage = stage
        self._stopped = threading.Event()
        self._seq = 0

    def start(self) -> None:
        self._stopped.clear()

    def read(self, timeout_ms: int = 1000) -> Frame:  # noqa: ARG002 - always in time
        self._stopped.wait(_PAUSE_S)
        if self._stopped.is_set():
            raise CameraUnpluggedError("stopped")
        self._seq += 1
        image = self._stage.pictures.frame(self._stage.shown)
        return Frame(image, self._seq, monotonic_ms())

    def stop(self) -> None:
        self._stopped.set()


class ToldReader:
    """Tells what lies on the stage. Used from one thread."""

    def __init__(self, stage: ToldStage, clock: Clock, trust: Callable[[], TrustList]) -> None:
        self._stage = stage
        self._clock = clock
        self._taker = SideTaker(None, clock, trust)
        self._codes = ZxingCodeReader()
        self.reset()

    def reset(self, side: Side | None = None, request: VerificationRequest | None = None) -> None:
        """Forget what was seen; ``side`` comes next, for this ``request``."""
        self._side = side
        self._request = request
        self._done: Observation | None = None
        if side is not Side.BACK:
            self._taker.reset()

    def settle(self, lines: tuple[str, ...]) -> bool:  # noqa: ARG002 - nothing is ever open
        """Nothing to settle: no character is in doubt."""
        return False

    def observe(self, frame: Frame) -> Observation:
        """What lies there now."""
        shown = self._stage.shown
        if self._side is None:
            codes = self._codes.read(frame.image) if shown.code else ()
            return Observation(Guidance.NO_DOCUMENT, None, _GOOD, codes)
        if self._done is None and shown.specimen is not None and shown.side is self._side:
            self._done = self._taken(shown, shown.specimen)
        return self._done or Observation(Guidance.NO_DOCUMENT, None, _GOOD)

    def _taken(self, shown: Shown, specimen: Specimen) -> Observation:
        pictures = self._stage.pictures
        card = pictures.card(specimen, shown.side)
        portrait = pictures.portrait(specimen) if shown.side is Side.FRONT else None
        lines = _zone(specimen, shown)
        taken = (
            self._with_zone(card, lines, _seal(specimen, shown.twist))
            if lines
            else self._taker.plain(
                PlainSide(card, portrait, shown.side, Identification(side=shown.side), _FRAMES),
                _SHARPNESS,
            )
        )
        return Observation(
            Guidance.DONE,
            None,
            _GOOD,
            reading=replace(taken.reading, side=shown.side),
            portrait=portrait,
            best_image=card,
            printed=_printed(shown, specimen, card, lines),
        )

    def _with_zone(self, card: "Picture", lines: tuple[str, ...], seal: str) -> TakenSide:
        read = mrz.parse(lines, self._clock.now().astimezone().date())
        height, width = card.shape[:2]
        corners = np.array([(0, height * 0.8), (width, height * 0.8), (width, height), (0, height)])
        zone = SeenZone(
            read.document,
            read.checks,
            corners,
            _FRAMES,
            _SHARPNESS,
            seal,
            self._request,
        )
        return self._taker.with_zone(card, None, zone)


def _zone(specimen: Specimen, shown: Shown) -> tuple[str, ...]:
    """The lines of the zone on the side that is shown."""
    lines = specimen.mrz_on(shown.side)
    if shown.twist is not Twist.ZONE_REWRITTEN or len(lines) != _TD1_LINES:
        return lines
    first, second, third = lines
    birth = _OTHER_BIRTH + check_digit(_OTHER_BIRTH)
    rest = second[len(birth) : -1]
    whole = first[5:] + birth + rest[1:8] + rest[11:]
    return first, birth + rest + check_digit(whole), third


def _seal(specimen: Specimen, twist: Twist) -> str:
    """The text of the 2D-Doc as it stands on the document."""
    text = specimen.seal
    if twist is Twist.SEAL_FORGED:
        message, _, signature = text.partition(_SIGNED)
        return f"{message}{_SIGNED}{signature[1:]}{signature[0]}"
    return text


def _printed(
    shown: Shown, specimen: Specimen, card: "Picture", lines: tuple[str, ...]
) -> tuple[PrintedSide, ...]:
    """The number, where the zone is not: it shows that the side belongs to the zone."""
    changed = shown.twist is Twist.PRINT_CHANGED
    if lines and not changed:
        return ()
    strip = card[: card.shape[0] // 12]
    number = _OTHER_NUMBER if changed else specimen.number
    agrees = Verdict.FAIL if changed else Verdict.NOT_DONE
    return (
        PrintedSide(shown.side, (PrintedField("document_number", number, False, strip, agrees),)),
    )


class Pictures:
    """Pictures of what was shown, each made once. Used from the thread of the camera."""

    def __init__(self) -> None:
        self._cards: dict[tuple[str, Side], Picture] = {}
        self._frames: dict[tuple[str, Side], Picture] = {}
        self._portraits: dict[str, Picture | None] = {}
        self._empty = np.full((_SIZE[1], _SIZE[0], 3), _DESK, np.uint8)
        self._code: tuple[bytes, Picture] = (b"", self._empty)

    def card(self, specimen: Specimen, side: Side) -> "Picture":
        """A side, (H, W, 3) uint8 BGR, as wide as a straightened card."""
        key = (specimen.specimen_id, side)
        if key not in self._cards:
            picture = specimen.picture(side)
            height = round(picture.shape[0] * CARD_WIDTH / picture.shape[1])
            self._cards[key] = np.asarray(
                cv2.resize(picture, (CARD_WIDTH, height), interpolation=cv2.INTER_AREA)
            )
        return self._cards[key]

    def portrait(self, specimen: Specimen) -> "Picture | None":
        """The portrait, cut as the program cuts it."""
        key = specimen.specimen_id
        if key not in self._portraits:
            self._portraits[key] = portrait_of(self.card(specimen, Side.FRONT), None)
        return self._portraits[key]

    def frame(self, shown: Shown) -> "Picture":
        """What a camera above the desk sees, (720, 1280, 3) uint8 BGR."""
        if shown.code:
            if shown.code != self._code[0]:
                code = cv2.imdecode(np.frombuffer(shown.code, np.uint8), cv2.IMREAD_COLOR)
                self._code = (shown.code, self._laid(np.asarray(code)))
            return self._code[1]
        if shown.specimen is None:
            return self._empty
        key = (shown.specimen.specimen_id, shown.side)
        if key not in self._frames:
            self._frames[key] = self._laid(self.card(shown.specimen, shown.side))
        return self._frames[key]

    def _laid(self, picture: "Picture") -> "Picture":
        """A picture in the middle of the desk, as large as it fits."""
        width, height = _SIZE
        rows, columns = picture.shape[:2]
        scale = _SHARE * min(width / columns, height / rows)
        size = round(columns * scale), round(rows * scale)
        small = cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
        frame = self._empty.copy()
        left, top = (width - size[0]) // 2, (height - size[1]) // 2
        frame[top : top + size[1], left : left + size[0]] = small
        return frame
