"""The specimen camera: shows drawn specimens as a webcam would see them."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import cv2
import numpy as np

from kiosk.devices.pacing import Pacer
from kiosk.devices.specimen_scene import (
    ENTER_S,
    FRAME_SIZE,
    NOTHING,
    Conditions,
    GroundTruth,
    Stage,
    Subject,
)
from kiosk.devices.specimens import Specimen
from kiosk.domain.errors import CameraUnpluggedError, CatalogueError
from kiosk.domain.evidence import Side
from kiosk.ports import Frame

if TYPE_CHECKING:
    from kiosk.ports import Picture


def monotonic_ms() -> int:
    """Milliseconds that never go back."""
    return time.monotonic_ns() // 1_000_000


class SpecimenCamera:
    """A seeded :class:`kiosk.ports.FrameSource`.

    ``show`` and ``set_conditions`` may be called from any thread; ``read`` from one.

    Args:
        specimens: from :func:`kiosk.devices.specimens.load_specimens`.
        conditions: how well the camera sees.
        seed: same seed and same calls give the same pictures.
        fps: 0 gives pictures as fast as they are read, one thirtieth of a second apart in the
            scene's own time.
        entering_s: how long a document takes to slide into the picture.
    """

    def __init__(
        self,
        specimens: Mapping[str, Specimen],
        conditions: Conditions | None = None,
        *,
        seed: int = 0,
        fps: float = 30.0,
        size: tuple[int, int] = FRAME_SIZE,
        entering_s: float = ENTER_S,
        clock_ms: Callable[[], int] = monotonic_ms,
    ) -> None:
        self._specimens = specimens
        self._conditions = conditions or Conditions.fair()
        self._seed = seed
        self._size = size
        self._rate = fps or 30.0
        self._entering_s = entering_s
        self._clock_ms = clock_ms
        self._pacer = Pacer(fps, clock_ms)
        self._rng = np.random.default_rng(seed)
        self._lock = threading.Lock()
        self._stopped = threading.Event()
        self._stopped.set()
        self._subject: Subject | None = None
        self._changed = True
        self._shows = 0
        self._stage: Stage | None = None
        self._placed_seq = 0
        self._truth = NOTHING

    @property
    def name(self) -> str:
        """For the screen."""
        return "Caméra specimen"

    @property
    def truth(self) -> GroundTruth:
        """Where the document lay in the picture read last."""
        return self._truth

    def show(
        self,
        specimen_id: str | None,
        side: Side | None = None,
        code: Picture | bytes | None = None,
    ) -> None:
        """Lay something under the camera, or nothing.

        Args:
            specimen_id: a specimen, or None for a code or an empty desk.
            side: None for the front.
            code: picture of a code ((H, W) or (H, W, 3) uint8, or the bytes of a PNG), shown on a
                telephone.

        Raises:
            CatalogueError: unknown specimen, no such side, or no picture.
        """
        subject = None
        if code is not None:
            subject = on_telephone(code)
        elif specimen_id is not None:
            subject = self._document(specimen_id, side or Side.FRONT)
        with self._lock:
            self._subject = subject
            self._changed = True

    def set_conditions(self, conditions: Conditions) -> None:
        """See better or worse from the next picture on."""
        with self._lock:
            self._conditions = conditions
            self._changed = True

    def start(self) -> None:
        """Open; always succeeds."""
        self._stopped.clear()
        self._pacer.start()

    def read(self, timeout_ms: int = 1000) -> Frame:  # noqa: ARG002 - always in time
        """Next picture. Raises CameraUnpluggedError after ``stop``."""
        seq = self._pacer.wait(self._stopped)
        if self._stopped.is_set():
            raise CameraUnpluggedError("stopped")
        stage = self._current_stage(seq)
        t = seq / self._rate
        since = (seq - self._placed_seq) / self._rate
        presence = min(1.0, since / self._entering_s) if self._entering_s > 0 else 1.0
        image, self._truth = stage.frame(t, self._rng, presence)
        return Frame(image, seq, self._clock_ms())

    def stop(self) -> None:
        """Close; may be called twice and from any thread."""
        self._stopped.set()

    def _current_stage(self, seq: int) -> Stage:
        with self._lock:
            if not self._changed and self._stage is not None:
                return self._stage
            subject, conditions = self._subject, self._conditions
            self._changed = False
            self._shows += 1
        self._stage = Stage(subject, conditions, self._seed + 1000 * self._shows, self._size)
        self._placed_seq = seq
        return self._stage

    def _document(self, specimen_id: str, side: Side) -> Subject:
        specimen = self._specimens.get(specimen_id)
        if specimen is None:
            raise CatalogueError(f"unknown specimen: {specimen_id}")
        return Subject(specimen.picture(side), specimen.mrz_on(side))


def on_telephone(code: Picture | bytes) -> Subject:
    """A telephone whose screen shows the code."""
    if isinstance(code, bytes):
        decoded = cv2.imdecode(np.frombuffer(code, np.uint8), cv2.IMREAD_COLOR)
        if decoded is None:
            raise CatalogueError("code is no picture")
        picture = decoded
    else:
        picture = code
    if picture.ndim == 2:
        picture = cv2.cvtColor(picture, cv2.COLOR_GRAY2BGR)
    width, height = 900, 1500
    phone = np.full((height, width, 3), (24, 22, 20), np.uint8)
    cv2.rectangle(phone, (30, 30), (width - 30, height - 30), (252, 252, 250), -1)
    side = width - 120
    scale = side / max(picture.shape[:2])
    whole = cv2.resize(picture, None, fx=scale, fy=scale,
                       interpolation=cv2.INTER_NEAREST if scale > 1 else cv2.INTER_AREA)
    h, w = whole.shape[:2]
    y, x = (height - h) // 2, (width - w) // 2
    phone[y : y + h, x : x + w] = whole
    return Subject(phone, corner_share=0.07, width_share=0.46, may_overflow=True)
