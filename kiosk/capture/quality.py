"""How good a picture is, where it matters: sharpness, glare, exposure."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from kiosk.capture.picture import Picture, Points, grey_of

_SATURATED = 250
_SHARP_SCALE = 0.16


@dataclass(frozen=True, slots=True)
class Quality:
    """Measures of one picture.

    Attributes:
        sharpness: 0 to 1 on the region; about 0.25 is the least that reads well.
        glare: share of saturated pixels in the region, 0 to 1.
        glare_at: centre of the glare in the region, (x, y) as shares of its box, or None.
        exposure: mean grey of the region, 0 to 1.
    """

    sharpness: float
    glare: float
    glare_at: tuple[float, float] | None
    exposure: float


def region_of(grey: Picture, corners: Points | None) -> Picture:
    """Upright box around the corners, at least 8 x 8 px; the whole picture for None."""
    if corners is None:
        return grey
    height, width = grey.shape
    x0, y0 = np.floor(corners.min(0)).astype(int)
    x1, y1 = np.ceil(corners.max(0)).astype(int)
    x0, y0 = min(max(0, x0), width - 8), min(max(0, y0), height - 8)
    return grey[y0 : max(y0 + 8, min(y1, height)), x0 : max(x0 + 8, min(x1, width))]


def _spread(grey: Picture) -> float:
    """Grey levels between the darkest and the brightest two hundredths."""
    counts = np.cumsum(cv2.calcHist([grey], [0], None, [256], [0, 256])[:, 0])
    low, high = np.searchsorted(counts, (0.02 * counts[-1], 0.98 * counts[-1]))
    return float(high - low)


def sharpness_of(grey: Picture) -> float:
    """Fine detail against contrast, 0 to 1: independent of light, ink and sensor noise."""
    contrast = _spread(grey)
    if contrast < 8:
        return 0.0
    # A little smoothing first: sensor noise lives at one pixel, print at two or more.
    smooth = cv2.GaussianBlur(grey, (0, 0), 1.0).astype(np.float32)
    detail = np.asarray(cv2.Laplacian(smooth, cv2.CV_32F, ksize=1), np.float32)
    # Most of a document is paper: the median of the detail there is noise, not print.
    # A ninth of the pixels tells it as well as all.
    noise = float(np.median(np.abs(detail[::3, ::3]))) / 0.6745
    variance = float(detail.var()) - (1.05 * noise) ** 2
    return float(min(1.0, max(0.0, variance) ** 0.5 / contrast / _SHARP_SCALE))


def measure(image: Picture, corners: Points | None = None, zone: Points | None = None) -> Quality:
    """Measure a picture; sharpness on the zone where there is one, the rest on the document."""
    grey = grey_of(image)
    region = region_of(grey, corners)
    if max(region.shape) > 640:
        scale = 640 / max(region.shape)
        small = cv2.resize(region, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    else:
        small = region
    white = np.asarray(small) > _SATURATED
    glare = float(white.mean())
    glare_at = None
    if glare > 0.002:
        rows, columns = np.nonzero(white)
        glare_at = (float(columns.mean() / white.shape[1]), float(rows.mean() / white.shape[0]))
    sharp_on = region_of(grey, zone if zone is not None else corners)
    return Quality(sharpness_of(sharp_on), glare, glare_at, float(np.asarray(small).mean() / 255))
