"""The help line: open or closed now, and until when."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from kiosk.advice.calendar import ClosedBecause
from kiosk.advice.helpline import Audience, load_help_lines
from kiosk.domain.errors import CatalogueError
from tests.advice.service_files import CONTENTS, SERVICE

PARIS = ZoneInfo("Europe/Paris")
CALENDAR, LINES = SERVICE.calendar, SERVICE.help_lines


def paris(*parts):
    return datetime(*parts, tzinfo=PARIS)


def line(moment, office="metropole", audience=Audience.ELECTED):
    found = LINES.now(moment, CALENDAR, CALENDAR.territory(office))
    return next(item for item in found if item.audience is audience)


@pytest.mark.parametrize("audience", Audience)
@pytest.mark.parametrize(
    ("moment", "is_open", "until", "because"),
    [
        (paris(2026, 11, 11, 10), False, paris(2026, 11, 12, 8, 30), ClosedBecause.HOLIDAY),
        (paris(2026, 11, 13, 18, 59), True, paris(2026, 11, 13, 19), None),
        (paris(2026, 11, 13, 19), False, paris(2026, 11, 14, 8, 30), ClosedBecause.HOUR),
        (paris(2026, 11, 14, 12, 59), True, paris(2026, 11, 14, 13), None),
        (paris(2026, 11, 14, 13), False, paris(2026, 11, 16, 8, 30), ClosedBecause.HOUR),
        (paris(2026, 11, 15, 12), False, paris(2026, 11, 16, 8, 30), ClosedBecause.DAY),
        (paris(2026, 4, 6, 10), False, paris(2026, 4, 7, 8, 30), ClosedBecause.HOLIDAY),
        # 26 December is a holiday in Alsace-Moselle only: the line follows the metropole.
        (paris(2026, 12, 26, 10), True, paris(2026, 12, 26, 13), None),
        (paris(2026, 11, 23, 8, 29), False, paris(2026, 11, 23, 8, 30), ClosedBecause.HOUR),
        (paris(2026, 11, 23, 8, 30), True, paris(2026, 11, 23, 19), None),
        # Saturday 13:00 before a Monday that is a holiday.
        (paris(2026, 5, 23, 13), False, paris(2026, 5, 26, 8, 30), ClosedBecause.HOUR),
    ],
)
def test_every_vector(audience, moment, is_open, until, because):
    found = line(moment, audience=audience).opening
    assert (found.open, found.until, found.because) == (is_open, until, because)


def test_the_holiday_that_closes_it_is_named():
    assert line(paris(2026, 11, 11, 10)).opening.holiday == "armistice"
    assert line(paris(2026, 11, 12, 10)).opening.holiday == ""


def test_an_overseas_office_sees_the_time_of_paris_and_the_difference():
    moment = datetime(2026, 11, 26, 14, tzinfo=ZoneInfo("America/Guadeloupe"))
    found = line(moment, "guadeloupe")
    assert found.paris == paris(2026, 11, 26, 19)
    assert found.difference_minutes == -300
    assert not found.opening.open
    # An abolition day overseas closes nothing in Paris.
    assert line(paris(2026, 5, 27, 10), "guadeloupe").opening.open


def test_the_numbers_are_those_of_the_service():
    assert line(paris(2026, 11, 26, 10)).number == "09 70 81 00 50"
    assert line(paris(2026, 11, 26, 10), audience=Audience.EVERYONE).number == "0 969 399 111"


def test_a_day_of_which_nothing_is_known_has_no_number():
    early = datetime(2001, 1, 1, tzinfo=UTC)
    assert LINES.now(early, CALENDAR, CALENDAR.metropole) == ()


def test_a_new_number_takes_over_on_its_day():
    old, new = b"valid_from = 2022-10-25", b"valid_from = 2022-10-25\nuntil = 2026-12-31"
    added = CONTENTS["helpline"].replace(old, new)
    block = CONTENTS["helpline"].split(b"[[number]]")[2].replace(b"09 70 81 00 50", b"3631")
    block = block.replace(b"2022-10-25", b"2027-01-01")
    lines = load_help_lines(added + b"\n[[number]]" + block, CALENDAR)
    for moment, number in (
        (paris(2026, 12, 31, 23, 59), "09 70 81 00 50"),
        (paris(2027, 1, 1), "3631"),
    ):
        found = lines.now(moment, CALENDAR, CALENDAR.metropole)
        elected = [item.number for item in found if item.audience is Audience.ELECTED]
        assert elected == [number]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"09 70 81 00 50", b"tel:0970810050"),
        (b'audience = "elected"', b'audience = "everyone"'),
        (b'audience = "elected"', b'audience = "nobody"'),
        (b'mon = [["08:30", "19:00"]]', b'mon = [["19:00", "08:30"]]'),
        (b"closed_on_holidays = true", b"closed_on_holidays = 1"),
        (b"valid_from = 2022-10-25", b"valid_from = 2022-10-25\nuntil = 2021-01-01"),
        (b"source", b"origin"),
    ],
)
def test_wrong_numbers_are_a_catalogue_error(old, new):
    assert old in CONTENTS["helpline"]
    with pytest.raises(CatalogueError):
        load_help_lines(CONTENTS["helpline"].replace(old, new), CALENDAR)


def test_what_holds_is_told_with_its_source():
    for number in LINES.numbers:
        assert number.span.source
        assert number.span.holds_on(date(2026, 11, 26))
