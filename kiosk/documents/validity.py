"""Ages, and until when a document is valid, with the French extension of identity cards.

Rules, in order:

1. Somebody born on 29 February comes of age on 1 March (the later of the two usual readings).
2. A document is valid on the day of its expiry, and no longer on the next.
3. French identity cards of the old format, issued from 2 January 2004 to 31 December 2013 to an
   adult, are valid five years longer than printed (decree of 18 December 2013). Cards issued to a
   minor are not, even where the minor is adult now.
4. Where the day of issue is not known, every day that fits what is known is tried; if they disagree
   the answer is that it is not known.
"""

from calendar import monthrange
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Final

from kiosk.domain.evidence import DocumentKind, IdentityDocument, PartialDate

ADULT_AGE: Final = 18
_FIRST_EXTENDED_ISSUE: Final = date(2004, 1, 2)
_LAST_EXTENDED_ISSUE: Final = date(2013, 12, 31)
_EXTENSION_YEARS: Final = 5
_PRINTED_YEARS: Final = (10, 15)


class Extension(StrEnum):
    """Whether the printed expiry is extended by law."""

    NONE = "none"
    EXTENDED = "extended"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class EffectiveExpiry:
    """Until when a document is valid.

    Attributes:
        printed: as printed or in the MRZ; None when not known.
        effective: with the extension where it is certain; else as printed.
        extension: whether, and how surely, the law extends it.
    """

    printed: date | None
    effective: date | None
    extension: Extension

    @property
    def longest(self) -> date | None:
        """The last day that is possible: as if an unknown extension applied."""
        if self.printed is None or self.extension is Extension.NONE:
            return self.printed
        return _years_later(self.printed, _EXTENSION_YEARS)


def anniversary(born: date, years: int) -> date:
    """The day on which somebody born on ``born`` is ``years`` old (29 February: 1 March)."""
    try:
        return born.replace(year=born.year + years)
    except ValueError:
        return date(born.year + years, 3, 1)


def age_on(born: date, day: date) -> int:
    """Age in full years on ``day``; negative before birth."""
    years = day.year - born.year
    return years if day >= anniversary(born, years) else years - 1


def birth_range(birth: PartialDate) -> tuple[date, date] | None:
    """First and last possible day of birth; None when the year is unknown or no such day exists."""
    if birth.year is None:
        return None
    last_month = birth.month or 12
    try:
        first = date(birth.year, birth.month or 1, birth.day or 1)
        last_day = birth.day or monthrange(birth.year, last_month)[1]
        return first, date(birth.year, last_month, last_day)
    except ValueError:
        return None


def is_adult(birth: PartialDate, day: date) -> bool | None:
    """Whether somebody is 18 on ``day``; None when the known parts do not tell."""
    possible = birth_range(birth)
    if possible is None:
        return None
    oldest, youngest = (age_on(born, day) >= ADULT_AGE for born in possible)
    return oldest if oldest == youngest else None


def extended_expiry(issued: date, birth: PartialDate, printed: date) -> EffectiveExpiry:
    """Rule 3 for an old French card whose day of issue is known."""
    if not _FIRST_EXTENDED_ISSUE <= issued <= _LAST_EXTENDED_ISSUE:
        return EffectiveExpiry(printed, printed, Extension.NONE)
    if printed >= _years_later(issued, _PRINTED_YEARS[1]) - timedelta(days=31):
        # Already printed with fifteen years: nothing is added twice.
        return EffectiveExpiry(printed, printed, Extension.NONE)
    adult = is_adult(birth, issued)
    if adult is None:
        return EffectiveExpiry(printed, printed, Extension.UNKNOWN)
    if not adult:
        return EffectiveExpiry(printed, printed, Extension.NONE)
    return EffectiveExpiry(printed, _years_later(printed, _EXTENSION_YEARS), Extension.EXTENDED)


def effective_expiry(document: IdentityDocument) -> EffectiveExpiry:
    """Until when ``document`` is valid, by what is known of it."""
    printed = document.expiry_date
    if printed is None:
        return EffectiveExpiry(None, None, Extension.UNKNOWN)
    if document.kind is not DocumentKind.FR_ID_CARD_1988:
        return EffectiveExpiry(printed, printed, Extension.NONE)
    answers = {
        extended_expiry(issued, document.birth_date, printed)
        for issued in possible_issue_days(document)
    }
    if len(answers) == 1:
        return answers.pop()
    return EffectiveExpiry(printed, printed, Extension.UNKNOWN)


def possible_issue_days(document: IdentityDocument) -> tuple[date, ...]:
    """Days on which an old French card may have been issued; empty when nothing is known.

    The printed expiry is the eve of the tenth (or fifteenth) anniversary of the issue, so that it
    gives the day; the number gives the month. Where both do not fit, all days of the month remain.
    """
    if document.issue_date is not None:
        return (document.issue_date,)
    month = document.issue_month
    if month is None:
        return ()
    for day in issue_days_from_expiry(document.expiry_date):
        if (day.year, day.month) == (month.year, month.month):
            return (day,)
    count = monthrange(month.year, month.month)[1]
    return tuple(month.replace(day=number) for number in range(1, count + 1))


def issue_days_from_expiry(printed: date | None) -> tuple[date, ...]:
    """Days of issue that a printed expiry implies, for ten and for fifteen years of validity."""
    if printed is None or printed == date.max:
        return ()
    next_day = printed + timedelta(days=1)
    return tuple(
        _years_later(next_day, -years) for years in _PRINTED_YEARS if next_day.year > years
    )


def _years_later(day: date, years: int) -> date:
    """The same day of another year; 29 February becomes 28. Stays within what a date can hold."""
    year = min(day.year + years, date.max.year)
    try:
        return day.replace(year=year)
    except ValueError:
        return date(year, 2, 28)
