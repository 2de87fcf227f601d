"""From probabilities to lines of a machine-readable zone, without guessing.

Rules, in order:

1. Collapse the time steps to letters, each with its probabilities and its place along the line.
2. Letters stand at an even pitch. Two closer than 0.6 pitch were one; a hole is a lost letter. Only
   fillers may be merged or filled in, at most four; anything else spoils the reading, because no
   check digit covers a name.
3. The end of the strip cuts no letter: a part of K looks like a filler. A letter that touches the
   end is doubtful.
4. The layout says what a place may hold. A letter where a digit must be is replaced only by its
   look-alike; every other conflict spoils the reading.
5. After three fillers a name field holds nothing but fillers.
6. A character that is not clear, or whose check-digit twin (6/G, 0/U ...) is not clearly out, is
   doubtful, and a reading with a doubtful character is never accepted by itself.

Source: ICAO Doc 9303-3 4.9 (check digits), and the measured blind spots of that algorithm.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from kiosk.capture.picture import Scores
from kiosk.documents.check_digits import blind_twins
from kiosk.documents.layouts import LAYOUTS, Layout, allowed

ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ<"
"""Column 0 of the scores is the blank, column i + 1 is ``ALPHABET[i]``."""

_INDEX = {symbol: i for i, symbol in enumerate(ALPHABET)}
_LOOKALIKES = (
    frozenset("O0QD"),
    frozenset("I1L"),
    frozenset("S5"),
    frozenset("B8"),
    frozenset("Z2"),
    frozenset("G6C"),
    frozenset("T7"),
    frozenset("A4"),
    frozenset("U0V"),
    frozenset("K<"),
    frozenset("C<"),
    frozenset("E<"),
)
_CLEAR = 0.90
_TWIN_LIMIT = 0.03
"""From ``packaging/train/calibrate.py``; a rival of more than 0.10 is excluded by the first."""
MAX_FILLED = 4
"""How many letters a line may have too many or too few."""
MAX_EDGES = 2
"""How many marks beyond the ends may be dropped before."""
_TOO_CLOSE, _HOLE = 0.6, 1.5
_CUT_OFF, _AT_EDGE = 0.3, 0.5
"""A letter whose middle is nearer to the strip's end than this share of the pitch is cut off, or
nearly."""
_NAME_FIELDS = ("names", "given_names")


@dataclass(frozen=True, slots=True)
class Letter:
    """One recognised letter.

    Attributes:
        scores: (37,) float32, probabilities over ``ALPHABET``, sum 1.
        place: where along the strip, as a share of its width, 0 to 1.
    """

    scores: Scores
    place: float

    @property
    def best(self) -> str:
        """The likeliest symbol."""
        return ALPHABET[int(self.scores.argmax())]


@dataclass(frozen=True, slots=True)
class ZoneReading:
    """Lines read in one layout.

    Attributes:
        layout: name of the layout.
        lines: as read.
        doubts: (line, position) of every character that is not certain.
        confidence: mean probability of the characters chosen.
        scores: per line (width, 37) float32.
        places: per line the middle of each character along the strip that was recognised, as a
            share of its width, 0 to 1, rising.
    """

    layout: str
    lines: tuple[str, ...]
    doubts: tuple[tuple[int, int], ...]
    confidence: float
    scores: tuple[Scores, ...]
    places: tuple[tuple[float, ...], ...]


def letters_of(scores: Scores) -> list[Letter]:
    """Greedy CTC collapse of (T, 38) probabilities."""
    best = scores.argmax(1)
    letters: list[Letter] = []
    start = 0
    for step in range(1, len(best) + 1):
        if step < len(best) and best[step] == best[start]:
            continue
        if best[start] != 0:
            run = scores[start:step, 1:]
            weights = run.max(1)
            mean = (run * weights[:, None]).sum(0)
            steps = np.arange(start, step) + 0.5
            place = float((steps * weights).sum() / max(1e-9, float(weights.sum())))
            letters.append(Letter(mean / max(1e-9, float(mean.sum())), place / len(best)))
        start = step
    return letters


def _even(letters: list[Letter], width: int) -> list[Letter] | None:
    """Letters on an even lattice of ``width`` places, or None when one was lost or doubled."""
    letters = _without_edges(letters, width)
    if not width - MAX_FILLED <= len(letters) <= width + MAX_FILLED:
        return None
    gaps = np.diff([letter.place for letter in letters])
    out = [letters[0]]
    filled = 0
    for i, letter in enumerate(letters[1:]):
        # The pitch varies slowly along a tilted line: compare with the neighbourhood.
        pitch = float(np.median(gaps[max(0, i - 6) : i + 7]))
        if not pitch > 0:
            return None
        before = out[-1]
        fillers = before.best == "<" and letter.best == "<"
        if gaps[i] < _TOO_CLOSE * pitch:
            if not fillers:
                return None
            filled += 1
            continue
        missing = round(gaps[i] / pitch) - 1 if gaps[i] > _HOLE * pitch else 0
        if missing and not fillers:
            return None
        # Between two names a hole may have been a letter; after three fillers it cannot be one.
        certain = len(out) >= 3 and all(item.best == "<" for item in out[-3:])
        if missing > 1 and not certain:
            return None
        for k in range(missing):
            place = before.place + (letter.place - before.place) * (k + 1) / (missing + 1)
            out.append(Letter(letter.scores if certain else _faint(letter.scores), place))
        filled += missing
        out.append(letter)
    if len(out) != width or filled > MAX_FILLED or min(_edges(out)) < _CUT_OFF:
        return None
    return out


def _faint(scores: Scores) -> Scores:
    """The same symbol as the likeliest, but doubtful."""
    return np.asarray(0.5 * scores + 0.5 / len(scores), np.float32)


def _edges(letters: list[Letter]) -> tuple[float, float]:
    """How far the first and the last letter's middles are from the strip's ends, in pitches."""
    places = [letter.place for letter in letters]
    pitch = float(np.median(np.diff(places)))
    return places[0] / pitch, (1 - places[-1]) / pitch


def _without_edges(letters: list[Letter], width: int) -> list[Letter]:
    """Drop up to two marks beyond the ends: the edge of the card, not a letter of the line."""
    for _ in range(MAX_EDGES):
        if len(letters) <= width:
            break
        first, last = float(letters[0].scores.max()), float(letters[-1].scores.max())
        letters = letters[1:] if first < last else letters[:-1]
    return letters


def certainty(scores: Scores, symbol: str, permitted: frozenset[str]) -> tuple[float, float]:
    """How sure a symbol is on a place: its chance, and that of its likeliest twin.

    Only what the place may hold competes; the rest was ruled out by the layout. A twin is a symbol
    that no check digit tells from this one.

    Args:
        scores: (37,) float32, probabilities over ``ALPHABET``.
        symbol: one of ``permitted``.
        permitted: what the place may hold.
    """
    total = max(1e-9, sum(float(scores[_INDEX[c]]) for c in permitted))
    twins = blind_twins(symbol) & permitted
    twin = max((float(scores[_INDEX[c]]) / total for c in twins), default=0.0)
    return float(scores[_INDEX[symbol]]) / total, twin


def _choose(letter: Letter, character_class: str) -> tuple[str, bool] | None:
    """The character for a place of this class and whether it is doubtful; None if none fits."""
    permitted = allowed(character_class)
    scores = letter.scores
    top = letter.best
    symbol = top
    if top not in permitted:
        kin = {c for group in _LOOKALIKES if top in group for c in group if c in permitted}
        if not kin:
            return None
        symbol = max(kin, key=lambda c: float(scores[_INDEX[c]]))
    chance, twin = certainty(scores, symbol, permitted)
    return symbol, chance < _CLEAR or twin > _TWIN_LIMIT


def _settle_names(layout: Layout, rows: list[str]) -> list[str] | None:
    """Rule 5; None where a clear letter stands after three fillers."""
    out = list(rows)
    for field in _NAME_FIELDS:
        span = layout.fields.get(field)
        if span is None:
            continue
        text = span.of(out)
        end = text.find("<<<")
        if end >= 0 and text[end:].strip("<"):
            return None
    return out


def _classes(layout: Layout, first_line: str) -> tuple[str, ...]:
    """Character classes; a French passport's number is two digits, two letters, five digits."""
    classes = layout.classes
    if layout.name == "TD3" and first_line.startswith(("P<FRA", "PPFRA")):
        second = "99AA99999" + classes[1][9:]
        return (classes[0], second)
    return classes


