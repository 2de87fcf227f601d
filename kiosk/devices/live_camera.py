"""A real camera through OpenCV, read in a thread of its own.

OpenCV's calls cannot be given a deadline: opening takes minutes with some Windows back ends, and
reading blocks when a cable is loose. So one worker thread calls it, and whoever reads waits for the
newest picture with a deadline. On macOS the system asks the person for permission at the first
opening; a refusal looks like a missing camera there.
"""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import cv2
import numpy as np

from kiosk.devices.cameras import CameraDevice
from kiosk.devices.pacing import monotonic_ms
from kiosk.devices.picture_watch import PictureWatch
from kiosk.domain.errors import (
    CameraBlackError,
    CameraBusyError,
    CameraFrozenError,
    CameraPermissionError,
    CameraTimeoutError,
    CameraUnpluggedError,
    CaptureError,
    NoCameraError,
)
from kiosk.ports import Frame

if TYPE_CHECKING:
    from kiosk.ports import Picture

FAILURES_UNTIL_UNPLUGGED = 5  # a single failed read happens on healthy cameras
STOP_S = 2.0


class VideoCapture(Protocol):
    """The part of ``cv2.VideoCapture`` that is used."""

    def isOpened(self) -> bool: ...  # noqa: N802, D102 - OpenCV's name
    def read(self) -> tuple[bool, Any]: ...  # noqa: D102
    def release(self) -> None: ...  # noqa: D102


Opener = Callable[[CameraDevice, tuple[int, int], float], VideoCapture]


def open_with_opencv(device: CameraDevice, size: tuple[int, int], fps: float) -> VideoCapture:
    """Open a camera with the back end that suits the system; may block for long."""
    cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)
    # Without this, Media Foundation sets up hardware transforms for up to minutes (opencv#17687).
    os.environ.setdefault("OPENCV_VIDEOIO_MSMF_ENABLE_HW_TRANSFORMS", "0")
    capture = cv2.VideoCapture()
    for backend in _backends():
        capture = cv2.VideoCapture(
            int(device.device_id) if device.is_number else device.device_id, backend
        )
        if capture.isOpened():
            break
    # Motion JPEG first: raw pictures of this size do not fit through USB 2 at 30 a second.
    capture.set(cv2.CAP_PROP_FOURCC, cv2.VideoWriter.fourcc(*"MJPG"))
    capture.set(cv2.CAP_PROP_FRAME_WIDTH, size[0])
    capture.set(cv2.CAP_PROP_FRAME_HEIGHT, size[1])
    capture.set(cv2.CAP_PROP_FPS, fps)
    capture.set(cv2.CAP_PROP_BUFFERSIZE, 1)
    return capture


def _backends() -> Iterator[int]:
    if sys.platform == "win32":
        yield from (cv2.CAP_DSHOW, cv2.CAP_MSMF)
    elif sys.platform == "darwin":
        yield cv2.CAP_AVFOUNDATION
    else:
        yield cv2.CAP_V4L2


def may_open(device: CameraDevice) -> None:
    """Look at the device file before opening it.

    Raises:
        NoCameraError: no such file.
        CameraPermissionError: this user may not read and write it.
    """
    if device.is_number:
        return
    node = Path(device.device_id)
    if not node.exists():
        raise NoCameraError("no device file")
    if not os.access(node, os.R_OK | os.W_OK):
        raise CameraPermissionError("device file")


