"""What the agent settles of a zone, character by character. No widget, no thread.

Rules, in order: only open characters are chosen, and only among their candidates; a character is
settled when the agent chose it, never because it is the likeliest; a check digit is judged once
nothing open is left in what it covers; the text is ready when all is settled and every digit holds.
"""

from dataclasses import replace
from typing import TYPE_CHECKING

from kiosk.documents.layouts import LAYOUTS, Layout, Span
from kiosk.documents.zone_places import Digit, DigitState, Place, digits_of, place_of

if TYPE_CHECKING:
    from kiosk.capture.doubt import OpenCharacter, OpenReading


class Settling:
    """One open reading, frozen, and the choices made so far."""

    def __init__(self, reading: "OpenReading") -> None:
        self.reading = reading
        self._choices: list[str] = [""] * len(reading.open)
        self._index = 0

    @property
    def layout(self) -> Layout:
        """Layout of the zone."""
        return LAYOUTS[self.reading.layout]

    @property
    def index(self) -> int:
        """Number of the open character in hand, from 0."""
        return self._index

    @property
    def current(self) -> "OpenCharacter":
        """The open character in hand."""
        return self.reading.open[self._index]

    @property
    def place(self) -> Place:
        """Where the character in hand stands."""
        return place_of(self.layout, self.current.line, self.current.position)

    @property
    def chosen(self) -> str:
        """The choice made for the character in hand, or ``""``."""
        return self._choices[self._index]

    @property
    def unsettled(self) -> int:
        """How many characters are still open."""
        return self._choices.count("")

    @property
    def lines(self) -> tuple[str, ...]:
        """The text with the choices made; the likeliest candidate where none was made yet."""
        filled = tuple(
            choice or character.candidates[0]
            for choice, character in zip(self._choices, self.reading.open, strict=True)
        )
        return self.reading.with_choice(filled)

    @property
    def digits(self) -> tuple[Digit, ...]:
        """The check digits; open while something that they cover is."""
        return tuple(
            replace(digit, state=DigitState.OPEN) if self._is_open(digit) else digit
            for digit in digits_of(self.layout, self.lines)
        )

    @property
    def ready(self) -> bool:
        """Whether the text can be confirmed."""
        return not self.unsettled and all(d.state is DigitState.RIGHT for d in self.digits)

    def is_settled(self, number: int) -> bool:
        """Whether the agent chose for the open character ``number``."""
        return bool(self._choices[number])

    def choose(self, symbol: str) -> bool:
        """Settle the character in hand and go on to the next open one; False: no candidate."""
        if len(symbol) != 1 or symbol not in self.current.candidates:
            return False
        self._choices[self._index] = symbol
        rest = [*range(self._index + 1, len(self._choices)), *range(self._index)]
        self._index = next((n for n in rest if not self._choices[n]), self._index)
        return True

    def take_back(self) -> None:
        """Open the character in hand again; where it is open already, the one before."""
        if not self.chosen:
            self.move(-1)
        self._choices[self._index] = ""

    def move(self, step: int) -> None:
        """Take another character in hand, without choosing; stops at both ends."""
        self._index = min(max(self._index + step, 0), len(self._choices) - 1)

    def go_to(self, line: int, position: int) -> None:
        """Take the open character nearest to a position of a line in hand."""
        there = [n for n, c in enumerate(self.reading.open) if c.line == line]
        if there:
            self._index = min(there, key=lambda n: abs(self.reading.open[n].position - position))

    def _is_open(self, digit: Digit) -> bool:
        spans: tuple[Span, ...] = (digit.place, *self.layout.composite)
        if digit.covered is not None:
            spans = (digit.place, digit.covered)
        return any(
            not choice and span.line == c.line and span.start <= c.position < span.end
            for choice, c in zip(self._choices, self.reading.open, strict=True)
            for span in spans
        )
