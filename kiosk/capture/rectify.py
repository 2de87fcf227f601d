"""The document as if scanned: perspective removed."""

from __future__ import annotations

import cv2
import numpy as np

from kiosk.capture.picture import Picture, Points, as_picture

CARD_WIDTH = 1012
"""Width of a rectified document in px: 300 dpi for an ID-1 card."""


def rectified(image: Picture, corners: Points, *, flipped: bool = False) -> Picture:
    """Upright picture (H, 1012[, 3]) of the document inside ``corners``.

    Args:
        image: grey or BGR.
        corners: (4, 2) clockwise from the top left as seen.
        flipped: the document lies upside down.
    """
    corners = np.roll(corners, 2, axis=0) if flipped else corners
    sides = np.linalg.norm(np.roll(corners, -1, axis=0) - corners, axis=1)
    ratio = (sides[1] + sides[3]) / max(1.0, sides[0] + sides[2])
    height = round(CARD_WIDTH * float(np.clip(ratio, 0.4, 1.8)))
    target = np.array([[0, 0], [CARD_WIDTH, 0], [CARD_WIDTH, height], [0, height]], np.float32)
    matrix = cv2.getPerspectiveTransform(corners.astype(np.float32), target)
    size = (CARD_WIDTH, height)
    return as_picture(cv2.warpPerspective(image, matrix, size, flags=cv2.INTER_LINEAR))
