"""Lines of print on a straightened document: where values stand, and cuts of them.

Rules, in order:

1. Print has many upright edges, the ground has few, light print on a dark band as many as dark
   print on a light one.
2. The straightened picture is a little off: all places of a side are moved and stretched together
   until they lie on print with quiet around it. One line alone could be taken for its neighbour.
3. A line whose beginning is not in the cut is no line. Nothing found is an answer.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from kiosk.capture.picture import Picture, as_picture, grey_of
from kiosk.documents.data import Box

_MAX_OFF = 0.06  # of the side's width, how far the places may be moved
_STEP_PX = 3
_STRETCHES = np.arange(-7, 8) * 0.02
_SLACK = 0.30  # of the line's height, how far one line may lie off the others
_BEFORE = 0.50  # of the line's height, cut left of its expected beginning
_MIN_HEIGHT_PX = 9
_MIN_EDGES = 9.0
_MAX_EDGE = 160.0
_QUIET = 0.5  # edges in the first columns of a cut, as a share of those in its line

_Numbers = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Line:
    """A line found, in px of the straightened document: capitals from ``top`` to ``bottom``."""

    left: int
    top: int
    right: int
    bottom: int


class _Edges:
    """Upright edges of a picture, summed up so that the mean of any box is four look-ups."""

    def __init__(self, card: Picture) -> None:
        smooth = cv2.GaussianBlur(grey_of(card), (0, 0), 0.8)
        edges = np.minimum(np.abs(cv2.Sobel(smooth, cv2.CV_32F, 1, 0, ksize=3)), _MAX_EDGE)
        self.height, self.width = edges.shape
        self.sums = np.asarray(cv2.integral(edges), np.float64)

    def mean(self, left: _Numbers, top: _Numbers, right: _Numbers, bottom: _Numbers) -> _Numbers:
        """Mean over boxes in px; arrays of one shape. What lies outside counts as nothing."""
        x0, x1 = (np.clip(v, 0, self.width).astype(np.intp) for v in (left, right))
        y0, y1 = (np.clip(v, 0, self.height).astype(np.intp) for v in (top, bottom))
        total = self.sums[y1, x1] - self.sums[y0, x1] - self.sums[y1, x0] + self.sums[y0, x0]
        return np.asarray(total / np.maximum((x1 - x0) * (y1 - y0), 1.0), np.float64)

    def fit(self, left: _Numbers, top: _Numbers, tall: _Numbers) -> _Numbers:
        """How well lines begin at these places: print inside, quiet above, below and before."""
        right, bottom = left + 2.2 * tall, top + tall
        inside = self.mean(left, top, right, bottom)
        above = self.mean(left, top - 0.22 * tall, right, top - 0.04 * tall)
        below = self.mean(left, bottom + 0.04 * tall, right, bottom + 0.22 * tall)
        before = self.mean(left - 0.7 * tall, top, left - 0.1 * tall, bottom)
        return inside - 0.5 * (above + below) - 0.5 * before


def find_lines_of(card: Picture, boxes: Sequence[Box]) -> tuple[Line | None, ...]:
    """The line of print at each box of a straightened document (H, W[, 3]), or None."""
    if not boxes:
        return ()
    edges = _Edges(card)
    scale = np.array([edges.width, edges.height], np.float64)
    corners = np.array([[box.x, box.y] for box in boxes]) * scale
    tall = np.array([box.height for box in boxes]) * edges.height
    corners[:, 0] += 0.15 * tall
    centre = (edges.width / 2, edges.height / 2)
    moved = corners.copy()
    for axis in (1, 0, 1, 0):
        moved[:, axis] = _aligned(edges, corners, moved, tall, axis, centre[axis])
    wide = np.array([box.width for box in boxes]) * edges.width
    return tuple(
        _settled(edges, float(x), float(y), max(float(_MIN_HEIGHT_PX), float(t)), float(w))
        for (x, y), t, w in zip(moved, tall, wide, strict=True)
    )


def _aligned(
    edges: _Edges, corners: _Numbers, moved: _Numbers, tall: _Numbers, axis: int, centre: float
) -> _Numbers:
    """The best shift and stretch of all places along one axis (0 across, 1 down)."""
    reach = round(_MAX_OFF * edges.width / _STEP_PX)
    shifts = np.arange(-reach, reach + 1) * float(_STEP_PX)
    along = corners[:, axis]
    stretched = centre + (along - centre) * (1 + _STRETCHES[:, None])
    tried = np.asarray(stretched[:, None, :] + shifts[None, :, None], np.float64)
    across = np.asarray(np.broadcast_to(moved[:, 1 - axis], tried.shape), np.float64)
    left, top = (tried, across) if axis == 0 else (across, tried)
    fits = edges.fit(left, top, np.asarray(np.broadcast_to(tall, tried.shape), np.float64))
    # One loud line must not drag the others along.
    fits = np.clip(fits, 0, 60)
    far = np.abs(shifts)[None, :] / (reach * _STEP_PX)
    far = far + np.abs(_STRETCHES)[:, None] / _STRETCHES.max()
    total = fits.mean(-1) * (1 - 0.08 * far)
    stretch, shift = np.unravel_index(int(total.argmax()), total.shape)
    return np.asarray(tried[stretch, shift], np.float64)


def _settled(edges: _Edges, left: float, top: float, tall: float, wide: float) -> Line | None:
    slack = max(1, round(tall * _SLACK))
    tops = np.asarray(top + np.arange(-slack, slack + 1), np.float64)
    fits = edges.fit(np.full(tops.shape, left), tops, np.full(tops.shape, tall))
    y = float(tops[int(fits.argmax())])
    line = Line(
        max(0, round(left - tall * _BEFORE)),
        max(0, round(y)),
        min(edges.width, round(left - 0.15 * tall + wide)),
        min(edges.height, round(y + tall)),
    )
    if line.right - line.left < tall or line.bottom - line.top < tall * 0.8:
        return None
    inside = float(_mean(edges, left, line.top, left + 2.2 * tall, line.bottom))
    start = float(_mean(edges, line.left, line.top, line.left + 0.3 * tall, line.bottom))
    return line if inside >= _MIN_EDGES and start <= _QUIET * inside else None


def _mean(edges: _Edges, left: float, top: float, right: float, bottom: float) -> _Numbers:
    return edges.mean(*(np.array(value, np.float64) for value in (left, top, right, bottom)))


def cut(card: Picture, line: Line, margin: float, shift: float = 0.0) -> Picture:
    """A strip (h, w[, 3]) around the line.

    Args:
        card: straightened document.
        line: where.
        margin: around it, as a share of the capitals' height; accents need at least 0.3.
        shift: how far to begin further left, as a share of the capitals' height.
    """
    height, width = card.shape[:2]
    tall = line.bottom - line.top
    around = round(tall * margin)
    top, bottom = max(0, line.top - round(around * 1.15)), min(height, line.bottom + around)
    left = max(0, line.left - round(tall * shift))
    return as_picture(np.ascontiguousarray(card[top:bottom, left : min(width, line.right)]))


def headings(card: Picture, share: float = 0.20, most: int = 3) -> tuple[Line, ...]:
    """Lines of print at the top of a straightened document, the loudest first.

    Args:
        card: (H, W[, 3]).
        share: of the height to look at.
        most: how many lines.
    """
    height, width = card.shape[:2]
    edges = _Edges(as_picture(card[: max(1, round(height * share))]))
    rows = np.diff(edges.sums[:, -1]) / width
    loud = rows > max(_MIN_EDGES / 4, 0.4 * float(rows.max(initial=0.0)))
    bounds = np.flatnonzero(np.diff(np.concatenate([[False], loud, [False]]).astype(np.int8)))
    found = [
        (float(rows[top:bottom].mean()), Line(0, int(top), width, int(bottom)))
        for top, bottom in zip(bounds[::2], bounds[1::2], strict=True)
        if bottom - top >= _MIN_HEIGHT_PX
    ]
    found.sort(key=lambda pair: -pair[0])
    return tuple(line for _, line in found[:most])
