"""Still pictures: turned every way, brought to a size that reads well. Pure.

A camera frame is looked at as it lies; a scan or a photo may lie any way up and be of any size, and
there is time to turn it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import cv2
import numpy as np

from kiosk.capture.picture import Picture, Points, as_picture
from kiosk.capture.zone import Zone

ANGLES = (0, 90, 20, -20, 40, -40, 110, 70, 130, 50)
"""Degrees, likeliest first. The line finder forgives 12; upside down is tried by reading."""
_LEAST_WIDTH = 1000
_LONGEST_LINE = 1200
"""Px. A longer line would lose its thin strokes when it is cut out at 960 px."""


@dataclass(frozen=True, slots=True)
class View:
    """A grey picture turned and scaled.

    Attributes:
        grey: (H, W) uint8.
        back: points of this view to pixels of the original picture.
    """

    grey: Picture
    back: Callable[[Points], Points]


def views(grey: Picture) -> Iterator[View]:
    """The picture at every angle of ``ANGLES``, nothing cut off, small ones enlarged."""
    for angle in ANGLES:
        yield _view(grey, angle)


def _view(grey: Picture, degrees: float) -> View:
    height, width = grey.shape
    scale = max(1.0, _LEAST_WIDTH / max(width, height))
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), degrees, scale)
    cosine, sine = abs(matrix[0, 0]), abs(matrix[0, 1])
    wide = round(width * cosine + height * sine)
    high = round(width * sine + height * cosine)
    matrix[:, 2] += np.array([(wide - width) / 2, (high - height) / 2])
    if degrees == 0 and scale == 1:
        return View(grey, lambda points: points)
    ground = int(np.median(grey))
    out = cv2.warpAffine(
        grey, matrix, (wide, high), flags=cv2.INTER_CUBIC if scale > 1 else cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_CONSTANT, borderValue=ground,
    )  # fmt: skip
    back = np.asarray(cv2.invertAffineTransform(matrix), np.float64)
    return View(as_picture(out), lambda points: points @ back[:, :2].T + back[:, 2])


def fitted(grey: Picture, zone: Zone) -> tuple[Picture, Zone]:
    """Picture and zone shrunk together so that a line is at most 1200 px long."""
    scale = _LONGEST_LINE / zone.length
    if scale >= 1:
        return grey, zone
    small = cv2.resize(grey, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    lines = tuple(
        replace(
            line,
            x=line.x * scale,
            y=line.y * scale,
            length=line.length * scale,
            height=line.height * scale,
        )
        for line in zone.lines
    )
    return as_picture(small), Zone(lines)


def overlap(one: Points, other: Points) -> float:
    """Share of the smaller of two convex outlines (4, 2) that lies in the other, 0 to 1."""
    a, b = one.astype(np.float32), other.astype(np.float32)
    common, _ = cv2.intersectConvexConvex(a, b)
    least = min(float(cv2.contourArea(a)), float(cv2.contourArea(b)))
    return float(common) / max(1.0, least)
