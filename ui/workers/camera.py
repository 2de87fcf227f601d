"""The camera's thread: opens, reads, looks, and hands over the latest picture only.

Rules, in order:

1. Heavy libraries are loaded here, so that the first window does not wait for them.
2. At most one picture waits for the screen: a newer one replaces it, none is queued.
3. A fault ends the reading and is told once, by its code; the thread tries again to open the camera
   until it is stopped, so that a cable put back needs no click.
4. Stopping joins. Pictures stay in memory.
"""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

from PySide6.QtCore import QObject, Qt, QThread, Signal
from typing_extensions import override

from kiosk.domain.errors import PictureUnreadableError
from kiosk.domain.evidence import Check, IdentityDocument, Side
from kiosk.domain.request import VerificationRequest
from kiosk.ports import CodeSighting, Frame, FrameSource
from ui.workers.desk import failure_of

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from kiosk.capture.doubt import OpenReading
    from kiosk.ports import Picture
    from kiosk.services.printed_reading import PrintedField

_RETRY_S = 1.0
"""Pause before a camera that failed is opened again."""


_LEAST_SHOWN = 0.8
"""Share of the picture that must be seen; where covering the box shows less, it is shown whole."""


class Accepted(Protocol):
    """A side that the reader accepts: ``document`` is None where the side has no zone to read."""

    @property
    def document(self) -> IdentityDocument | None: ...  # noqa: D102
    @property
    def checks(self) -> tuple[Check, ...]: ...  # noqa: D102
    @property
    def frames_agreeing(self) -> int: ...  # noqa: D102
    @property
    def sharpness(self) -> float: ...  # noqa: D102
    @property
    def side(self) -> Side: ...  # noqa: D102
    @property
    def seal(self) -> str: ...  # noqa: D102
    @property
    def print_follows(self) -> bool: ...  # noqa: D102
    @property
    def seen_as(self) -> str: ...  # noqa: D102


class Printed(Protocol):
    """The print of a side that was accepted, read to its end."""

    @property
    def side(self) -> Side: ...  # noqa: D102
    @property
    def fields(self) -> "tuple[PrintedField, ...]": ...  # noqa: D102


class Measured(Protocol):
    """How good a picture is: all from 0 to 1."""

    @property
    def sharpness(self) -> float: ...  # noqa: D102
    @property
    def glare(self) -> float: ...  # noqa: D102
    @property
    def glare_at(self) -> tuple[float, float] | None: ...  # noqa: D102
    @property
    def exposure(self) -> float: ...  # noqa: D102


class Seen(Protocol):
    """What a reader sees in a picture; :class:`kiosk.services.reading.Observation`."""

    @property
    def guidance(self) -> StrEnum: ...  # noqa: D102
    @property
    def quality(self) -> Measured: ...  # noqa: D102
    @property
    def outline(self) -> "npt.NDArray[np.float64] | None": ...  # noqa: D102
    @property
    def codes(self) -> Sequence[CodeSighting]: ...  # noqa: D102
    @property
    def reading(self) -> Accepted | None: ...  # noqa: D102
    @property
    def portrait(self) -> "Picture | None": ...  # noqa: D102
    @property
    def best_image(self) -> "Picture | None": ...  # noqa: D102
    @property
    def open_reading(self) -> "OpenReading | None": ...  # noqa: D102
    @property
    def printed(self) -> "Sequence[Printed]": ...  # noqa: D102


class Reader(Protocol):
    """What looks at the pictures; :class:`kiosk.services.reading.LiveReader`."""

    def observe(self, frame: Frame) -> Seen:
        """What is seen in a picture, an immutable value."""

    def reset(self, side: Side | None = None, request: VerificationRequest | None = None) -> None:
        """Forget what was seen; ``side`` is the one expected next, for this ``request``."""

    def settle(self, lines: tuple[str, ...]) -> bool:
        """Take the text of a zone as a person settled it; False where it cannot be that."""


@dataclass(frozen=True, slots=True)
class Sight:
    """One picture for the screen and what was seen in it.

    Attributes:
        image: (h, w, 3) uint8 BGR, C-contiguous, cropped and scaled to the size asked for.
        outline: (4, 2) float, corners of the document in pixels of ``image``, or None.
        observation: answer of the reader.
        seq: number of the frame.
        turn: how often the reader was reset before; older sights count no more.
    """

    image: "Picture"
    outline: "npt.NDArray[np.float64] | None"
    observation: Seen
    seq: int
    turn: int


OpenCamera = Callable[[], FrameSource]
MakeReader = Callable[[], Reader]


