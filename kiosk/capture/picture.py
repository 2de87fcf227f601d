"""Pictures as arrays: the few conversions that every measurement needs.

``Picture`` is uint8, (H, W) grey or (H, W, 3) BGR.
"""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

Picture = npt.NDArray[np.uint8]
Points = npt.NDArray[np.float64]
"""(n, 2) float64, (x, y) in pixels."""
Scores = npt.NDArray[np.float32]


def as_picture(image: npt.ArrayLike) -> Picture:
    """The uint8 array that OpenCV returned, typed as such."""
    return np.asarray(image, np.uint8)


def grey_of(image: Picture) -> Picture:
    """Grey (H, W) of a grey or BGR picture."""
    return image if image.ndim == 2 else as_picture(cv2.cvtColor(image, cv2.COLOR_BGR2GRAY))


def turned(image: Picture, quarter_turns: int) -> Picture:
    """The picture turned clockwise by quarter turns (0 to 3), contiguous."""
    return np.ascontiguousarray(np.rot90(image, -quarter_turns % 4))


def length_of(corners: Points) -> float:
    """Mean length of the first and the third side of a quadrilateral (4, 2): along its print."""
    c = corners
    return float(np.linalg.norm(c[1] - c[0]) + np.linalg.norm(c[2] - c[3])) / 2


def height_of(corners: Points) -> float:
    """Mean length of the second and the fourth side of a quadrilateral (4, 2): across its print."""
    c = corners
    return float(np.linalg.norm(c[3] - c[0]) + np.linalg.norm(c[2] - c[1])) / 2
