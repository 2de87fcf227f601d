"""Ages, expiry and the extension of French cards (decree of 18 December 2013)."""

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.documents.checks import automatic_checks
from kiosk.documents.mrz import parse
from kiosk.documents.validity import (
    EffectiveExpiry,
    Extension,
    age_on,
    anniversary,
    birth_range,
    effective_expiry,
    extended_expiry,
    is_adult,
    possible_issue_days,
)
from kiosk.domain.evidence import DocumentKind, PartialDate
from tests.documents import vectors
from tests.documents.vectors import TODAY

ADULT = date(1970, 1, 1)


def partial(day):
    return PartialDate(day.year, day.month, day.day)


@pytest.mark.parametrize(
    ("issued", "born", "printed", "effective"),
    [
        (date(2012, 6, 15), date(1985, 2, 28), date(2022, 6, 14), date(2027, 6, 14)),
        (date(2013, 5, 20), date(1999, 7, 17), date(2023, 5, 19), date(2023, 5, 19)),
        (date(2013, 12, 31), date(1970, 1, 1), date(2023, 12, 30), date(2028, 12, 30)),
        (date(2014, 1, 1), ADULT, date(2028, 12, 31), date(2028, 12, 31)),
        (date(2004, 1, 1), ADULT, date(2013, 12, 31), date(2013, 12, 31)),
        (date(2004, 1, 2), ADULT, date(2014, 1, 1), date(2019, 1, 1)),
        (date(2011, 11, 24), date(1980, 5, 5), date(2021, 11, 23), date(2026, 11, 23)),
        (date(2012, 6, 15), date(1994, 6, 15), date(2022, 6, 14), date(2027, 6, 14)),
        (date(2012, 6, 15), date(1994, 6, 16), date(2022, 6, 14), date(2022, 6, 14)),
        (date(2010, 3, 1), ADULT, date(2020, 2, 29), date(2025, 2, 28)),
        # Printed with fifteen years although issued in the period: nothing is added twice.
        (date(2013, 12, 30), ADULT, date(2028, 12, 29), date(2028, 12, 29)),
    ],
)
def test_the_legal_extension(issued, born, printed, effective):
    found = extended_expiry(issued, partial(born), printed)
    assert found.effective == effective
    assert (found.extension is Extension.EXTENDED) == (effective != printed)
    assert found.printed == printed


def old_card(lines=vectors.CARD_1988_COMPOUND, **changes):
    return replace(parse(lines, TODAY).document, **changes)


def test_the_day_of_issue_follows_from_the_printed_expiry():
    document = old_card(expiry_date=date(2022, 6, 14))
    assert possible_issue_days(document) == (date(2012, 6, 15),)
    assert effective_expiry(document).effective == date(2027, 6, 14)


def test_a_minors_card_is_not_extended():
    document = old_card(vectors.CARD_1988_MINOR, expiry_date=date(2023, 5, 19))
    assert effective_expiry(document).extension is Extension.NONE


def test_a_typed_issue_date_comes_first():
    document = old_card(expiry_date=date(2022, 6, 14), issue_date=date(2003, 6, 15))
    assert effective_expiry(document).extension is Extension.NONE


def test_a_card_printed_with_fifteen_years():
    document = old_card(vectors.CARD_1988_CUT, expiry_date=date(2028, 11, 20))
    assert possible_issue_days(document) == (date(2013, 11, 21),)
    assert effective_expiry(document).extension is Extension.NONE


def test_an_expiry_that_does_not_fit_the_number_leaves_the_month():
    # Issued in June 2012 to somebody who was adult then: every day of the month agrees.
    document = old_card(expiry_date=date(2022, 9, 1))
    assert len(possible_issue_days(document)) == 30
    assert effective_expiry(document).extension is Extension.EXTENDED


def test_where_the_days_of_the_month_disagree_nothing_is_claimed():
    # He came of age in the middle of that month.
    document = old_card(expiry_date=date(2022, 9, 1), birth_date=PartialDate(1994, 6, 15))
    expiry = effective_expiry(document)
    assert expiry == EffectiveExpiry(date(2022, 9, 1), date(2022, 9, 1), Extension.UNKNOWN)
    assert expiry.longest == date(2027, 9, 1)


