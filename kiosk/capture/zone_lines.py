"""The lines of a machine-readable zone, found inside its place and cut out upright.

Rules, in order:

1. The place is straightened with a margin, so that letters have a known size and run to the right.
2. Strokes across the line give an energy; its rows, sheared by the slope that separates them best,
   show two or three even bands. Every number of lines is tried; the reader decides between them.
3. Each band is followed along the line: its slope and bend are its own.
4. All lines of a zone begin and end at the same place, because fillers are printed too.
5. A line is cut from the picture itself, in one warp, with a margin of about one letter.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from kiosk.capture.picture import Picture, Points, as_picture, height_of, length_of

STRIP_HEIGHT, STRIP_WIDTH = 48, 960
LETTERS = {2: 40, 3: 30}
"""Letters a line, by the number of lines; 40 stands between 36 and 44."""
_GENERAL_WIDTH = {2: 864, 3: 576}
"""Px of a strip for a general reader, by the number of lines: letters stand alike closely."""
TALLER = 1.5
"""How much higher letters are shown to a general reader than they are cut."""
_WORK_WIDTH = 800
_SIDE, _ABOVE = 0.07, 0.45
"""Margins around the place, as shares of its length and of its height."""
_CHUNKS = 16
_SLOPES = np.linspace(-0.072, 0.072, 13)
_FINER = np.linspace(-0.008, 0.008, 5)
_MIN_CONTRAST = 0.16
_Profile = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Line:
    """One line of print: corners (4, 2) in px of the picture, clockwise from its first letter."""

    corners: Points

    @property
    def length(self) -> float:
        """Px along the print."""
        return length_of(self.corners)

    @property
    def height(self) -> float:
        """Height of a capital in px."""
        return height_of(self.corners)


@dataclass(frozen=True, slots=True)
class Zone:
    """Lines of a zone from top to bottom, in reading order.

    Attributes:
        lines: two or three.
        contrast: how clearly the bands stand out, 0 to 1.
        seen: share of the line that is hidden most in which there is print, 0 to 1: all of it is
            printed, so that what is missing lies under a hand or a glare.
    """

    lines: tuple[Line, ...]
    contrast: float
    seen: float = 1.0

    @property
    def letter_px(self) -> float:
        """Px that a letter takes."""
        return max(line.length for line in self.lines) / LETTERS[len(self.lines)]

    @property
    def corners(self) -> Points:
        """(4, 2) outline of the zone in px, clockwise from its first letter."""
        first, last = self.lines[0].corners, self.lines[-1].corners
        return np.array([first[0], first[1], last[2], last[3]])

    def turned_over(self) -> Zone:
        """The same zone read upside down."""
        lines = tuple(Line(np.roll(line.corners, 2, axis=0)) for line in self.lines[::-1])
        return Zone(lines, self.contrast, self.seen)


@dataclass(frozen=True, slots=True)
class _Band:
    """A line in the straightened picture: y of its middle as a polynomial of x, its height."""

    middle: npt.NDArray[np.float64]
    height: float


def zones_in(grey: Picture, corners: Points) -> list[Zone]:
    """The lines inside a place, as two and as three, the likelier number first.

    Args:
        grey: full-resolution picture (H, W) uint8.
        corners: (4, 2) of the place in reading order, px.
    """
    straight, back = _straightened(grey, corners)
    energy = _energy(straight)
    chunks = _chunks(energy)
    found = []
    for count, bands, contrast in _band_sets(_levelled(chunks)):
        if contrast < _MIN_CONTRAST:
            continue
        followed = [_followed(chunks, band) for band in bands]
        presence = _presence(energy, followed, LETTERS[count])
        ends = _ends(presence.max(0), LETTERS[count])
        if ends is None:
            continue
        lines = tuple(_line(band, ends, back) for band in followed)
        found.append(Zone(lines, contrast, _seen(presence, ends)))
    return sorted(found, key=lambda zone: -zone.contrast)


def _straightened(grey: Picture, corners: Points) -> tuple[Picture, npt.NDArray[np.float64]]:
    """The place with its margins, text to the right, and the (3, 3) way back to the picture."""
    length, tall = length_of(corners), height_of(corners)
    width = _WORK_WIDTH
    side = width * _SIDE / (1 + 2 * _SIDE)
    inner = width - 2 * side
    # A place that is too low (a far corner voted badly) still gets room for its lines.
    height_inner = inner * float(np.clip(tall / max(1.0, length), 0.045, 0.30))
    above = max(_ABOVE * height_inner, 0.03 * inner)
    height = round(height_inner + 2 * above)
    target = np.array(
        [
            [side, above],
            [width - side, above],
            [width - side, height - above],
            [side, height - above],
        ],
        np.float32,
    )
    matrix = cv2.getPerspectiveTransform(corners.astype(np.float32), target)
    flags = cv2.INTER_AREA if length > 1.6 * inner else cv2.INTER_LINEAR
    out = cv2.warpPerspective(
        grey, matrix, (width, height), flags=flags, borderMode=cv2.BORDER_REPLICATE
    )
    return as_picture(out), np.asarray(np.linalg.inv(matrix), np.float64)


def _energy(straight: Picture) -> npt.NDArray[np.float32]:
    """Dark strokes across the line, (H, W) float32: print, not shade and not rules along it."""
    strokes = cv2.morphologyEx(straight, cv2.MORPH_BLACKHAT, np.ones((13, 13), np.uint8))
    edges = np.abs(cv2.Sobel(strokes, cv2.CV_16S, 1, 0)).astype(np.float32)
    limit = 4 * float(edges.mean()) + 20
    return np.asarray(cv2.blur(np.minimum(edges, limit), (9, 3)), np.float32)


def _chunks(energy: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Row energy of each of 16 columns of the picture, (H, 16)."""
    size = (_CHUNKS, energy.shape[0])
    return np.asarray(cv2.resize(energy, size, interpolation=cv2.INTER_AREA), np.float32)


