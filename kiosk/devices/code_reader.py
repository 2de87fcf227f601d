"""Reads machine-readable codes with zxing-cpp: QR, Data Matrix (2D-Doc), PDF417, Code 128 ...

Payloads are bytes as printed: 2D-Doc separates fields by control characters that a text mode
would replace. Nothing is interpreted and nothing is opened here.

Rules, in order:

1. Live frames are read plainly, matrix codes and bars by turns; then ONE further attempt is made,
   another one each time: regions cut out upright and enlarged, a PDF417 laid flat, blur and shake
   taken back; the picture inverted or halved; everything in all the library's own ways. A still
   gets all attempts at once.
2. What was read counts only as ``code_agreement`` says.
3. Sizes, numbers and attempts are bounded; the time of a frame is, too.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import chain
from typing import Final

import cv2
import numpy as np
import zxingcpp

from kiosk.capture.picture import Picture, as_picture, grey_of
from kiosk.devices import code_pictures, code_regions
from kiosk.devices.code_agreement import MAX_CODES, Agreement, Look
from kiosk.devices.code_flattening import flattened
from kiosk.devices.code_pictures import MAX_RESTORED_PX, Blur, Cut, Region
from kiosk.devices.code_regions import Regions
from kiosk.ports import CodeSighting

__all__ = ["MAX_CODES", "MAX_PAYLOAD_BYTES", "ZxingCodeReader"]

MAX_PAYLOAD_BYTES = 8 * 1024
_MAX_LIVE_PX: Final = 2_100_000
_LEAST_SIDE: Final = 16

_KINDS = zxingcpp.BarcodeFormat
_MATRIX: Final = (_KINDS.QRCode, _KINDS.MicroQRCode, _KINDS.DataMatrix, _KINDS.Aztec)
_LINEAR: Final = (_KINDS.Code128, _KINDS.Code39, _KINDS.EAN13)
_ALL: Final = zxingcpp.BarcodeFormats([*_MATRIX, _KINDS.PDF417, *_LINEAR])
_ONLY_MATRIX: Final = zxingcpp.BarcodeFormats(list(_MATRIX))
_ONLY_STACKED: Final = zxingcpp.BarcodeFormats([_KINDS.PDF417])
_ONLY_LINEAR: Final = zxingcpp.BarcodeFormats(list(_LINEAR))
_BARS: Final = zxingcpp.BarcodeFormats([_KINDS.PDF417, *_LINEAR])
# Even turns read matrix codes plainly, odd ones bars: both each time would cost twice as much.
_TURNS: Final = (
    "all",
    "find",
    "restored",
    "flat",
    "matrix",
    "soft-bars",
    "restored",
    "bars",
    "inverted",
    "flat",
    "restored",
    "soft-bars",
)
_USES: Final = {attempt: _TURNS.count(attempt) for attempt in _TURNS}
# The densest region is looked at most often, the others between.
_ORDER: Final = (0, 0, 0, 1, 0, 0, 2)
# How strong a blur was cannot be told: these are tried by turns, two at a time.
_SOFT: Final = (
    (Blur(1.6, 0.01), Blur(1.4, 0.025)),
    (Blur(0.6, 0.02), Blur(1.0, 0.02)),
    (Blur(1.8, 0.006), Blur(2.0, 0.02)),
)
_SHAKES: Final = (
    (Blur(0.6, 0.01, 5.0), Blur(0.6, 0.01, 7.0)),
    (Blur(0.6, 0.01, 6.0), Blur(0.6, 0.006, 8.0)),
    (Blur(0.6, 0.01, 4.2), Blur(0.6, 0.015, 6.6)),
)
_SMALL: Final = Blur(0.7, 0.05)
_BLUR_OF_BARS: Final = Blur(1.4, 0.006)
_ASIDE: Final = (0.0, 0.14, 0.0, -0.14)  # radians


class ZxingCodeReader:
    """See :class:`kiosk.ports.CodeReader`. Used from one thread.

    Remembers a second of live frames; of stills nothing: each stands alone.
    """

    def __init__(self, *, thorough: bool = False) -> None:
        """``thorough``: every attempt on each picture (stills); otherwise few a frame, in turn."""
        self._thorough = thorough
        self._calls = 0
        self._regions = Regions()
        self._agreement = Agreement(remembers=not thorough)

    def read(self, image: Picture) -> tuple[CodeSighting, ...]:
        """See the port."""
        grey = grey_of(image)
        if min(grey.shape) < _LEAST_SIDE:
            return ()
        if not self._thorough and grey.size > _MAX_LIVE_PX:
            return self._shrunk(grey)
        clear = code_pictures.stretched(grey)
        looks = list(self._everything(clear) if self._thorough else self._in_turn(grey, clear))
        self._calls += 1
        return self._agreement.accepted(looks, lambda sighting: _looked_again(sighting, clear))

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

    def _in_turn(self, grey: Picture, clear: Picture) -> Iterator[Look]:
        """Rule 1 for live frames."""
        cycle, turn = divmod(self._calls, len(_TURNS))
        attempt = _TURNS[turn]
        if attempt == "all":
            # The library's own ways on the picture as it came, so that nothing of it is lost.
            yield from _plainly(_read(grey, _ALL, every_way=True))
            return
        yield from _plainly(_read(clear, _BARS if turn % 2 else _ONLY_MATRIX))
        number = cycle * _USES[attempt] + _TURNS[:turn].count(attempt)
        bars, matrix = (
            _nth(regions, number) for regions in (self._regions.linear, self._regions.matrix)
        )
        match attempt:
            case "find":
                self._regions = code_regions.find_regions(clear)
            case "flat":
                yield from _flat(clear, bars)
            case "bars":
                yield from _bars(clear, bars)
            case "soft-bars":
                # The other way round at times, should the surroundings mislead.
                yield from _soft_bars(clear, bars, guessed=number % 4 < 3)
            case "matrix":
                yield from _matrix(clear, matrix, sharp=number % 2 == 1)
            case "restored":
                yield from _restored(clear, matrix, number)
            case "inverted":
                yield from _plainly(_read(as_picture(255 - clear), _ONLY_MATRIX))

    def _everything(self, clear: Picture) -> Iterator[Look]:
        """Rule 1 for stills."""
        yield from _plainly(_read(clear, _ALL, every_way=True))
        yield from _halved(clear)
        regions = code_regions.find_regions(clear)
        for region in regions.linear:
            yield from _bars(clear, region)
            yield from _flat(clear, region)
            for guessed in (True, False):
                yield from _soft_bars(clear, region, guessed=guessed)
        for region in regions.matrix:
            for sharp in (False, True):
                yield from _matrix(clear, region, sharp=sharp)
            for number in range(len(_SOFT)):
                yield from _restored(clear, region, number)


# --- reading --------------------------------------------------------------------------------------


def _bars(grey: Picture, region: Region | None) -> Iterator[Look]:
    """Linear codes and PDF417 in a region, upright and enlarged."""
    if region is not None:
        yield from _plainly(_read_cut(code_pictures.cut(grey, region, 1.5, 40), _BARS))


def _soft_bars(grey: Picture, region: Region | None, *, guessed: bool) -> Iterator[Look]:
    """The same against noise and blur, dark on light or not as guessed from what lies around."""
    if region is None:
        return
    part = _dark_on_light(code_pictures.cut(grey, region, 2.0, 40), region, 40, guessed=guessed)
    sharp = code_pictures.sharpened(part.picture, 3.0, 1.5)
    soft = Cut(code_pictures.smoothed_along_bars(sharp, 15), part.back)
    found = list(_read_cut(soft, _BARS))
    yield from map(Look, found)
    if any(sighting.symbology != _KINDS.PDF417.name for sighting in found):
        # Plain looks at blurred bars would not agree; one that was restored otherwise may.
        part = _dark_on_light(code_pictures.cut(grey, region, 1.0, 40), region, 40, guessed=guessed)
        mean = code_pictures.smoothed_along_bars(part.picture, 9)
        clear = Cut(code_pictures.restored_rows(mean, _BLUR_OF_BARS), part.back)
        for sighting in _read_cut(code_pictures.enlarged(clear, 3.0), _ONLY_LINEAR):
            yield Look(sighting, restored=True)


def _dark_on_light(part: Cut, region: Region, margin: float, *, guessed: bool = True) -> Cut:
    scale = part.picture.shape[1] / (region.size[0] + 2 * margin)
    if code_pictures.light_on_dark(part, margin * scale) == guessed:
        return Cut(as_picture(255 - part.picture), part.back)
    return part


def _flat(grey: Picture, region: Region | None) -> Iterator[Look]:
    """A PDF417 in a region, laid flat; drawn a second time where something was read."""
    code = None if region is None else flattened(grey, region)
    if code is None:
        return
    for module_px, binarizer in (
        (4.0, zxingcpp.Binarizer.LocalAverage),
        (3.0, zxingcpp.Binarizer.GlobalHistogram),
    ):
        found = list(_read(code.drawn(module_px), _ONLY_STACKED, binarizer))
        for sighting in found:
            yield Look(replace(sighting, corners=code.corners))
        if not found:
            return


def _matrix(grey: Picture, region: Region | None, *, sharp: bool) -> Iterator[Look]:
    """Matrix codes in a region, enlarged; small modules, which run into one another, set apart."""
    if region is None:
        return
    large = _dark_on_light(code_pictures.cut(grey, region, 2.0, 24), region, 24)
    picture = code_pictures.sharpened(large.picture, 3.0, 2.0) if sharp else large.picture
    found = list(_read_cut(Cut(picture, large.back), _ONLY_MATRIX))
    yield from map(Look, found)
    if not found:
        part = _dark_on_light(code_pictures.cut(grey, region, 1.0, 24), region, 24)
        clear = Cut(code_pictures.restored(part.picture, _SMALL), part.back)
        for sighting in _read_cut(code_pictures.enlarged(clear, 3.0), _ONLY_MATRIX):
            yield Look(sighting, restored=True)


def _restored(grey: Picture, region: Region | None, number: int) -> Iterator[Look]:
    """Matrix codes in a region, with a blur taken back: of the lens, or of a shake."""
    if region is None:
        return
    part = code_pictures.cut(grey, region, 1.0, 24, MAX_RESTORED_PX)
    part = _dark_on_light(part, region, 24, guessed=number % 4 < 3)
    angle = code_pictures.shake_of(part.picture)
    # Edges of a code run two ways only, so a shake that is near to one of them seems nearer still.
    aside = _ASIDE[number // len(_SHAKES) % len(_ASIDE)]
    blurs = (_SOFT if angle is None else _SHAKES)[number % len(_SOFT)]
    for blur in blurs:
        known = blur if angle is None else replace(blur, angle=angle + aside)
        clear = Cut(code_pictures.restored(part.picture, known), part.back)
        for sighting in _read_cut(code_pictures.enlarged(clear, 3.0), _ONLY_MATRIX):
            yield Look(sighting, restored=True)


def _halved(grey: Picture) -> Iterator[Look]:
    """Everything at half the size: codes held close, moiré."""
    small = cv2.resize(grey, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
    back = np.array([[2.0, 0, 0.5], [0, 2.0, 0.5]])
    yield from _plainly(_read_cut(Cut(as_picture(small), back), _ALL))


def _nth(regions: Sequence[Region], number: int) -> Region | None:
    return regions[_ORDER[number % len(_ORDER)] % len(regions)] if regions else None


def _plainly(found: Iterator[CodeSighting]) -> Iterator[Look]:
    return map(Look, found)


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


def _looked_again(sighting: CodeSighting, grey: Picture) -> list[CodeSighting]:
    """Other looks at the same place, of another size and threshold."""
    corners = np.asarray(sighting.corners)
    along = corners[1] - corners[0]
    across = corners[3] - corners[0]
    length = float(np.hypot(*along))
    height = max(float(np.hypot(*across)), 16.0)
    degrees = float(np.degrees(np.arctan2(along[1], along[0])))
    x, y = corners.mean(0)
    region = Region((float(x), float(y)), (length, height), degrees)
    margin = max(24.0, 0.12 * length)
    looks = (
        (1.37, zxingcpp.Binarizer.LocalAverage),
        (1.83, zxingcpp.Binarizer.GlobalHistogram),
    )
    kind = zxingcpp.BarcodeFormats([_KINDS.__members__[sighting.symbology]])
    again = []
    for zoom, binarizer in looks:
        part = code_pictures.cut(grey, region, zoom, margin)
        both = (part, Cut(as_picture(255 - part.picture), part.back))
        again += list(chain.from_iterable(_read_cut(look, kind, binarizer) for look in both))
    return again
