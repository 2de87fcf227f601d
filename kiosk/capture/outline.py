"""The four corners of a document on a desk.

Rules, in order: straight segments, joined to lines; every plausible quadrilateral of two lines
along and two across; the one whose sides lie best on edges that run their way wins, the larger one
where both are good. Work at 480 px. A cluttered desk has many lines, but no second card.
"""

from __future__ import annotations

import itertools

import cv2
import numpy as np
import numpy.typing as npt

from kiosk.capture.picture import Picture, Points, as_picture, grey_of

_WORK_WIDTH = 480
_MIN_AREA, _MAX_AREA = 0.07, 0.97
_ASPECTS = (1.2, 1.85)
"""ID-1 cards have 1.586, passport pages 1.42; perspective moves both."""
_MIN_SEGMENT_PX = 14.0
_SAME_ANGLE = 0.9985
_SEGMENTS = 110
_LINES = 11
_MIN_SUPPORT, _MIN_SIDE = 0.55, 0.38


def ordered(corners: Points) -> Points:
    """(4, 2) clockwise, beginning at the top left as seen."""
    centre = corners.mean(0)
    around = corners[np.argsort(np.arctan2(*(corners - centre).T[::-1]))]
    start = int(np.argmin(around.sum(1)))
    turned: Points = np.roll(around, -start, axis=0)
    return turned


def _lines(grey: Picture) -> tuple[Points, Points]:
    """Straight lines (n, 3) as (a, b, c) with a x + b y = c: those that run along, and across."""
    # OpenCV's types do not say so, but there is no array where there is no segment.
    found: npt.NDArray[np.float32] | None
    detector = cv2.createLineSegmentDetector(cv2.LSD_REFINE_NONE)
    found = detector.detect(grey)[0]  # type: ignore[assignment]  # as above
    if found is None:
        return np.empty((0, 3)), np.empty((0, 3))
    segments = found[:, 0, :].astype(np.float64)
    d = segments[:, 2:] - segments[:, :2]
    lengths = np.linalg.norm(d, axis=1)
    keep = np.argsort(-lengths)[:_SEGMENTS]
    keep = keep[lengths[keep] > _MIN_SEGMENT_PX]
    segments, d, lengths = segments[keep], d[keep], lengths[keep]
    across = np.abs(d[:, 1]) > np.abs(d[:, 0])
    return tuple(  # type: ignore[return-value]  # two arrays, for the two directions
        _merged(segments[chosen], d[chosen], lengths[chosen]) for chosen in (~across, across)
    )


def _merged(segments: Points, d: Points, lengths: npt.NDArray[np.float64]) -> Points:
    """The longest lines after joining segments that lie on one line."""
    if not len(segments):
        return np.empty((0, 3))
    normals = np.stack([-d[:, 1], d[:, 0]], 1) / lengths[:, None]
    # One sign for one direction: the larger component is positive.
    major = np.abs(normals).argmax(1)
    normals *= np.sign(normals[np.arange(len(normals)), major])[:, None]
    middles = (segments[:, :2] + segments[:, 2:]) / 2
    order = np.argsort(-lengths)
    totals: list[float] = []
    lines: list[npt.NDArray[np.float64]] = []
    for i in order:
        for k, line in enumerate(lines):
            if normals[i] @ line[:2] > _SAME_ANGLE and abs(line[:2] @ middles[i] - line[2]) < 3:
                totals[k] += lengths[i]
                break
        else:
            totals.append(lengths[i])
            lines.append(np.array([*normals[i], normals[i] @ middles[i]]))
    best = np.argsort(totals)[::-1][:_LINES]
    return np.array([lines[k] for k in best])


def _crossing(first: Points, second: Points) -> Points:
    """Where lines cross: (n, 3) and (n, 3) -> (n, 2); parallel ones give far-away points."""
    determinant = first[:, 0] * second[:, 1] - first[:, 1] * second[:, 0]
    determinant = np.where(np.abs(determinant) < 1e-6, 1e-6, determinant)
    x = (first[:, 2] * second[:, 1] - first[:, 1] * second[:, 2]) / determinant
    y = (first[:, 0] * second[:, 2] - first[:, 2] * second[:, 0]) / determinant
    return np.stack([x, y], 1)


def _quads(along: Points, across: Points, width: int, height: int) -> npt.NDArray[np.float64]:
    """All plausible quadrilaterals (n, 4, 2) from two lines along and two across."""
    pairs_a = np.array(list(itertools.combinations(range(len(along)), 2)), int).reshape(-1, 2)
    pairs_b = np.array(list(itertools.combinations(range(len(across)), 2)), int).reshape(-1, 2)
    if not len(pairs_a) or not len(pairs_b):
        return np.empty((0, 4, 2))
    a = np.repeat(pairs_a, len(pairs_b), 0)
    b = np.tile(pairs_b, (len(pairs_a), 1))
    h0, h1, v0, v1 = along[a[:, 0]], along[a[:, 1]], across[b[:, 0]], across[b[:, 1]]
    corners = np.stack(
        [_crossing(h0, v0), _crossing(h0, v1), _crossing(h1, v1), _crossing(h1, v0)], 1
    )
    sides = np.linalg.norm(np.roll(corners, -1, axis=1) - corners, axis=2)
    wide, tall = (sides[:, 0] + sides[:, 2]) / 2, (sides[:, 1] + sides[:, 3]) / 2
    ratio = np.maximum(wide, tall) / np.maximum(1.0, np.minimum(wide, tall))
    even_a = np.minimum(sides[:, 0], sides[:, 2]) / np.maximum(1.0, sides[:, [0, 2]].max(1))
    even_b = np.minimum(sides[:, 1], sides[:, 3]) / np.maximum(1.0, sides[:, [1, 3]].max(1))
    share = wide * tall / (width * height)
    slack = 0.04 * width
    inside = (
        (corners[:, :, 0] > -slack)
        & (corners[:, :, 0] < width + slack)
        & (corners[:, :, 1] > -slack)
        & (corners[:, :, 1] < height + slack)
    ).all(1)
    good = (
        inside
        & (ratio > _ASPECTS[0])
        & (ratio < _ASPECTS[1])
        & (share > _MIN_AREA)
        & (share < _MAX_AREA)
        & (even_a > 0.72)
        & (even_b > 0.72)
    )
    return np.asarray(corners[good], np.float64)


