"""A second reader's opinion on a reading: two that were made differently seldom err alike.

Rules, in order:

1. Fillers do not count: the second reader may count them otherwise. It also takes them for letters
   (C, E, K, A, S) now and then: in a run of two fillers or more, one such letter all along is no
   contradiction: seen at least twice and for half of the run, or thrice at the end of a line, where
   no name ends so. A single letter beside a name is one, and so is a letter that is another one
   than in the rest of the run.
2. The second reader is not told what a place may hold, and amid digits it sees digits. A symbol
   that the layout rules out stands for the one that it finds likeliest of those that may stand
   there, if that one is clear among them; where it has no opinion on them, for its look-alike (0
   for O, never for D).
3. Look-alikes count as one only where a check digit that is not blind to them covers the place (O
   for 0 in a number; never 1 for L or 6 for G). In a name, where O, D and Q all may stand, both
   readers must see the same.
4. A character that is still seen otherwise may be shown to the second reader by itself
   (:mod:`kiosk.capture.alone`); where both then see the same, it is disputed no longer.
5. Where the check digits are wrong, the reading accuses the document: then every character must be
   the same, look-alikes too.
6. Anything else is a contradiction. It is no verdict on who is right: the reading does not count.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from kiosk.capture.decode import ALPHABET, Letter, letters_of
from kiosk.capture.picture import Scores
from kiosk.documents.check_digits import blind_twins
from kiosk.documents.layouts import Layout, allowed, layout_of

_FILLER_LOOKS = "GEKAS"
"""What fillers are taken for, after look-alikes are one (C is a G there)."""
_MOSTLY = 0.6
_INDEX = {symbol: i for i, symbol in enumerate(ALPHABET)}
_SAME_LOOK = ("O0QD", "I1L", "S5", "B8", "Z2", "G6C", "T7", "A4")
_FOLDED = {c: group[0] for group in _SAME_LOOK for c in group}
_LETTER_OF = {"0": "O", "1": "I", "2": "Z", "4": "A", "5": "S", "6": "G", "7": "T", "8": "B"}
"""The letter that each digit is most like."""
_ALONG_END = 3
"""So often one letter stands at the end of no name."""
_HEARD, _CLEAR = 0.01, 0.8
"""The least that the second reader must give the likeliest symbol that a place may hold, to have an
opinion on them, and what that one must have of all of them."""


def _seen_letters(scores: Scores) -> list[Letter]:
    """Letters of (T, 38) probabilities, collapsed, without fillers."""
    return [letter for letter in letters_of(scores) if letter.best != "<"]


def seen_text(scores: Scores) -> str:
    """The same as a text."""
    return "".join(letter.best for letter in _seen_letters(scores))


def _fold(text: str) -> str:
    return "".join(_FOLDED.get(c, c) for c in text)


def confirms(lines: Sequence[str], second: Sequence[Scores], *, digits_hold: bool) -> bool:
    """Whether the second reader saw the same.

    Args:
        lines: the reading, top to bottom.
        second: the second reader's probabilities for the same strips.
        digits_hold: every check digit of the reading is right.
    """
    if len(lines) != len(second):
        return False
    return all(
        confirms_line(lines, number, scores, digits_hold=digits_hold)
        for number, scores in enumerate(second)
    )


def confirms_line(lines: Sequence[str], number: int, second: Scores, *, digits_hold: bool) -> bool:
    """Whether the second reader saw line ``number`` (from 0) of the reading the same."""
    look = look_at_line(lines, number, second, digits_hold=digits_hold)
    return look is not None and look.same


def _seen_alike(ours: str, theirs: str) -> bool:
    """Whether a folded text is the folded line, fillers left out or taken for letters."""
    if ours.replace("<", "") == theirs:
        return True
    match = re.fullmatch(_pattern(ours), theirs)
    if match is None:
        return False
    runs = _RUN.findall(ours)
    last = ours.endswith("<")
    return all(
        _one_letter_all_along(seen, len(run), at_end=last and number == len(runs) - 1)
        for number, (run, seen) in enumerate(zip(runs, match.groups(), strict=True))
    )


_RUN = re.compile("<{2,}")
_WITHOUT_DIGIT = ("code", "issuer", "nationality", "names", "given_names", "sex")
"""Fields that no check digit covers; only the old French card's last digit covers all of it."""
_NO_CODE = re.compile("^P<")
"""A passport's code is P alone: no code PC or PA exists (ICAO Doc 9303-4)."""


