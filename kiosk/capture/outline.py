"""The outline of a document: made exact on its edges, told by its zone, smooth from frame to frame.

Rules, in order:

1. The finder says where a document lies, to one or two hundredths of its size. Each side is then
   moved to the straight edge near it that is strongest along its whole length; a side without such
   an edge (a hand, a glare, a desk of the same grey) stays where the finder put it.
2. Where no document is seen but a zone is, the zone tells where the document must lie.
3. A remembered outline is shown for a few frames; a real move is followed at once.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from kiosk.capture.picture import Picture, Points, as_picture

_WORK_LENGTHS = (360, 640)
_FAR, _NEAR = 0.085, 0.03
"""How far from a side an edge is looked for, at first and then, as shares of the length."""
_SAMPLES = 32
_CHOICES = 3
_SHAKE = 0.006
"""Share of the frame's width that a still outline may seem to move."""
_LEAST_STEP = 4.0
"""Grey levels that an edge must step on average; sensor noise averages to about one."""
_CLEAR_STEP = 9.0
_STANDS_OUT = 1.5
"""How much stronger than the typical straight line beside it."""
_ASPECTS = (1.586, 1.42)
"""Cards (ID-1), and pages of passports and old cards (ID-3, ID-2): ICAO Doc 9303-3."""


@dataclass(frozen=True, slots=True)
class _Side:
    """A straight line that may be a side: two points on it, and how much speaks for it."""

    start: Points
    end: Points
    score: float


def refined(grey: Picture, corners: Points, before: Points | None = None) -> Points:
    """The outline (4, 2) moved to the document's edges, px; corners keep their order.

    Args:
        grey: (H, W) uint8.
        corners: (4, 2) about where the document lies.
        before: exact outline in the frame before; where it still fits, only small moves are
            looked for, which costs a third.
    """
    quad = corners
    passes = list(zip(_WORK_LENGTHS, (_FAR, _NEAR), (_CHOICES, 1), strict=True))
    if before is not None:
        known = begun_like(before, corners)
        length = float(np.linalg.norm(corners[1] - corners[0]))
        if float(np.abs(known - corners).max()) < _FAR * length:
            quad, passes = known, passes[1:]
    for work, share, choices in passes:
        sides = np.linalg.norm(np.roll(quad, -1, axis=0) - quad, axis=1)
        length = float(sides.max())
        scale = min(1.0, work / max(1.0, length))
        small, offset = _around(grey, quad, scale)
        reach = int(np.clip(share * length * scale, 3, 32))
        quad = _moved(small, (quad - offset) * scale, reach, choices) / scale + offset
    return quad


def _around(grey: Picture, quad: Points, scale: float) -> tuple[Picture, Points]:
    """The part of the picture around a quadrilateral, shrunk, and where it begins."""
    spread = 0.12 * float(np.ptp(quad, axis=0).max()) + 8
    low = np.maximum(0, np.floor(quad.min(0) - spread)).astype(int)
    high = np.ceil(quad.max(0) + spread).astype(int)
    part = grey[low[1] : max(low[1] + 8, high[1]), low[0] : max(low[0] + 8, high[0])]
    if not part.size:
        part, low = grey[:8, :8], np.zeros(2, int)
    if scale < 1:
        part = as_picture(cv2.resize(part, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA))
    return part, low.astype(np.float64)


def _moved(small: Picture, quad: Points, reach: int, choices: int) -> Points:
    """The quadrilateral of the best side near each side of ``quad``, all four together."""
    sides = [_sides(small, quad[k], quad[(k + 1) % 4], reach, choices) for k in range(4)]
    meeting = [
        np.array([[_crossing(one, other) for other in sides[k]] for one in sides[k - 1]])
        for k in range(4)
    ]
    picks = np.array(list(itertools.product(*(range(len(side)) for side in sides))))
    quads = np.stack([meeting[k][picks[:, k - 1], picks[:, k]] for k in range(4)], 1)
    score = sum(
        (np.array([side.score for side in sides[k]])[picks[:, k]] for k in range(4)),
        start=-1.5 * _misshapes(quads),
    )
    # A crossing that ran away comes from two sides that do not belong together.
    away = np.linalg.norm(quads - quad, axis=2).max(1)
    score = np.where(away > 2.2 * reach, -np.inf, score)
    best = int(score.argmax())
    return np.asarray(quads[best], np.float64) if np.isfinite(score[best]) else quad