def _levelled(chunks: npt.NDArray[np.float32]) -> _Profile:
    """Each part of the line counts alike, whatever its light, in rows of two px: (H / 2, 16)."""
    even = chunks[: len(chunks) // 2 * 2].reshape(-1, 2, _CHUNKS).mean(1)
    level = np.percentile(even, 90, axis=0) + 1e-6
    return np.asarray(even / np.maximum(level, 0.25 * float(level.max())), np.float64)


def _sheared(profile: _Profile, slopes: _Profile) -> _Profile:
    """Rows of all columns added along each slope, (slopes, rows)."""
    rows = len(profile)
    centre = (_CHUNKS - 1) / 2
    away = (np.arange(_CHUNKS) - centre) * (_WORK_WIDTH / _CHUNKS / 2)
    shift = np.round(slopes[:, None] * away).astype(int)
    index = (np.arange(rows)[None, :, None] + shift[:, None, :]) % rows
    return np.asarray(profile[index, np.arange(_CHUNKS)].mean(2), np.float64)


def _slope(profile: _Profile) -> tuple[float, _Profile]:
    """The slope along which rows of print and rows of paper differ most, and the rows there."""
    coarse = _sheared(profile, _SLOPES)
    near = _SLOPES[int((coarse**2).sum(1).argmax())] + _FINER
    fine = _sheared(profile, near)
    best = int((fine**2).sum(1).argmax())
    return float(near[best]), fine[best]


def _band_sets(profile: _Profile) -> Iterator[tuple[int, list[_Band], float]]:
    """For two and for three lines: the bands that stand out best, and how clearly."""
    slope, rows = _slope(profile)
    height = len(rows)
    total = np.concatenate([[0.0], np.cumsum(rows)])
    inner = _WORK_WIDTH / (1 + 2 * _SIDE) / 2  # rows of two px

    def mean(start: npt.NDArray[np.int64], end: npt.NDArray[np.int64]) -> _Profile:
        a, b = np.clip(start, 0, height), np.clip(end, 0, height)
        return np.asarray((total[b] - total[a]) / np.maximum(1, b - a), np.float64)

    for count in (2, 3):
        pitch = inner / (42 if count == 2 else 30)
        tops, gaps, talls = (
            grid.ravel()
            for grid in np.meshgrid(
                np.arange(height),
                np.arange(round(1.35 * pitch), round(2.75 * pitch) + 1),
                np.unique(np.round(np.array([0.75, 0.95, 1.2]) * pitch).astype(int)),
                indexing="ij",
            )
        )
        fits = (tops + (count - 1) * gaps + talls <= height) & (gaps > 1.35 * talls)
        tops, gaps, talls = tops[fits], gaps[fits], talls[fits]
        if not len(tops):
            continue
        bands = [mean(tops + k * gaps, tops + k * gaps + talls) for k in range(count)]
        between = [mean(tops + k * gaps + talls, tops + (k + 1) * gaps) for k in range(count - 1)]
        room = np.minimum(gaps - talls, (0.8 * talls).astype(int))
        foot = tops + (count - 1) * gaps + talls
        # Two of three lines are no zone of two: what stands one pitch away must be quiet too.
        quiet = np.maximum.reduce(
            [
                np.mean(between, 0),
                0.5 * mean(tops - room, tops),
                0.8 * mean(foot, foot + room),
                0.6 * mean(tops - gaps, tops - gaps + talls),
                0.8 * mean(tops + count * gaps, tops + count * gaps + talls),
            ]
        )
        contrast = (np.minimum.reduce(bands) - quiet) / (np.maximum.reduce(bands) + 0.05)
        top = int(np.argmax(contrast))
        middles = [2.0 * (tops[top] + k * gaps[top] + talls[top] / 2) for k in range(count)]
        found = [
            _Band(np.array([0.0, slope, y - slope * _WORK_WIDTH / 2]), 2.0 * float(talls[top]))
            for y in middles
        ]
        yield count, found, float(contrast[top])


def _followed(chunks: npt.NDArray[np.float32], band: _Band) -> _Band:
    """The band along its own slope and bend, by the middle of its energy in each column."""
    rows = len(chunks)
    high = max(2, round(band.height))
    reach = max(3, round(0.55 * band.height))
    x = (np.arange(_CHUNKS) + 0.5) * _WORK_WIDTH / _CHUNKS
    expected = np.polyval(band.middle, x)
    total = np.concatenate([np.zeros((1, _CHUNKS)), np.cumsum(chunks, 0, dtype=np.float64)])
    starts = np.round(expected - high / 2).astype(int)[None] + np.arange(-reach, reach + 1)[:, None]
    inside = ((starts >= 0) & (starts + high <= rows)).all(0)
    if inside.sum() < _CHUNKS // 2:
        return band
    starts, x = starts[:, inside], x[inside]
    column = np.nonzero(inside)[0]
    window = total[starts + high, column] - total[starts, column]
    strongest = window.max(0)
    near = window >= 0.97 * strongest
    y = (starts * near).sum(0) / near.sum(0) + high / 2
    weights = np.sqrt(np.maximum(strongest, 1e-6))
    middle = band.middle
    for _ in range(3):
        order = 2 if len(x) >= _CHUNKS * 3 // 4 else 1
        middle = np.polyfit(x, y, order, w=weights)
        off = np.abs(np.polyval(middle, x) - y)
        keep = off <= max(1.0, 2.5 * float(np.median(off)))
        if keep.all() or keep.sum() < _CHUNKS // 2:
            break
        x, y, weights = x[keep], y[keep], weights[keep]
    padded = np.concatenate([np.zeros(3 - len(middle)), middle])
    # A bend of more than a third of a letter over the line is a wrong fit, not paper.
    if abs(padded[0]) * (_WORK_WIDTH / 2) ** 2 > 0.4 * band.height:
        padded = np.concatenate([[0.0], np.polyfit(x, y, 1, w=weights)])
    return _Band(padded, band.height)


def _presence(
    energy: npt.NDArray[np.float32], bands: list[_Band], letters: int
) -> npt.NDArray[np.bool_]:
    """Where each line has print, (lines, W), smoothed over about a letter."""
    height, width = energy.shape
    window = max(3, round(1.2 * width / (1 + 2 * _SIDE) / letters))
    columns = np.arange(width)
    out = []
    for band in bands:
        middle = np.polyval(band.middle, columns)
        steps = np.linspace(-0.42, 0.42, 7) * band.height
        y = np.clip(np.round(middle + steps[:, None]), 0, height - 1).astype(int)
        strength = energy[y, columns].mean(0)
        out.append(np.convolve(strength, np.ones(window) / window, "same"))
    smooth = np.stack(out)
    typical = float(np.median(smooth.max(0)[round(0.2 * width) : round(0.8 * width)]))
    return np.asarray(smooth > 0.45 * typical, np.bool_)


def _seen(presence: npt.NDArray[np.bool_], ends: tuple[float, float]) -> float:
    """Share of the zone's length in which the emptiest line has print."""
    inside = presence[:, max(0, round(ends[0])) : round(ends[1])]
    return float(inside.mean(1).min()) if inside.size else 0.0


def _ends(there: npt.NDArray[np.bool_], letters: int) -> tuple[float, float] | None:
    """Where the lines begin and end, px of the straightened picture."""
    width = len(there)
    pitch = width / (1 + 2 * _SIDE) / letters
    if not there[round(0.3 * width) : round(0.7 * width)].any():
        return None
    hole = round(1.6 * pitch)
    left = _edge(there, round(0.3 * width), -1, hole)
    right = _edge(there, round(0.7 * width), 1, hole)
    if right - left < 0.6 * width / (1 + 2 * _SIDE):
        return None
    # The smoothing reaches half a window beyond the last stroke.
    return left + 0.35 * pitch, right - 0.35 * pitch


def _edge(there: npt.NDArray[np.bool_], start: int, step: int, hole: int) -> float:
    """Last column with print from ``start`` on, over holes of at most ``hole`` columns."""
    last, at = start, start
    while 0 <= at < len(there) and abs(at - last) <= hole:
        if there[at]:
            last = at
        at += step
    return float(last)


def _line(band: _Band, ends: tuple[float, float], back: npt.NDArray[np.float64]) -> Line:
    left, right = ends
    y0, y1 = (float(np.polyval(band.middle, x)) for x in ends)
    half = band.height / 2
    corners = np.array(
        [[left, y0 - half], [right, y1 - half], [right, y1 + half], [left, y0 + half]], np.float64
    )
    moved = cv2.perspectiveTransform(corners[None], back)[0]
    return Line(np.asarray(moved, np.float64))


def cut_line(grey: Picture, line: Line, letters: int, *, looser: float = 0.0) -> Picture:
    """One line upright, (48, 960) uint8, with a margin of about one letter at each end.

    Args:
        grey: full-resolution picture (H, W).
        line: where it is.
        letters: how many letters the layout has (30, 36, 44), for the margin.
        looser: share by which the cut is wider and shifted, for a second independent look.
    """
    margin = (0.9 + 8 * looser) / (letters + 1.8 + 16 * looser) * STRIP_WIDTH
    # A strip is 2.1 letters high, a capital 0.95.
    capital = STRIP_HEIGHT * 0.95 / 2.1 / (1 + looser)
    top = (STRIP_HEIGHT - capital) / 2
    shift = looser * 4 * STRIP_WIDTH / (letters + 1.8)
    source = np.array(
        [
            [margin - shift, top],
            [STRIP_WIDTH - margin - shift, top],
            [STRIP_WIDTH - margin - shift, STRIP_HEIGHT - top],
            [margin - shift, STRIP_HEIGHT - top],
        ],
        np.float32,
    )
    matrix = cv2.getPerspectiveTransform(line.corners.astype(np.float32), source)
    return as_picture(
        cv2.warpPerspective(
            grey,
            matrix,
            (STRIP_WIDTH, STRIP_HEIGHT),
            flags=cv2.INTER_LINEAR,
            borderMode=cv2.BORDER_REPLICATE,
        )
    )


def for_general(strip: Picture, lines: int) -> Picture:
    """A strip (48, 960) as a general reader sees it best: (48, 864), (48, 576) of three lines.

    A line is cut with room above and below, because its place is never exact; such a reader was
    made for letters that fill their strip, and sees them better so: they are shown half as high
    again. Thirty letters are cut as wide as forty-four: for a reader that takes any width, and the
    more time the wider, they are brought to a like pitch.
    """
    height, width = strip.shape
    wanted = min(width, _GENERAL_WIDTH.get(lines, width))
    return as_picture(
        cv2.warpAffine(
            strip,
            np.array([[wanted / width, 0, 0], [0, TALLER, (1 - TALLER) * height / 2]], np.float32),
            (wanted, height),
            flags=cv2.INTER_LINEAR,
            borderMode=cv2.BORDER_REPLICATE,
        )
    )
