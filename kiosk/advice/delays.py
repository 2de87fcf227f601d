"""Delays of the service, as dates and hours.

Rules, in order:

1. The remote verification (AR24) takes 24 hours, weekends excluded: the clock runs from Monday
   00:00 to Friday 24:00, in the time of Paris. Public holidays count as other days,
   unless the data says otherwise.
2. The paper procedure takes about four weeks. That is an estimate, and must be shown as one; it
   names no Sunday and no public holiday, on which no registered letter is handed over.
3. A registered letter that could not be handed over is kept fifteen days, counted from the day
   after it was presented; the last of them is the last day to fetch it. Source: CPCE, order of
   7 February 2007.
4. Hours are counted as time that passes: a change of clock neither adds nor takes one.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from kiosk.advice.calendar import Calendar, is_weekend, midnight
from kiosk.advice.dated import SPAN_KEYS, Span, never_twice, number_of, span_of, the_one
from kiosk.documents.data import flag_of, only, tables_of, text_of, toml_of
from kiosk.domain.errors import DayRangeError

_SUNDAY = 6


@dataclass(frozen=True, slots=True)
class RunningDelay:
    """A delay whose clock stops on some days.

    Attributes:
        hours: that must pass.
        skips_weekends, skips_holidays: days on which the clock stands.
        span: source and days.
    """

    hours: int
    skips_weekends: bool
    skips_holidays: bool
    span: Span


@dataclass(frozen=True, slots=True)
class DayDelay:
    """A delay in whole days; the first day counted is the one after the event."""

    days: int
    span: Span


@dataclass(frozen=True, slots=True)
class Delays:
    """All delays, with their past and coming values.

    Attributes:
        version: of the data.
        remote: remote verification.
        paper: from sending the paper form to the registered letter.
        keeping: of a registered letter.
    """

    version: str
    remote: tuple[RunningDelay, ...]
    paper: tuple[DayDelay, ...]
    keeping: tuple[DayDelay, ...]

    def remote_ready_by(self, started: datetime, calendar: Calendar) -> datetime:
        """By when a remote verification that starts at a moment is done, in the time of Paris.

        Raises:
            NoFactError: no delay is known for that day.
            DayRangeError: a year that the calendar does not know.
        """
        zone = calendar.metropole.zone
        delay = the_one(self.remote, started.astimezone(zone).date())
        left = timedelta(hours=delay.hours)
        now = started.astimezone(UTC)
        while True:
            day = now.astimezone(zone).date()
            end = midnight(_later(day, 1), zone)
            if not _stands(delay, calendar, day):
                if end - now >= left:
                    return (now + left).astimezone(zone)
                left -= end - now
            now = end

    def letter_about(self, sent: date, calendar: Calendar) -> date:
        """About when the registered letter comes, for a paper form sent on a day (rule 2).

        Raises:
            NoFactError, DayRangeError: as above.
        """
        day = _later(sent, the_one(self.paper, sent).days)
        while day.weekday() == _SUNDAY or calendar.holiday_on(calendar.metropole, day) is not None:
            day = _later(day, 1)
        return day

    def kept_until(self, presented: date) -> date:
        """Last day on which a letter presented on a day can be fetched (rule 3).

        Raises:
            NoFactError, DayRangeError: as above.
        """
        return _later(presented, the_one(self.keeping, presented).days)


def _stands(delay: RunningDelay, calendar: Calendar, day: date) -> bool:
    if delay.skips_weekends and is_weekend(day):
        return True
    return delay.skips_holidays and calendar.holiday_on(calendar.metropole, day) is not None


def _later(day: date, days: int) -> date:
    try:
        return day + timedelta(days=days)
    except OverflowError as exc:
        raise DayRangeError("day") from exc


def load_delays(data: bytes) -> Delays:
    """Type the data of ``delays.toml``.

    Raises:
        CatalogueError: no TOML, or a missing, unknown or wrong value, or two values on one day.
    """
    table = toml_of(data, "delays")
    only(table, {"version", "remote", "paper", "keeping"}, "delays")
    return Delays(
        text_of(table, "version"),
        never_twice((_running_of(item) for item in tables_of(table, "remote")), lambda _: "remote"),
        never_twice((_days_of(item) for item in tables_of(table, "paper")), lambda _: "paper"),
        never_twice((_days_of(item) for item in tables_of(table, "keeping")), lambda _: "keeping"),
    )


def _running_of(table: Mapping[str, Any]) -> RunningDelay:
    only(table, SPAN_KEYS | {"hours", "skips_weekends", "skips_holidays"}, "remote")
    return RunningDelay(
        number_of(table, "hours", 1000),
        flag_of(table, "skips_weekends"),
        flag_of(table, "skips_holidays"),
        span_of(table),
    )


def _days_of(table: Mapping[str, Any]) -> DayDelay:
    only(table, SPAN_KEYS | {"days"}, "days")
    return DayDelay(number_of(table, "days", 400), span_of(table))
