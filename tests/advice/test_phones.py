"""Mobile numbers: overseas prefixes first, then what exists, then what is eligible."""

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kiosk.advice.phones import MobileVerdict, load_phones
from kiosk.domain.errors import CatalogueError, NoFactError
from tests.advice.service_files import CONTENTS, SERVICE

DAY = date(2026, 11, 26)
ELIGIBLE, NOT_MOBILE, NOT_ELIGIBLE, MALFORMED = MobileVerdict


def judge(typed):
    return SERVICE.phones.judge(typed, DAY)


@pytest.mark.parametrize(
    ("typed", "e164"),
    [
        ("0612345678", "+33612345678"),
        ("06 12 34 56 78", "+33612345678"),
        ("06.12.34.56.78", "+33612345678"),
        ("06-12-34-56-78", "+33612345678"),
        ("06\u00a012\u202f34 56 78", "+33612345678"),
        ("+33 6 12 34 56 78", "+33612345678"),
        ("+33 (0)6 12 34 56 78", "+33612345678"),
        ("0033612345678", "+33612345678"),
        ("+330612345678", "+33612345678"),
        ("0730123456", "+33730123456"),
        ("0799123456", "+33799123456"),
        ("0690123456", "+590690123456"),
        ("0691123456", "+590691123456"),
        ("0709012345", "+590709012345"),
        ("0694123456", "+594694123456"),
        ("0709301234", "+594709301234"),
        ("0709331234", "+594709331234"),
        ("0696123456", "+596696123456"),
        ("0697123456", "+596697123456"),
        ("0709112345", "+596709112345"),
        ("0692123456", "+262692123456"),
        ("0693123456", "+262693123456"),
        ("0709212345", "+262709212345"),
        ("0639012345", "+262639012345"),
        ("0709351234", "+262709351234"),
        ("0709371234", "+262709371234"),
        ("0708412345", "+508708412345"),
        ("0708512345", "+508708512345"),
        ("+590 690 12 34 56", "+590690123456"),
        ("+590 0690 12 34 56", "+590690123456"),
        # Written with the code of the metropole by mistake.
        ("+33690123456", "+590690123456"),
        ("+33 0692 12 34 56", "+262692123456"),
    ],
)
def test_eligible_mobiles_and_their_country_code(typed, e164):
    found = judge(typed)
    assert (found.verdict, found.e164) == (ELIGIBLE, e164)
    assert e164.startswith(f"+{found.country_code}")


@pytest.mark.parametrize(
    ("typed", "verdict"),
    [
        ("0700123456", NOT_MOBILE),
        ("0701234567", NOT_MOBILE),
        ("0712345678", NOT_MOBILE),
        ("0720123456", NOT_MOBILE),
        ("0709341234", NOT_MOBILE),
        ("0123456789", NOT_MOBILE),
        ("0970810050", NOT_MOBILE),
        ("0590123456", NOT_MOBILE),
        ("+590 590 12 34 56", NOT_MOBILE),
        ("+687751234", NOT_ELIGIBLE),
        ("+68987123456", NOT_ELIGIBLE),
        ("+681821234", NOT_ELIGIBLE),
        ("+447911123456", NOT_ELIGIBLE),
        ("+32470123456", NOT_ELIGIBLE),
        ("", MALFORMED),
        ("+", MALFORMED),
        ("061234567", MALFORMED),
        ("06123456789", MALFORMED),
        ("612345678", MALFORMED),
        ("06 12 34 56 7O", MALFORMED),
        ("٠٦١٢٣٤٥٦٧٨", MALFORMED),
        ("07001234567890", MALFORMED),
        ("+33612345678901", MALFORMED),
        ("3631", MALFORMED),
        ("0" * 41, MALFORMED),
    ],
)
def test_other_numbers(typed, verdict):
    assert judge(typed).verdict is verdict


def test_a_range_that_the_library_does_not_know_is_unsure_and_not_refused():
    assert not judge("0691123456").sure
    assert judge("0690123456").sure


def test_the_masked_form_hides_all_but_code_and_last_two_digits():
    assert judge("0612345678").masked == "+33 • •• •• •• 78"
    assert judge("0690123456").masked == "+590 ••• •• •• 56"
    assert judge("quoi").masked == ""


@settings(deadline=None)
@given(st.text(max_size=60))
def test_any_text_gets_an_answer(text):
    found = judge(text)
    assert (found.verdict is MALFORMED) == (found.e164 is None)


@settings(deadline=None)
@given(st.from_regex(r"\A\+?[0-9]{1,15}\Z"))
def test_any_digits_get_an_answer_that_shows_two_of_them(text):
    found = judge(text)
    if found.e164 is not None:
        shown = [char for char in found.masked.partition(" ")[2] if char.isdigit()]
        assert len(shown) <= 2
        assert found.e164.removeprefix("+").isdecimal()


@settings(deadline=None)
@given(st.from_regex(r"\A0[67][0-9]{8}\Z"), st.lists(st.sampled_from(" .-/\u00a0"), max_size=9))
def test_punctuation_changes_nothing(number, signs):
    written = "".join(
        digit + sign for digit, sign in zip(number, [*signs, *[""] * 10], strict=False)
    )
    assert judge(written) == judge(number)


@settings(deadline=None)
@given(st.from_regex(r"\A0[67][0-9]{8}\Z"))
def test_a_national_number_is_the_same_with_either_prefix(number):
    with_code, with_zeros = judge(f"+33{number[1:]}"), judge(f"0033{number[1:]}")
    assert judge(number) == with_code == with_zeros


@settings(deadline=None)
@given(st.from_regex(r"\A0(6|7[3-9])[0-9]{7,8}\Z").filter(lambda text: len(text) == 10))
def test_every_06_and_073_to_079_is_a_mobile_somewhere(number):
    assert judge(number).verdict is ELIGIBLE


def test_before_the_first_list_there_is_no_answer():
    with pytest.raises(NoFactError):
        SERVICE.phones.judge("0612345678", date(2001, 1, 1))


def test_the_list_of_country_codes_is_data():
    rules = load_phones(CONTENTS["phones"].replace(b"590, 594, 596]", b"590, 594, 596, 687]"))
    assert rules.judge("+687751234", DAY).verdict is ELIGIBLE
    assert rules.judge("+687251234", DAY).verdict is NOT_MOBILE


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"country_code = 590", b"country_code = 5900"),
        (b"country_code = 590", b'country_code = "590"'),
        (b'"690", "691", "7090"', b'"69x"'),
        (b'"690", "691", "7090"', b""),
        (b"country_codes = [33", b"country_codes = [true"),
        (b"country_codes = [33, 262, 508, 590, 594, 596]", b"country_codes = 33"),
        (b"country_code = 594", b"country_code = 590"),
        (b"[[allowed]]", b"[[forbidden]]"),
    ],
)
def test_wrong_rules_are_a_catalogue_error(old, new):
    assert old in CONTENTS["phones"]
    with pytest.raises(CatalogueError):
        load_phones(CONTENTS["phones"].replace(old, new))
