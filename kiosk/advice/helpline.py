"""Telephone numbers of the help, and whether somebody answers now.

Rules, in order:

1. Numbers and hours are dated data. On each day one number holds for each audience.
2. Hours are those of Paris, and public holidays those of the metropole, wherever the caller is.
3. An overseas office sees the time of Paris and how far its own clocks are from it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from kiosk.advice.calendar import Calendar, Hours, Opening, Territory, hours_of
from kiosk.advice.dated import SPAN_KEYS, Span, in_force, never_twice, span_of
from kiosk.documents.data import choice_of, flag_of, only, table_of, tables_of, text_of, toml_of
from kiosk.domain.errors import CatalogueError


class Audience(StrEnum):
    """Whom a number is for; key of the text ``help_page.audience.<value>.*``."""

    EVERYONE = "everyone"
    ELECTED = "elected"


@dataclass(frozen=True, slots=True)
class HelpNumber:
    """A number to call.

    Attributes:
        audience: whom it is for.
        number: as it is printed, digits and spaces.
        hours: when somebody answers.
        span: source and days.
    """

    audience: Audience
    number: str
    hours: Hours
    span: Span


@dataclass(frozen=True, slots=True)
class HelpNow:
    """A number at a moment.

    Attributes:
        audience, number: as above.
        opening: open or closed, and until when, in the time of Paris.
        paris: the moment in the time of Paris.
        difference_minutes: how far the office's clocks are ahead of Paris; 0 where they agree.
    """

    audience: Audience
    number: str
    opening: Opening
    paris: datetime
    difference_minutes: int


@dataclass(frozen=True, slots=True)
class HelpLines:
    """All numbers, with their past and coming ones.

    Attributes:
        version: of the data.
        numbers: in the order in which they are shown.
    """

    version: str
    numbers: tuple[HelpNumber, ...]

    def now(self, moment: datetime, calendar: Calendar, office: Territory) -> tuple[HelpNow, ...]:
        """Every number that holds at a moment; empty where none is known for that day.

        Raises:
            DayRangeError: a year that the calendar does not know.
        """
        paris = moment.astimezone(calendar.metropole.zone)
        return tuple(
            HelpNow(
                line.audience,
                line.number,
                line.hours.at(moment, calendar),
                paris,
                calendar.difference_minutes(office, moment),
            )
            for line in in_force(self.numbers, paris.date())
        )


def load_help_lines(data: bytes, calendar: Calendar) -> HelpLines:
    """Type the data of ``helpline.toml``.

    Raises:
        CatalogueError: no TOML, or a missing, unknown or wrong value, or two numbers on one day.
    """
    table = toml_of(data, "helpline")
    only(table, {"version", "number"}, "helpline")
    numbers = tuple(_number_of(item, calendar) for item in tables_of(table, "number"))
    return HelpLines(
        text_of(table, "version"), never_twice(numbers, lambda line: line.audience.value)
    )


def _number_of(table: Mapping[str, Any], calendar: Calendar) -> HelpNumber:
    keys = SPAN_KEYS | {"audience", "number", "closed_on_holidays", "hours"}
    only(table, keys, "number")
    number = text_of(table, "number")
    if not number.replace(" ", "").isdecimal():
        raise CatalogueError("number: digits and spaces")
    shut = flag_of(table, "closed_on_holidays")
    hours = hours_of(table_of(table, "hours"), calendar.metropole, closed_on_holidays=shut)
    return HelpNumber(
        choice_of(Audience, text_of(table, "audience")), number, hours, span_of(table)
    )
