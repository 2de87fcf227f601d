"""A camera made of a clip or of a folder of pictures."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np

from kiosk.devices.pacing import Pacer, monotonic_ms
from kiosk.devices.picture_files import MAX_PIXELS, PICTURE_SUFFIXES, open_picture
from kiosk.domain.errors import (
    CameraUnpluggedError,
    NoCameraError,
    PictureTooLargeError,
    PictureTypeError,
    PictureUnreadableError,
)
from kiosk.ports import Frame

if TYPE_CHECKING:
    from kiosk.ports import Picture

PICTURES = PICTURE_SUFFIXES
CLIPS = frozenset({".avi", ".mp4", ".mkv", ".mov", ".webm", ".mjpg", ".mjpeg", ".m4v"})


class ReplayCamera:
    """A :class:`kiosk.ports.FrameSource` that plays what was recorded.

    Args:
        path: a clip, one picture, or a folder of pictures (played in the order of their names).
        fps: pace; 0 gives pictures as fast as they are read.
        loop: begin again at the end; otherwise the end counts as an unplugged camera.
        clock_ms: monotonic clock.
    """

    def __init__(
        self,
        path: Path,
        fps: float = 30.0,
        *,
        loop: bool = True,
        clock_ms: Callable[[], int] = monotonic_ms,
    ) -> None:
        self._path = path
        self._loop = loop
        self._clock_ms = clock_ms
        self._pacer = Pacer(fps, clock_ms)
        self._stopped = threading.Event()
        self._stopped.set()
        self._pictures: Iterator[Picture] = iter(())

    @property
    def name(self) -> str:
        """For the screen: the name of the file or folder."""
        return self._path.name

    def start(self) -> None:
        """Open.

        Raises:
            NoCameraError: nothing at the path, or a folder without pictures.
            PictureTypeError: the file is neither a picture nor a clip by its name.
            PictureUnreadableError: the first picture cannot be decoded.
            PictureTooLargeError: more bytes or pixels than this program agrees to open.
        """
        source = self._source()
        first = next(source, None)
        if first is None:
            raise PictureUnreadableError("no picture inside")
        self._pictures = self._chain(first, source)
        self._stopped.clear()
        self._pacer.start()

    def read(self, timeout_ms: int = 1000) -> Frame:  # noqa: ARG002 - a file is always in time
        """Next picture.

        Raises CameraUnpluggedError at the end or after ``stop``, and the errors of ``start`` for a
        damaged picture inside a folder.
        """
        seq = self._pacer.wait(self._stopped)
        if self._stopped.is_set():
            raise CameraUnpluggedError("stopped")
        picture = next(self._pictures, None)
        if picture is None:
            raise CameraUnpluggedError("end of the recording")
        return Frame(picture, seq, self._clock_ms())

    def stop(self) -> None:
        """Close; may be called twice and from any thread."""
        self._stopped.set()

    def _chain(self, first: Picture, rest: Iterator[Picture]) -> Iterator[Picture]:
        yield first
        yield from rest
        while self._loop:
            empty = True
            for picture in self._source():
                empty = False
                yield picture
            if empty:
                return

    def _source(self) -> Iterator[Picture]:
        """Pictures of one pass."""
        if self._path.is_dir():
            files = sorted(p for p in self._path.iterdir() if p.suffix.lower() in PICTURES)
            if not files:
                raise NoCameraError("folder without pictures")
            return (open_picture(file) for file in files)
        if not self._path.is_file():
            raise NoCameraError("no such file")
        suffix = self._path.suffix.lower()
        if suffix in PICTURES:
            return (open_picture(file) for file in (self._path,))
        if suffix in CLIPS:
            return _clip(self._path)
        raise PictureTypeError(suffix or "no suffix")


def _clip(path: Path) -> Iterator[Picture]:
    """Pictures of a clip until its end or its first broken frame; empty when it is no clip."""
    reader = cv2.VideoCapture(str(path), cv2.CAP_FFMPEG)
    try:
        width = reader.get(cv2.CAP_PROP_FRAME_WIDTH)
        if width * reader.get(cv2.CAP_PROP_FRAME_HEIGHT) > MAX_PIXELS:
            raise PictureTooLargeError("pixels")
        while reader.isOpened():
            found, image = reader.read()
            if not found:
                return
            yield np.asarray(image, np.uint8)
    finally:
        reader.release()