def _supports(
    quads: npt.NDArray[np.float64], edges_along: Picture, edges_across: Picture
) -> npt.NDArray[np.float64]:
    """Share of each side (n, 4) that lies on edges running its way; corners are left out."""
    height, width = edges_along.shape
    steps = np.linspace(0.08, 0.92, 28)
    following = np.roll(quads, -1, axis=1)
    points = quads[:, :, None, :] + (following - quads)[:, :, None, :] * steps[:, None]
    x = np.clip(np.round(points[..., 0]).astype(int), 0, width - 1)
    y = np.clip(np.round(points[..., 1]).astype(int), 0, height - 1)
    out = np.empty(quads.shape[:2])
    for side in range(4):
        plane = edges_along if side % 2 == 0 else edges_across
        out[:, side] = (plane[y[:, side], x[:, side]] > 0).mean(1)
    return out


def _edge_planes(grey: Picture) -> tuple[Picture, Picture]:
    """Edges that run along (horizontal) and across (vertical), dilated by one pixel."""
    gx = np.abs(cv2.Sobel(grey, cv2.CV_16S, 1, 0))
    gy = np.abs(cv2.Sobel(grey, cv2.CV_16S, 0, 1))
    strength = max(20.0, 1.2 * float(np.asarray(gx).mean() + np.asarray(gy).mean()))
    kernel = np.ones((3, 3), np.uint8)
    planes = []
    for one, other in ((gy, gx), (gx, gy)):
        plane = ((one > strength) & (one * 1.0 > 0.8 * other)).astype(np.uint8) * 255
        planes.append(as_picture(cv2.dilate(plane, kernel)))
    return planes[0], planes[1]


def _misshape(quads: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """How far the proportions are from a card's or a passport page's; 0 is exact."""
    lengths = np.linalg.norm(np.roll(quads, -1, axis=1) - quads, axis=2)
    wide, tall = lengths[:, 0] + lengths[:, 2], lengths[:, 1] + lengths[:, 3]
    ratio = np.maximum(wide, tall) / np.maximum(1.0, np.minimum(wide, tall))
    apart = np.minimum(np.abs(np.log(ratio / 1.586)), np.abs(np.log(ratio / 1.42)))
    return np.asarray(apart, np.float64)


def _aligned(corners: Points, quads: npt.NDArray[np.float64]) -> Points:
    """``corners`` begun at the corner nearest to the first corner of the quads."""
    first = np.median(quads[:, 0], axis=0)
    start = int(np.linalg.norm(corners - first, axis=1).argmin())
    turned: Points = np.roll(corners, -start, axis=0)
    return turned


def find_outline(image: Picture, near: Points | None = None) -> Points | None:
    """Corners (4, 2) of the document in px, clockwise from top left, or None.

    Args:
        image: (H, W, 3) BGR or (H, W) grey.
        near: the outline of the frame before; preferred where it still fits.
    """
    scale = _WORK_WIDTH / image.shape[1]
    small = cv2.resize(grey_of(image), None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    low, high = np.percentile(small, (1, 99))
    grey = as_picture(np.clip((small - low) * (255 / max(8.0, high - low)), 0, 255))
    height, width = grey.shape
    along, across = _lines(grey)
    quads = _quads(along, across, width, height)
    if not len(quads):
        return None
    supports = _supports(quads, *_edge_planes(grey))
    # Two sides may be hidden by a hand; the area decides between a card and a frame inside it.
    sides = np.sort(supports, axis=1)
    area = np.abs(
        (quads[:, 2] - quads[:, 0])[:, 0] * (quads[:, 3] - quads[:, 1])[:, 1]
        - (quads[:, 2] - quads[:, 0])[:, 1] * (quads[:, 3] - quads[:, 1])[:, 0]
    ) / (2 * width * height)
    score = sides.mean(1) + 0.5 * sides[:, 0] + 0.5 * sides[:, 1] + 2.2 * np.sqrt(area)
    score -= 0.7 * _misshape(quads)
    if near is not None:
        moved = np.abs(quads - _aligned(near * scale, quads)).max((1, 2)) / width
        score += 0.3 * (moved < 0.025)
    best = int(score.argmax())
    if sides[best].mean() < _MIN_SUPPORT or sides[best, 1] < _MIN_SIDE:
        return None
    corners: Points = ordered(quads[best]) / scale
    return corners


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
    foot = (bottom_left + bottom_right) / 2 + below * 0.035 * width
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
        moved = float(np.abs(corners - self._corners).max()) / width
        self.stable_frames = self.stable_frames + 1 if moved < 0.02 else 0
        keep = 0.6 if moved < 0.03 else 0.0
        self._corners = keep * self._corners + (1 - keep) * corners
        return self._corners
