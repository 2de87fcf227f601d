"""A camera and a reader that see what a test tells them to see."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

import numpy as np

from kiosk.domain.errors import CameraUnpluggedError, NoCameraError
from kiosk.domain.evidence import Check, IdentityDocument, Side, Verdict
from kiosk.domain.request import VerificationRequest
from kiosk.ports import CodeSighting, Frame

if TYPE_CHECKING:
    from kiosk.capture.doubt import OpenReading
    from kiosk.ports import Picture
    from kiosk.services.printed_reading import PrintedField

GREY = np.full((72, 128, 3), 120, np.uint8)


class Said(StrEnum):
    READING = "reading"


@dataclass(frozen=True)
class ScriptedQuality:
    sharpness: float = 0.9
    glare: float = 0.0
    glare_at: tuple[float, float] | None = None
    exposure: float = 0.6


@dataclass(frozen=True)
class ScriptedReading:
    document: IdentityDocument | None
    side: Side
    checks: tuple[Check, ...] = ()
    frames_agreeing: int = 3
    sharpness: float = 0.9
    seal: str = ""
    print_follows: bool = False
    seen_as: str = ""


@dataclass(frozen=True)
class ScriptedPrint:
    side: Side
    fields: tuple[PrintedField, ...]


@dataclass(frozen=True)
class ScriptedSight:
    guidance: StrEnum = Said.READING
    outline: None = None
    quality: ScriptedQuality = field(default_factory=ScriptedQuality)
    codes: tuple[CodeSighting, ...] = ()
    reading: ScriptedReading | None = None
    portrait: Picture | None = None
    best_image: Picture | None = None
    open_reading: OpenReading | None = None
    printed: tuple[ScriptedPrint, ...] = ()


class ScriptedCamera:
    """A :class:`kiosk.ports.FrameSource` that can be unplugged and plugged in again."""

    name = "Caméra d’essai"

    def __init__(self) -> None:
        self.plugged = threading.Event()
        self.plugged.set()
        self._stopped = threading.Event()
        self._seq = 0

    def start(self) -> None:
        self._stopped.clear()
        if not self.plugged.is_set():
            raise NoCameraError("scripted")

    def read(self, timeout_ms: int = 1000) -> Frame:  # noqa: ARG002 - always in time
        self._stopped.wait(0.01)
        if self._stopped.is_set() or not self.plugged.is_set():
            raise CameraUnpluggedError("scripted")
        self._seq += 1
        return Frame(GREY, self._seq, self._seq * 33)

    def stop(self) -> None:
        self._stopped.set()


class ScriptedReader:
    """Sees the code in ``code``, and the side in ``sides`` that is expected.

    While ``open_reading`` is set it is in doubt about the side ``doubtful``, until somebody settles
    the text as ``truth`` has it. The print of a side comes with its reading; while ``print_held``
    is set it is said to follow, and comes once that is cleared.
    """

    def __init__(self) -> None:
        self.code = ""
        self.sides: dict[Side, IdentityDocument | None] = {}
        self.printed: tuple[PrintedField, ...] = ()
        self.print_held = False
        self._prints: dict[Side, tuple[PrintedField, ...]] = {}
        self.open_reading: OpenReading | None = None
        self.doubtful = Side.BACK
        self.truth: tuple[tuple[str, ...], IdentityDocument] | None = None
        self.asked: list[tuple[str, ...]] = []
        self._side: Side | None = None
        self._settled: ScriptedReading | None = None

    def reset(self, side: Side | None = None, request: VerificationRequest | None = None) -> None:
        self.request = request
        self._side = side
        self._settled = None
        if side is None:
            self._prints.clear()
        else:
            self._prints.pop(side, None)

    def settle(self, lines: tuple[str, ...]) -> bool:
        self.asked.append(lines)
        if self.open_reading is None or self.truth is None or lines != self.truth[0]:
            return False
        count = str(len(self.open_reading.open))
        checks = (Check("reading.settled", Verdict.UNSURE, count),)
        self._settled = ScriptedReading(self.truth[1], self.doubtful, checks)
        return True

    def observe(self, frame: Frame) -> ScriptedSight:  # noqa: ARG002 - blind to pixels
        if self._side is None:
            corners = ((8.0, 8.0), (60.0, 8.0), (60.0, 60.0), (8.0, 60.0))
            codes = (CodeSighting("QRCode", self.code.encode(), corners),) if self.code else ()
            return ScriptedSight(codes=codes)
        if self._settled is not None:
            return ScriptedSight(reading=self._settled, best_image=GREY)
        if self.open_reading is not None and self._side is self.doubtful:
            return ScriptedSight(open_reading=self.open_reading)
        if self._side not in self.sides:
            return ScriptedSight(printed=self._read_print())
        self._prints.setdefault(self._side, self.printed)
        portrait = GREY if self._side is Side.FRONT else None
        follows = bool(self._prints[self._side])
        reading = ScriptedReading(self.sides[self._side], self._side, print_follows=follows)
        return ScriptedSight(
            reading=reading, portrait=portrait, best_image=GREY, printed=self._read_print()
        )

    def _read_print(self) -> tuple[ScriptedPrint, ...]:
        if self.print_held:
            return ()
        return tuple(ScriptedPrint(side, fields) for side, fields in self._prints.items())