class CameraThread(QThread):
    """Reads one camera until stopped.

    Signals:
        sighted(object): a :class:`Sight`, the latest.
        faulted(object): a :class:`~ui.workers.desk.Failure`; the thread goes on trying.
        opened(str): the camera answers; its name.
        settled(int, bool): whether the settled text of that turn was taken.
    """

    sighted = Signal(object)
    faulted = Signal(object)
    opened = Signal(str)
    settled = Signal(int, bool)
    _waiting = Signal()

    def __init__(
        self, open_camera: OpenCamera, make_reader: MakeReader, parent: QObject | None = None
    ) -> None:
        """Both are called in the thread: opening a camera and loading a model take their time."""
        super().__init__(parent)
        self.setObjectName("camera")
        self._open_camera = open_camera
        self._make_reader = make_reader
        self._stop = threading.Event()
        self._lock = threading.Lock()
        self._latest: Sight | None = None
        self._size = (960, 540)
        self._turn = 0
        self._side: Side | None = None
        self._request: VerificationRequest | None = None
        self._reset_wanted = True
        self._settled_text: tuple[str, ...] = ()
        self._source: FrameSource | None = None
        self._waiting.connect(self._deliver, Qt.ConnectionType.QueuedConnection)

    def set_size(self, width: int, height: int) -> None:
        """Size of the pictures to deliver, device pixels."""
        if width > 0 and height > 0:
            self._size = (width, height)

    @property
    def turn(self) -> int:
        """Number of the last reset."""
        return self._turn

    def expect(self, side: Side | None, request: VerificationRequest | None = None) -> None:
        """Begin to read anew; ``side`` comes next. Sights of earlier turns count no more.

        ``request``: what was announced, for the comparison with a seal on the document.
        """
        with self._lock:
            self._turn += 1
            self._side = side
            self._request = request
            self._reset_wanted = True
            self._settled_text = ()
            self._latest = None

    def settle(self, lines: tuple[str, ...]) -> None:
        """Hand the text over that a person settled; :attr:`settled` tells what became of it."""
        with self._lock:
            self._settled_text = lines

    def end(self) -> None:
        """Tell nothing more, and end once the call under way is over; waits for nobody.

        A camera that is being opened, a model that is being loaded or a device that hangs would
        else hold up the screen; the device is released in the thread.
        """
        self._stop.set()

    def stop(self) -> None:
        """End and join. Safe to call twice."""
        self._stop.set()
        source = self._source
        if source is not None:
            source.stop()
        self.wait()

    @override
    def run(self) -> None:
        reader: Reader | None = None
        told = ""
        while not self._stop.is_set():
            source = None
            try:
                reader = reader or self._make_reader()
                source = self._open_camera()
                self._source = source
                source.start()
                told = ""
                with self._lock:
                    # What was seen before a cable was pulled says nothing of what lies there now.
                    self._reset_wanted = True
                if not self._stop.is_set():
                    self.opened.emit(source.name)
                self._watch(source, reader)
            except Exception as exc:  # noqa: BLE001 - the edge: a fault is told, the thread goes on
                fault = type(exc).__name__
                if not self._stop.is_set() and fault != told:
                    told = fault
                    self.faulted.emit(failure_of(exc, "ui.camera"))
            finally:
                self._source = None
                if source is not None:
                    source.stop()
            self._stop.wait(_RETRY_S)

    def _watch(self, source: FrameSource, reader: Reader) -> None:
        while not self._stop.is_set():
            frame = source.read()
            with self._lock:
                turn, wanted, side = self._turn, self._reset_wanted, self._side
                request = self._request
                text, self._settled_text = self._settled_text, ()
                self._reset_wanted = False
            if wanted:
                reader.reset(side, request)
            if text:
                self.settled.emit(turn, reader.settle(text))
            observation = reader.observe(frame)
            image, outline = _fitted(frame.image, _corners(observation), self._size)
            self._offer(Sight(image, outline, observation, frame.seq, turn))

    def _offer(self, sight: Sight) -> None:
        with self._lock:
            if sight.turn != self._turn:
                return
            first = self._latest is None
            self._latest = sight
        if first:
            self._waiting.emit()

    def _deliver(self) -> None:
        with self._lock:
            sight, self._latest = self._latest, None
        if sight is not None and not self._stop.is_set():
            self.sighted.emit(sight)


def _corners(seen: Seen) -> object:
    """Corners of the document in view, else of the code."""
    if seen.outline is not None:
        return seen.outline
    return seen.codes[0].corners if seen.codes else None


def _fitted(
    image: "Picture", outline: object, size: tuple[int, int]
) -> "tuple[Picture, npt.NDArray[np.float64] | None]":
    """The picture at exactly ``size`` (width, height), never distorted.

    It covers the box where that cuts little of it, and is shown whole on a quiet ground elsewhere.
    """
    import cv2
    import numpy as np

    width, height = size
    rows, columns = image.shape[:2]
    cover, contain = (pick(width / columns, height / rows) for pick in (max, min))
    scale = cover if contain >= cover * _LEAST_SHOWN else contain
    scaled_width, scaled_height = round(columns * scale), round(rows * scale)
    way = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    scaled = cv2.resize(image, (scaled_width, scaled_height), interpolation=way)
    left, top = (width - scaled_width) // 2, (height - scaled_height) // 2
    fitted = np.empty((height, width, 3), np.uint8)
    fitted[:] = (
        scaled[:: max(1, scaled_height // 16), :: max(1, scaled_width // 16)].mean((0, 1)) / 2
    )
    to_x, to_y = max(left, 0), max(top, 0)
    part = scaled[max(-top, 0) : max(-top, 0) + height, max(-left, 0) : max(-left, 0) + width]
    fitted[to_y : to_y + part.shape[0], to_x : to_x + part.shape[1]] = part
    if outline is None:
        return fitted, None
    points = np.asarray(outline, dtype=np.float64).reshape(-1, 2) * scale + (left, top)
    return fitted, points


def jpeg_of(picture: "Picture") -> bytes:
    """A picture, (h, w, 3) uint8 BGR, as JPEG. Raises PictureUnreadableError."""
    import cv2

    done, data = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, 88])
    if not done:
        raise PictureUnreadableError("jpeg")
    return data.tobytes()
