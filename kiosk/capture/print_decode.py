"""From probabilities to printed text: letters with accents, digits, the signs of names and dates.

Rules, in order:

1. Time steps are collapsed to letters, each with its probability and that of its nearest rival.
2. What the recogniser sees outside this alphabet counts against a letter: it is not shared out.
3. A letter without its accent looks much like one with it: where the recogniser gave the accent any
   thought, the letter is not clear. No machine-readable zone could tell.
4. Nothing is corrected. A letter that is not clear makes the text unclear, and unclear text is not
   offered to anybody.
"""

from __future__ import annotations

import itertools
import unicodedata
from dataclasses import dataclass

import numpy as np

from kiosk.capture.picture import Scores

_DIGITS = "0123456789"
_CAPITALS = "ABCDEFGHIJKLMNOPQRSTUVWXYZÀÂÄÆÇÉÈÊËÎÏÔÖŒÙÛÜŸÁÃÅÍÑÓÕØÚ"
_SMALL = "abcdefghijklmnopqrstuvwxyzàâäæçéèêëîïôöœùûüÿáãåíñóõøúß"
SIGNS = "'’-.,/:()°· "
PRINT_ALPHABET = _DIGITS + _CAPITALS + _SMALL + SIGNS
"""Column 0 of the scores is the blank, column i + 1 is ``PRINT_ALPHABET[i]``, the last one is all
that the recogniser knows beyond it."""

_CLEAR = 0.85
_CLEAR_SIGN = 0.50
_RIVAL = 0.10
_ACCENT = 0.0015  # measured: letters that lost their accent had more, 98 of 100 others less
_UNSEEN = 0.05


def _plain(symbol: str) -> str:
    return unicodedata.normalize("NFD", symbol)[:1]


_VARIANTS = {
    symbol: np.array(
        [
            index + 1
            for index, other in enumerate(PRINT_ALPHABET)
            if other != symbol and symbol.isalpha() and _plain(other) == _plain(symbol)
        ],
        np.intp,
    )
    for symbol in PRINT_ALPHABET
}
"""Columns of the same letter with other marks."""
_SIGN_COLUMNS = np.array(
    [index + 1 for index, symbol in enumerate(PRINT_ALPHABET) if symbol in SIGNS and symbol != " "]
)


@dataclass(frozen=True, slots=True)
class Glyph:
    """One letter.

    Attributes:
        symbol: of ``PRINT_ALPHABET``, or ``""`` for one outside it.
        probability: of this symbol where it is likeliest.
        rival: of the likeliest other one there.
        accent: highest of the same letter with another mark, on it or beside it.
        start, end: first and last time step.
    """

    symbol: str
    probability: float
    rival: float
    accent: float
    start: int
    end: int

    @property
    def clear(self) -> bool:
        """Whether this letter stands beyond doubt."""
        if not self.symbol:
            return False
        if self.symbol in SIGNS:
            return self.probability >= _CLEAR_SIGN
        bare = _plain(self.symbol) == self.symbol
        if bare and self.accent > _ACCENT:
            return False
        return self.probability >= _CLEAR and self.rival <= _RIVAL


@dataclass(frozen=True, slots=True)
class PrintedText:
    """A line of print.

    Attributes:
        glyphs: left to right.
        gaps: for each pair of neighbours, whether surely no sign stands between them.
    """

    glyphs: tuple[Glyph, ...]
    gaps: tuple[bool, ...]

    @property
    def text(self) -> str:
        """The letters; white space as the recogniser saw it."""
        return "".join(glyph.symbol for glyph in self.glyphs)

    @property
    def clear(self) -> bool:
        """Whether there is text and every letter of it is clear."""
        return bool(self.glyphs) and all(glyph.clear for glyph in self.glyphs)


def decode_print(scores: Scores) -> PrintedText:
    """The text of (T, 2 + len(PRINT_ALPHABET)) probabilities."""
    best = scores.argmax(1)
    glyphs: list[Glyph] = []
    index = 0
    while index < len(best):
        column, start = int(best[index]), index
        while index < len(best) and best[index] == column:
            index += 1
        if column:
            peak = start + int(scores[start:index, column].argmax())
            row = scores[peak].copy()
            probability, row[column], row[0] = float(row[column]), 0.0, 0.0
            known = column <= len(PRINT_ALPHABET)
            symbol = PRINT_ALPHABET[column - 1] if known else ""
            around = scores[max(0, start - 1) : index + 1][:, _VARIANTS.get(symbol, _VARIANTS[" "])]
            accent = float(around.max()) if around.size else 0.0
            glyphs.append(Glyph(symbol, probability, float(row.max()), accent, start, index - 1))
    gaps = tuple(
        _nothing_between(scores, left, right) for left, right in itertools.pairwise(glyphs)
    )
    return PrintedText(tuple(glyphs), gaps)


def _nothing_between(scores: Scores, left: Glyph, right: Glyph) -> bool:
    between = scores[left.end + 1 : right.start]
    if not len(between):
        return False
    return bool(between[:, _SIGN_COLUMNS].max() < _UNSEEN)
