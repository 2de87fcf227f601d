"""Looks at a picture for codes, by zxing-cpp: plainly, or at a region of it, improved.

Rules, in order:

1. One look is bounded: pixels, codes, bytes of a payload.
2. A look says what it read, and whether the picture was one whose blur or bend had been taken
   back by guess. What that is worth is said in ``code_agreement``.
3. How strong a blur was cannot be told from the picture: looks with other blurs follow by number.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import chain
from typing import Final

import cv2
import numpy as np
import zxingcpp

from kiosk.capture.picture import Picture, as_picture
from kiosk.devices import code_pictures
from kiosk.devices.code_agreement import MAX_CODES, Look
from kiosk.devices.code_flattening import flattened, unbent
from kiosk.devices.code_pictures import MAX_RESTORED_PX, Blur, Cut, Region
from kiosk.ports import CodeSighting

MAX_PAYLOAD_BYTES: Final = 8 * 1024

KINDS = zxingcpp.BarcodeFormat
_MATRIX: Final = (KINDS.QRCode, KINDS.MicroQRCode, KINDS.DataMatrix, KINDS.Aztec)
_LINEAR: Final = (KINDS.Code128, KINDS.Code39, KINDS.EAN13)
ALL: Final = zxingcpp.BarcodeFormats([*_MATRIX, KINDS.PDF417, *_LINEAR])
ONLY_MATRIX: Final = zxingcpp.BarcodeFormats(list(_MATRIX))
_ONLY_STACKED: Final = zxingcpp.BarcodeFormats([KINDS.PDF417])
_ONLY_LINEAR: Final = zxingcpp.BarcodeFormats(list(_LINEAR))
BARS: Final = zxingcpp.BarcodeFormats([KINDS.PDF417, *_LINEAR])
# How strong a blur was cannot be told: these are tried by turns, two at a time.
_SOFT: Final = (
    (Blur(1.6, 0.01), Blur(1.4, 0.025)),
    (Blur(0.6, 0.02), Blur(1.0, 0.02)),
    (Blur(1.8, 0.006), Blur(2.0, 0.02)),
)
_SHAKES: Final = (
    (Blur(0.8, 0.005, 5.0), Blur(0.8, 0.005, 7.0)),
    (Blur(0.8, 0.005, 6.0), Blur(0.8, 0.005, 8.0)),
    (Blur(0.8, 0.005, 4.2), Blur(0.6, 0.01, 6.0)),
)
_BENT: Final = (0.6, 0.85)
_SMALL: Final = Blur(0.7, 0.05)
_BLUR_OF_BARS: Final = Blur(1.4, 0.006)
STRENGTHS: Final = len(_SOFT)
# Plain looks at a still whose code only a restoration read.
_ZOOMS: Final = (2.0, 3.0, 4.0)
_AMOUNTS: Final = (0.0, 1.5, 3.0)
_BINARIZERS: Final = (zxingcpp.Binarizer.LocalAverage, zxingcpp.Binarizer.GlobalHistogram)
_ASIDE: Final = (0.0, 0.14, 0.0, -0.14)  # radians


def bars(grey: Picture, region: Region | None) -> Iterator[Look]:
    """Linear codes and PDF417 in a region, upright and enlarged."""
    if region is not None:
        yield from plainly(_read_cut(code_pictures.cut(grey, region, 1.5, 40), BARS))


def soft_bars(grey: Picture, region: Region | None, *, guessed: bool) -> Iterator[Look]:
    """The same against noise and blur, dark on light or not as guessed from what lies around."""
    if region is None:
        return
    part = _dark_on_light(code_pictures.cut(grey, region, 2.0, 40), region, 40, guessed=guessed)
    sharp = code_pictures.sharpened(part.picture, 3.0, 1.5)
    soft = Cut(code_pictures.smoothed_along_bars(sharp, 15), part.back)
    found = list(_read_cut(soft, BARS))
    yield from map(Look, found)
    if any(sighting.symbology != KINDS.PDF417.name for sighting in found):
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


def flat(grey: Picture, region: Region | None) -> Iterator[Look]:
    """A PDF417 in a region, laid flat; drawn a second time where something was read."""
    code = None if region is None else flattened(grey, region)
    if code is None:
        return
    for module_px, binarizer in (
        (4.0, zxingcpp.Binarizer.LocalAverage),
        (3.0, zxingcpp.Binarizer.GlobalHistogram),
    ):
        found = list(read(code.drawn(module_px), _ONLY_STACKED, binarizer))
        for sighting in found:
            yield Look(replace(sighting, corners=code.corners))
        if not found:
            return


def matrix(grey: Picture, region: Region | None) -> Iterator[Look]:
    """Matrix codes in a region, enlarged; then sharpened; then small modules set apart."""
    if region is None:
        return
    large = _dark_on_light(code_pictures.cut(grey, region, 2.0, 24), region, 24)
    sharp = Cut(code_pictures.sharpened(large.picture, 3.0, 2.0), large.back)
    for part in (large, sharp):
        found = list(_read_cut(part, ONLY_MATRIX))
        yield from map(Look, found)
        if found:
            return
    part = _dark_on_light(code_pictures.cut(grey, region, 1.0, 24), region, 24)
    clear = Cut(code_pictures.restored(part.picture, _SMALL), part.back)
    for sighting in _read_cut(code_pictures.enlarged(clear, 3.0), ONLY_MATRIX):
        yield Look(sighting, restored=True)


def restored(grey: Picture, region: Region | None, number: int) -> Iterator[Look]:
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
        for sighting in _read_cut(code_pictures.enlarged(clear, 3.0), ONLY_MATRIX):
            yield Look(sighting, restored=True)


def unbent_matrix(grey: Picture, region: Region | None) -> Iterator[Look]:
    """Matrix codes in a region, as if from bent paper: either way round, more and less bent."""
    if region is None:
        return
    quarter = Region(region.centre, region.size[::-1], region.degrees + 90)
    for way in (region, quarter):
        for radians in _BENT:
            code = unbent(grey, way, radians)
            if code is None:
                break
            for sighting in read(code.picture, ONLY_MATRIX):
                corners = tuple(code.on_frame(x, y) for x, y in sighting.corners)
                yield Look(replace(sighting, corners=corners), restored=True)


def halved(grey: Picture) -> Iterator[Look]:
    """Everything at half the size: codes held close, moiré."""
    small = cv2.resize(grey, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
    back = np.array([[2.0, 0, 0.5], [0, 2.0, 0.5]])
    yield from plainly(_read_cut(Cut(as_picture(small), back), ALL))


def plainly(found: Iterator[CodeSighting]) -> Iterator[Look]:
    """Sightings in a picture as it was."""
    return map(Look, found)


def read(
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
    for sighting in read(part.picture, formats, binarizer):
        points = np.asarray(sighting.corners) @ part.back[:, :2].T + part.back[:, 2]
        corners = tuple((float(x), float(y)) for x, y in points)
        yield CodeSighting(sighting.symbology, sighting.payload, corners)


def looked_again(sighting: CodeSighting, grey: Picture) -> list[CodeSighting]:
    """Other looks at the same place, of another size and threshold."""
    looks = (
        (1.37, zxingcpp.Binarizer.LocalAverage),
        (1.83, zxingcpp.Binarizer.GlobalHistogram),
    )
    kind = zxingcpp.BarcodeFormats([KINDS.__members__[sighting.symbology]])
    again = []
    for zoom, binarizer in looks:
        part = _cut_around(sighting, grey, zoom)
        both = (part, Cut(as_picture(255 - part.picture), part.back))
        again += list(chain.from_iterable(_read_cut(look, kind, binarizer) for look in both))
    return again


def looked_harder(sighting: CodeSighting, grey: Picture) -> list[CodeSighting]:
    """More looks at the place of a matrix code, none at a picture whose blur was taken back.

    Enlarged and sharpened more and less, under other thresholds, and a QR by another library too.
    Sharpening weighs what is there and guesses no blur: it errs otherwise than a restoration.
    """
    kind = zxingcpp.BarcodeFormats([KINDS.__members__[sighting.symbology]])
    for zoom in _ZOOMS:
        part = _cut_around(sighting, grey, zoom)
        for dark in (part, Cut(as_picture(255 - part.picture), part.back)):
            for amount in _AMOUNTS:
                picture = code_pictures.sharpened(dark.picture, zoom, amount)
                look = Cut(picture if amount else dark.picture, dark.back)
                for binarizer in _BINARIZERS:
                    found = list(_read_cut(look, kind, binarizer))
                    if found:
                        return found
            if sighting.symbology == KINDS.QRCode.name:
                found = _read_by_other(dark)
                if found:
                    return found
    return []


def _read_by_other(part: Cut) -> list[CodeSighting]:
    """A QR as OpenCV reads it; it gives text, so what is not ASCII is left out."""
    try:
        text, points, _ = cv2.QRCodeDetector().detectAndDecode(part.picture)
    except cv2.error:
        return []
    if not text or not text.isascii() or points is None:
        return []
    corners = np.asarray(points, np.float64).reshape(-1, 2) @ part.back[:, :2].T + part.back[:, 2]
    places = tuple((float(x), float(y)) for x, y in corners)
    return [CodeSighting(KINDS.QRCode.name, text.encode("ascii"), places)]


def _cut_around(sighting: CodeSighting, grey: Picture, zoom: float) -> Cut:
    """The place of a sighting with a quiet margin, upright, enlarged."""
    corners = np.asarray(sighting.corners)
    along = corners[1] - corners[0]
    across = corners[3] - corners[0]
    length = float(np.hypot(*along))
    height = max(float(np.hypot(*across)), 16.0)
    degrees = float(np.degrees(np.arctan2(along[1], along[0])))
    x, y = corners.mean(0)
    region = Region((float(x), float(y)), (length, height), degrees)
    return code_pictures.cut(grey, region, zoom, max(24.0, 0.12 * length))
