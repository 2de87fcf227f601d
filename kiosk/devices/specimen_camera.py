"""The specimen camera: shows drawn specimens as a webcam would see them."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from math import ceil
from typing import TYPE_CHECKING

import cv2
import numpy as np

from kiosk.devices.pacing import Pacer, monotonic_ms
from kiosk.devices.specimen_props import draw_telephone, noise_bank
from kiosk.devices.specimen_scene import (
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


MOVING_S = 0.7
LEAVE_SHARE = 0.6  # leaving is quicker than being laid down
TELEPHONE_SHARE = 0.46  # of the frame's width: a code of 100 modules keeps 4 pixels a module


class SpecimenCamera:
    """A seeded :class:`kiosk.ports.FrameSource`.

    ``show`` and ``set_conditions`` may be called from any thread; ``read`` from one.

    Args:
        specimens: from :func:`kiosk.devices.specimens.load_specimens`.
        conditions: how well the camera sees.
        seed: same seed and same calls give the same pictures.
        fps: 0 gives pictures as fast as they are read, one thirtieth of a second apart in the
            scene's own time.
        moving_s: how long a document takes to slide into the picture; 0 for at once.
    """

    def __init__(
        self,
        specimens: Mapping[str, Specimen],
        conditions: Conditions | None = None,
        *,
        seed: int = 0,
        fps: float = 30.0,
        size: tuple[int, int] = FRAME_SIZE,
        moving_s: float = MOVING_S,
        clock_ms: Callable[[], int] = monotonic_ms,
    ) -> None:
        self._specimens = specimens
        self._conditions = conditions or Conditions.fair()
        self._seed = seed
        self._size = size
        self._rate = fps or 30.0
        self._moving_s = moving_s
        self._clock_ms = clock_ms
        self._pacer = Pacer(fps, clock_ms)
        self._rng = np.random.default_rng(seed)
        self._lock = threading.Lock()
        self._stopped = threading.Event()
        self._stopped.set()
        self._subject: Subject | None = None
        self._changed = False
        self._shows = 0
        self._coming = Stage(None, self._conditions, seed, size, seed)
        self._coming_since = 0
        self._leaving: Stage | None = None
        self._leaving_since = 0
        self._opened = False
        self._truth = NOTHING

    @property
    def name(self) -> str:
        """For the screen."""
        return "Caméra spécimen"

    @property
    def truth(self) -> GroundTruth:
        """Where the document lay in the picture read last."""
        return self._truth

    @property
    def empty(self) -> bool:
        """Whether nothing lies there, and nothing that lay there is still leaving the picture."""
        with self._lock:
            if self._subject is not None:
                return False
            seen = self._changed or self._coming.subject is not None or self._leaving is not None
            return self._stopped.is_set() or not seen

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
        """Open; always succeeds. What was moved while it was closed has been moved."""
        noise_bank(self._size)  # made now, not under the first picture
        with self._lock:
            # Pictures are counted anew: what is timed by the old count would stay for as long.
            self._leaving, self._opened = None, True
            self._coming_since = -ceil(self._moving_s * self._rate)
        self._stopped.clear()
        self._pacer.start()

    def read(self, timeout_ms: int = 1000) -> Frame:  # noqa: ARG002 - always in time
        """Next picture. Raises CameraUnpluggedError after ``stop``."""
        seq = self._pacer.wait(self._stopped)
        if self._stopped.is_set():
            raise CameraUnpluggedError("stopped")
        stage, presence = self._on_stage(seq)
        image, self._truth = stage.frame(seq / self._rate, self._rng, presence)
        return Frame(image, seq, self._clock_ms())

    def stop(self) -> None:
        """Close; may be called twice and from any thread."""
        self._stopped.set()

    def _on_stage(self, seq: int) -> tuple[Stage, float]:
        """The stage to draw and how far its subject is in the frame (0 to 1)."""
        with self._lock:
            changed, self._changed = self._changed, False
            opened, self._opened = self._opened, False
            subject, conditions = self._subject, self._conditions
        if changed:
            self._take_away(subject, seq, seen=not opened)
            self._shows += 1
            self._coming = Stage(
                subject, conditions, self._seed + self._shows, self._size, self._seed
            )
        if self._leaving is not None:
            left = 1.0 - self._share(seq - self._leaving_since, LEAVE_SHARE)
            if left > 0:
                return self._leaving, left
            self._leaving, self._coming_since = None, seq
        return self._coming, self._share(seq - self._coming_since, 1.0)

    def _take_away(self, subject: Subject | None, seq: int, *, seen: bool) -> None:
        """What lies there now leaves first, unless the same thing stays in another light."""
        before = self._coming.subject
        if before is subject:
            return
        self._coming_since = seq
        if before is not None and self._moving_s > 0 and seen:
            self._leaving, self._leaving_since = self._coming, seq

    def _share(self, frames: int, slowness: float) -> float:
        span = self._moving_s * slowness
        return min(1.0, frames / self._rate / span) if span > 0 else 1.0

    def _document(self, specimen_id: str, side: Side) -> Subject:
        specimen = self._specimens.get(specimen_id)
        if specimen is None:
            raise CatalogueError(f"unknown specimen: {specimen_id}")
        return Subject(specimen.picture(side), specimen.mrz_on(side))


def on_telephone(code: Picture | bytes) -> Subject:
    """A telephone whose screen shows the code. Raises CatalogueError where the bytes are no PNG."""
    if isinstance(code, bytes):
        decoded = cv2.imdecode(np.frombuffer(code, np.uint8), cv2.IMREAD_COLOR)
        if decoded is None:
            raise CatalogueError("code is no picture")
        code = np.asarray(decoded, np.uint8)
    return Subject(
        draw_telephone(code), corner_share=0.07, width_share=TELEPHONE_SHARE, may_overflow=True
    )
