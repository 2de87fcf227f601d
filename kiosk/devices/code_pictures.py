"""Parts of a frame that may hold a code: cut out upright, and made clearer.

Rules, in order:

1. A cut is bounded (``MAX_CUT_PX``), and knows the way back to the frame.
2. Blur is taken back where its form can be told from the picture: a shake softens edges along one
   direction only, a lens out of focus all of them. How strong it was cannot be told; callers try.
3. Nothing is decoded here.

Source: N. Wiener, "Extrapolation, Interpolation and Smoothing of Stationary Time Series" (1949).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Final

import cv2
import numpy as np

from kiosk.capture.picture import Picture, as_picture

if TYPE_CHECKING:
    import numpy.typing as npt

    Matrix = npt.NDArray[np.float64]
    Plane = npt.NDArray[np.float32]

MAX_CUT_PX: Final = 360_000
MAX_RESTORED_PX: Final = 120_000
_MAX_ENLARGED_PX: Final = 240_000
_LEAST_INSIDE: Final = 64
_SHAKEN: Final = 0.35  # of the gradient: a code in focus, or out of it all round, is below


@dataclass(frozen=True, slots=True)
class Region:
    """A turned rectangle in pixels of the frame.

    Attributes:
        centre: (x, y).
        size: (along the reading direction, across it).
        degrees: of the reading direction, clockwise on the screen from the x axis.
    """

    centre: tuple[float, float]
    size: tuple[float, float]
    degrees: float


@dataclass(frozen=True, slots=True)
class Cut:
    """A part of the frame, upright.

    Attributes:
        picture: (h, w) grey.
        back: (2, 3) from its pixels to those of the frame.
    """

    picture: Picture
    back: Matrix


@dataclass(frozen=True, slots=True)
class Blur:
    """What spread the light, in px: a lens out of focus, and a straight shake.

    Attributes:
        sigma: of the lens, as a Gaussian.
        noise: share of the noise in the light; the greater, the more careful the restoration.
        length: of the shake.
        angle: of the shake, radians clockwise from the x axis.
    """

    sigma: float
    noise: float
    length: float = 0.0
    angle: float = 0.0


def cut(
    grey: Picture, region: Region, zoom: float, margin: float = 24.0, limit: int = MAX_CUT_PX
) -> Cut:
    """The region with a margin (px of the frame), upright, enlarged by ``zoom``.

    Less where that would be more than ``limit`` pixels.
    """
    width, height = (side + 2 * margin for side in region.size)
    zoom = min(zoom, (limit / max(width * height, 1.0)) ** 0.5)
    turn = np.radians(region.degrees)
    cos, sin = float(np.cos(turn)) / zoom, float(np.sin(turn)) / zoom
    out = (max(16, round(width * zoom)), max(16, round(height * zoom)))
    cx, cy = region.centre
    back = np.array(
        [
            [cos, -sin, cx - cos * out[0] / 2 + sin * out[1] / 2],
            [sin, cos, cy - sin * out[0] / 2 - cos * out[1] / 2],
        ]
    )
    flags = cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP
    picture = cv2.warpAffine(grey, back, out, flags=flags, borderMode=cv2.BORDER_REPLICATE)
    return Cut(as_picture(picture), back)


def enlarged(part: Cut, zoom: float) -> Cut:
    """The same part ``zoom`` times as large, less where that would be too many pixels."""
    height, width = part.picture.shape
    zoom = min(zoom, (_MAX_ENLARGED_PX / (height * width)) ** 0.5)
    size = (max(16, round(width * zoom)), max(16, round(height * zoom)))
    x, y = width / size[0], height / size[1]
    # Pixels are counted from the middle of the first one.
    inner = np.array([[x, 0, x / 2 - 0.5], [0, y, y / 2 - 0.5], [0, 0, 1]])
    picture = cv2.resize(part.picture, size, interpolation=cv2.INTER_CUBIC)
    return Cut(as_picture(picture), part.back @ inner)


# --- improvements ---------------------------------------------------------------------------------


def stretched(grey: Picture) -> Picture:
    """A dim picture over the whole range of grey; others unchanged.

    Its brightest spot counts, however small: a sheet on a dark desk must not be washed out.
    """
    low, high = float(grey.min()), float(cv2.blur(grey, (5, 5)).max())
    if high > 140 or high - low < 4:
        return grey
    table = np.clip((np.arange(256) - low) * (255 / (high - low)), 0, 255).astype(np.uint8)
    return as_picture(cv2.LUT(cv2.GaussianBlur(grey, (3, 3), 0), table))


def sharpened(picture: Picture, sigma: float, amount: float) -> Picture:
    """Unsharp mask."""
    soft = cv2.GaussianBlur(picture, (0, 0), sigma)
    return as_picture(cv2.addWeighted(picture, 1 + amount, soft, -amount, 0))


def smoothed_along_bars(upright: Picture, rows: int) -> Picture:
    """Means over ``rows`` rows: noise goes, the bars of an upright code stay."""
    return as_picture(cv2.blur(upright, (1, rows)))


def shake_of(picture: Picture) -> float | None:
    """Direction of a shake, radians clockwise from the x axis; None when there was none.

    Read from a picture whose edges run both ways, such as a matrix code: along a shake they are
    soft, across it they are not.
    """
    gx = cv2.Scharr(picture, cv2.CV_32F, 1, 0)
    gy = cv2.Scharr(picture, cv2.CV_32F, 0, 1)
    # The margin holds the edges of a sheet, which run one way.
    rows, columns = (slice(side // 8, side - side // 8) for side in picture.shape)
    gx, gy = gx[rows, columns], gy[rows, columns]
    difference = float(np.vdot(gx, gx) - np.vdot(gy, gy))
    mixed = 2 * float(np.vdot(gx, gy))
    total = float(np.vdot(gx, gx) + np.vdot(gy, gy))
    if float(np.hypot(difference, mixed)) < _SHAKEN * total or total <= 0:
        return None
    return 0.5 * float(np.arctan2(mixed, difference)) + np.pi / 2


def light_on_dark(part: Cut, margin: float) -> bool:
    """Whether a code is printed light on dark: what lies around it is as dark as its dark half.

    Args:
        part: cut out with a margin.
        margin: of the cut, in its own pixels.
    """
    picture, edge = part.picture, max(2, round(margin))
    inside = picture[edge:-edge, edge:-edge]
    if inside.size < _LEAST_INSIDE:
        return False
    low, high = np.percentile(inside[::2, ::2], (10, 90))
    # A region reaches a little beyond its code; farther out may be the desk.
    rim = max(2, edge // 4)
    ring = picture[edge - rim : rim - edge, edge - rim : rim - edge]
    sides = ring[: 2 * rim], ring[-2 * rim :], ring[:, : 2 * rim], ring[:, -2 * rim :]
    around = np.median([float(np.median(side)) for side in sides])
    return bool(around < (low + high) / 2)


def restored(picture: Picture, blur: Blur) -> Picture:
    """The picture with a blur taken back (Wiener), (h, w) as given."""
    height, width = picture.shape
    edge = int(4 * max(blur.sigma, blur.length / 4)) + 4
    rows = cv2.getOptimalDFTSize(height + 2 * edge)
    columns = cv2.getOptimalDFTSize(width + 2 * edge)
    padded = cv2.copyMakeBorder(
        picture, edge, rows - height - edge, edge, columns - width - edge, cv2.BORDER_REPLICATE
    )
    light = np.fft.rfft2(np.asarray(padded, np.float32))
    back = np.fft.irfft2(light * _inverse(rows, columns, blur), s=(rows, columns))
    part = back[edge : edge + height, edge : edge + width]
    return as_picture(np.clip(part, 0, 255).astype(np.uint8))


def restored_rows(picture: Picture, blur: Blur) -> Picture:
    """The same along rows only, for upright bars that were averaged along their length."""
    width = picture.shape[1]
    edge = int(4 * max(blur.sigma, blur.length / 4)) + 4
    columns = cv2.getOptimalDFTSize(width + 2 * edge)
    padded = cv2.copyMakeBorder(picture, 0, 0, edge, columns - width - edge, cv2.BORDER_REPLICATE)
    light = np.fft.rfft(np.asarray(padded, np.float32), axis=1)
    back = np.fft.irfft(light * _inverse(1, columns, blur), n=columns, axis=1)
    return as_picture(np.clip(back[:, edge : edge + width], 0, 255).astype(np.uint8))


@lru_cache(maxsize=16)
def _inverse(rows: int, columns: int, blur: Blur) -> Plane:
    """Wiener's filter for a blur, (rows, columns // 2 + 1), over the frequencies of ``rfft2``."""
    y = np.fft.fftfreq(rows)[:, None]
    x = np.fft.rfftfreq(columns)[None, :]
    kept = np.exp(-2 * np.pi**2 * blur.sigma**2 * (x * x + y * y))
    if blur.length:
        kept = kept * np.sinc(blur.length * (x * np.cos(blur.angle) + y * np.sin(blur.angle)))
    return np.asarray(kept / (kept * kept + blur.noise), np.float32)
