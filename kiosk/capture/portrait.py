"""The portrait, cut out of the document. Detection only: no comparison, no template, no score.

Rules, in order: a face at the place where the kind of document has its portrait; else a face at any
place where portraits stand; else the place itself, because the agent compares, not the program. The
straightened document is upright, so the portrait is: it is not turned by what is found in it.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import cv2
import numpy as np

from kiosk.capture.picture import Picture, as_picture, grey_of
from kiosk.documents.data import Box

_MIN_HEIGHT, _MAX_HEIGHT = 0.20, 0.62
_AROUND = 0.18  # of a portrait's place, looked at beyond it
_LOOK_HEIGHT = 260
_MIN_SHARE = 0.33  # of what is looked at
_ENLARGED_HEIGHT = 600
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


def portrait_of(card: Picture, place: Box | None) -> Picture | None:
    """The portrait (h, w, 3) BGR of a straightened front (H, W, 3), enlarged; or None.

    Args:
        card: upright.
        place: where this kind of document has its portrait; None where that is not known.
    """
    found = None if place is None else _portrait_at(card, place)
    if found is None:
        found = find_portrait(card)
    if found is None and place is not None:
        found = _part(card, place, 0.0)
    return None if found is None or not found.size else enlarged(found)


def enlarged(portrait: Picture, height: int = _ENLARGED_HEIGHT) -> Picture:
    """The portrait at least ``height`` px high, proportions kept."""
    scale = height / portrait.shape[0]
    if scale <= 1:
        return portrait
    return as_picture(cv2.resize(portrait, None, fx=scale, fy=scale, interpolation=cv2.INTER_CUBIC))


def _part(card: Picture, place: Box, around: float) -> Picture:
    """The place, and a share of its size around it."""
    height, width = card.shape[:2]
    left, right = place.x - around * place.width, place.x + (1 + around) * place.width
    top, bottom = place.y - around * place.height, place.y + (1 + around) * place.height
    x0, x1 = max(0, round(left * width)), min(width, round(right * width))
    y0, y1 = max(0, round(top * height)), min(height, round(bottom * height))
    return np.ascontiguousarray(card[y0:y1, x0:x1])


def _portrait_at(card: Picture, place: Box) -> Picture | None:
    """A face of a portrait's size at its place, cut from the face to the shoulders."""
    part = _part(card, place, _AROUND)
    if not part.size:
        return None
    scale = _LOOK_HEIGHT / part.shape[0]
    grey = as_picture(
        cv2.resize(grey_of(part), None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    )
    limit = round(_MIN_SHARE * grey.shape[0])
    even = as_picture(cv2.equalizeHist(grey))
    for picture, step, neighbours in ((grey, 1.1, 4), (even, 1.1, 4), (grey, 1.04, 3)):
        found = _detector().detectMultiScale(picture, step, neighbours, minSize=(limit, limit))
        if len(found):
            face = max(
                ((int(x), int(y), int(w), int(h)) for x, y, w, h in found), key=lambda f: f[2]
            )
            x, y, w, h = (int(value / scale) for value in face)
            return _from_face(part, x, y, w, h)
    return None


def _from_face(card: Picture, x: int, y: int, w: int, h: int) -> Picture | None:
    """From the face to the shoulders, in the proportion of an identity photograph (35 x 45)."""
    height, width = card.shape[:2]
    tall = round(h * 1.75)
    wide = round(tall * 35 / 45)
    x0 = max(0, x + w // 2 - wide // 2)
    y0 = max(0, y + h // 2 - round(tall * 0.48))
    crop = card[y0 : min(height, y0 + tall), x0 : min(width, x0 + wide)]
    return np.ascontiguousarray(crop) if crop.size else None


def find_portrait(card: Picture) -> Picture | None:
    """The portrait (h, w, 3) BGR on a rectified document (H, W, 3), or None.

    The largest face counts: the small second portrait of newer cards is smaller.
    """
    scale = 520 / card.shape[1]
    shrunk = cv2.resize(grey_of(card), None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    fitting = _faces(as_picture(shrunk))
    if not fitting:
        return None
    x, y, w, h = (int(v / scale) for v in max(fitting, key=lambda f: f[2] * f[3]))
    return _from_face(card, x, y, w, h)
