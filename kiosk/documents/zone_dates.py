"""Dates of a machine-readable zone: six characters, unknown parts, and the century they belong to.

Rules: a birth is the latest one that is not after the limit; an expiry is in the year within 30
years before and 50 years after the act, else in the nearest to that window; years 87 to 99 of old
French card numbers are 1987 to 1999. A filler (or a zero, which is doubtful) is an unknown part.
Source: ICAO Doc 9303-3, section 4.8 (form); the century is not in the standard.
"""

import re
from dataclasses import dataclass
from datetime import date
from typing import Final

from kiosk.domain.evidence import PartialDate

_FORM: Final = re.compile(r"(\d\d|<<)(\d\d|<<)(\d\d|<<)", re.ASCII)
_EXPIRY_PAST_YEARS: Final = 30
_EXPIRY_FUTURE_YEARS: Final = 50
_FIRST_YEAR_OF_OLD_CARDS: Final = 87
_LEAP_YEAR: Final = 2000


@dataclass(frozen=True, slots=True)
class CalendarProblem:
    """Something odd about a date; ``certain`` when no genuine document can have it."""

    detail: str
    certain: bool


@dataclass(frozen=True, slots=True)
class BirthDate:
    """A birth date as read, and its problems."""

    value: PartialDate
    problems: tuple[CalendarProblem, ...] = ()


@dataclass(frozen=True, slots=True)
class ExpiryDate:
    """An expiry date as read (None: none, or no date), and its problems."""

    value: date | None
    problems: tuple[CalendarProblem, ...] = ()


def birth_date_of(field: str, limit: date) -> BirthDate:
    """Birth date of a field of six characters.

    Args:
        field: ``YYMMDD``, each part possibly ``<<``.
        limit: latest possible day: the date of the act, or of issue where it is known.
    """
    match = _FORM.fullmatch(field)
    if match is None:
        return BirthDate(PartialDate(None), (CalendarProblem("birth-form", certain=True),))
    year, month, day = (None if part == "<<" else int(part) for part in match.groups())
    problems = []
    if 0 in (month, day):
        # Some issuers write zeros where the standard asks for fillers.
        month, day = month or None, day or None
        problems.append(CalendarProblem("birth-zeros", certain=False))
    full_year = None if year is None else _birth_year(year, month, day, limit)
    if not _exists(full_year, month, day):
        problems.append(CalendarProblem("birth-impossible", certain=True))
    return BirthDate(PartialDate(full_year, month, day), tuple(problems))


def _birth_year(year: int, month: int | None, day: int | None, limit: date) -> int:
    """The latest year with these last two digits that is not after ``limit``."""
    full_year = limit.year // 100 * 100 + year
    known = (full_year, month or 1, day or 1)
    return full_year if known <= (limit.year, limit.month, limit.day) else full_year - 100


def _exists(year: int | None, month: int | None, day: int | None) -> bool:
    try:
        date(year or _LEAP_YEAR, month or 1, day or 1)
    except ValueError:
        return False
    return True


def expiry_date_of(field: str, today: date) -> ExpiryDate:
    """Expiry date of a field ``YYMMDD``; all fillers mean that none is written."""
    if field == "<<<<<<":
        return ExpiryDate(None, (CalendarProblem("no-expiry", certain=False),))
    if not (field.isascii() and field.isdigit()):
        return ExpiryDate(None, (CalendarProblem("expiry-form", certain=True),))
    century = today.year // 100 * 100
    years = [century + shift + int(field[:2]) for shift in (-100, 0, 100)]
    year = min(years, key=lambda candidate: _years_outside(candidate, today))
    try:
        return ExpiryDate(date(year, int(field[2:4]), int(field[4:6])))
    except ValueError:
        return ExpiryDate(None, (CalendarProblem("expiry-impossible", certain=True),))


def _years_outside(year: int, today: date) -> int:
    """How far a year lies outside the window around ``today``; 0 inside."""
    offset = year - today.year
    return max(0, -_EXPIRY_PAST_YEARS - offset, offset - _EXPIRY_FUTURE_YEARS)


def issue_month_of(field: str) -> date | None:
    """First day of the month ``YYMM`` that begins an old French card's number, None if no month."""
    if not (field.isascii() and field.isdigit()) or not 1 <= int(field[2:]) <= 12:
        return None
    year = int(field[:2])
    return date(year + (1900 if year >= _FIRST_YEAR_OF_OLD_CARDS else 2000), int(field[2:]), 1)
