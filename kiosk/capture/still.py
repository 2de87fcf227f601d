"""Still pictures: brought to a size that reads well. Pure.

A camera frame is about as large as a reader wants it; a scan or a photo may be of any size.
"""

from __future__ import annotations

import cv2
import numpy as np

from kiosk.capture.picture import Picture, Points, as_picture

_LONGEST_LINE = 1200
"""Px. A longer line would lose its thin strokes when it is cut out at 960 px."""


def fitted(grey: Picture, zone: Points) -> tuple[Picture, Points, float]:
    """Picture and place of a zone shrunk together so that a line is at most 1200 px long.

    Returns:
        The picture (H, W), the corners (4, 2) in it, and px of it for one px of ``grey``.
    """
    length = float(np.linalg.norm(np.roll(zone, -1, axis=0) - zone, axis=1).max())
    scale = _LONGEST_LINE / max(1.0, length)
    if scale >= 1:
        return grey, zone, 1.0
    small = cv2.resize(grey, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    return as_picture(small), zone * scale, scale


def overlap(one: Points, other: Points) -> float:
    """Share of the smaller of two convex outlines (4, 2) that lies in the other, 0 to 1."""
    a, b = one.astype(np.float32), other.astype(np.float32)
    common, _ = cv2.intersectConvexConvex(a, b)
    least = min(float(cv2.contourArea(a)), float(cv2.contourArea(b)))
    return float(common) / max(1.0, least)
