"""The portrait, cut out of the document. Detection only: no comparison, no template, no score."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import cv2
import numpy as np

from kiosk.capture.picture import Picture, as_picture, grey_of

_MIN_HEIGHT, _MAX_HEIGHT = 0.20, 0.62
_COLUMNS = ((0.12, 0.34), (0.66, 0.88))
"""Where the middle of a portrait stands, as shares of the width: print between and at the edges is
taken for a face now and then."""


@lru_cache(maxsize=1)
def _detector() -> cv2.CascadeClassifier:
    """The frontal-face cascade that ships with OpenCV 4."""
    folder = Path(cv2.__file__).parent / "data"
    return cv2.CascadeClassifier(str(folder / "haarcascade_frontalface_alt2.xml"))


def _faces(small: Picture) -> list[tuple[int, int, int, int]]:
    """Faces of a portrait's size, by the first way of looking that finds any."""
    limit = int(_MIN_HEIGHT * small.shape[0])
    even = as_picture(cv2.equalizeHist(small))
    for picture, step, neighbours in ((small, 1.1, 4), (even, 1.1, 4), (small, 1.04, 3)):
        found = _detector().detectMultiScale(picture, step, neighbours, minSize=(limit, limit))
        faces = [(int(x), int(y), int(w), int(h)) for x, y, w, h in found]
        fitting = [face for face in faces if _fits(face, small)]
        if fitting:
            return fitting
    return []


def _fits(face: tuple[int, int, int, int], small: Picture) -> bool:
    x, _, w, h = face
    middle = (x + w / 2) / small.shape[1]
    in_column = any(low < middle < high for low, high in _COLUMNS)
    return in_column and h <= _MAX_HEIGHT * small.shape[0]


def find_portrait(card: Picture) -> Picture | None:
    """The portrait (h, w, 3) BGR on a rectified document (H, W, 3), or None.

    The largest face counts: the small second portrait of newer cards is smaller.
    """
    height, width = card.shape[:2]
    scale = 520 / width
    shrunk = cv2.resize(grey_of(card), None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    fitting = _faces(as_picture(shrunk))
    if not fitting:
        return None
    x, y, w, h = (int(v / scale) for v in max(fitting, key=lambda f: f[2] * f[3]))
    # From the face to the shoulders, in the proportion of an identity photograph (35 x 45).
    tall = round(h * 1.75)
    wide = round(tall * 35 / 45)
    x0 = max(0, x + w // 2 - wide // 2)
    y0 = max(0, y + h // 2 - round(tall * 0.48))
    crop = card[y0 : min(height, y0 + tall), x0 : min(width, x0 + wide)]
    return np.ascontiguousarray(crop) if crop.size else None