class LiveCamera:
    """A :class:`kiosk.ports.FrameSource` over a real camera.

    Args:
        device: from :func:`kiosk.devices.cameras.list_cameras` or the configuration.
        size: wanted (width, height); the camera may answer with another.
        opening_ms: deadline for opening and for the first picture.
        opener: calls OpenCV; tests give a fake.
        precheck: raises before opening where the reason is known.
        clock_ms: monotonic clock.
    """

    def __init__(
        self,
        device: CameraDevice,
        *,
        size: tuple[int, int] = (1280, 720),
        fps: float = 30.0,
        opening_ms: int = 8000,
        opener: Opener = open_with_opencv,
        precheck: Callable[[CameraDevice], None] = may_open,
        clock_ms: Callable[[], int] = monotonic_ms,
    ) -> None:
        self._device = device
        self._size, self._fps = size, fps
        self._opening_ms = opening_ms
        self._opener, self._precheck, self._clock_ms = opener, precheck, clock_ms
        self._news = threading.Condition()
        self._stopped = threading.Event()
        self._worker: threading.Thread | None = None
        self._newest: Frame | None = None
        self._failure: CaptureError | None = None
        self._delivered = -1

    @property
    def name(self) -> str:
        """The camera's name as the system knows it."""
        return self._device.name

    def start(self) -> None:
        """Open and wait for the first picture.

        Raises:
            NoCameraError, CameraPermissionError, CameraBusyError: it cannot be opened.
            CameraTimeoutError: neither opened nor refused within the deadline.
        """
        self.stop()
        self._precheck(self._device)
        self._stopped = threading.Event()
        self._newest, self._failure, self._delivered = None, None, -1
        self._worker = threading.Thread(
            target=self._work, args=(self._stopped,), name="camera", daemon=True
        )
        self._worker.start()
        with self._news:
            in_time = self._news.wait_for(self._something_new, self._opening_ms / 1000)
            obstacle = self._obstacle(in_time)
        if obstacle is not None:
            self._stopped.set()
            raise obstacle

    def read(self, timeout_ms: int = 1000) -> Frame:
        """Newest picture not yet returned.

        Raises:
            CameraTimeoutError: none within the timeout.
            CameraUnpluggedError: the camera is gone, or ``stop`` was called.
            CameraBlackError, CameraFrozenError: it delivers, but nothing useful; later calls may
                succeed again.
        """
        with self._news:
            in_time = self._news.wait_for(self._something_new, timeout_ms / 1000)
            frame, failure = self._newest, self._failure
            if self._stopped.is_set():
                raise CameraUnpluggedError("stopped")
            if failure is not None:
                if isinstance(failure, CameraBlackError | CameraFrozenError):
                    self._failure = None  # it still delivers: wait for its next picture
                raise failure
            if not in_time or frame is None:
                raise CameraTimeoutError("no picture")
            self._delivered = frame.seq
            return frame

    def stop(self) -> None:
        """Release the device; never raises, may be called twice and from any thread."""
        self._stopped.set()
        with self._news:
            self._news.notify_all()
        worker = self._worker
        if worker is not None and worker is not threading.current_thread():
            worker.join(
                STOP_S
            )  # one that hangs inside OpenCV is a daemon and ends with the program

    def _obstacle(self, in_time: bool) -> CaptureError | None:
        """What stood against opening; a camera that gave one picture is open, whatever follows."""
        if self._newest is not None:
            return None
        return self._failure if in_time else CameraTimeoutError("opening")

    def _something_new(self) -> bool:
        fresh = self._newest is not None and self._newest.seq > self._delivered
        return fresh or self._failure is not None or self._stopped.is_set()

    # --- in the worker ----------------------------------------------------------------------------

    def _work(self, stopped: threading.Event) -> None:
        capture: VideoCapture | None = None
        try:
            capture = self._opener(self._device, self._size, self._fps)
            if not capture.isOpened():
                raise self._refusal()
            for frame in self._frames(capture, stopped):
                self._publish(frame, None, stopped)
        except CaptureError as failure:
            self._publish(None, failure, stopped)
        except (cv2.error, OSError) as exc:
            self._publish(None, CameraUnpluggedError(type(exc).__name__), stopped)
        finally:
            if capture is not None:
                with suppress(cv2.error):
                    capture.release()

    def _refusal(self) -> CaptureError:
        """Why a camera that passed the first look does not open."""
        if self._device.is_number:
            return NoCameraError("does not open")
        return CameraBusyError("does not open")

    def _frames(self, capture: VideoCapture, stopped: threading.Event) -> Iterator[Frame]:
        watch = PictureWatch()
        seq, failures = 0, 0
        while not stopped.is_set():
            found, image = capture.read()
            if not found or image is None:
                failures += 1
                if failures >= FAILURES_UNTIL_UNPLUGGED:
                    raise CameraUnpluggedError("no picture any more")
                continue
            failures = 0
            now = self._clock_ms()
            picture: Picture = np.asarray(image, np.uint8)
            try:
                watch.judge(picture, now)
            except CaptureError as failure:
                self._publish(None, failure, stopped)
                continue
            yield Frame(picture, seq, now)
            seq += 1

    def _publish(
        self, frame: Frame | None, failure: CaptureError | None, stopped: threading.Event
    ) -> None:
        with self._news:
            if stopped is not self._stopped:
                return  # a worker of an earlier opening that came back late
            if frame is not None:
                self._newest = frame
            self._failure = failure
            self._news.notify_all()