def _pattern(ours: str) -> str:
    """An expression for what the second reader may make of the line; one group a run of fillers."""
    parts = []
    for piece in filter(None, re.split("(<{2,})", ours)):
        if piece.startswith("<<"):
            parts.append(f"([{_FILLER_LOOKS}]{{0,{len(piece) + 2}}}?)")
            continue
        code = "P[GA]?" if not parts and _NO_CODE.match(piece) else ""
        letters = (piece[2:] if code else piece).replace("<", "")
        parts.append(code + re.escape(letters))
    return "".join(parts)


def _one_letter_all_along(seen: str, fillers: int, *, at_end: bool) -> bool:
    """Whether a run of fillers was taken for one letter, and for no other beside a name."""
    if not seen:
        return True
    along = at_end and len(seen) >= _ALONG_END
    if not along and (len(seen) < 2 or 2 * len(seen) < fillers):
        return False  # a letter beside a name, and the fillers not seen
    usual, count = Counter(seen).most_common(1)[0]
    beside = (seen[0],) if at_end else (seen[0], seen[-1])
    return count >= _MOSTLY * len(seen) and all(letter == usual for letter in beside)


@dataclass(frozen=True, slots=True)
class Dispute:
    """A character that the second reader sees otherwise.

    Attributes:
        line: of the zone, from 0.
        position: in the line, from 0.
        seen: what the second reader sees there.
    """

    line: int
    position: int
    seen: str


@dataclass(frozen=True, slots=True)
class LineLook:
    """A line as the second reader saw it, laid beside the reading.

    Attributes:
        disputes: characters that it sees otherwise, and nothing settles.
        alike: but for those it saw the same.
    """

    disputes: tuple[Dispute, ...]
    alike: bool

    @property
    def same(self) -> bool:
        """Nothing is disputed."""
        return self.alike and not self.disputes


def look_at_line(
    lines: Sequence[str], number: int, second: Scores, *, digits_hold: bool
) -> LineLook | None:
    """One line laid beside what the second reader saw; None where it counts other letters.

    Args:
        lines: the reading, top to bottom.
        number: of the line to look at, from 0.
        second: the second reader's probabilities for its strip.
        digits_hold: every check digit of the reading is right.
    """
    line = lines[number]
    at = [position for position, c in enumerate(line) if c != "<"]
    theirs = _seen_letters(second)
    text = [letter.best for letter in theirs]
    kept = list(range(len(theirs)))
    if digits_hold and len(at) != len(theirs):
        kept = _beside_runs(line, "".join(text))
    if len(at) != len(kept):
        return None
    layout = layout_of(lines) if digits_hold else None
    found = []
    for position, index in zip(at, kept, strict=True):
        ours, seen = line[position], text[index]
        if ours == seen:
            continue
        if layout is None or not _settled(layout, number, position, ours, theirs[index]):
            found.append(Dispute(number, position, seen))
        text[index] = ours
    if not digits_hold:
        return LineLook(tuple(found), line.replace("<", "") == "".join(text))
    return LineLook(tuple(found), _seen_alike(_fold(line), _fold("".join(text))))


def disputes(
    lines: Sequence[str], number: int, second: Scores, *, digits_hold: bool
) -> tuple[Dispute, ...] | None:
    """Where the second reader sees another letter; None where it counts other letters.

    Arguments as for :func:`look_at_line`.
    """
    look = look_at_line(lines, number, second, digits_hold=digits_hold)
    return None if look is None else look.disputes


