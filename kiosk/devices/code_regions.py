"""Where a frame may hold a code that plain reading misses.

A linear code or a PDF417 is an area whose edges all run one way; a matrix code is an area full of
edges that run two ways. Both are found from the structure tensor of the halved picture.

Rules, in order:

1. The place where edges are densest is taken first; print, wood and the edges of paper have fewer.
2. A region grows from there over what is nearly as dense and, for bars, runs the same way: a desk
   whose grain runs otherwise does not become part of the code that lies on it.
3. What is found is taken away, and the next place is looked for, ``MAX_REGIONS`` times.

Nothing is decoded here.
Source: J. Bigun and G. Granlund, "Optimal orientation detection of linear symmetry" (1987).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import cv2
import numpy as np

from kiosk.devices.code_pictures import Region

if TYPE_CHECKING:
    import numpy.typing as npt

    from kiosk.capture.picture import Picture

    Mask = npt.NDArray[np.bool_]
    Plane = npt.NDArray[np.float32]

MAX_REGIONS: Final = 3
_SHRUNK: Final = 4  # the tensor is gathered in cells of so many px of the frame
_WINDOW: Final = 9  # cells over which edges are gathered
_WIDE: Final = 13  # cells over which the densest place is looked for
_CLOSE: Final = np.ones((7, 7), np.uint8)
_COHERENT: Final = 0.40
_MATRIX_BELOW: Final = 0.68
_DENSE: Final = 0.25  # of the densest place
_SAME_WAY: Final = 0.30  # of the edges, along the direction of the densest place
_NEXT: Final = 0.12  # a place must have so much of the best one
_LEAST_ENERGY: Final = 25.0
_LEAST_SIDE: Final = 9  # cells


@dataclass(frozen=True, slots=True)
class Regions:
    """Regions of one frame, the most promising first."""

    linear: tuple[Region, ...] = ()
    matrix: tuple[Region, ...] = ()


@dataclass(frozen=True, slots=True)
class _Tensor:
    """Of the gradient, in cells: its energy, and its direction with the angle doubled."""

    energy: Plane
    cosine: Plane
    sine: Plane


def find_regions(grey: Picture) -> Regions:
    """Candidates in a frame (H, W) grey, at least 16 px a side."""
    small = cv2.resize(grey, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
    gx = cv2.Scharr(small, cv2.CV_32F, 1, 0, scale=1 / 16)
    gy = cv2.Scharr(small, cv2.CV_32F, 0, 1, scale=1 / 16)
    xx, yy, xy = (_gathered(product) for product in (gx * gx, gy * gy, gx * gy))
    tensor = _Tensor(xx + yy, xx - yy, 2 * xy)
    # Dim pictures have little energy everywhere: what counts is the share of the strongest.
    if float(tensor.energy.max(initial=0.0)) < _LEAST_ENERGY:
        return Regions()
    one_way = np.asarray(cv2.magnitude(tensor.cosine, tensor.sine), np.float32)
    bars = np.where(one_way > _COHERENT * tensor.energy, one_way, np.float32(0))
    crossed = one_way < _MATRIX_BELOW * tensor.energy
    return Regions(
        _grown(tensor, bars, None),
        _grown(tensor, np.where(crossed, tensor.energy, np.float32(0)), crossed),
    )


def _gathered(product: Plane) -> Plane:
    rows, columns = product.shape
    cells = (max(1, columns * 2 // _SHRUNK), max(1, rows * 2 // _SHRUNK))
    small = cv2.resize(product, cells, interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.blur(small, (_WINDOW, _WINDOW)), np.float32)


def _grown(tensor: _Tensor, score: Plane, crossed: Mask | None) -> tuple[Region, ...]:
    """Rules 1 to 3; ``crossed`` says where edges run two ways, None for bars."""
    left = np.asarray(cv2.blur(score, (_WIDE, _WIDE)), np.float32)
    least = _NEXT * float(left.max(initial=0.0))
    found: list[Region] = []
    for _ in range(2 * MAX_REGIONS):
        _, best, _, (x, y) = cv2.minMaxLoc(left)
        if best <= least or len(found) == MAX_REGIONS:
            break
        mask = tensor.energy > _DENSE * float(tensor.energy[y, x])
        mask &= _running_as(tensor, x, y) if crossed is None else crossed
        closed = cv2.morphologyEx(mask.astype(np.uint8), cv2.MORPH_CLOSE, _CLOSE)
        left[max(0, y - 4) : y + 5, max(0, x - 4) : x + 5] = 0
        if not closed[y, x]:
            continue
        area, _, _, (x0, y0, width, height) = cv2.floodFill(closed, None, (x, y), 2)
        window = slice(y0, y0 + height), slice(x0, x0 + width)
        inside = closed[window] == 2
        left[window][cv2.dilate(inside.astype(np.uint8), _CLOSE) > 0] = 0
        if max(width, height) >= _LEAST_SIDE and area >= _LEAST_SIDE**2:
            found.append(_region(tensor, window, inside, bars=crossed is None))
    return tuple(found)


def _running_as(tensor: _Tensor, x: int, y: int) -> Mask:
    angle = float(np.arctan2(tensor.sine[y, x], tensor.cosine[y, x]))
    along = tensor.cosine * np.float32(np.cos(angle)) + tensor.sine * np.float32(np.sin(angle))
    return np.asarray(along > _SAME_WAY * tensor.energy)


def _region(tensor: _Tensor, window: tuple[slice, slice], inside: Mask, *, bars: bool) -> Region:
    ys, xs = np.nonzero(inside)
    points = np.stack([xs + window[1].start, ys + window[0].start], 1).astype(np.float32)
    if not bars:
        (cx, cy), (w, h), angle = cv2.minAreaRect(points)
    else:
        # Edges of bars run across the reading direction: the gradient points along it.
        sine, cosine = (float(p[window][inside].sum()) for p in (tensor.sine, tensor.cosine))
        angle = float(np.degrees(0.5 * np.arctan2(sine, cosine)))
        along = np.array([np.cos(np.radians(angle)), np.sin(np.radians(angle))])
        across = np.array([-along[1], along[0]])
        u, v = points @ along, points @ across
        u0, u1, v0, v1 = u.min(), u.max(), v.min(), v.max()
        w, h = float(u1 - u0), float(v1 - v0)
        cx, cy = along * (u0 + u1) / 2 + across * (v0 + v1) / 2
    centre = float((cx + 0.5) * _SHRUNK), float((cy + 0.5) * _SHRUNK)
    return Region(centre, ((w + 1) * _SHRUNK, (h + 1) * _SHRUNK), float(angle))
