"""A reading that only a person can settle: which characters are open, and the picture beside them.

Rules, in order:

1. Only characters that frames or check digits left open are offered; the rest of the zone stands.
2. Candidates are what the recogniser itself saw there, likeliest first, of that place's alphabet.
3. The strip is the picture that was read, so that eye and text have the same thing before them.
"""

from __future__ import annotations

from dataclasses import dataclass

from kiosk.capture.picture import Picture


@dataclass(frozen=True, slots=True)
class OpenCharacter:
    """One character that is not certain.

    Attributes:
        line: of the zone, from 0.
        position: in the line, from 0.
        candidates: symbols that it may be, likeliest first; the first stands in the lines.
    """

    line: int
    position: int
    candidates: str


@dataclass(frozen=True, slots=True)
class OpenReading:
    """A zone read but for some characters.

    Attributes:
        layout: name of the layout (``TD1`` ...).
        lines: the text, the likeliest candidate at each open place.
        open: the characters to settle, in reading order; never empty.
        strips: per line (48, 960) grey uint8, upright, as it was read.
        places: per line and character, its centre along the strip as a share of the width, 0 to 1.
    """

    layout: str
    lines: tuple[str, ...]
    open: tuple[OpenCharacter, ...]
    strips: tuple[Picture, ...]
    places: tuple[tuple[float, ...], ...]

    def with_choice(self, choices: tuple[str, ...]) -> tuple[str, ...]:
        """The lines with one symbol for each open character, in their order.

        Raises:
            ValueError: not one symbol for each, or a symbol that is no candidate there.
        """
        if len(choices) != len(self.open):
            raise ValueError("one symbol for each open character")
        rows = [list(line) for line in self.lines]
        for character, symbol in zip(self.open, choices, strict=True):
            if len(symbol) != 1 or symbol not in character.candidates:
                raise ValueError("not a candidate")
            rows[character.line][character.position] = symbol
        return tuple("".join(row) for row in rows)
