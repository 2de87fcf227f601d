"""The second reader's opinion, one strip a frame: it is slow, and the picture must stay alive.

Rules, in order:

1. An opinion is on one text: another text begins anew.
2. Each call looks at one line of the strips given, which must be strips of that text.
3. A line that was seen the same once is confirmed; the others are looked at again in later frames,
   because a second reader needs a good frame more than the first.
4. Where a few characters of a line are seen otherwise and all others the same, the calls that
   follow show it each of them by itself (:mod:`kiosk.capture.alone`). One that is seen the same
   twice more often than not, so or in its line, is disputed no longer. One picture says it once,
   however often it is looked at.
5. An opinion is given when every line is confirmed, and after each round over those that are not.
   What was confirmed stays confirmed until another card may lie there: another text was read, whole
   or without a doubt, or nothing was in sight.
6. A strip whose blur was taken back by guess (:mod:`kiosk.services.restoration`) shows the second
   reader what the first one saw there, and what the filter drew, it draws in every frame. One guess
   says a thing once, and a line is confirmed by two of them. A character that strips as they are
   show as one and the same other character twice, and not once as it was read, no restoration
   settles: blur errs here and there, print does not. Without a second reader nothing that was
   restored is confirmed.
7. A dispute names characters only where both texts have as many letters; else a letter was lost or
   doubled, and nobody knows where.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from kiosk.capture.alone import alone, seen_alone
from kiosk.capture.opinion import Dispute, LineLook, look_at_line
from kiosk.capture.zone_lines import for_general
from kiosk.ports import TextReader

if TYPE_CHECKING:
    from kiosk.capture.deblur import Blur
    from kiosk.capture.picture import Picture

_MOST_SHOWN = 4
"""Characters of one line that are shown by themselves; more is another line, or a bad frame."""
_AT_ONCE = 2
"""Characters shown in one frame: together they cost less than a line."""
_LEAD, _TIMES = 2, 8
"""By how many times more a character must be seen the same than not, and how often it is looked at
at most."""
_REMEMBERED = 24
"""Pictures of a character that are known as counted: of so many frames a vote offers the best."""

_GUESSES, _CONTRADICTS = 2, 2
"""By how many guesses a line must be seen the same where it is not seen so as it is, and in how
many strips as they are one other character is there, not in a blur."""

_Place = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Opinion:
    """What the second reader says of a text.

    Attributes:
        agrees: it sees the same.
        disputes: characters that it sees otherwise; None where the texts cannot be laid side by
            side.
    """

    agrees: bool
    disputes: tuple[Dispute, ...] | None = ()


class Confirmation:
    """Collects the opinion on one text over several frames."""

    def __init__(self, second: TextReader | None) -> None:
        """``second``: made differently than the first; without one everything is confirmed."""
        self._second = second
        self.reset()

    def reset(self) -> None:
        """Forget what was seen."""
        self._lines: tuple[str, ...] = ()
        self._open: list[int] = []
        self._at = 0
        self._disputes: list[Dispute] | None = []
        self._asked: list[Dispute] = []
        self._before: tuple[Dispute, ...] = ()
        self._same: Counter[_Place] = Counter()
        self._other: Counter[_Place] = Counter()
        self._counted: dict[_Place, deque[Picture]] = {}
        self._guesses: dict[int, set[Blur]] = {}
        self._said: set[tuple[_Place, Blur]] = set()
        self._as_it_is: dict[_Place, Counter[str]] = {}
        self._blur: Blur | None = None
        self._blur_of_line: Blur | None = None
        self._looks: Counter[int] = Counter()

    def confirmed(self, lines: tuple[str, ...]) -> bool:
        """Whether every line of this text is confirmed."""
        return lines == self._lines and not self._open

    def looks(self, lines: tuple[str, ...]) -> int:
        """How often the line of this text was looked at that is looked at next."""
        if lines != self._lines or not self._open:
            return 0
        return self._looks[self._open[self._at]]

    def is_news(self, lines: tuple[str, ...], blur: Blur) -> bool:
        """Whether a restoration by this guess can say more of the line that is looked at next."""
        if lines != self._lines or not self._open:
            return True
        if self._asked:
            return any(self._may_say((d.line, d.position), blur) for d in self._asked)
        return blur not in self._guesses.get(self._open[self._at], ())

    def note(self, lines: tuple[str, ...] | None) -> None:
        """A frame was surely read as these lines; None: it shows neither document nor zone.

        Where they are not those that were confirmed, another card may lie there: a frame that is
        read as the former text again does not stand on looks at the former card.
        """
        if not self._open and lines != self._lines:
            self.reset()

    def step(
        self,
        lines: tuple[str, ...],
        strips: Sequence[Picture],
        *,
        digits_hold: bool,
        places: Sequence[Sequence[float]] = (),
        blur: Blur | None = None,
    ) -> Opinion | None:
        """Look at one more strip; the opinion once every open line was looked at, else None.

        Args:
            lines: the text, top to bottom.
            strips: per line (48, 960) grey uint8, upright.
            digits_hold: every check digit of the text is right.
            places: per line the middle of each character along its strip, as a share of its width;
                without them no character is shown by itself.
            blur: that was taken back in the strips; None: they are as they were seen.
        """
        if self._second is None:
            return Opinion(agrees=blur is None)
        if lines != self._lines:
            self.reset()
            self._lines, self._open = lines, list(range(len(lines)))
        if not self._open:
            return Opinion(agrees=True)
        number = self._open[self._at]
        self._blur = blur
        self._looks[number] += 1
        if self._asked and places:
            self._show(self._second, strips[number], places[number], digits_hold=digits_hold)
        else:
            strip = for_general(strips[number], len(lines))
            scores = self._second.recognise([strip])[0]
            look = look_at_line(lines, number, scores, digits_hold=digits_hold)
            self._take(number, look, strips[number], may_show=bool(places))
        return None if self._asked else self._opinion()

    def _take(self, number: int, look: LineLook | None, strip: Picture, *, may_show: bool) -> None:
        """What a look at a line says of it, and what is to be shown next."""
        self._asked, self._blur_of_line = [], self._blur
        if look is not None and look.alike:
            self._count_again(number, look, strip)
            if self._blur is None and len(look.disputes) <= _MOST_SHOWN:
                self._remember(number, look)
        left = () if look is None else self._left(look.disputes)
        if look is not None and look.alike and not left:
            self._seen(number)
            return
        if may_show and look is not None and look.alike and len(left) <= _MOST_SHOWN:
            self._asked = [d for d in left if self._undecided(d) and self._is_new(d, strip)]
        if self._asked:
            self._before = left
            return
        self._disputed(None if look is None else left)

    def _seen(self, number: int) -> None:
        """A line was seen the same: confirmed, or by a restoration for the first time.

        Characters of it that were shown as they are, by themselves, say nothing of the others.
        """
        blur = self._blur_of_line or self._blur
        if blur is not None:
            guesses = self._guesses.setdefault(number, set())
            guesses.add(blur)
            settled = not any(self._contradicted(p) for p in self._as_it_is if p[0] == number)
            if len(guesses) < _GUESSES or not settled:
                self._at += 1
                return
        del self._open[self._at]

    def _remember(self, number: int, look: LineLook) -> None:
        """What a strip as it is shows: of a place that was ever disputed, the symbol each time."""
        seen = {d.position: d.seen for d in look.disputes}
        for place in {*self._as_it_is, *((number, position) for position in seen)}:
            if place[0] == number:
                ours = self._lines[number][place[1]]
                self._as_it_is.setdefault(place, Counter())[seen.get(place[1], ours)] += 1

    def _contradicted(self, place: _Place) -> bool:
        """Rule 6: strips as they are show another character there, and always the same."""
        seen = self._as_it_is.get(place)
        if seen is None or seen[self._lines[place[0]][place[1]]]:
            return False
        return max(seen.values()) >= _CONTRADICTS

    def _count_again(self, number: int, look: LineLook, strip: Picture) -> None:
        """A character that was disputed before and is not now was seen the same once more."""
        disputed = {(d.line, d.position) for d in look.disputes}
        for place in tuple(self._counted):
            if place[0] == number and place not in disputed:
                self._count(place, strip, same=True)

    def _count(self, place: _Place, strip: Picture, *, same: bool) -> None:
        """One more look at a place, if it was another picture than those before."""
        pictures = self._counted.setdefault(place, deque(maxlen=_REMEMBERED))
        if any(strip is counted for counted in pictures):
            return
        if self._blur is not None and same:
            if self._may_say(place, self._blur):
                self._said.add((place, self._blur))
                pictures.append(strip)
            return
        pictures.append(strip)
        (self._same if same else self._other)[place] += 1

    def _may_say(self, place: _Place, blur: Blur) -> bool:
        """Whether a restoration by this guess counts where a character was seen otherwise."""
        return not self._contradicted(place) and (place, blur) not in self._said

    def _said_so(self, place: _Place) -> int:
        """How many guesses showed the same where it was not seen otherwise as it is."""
        if self._contradicted(place):
            return 0
        return sum(said == place for said, _ in self._said)

    def _is_new(self, dispute: Dispute, strip: Picture) -> bool:
        """Whether this picture of the character was not counted yet."""
        place = (dispute.line, dispute.position)
        if self._blur is not None and not self._may_say(place, self._blur):
            return False
        counted = self._counted.get(place, ())
        return not any(strip is picture for picture in counted)

    def _show(
        self, second: TextReader, strip: Picture, places: Sequence[float], *, digits_hold: bool
    ) -> None:
        """Show some characters by themselves; the line is done when none is left to be shown."""
        new = [d for d in self._asked if self._is_new(d, strip)]
        shown = new[:_AT_ONCE]
        later = [d for d in self._asked if d not in shown]
        seen = second.recognise([alone(strip, places, d.position) for d in shown]) if shown else []
        for dispute, scores in zip(shown, seen, strict=True):
            place = (dispute.line, dispute.position)
            same = seen_alone(self._lines, *place, scores, digits_hold=digits_hold)
            self._count(place, strip, same=same)
        # By turns, each of them in several frames; a picture that was shown says nothing more.
        self._asked = [d for d in (*later, *shown) if shown and self._undecided(d)]
        if self._asked:
            return
        left = self._left(self._before)
        if left:
            self._disputed(left)
        else:
            self._seen(self._open[self._at])

    def _disputed(self, found: Sequence[Dispute] | None) -> None:
        self._at += 1
        if found is None or self._disputes is None:
            self._disputes = None
        else:
            self._disputes.extend(found)

    def _left(self, found: Sequence[Dispute]) -> tuple[Dispute, ...]:
        """Those that were not seen the same by themselves."""
        return tuple(d for d in found if self._lead((d.line, d.position)) < _LEAD)

    def _undecided(self, dispute: Dispute) -> bool:
        place = (dispute.line, dispute.position)
        shown = self._same[place] + self._other[place] + self._said_so(place)
        return abs(self._lead(place)) < _LEAD and shown < _TIMES

    def _lead(self, place: _Place) -> int:
        return self._same[place] + self._said_so(place) - self._other[place]

    def _opinion(self) -> Opinion | None:
        if not self._open:
            return Opinion(agrees=True)
        if self._at < len(self._open):
            return None
        seen = self._disputes
        self._at, self._disputes = 0, []
        return Opinion(agrees=False, disputes=None if seen is None else tuple(seen))
