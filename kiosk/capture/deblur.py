"""Blur of a zone taken back by guess: how it may have come about, and which guess helps.

Rules, in order:

1. A blur is a lens out of focus and a straight shake; both are the same over a zone.
2. It is taken back by Wiener's filter, as a kernel laid over the picture of the frame, before lines
   are cut: a cut stretches along and across the line differently, and the shake with it.
3. Which blur it was is not measured in the picture, but tried: the right guess makes the reader
   surer of its letters, a wrong one less sure. Few coarse guesses come first, then those beside the
   best. What frames say is averaged, the later ones more, because a hand shakes otherwise after a
   while.
4. Nothing is read here, and a guess says nothing on what a reading of the picture is worth.

Source: N. Wiener, "Extrapolation, Interpolation and Smoothing of Stationary Time Series" (1949).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache

import cv2
import numpy as np

from kiosk.capture.picture import Picture, Scores, as_picture

REACH = 20
"""Px around a point that its restoration looks at."""
_PERIOD = 96
"""Px after which the filter repeats: far beyond its reach."""
DIRECTIONS = 16
"""Of a shake, over half a turn."""
_LENGTH_STEP, _LENGTHS = 1.5, (3.0, 10.5)
_SIGMA_STEP, _SIGMAS = 0.4, (0.8, 2.4)
_NOISES = (0.01, 0.03, 0.07)
_MEMORY = 6
"""Frames that the mean of a guess remembers, about."""
_HOPE, _HOPE_UNTRIED, _PARENTS = 0.02, 0.012, 2
"""How much better a guess may be than its mean after one frame, one beside a tried one than that
one; and how many of the best have others beside them tried."""
_MOST = 40
"""Guesses that are tried of one document at most."""


@dataclass(frozen=True, slots=True)
class Blur:
    """What spread the light.

    Attributes:
        sigma: of the lens, as a Gaussian, px.
        length: of the shake, px; 0 for none.
        direction: of the shake, clockwise from the x axis, in steps of pi / ``DIRECTIONS``.
        noise: share of the noise in the light; the greater, the more careful the restoration.
    """

    sigma: float
    length: float = 0.0
    direction: int = 0
    noise: float = _NOISES[1]


_FIRST = (
    *(Blur(0.8, 6.0, direction) for direction in (0, 8, 4, 12)),
    Blur(1.6),
    *(Blur(0.8, 6.0, direction) for direction in (2, 10, 6, 14)),
)


def taken_back(picture: Picture, blur: Blur) -> Picture:
    """The picture (H, W) uint8 as it may have been without this blur; the same size."""
    kernel = _kernel(blur)
    return as_picture(cv2.filter2D(picture, -1, kernel, borderType=cv2.BORDER_REPLICATE))


@lru_cache(maxsize=256)
def _kernel(blur: Blur) -> Scores:
    """(2 REACH + 1, 2 REACH + 1) float32, sum 1."""
    y = np.fft.fftfreq(_PERIOD)[:, None]
    x = np.fft.rfftfreq(_PERIOD)[None, :]
    kept = np.exp(-2 * np.pi**2 * blur.sigma**2 * (x * x + y * y))
    if blur.length:
        angle = blur.direction * np.pi / DIRECTIONS
        kept = kept * np.sinc(blur.length * (x * np.cos(angle) + y * np.sin(angle)))
    inverse = np.fft.irfft2(kept / (kept * kept + blur.noise), s=(_PERIOD, _PERIOD))
    middle = _PERIOD // 2
    part = slice(middle - REACH, middle + REACH + 1)
    kernel = np.fft.fftshift(inverse)[part, part]
    return np.asarray(kernel / kernel.sum(), np.float32)


class BlurSearch:
    """Which blur it seems to be; learns from frame to frame."""

    def __init__(self) -> None:
        self._gains: dict[Blur, tuple[float, int]] = {}

    def guesses(self, count: int) -> tuple[Blur, ...]:
        """What to try at the next frame: the best guess so far, then the most promising ones."""
        coarse = [blur for blur in _FIRST if blur not in self._gains]
        if len(coarse) >= count:
            return tuple(coarse[:count])
        ranked = sorted(self._gains, key=self._mean, reverse=True)
        hopes = {blur: self._mean(blur) + _HOPE / self._gains[blur][1] ** 0.5 for blur in ranked}
        if len(ranked) < _MOST:
            for parent in ranked[:_PARENTS]:
                for blur in _beside(parent):
                    hopes.setdefault(blur, self._mean(parent) + _HOPE_UNTRIED)
        promising = sorted(hopes, key=lambda blur: -hopes[blur])
        return tuple(dict.fromkeys([*coarse, *ranked[:1], *promising]))[:count]

    def learn(self, blur: Blur, gain: float) -> None:
        """How much surer the reader was of its letters than without: -1 to 1."""
        mean, frames = self._gains.get(blur, (0.0, 0))
        frames += 1
        self._gains[blur] = (mean + (gain - mean) / min(frames, _MEMORY), frames)

    def _mean(self, blur: Blur) -> float:
        return self._gains[blur][0]


def _beside(blur: Blur) -> Iterator[Blur]:
    """Guesses that differ from one in one thing by one step."""
    if blur.length:
        for step in (1, -1):
            yield replace(blur, direction=(blur.direction + step) % DIRECTIONS)
        for more in (_LENGTH_STEP, -_LENGTH_STEP):
            if _LENGTHS[0] <= blur.length + more <= _LENGTHS[1]:
                yield replace(blur, length=blur.length + more)
    for more in (_SIGMA_STEP, -_SIGMA_STEP):
        sigma = round(blur.sigma + more, 1)
        if _SIGMAS[0] <= sigma <= _SIGMAS[1]:
            yield replace(blur, sigma=sigma)
    for noise in _NOISES:
        if noise != blur.noise:
            yield replace(blur, noise=noise)
