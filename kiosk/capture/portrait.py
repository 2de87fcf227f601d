"""The portrait, cut out of the document. Detection only: no comparison, no template, no score."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import cv2
import numpy as np

from kiosk.capture.picture import Picture, as_picture, grey_of

_LEFT_SHARE = 0.48
_MIN_HEIGHT, _MAX_HEIGHT = 0.16, 0.62


@lru_cache(maxsize=1)
def _detector() -> cv2.CascadeClassifier:
    """The frontal-face cascade that ships with OpenCV 4."""
    folder = Path(cv2.__file__).parent / "data"
    return cv2.CascadeClassifier(str(folder / "haarcascade_frontalface_alt2.xml"))


def find_portrait(card: Picture) -> Picture | None:
    """The portrait (h, w, 3) BGR on the left of a rectified document (H, W, 3), or None."""
    height, width = card.shape[:2]
    left = card[:, : round(width * _LEFT_SHARE)]
    scale = 320 / left.shape[1]
    small = as_picture(
        cv2.resize(
            grey_of(as_picture(left)), None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA
        )
    )
    limit = int(_MIN_HEIGHT * small.shape[0])
    faces = _detector().detectMultiScale(small, 1.1, 4, minSize=(limit, limit))
    fitting = [f for f in faces if f[3] <= _MAX_HEIGHT * small.shape[0]]
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
