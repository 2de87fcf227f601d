"""Numbers of registered items: known forms, wrong digits, other codes, several in view."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.documents.codes import s10_check_digit
from kiosk.documents.items import (
    ItemNumber,
    is_number,
    number_in_view,
    scanned_number,
    scheme_of,
    shown,
    typed_number,
)
from kiosk.domain.errors import (
    ItemCheckDigitError,
    ItemError,
    ItemForeignCodeError,
    ItemFormError,
    ItemIncompleteError,
    ItemSeveralError,
)

S10 = ItemNumber("RR123456785FR", "s10")
FRENCH = ItemNumber("1A12345678901", "french")


@pytest.mark.parametrize(
    ("text", "item"),
    [
        ("RR123456785FR", S10),
        (" rr 123 456 785 fr ", S10),
        ("RR-123.456.785-FR", S10),
        ("1A 123 456 7890 1", FRENCH),
        ("2c 034 567 8901 2", ItemNumber("2C03456789012", "french")),
    ],
)
def test_a_number_is_known_however_it_is_typed(text, item):
    assert typed_number(text) == item
    assert scheme_of(item.number) == item.scheme


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("RR123456784FR", ItemCheckDigitError),
        ("RR12345678", ItemIncompleteError),
        ("RR", ItemIncompleteError),
        ("1A123456", ItemIncompleteError),
        ("ABCDEFGHIJ", ItemForeignCodeError),
        ("https://example.org/RR123456785FR", ItemForeignCodeError),
        ("12345", ItemForeignCodeError),
        ("", ItemForeignCodeError),
        ("000LP12345678", ItemFormError),
    ],
)
def test_a_typed_text_that_is_no_number_says_what_is_wrong(text, error):
    with pytest.raises(error):
        typed_number(text)


def test_a_number_of_no_known_form_is_taken_only_when_it_was_looked_at_again():
    assert typed_number("000 lp 12345678", looked_again=True) == ItemNumber(
        "000LP12345678", "other"
    )
    with pytest.raises(ItemCheckDigitError):
        typed_number("RR123456784FR", looked_again=True)
    assert not is_number("RR123456784FR")


@pytest.mark.parametrize("serial", ["00000000", "47312482", "99999999", "12345678"])
def test_exactly_one_check_digit_is_right(serial):
    right = s10_check_digit(serial)
    for digit in "0123456789":
        number = f"RR{serial}{digit}FR"
        if digit == right:
            assert scanned_number(number.encode()).number == number
        else:
            with pytest.raises(ItemCheckDigitError):
                scanned_number(number.encode())


def test_other_codes_on_the_envelope_do_not_count_beside_a_number():
    assert number_in_view([b"https://example.org", b"RR123456785FR", b"%0A12"]) == S10
    assert number_in_view([b"RR123456785FR", b"rr 123456785 fr"]) == S10
    assert number_in_view([]) is None


def test_two_numbers_in_view_are_none():
    for other in (b"1A12345678901", b"RR123456784FR"):
        with pytest.raises(ItemSeveralError):
            number_in_view([b"RR123456785FR", other])


def test_only_other_codes_in_view_are_named_as_such():
    with pytest.raises(ItemForeignCodeError):
        number_in_view([b"https://example.org", b"WIFI:S:x;;"])
    with pytest.raises(ItemCheckDigitError):
        number_in_view([b"https://example.org", b"RR123456784FR"])


def test_a_number_is_shown_in_groups():
    assert shown("RR123456785FR") == "RR 123 456 785 FR"
    assert shown("1A12345678901") == "1A 123 456 7890 1"
    assert shown("1A1234567890123") == "1A 123 456 7890 1 23"


@given(st.text(max_size=40) | st.text("ABCR0123456789- ", max_size=24))
def test_whatever_is_typed_gives_a_number_or_one_of_our_errors(text):
    try:
        item = typed_number(text, looked_again=True)
    except ItemError:
        return
    assert item.scheme in {"s10", "french", "other"}
    assert typed_number(shown(item.number), looked_again=True) == item


@given(st.lists(st.binary(max_size=40), max_size=4))
def test_whatever_is_in_view_gives_a_number_or_one_of_our_errors(payloads):
    try:
        item = number_in_view(payloads)
    except ItemError:
        return
    assert item is None or scheme_of(item.number) == item.scheme
