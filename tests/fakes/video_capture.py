"""A stand-in for ``cv2.VideoCapture`` whose faults a test chooses."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from kiosk.devices.cameras import CameraDevice


@dataclass
class FakeVideoCapture:
    """Delivers pictures made by ``picture(n)``; None stands for a failed read.

    Attributes:
        opened: answer of ``isOpened``.
        hold: when set to an unset event, ``read`` blocks on it like a stalled driver.
        on_read: called before every picture, for example to let time pass.
        released: set by ``release``.
    """

    picture: Callable[[int], np.ndarray | None]
    opened: bool = True
    hold: threading.Event | None = None
    on_read: Callable[[], object] | None = None
    released: threading.Event = field(default_factory=threading.Event)
    count: int = 0

    def isOpened(self) -> bool:  # noqa: N802 - OpenCV's name
        return self.opened

    def read(self) -> tuple[bool, np.ndarray | None]:
        if self.hold is not None:
            self.hold.wait(60)
        if self.on_read is not None:
            self.on_read()
        image = self.picture(self.count)
        self.count += 1
        return image is not None, image

    def release(self) -> None:
        self.released.set()


@dataclass
class FakeOpener:
    """Stands in for ``open_with_opencv``; counts the openings."""

    make: Callable[[], FakeVideoCapture]
    wait_for: threading.Event | None = None
    captures: list[FakeVideoCapture] = field(default_factory=list)

    def __call__(
        self, _device: CameraDevice, _size: tuple[int, int], _fps: float
    ) -> FakeVideoCapture:
        if self.wait_for is not None:
            self.wait_for.wait(60)
        capture = self.make()
        self.captures.append(capture)
        return capture


def living(number: int) -> np.ndarray:
    """A picture that differs from every other one, as sensor noise makes it."""
    return np.random.default_rng(number).integers(0, 255, (72, 128, 3), np.uint8)


def black(number: int) -> np.ndarray:
    """What a closed cover gives: black, with a little noise."""
    return np.random.default_rng(number).integers(0, 8, (72, 128, 3), np.uint8)


def frozen(number: int) -> np.ndarray:
    """The same picture for ever."""
    return np.random.default_rng(0).integers(0, 255, (72, 128, 3), np.uint8)
