"""A side without a zone: taken when it shows, again and again, what such a side shows.

Rules, in order:

1. A plain front shows a portrait again and again, a plain back never does. Both lie still and are
   sharp: a zone that blur hides must not pass for a side without one.
2. What the side is, its heading says. That is read line by line, one or two a frame, beside the
   other frames: a card that must not be scanned is not taken, and the agent is told for a while.
3. What is taken is the very picture whose heading was read: heading, portrait and print are of one
   card, whatever lies there by then.
4. The first picture that shows enough is named, so that nobody waits for a better one. Where one
   that came meanwhile is clearly sharper (the lens was still finding its focus), its heading is
   read too, once, and it is taken whole; the first one is, where only its heading says something.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from kiosk.capture.guidance import MAX_GLARE
from kiosk.capture.portrait import find_portrait
from kiosk.capture.rectify import rectified
from kiosk.documents.identification import Identification
from kiosk.documents.series import Family
from kiosk.domain.evidence import Side
from kiosk.services.gradual import Gradual
from kiosk.services.look import Look
from kiosk.services.side_taking import PlainSide, SideTaker, TakenSide

if TYPE_CHECKING:
    from kiosk.capture.picture import Picture

_FRONT_PORTRAITS = 3
_BACK_FRAMES = 10
_NAMED_FROM = 2  # frames of a back that shows no portrait, after which its heading is looked at
_FORBIDDEN_FRAMES = 45  # how long the agent is told to take a forbidden card away
_SHARP_ENOUGH = 0.05
_SHARPER = 1.2
"""How many times sharper a later picture must be for its heading to be read too."""


@dataclass(frozen=True, slots=True)
class _Named:
    """The picture whose heading is read.

    Attributes:
        card: (H, 1012, 3) BGR, straightened and upright.
        portrait: (h, w, 3) BGR cut from it, or None.
        sharpness: of the frame, 0 to 1.
    """

    card: Picture
    portrait: Picture | None
    sharpness: float


class PlainSides:
    """Collects what frames without a zone show."""

    def __init__(self, taker: SideTaker) -> None:
        """``taker``: names the side and takes it."""
        self._taker = taker
        self.reset()

    def reset(self) -> None:
        """Forget what was seen."""
        self._forbidden = 0
        self._begin_again()

    def _begin_again(self) -> None:
        self._frames = self._portraits = 0
        self._naming: Gradual[Identification] | None = None
        self._named: _Named | None = None
        self._sharper: _Named | None = None
        self._first: tuple[_Named, Identification] | None = None
        self.portrait_seen: bool | None = None
        """Whether the last frame that was looked at showed a portrait; None before."""

    @property
    def warned(self) -> bool:
        """Whether the agent is to be told to take a forbidden card away; counted frame by frame."""
        if not self._forbidden:
            return False
        self._forbidden -= 1
        return True

    def interrupt(self) -> None:
        """A zone is in sight."""
        self._frames = 0
        self._unname()

    def lose(self) -> None:
        """No document is in sight: the next one has a heading of its own."""
        self._unname()

    def _unname(self) -> None:
        self._naming = self._named = self._sharper = self._first = None

    def add(self, look: Look, side: Side, *, zone_expected: bool) -> TakenSide | None:
        """What came of it with this frame; None as long as the side is not taken."""
        if look.corners is None:
            return None
        if look.quality.glare > MAX_GLARE or look.quality.sharpness < _SHARP_ENOUGH:
            return None
        self._frames += 1
        portrait_turn = self._frames % 2 == 0
        if self._naming is not None:
            self._naming.step(1 if portrait_turn else 2)
        if not portrait_turn:
            return None
        found = self._portrait_of(look)
        if found is not None:
            self._portraits += 1
        elif self._portraits:
            self._portraits -= 1
        if zone_expected or not self._may_be(side, found is not None):
            return None
        if self._named is None or look.quality.sharpness >= _SHARPER * self._named.sharpness:
            portrait, card = found or (None, rectified(look.frame.image, look.corners))
            self._look_at_heading(_Named(card, portrait, look.quality.sharpness), side)
        return self._taken(side) if self._seen_enough(side) else None

    def _look_at_heading(self, seen: _Named, side: Side) -> None:
        """Rule 4."""
        if self._named is None:
            self._name(seen, side)
        elif self._sharper is None or seen.sharpness > self._sharper.sharpness:
            self._sharper = seen

    def _name(self, seen: _Named, side: Side) -> None:
        self._named = seen
        self._naming = self._taker.identify(seen.card, side)

    def _may_be(self, side: Side, portrait: bool) -> bool:
        """Whether this frame looks like that side."""
        if side is Side.FRONT:
            return portrait
        return not self._portraits and self._frames >= _NAMED_FROM

    def _seen_enough(self, side: Side) -> bool:
        front = side is Side.FRONT
        return self._portraits >= _FRONT_PORTRAITS if front else self._frames >= _BACK_FRAMES

    def _taken(self, side: Side) -> TakenSide | None:
        if self._naming is None or self._named is None or not self._naming.done:
            return None
        known, named = self._naming.outcome, self._named
        if known.forbidden:
            # Nothing of it is kept.
            self._begin_again()
            self._forbidden = _FORBIDDEN_FRAMES
            return None
        if self._sharper is not None and self._first is None:
            self._first = named, known
            self._name(self._sharper, side)
            return None
        if self._first is not None and known.family is Family.UNKNOWN:
            says_more = self._first[1].family is not Family.UNKNOWN
            named, known = self._first if says_more else (named, known)
        seen = PlainSide(named.card, named.portrait, side, known, self._frames)
        return self._taker.plain(seen, named.sharpness)

    def _portrait_of(self, look: Look) -> tuple[Picture, Picture] | None:
        """The portrait and the side that bears it, both upright."""
        if look.corners is None:
            return None
        for flipped in (False, True):
            card = rectified(look.frame.image, look.corners, flipped=flipped)
            portrait = find_portrait(card)
            if portrait is not None:
                self.portrait_seen = True
                return portrait, card
        self.portrait_seen = False
        return None
