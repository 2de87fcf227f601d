"""Document numbers announced against the one read.

Rules: spaces, dots and hyphens do not count, nor does case; ``O`` and ``0``, ``I`` and ``1`` are
taken for each other only at places where the format of that number forbids one of the two. Any
other difference is a difference.
"""

import re
from typing import Final

from kiosk.documents.names import Match
from kiosk.domain.evidence import DocumentKind

_IGNORED: Final = re.compile(r"[\s.\-]")
_TO_DIGIT: Final = {"O": "0", "I": "1"}
_TO_LETTER: Final = {digit: letter for letter, digit in _TO_DIGIT.items()}
# 9: only a digit may stand there; A: only a letter; X: both, so nothing is repaired.
_PLACES: Final = {
    DocumentKind.FR_PASSPORT: "99AA99999",
    DocumentKind.FR_ID_CARD_1988: "9999XXXXXXXX",
}


def compare_numbers(announced: str, read: str, kind: DocumentKind) -> Match:
    """EQUAL or DIFFERENT; ``kind``: of the document read, whose format allows repairs."""
    places = _PLACES.get(kind, "")
    same = _plain(announced, places) == _plain(read, places)
    return Match.EQUAL if same and read else Match.DIFFERENT


def _plain(number: str, places: str) -> str:
    text = _IGNORED.sub("", number).upper()
    if len(text) != len(places):
        return text
    return "".join(_repaired(c, place) for c, place in zip(text, places, strict=True))


def _repaired(character: str, place: str) -> str:
    if place == "9":
        return _TO_DIGIT.get(character, character)
    return _TO_LETTER.get(character, character) if place == "A" else character