def test_an_unknown_birth_year_leaves_the_extension_unknown():
    document = old_card(expiry_date=date(2022, 6, 14), birth_date=PartialDate(None))
    assert effective_expiry(document).extension is Extension.UNKNOWN


def test_a_number_without_a_month_leaves_the_extension_unknown():
    document = old_card(expiry_date=date(2022, 6, 14), issue_month=None)
    assert possible_issue_days(document) == ()
    assert effective_expiry(document).extension is Extension.UNKNOWN


def test_without_a_printed_date_nothing_is_known():
    expiry = effective_expiry(old_card())
    assert expiry == EffectiveExpiry(None, None, Extension.UNKNOWN)
    assert expiry.longest is None
    assert possible_issue_days(old_card())[0] == date(2012, 6, 1)


def test_no_other_document_is_extended():
    document = parse(vectors.PASSPORT_ANTS, TODAY).document
    assert effective_expiry(document).effective == date(2016, 3, 6)
    assert effective_expiry(document).longest == date(2016, 3, 6)


@given(st.dates(date(1800, 1, 1), date(2100, 1, 1)), st.dates())
def test_an_expiry_never_goes_beyond_what_a_date_can_hold(born, printed):
    document = old_card(expiry_date=printed, birth_date=partial(born))
    expiry = effective_expiry(document)
    assert expiry.effective is not None
    assert expiry.effective >= printed
    assert expiry.longest is not None
    assert expiry.longest >= expiry.effective


# --- ages -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("born", "day", "age"),
    [
        (date(2008, 11, 25), TODAY, 18),
        (date(2008, 11, 26), TODAY, 17),
        (date(2008, 2, 29), date(2026, 2, 28), 17),
        (date(2008, 2, 29), date(2026, 3, 1), 18),
        (date(2008, 2, 29), date(2028, 2, 29), 20),
        (TODAY, TODAY, 0),
        (date(2027, 1, 1), TODAY, -1),
    ],
)
def test_ages(born, day, age):
    assert age_on(born, day) == age


def test_the_anniversary_of_a_leap_day_is_the_first_of_march():
    assert anniversary(date(2008, 2, 29), 18) == date(2026, 3, 1)
    assert anniversary(date(2008, 2, 29), 20) == date(2028, 2, 29)


@pytest.mark.parametrize(
    ("birth", "adult"),
    [
        (PartialDate(2008, 11, 25), True),
        (PartialDate(2008, 11, 26), False),
        (PartialDate(2008, 11), None),
        (PartialDate(2008), None),
        (PartialDate(2007), True),
        (PartialDate(2009), False),
        (PartialDate(None), None),
        (PartialDate(1990, 4, 31), None),
        (PartialDate(1990, 13), None),
        (PartialDate(2008, 12), False),
        (PartialDate(2008, None, 5), None),
    ],
)
def test_adults(birth, adult):
    assert is_adult(birth, TODAY) is adult


def test_the_range_of_a_partial_birth_date():
    assert birth_range(PartialDate(1980, 2)) == (date(1980, 2, 1), date(1980, 2, 29))
    assert birth_range(PartialDate(1981)) == (date(1981, 1, 1), date(1981, 12, 31))


@pytest.mark.parametrize(
    ("day", "verdict"), [(date(2026, 11, 23), "pass"), (date(2026, 11, 24), "fail")]
)
def test_an_extended_card_is_valid_on_its_last_day_and_not_after(day, verdict):
    document = old_card(
        issue_date=date(2011, 11, 24),
        birth_date=PartialDate(1980, 5, 5),
        expiry_date=date(2021, 11, 23),
    )
    checks = automatic_checks(
        None,
        document,
        today=day,
        accepted_kinds=(DocumentKind.FR_ID_CARD_1988,),
        accept_extended=True,
    )
    (expiry,) = [check for check in checks if check.code == "validity.expiry"]
    assert expiry.verdict == verdict


@pytest.mark.parametrize(
    ("issued", "real"),
    [(date(2011, 5, 4), 2026), (date(2012, 5, 4), 2027), (date(2013, 5, 4), 2028)],
)
def test_the_year_table_of_the_extension(issued, real):
    printed = date(issued.year + 10, 5, 3)
    assert extended_expiry(issued, partial(ADULT), printed).effective == date(real, 5, 3)
