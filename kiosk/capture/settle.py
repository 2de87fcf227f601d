"""Check digits settle what the eye leaves open, and nothing more.

Rules, in order:

1. Every doubtful character has the readings that the recogniser itself offers, above one part in
   fifty, in the place's own alphabet. Nothing else is tried.
2. Of all combinations, those with right check digits count. None or several: nothing is settled.
3. Exactly one: characters that the check digits tell from all their rivals are certain. A character
   that no check digit covers (a name), or whose rival is its twin for check digits (6 and G),
   remains doubtful.
4. If that one differs from what was read, it replaces it, at most two characters, and only where
   the recogniser found them nearly as likely. A replaced character remains doubtful: another frame
   or the agent must see it too.

Source: ICAO Doc 9303-3 4.9.
"""

from __future__ import annotations

import itertools
from dataclasses import replace

from kiosk.capture.decode import ALPHABET, ZoneReading
from kiosk.documents.layouts import LAYOUTS, allowed
from kiosk.documents.mrz import digits_hold

_OFFERED = 0.02
_NEARLY = 0.2
"""A replacement needs at least this probability."""
_MAX_DOUBTS = 4
_MAX_COMBINATIONS = 96
_MAX_REPLACED = 2

_Doubt = tuple[int, int]


def settle(reading: ZoneReading) -> ZoneReading:
    """The reading with fewer doubts where check digits decide; else the same reading."""
    if not reading.doubts or len(reading.doubts) > _MAX_DOUBTS:
        return reading
    options = [_options(reading, doubt) for doubt in reading.doubts]
    combinations = list(itertools.islice(itertools.product(*options), _MAX_COMBINATIONS + 1))
    if len(combinations) > _MAX_COMBINATIONS:
        return reading
    fitting = [c for c in combinations if digits_hold(_with(reading, c))]
    if not fitting:
        return reading
    # Doubts that vary among the fitting ones are beyond check digits: keep what was read there.
    best = max(fitting, key=lambda c: _chance(reading, c))
    certain = [
        index
        for index, doubt in enumerate(reading.doubts)
        if {c[index] for c in fitting} == {best[index]} and len(options[index]) > 1
    ]
    replaced = [
        index
        for index, (line, position) in enumerate(reading.doubts)
        if best[index] != reading.lines[line][position]
    ]
    if any(index not in certain for index in replaced) or len(replaced) > _MAX_REPLACED:
        return reading
    if any(_probability(reading, reading.doubts[i], best[i]) < _NEARLY for i in replaced):
        return reading
    seen = set(certain) - set(replaced)
    left = tuple(doubt for index, doubt in enumerate(reading.doubts) if index not in seen)
    return replace(reading, lines=_with(reading, best), doubts=left)


def _options(reading: ZoneReading, doubt: _Doubt) -> str:
    line, position = doubt
    permitted = allowed(LAYOUTS[reading.layout].classes[line][position])
    read = reading.lines[line][position]
    offered = [c for c in permitted if c != read and _probability(reading, doubt, c) > _OFFERED]
    return read + "".join(sorted(offered))


def _probability(reading: ZoneReading, doubt: _Doubt, symbol: str) -> float:
    return float(reading.scores[doubt[0]][doubt[1], ALPHABET.index(symbol)])


def _chance(reading: ZoneReading, symbols: tuple[str, ...]) -> float:
    product = 1.0
    for doubt, symbol in zip(reading.doubts, symbols, strict=True):
        product *= max(1e-6, _probability(reading, doubt, symbol))
    return product


def _with(reading: ZoneReading, symbols: tuple[str, ...]) -> tuple[str, ...]:
    rows = [list(line) for line in reading.lines]
    for (line, position), symbol in zip(reading.doubts, symbols, strict=True):
        rows[line][position] = symbol
    return tuple("".join(row) for row in rows)
