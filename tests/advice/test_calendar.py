"""Holidays, hours and delays: every vector of the service's rules."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kiosk.advice.calendar import (
    ClosedBecause,
    Holiday,
    Hours,
    hours_of,
    is_weekend,
    load_calendar,
)
from kiosk.advice.delays import load_delays
from kiosk.advice.service import hour_text
from kiosk.domain.errors import CatalogueError, DayRangeError, NoFactError
from tests.advice.service_files import CONTENTS, SERVICE

CALENDAR, DELAYS = SERVICE.calendar, SERVICE.delays
PARIS = ZoneInfo("Europe/Paris")


def days(territory, year=2026):
    return {h.day: h.name for h in CALENDAR.holidays(CALENDAR.territory(territory), year)}


def paris(*parts):
    return datetime(*parts, tzinfo=PARIS)


def test_the_metropole_has_eleven_public_holidays():
    found = days("metropole")
    assert len(found) == 11
    assert found[date(2026, 4, 6)] == "easter-monday"
    assert found[date(2026, 5, 14)] == "ascension"
    assert found[date(2026, 5, 25)] == "whit-monday"
    assert found[date(2026, 11, 11)] == "armistice"
    assert date(2026, 12, 26) not in found
    assert date(2026, 4, 3) not in found


def test_alsace_moselle_adds_two_and_says_which_is_local():
    found = CALENDAR.holidays(CALENDAR.territory("alsace-moselle"), 2026)
    assert Holiday(date(2026, 4, 3), "good-friday", local_only=True) in found
    assert Holiday(date(2026, 12, 26), "second-christmas") in found
    assert len(found) == 13


@pytest.mark.parametrize(
    ("territory", "month", "day"),
    [
        ("mayotte", 4, 27),
        ("martinique", 5, 22),
        ("guadeloupe", 5, 27),
        ("saint-martin", 5, 28),
        ("guyane", 6, 10),
        ("saint-barthelemy", 10, 9),
        ("la-reunion", 12, 20),
    ],
)
def test_abolition_days(territory, month, day):
    assert days(territory)[date(2026, month, day)] == "abolition"
    assert "abolition" not in days("metropole").values()


def test_two_holidays_on_one_day_are_both_told():
    found = CALENDAR.holidays(CALENDAR.metropole, 2008)
    assert {h.name for h in found if h.day == date(2008, 5, 1)} == {"ascension", "labour-day"}


@pytest.mark.parametrize("year", [1885, 1981, 9991, 1])
def test_years_without_an_answer_are_an_error(year):
    with pytest.raises(DayRangeError):
        CALENDAR.holidays(CALENDAR.metropole, year)


def test_every_territory_has_its_clock():
    winter, summer = datetime(2026, 1, 15, 12, tzinfo=UTC), datetime(2026, 7, 15, 12, tzinfo=UTC)
    expected = {
        "metropole": (0, 0),
        "alsace-moselle": (0, 0),
        "guadeloupe": (-300, -360),
        "martinique": (-300, -360),
        "guyane": (-240, -300),
        "la-reunion": (180, 120),
        "mayotte": (120, 60),
        "saint-pierre-et-miquelon": (-240, -240),
        "saint-barthelemy": (-300, -360),
        "saint-martin": (-300, -360),
        "nouvelle-caledonie": (600, 540),
        "polynesie-francaise": (-660, -720),
        "wallis-et-futuna": (660, 600),
    }
    assert {t.name for t in CALENDAR.territories} == set(expected)
    for territory in CALENDAR.territories:
        found = tuple(CALENDAR.difference_minutes(territory, at) for at in (winter, summer))
        assert found == expected[territory.name], territory.name


def test_an_unknown_territory_is_a_key_error():
    with pytest.raises(KeyError):
        CALENDAR.territory("atlantis")


# --- delays ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("started", "ready"),
    [
        (paris(2026, 11, 18, 10), paris(2026, 11, 19, 10)),
        (paris(2026, 11, 20, 15), paris(2026, 11, 23, 15)),
        (paris(2026, 11, 21, 10), paris(2026, 11, 24, 0)),
        (paris(2026, 11, 22, 23), paris(2026, 11, 24, 0)),
        (paris(2026, 11, 20, 0), paris(2026, 11, 21, 0)),
        # The clocks change in the night to Sunday: nothing moves.
        (paris(2026, 10, 23, 15), paris(2026, 10, 26, 15)),
        (paris(2026, 3, 27, 15), paris(2026, 3, 30, 15)),
        # A public holiday counts as another day.
        (paris(2026, 11, 10, 12), paris(2026, 11, 11, 12)),
    ],
)
def test_the_remote_verification(started, ready):
    assert DELAYS.remote_ready_by(started, CALENDAR) == ready


def test_the_remote_verification_is_told_in_the_time_of_paris():
    started = datetime(2026, 11, 18, 5, tzinfo=ZoneInfo("America/Guadeloupe"))
    ready = DELAYS.remote_ready_by(started, CALENDAR)
    assert (ready.isoformat(), ready.tzinfo) == ("2026-11-19T10:00:00+01:00", PARIS)


def test_public_holidays_can_stop_the_clock_by_data():
    data = CONTENTS["delays"].replace(b"skips_holidays = false", b"skips_holidays = true")
    ready = load_delays(data).remote_ready_by(paris(2026, 11, 10, 12), CALENDAR)
    assert ready == paris(2026, 11, 12, 12)


@settings(deadline=None)
@given(st.datetimes(datetime(2023, 1, 1), datetime(2100, 1, 1)))
def test_a_remote_verification_never_ends_within_a_weekend_nor_too_early(moment):
    started = moment.replace(tzinfo=UTC)
    ready = DELAYS.remote_ready_by(started, CALENDAR)
    assert timedelta(hours=24) <= ready - started <= timedelta(hours=73)
    # The end of Friday is written as Saturday 00:00.
    assert not is_weekend((ready - timedelta(microseconds=1)).date())


def test_the_paper_procedure_takes_about_four_weeks():
    assert DELAYS.letter_about(date(2026, 11, 23), CALENDAR) == date(2026, 12, 21)


@pytest.mark.parametrize(
    ("sent", "comes"),
    [
        (date(2026, 11, 27), date(2026, 12, 26)),  # Christmas is a Friday
        (date(2026, 12, 4), date(2027, 1, 2)),
        (date(2026, 11, 29), date(2026, 12, 28)),  # a Sunday
        (date(2026, 11, 28), date(2026, 12, 26)),  # a Saturday is a day of delivery
    ],
)
def test_no_letter_is_announced_for_a_day_without_delivery(sent, comes):
    assert DELAYS.letter_about(sent, CALENDAR) == comes


def test_a_letter_is_kept_fifteen_days():
    assert DELAYS.kept_until(date(2026, 11, 10)) == date(2026, 11, 25)


def test_days_without_an_answer_are_an_error():
    with pytest.raises(NoFactError):
        DELAYS.letter_about(date(2001, 1, 1), CALENDAR)
    with pytest.raises(DayRangeError):
        DELAYS.kept_until(date.max)


# --- hours ----------------------------------------------------------------------------------------


def always(**week):
    return hours_of(week, CALENDAR.metropole, closed_on_holidays=False)


def test_hours_that_touch_are_one_opening():
    night = always(mon=[["22:00", "24:00"]], tue=[["00:00", "02:00"], ["02:00", "03:00"]])
    found = night.at(paris(2026, 11, 23, 23), CALENDAR)
    assert (found.open, found.until) == (True, paris(2026, 11, 24, 3))


def test_a_service_that_never_opens_has_no_end():
    never = Hours(CALENDAR.metropole, ((),) * 7, closed_on_holidays=True)
    found = never.at(paris(2026, 11, 23, 9), CALENDAR)
    assert (found.open, found.until, found.because) == (False, None, ClosedBecause.DAY)


def test_a_service_that_never_closes_is_open_for_the_whole_outlook():
    day = [["00:00", "24:00"]]
    found = always(mon=day, tue=day, wed=day, thu=day, fri=day, sat=day, sun=day)
    assert found.at(paris(2026, 11, 23, 9), CALENDAR).open


def test_an_opening_across_the_change_of_clock_keeps_its_wall_times():
    sunday = always(sun=[["01:00", "04:00"]])
    before = sunday.at(datetime(2026, 10, 25, 0, 30, tzinfo=UTC), CALENDAR)
    assert before.until == paris(2026, 10, 25, 4)
    assert sunday.at(datetime(2026, 10, 25, 2, 59, tzinfo=UTC), CALENDAR).open
    assert not sunday.at(datetime(2026, 10, 25, 3, 0, tzinfo=UTC), CALENDAR).open


@settings(deadline=None)
@given(st.datetimes(datetime(2023, 1, 1), datetime(2099, 1, 1)))
def test_what_is_said_of_a_line_holds_until_then(moment):
    line = SERVICE.help_lines.numbers[0]
    now = moment.replace(tzinfo=UTC)
    found = line.hours.at(now, CALENDAR)
    assert found.until is not None
    assert found.until > now
    just_before = found.until - timedelta(microseconds=1)
    assert line.hours.at(just_before, CALENDAR).open == found.open
    assert line.hours.at(found.until, CALENDAR).open != found.open


@pytest.mark.parametrize(
    "week",
    [
        {"monday": [["08:00", "09:00"]]},
        {"mon": "08:00"},
        {"mon": [["08:00"]]},
        {"mon": [["09:00", "08:00"]]},
        {"mon": [["08:00", "10:00"], ["09:00", "11:00"]]},
        {"mon": [["24:00", "24:00"]]},
        {"mon": [["08:00", "24:00"], ["08:00", "24:00"]]},
        {"mon": [["8h", "9h"]]},
        {"mon": [["08:00", "25:00"]]},
    ],
)
def test_wrong_hours_are_a_catalogue_error(week):
    with pytest.raises(CatalogueError):
        always(**week)


@pytest.mark.parametrize(
    ("hour", "french", "english"),
    [
        (time(8, 30), "8\u00a0h\u00a030", "8:30"),
        (time(13), "13\u00a0h", "13:00"),
        (None, "24\u00a0h", "24:00"),
    ],
)
def test_an_hour_in_words(hour, french, english):
    assert (hour_text(hour, "fr"), hour_text(hour, "en")) == (french, english)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b'holidays = "Mayotte"', b'holidays = "Atlantide"'),
        (b'zone = "Indian/Mayotte"', b'zone = "Indian/Atlantis"'),
        (b'zone = "Indian/Mayotte"', b'zone = "../../etc/passwd"'),
        (b'"8 mai" = "victory"\n', b""),
        (b'name = "mayotte"', b'name = "metropole"'),
        (b'local_only = ["good-friday"]', b'local_only = ["bad-friday"]'),
        (b'local_only = ["good-friday"]', b"local_only = 3"),
        (b"version", b"colour"),
        (b"[[territory]]", b"[[country]]"),
    ],
)
def test_a_wrong_calendar_is_a_catalogue_error(old, new):
    assert old in CONTENTS["calendar"]
    with pytest.raises(CatalogueError):
        load_calendar(CONTENTS["calendar"].replace(old, new))
