"""Reads machine-readable codes with zxing-cpp: QR, Data Matrix (2D-Doc), PDF417, Code 128 ...

Payloads are bytes as printed: 2D-Doc separates fields by control characters that a text mode
would replace. Nothing is interpreted and nothing is opened here.

Rules, in order:

1. Live frames are read plainly, matrix codes and bars by turns; then ONE further attempt is made,
   another one each time: regions cut out upright and enlarged, a PDF417 laid flat, a matrix code
   unbent, blur and shake taken back; everything in all the library's own ways. Where that gave a
   code that needs a second frame, the next frame gets the same attempt, once. A still gets all
   attempts at once, also the picture halved.
2. What was read counts only as ``code_agreement`` says. Where only a restoration read a code of a
   still, the picture as it is is looked at in more ways, until one says the same.
3. Sizes, numbers and attempts are bounded; the time of a frame is, too.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Final

import cv2
import numpy as np

from kiosk.capture.picture import Picture, as_picture, grey_of
from kiosk.devices import code_looks, code_pictures, code_regions
from kiosk.devices.code_agreement import MAX_CODES, Agreement, Look, same_code
from kiosk.devices.code_looks import ALL, BARS, MAX_PAYLOAD_BYTES, ONLY_MATRIX
from kiosk.devices.code_pictures import Region
from kiosk.devices.code_regions import Regions
from kiosk.ports import CodeSighting, CodesSeen

__all__ = ["MAX_CODES", "MAX_PAYLOAD_BYTES", "ZxingCodeReader"]

_MAX_LIVE_PX: Final = 2_100_000
_LEAST_SIDE: Final = 16

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
    "unbent",
    "flat",
    "restored",
    "soft-bars",
)
_USES: Final = {attempt: _TURNS.count(attempt) for attempt in _TURNS}
# The densest region is looked at most often, the others between.
_ORDER: Final = (0, 0, 0, 1, 0, 0, 2)


class ZxingCodeReader:
    """See :class:`kiosk.ports.CodeReader`. Used from one thread.

    Remembers a second of live frames; a still stands alone, unless it is said to follow another.
    """

    def __init__(self, *, thorough: bool = False) -> None:
        """``thorough``: every attempt on each picture (stills); otherwise few a frame, in turn."""
        self._thorough = thorough
        self._calls = 0
        self._repeated = False
        self._regions = Regions()
        self._agreement = Agreement()

    def read(self, image: Picture) -> tuple[CodeSighting, ...]:
        """See the port."""
        return self.seen(image).certain

    def seen(self, image: Picture, *, follows: bool = False) -> CodesSeen:
        """See the port."""
        if self._thorough and not follows:
            self._agreement.forget()
        grey = grey_of(image)
        if min(grey.shape) < _LEAST_SIDE:
            return CodesSeen()
        if not self._thorough and grey.size > _MAX_LIVE_PX:
            return self._shrunk(grey)
        clear = code_pictures.stretched(grey)
        looks = list(self._everything(clear) if self._thorough else self._in_turn(grey, clear))

        def look_again(look: Look) -> list[CodeSighting]:
            again = code_looks.looked_again(look.sighting, clear)
            if self._thorough and look.restored and not again:
                again = code_looks.looked_harder(look.sighting, clear)
            return again

        found = self._agreement.judged(looks, look_again)
        # A second frame is not left to chance: the turn that may give it comes once in twelve.
        alone = any(
            look.restored and not any(same_code(look.sighting, code) for code in found.certain)
            for look in looks
        )
        self._repeated = alone and not self._repeated
        if not self._repeated:
            self._calls += 1
        return found

    def _shrunk(self, grey: Picture) -> CodesSeen:
        scale = (_MAX_LIVE_PX / grey.size) ** 0.5 * 0.98
        small = cv2.resize(grey, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        found = self.seen(as_picture(small))
        certain, unsure = (
            tuple(
                replace(s, corners=tuple((x / scale, y / scale) for x, y in s.corners))
                for s in sightings
            )
            for sightings in (found.certain, found.unsure)
        )
        return CodesSeen(certain, unsure)

    # --- attempts ---------------------------------------------------------------------------------

    def _in_turn(self, grey: Picture, clear: Picture) -> Iterator[Look]:
        """Rule 1 for live frames."""
        cycle, turn = divmod(self._calls, len(_TURNS))
        attempt = _TURNS[turn]
        if attempt == "all":
            # The library's own ways on the picture as it came, so that nothing of it is lost.
            yield from code_looks.plainly(code_looks.read(grey, ALL, every_way=True))
            return
        yield from code_looks.plainly(code_looks.read(clear, BARS if turn % 2 else ONLY_MATRIX))
        number = cycle * _USES[attempt] + _TURNS[:turn].count(attempt)
        bars, matrix = (
            _nth(regions, number) for regions in (self._regions.linear, self._regions.matrix)
        )
        match attempt:
            case "find":
                self._regions = code_regions.find_regions(clear)
            case "flat":
                yield from code_looks.flat(clear, bars)
            case "bars":
                yield from code_looks.bars(clear, bars)
            case "soft-bars":
                # The other way round at times, should the surroundings mislead.
                yield from code_looks.soft_bars(clear, bars, guessed=number % 4 < 3)
            case "matrix":
                yield from code_looks.matrix(clear, matrix)
            case "restored":
                yield from code_looks.restored(clear, matrix, number)
            case "unbent":
                yield from code_looks.unbent_matrix(clear, matrix)

    def _everything(self, clear: Picture) -> Iterator[Look]:
        """Rule 1 for stills; the slow attempts only where nothing was read."""
        looks = [
            *code_looks.plainly(code_looks.read(clear, ALL, every_way=True)),
            *code_looks.halved(clear),
        ]
        regions = code_regions.find_regions(clear)
        for region in regions.linear:
            looks += code_looks.bars(clear, region)
            for guessed in (True, False):
                looks += code_looks.soft_bars(clear, region, guessed=guessed)
            if _unread(region, looks) or _any_stacked(looks):
                looks += code_looks.flat(clear, region)
        for region in regions.matrix:
            looks += code_looks.matrix(clear, region)
            for number in range(code_looks.STRENGTHS):
                if _unread(region, looks):
                    looks += code_looks.restored(clear, region, number)
            if _unread(region, looks):
                looks += code_looks.unbent_matrix(clear, region)
        yield from looks


# --- regions --------------------------------------------------------------------------------------


def _nth(regions: Sequence[Region], number: int) -> Region | None:
    return regions[_ORDER[number % len(_ORDER)] % len(regions)] if regions else None


def _unread(region: Region, looks: Sequence[Look]) -> bool:
    """Whether no code was read over the middle of a region."""
    boxes = (np.asarray(look.sighting.corners) for look in looks if not look.restored)
    middle = np.array(region.centre)
    return not any(
        bool((box.min(0) <= middle).all() and (middle <= box.max(0)).all()) for box in boxes
    )


def _any_stacked(looks: Sequence[Look]) -> bool:
    """Whether a PDF417 was seen, which needs a second look."""
    return any(look.sighting.symbology == "PDF417" for look in looks)
