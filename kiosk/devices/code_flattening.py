"""A PDF417 laid flat: turned, tilted or on bent paper, drawn anew as it was printed.

The library follows rows of a PDF417 along straight lines and takes its columns for equally wide.
On bent paper neither is true. Here its rows are levelled (``code_lane``), its modules made equally
wide (``code_modules``), and both drawn from the frame at once. Nothing is decoded, and nothing is
drawn that the frame does not show.
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
_MARGIN: Final = 30.0
_LEAST_FIT: Final = 0.25
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


def _on_frame(
    part: Cut, lane: Lane, fit: Fit, modules: Numbers, heights: Plane
) -> tuple[Plane, Plane]:
    """Points of the code (module; 0 to 1 from its top) in px of the frame."""
    x = fit.places(modules)
    if fit.turned:
        x, heights = len(lane.upper) - 1 - x, 1 - heights
    right, down = lane.at(x, heights)
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