def read_layout(layout: Layout, strips: Sequence[list[Letter]]) -> ZoneReading | None:
    """Letters of each line -> the lines in this layout, or None where they do not fit it."""
    if len(strips) != layout.lines:
        return None
    even = [_even(letters, layout.width) if letters else None for letters in strips]
    rows: list[str] = []
    doubts: list[tuple[int, int]] = []
    chosen: list[float] = []
    scores: list[Scores] = []
    places: list[tuple[float, ...]] = []
    for number, letters in enumerate(even):
        if letters is None:
            return None
        classes = _classes(layout, rows[0] if rows else "")[number]
        ends = zip((0, layout.width - 1), _edges(letters), strict=True)
        at_edge = {position for position, away in ends if away < _AT_EDGE}
        row = []
        for position, letter in enumerate(letters):
            choice = _choose(letter, classes[position])
            if choice is None:
                return None
            symbol, doubtful = choice
            if doubtful or position in at_edge:
                doubts.append((number, position))
            row.append(symbol)
            chosen.append(float(letter.scores.max()))
        rows.append("".join(row))
        scores.append(np.stack([letter.scores for letter in letters]))
        places.append(tuple(letter.place for letter in letters))
    settled = _settle_names(layout, rows)
    if settled is None:
        return None
    return ZoneReading(
        layout.name,
        tuple(settled),
        tuple(doubts),
        float(np.mean(chosen)),
        tuple(scores),
        tuple(places),
    )


def _candidates(lines: int, first: str) -> tuple[Layout, ...]:
    if lines == 3:
        return (LAYOUTS["TD1"],)
    if first.startswith("V"):
        return (LAYOUTS["MRV-A"], LAYOUTS["MRV-B"])
    if first[:3] in ("IDF", "1DF", "10F", "I0F") and first[2:5] == "FRA":
        return (LAYOUTS["FR-ID"],)
    return (LAYOUTS["TD3"], LAYOUTS["TD2"])


def read_zone(line_scores: Sequence[Scores]) -> ZoneReading | None:
    """The reading of two or three lines, or None where they fit no layout.

    Args:
        line_scores: per line (T, 38) float32, top to bottom.
    """
    strips = [letters_of(scores) for scores in line_scores]
    if not strips or not all(strips):
        return None
    first = "".join(letter.best for letter in strips[0])
    for layout in _candidates(len(strips), first):
        reading = read_layout(layout, strips)
        if reading is not None:
            return reading
    return None
