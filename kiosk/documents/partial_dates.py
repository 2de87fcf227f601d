"""Dates of which parts are unknown, compared by what both know.

Rules: a known part that differs makes the dates different; equal known parts with an unknown one on
either side are near, never equal, unless both are unknown in the same places. Sources: ICAO Doc
9303-3, section 4.8; 2D-Doc field 69 (zeros for unknown).
"""

import re
from typing import Final

from kiosk.documents.names import Match
from kiosk.domain.evidence import PartialDate

_DDMMYYYY: Final = re.compile(r"\d{8}", re.ASCII)


def compare_dates(announced: PartialDate, read: PartialDate) -> Match:
    """EQUAL, PREFIX (the parts that both know are equal, others are unknown) or DIFFERENT."""
    if announced == read:
        return Match.EQUAL if read.year is not None else Match.DIFFERENT
    pairs = (
        (announced.year, read.year),
        (announced.month, read.month),
        (announced.day, read.day),
    )
    known = [(one, other) for one, other in pairs if one is not None and other is not None]
    if not known or any(one != other for one, other in known):
        return Match.DIFFERENT
    return Match.PREFIX


def same_but_century(announced: PartialDate, read: PartialDate) -> bool:
    """Whether only the century differs, which a zone of two digits cannot tell."""
    if announced.year is None or read.year is None:
        return False
    parts = (announced.month, announced.day) == (read.month, read.day)
    return parts and abs(announced.year - read.year) == 100


def from_ddmmyyyy(text: str) -> PartialDate | None:
    """A date ``DDMMYYYY``, zeros for unknown parts; None when it has another form."""
    if not _DDMMYYYY.fullmatch(text):
        return None
    day, month, year = int(text[:2]), int(text[2:4]), int(text[4:])
    return PartialDate(year or None, month or None, day or None)
