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


def turned_back(points: Points, quarter_turns: int, width: int, height: int) -> Points:
    """Points of a turned picture in the original one, which has ``width`` and ``height`` px."""
    x, y = points[:, 0], points[:, 1]
    match quarter_turns % 4:
        case 1:
            return np.stack([y, height - 1 - x], 1)
        case 2:
            return np.stack([width - 1 - x, height - 1 - y], 1)
        case 3:
            return np.stack([width - 1 - y, x], 1)
        case _:
            return points


def rotated(image: Picture, degrees: float) -> tuple[Picture, npt.NDArray[np.float64]]:
    """The picture turned by an angle about its centre (counter-clockwise), same size.

    Returns:
        The picture, and the (2, 3) matrix from its pixels back to those of ``image``.
    """
    height, width = image.shape[:2]
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), degrees, 1.0)
    out = cv2.warpAffine(image, matrix, (width, height), borderMode=cv2.BORDER_REPLICATE)
    return as_picture(out), np.asarray(cv2.invertAffineTransform(matrix), np.float64)