def _misshapes(quads: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """How far the proportions of quadrilaterals (n, 4, 2) are from a document's; 0 is exact."""
    sides = np.linalg.norm(np.roll(quads, -1, axis=1) - quads, axis=2)
    wide, tall = sides[:, 0] + sides[:, 2], sides[:, 1] + sides[:, 3]
    ratio = np.log(np.maximum(wide, tall) / np.maximum(1.0, np.minimum(wide, tall)))
    return np.asarray(np.abs(ratio[:, None] - np.log(_ASPECTS)).min(1), np.float64)


def _sides(small: Picture, start: Points, end: Points, reach: int, choices: int) -> list[_Side]:
    """The straight edges near the side from ``start`` to ``end``, and that side itself."""
    stay = _Side(start, end, 0.0)
    along = end - start
    length = float(np.linalg.norm(along))
    if length < 16:
        return [stay]
    normal = np.array([-along[1], along[0]]) / length
    t = np.linspace(0.06, 0.94, _SAMPLES)
    offsets = np.arange(-reach - 1, reach + 2, dtype=np.float64)
    points = start + along * t[:, None, None] + normal * offsets[None, :, None]
    levels = cv2.remap(
        small,
        points[..., 0].astype(np.float32),
        points[..., 1].astype(np.float32),
        cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_REPLICATE,
    ).astype(np.float32)
    steps = np.abs(levels[:, 2:] - levels[:, :-2])
    # One strong spot is no edge: what counts is to be there along the whole side.
    steps = np.minimum(steps, 3 * float(steps.mean()) + 12)
    found = _strongest(steps, reach, choices)
    # The samples began and ended a little inside the side.
    lines = []
    for first, turn, score in found:
        slope = turn / 0.88
        at_start = first - 0.06 * slope
        moved = start + normal * at_start, end + normal * (at_start + slope)
        lines.append(_Side(*moved, score))
    return lines or [stay]


def _strongest(
    steps: npt.NDArray[np.float32], reach: int, choices: int
) -> list[tuple[float, float, float]]:
    """Straight lines through the steps (samples, offsets): offset at start, turn, score."""
    ends = np.arange(-reach, reach + 1)
    most = max(2, round(0.45 * reach))
    first, turn = (grid.ravel() for grid in np.meshgrid(ends, ends[np.abs(ends) <= most]))
    keep = np.abs(first + turn) <= reach
    first, turn = first[keep], turn[keep]
    t = np.linspace(0.0, 1.0, _SAMPLES)
    index = np.round(first[:, None] + turn[:, None] * t).astype(int) + reach
    strength = steps[np.arange(_SAMPLES), index].mean(1)
    # Inside a card there are stronger edges than its own (a header bar on a dark desk): how strong
    # counts less and less, how near to the finder's side counts, and outside is likelier than in.
    middle = first + turn / 2
    away = middle / reach + 0.12
    score = strength / (strength + _CLEAR_STEP) * np.exp(-0.9 * away**2)
    least = max(_LEAST_STEP, _STANDS_OUT * float(np.median(strength)))
    score = np.where(strength < least, -1.0, score)
    found = []
    for _ in range(choices):
        best = int(score.argmax())
        if score[best] < 0:
            break
        found.append((float(first[best]), float(turn[best]), float(score[best])))
        score = np.where(np.abs(middle - middle[best]) < max(2.0, 0.14 * reach), -1.0, score)
    return found


def _crossing(one: _Side, other: _Side) -> Points:
    """Where the lines of two sides meet; the end of the first where they do not."""
    a, b, c = one.start, one.end, other.start
    u, v = b - a, other.end - c
    determinant = float(u[0] * v[1] - u[1] * v[0])
    if abs(determinant) < 1e-6:
        return b
    t = ((c[0] - a[0]) * v[1] - (c[1] - a[1]) * v[0]) / determinant
    return np.asarray(a + t * u, np.float64)


def begun_like(corners: Points, other: Points) -> Points:
    """``corners`` (4, 2) rolled so that each lies nearest to the same one of ``other``."""
    rolled = [np.roll(corners, -k, axis=0) for k in range(4)]
    return min(rolled, key=lambda c: float(np.linalg.norm(c - other, axis=1).sum()))


def upright_by(corners: Points, zone: Points) -> Points:
    """``corners`` rolled so that the first side runs as the zone's text does."""
    text = zone[1] - zone[0]
    rolled = [np.roll(corners, -k, axis=0) for k in range(4)]
    return max(rolled, key=lambda c: float((c[1] - c[0]) @ text / np.linalg.norm(c[1] - c[0])))


def with_head(corners: Points, told: Points) -> Points:
    """An outline whose upper side is moved halfway to where the zone says that it must be.

    A dark header on a dark desk is taken for desk: the finder's upper side then lies too low.
    Measured on 101 zone sides of specimens: 0.9 of the union covered in 90 of them, 82 before.

    Args:
        corners: (4, 2) from the finder, begun at the top left of the print.
        told: (4, 2) of :func:`card_around`.
    """
    moved = corners.copy()
    moved[:2] = (corners[:2] + told[:2]) / 2
    return moved


def card_around(zone: Points, lines: int) -> Points:
    """Where the document lies, told by its zone alone: survives a cluttered desk.

    Args:
        zone: (4, 2) corners of the zone, clockwise from its top left.
        lines: 3 for a card's back (ID-1), 2 for a page with the zone at its foot.
    """
    top_left, top_right, bottom_right, bottom_left = zone
    along, down = top_right - top_left, bottom_left - top_left
    length = float(np.linalg.norm(along))
    right, below = along / length, down / max(1.0, float(np.linalg.norm(down)))
    # Share of the document's width that the zone takes, and its height against the width.
    share, shape = (0.90, 0.63) if lines == 3 else (0.92, 0.70)
    width = length / share
    foot = (bottom_left + bottom_right) / 2 + below * 0.05 * width
    half, tall = right * width / 2, below * shape * width
    return np.array([foot - half - tall, foot + half - tall, foot + half, foot - half])


class OutlineTracker:
    """Smooths the outline from frame to frame; no flicker, no lag after a real move."""

    def __init__(self) -> None:
        self._corners: Points | None = None
        self._missed = 0
        self.stable_frames = 0

    @property
    def corners(self) -> Points | None:
        """The outline as last shown."""
        return self._corners

    @property
    def seen(self) -> bool:
        """Whether the outline was found in the last frame, not only remembered."""
        return self._corners is not None and self._missed == 0

    def update(self, corners: Points | None, width: int) -> Points | None:
        """The outline to show for this frame. ``width``: of the frame, px."""
        if corners is None:
            self._missed += 1
            self.stable_frames = 0
            if self._missed > 4:
                self._corners = None
            return self._corners
        self._missed = 0
        if self._corners is None:
            self._corners = corners
            self.stable_frames = 0
            return corners
        before = begun_like(self._corners, corners)
        moved = float(np.abs(corners - before).max()) / width
        self.stable_frames = self.stable_frames + 1 if moved < 0.02 else 0
        # A shake of the measurement is smoothed; a document that moves is followed without lag.
        keep = 0.6 if moved < _SHAKE else 0.0
        self._corners = keep * before + (1 - keep) * corners
        return self._corners
