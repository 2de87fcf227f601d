"""Tells a camera that delivers from one that only seems to: black or frozen pictures."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from kiosk.domain.errors import CameraBlackError, CameraFrozenError

if TYPE_CHECKING:
    from kiosk.ports import Picture

BLACK_LEVEL = 14  # grey levels: no pixel of a lit room stays below, a closed cover does
BLACK_AFTER_MS = 1500  # many cameras begin with black pictures while they measure the light
FROZEN_AFTER_MS = 2500  # sensor noise alone changes every picture of a living camera
STEP = 8  # one pixel in eight each way is looked at first


class PictureWatch:
    """Remembers since when pictures are black or all the same."""

    def __init__(self) -> None:
        self._black_since: int | None = None
        self._same_since: int | None = None
        self._last: Picture | None = None

    def judge(self, image: Picture, now_ms: int) -> None:
        """Look at the next picture.

        Args:
            image: (H, W, 3) uint8; kept until the next call, so it must not be written to.
            now_ms: monotonic.

        Raises:
            CameraBlackError: nothing but black for 1.5 s.
            CameraFrozenError: not one pixel changed for 2.5 s.
        """
        if int(image[::STEP, ::STEP].max()) > BLACK_LEVEL:
            self._black_since = None
        elif self._black_since is None:
            self._black_since = now_ms
        same = self._same_as_last(image)
        self._last = image
        if not same:
            self._same_since = None
        elif self._same_since is None:
            self._same_since = now_ms
        if self._black_since is not None and now_ms - self._black_since >= BLACK_AFTER_MS:
            raise CameraBlackError("black pictures")
        if self._same_since is not None and now_ms - self._same_since >= FROZEN_AFTER_MS:
            raise CameraFrozenError("pixel-identical pictures")

    def _same_as_last(self, image: Picture) -> bool:
        last = self._last
        if last is None or last.shape != image.shape:
            return False
        if not np.array_equal(last[::STEP, ::STEP], image[::STEP, ::STEP]):
            return False
        return np.array_equal(last, image)
