"""Where each module of a PDF417 lies along its rows, though they are not equally wide.

Rules, in order:

1. In every row a codeword begins with a bar: in the sum over the rows these places stand out, and
   so do the bars of the start and of the stop pattern.
2. The bars at both ends say where a row begins and ends, and how wide a module is there; for each
   number of columns a cubic between the two says where all others would lie. The way under which
   most begins at the known places wins; then each place may move a little.
3. Dark on light or light on dark, upright or upside down: whichever fits better.

Source: ISO/IEC 15438 (PDF417), 5.3: start and stop pattern, codewords of 17 modules.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import cv2
import numpy as np

from kiosk.devices.code_lane import LEAST_COLUMNS, Lane, sampled

if TYPE_CHECKING:
    import numpy.typing as npt

    from kiosk.capture.picture import Picture

    Matrix = npt.NDArray[np.float64]
    Numbers = npt.NDArray[np.float64]
    Plane = npt.NDArray[np.float32]

_START: Final = (0, 9, 11, 13)  # modules at which bars of the start pattern 81111113 begin
_STOP: Final = (0, 8, 12, 14, 17)  # and of the stop pattern 711311121
_CODEWORD: Final = 17
_MOST_COLUMNS: Final = 30
_LEAST_MODULE_PX: Final = 1.4
_END: Final = 0.4  # of the strongest beginning: where a row may begin or end
_LOOKED_AT: Final = 9  # places where a row may begin or end
_LIKELY: Final = 3  # of them, with the size of a module there
_LEAST_ROUGH: Final = 0.15
_SETTLED: Final = 4  # ways that are looked at closely


def _modules(columns: int) -> int:
    """Modules in a row: start, stop and two row indicators beside the columns."""
    return _CODEWORD * (columns + 4) + 1


def _known(columns: int) -> Numbers:
    """Modules at which a bar begins in every row."""
    stop = _CODEWORD * (columns + 3)
    starts = (*_START, *range(_CODEWORD, stop, _CODEWORD), *(stop + s for s in _STOP))
    return np.array(starts, np.float64)


_SPANS: Final = np.array([_modules(n) - 1.0 for n in range(1, _MOST_COLUMNS + 1)])
_WHERE: Final = {columns: _known(columns) for columns in range(1, _MOST_COLUMNS + 1)}
_POWERS: Final = {
    columns: np.stack([places**3, places**2, places, np.ones_like(places)])
    for columns, places in _WHERE.items()
}
_STARTS_ALONE: Final = np.array([*_START, _CODEWORD], np.float64)
_STOPS_ALONE: Final = _STOP[-1] - np.array(_STOP, np.float64)
# Within the wide bars, and the wide space of the stop pattern, nothing begins.
_GAPS_OF_START: Final = np.array([2.0, 4.0, 6.0, 7.5])
_GAPS_OF_STOP: Final = _STOP[-1] - np.array([2.0, 4.0, 6.0, 10.0])


@dataclass(frozen=True, slots=True)
class Fit:
    """Where modules lie along a row.

    Attributes:
        score: how well it fits; 0 is chance.
        modules: in a row.
        cubic: from modules to columns of the cut, counted from its right edge if ``turned``.
        light: bars are light.
        turned: upside down.
    """

    score: float
    modules: int
    cubic: Numbers
    light: bool
    turned: bool

    @property
    def module_px(self) -> float:
        """How wide a module is, on average."""
        first, last = np.polyval(self.cubic, [0.0, self.modules - 1.0])
        return float(last - first) / (self.modules - 1)

    def places(self, modules: Numbers) -> Numbers:
        """Columns at which these modules begin; straight on beyond the ends."""
        inside = np.clip(modules, 0, self.modules - 1)
        ends = np.polyval(np.polyder(self.cubic), inside)
        return np.asarray(np.polyval(self.cubic, inside) + (modules - inside) * ends)


def fit_of(upright: Picture, lane: Lane) -> Fit | None:
    """The best way to lay modules over an upright cut (h, w) grey; its score says how good."""
    width = upright.shape[1]
    # Without the first and last of the height: there the rows are mixed with what lies beside.
    heights = np.arange(0.1, 0.9, 1 / lane.height, dtype=np.float32)[:, None]
    across, down = lane.at(np.arange(width, dtype=np.float64), heights)
    rows = sampled(upright, across, down, cv2.INTER_LINEAR)
    soft = np.asarray(cv2.GaussianBlur(rows, (0, 0), 0.8), np.float32)
    steps = np.zeros_like(soft)
    steps[:, 1:-1] = soft[:, :-2] - soft[:, 2:]
    darker, lighter = np.maximum(steps, 0).mean(0), np.maximum(-steps, 0).mean(0)
    rough = []
    for light in (False, True):
        for turned in (False, True):
            # Read from the other end, a bar begins where it ended.
            begins = lighter if light != turned else darker
            first, last = lane.first, lane.last
            if turned:
                begins, first, last = begins[::-1], width - last, width - first
            scale = _scale(begins[first:last])
            if scale is not None:
                rough += [
                    (score, columns, cubic, scale, (first, light, turned))
                    for score, columns, cubic in _laid(scale)
                ]
    rough.sort(key=lambda entry: -entry[0])
    best = None
    likely = [way for way in rough[:_SETTLED] if way[0] > _LEAST_ROUGH]
    for _, columns, cubic, scale, (first, light, turned) in likely:
        fine = _settled(scale, columns, cubic)
        score = float(_scores(scale.near, columns, fine[None, :])[0]) - scale.chance
        there = fine + np.array([0, 0, 0, float(first)])
        fit = Fit(score, _modules(columns), there, light, turned)
        if fit.module_px > _LEAST_MODULE_PX / 2 and (best is None or score > best.score):
            best = fit
    return best


@dataclass(frozen=True, slots=True)
class _Scale:
    """How much of the rows has a bar that begins there, for each px along a row.

    Attributes:
        level: 0 to 1.
        close, near: the most of it within one px, within two.
        chance: the mean of the latter.
    """

    level: Numbers
    close: Numbers
    near: Numbers
    chance: float


def _scale(begins: Plane) -> _Scale | None:
    if len(begins) < LEAST_COLUMNS:
        return None
    most = float(np.sort(begins)[-6:].mean())
    if most <= 0:
        return None
    level = np.clip(begins / most, 0, 1).astype(np.float32)
    close, near = (
        np.asarray(cv2.dilate(level[None, :], np.ones((1, n), np.uint8)), np.float64)[0]
        for n in (3, 5)
    )
    return _Scale(np.asarray(level, np.float64), close, near, float(near.mean()))


def _laid(scale: _Scale) -> list[tuple[float, int, Numbers]]:
    """Ways to lay modules along a row, roughly: score, columns, cubic from modules to px."""
    level = scale.level
    peak = (level[1:-1] >= level[:-2]) & (level[1:-1] > level[2:]) & (level[1:-1] > _END)
    peaks = np.nonzero(peak)[0] + 1
    cubics, fitting = [], []
    lefts = _likely(scale, peaks[:_LOOKED_AT], _STARTS_ALONE, _GAPS_OF_START)
    rights = _likely(scale, peaks[-_LOOKED_AT:], -_STOPS_ALONE, -_GAPS_OF_STOP)
    for left, start in lefts:
        for right, stop in rights:
            share = (right - left) / (_SPANS + 1)
            fitting.append((share > 0.8 * min(start, stop)) & (share < 2.5 * max(start, stop)))
            cubics.append(_cubics((left, right), (start, stop)))
    ways: list[tuple[float, int, Numbers]] = []
    if not cubics:
        return ways
    every, fits = np.stack(cubics), np.stack(fitting)
    for columns in range(1, _MOST_COLUMNS + 1):
        some = every[fits[:, columns - 1], columns - 1]
        if len(some):
            scores = _scores(scale.near, columns, some)
            best = int(scores.argmax())
            ways.append((float(scores[best]) - scale.chance, columns, some[best]))
    return ways


def _likely(
    scale: _Scale, peaks: npt.NDArray[np.intp], bars: Numbers, gaps: Numbers
) -> list[tuple[int, float]]:
    """Where a row ends and how wide a module is there, so that its pattern fits: a few of them.

    Args:
        scale: of the row.
        peaks: px at which it may end.
        bars: modules from there at which bars begin.
        gaps: modules from there at which none does.
    """
    most = max(2 * _LEAST_MODULE_PX, len(scale.level) / 40)
    sizes = np.geomspace(_LEAST_MODULE_PX, most, 80)

    def share(modules: Numbers) -> Matrix:
        places = peaks[:, None, None] + sizes[:, None] * modules
        inside = np.clip(np.rint(places), 0, len(scale.level) - 1).astype(np.intp)
        return np.asarray(scale.close[inside].mean(2))

    scores = share(bars) - share(gaps)
    likely: list[tuple[int, float]] = []
    for index in np.argsort(-scores, axis=None)[:24]:
        at, size = divmod(int(index), len(sizes))
        place = int(peaks[at])
        if all(place != p or abs(np.log(sizes[size] / s)) > 0.05 for p, s in likely):
            likely.append((place, float(sizes[size])))
    return likely[:_LIKELY]


def _cubics(ends: tuple[int, int], sizes: tuple[float, float]) -> Matrix:
    """For each number of columns: from modules to px, with both ends and their sizes (Hermite)."""
    left, right = ends
    start, stop = (size * _SPANS for size in sizes)
    rise = right - left
    cubes = (start + stop - 2 * rise) / _SPANS**3
    squares = (3 * rise - 2 * start - stop) / _SPANS**2
    return np.stack([cubes, squares, start / _SPANS, np.full_like(_SPANS, left)], 1)


def _scores(near: Numbers, columns: int, cubics: Matrix) -> Numbers:
    """How much begins at the known places, (ways) for (ways, 4) cubics."""
    places = np.rint(cubics @ _POWERS[columns]).astype(np.intp)
    return np.asarray(near[np.clip(places, 0, len(near) - 1)].mean(1))


def _settled(scale: _Scale, columns: int, cubic: Numbers) -> Numbers:
    """The cubic after each known place has moved to the strongest beginning near it."""
    modules = _WHERE[columns]
    size = float(np.polyval(cubic, modules[-1]) - np.polyval(cubic, 0)) / float(modules[-1])
    reach = max(1, round(0.7 * size))
    offsets = np.arange(-reach, reach + 1)
    for _ in range(3):
        places = np.rint(cubic @ _POWERS[columns]).astype(np.intp)
        there = np.clip(places[:, None] + offsets, 0, len(scale.level) - 1)
        window = scale.level[there]
        found = places + offsets[window.argmax(1)]
        cubic = np.polyfit(modules, found, 3, w=window.max(1) + 0.02)
    return cubic
