"""How the rows of a PDF417 run through an upright cut: their edges as curves, and how bars lean.

Rules, in order:

1. The code is what hangs together with the place where edges of bars are densest.
2. Its upper and its lower edge are parabolas through most of what is seen of them: a sheet that is
   bent, tilted or not quite upright shows nothing else at this size.
3. Bars lean as the edges in the left and in the right third do, and evenly between.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import cv2
import numpy as np

from kiosk.capture.picture import Picture, as_picture

if TYPE_CHECKING:
    import numpy.typing as npt

    Numbers = npt.NDArray[np.float64]
    Plane = npt.NDArray[np.float32]

LEAST_ROWS: Final = 8  # px
LEAST_COLUMNS: Final = 60  # px
_DENSE: Final = 0.38  # of what nine tenths of the cut have less than


@dataclass(frozen=True, slots=True)
class Lane:
    """How a code lies in a cut, over each of its columns.

    Attributes:
        upper, lower: edges of the code.
        lean: px to the right for each px down, of the bars.
        first, last: column.
    """

    upper: Numbers
    lower: Numbers
    lean: Numbers
    first: int
    last: int

    @property
    def height(self) -> float:
        """Of the code, px."""
        return float(np.median((self.lower - self.upper)[self.first : self.last]))

    def at(self, x: Numbers, heights: Plane) -> tuple[Plane, Plane]:
        """Points in the cut: columns at half the height, and 0 to 1 from the upper edge."""
        columns = np.arange(len(self.upper))
        slopes = np.gradient(self.upper), np.gradient(self.lower)
        upper, lower, lean, up, down = (
            np.interp(x, columns, line).astype(np.float32)
            for line in (self.upper, self.lower, self.lean, *slopes)
        )
        aside = (lean * (lower - upper)) * (heights - np.float32(0.5))
        # The edges are followed to the place where the leaning bar meets them.
        below = upper + heights * (lower - upper)
        below += aside * (up + heights * (down - up))
        return x.astype(np.float32) + aside, below


def lane_of(upright: Picture) -> Lane | None:
    """The code in an upright cut (h, w) grey; None where none is seen."""
    height, width = upright.shape
    edges = np.abs(np.asarray(cv2.Sobel(upright, cv2.CV_32F, 1, 0), np.float32))
    reach = max(11, width // 16) | 1
    dense = cv2.blur(edges, (reach, 3))
    mask = as_picture((dense > _DENSE * float(np.percentile(dense[::2, ::2], 90))).astype(np.uint8))
    mask = as_picture(cv2.morphologyEx(mask, cv2.MORPH_CLOSE, np.ones((11, reach), np.uint8)))
    # The code is what hangs together with the densest place.
    _, _, _, densest = cv2.minMaxLoc(cv2.blur(dense, (reach, 15)), mask)
    if min(densest) < 0:  # nothing in the mask
        return None
    cv2.floodFill(mask, None, densest, 2)
    inside = mask == 2
    columns = np.nonzero(inside.any(0))[0]
    upper = inside.argmax(0)[columns].astype(np.float64)
    lower = (height - 1 - inside[::-1].argmax(0))[columns].astype(np.float64)
    whole = lower - upper > 0.6 * float(np.median(lower - upper))
    if int(whole.sum()) < LEAST_COLUMNS:
        return None
    columns = columns[whole]
    middle, half = float(columns.mean()), max(1.0, float(columns[-1] - columns[0]) / 2)
    everywhere = (np.arange(width) - middle) / half
    upper_line, lower_line = (
        np.polyval(_curve((columns - middle) / half, edge[whole]), everywhere)
        for edge in (upper, lower)
    )
    # The outer bars are where edges are not dense any more.
    first, last = max(0, int(columns[0]) - reach), min(width, int(columns[-1]) + reach)
    lean = _lean(upright, (first, last), (int(upper.min()), int(lower.max())))
    lane = Lane(upper_line, lower_line, lean, first, last)
    narrowest = float((lower_line - upper_line)[columns].min())
    return None if min(lane.height, narrowest) < LEAST_ROWS else lane


def _lean(upright: Picture, columns: tuple[int, int], rows: tuple[int, int]) -> Numbers:
    """How bars lean over each column: as in the outer thirds, and evenly between."""
    part = upright[max(0, rows[0]) : rows[1] + 1, columns[0] : columns[1]]
    gx = np.asarray(cv2.Scharr(part, cv2.CV_32F, 1, 0), np.float32)
    gy = np.asarray(cv2.Scharr(part, cv2.CV_32F, 0, 1), np.float32)
    # Edges of bars only: ends of bars run along the rows.
    upright_edges = np.abs(gx) > 2 * np.abs(gy)
    gx, gy = gx * upright_edges, gy * upright_edges
    third = max(1, part.shape[1] // 3)
    leans = []
    for side in (slice(None, third), slice(-third, None)):
        strength = float(np.vdot(gx[:, side], gx[:, side]))
        leans.append(-float(np.vdot(gx[:, side], gy[:, side])) / max(strength, 1.0))
    middles = (columns[0] + third / 2, columns[1] - third / 2)
    slope = (leans[1] - leans[0]) / max(1.0, middles[1] - middles[0])
    return np.asarray(leans[0] + slope * (np.arange(upright.shape[1]) - middles[0]))


def _curve(x: Numbers, y: Numbers) -> Numbers:
    """A parabola through most of the points, without those that lie off it."""
    near = np.ones(len(x), bool)
    curve = np.zeros(3)
    for _ in range(4):
        curve = np.polyfit(x[near], y[near], 2)
        off = np.abs(np.polyval(curve, x) - y)
        near = off <= max(1.5, 2.0 * float(np.median(off)))
    return curve


def sampled(grey: Picture, x: Plane, y: Plane, how: int) -> Picture:
    """The pixels at these places; ``how`` is OpenCV's name of an interpolation."""
    return as_picture(cv2.remap(grey, x, y, how, borderMode=cv2.BORDER_REPLICATE))
