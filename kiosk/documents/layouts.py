"""Layouts of machine-readable zones: where each field stands, and what each position may hold.

Positions are 0-based and half-open here. Sources: ICAO Doc 9303-4 (TD3), 9303-5 (TD1), 9303-6
(TD2), 9303-7 (MRV-A, MRV-B); old French identity card: 2 lines of 36 that begin with ``IDFRA`` and
are no TD2.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from kiosk.documents.check_digits import ALPHABET, FILLER


class CharacterClass(StrEnum):
    """What a position of the zone may hold; one letter each, so that a line is a word of them."""

    LETTER = "A"  # letters and the filler
    DIGIT = "9"  # digits only
    DATE = "D"  # digits, and the filler for an unknown part
    CHECK = "C"  # a digit, or the filler where the standard allows it
    SEX = "S"  # M, F, X or the filler
    ANY = "X"  # letters, digits and the filler


_DIGITS: Final = frozenset("0123456789")
_ALLOWED: Final = {
    CharacterClass.LETTER: (frozenset(ALPHABET) - _DIGITS) | {FILLER},
    CharacterClass.DIGIT: _DIGITS,
    CharacterClass.DATE: _DIGITS | {FILLER},
    CharacterClass.CHECK: _DIGITS | {FILLER},
    CharacterClass.SEX: frozenset("MFX<"),
    CharacterClass.ANY: frozenset(ALPHABET) | {FILLER},
}


def allowed(character_class: str) -> frozenset[str]:
    """The characters that a class holds. Raises ValueError for an unknown class."""
    return _ALLOWED[CharacterClass(character_class)]


@dataclass(frozen=True, slots=True)
class Span:
    """Characters ``start`` to ``end`` (0-based, half-open) of line ``line``."""

    line: int
    start: int
    end: int

    def of(self, lines: Sequence[str]) -> str:
        """The characters of this span."""
        return lines[self.line][self.start : self.end]

    @property
    def width(self) -> int:
        """Number of characters."""
        return self.end - self.start


@dataclass(frozen=True, slots=True)
class Layout:
    """One layout.

    Attributes:
        name: ``TD1``, ``TD2``, ``TD3``, ``FR-ID``, ``MRV-A`` or ``MRV-B``.
        lines: number of lines.
        width: characters a line.
        fields: where each field stands. Every layout has ``code``, ``issuer``, ``names``,
            ``number``, ``number_check``, ``birth``, ``birth_check`` and ``sex``.
        composite: spans that the composite check digit covers, in order; empty where there is none.
        classes: one word of :class:`CharacterClass` letters a line.
    """

    name: str
    lines: int
    width: int
    fields: Mapping[str, Span]
    composite: tuple[Span, ...]
    classes: tuple[str, ...]

    def get(self, field: str, lines: Sequence[str]) -> str:
        """Text of a field, fillers kept; ``""`` where the layout has no such field."""
        span = self.fields.get(field)
        return "" if span is None else span.of(lines)

    def composite_text(self, lines: Sequence[str]) -> str:
        """The characters that the composite check digit covers."""
        return "".join(span.of(lines) for span in self.composite)


_FIELD_CLASSES: Final = {
    "code": CharacterClass.LETTER,
    "issuer": CharacterClass.LETTER,
    "nationality": CharacterClass.LETTER,
    "names": CharacterClass.LETTER,
    "given_names": CharacterClass.LETTER,
    "number_check": CharacterClass.CHECK,
    "birth": CharacterClass.DATE,
    "birth_check": CharacterClass.DIGIT,
    "sex": CharacterClass.SEX,
    "expiry": CharacterClass.DATE,
    "expiry_check": CharacterClass.DIGIT,
    "optional_check": CharacterClass.CHECK,
    "composite": CharacterClass.DIGIT,
}


def _layout(name: str, lines: int, width: int, fields: str, composite: str) -> Layout:
    """A layout from words such as ``birth=1:0-6``; the composite's spans are ``1:0-7``."""
    spans = {word.split("=")[0]: _span(word.split("=")[1]) for word in fields.split()}
    rows = [[CharacterClass.ANY.value] * width for _ in range(lines)]
    for field, span in spans.items():
        letter = _FIELD_CLASSES.get(field, CharacterClass.ANY).value
        rows[span.line][span.start : span.end] = letter * span.width
    return Layout(
        name=name,
        lines=lines,
        width=width,
        fields=MappingProxyType(spans),
        composite=tuple(_span(word) for word in composite.split()),
        classes=tuple("".join(row) for row in rows),
    )


