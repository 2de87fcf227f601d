"""Where one is in a machine-readable zone: field, check digit, and what a place cannot hold.

Rules, in order:

1. The layout is given, not guessed: a person who types has chosen it, and the lines are not whole.
2. A check digit is judged only once everything that it covers was typed; before that it is open.
3. What cannot stand at a place is told, with the look-alike that can; nothing is changed here.

Sources: ICAO Doc 9303-3 (look-alikes by the class of a position), layouts as in
:mod:`kiosk.documents.layouts`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from kiosk.documents.check_digits import FILLER
from kiosk.documents.layouts import Layout, Span, allowed
from kiosk.documents.mrz import digit_checks
from kiosk.domain.evidence import Verdict

CHECK_PLACES: Final = {
    "document_number": "number_check",
    "birth_date": "birth_check",
    "expiry_date": "expiry_check",
    "optional_data": "optional_check",
    "composite": "composite",
}
"""Name of a check digit's check (without ``mrz.``), and the field where the digit stands."""

_COVERED: Final = {
    "document_number": ("number",),
    "birth_date": ("birth",),
    "expiry_date": ("expiry",),
    "optional_data": ("optional",),
}
_CHECK_FIELDS: Final = {field: name for name, field in CHECK_PLACES.items()}
_LOOK_ALIKES: Final = ("O0", "Q0", "D0", "I1", "L1", "Z2", "S5", "G6", "B8")


@dataclass(frozen=True, slots=True)
class Place:
    """One position of a zone.

    Attributes:
        field: name in the layout (``number``, ``birth`` ...); ``""`` where no field stands.
        index: in the field, from 0.
        digit_of: name of the check whose digit stands here (``document_number`` ...), or ``""``.
    """

    field: str
    index: int
    digit_of: str = ""


class DigitState(StrEnum):
    """How a check digit stands."""

    OPEN = "open"
    RIGHT = "right"
    WRONG = "wrong"


@dataclass(frozen=True, slots=True)
class Digit:
    """A check digit of a zone.

    Attributes:
        name: of its check, without ``mrz.``.
        place: where the digit stands.
        covered: the field that it covers, as one span; None for the composite digit.
        state: open until all that it covers is there.
    """

    name: str
    place: Span
    covered: Span | None
    state: DigitState


@dataclass(frozen=True, slots=True)
class Misplaced:
    """A character that its position cannot hold, and the look-alike that it can, or ``""``."""

    line: int
    position: int
    character: str
    instead: str


def place_of(layout: Layout, line: int, position: int) -> Place:
    """The field at a position (both from 0), and where in it."""
    for name, span in layout.fields.items():
        if span.line == line and span.start <= position < span.end:
            return Place(name, position - span.start, _CHECK_FIELDS.get(name, ""))
    return Place("", position)


def digits_of(layout: Layout, lines: Sequence[str]) -> tuple[Digit, ...]:
    """The check digits of lines that may still be short, in the order of the layout's checks.

    Args:
        layout: chosen.
        lines: as far as they were typed, capitals, without white space.
    """
    rows = tuple(line[: layout.width].ljust(layout.width, FILLER) for line in _all(layout, lines))
    lengths = [len(line) for line in _all(layout, lines)]
    verdicts = {c.code.removeprefix("mrz."): c.verdict for c in digit_checks(layout, rows)}
    found = []
    for name, verdict in verdicts.items():
        place = layout.fields[CHECK_PLACES[name]]
        fields = [layout.fields[field] for field in _COVERED.get(name, ())]
        spans = [place, *(fields or layout.composite)]
        if name == "document_number" and layout.get("number_check", rows) == FILLER:
            # The number may run on into the optional field: the digit comes after it.
            spans += [layout.fields[field] for field in ("optional",) if field in layout.fields]
        whole = all(lengths[span.line] >= span.end for span in spans)
        state = DigitState.RIGHT if verdict is Verdict.PASS else DigitState.WRONG
        found.append(
            Digit(name, place, fields[0] if fields else None, state if whole else DigitState.OPEN)
        )
    return tuple(found)


def misplaced(layout: Layout, lines: Sequence[str]) -> tuple[Misplaced, ...]:
    """Characters that cannot stand where they are, in reading order."""
    found = []
    for number, (line, classes) in enumerate(zip(_all(layout, lines), layout.classes, strict=True)):
        for position, (character, kind) in enumerate(zip(line, classes, strict=False)):
            if character not in allowed(kind):
                instead = next((c for c in _twins(character) if c in allowed(kind)), "")
                found.append(Misplaced(number, position, character, instead))
    return tuple(found)


def _twins(character: str) -> tuple[str, ...]:
    return tuple(pair[1 - pair.index(character)] for pair in _LOOK_ALIKES if character in pair)


def _all(layout: Layout, lines: Sequence[str]) -> tuple[str, ...]:
    """As many lines as the layout has."""
    return (*lines[: layout.lines], *[""] * (layout.lines - len(lines)))
