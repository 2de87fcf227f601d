"""Finds the lines of a machine-readable zone in a picture, and cuts them out upright.

Rules, in order: dark strokes by black-hat, vertical strokes by gradient, smeared along the line;
bodies that are long and thin are lines; two or three of like length, parallel, one line pitch
apart are a zone; cut each line with a margin of about one letter. Measured at 4 ms a 720p frame.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from kiosk.capture.picture import Picture, Points, as_picture

WORK_WIDTH = 1000
STRIP_HEIGHT = 48
STRIP_WIDTH = 960
_MIN_LENGTH_SHARE = 0.16
_MIN_ASPECT = 9.0
_MAX_LINES = 60
_LEAST_PEAK = 26.0
"""Noise of an empty desk reaches 24, print in the dimmest light that still reads 32."""


@dataclass(frozen=True, slots=True)
class TextLine:
    """A long thin body of strokes: centre (x, y), length, height in px, angle in degrees."""

    x: float
    y: float
    length: float
    height: float
    angle: float


@dataclass(frozen=True, slots=True)
class Zone:
    """Lines that look like a machine-readable zone, top to bottom as printed (or upside down)."""

    lines: tuple[TextLine, ...]

    @property
    def angle(self) -> float:
        """Mean angle in degrees, -90 to 90, clockwise."""
        return float(np.mean([line.angle for line in self.lines]))

    @property
    def length(self) -> float:
        """Longest line in px."""
        return max(line.length for line in self.lines)

    @property
    def corners(self) -> Points:
        """(4, 2) outline of the zone in px, clockwise from top left along the text."""
        along, down = axes(self.angle)
        points = np.array([[line.x, line.y] for line in self.lines])
        centre = points.mean(0)
        half = self.length / 2
        offsets = (points - centre) @ down
        pad = max(line.height for line in self.lines)
        top, bottom = offsets.min() - pad, offsets.max() + pad
        mid = ((points - centre) @ along).mean()
        return np.array(
            [
                centre + along * (mid + dx) + down * dy
                for dx, dy in ((-half, top), (half, top), (half, bottom), (-half, bottom))
            ]
        )


def axes(angle: float) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Unit vectors along and across a line (x right, y down)."""
    turn = np.deg2rad(angle)
    return np.array([np.cos(turn), np.sin(turn)]), np.array([-np.sin(turn), np.cos(turn)])


def find_lines(grey: Picture) -> list[TextLine]:
    """Candidate lines of a grey picture (H, W) uint8, in its pixels, longest first."""
    scale = min(1.0, WORK_WIDTH / grey.shape[1])
    small = grey
    if scale < 1:
        shrunk = cv2.resize(grey, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        small = as_picture(shrunk)
    strokes = cv2.morphologyEx(small, cv2.MORPH_BLACKHAT, np.ones((15, 15), np.uint8))
    edges = np.abs(cv2.Sobel(strokes, cv2.CV_16S, 1, 0)).astype(np.float32)
    edges = np.minimum(edges, 4 * float(edges.mean()) + 60)
    smeared = cv2.blur(edges, (25, 3))
    peak = float(smeared.max())
    if peak <= _LEAST_PEAK:
        return []
    level = (smeared * (255 / peak)).astype(np.uint8)
    _, body = cv2.threshold(level, 0, 255, cv2.THRESH_BINARY + cv2.THRESH_OTSU)
    body = cv2.morphologyEx(body, cv2.MORPH_CLOSE, np.ones((1, 31), np.uint8))
    body = cv2.morphologyEx(body, cv2.MORPH_OPEN, np.ones((3, 31), np.uint8))
    contours, _ = cv2.findContours(body, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    found = []
    for contour in contours:
        (x, y), (w, h), angle = cv2.minAreaRect(contour)
        if w < h:
            w, h, angle = h, w, angle - 90
        angle = (angle + 90) % 180 - 90
        if w < _MIN_LENGTH_SHARE * small.shape[1] or w < _MIN_ASPECT * max(h, 1):
            continue
        found.append(TextLine(x / scale, y / scale, w / scale, h / scale, angle))
    return sorted(found, key=lambda line: -line.length)[:_MAX_LINES]


def _next_to(a: TextLine, b: TextLine) -> bool:
    """Whether ``b`` is the next line below ``a`` in the sense of the text."""
    if abs(a.angle - b.angle) > 3.5 or not 0.7 < a.length / b.length < 1.43:
        return False
    along, down = axes((a.angle + b.angle) / 2)
    d = np.array([b.x - a.x, b.y - a.y])
    shift, drop = float(d @ along), float(d @ down)
    mean = (a.length + b.length) / 2
    return abs(shift) < 0.17 * mean and 0.028 * mean < drop < 0.14 * mean


def find_zones(lines: Sequence[TextLine]) -> list[Zone]:
    """Groups of two or three lines, the likeliest zone first (lowest and longest)."""
    following: dict[int, list[int]] = {
        i: [j for j, b in enumerate(lines) if j != i and _next_to(a, b)]
        for i, a in enumerate(lines)
    }
    zones = []
    for i, below in following.items():
        for j in below:
            zones.append(Zone((lines[i], lines[j])))
            zones.extend(Zone((lines[i], lines[j], lines[k])) for k in following[j] if k != i)
    return sorted(zones, key=_likelihood, reverse=True)


def _likelihood(zone: Zone) -> float:
    lengths = [line.length for line in zone.lines]
    even = min(lengths) / max(lengths)
    low = float(np.mean([line.y for line in zone.lines])) * 0.2
    return zone.length * even * (1.25 if len(lengths) == 3 else 1.0) + low


def cut_line(
    grey: Picture, line: TextLine, letters: int, *, flipped: bool = False, looser: float = 0.0
) -> Picture:
    """One line upright, (48, 960) uint8, with a margin of about one letter at each end.

    Args:
        grey: full-resolution picture (H, W).
        line: where it is.
        letters: how many letters the layout has (30, 36, 44), for the margin.
        flipped: the document lies upside down.
        looser: share by which the cut is wider and shifted, for a second independent look.
    """
    along, down = axes(line.angle)
    if flipped:
        along, down = -along, -down
    pitch = line.length / letters
    half = line.length / 2 + (0.9 + 8 * looser) * pitch
    tall = max(line.height * 0.85, pitch * 1.05) * (1 + looser)
    centre = np.array([line.x, line.y]) + along * looser * 4 * pitch
    corners = np.array(
        [
            centre - along * half - down * tall,
            centre + along * half - down * tall,
            centre + along * half + down * tall,
            centre - along * half + down * tall,
        ],
        np.float32,
    )
    target = np.array(
        [[0, 0], [STRIP_WIDTH, 0], [STRIP_WIDTH, STRIP_HEIGHT], [0, STRIP_HEIGHT]], np.float32
    )
    matrix = cv2.getPerspectiveTransform(corners, target)
    size = (STRIP_WIDTH, STRIP_HEIGHT)
    return as_picture(cv2.warpPerspective(grey, matrix, size, borderMode=cv2.BORDER_REPLICATE))