def _span(text: str) -> Span:
    line, positions = text.split(":")
    start, end = positions.split("-")
    return Span(int(line), int(start), int(end))


TD1: Final = _layout(
    "TD1",
    3,
    30,
    "code=0:0-2 issuer=0:2-5 number=0:5-14 number_check=0:14-15 optional=0:15-30 "
    "birth=1:0-6 birth_check=1:6-7 sex=1:7-8 expiry=1:8-14 expiry_check=1:14-15 "
    "nationality=1:15-18 optional_2=1:18-29 composite=1:29-30 names=2:0-30",
    "0:5-30 1:0-7 1:8-15 1:18-29",
)
TD2: Final = _layout(
    "TD2",
    2,
    36,
    "code=0:0-2 issuer=0:2-5 names=0:5-36 number=1:0-9 number_check=1:9-10 nationality=1:10-13 "
    "birth=1:13-19 birth_check=1:19-20 sex=1:20-21 expiry=1:21-27 expiry_check=1:27-28 "
    "optional=1:28-35 composite=1:35-36",
    "1:0-10 1:13-20 1:21-35",
)
TD3: Final = _layout(
    "TD3",
    2,
    44,
    "code=0:0-2 issuer=0:2-5 names=0:5-44 number=1:0-9 number_check=1:9-10 nationality=1:10-13 "
    "birth=1:13-19 birth_check=1:19-20 sex=1:20-21 expiry=1:21-27 expiry_check=1:27-28 "
    "optional=1:28-42 optional_check=1:42-43 composite=1:43-44",
    "1:0-10 1:13-20 1:21-43",
)
MRV_A: Final = _layout(
    "MRV-A",
    2,
    44,
    "code=0:0-2 issuer=0:2-5 names=0:5-44 number=1:0-9 number_check=1:9-10 nationality=1:10-13 "
    "birth=1:13-19 birth_check=1:19-20 sex=1:20-21 expiry=1:21-27 expiry_check=1:27-28 "
    "optional=1:28-44",
    "",
)
MRV_B: Final = _layout(
    "MRV-B",
    2,
    36,
    "code=0:0-2 issuer=0:2-5 names=0:5-36 number=1:0-9 number_check=1:9-10 nationality=1:10-13 "
    "birth=1:13-19 birth_check=1:19-20 sex=1:20-21 expiry=1:21-27 expiry_check=1:27-28 "
    "optional=1:28-36",
    "",
)
FR_ID: Final = _layout(
    "FR-ID",
    2,
    36,
    "code=0:0-2 issuer=0:2-5 names=0:5-30 office=0:30-36 number=1:0-12 number_check=1:12-13 "
    "given_names=1:13-27 birth=1:27-33 birth_check=1:33-34 sex=1:34-35 composite=1:35-36",
    "0:0-36 1:0-35",
)
LAYOUTS: Final[Mapping[str, Layout]] = MappingProxyType(
    {layout.name: layout for layout in (TD1, TD2, TD3, FR_ID, MRV_A, MRV_B)}
)


def layout_of(lines: Sequence[str]) -> Layout | None:
    """The layout that these lines have, by their number, their width and their first characters."""
    shape = (len(lines), *{len(line) for line in lines})
    if shape == (3, 30):
        return TD1
    if shape == (2, 44):
        return MRV_A if lines[0].startswith("V") else TD3
    if shape == (2, 36):
        # The old French card first: read as a TD2 it would give nonsense.
        if lines[0].startswith("IDFRA"):
            return FR_ID
        return MRV_B if lines[0].startswith("V") else TD2
    return None


def character_classes(layout: str) -> tuple[str, ...]:
    """One word a line; letter *i* is the :class:`CharacterClass` of position *i*.

    Raises:
        KeyError: no such layout.
    """
    return LAYOUTS[layout].classes
