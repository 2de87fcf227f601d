"""Where a frame may hold a code that plain reading misses, cut out upright and improved.

A linear code or a PDF417 is an area whose edges all run one way; a matrix code is an area full of
edges that run two ways. Both are found from the structure tensor of the halved picture, in about
two milliseconds at 720p. Nothing is decoded here.
Source: J. Bigun and G. Granlund, "Optimal orientation detection of linear symmetry" (1987).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import cv2
import numpy as np

from kiosk.capture.picture import Picture, as_picture

if TYPE_CHECKING:
    import numpy.typing as npt

    Matrix = npt.NDArray[np.float64]
    Plane = npt.NDArray[np.float32]

MAX_REGIONS: Final = 3
MAX_CUT_PX: Final = 360_000
_HALF: Final = 2
_WINDOW: Final = 17  # px of the halved picture over which edges are gathered
_COHERENT: Final = 0.55
_MATRIX_BELOW: Final = 0.60
_LEAST_ENERGY: Final = 300.0
_LEAST_SIDE: Final = 18  # px of the halved picture


@dataclass(frozen=True, slots=True)
class Region:
    """A turned rectangle in pixels of the frame.

    Attributes:
        centre: (x, y).
        size: (along the reading direction, across it).
        degrees: of the reading direction, clockwise on the screen from the x axis.
    """

    centre: tuple[float, float]
    size: tuple[float, float]
    degrees: float


@dataclass(frozen=True, slots=True)
class Cut:
    """A part of the frame, upright.

    Attributes:
        picture: (h, w) grey.
        back: (2, 3) from its pixels to those of the frame.
    """

    picture: Picture
    back: Matrix


@dataclass(frozen=True, slots=True)
class Regions:
    """Regions of one frame, the most promising first."""

    linear: tuple[Region, ...] = ()
    matrix: tuple[Region, ...] = ()


def find_regions(grey: Picture) -> Regions:
    """Candidates in a frame (H, W) grey, at least 16 px a side."""
    small = cv2.resize(grey, None, fx=1 / _HALF, fy=1 / _HALF, interpolation=cv2.INTER_AREA)
    gx = cv2.Scharr(small, cv2.CV_32F, 1, 0, scale=1 / 16)
    gy = cv2.Scharr(small, cv2.CV_32F, 0, 1, scale=1 / 16)
    window = (_WINDOW, _WINDOW)
    xx, yy, xy = (
        np.asarray(cv2.boxFilter(product, -1, window), np.float32)
        for product in (gx * gx, gy * gy, gx * gy)
    )
    energy = xx + yy
    # Dim pictures have little energy everywhere: what counts is the share of the strongest.
    strongest = float(energy.max(initial=0.0))
    if strongest < _LEAST_ENERGY / 12:
        return Regions()
    strong = energy > min(_LEAST_ENERGY, strongest * 0.12)
    coherence = cv2.magnitude(xx - yy, 2 * xy) / (energy + 1e-3)
    linear = _boxes(strong & (coherence > _COHERENT), energy, (xx, yy, xy))
    matrix = _boxes(strong & (coherence < _MATRIX_BELOW), energy, None)
    return Regions(linear, matrix)


def _boxes(
    mask: npt.NDArray[np.bool_], energy: Plane, tensor: tuple[Plane, Plane, Plane] | None
) -> tuple[Region, ...]:
    closed = cv2.morphologyEx(mask.astype(np.uint8), cv2.MORPH_CLOSE, np.ones((9, 9), np.uint8))
    if tensor is None:
        closed = cv2.morphologyEx(closed, cv2.MORPH_OPEN, np.ones((9, 9), np.uint8))
    count, labels, stats, _ = cv2.connectedComponentsWithStats(closed, connectivity=8)
    ranked = []
    for label in range(1, count):
        x, y, width, height, area = (int(v) for v in stats[label])
        if max(width, height) < _LEAST_SIDE or area < _LEAST_SIDE * _LEAST_SIDE:
            continue
        inside = labels[y : y + height, x : x + width] == label
        weight = float(energy[y : y + height, x : x + width][inside].sum())
        ranked.append((weight, label, (x, y, width, height), inside))
    ranked.sort(key=lambda entry: -entry[0])
    found = []
    for _, _, box, inside in ranked[:MAX_REGIONS]:
        found.append(_region(box, inside, tensor))
    return tuple(found)


def _region(
    box: tuple[int, int, int, int],
    inside: npt.NDArray[np.bool_],
    tensor: tuple[Plane, Plane, Plane] | None,
) -> Region:
    x, y, width, height = box
    ys, xs = np.nonzero(inside)
    points = np.stack([xs + x, ys + y], 1).astype(np.float32)
    if tensor is None:
        (cx, cy), (w, h), angle = cv2.minAreaRect(points)
    else:
        part = [plane[y : y + height, x : x + width][inside].sum() for plane in tensor]
        # Edges of bars run across the reading direction: the gradient points along it.
        angle = float(np.degrees(0.5 * np.arctan2(2 * part[2], part[0] - part[1])))
        along = np.array([np.cos(np.radians(angle)), np.sin(np.radians(angle))])
        across = np.array([-along[1], along[0]])
        u, v = points @ along, points @ across
        u0, u1, v0, v1 = u.min(), u.max(), v.min(), v.max()
        w, h = float(u1 - u0), float(v1 - v0)
        cx, cy = along * (u0 + u1) / 2 + across * (v0 + v1) / 2
    scale = float(_HALF)
    return Region((cx * scale, cy * scale), (w * scale, h * scale), float(angle))


def cut(grey: Picture, region: Region, zoom: float, margin: float = 24.0) -> Cut:
    """The region with a margin (px of the frame), upright, enlarged by ``zoom``.

    Less where that would be more than ``MAX_CUT_PX``.
    """
    width, height = (side + 2 * margin for side in region.size)
    zoom = min(zoom, (MAX_CUT_PX / max(width * height, 1.0)) ** 0.5)
    turn = np.radians(region.degrees)
    cos, sin = float(np.cos(turn)) / zoom, float(np.sin(turn)) / zoom
    out = (max(16, round(width * zoom)), max(16, round(height * zoom)))
    cx, cy = region.centre
    back = np.array(
        [
            [cos, -sin, cx - cos * out[0] / 2 + sin * out[1] / 2],
            [sin, cos, cy - sin * out[0] / 2 - cos * out[1] / 2],
        ]
    )
    flags = cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP
    picture = cv2.warpAffine(grey, back, out, flags=flags, borderMode=cv2.BORDER_REPLICATE)
    return Cut(as_picture(picture), back)


# --- improvements ---------------------------------------------------------------------------------


def stretched(grey: Picture) -> Picture:
    """A dim picture over the whole range of grey; others unchanged.

    Its brightest spot counts, however small: a sheet on a dark desk must not be washed out.
    """
    low, high = float(grey.min()), float(cv2.blur(grey, (5, 5)).max())
    if high > 140 or high - low < 4:
        return grey
    table = np.clip((np.arange(256) - low) * (255 / (high - low)), 0, 255).astype(np.uint8)
    return as_picture(cv2.LUT(cv2.GaussianBlur(grey, (3, 3), 0), table))


def sharpened(picture: Picture, sigma: float, amount: float) -> Picture:
    """Unsharp mask."""
    soft = cv2.GaussianBlur(picture, (0, 0), sigma)
    return as_picture(cv2.addWeighted(picture, 1 + amount, soft, -amount, 0))


def smoothed_along_bars(upright: Picture, rows: int) -> Picture:
    """Means over ``rows`` rows: noise goes, the bars of an upright code stay."""
    return as_picture(cv2.blur(upright, (1, rows)))
