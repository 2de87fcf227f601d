"""Reads machine-readable codes with zxing-cpp: QR, Data Matrix (2D-Doc), PDF417, Code 128 ...

Payloads are bytes as printed: 2D-Doc separates fields by control characters that a text mode
would replace. Nothing is interpreted and nothing is opened here.

Rules, in order:

1. Live frames are read plainly, matrix codes and bars by turns; then ONE further attempt is made,
   another one each time: regions cut out upright, enlarged, sharpened; the picture inverted or
   halved; everything in all the library's own ways. A still gets all attempts at once.
2. QR, Data Matrix and Aztec count at once. Linear codes, Micro QR and PDF417 are weak (its blurred
   pictures are "corrected" into texts that nobody printed): a weak code counts when a second,
   differently prepared look at the same place gives the same, or when it was seen the same way in
   an earlier frame, or when its content proves itself (an item number whose check digit is right).
3. Two readings of one place that differ count both for nothing; a weak one must outweigh, by two
   sightings, every other that is remembered there.
4. Sizes, numbers and attempts are bounded; the time of a frame is, too.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Final

import cv2
import numpy as np
import zxingcpp

from kiosk.capture.picture import Picture, as_picture, grey_of
from kiosk.devices import code_regions
from kiosk.devices.code_regions import Cut, Region, Regions
from kiosk.documents.codes import PayloadKind, classify
from kiosk.domain.evidence import Verdict
from kiosk.ports import CodeSighting

if TYPE_CHECKING:
    import numpy.typing as npt

    Matrix = npt.NDArray[np.float64]

MAX_PAYLOAD_BYTES = 8 * 1024
MAX_CODES = 16
_MAX_LIVE_PX: Final = 2_100_000
_LEAST_SIDE: Final = 16
_MEMORY: Final = 24  # frames for which a weak code is remembered

_KINDS = zxingcpp.BarcodeFormat
_MATRIX: Final = (_KINDS.QRCode, _KINDS.MicroQRCode, _KINDS.DataMatrix, _KINDS.Aztec)
_LINEAR: Final = (_KINDS.Code128, _KINDS.Code39, _KINDS.EAN13)
_ALL: Final = zxingcpp.BarcodeFormats([*_MATRIX, _KINDS.PDF417, *_LINEAR])
_ONLY_MATRIX: Final = zxingcpp.BarcodeFormats(list(_MATRIX))
_BARS: Final = zxingcpp.BarcodeFormats([_KINDS.PDF417, *_LINEAR])
_WEAK: Final = frozenset({"Code128", "Code39", "EAN13", "MicroQRCode", "PDF417"})
# Even turns read matrix codes plainly, odd ones bars: both each time would cost twice as much.
_TURNS: Final = (
    "all",
    "bars",
    "find",
    "bars",
    "matrix",
    "soft-bars",
    "sharp-matrix",
    "bars",
    "inverted",
    "soft-bars",
    "halved",
    "bars",
)
_FIRST_SOFT: Final = _TURNS.index("soft-bars")


class ZxingCodeReader:
    """See :class:`kiosk.ports.CodeReader`. Used from one thread.

    Remembers a second of live frames; of stills nothing: each stands alone.
    """

    def __init__(self, *, thorough: bool = False) -> None:
        """``thorough``: every attempt on each picture (stills); otherwise few a frame, in turn."""
        self._thorough = thorough
        self._calls = 0
        self._regions = Regions()
        self._seen: deque[tuple[int, CodeSighting]] = deque(maxlen=4 * MAX_CODES)

    def read(self, image: Picture) -> tuple[CodeSighting, ...]:
        """See the port."""
        grey = grey_of(image)
        if min(grey.shape) < _LEAST_SIDE:
            return ()
        if not self._thorough and grey.size > _MAX_LIVE_PX:
            return self._shrunk(grey)
        clear = code_regions.stretched(grey)
        found = list(self._everything(clear) if self._thorough else self._in_turn(grey, clear))
        answer = self._accepted(found, clear)
        self._calls += 1
        return answer

    def _shrunk(self, grey: Picture) -> tuple[CodeSighting, ...]:
        scale = (_MAX_LIVE_PX / grey.size) ** 0.5 * 0.98
        small = cv2.resize(grey, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        return tuple(
            CodeSighting(
                s.symbology, s.payload, tuple((x / scale, y / scale) for x, y in s.corners)
            )
            for s in self.read(as_picture(small))
        )

    # --- attempts ---------------------------------------------------------------------------------

    def _in_turn(self, grey: Picture, clear: Picture) -> Iterator[CodeSighting]:
        """Rule 1 for live frames."""
        cycle, turn = divmod(self._calls, len(_TURNS))
        attempt = _TURNS[turn]
        if attempt == "all":
            # The library's own ways on the picture as it came, so that nothing of it is lost.
            yield from _read(grey, _ALL, every_way=True)
            return
        yield from _read(clear, _BARS if turn % 2 else _ONLY_MATRIX)
        bars, matrices = self._regions.linear, self._regions.matrix
        match attempt:
            case "find":
                self._regions = code_regions.find_regions(clear)
            case "bars":
                yield from _bars(clear, _nth(bars, cycle + turn // 4))
            case "soft-bars":
                yield from _soft_bars(
                    clear, _nth(bars, cycle + turn // 4), inverted=turn > _FIRST_SOFT
                )
            case "matrix":
                yield from _matrix(clear, _nth(matrices, cycle), sharp=False)
            case "sharp-matrix":
                yield from _matrix(clear, _nth(matrices, cycle), sharp=True)
            case "inverted":
                yield from _read(as_picture(255 - clear), _ONLY_MATRIX)
            case "halved":
                yield from _halved(clear)

    def _everything(self, clear: Picture) -> Iterator[CodeSighting]:
        """Rule 1 for stills."""
        yield from _read(clear, _ALL, every_way=True)
        yield from _halved(clear)
        regions = code_regions.find_regions(clear)
        for region in regions.linear:
            yield from _bars(clear, region)
            for inverted in (False, True):
                yield from _soft_bars(clear, region, inverted=inverted)
        for region in regions.matrix:
            for sharp in (False, True):
                yield from _matrix(clear, region, sharp=sharp)

    # --- what counts ------------------------------------------------------------------------------

    def _accepted(self, found: Sequence[CodeSighting], grey: Picture) -> tuple[CodeSighting, ...]:
        apart = _without_doubles(found)[: 2 * MAX_CODES]
        accepted = []
        for sighting in apart:
            if any(_contradicts(sighting, other) for other in apart):
                continue
            if sighting.symbology not in _WEAK or self._holds(sighting, found, grey):
                accepted.append(sighting)
        if not self._thorough:
            self._remember(apart)
        return tuple(accepted[:MAX_CODES])

    def _holds(self, sighting: CodeSighting, found: Sequence[CodeSighting], grey: Picture) -> bool:
        """Rules 2 and 3, for a weak code."""
        earlier = [s for call, s in self._seen if self._calls - call <= _MEMORY]
        same = sum(_same_code(sighting, s) for s in (*earlier, *found))  # itself is among them
        others = sum(_contradicts(sighting, s) for s in earlier)
        if others:
            return same >= 2 + others
        return same >= 2 or _proves_itself(sighting.payload) or _seen_again(sighting, grey)

    def _remember(self, apart: Sequence[CodeSighting]) -> None:
        for sighting in apart[:MAX_CODES]:
            if sighting.symbology in _WEAK:
                self._seen.append((self._calls, sighting))


# --- reading --------------------------------------------------------------------------------------


def _bars(grey: Picture, region: Region | None) -> Iterator[CodeSighting]:
    """Linear codes and PDF417 in a region, upright and enlarged."""
    if region is not None:
        yield from _read_cut(code_regions.cut(grey, region, 1.5, 40), _BARS)


def _soft_bars(grey: Picture, region: Region | None, *, inverted: bool) -> Iterator[CodeSighting]:
    """The same against noise and blur, dark on light or light on dark."""
    if region is None:
        return
    part = code_regions.cut(grey, region, 2.0, 40)
    sharp = code_regions.sharpened(part.picture, 3.0, 1.5)
    soft = code_regions.smoothed_along_bars(sharp, 15)
    yield from _read_cut(Cut(as_picture(255 - soft) if inverted else soft, part.back), _BARS)


def _matrix(grey: Picture, region: Region | None, *, sharp: bool) -> Iterator[CodeSighting]:
    """Matrix codes in a region, enlarged."""
    if region is None:
        return
    part = code_regions.cut(grey, region, 2.0)
    picture = code_regions.sharpened(part.picture, 3.0, 2.0) if sharp else part.picture
    yield from _read_cut(Cut(picture, part.back), _ONLY_MATRIX)


def _halved(grey: Picture) -> Iterator[CodeSighting]:
    """Everything at half the size: codes held close, moiré."""
    small = cv2.resize(grey, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
    back = np.array([[2.0, 0, 0.5], [0, 2.0, 0.5]])
    yield from _read_cut(Cut(as_picture(small), back), _ALL)


def _nth(regions: Sequence[Region], number: int) -> Region | None:
    return regions[number % len(regions)] if regions else None


def _read(
    grey: Picture,
    formats: zxingcpp.BarcodeFormats,
    binarizer: zxingcpp.Binarizer = zxingcpp.Binarizer.LocalAverage,
    *,
    every_way: bool = False,
) -> Iterator[CodeSighting]:
    """Sightings of one pass. Never more than ``MAX_CODES``."""
    found = zxingcpp.read_barcodes(
        grey,
        formats=formats,
        try_rotate=True,
        try_downscale=every_way,
        try_invert=every_way,
        binarizer=binarizer,
    )
    for code in found[:MAX_CODES]:
        payload = bytes(code.bytes)
        if code.valid and 0 < len(payload) <= MAX_PAYLOAD_BYTES:
            place = code.position
            corners = tuple(
                (float(p.x), float(p.y))
                for p in (place.top_left, place.top_right, place.bottom_right, place.bottom_left)
            )
            yield CodeSighting(code.format.name, payload, corners)


def _read_cut(
    part: Cut,
    formats: zxingcpp.BarcodeFormats,
    binarizer: zxingcpp.Binarizer = zxingcpp.Binarizer.LocalAverage,
) -> Iterator[CodeSighting]:
    for sighting in _read(part.picture, formats, binarizer):
        points = np.asarray(sighting.corners) @ part.back[:, :2].T + part.back[:, 2]
        corners = tuple((float(x), float(y)) for x, y in points)
        yield CodeSighting(sighting.symbology, sighting.payload, corners)


def _seen_again(sighting: CodeSighting, grey: Picture) -> bool:
    """Whether other looks at the same place, of another size and threshold, say the same."""
    corners = np.asarray(sighting.corners)
    along = corners[1] - corners[0]
    across = corners[3] - corners[0]
    length = float(np.hypot(*along))
    height = max(float(np.hypot(*across)), 16.0)
    degrees = float(np.degrees(np.arctan2(along[1], along[0])))
    x, y = corners.mean(0)
    region = Region((float(x), float(y)), (length, height), degrees)
    margin = max(24.0, 0.12 * length)
    agreed = False
    looks = (
        (1.37, zxingcpp.Binarizer.LocalAverage),
        (1.83, zxingcpp.Binarizer.GlobalHistogram),
    )
    kind = zxingcpp.BarcodeFormats([_KINDS.__members__[sighting.symbology]])
    for zoom, binarizer in looks:
        part = code_regions.cut(grey, region, zoom, margin)
        both = (part, Cut(as_picture(255 - part.picture), part.back))
        for other in (s for look in both for s in _read_cut(look, kind, binarizer)):
            if _same_code(sighting, other):
                agreed = True
            elif _contradicts(sighting, other):
                return False
    return agreed


# --- comparing ------------------------------------------------------------------------------------


def _proves_itself(payload: bytes) -> bool:
    known = classify(payload)
    return known.kind is PayloadKind.ITEM_NUMBER and any(
        check.verdict is Verdict.PASS for check in known.checks
    )


def _same_code(one: CodeSighting, other: CodeSighting) -> bool:
    return (one.symbology, one.payload) == (other.symbology, other.payload)


def _contradicts(one: CodeSighting, other: CodeSighting) -> bool:
    return one.payload != other.payload and _same_place(one, other)


def _same_place(one: CodeSighting, other: CodeSighting) -> bool:
    """Whether the middle of one lies within the other (a line is given some height)."""
    a, b = _box(one), _box(other)
    return _holds_middle(a, b) or _holds_middle(b, a)


def _box(sighting: CodeSighting) -> tuple[float, float, float, float]:
    xs, ys = zip(*sighting.corners, strict=True)
    return min(xs) - 8, min(ys) - 8, max(xs) + 8, max(ys) + 8


def _holds_middle(
    outer: tuple[float, float, float, float], inner: tuple[float, float, float, float]
) -> bool:
    x, y = (inner[0] + inner[2]) / 2, (inner[1] + inner[3]) / 2
    return outer[0] <= x <= outer[2] and outer[1] <= y <= outer[3]


def _without_doubles(found: Sequence[CodeSighting]) -> list[CodeSighting]:
    """Each code once; two equal codes at two places stay two."""
    apart: list[CodeSighting] = []
    for sighting in found:
        if not any(_same_code(sighting, s) and _same_place(sighting, s) for s in apart):
            apart.append(sighting)
    return apart
