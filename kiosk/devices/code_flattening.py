"""Codes laid flat: turned, tilted or on bent paper, drawn anew as they were printed.

Of a PDF417 the library follows rows along straight lines and takes its columns for equally wide. On
bent paper neither is true. Here its rows are levelled (``code_lane``), its modules made equally
wide (``code_modules``), and both drawn from the frame at once. Nothing is decoded, and nothing is
drawn that the frame does not show.

Of a matrix code nothing says beforehand where its modules are: its upper and lower edge are
levelled, and its columns set apart as on a cylinder of which so much is seen as the caller says.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import cv2
import numpy as np

from kiosk.capture.picture import Picture, as_picture
from kiosk.devices.code_lane import LEAST_ROWS, Lane, lane_of, sampled
from kiosk.devices.code_modules import Fit, fit_of
from kiosk.devices.code_pictures import Cut, Region, cut

if TYPE_CHECKING:
    import numpy.typing as npt

    Numbers = npt.NDArray[np.float64]
    Plane = npt.NDArray[np.float32]

_ANALYSED_PX: Final = 120_000
_UNBENT_PX: Final = 80_000
_MARGIN: Final = 30.0
_LEAST_FIT: Final = 0.25
_AROUND: Final = 30  # px drawn around a matrix code
_QUIET: Final = 6  # modules drawn around the code
_MOST_HEIGHT: Final = 900  # px drawn


@dataclass(frozen=True, slots=True)
class Flattened:
    """A PDF417 found in a frame, to be drawn flat.

    Attributes:
        grey: (H, W), the frame.
    """

    grey: Picture
    _part: Cut
    _lane: Lane
    _fit: Fit

    @property
    def corners(self) -> tuple[tuple[float, float], ...]:
        """Of the code in the frame: top left, top right, bottom right, bottom left."""
        modules = np.array([0.0, self._fit.modules, self._fit.modules, 0.0])
        heights = np.array([0.0, 0.0, 1.0, 1.0], np.float32)
        x, y = _on_frame(self._part, self._lane, self._fit, modules, heights)
        return tuple((float(a), float(b)) for a, b in zip(x, y, strict=True))

    def drawn(self, module_px: float) -> Picture:
        """The code, dark on light, (h, w) grey."""
        return _drawn(self.grey, self._part, self._lane, self._fit, module_px)


def flattened(grey: Picture, region: Region) -> Flattened | None:
    """The PDF417 in a region; None where none is seen."""
    part = cut(grey, region, 1.5, _MARGIN, _ANALYSED_PX)
    lane = lane_of(part.picture)
    fit = None if lane is None else fit_of(part.picture, lane)
    if lane is None or fit is None or fit.score < _LEAST_FIT:
        return None
    return Flattened(grey, part, lane, fit)


@dataclass(frozen=True, slots=True)
class Unbent:
    """A matrix code taken off a cylinder.

    Attributes:
        picture: (h, w) grey.
    """

    picture: Picture
    _x: Plane
    _y: Plane

    def on_frame(self, x: float, y: float) -> tuple[float, float]:
        """Where a place of the picture lies in the frame."""
        height, width = self.picture.shape
        row, column = min(max(round(y), 0), height - 1), min(max(round(x), 0), width - 1)
        return float(self._x[row, column]), float(self._y[row, column])


def unbent(grey: Picture, region: Region, radians: float) -> Unbent | None:
    """The region as if from a cylinder that stands upright in it; None where no edges are seen.

    Args:
        grey: (H, W).
        region: of a matrix code.
        radians: from the middle of the code to its sides, around the cylinder.
    """
    part = cut(grey, region, 1.5, _MARGIN, _UNBENT_PX)
    lane = lane_of(part.picture)
    if lane is None:
        return None
    inward = lane.reach - lane.reach // 2
    left, right = lane.first + inward, lane.last - inward
    if right - left < LEAST_ROWS:
        return None
    width, height = round(1.5 * (right - left)), round(1.5 * min(lane.height, _MOST_HEIGHT))
    along = (np.arange(-_AROUND, width + _AROUND) + 0.5) / width * 2 - 1
    across = np.sin(np.clip(along * radians, -np.pi / 2, np.pi / 2)) / np.sin(radians)
    heights = ((np.arange(-_AROUND, height + _AROUND) + 0.5) / height).astype(np.float32)[:, None]
    middle, half = (left + right) / 2, (right - left) / 2
    x, y = _placed(part, *lane.at(middle + across * half, heights, upright=True))
    return Unbent(sampled(grey, x, y, cv2.INTER_CUBIC), x, y)


def _on_frame(
    part: Cut, lane: Lane, fit: Fit, modules: Numbers, heights: Plane
) -> tuple[Plane, Plane]:
    """Points of the code (module; 0 to 1 from its top) in px of the frame."""
    x = fit.places(modules)
    if fit.turned:
        x, heights = len(lane.upper) - 1 - x, 1 - heights
    return _placed(part, *lane.at(x, heights))


def _placed(part: Cut, right: Plane, down: Plane) -> tuple[Plane, Plane]:
    """Places of a cut in px of the frame."""
    (xx, xy, x0), (yx, yy, y0) = part.back.astype(np.float32)
    return xx * right + xy * down + x0, yx * right + yy * down + y0


def _drawn(grey: Picture, part: Cut, lane: Lane, fit: Fit, module_px: float) -> Picture:
    height = round(lane.height / fit.module_px * module_px)
    height = max(LEAST_ROWS, min(height, _MOST_HEIGHT))
    edge = round(_QUIET * module_px)
    # Pixels are counted from their middle.
    columns = np.arange(-edge, round(fit.modules * module_px) + edge, dtype=np.float64)
    heights = ((np.arange(-edge, height + edge) + 0.5) / height).astype(np.float32)[:, None]
    places = _on_frame(part, lane, fit, (columns + 0.5) / module_px, heights)
    picture = sampled(grey, *places, cv2.INTER_CUBIC)
    return as_picture(255 - picture) if fit.light else picture