def _settled(layout: Layout, number: int, position: int, ours: str, letter: Letter) -> bool:
    """Whether what the second reader sees in a place stands for ours, by layout or check digit."""
    character_class = layout.classes[number][position]
    if stands_for(character_class, ours, letter.scores):
        return True
    return _told_apart(layout, number, position, ours, letter.best)


def stands_for(character_class: str, ours: str, scores: Scores) -> bool:
    """Rule 2: whether a symbol that may not stand in a place stands for ours.

    Args:
        character_class: of the place.
        ours: the symbol read there.
        scores: (37,) of the second reader, over ``ALPHABET``.
    """
    permitted = allowed(character_class) - {"<"}
    seen = ALPHABET[int(scores.argmax())]
    if seen in permitted:
        return False
    likeliest = max(permitted, key=lambda c: float(scores[_INDEX[c]]))
    if float(scores[_INDEX[likeliest]]) < _HEARD:
        return _fold(ours) == _fold(seen) and _LETTER_OF.get(seen, ours) == ours
    total = sum(float(scores[_INDEX[c]]) for c in permitted)
    return likeliest == ours and float(scores[_INDEX[ours]]) >= _CLEAR * total


def _told_apart(layout: Layout, number: int, position: int, ours: str, seen: str) -> bool:
    """Rule 3: whether a check digit tells two look-alikes apart, so that the other one is out."""
    if _fold(ours) != _fold(seen) or seen not in allowed(layout.classes[number][position]):
        return False
    open_fields = () if layout.name == "FR-ID" else _WITHOUT_DIGIT
    spans = (layout.fields[name] for name in open_fields if name in layout.fields)
    covered = not any(s.line == number and s.start <= position < s.end for s in spans)
    return covered and seen not in blind_twins(ours)


def _beside_runs(line: str, theirs: str) -> list[int]:
    """Which of their letters stand beside those of the line; all where that is not clear.

    Of all ways to share the letters that are too many among the runs of fillers, the one with the
    fewest other letters counts, if it is the only one.
    """
    every = list(range(len(theirs)))
    if _NO_CODE.match(line) and theirs[1:2] in ("C", "G", "A") and theirs[:1] == "P":
        del every[1]
    pieces = [piece for piece in re.split("(<{2,})", line) if piece]
    letters = [0 if p.startswith("<<") else len(p.replace("<", "")) for p in pieces]
    runs = [number for number, piece in enumerate(pieces) if piece.startswith("<<")]
    extra = len(every) - sum(letters)
    if extra < 0 or not runs or extra > len(line):
        return every
    ours, ways = _fold(line.replace("<", "")), []
    for shares in _shares(extra, len(runs)):
        widths = dict(zip(runs, shares, strict=True))
        kept: list[int] = []
        at, sound = 0, True
        for number, piece in enumerate(pieces):
            width = widths.get(number, letters[number])
            part = every[at : at + width]
            at += width
            if number not in widths:
                kept += part
                continue
            seen = _fold("".join(theirs[k] for k in part))
            end = number == len(pieces) - 1
            if not set(seen) <= set(_FILLER_LOOKS) or not _one_letter_all_along(
                seen, len(piece), at_end=end
            ):
                sound = False
                break
        if sound:
            text = "".join(theirs[k] for k in kept)
            other = sum(a != b for a, b in zip(ours, _fold(text), strict=True))
            ways.append((other, text, kept))
    ways.sort()
    if not ways or (len(ways) > 1 and ways[0][0] == ways[1][0] and ways[0][1] != ways[1][1]):
        return every
    return ways[0][2]


def _shares(total: int, parts: int) -> Iterator[tuple[int, ...]]:
    """All ways to share a number among so many parts."""
    if parts == 1:
        yield (total,)
        return
    for first in range(total + 1):
        for rest in _shares(total - first, parts - 1):
            yield (first, *rest)
