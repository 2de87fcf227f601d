"""Which of the codes that were seen count.

Rules, in order:

1. QR, Data Matrix and Aztec count at once. Linear codes, Micro QR and PDF417 are weak (its blurred
   pictures are "corrected" into texts that nobody printed), and so is whatever was read from a
   picture whose blur or bend was taken back by guess. A weak code counts when a second, differently
   prepared look at the same place gives the same, or when it was seen the same way in an earlier
   frame, or when its content proves itself (an item number whose check digit is right). All that
   was restored of one frame is one look: the same blur is behind all of it, and errs alike.
2. Two readings of one place that differ count both for nothing; a weak one must outweigh, by two
   sightings, every other that is remembered there.
3. A second of frames is remembered; numbers are bounded.
4. What does not count is told apart, one for each place where nothing counts: a code is there. Bars
   are not among it: print and guilloches look like some.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from kiosk.documents.codes import PayloadKind, classify
from kiosk.domain.evidence import Verdict
from kiosk.ports import CodeSighting, CodesSeen

MAX_CODES: Final = 16
_MEMORY: Final = 24  # frames for which a weak code is remembered
_WEAK: Final = frozenset({"Code128", "Code39", "EAN13", "MicroQRCode", "PDF417"})
_BARS: Final = frozenset({"Code128", "Code39", "EAN13"})


@dataclass(frozen=True, slots=True)
class Look:
    """One code that one look at a picture gave.

    Attributes:
        sighting: what and where.
        restored: the picture was one whose blur or bend had been taken back by guess.
    """

    sighting: CodeSighting
    restored: bool = False

    @property
    def weak(self) -> bool:
        """Whether it needs a second one beside it."""
        return self.restored or self.sighting.symbology in _WEAK


class Agreement:
    """Decides frame by frame. Used from one thread."""

    def __init__(self) -> None:
        """Nothing was seen yet."""
        self._frame = 0
        self._seen: deque[tuple[int, CodeSighting]] = deque(maxlen=4 * MAX_CODES)

    def forget(self) -> None:
        """The next picture has nothing to do with those before."""
        self._seen.clear()

    def judged(
        self, looks: Sequence[Look], look_again: Callable[[Look], Sequence[CodeSighting]]
    ) -> CodesSeen:
        """What counts of one frame's looks, at most ``MAX_CODES``, and what does not.

        Args:
            looks: of this frame.
            look_again: other looks at the place of a look, differently prepared.
        """
        apart = _without_doubles(looks)[: 2 * MAX_CODES]
        counting = [look for look in apart if self._counts(look, apart, looks, look_again)]
        weak = [look.sighting for look in apart[:MAX_CODES] if look.weak]
        self._seen.extend((self._frame, sighting) for sighting in weak)
        self._frame += 1
        accepted = [look.sighting for look in counting]
        unsure: list[CodeSighting] = []
        for look in apart:
            place = look.sighting
            if place.symbology not in _BARS and not _any_there(place, (*accepted, *unsure)):
                unsure.append(place)
        return CodesSeen(tuple(accepted[:MAX_CODES]), tuple(unsure[:MAX_CODES]))

    def _counts(
        self,
        look: Look,
        apart: Sequence[Look],
        looks: Sequence[Look],
        look_again: Callable[[Look], Sequence[CodeSighting]],
    ) -> bool:
        if any(contradicts(look.sighting, other.sighting) for other in apart):
            return False
        return not look.weak or self._holds(look, looks, look_again)

    def _holds(
        self,
        look: Look,
        looks: Sequence[Look],
        look_again: Callable[[Look], Sequence[CodeSighting]],
    ) -> bool:
        """Rules 1 and 2, for a weak code."""
        sighting = look.sighting
        earlier = [s for frame, s in self._seen if self._frame - frame <= _MEMORY]
        # Itself is among those of this frame.
        alike = [other.restored for other in looks if same_code(sighting, other.sighting)]
        same = sum(same_code(sighting, s) for s in earlier) + alike.count(False) + any(alike)
        others = sum(contradicts(sighting, s) for s in earlier)
        if others:
            return same >= 2 + others
        if same >= 2 or _proves_itself(sighting.payload):
            return True
        again = look_again(look)
        return any(same_code(sighting, s) for s in again) and not any(
            contradicts(sighting, s) for s in again
        )


# --- comparing ------------------------------------------------------------------------------------


def same_code(one: CodeSighting, other: CodeSighting) -> bool:
    """Whether both are of one symbology and say the same."""
    return (one.symbology, one.payload) == (other.symbology, other.payload)


def contradicts(one: CodeSighting, other: CodeSighting) -> bool:
    """Whether they say different things of one place."""
    return one.payload != other.payload and _same_place(one, other)


def _proves_itself(payload: bytes) -> bool:
    known = classify(payload)
    return known.kind is PayloadKind.ITEM_NUMBER and any(
        check.verdict is Verdict.PASS for check in known.checks
    )


def _same_place(one: CodeSighting, other: CodeSighting) -> bool:
    """Whether the middle of one lies within the other (a line is given some height)."""
    a, b = _box(one), _box(other)
    return _holds_middle(a, b) or _holds_middle(b, a)


def _any_there(place: CodeSighting, others: Sequence[CodeSighting]) -> bool:
    return any(_same_place(place, other) for other in others)


def _box(sighting: CodeSighting) -> tuple[float, float, float, float]:
    xs, ys = zip(*sighting.corners, strict=True)
    return min(xs) - 8, min(ys) - 8, max(xs) + 8, max(ys) + 8


def _holds_middle(
    outer: tuple[float, float, float, float], inner: tuple[float, float, float, float]
) -> bool:
    x, y = (inner[0] + inner[2]) / 2, (inner[1] + inner[3]) / 2
    return outer[0] <= x <= outer[2] and outer[1] <= y <= outer[3]


def _without_doubles(looks: Sequence[Look]) -> list[Look]:
    """Each code once, the plainest look at it; two equal codes at two places stay two."""
    apart: list[Look] = []
    for look in sorted(looks, key=lambda one: one.restored):
        if not any(
            same_code(look.sighting, kept.sighting) and _same_place(look.sighting, kept.sighting)
            for kept in apart
        ):
            apart.append(look)
    return apart
