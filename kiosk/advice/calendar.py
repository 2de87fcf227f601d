"""Territories, public holidays, weekends, and hours of opening.

Rules, in order:

1. Public holidays are those of the Labour Code and of the laws on abolition days, by territory.
   Customary days off are not among them. Source: the package ``jours-feries-france`` (Etalab).
2. Good Friday counts in Alsace-Moselle, but only in communes with a Protestant or mixed church: it
   is marked so.
3. Saturday and Sunday are the weekend.
4. Hours of opening are times on the wall of one place. The moment of opening is found in the time
   of that place, and compared in universal time: a change of clock moves nothing.
5. On a public holiday of its territory a service that closes then has no hours.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from typing import Any, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from jours_feries_france import JoursFeries

from kiosk.advice.dated import hour_of
from kiosk.documents.data import only, table_of, tables_of, text_of, toml_of
from kiosk.domain.errors import CatalogueError, DayRangeError

FIRST_YEAR: Final = 1982  # 8 May is a holiday again since the law of 2 October 1981
LAST_YEAR: Final = 9990
_SATURDAY: Final = 5
_MOST_CLOSED_DAYS: Final = 31
_WEEKDAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


@dataclass(frozen=True, slots=True)
class Holiday:
    """A public holiday.

    Attributes:
        day: when.
        name: key of the text ``holiday.<name>``.
        local_only: it counts in some communes of the territory only (rule 2).
    """

    day: date
    name: str
    local_only: bool = False


@dataclass(frozen=True, slots=True)
class Territory:
    """A part of the country with its own time or its own holidays.

    Attributes:
        name: ``metropole``, ``la-reunion`` ...; as the settings of a site write it.
        holidays: its name in the source of holidays.
        zone: its time.
    """

    name: str
    holidays: str
    zone: ZoneInfo


@dataclass(frozen=True, slots=True)
class Calendar:
    """Holidays of every territory.

    Attributes:
        version: of the data.
        territories: in the order of the data; the first one is the metropole.
        names: name of each holiday by its name in the source.
        local_only: names of those of rule 2.
    """

    version: str
    territories: tuple[Territory, ...]
    names: Mapping[str, str]
    local_only: frozenset[str]

    @property
    def metropole(self) -> Territory:
        """Where the help line and the delays are counted."""
        return self.territories[0]

    def territory(self, name: str) -> Territory:
        """A territory by name. Raises KeyError where there is none."""
        for territory in self.territories:
            if territory.name == name:
                return territory
        raise KeyError(name)

    def holidays(self, territory: Territory, year: int) -> tuple[Holiday, ...]:
        """Public holidays of a year, in order of their days.

        Raises:
            DayRangeError: before ``FIRST_YEAR`` or after ``LAST_YEAR``.
        """
        if not FIRST_YEAR <= year <= LAST_YEAR:
            raise DayRangeError("year")
        found = JoursFeries.for_year(year, territory.holidays)
        named = sorted((day, self.names[word]) for word, day in found.items())
        return tuple(Holiday(day, name, name in self.local_only) for day, name in named)

    def holiday_on(self, territory: Territory, day: date) -> Holiday | None:
        """The public holiday of a day, None where it is none."""
        days = self.holidays(territory, day.year)
        return next((holiday for holiday in days if holiday.day == day), None)

    def difference_minutes(self, territory: Territory, moment: datetime) -> int:
        """How far the clocks of a territory are ahead of Paris at a moment (negative: behind)."""
        here = moment.astimezone(territory.zone).utcoffset() or timedelta()
        there = moment.astimezone(self.metropole.zone).utcoffset() or timedelta()
        return int((here - there) / timedelta(minutes=1))


def is_weekend(day: date) -> bool:
    """Whether a day is a Saturday or a Sunday."""
    return day.weekday() >= _SATURDAY


def midnight(day: date, zone: ZoneInfo) -> datetime:
    """The moment at which a day begins in a place, in universal time."""
    return datetime.combine(day, time(), zone).astimezone(UTC)


class ClosedBecause(StrEnum):
    """Why a service is closed."""

    HOLIDAY = "holiday"
    DAY = "day"
    HOUR = "hour"


@dataclass(frozen=True, slots=True)
class Opening:
    """Whether a service is open.

    Attributes:
        open: now.
        until: closes then, or opens then; None where that is further away than a month. In the
            time of the service.
        because: why it is closed, None while it is open.
        holiday: name of the public holiday that closes it today, or ``""``.
    """

    open: bool
    until: datetime | None
    because: ClosedBecause | None = None
    holiday: str = ""


@dataclass(frozen=True, slots=True)
class Hours:
    """Hours of opening of one service.

    Attributes:
        territory: whose time and holidays count.
        week: for each weekday from Monday, its hours: from, until (None: the end of the day).
        closed_on_holidays: rule 5.
    """

    territory: Territory
    week: tuple[tuple[tuple[time, time | None], ...], ...]
    closed_on_holidays: bool

    def at(self, moment: datetime, calendar: Calendar) -> Opening:
        """Whether the service is open at a moment, and until when that lasts.

        Args:
            moment: aware.
            calendar: holidays.

        Raises:
            DayRangeError: a year that the calendar does not know.
        """
        now = moment.astimezone(UTC)
        zone = self.territory.zone
        today = now.astimezone(zone).date()
        end: datetime | None = None
        for opens, closes in self._openings(today, calendar):
            if end is not None:
                if opens > end:
                    break
                end = closes
            elif opens <= now < closes:
                end = closes
            elif opens > now:
                holiday = calendar.holiday_on(self.territory, today)
                return self._closed(today, opens.astimezone(zone), holiday)
        if end is not None:
            return Opening(True, end.astimezone(zone))
        return self._closed(today, None, calendar.holiday_on(self.territory, today))

    def _openings(self, today: date, calendar: Calendar) -> Iterator[tuple[datetime, datetime]]:
        """Moments of opening and closing from today on, in order, for a month."""
        zone = self.territory.zone
        for ahead in range(_MOST_CLOSED_DAYS + 1):
            day = today + timedelta(days=ahead)
            if self._shut(day, calendar):
                continue
            for begins, ends in self.week[day.weekday()]:
                closes = (
                    midnight(day + timedelta(days=1), zone)
                    if ends is None
                    else datetime.combine(day, ends, zone).astimezone(UTC)
                )
                yield datetime.combine(day, begins, zone).astimezone(UTC), closes

    def _shut(self, day: date, calendar: Calendar) -> bool:
        return self.closed_on_holidays and calendar.holiday_on(self.territory, day) is not None

    def _closed(self, today: date, until: datetime | None, holiday: Holiday | None) -> Opening:
        if self.closed_on_holidays and holiday is not None:
            return Opening(False, until, ClosedBecause.HOLIDAY, holiday.name)
        if not self.week[today.weekday()]:
            return Opening(False, until, ClosedBecause.DAY)
        return Opening(False, until, ClosedBecause.HOUR)


def hours_of(table: Mapping[str, Any], territory: Territory, *, closed_on_holidays: bool) -> Hours:
    """Hours of a table ``mon = [["08:30", "19:00"]]``; a day without entry is closed.

    Raises:
        CatalogueError: an unknown day, hours that overlap, or that end before they begin.
    """
    only(table, _WEEKDAYS, "hours")
    week = tuple(_day_hours(table.get(day, [])) for day in _WEEKDAYS)
    return Hours(territory, week, closed_on_holidays)


def _day_hours(value: object) -> tuple[tuple[time, time | None], ...]:
    pairs = value if isinstance(value, list) else [value]
    found: list[tuple[time, time | None]] = []
    for pair in pairs:
        if not isinstance(pair, list) or len(pair) != 2:
            raise CatalogueError("hours: from and until")
        begins, ends = hour_of(pair[0]), hour_of(pair[1])
        last = found[-1][1] if found else time()
        if begins is None or last is None or begins < last or (ends is not None and ends <= begins):
            raise CatalogueError("hours: in order")
        found.append((begins, ends))
    return tuple(found)


def load_calendar(data: bytes) -> Calendar:
    """Type the data of ``calendar.toml``.

    Raises:
        CatalogueError: no TOML, a wrong value, a territory or a holiday that nothing is known of.
    """
    table = toml_of(data, "calendar")
    only(table, {"version", "source", "territory", "holidays", "local_only"}, "calendar")
    text_of(table, "source")
    words = table_of(table, "holidays")
    names = {word: text_of(words, word) for word in words}
    territories = tuple(_territory_of(item) for item in tables_of(table, "territory"))
    if len({territory.name for territory in territories}) != len(territories) or not territories:
        raise CatalogueError("territory: each name once")
    for territory in territories:
        if not set(JoursFeries.for_year(2026, territory.holidays)) <= set(names):
            raise CatalogueError("holidays: a name is missing")
    local = table.get("local_only", [])
    if not isinstance(local, list) or not set(local) <= set(names.values()):
        raise CatalogueError("local_only: names of holidays")
    return Calendar(text_of(table, "version"), territories, names, frozenset(local))


def _territory_of(table: Mapping[str, Any]) -> Territory:
    only(table, {"name", "holidays", "zone"}, "territory")
    holidays = text_of(table, "holidays")
    if holidays not in JoursFeries.ZONES:
        raise CatalogueError("territory: unknown holidays")
    try:
        zone = ZoneInfo(text_of(table, "zone"))
    except (ZoneInfoNotFoundError, ValueError) as exc:
        raise CatalogueError("territory: unknown zone") from exc
    return Territory(text_of(table, "name"), holidays, zone)
