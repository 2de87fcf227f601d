"""Reading machine-readable zones: every verified vector, and what must not pass."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.documents.check_digits import ALPHABET, blind_twins, check_digit
from kiosk.documents.mrz import CHECK_DIGITS, parse
from kiosk.domain.errors import MrzFormatError
from kiosk.domain.evidence import DocumentKind, PartialDate, Verdict
from tests.documents import vectors
from tests.documents.vectors import TODAY


def check_of(reading, code):
    return next(check for check in reading.checks if check.code == code)


def verdict_of(lines, code, today=TODAY):
    return check_of(parse(lines, today), code).verdict


def with_line(lines, index, text):
    return (*lines[:index], text, *lines[index + 1 :])


def replaced(lines, row, column, text):
    line = lines[row]
    return with_line(lines, row, line[:column] + text + line[column + len(text) :])


@pytest.mark.parametrize("name", sorted(vectors.ALL))
def test_every_digit_of_every_vector_is_right(name):
    reading = parse(vectors.ALL[name], TODAY)
    assert reading.digits_agree
    assert reading.document.mrz == vectors.ALL[name]
    digits = [c for c in reading.checks if c.code in CHECK_DIGITS]
    expected = {"TD1": 4, "TD2": 4, "TD3": 5, "FR-ID": 3, "MRV-A": 3, "MRV-B": 3}
    assert len(digits) == expected[reading.document.layout]


def test_the_icao_passport_field_by_field():
    document = parse(vectors.TD3_ICAO, TODAY).document
    assert document.layout == "TD3"
    assert document.kind is DocumentKind.PASSPORT
    assert (document.document_code, document.issuer, document.nationality) == ("P", "UTO", "UTO")
    assert (document.surname, document.given_names) == ("ERIKSSON", ("ANNA", "MARIA"))
    assert document.document_number == "L898902C3"
    assert document.birth_date == PartialDate(1974, 8, 12)
    assert document.sex == "F"
    assert document.expiry_date == date(2012, 4, 15)
    assert document.optional_data == "ZE184226B"
    assert not document.surname_truncated
    assert not document.given_names_truncated


def test_the_card_of_2021():
    document = parse(vectors.CARD_2021, TODAY).document
    assert document.kind is DocumentKind.FR_ID_CARD_2021
    assert document.document_number == "X4RTBPFW4"
    assert document.given_names == ("MAELYS", "GAELLE", "MARIE")
    assert document.expiry_date == date(2030, 2, 11)
    assert document.issue_month is None


def test_the_old_french_card_is_no_td2():
    reading = parse(vectors.CARD_1988, TODAY)
    document = reading.document
    assert document.layout == "FR-ID"
    assert document.kind is DocumentKind.FR_ID_CARD_1988
    assert document.document_number == "880692310285"
    assert (document.surname, document.given_names) == ("BERTHIER", ("CORINNE",))
    assert document.birth_date == PartialDate(1965, 12, 6)
    assert document.issue_month == date(1988, 6, 1)
    assert document.expiry_date is None
    assert document.nationality == ""
    assert "mrz.nationality" not in {check.code for check in reading.checks}


def test_a_compound_given_name_keeps_together_on_the_old_card():
    document = parse(vectors.CARD_1988_COMPOUND, TODAY).document
    assert document.given_names == ("MARIE CLAIRE",)
    assert document.optional_data == "075012"
    assert document.issue_month == date(2012, 6, 1)
    assert not document.given_names_truncated


def test_a_full_name_field_of_the_old_card_is_marked_as_cut():
    document = parse(vectors.CARD_1988_CUT, TODAY).document
    assert document.given_names == ("JEAN PIERRE", "P")
    assert document.given_names_truncated
    assert not document.surname_truncated


@pytest.mark.parametrize(
    ("lines", "number"),
    [
        (vectors.TD1_LONG, "D23145890734"),
        (vectors.TD2_LONG, "D23145890734"),
        (vectors.CARD_BELGIUM_LONG, "600001795015"),
    ],
)
def test_long_numbers_run_on_into_the_optional_field(lines, number):
    document = parse(lines, TODAY).document
    assert document.document_number == number
    assert document.optional_data == ""


def test_a_wrong_digit_of_a_long_number_is_seen():
    wrong = replaced(vectors.CARD_BELGIUM_LONG, 0, 18, "0")
    assert verdict_of(wrong, "mrz.document_number") is Verdict.FAIL


def test_a_number_of_ten_characters_is_the_shortest_long_one():
    rest = "4" + check_digit("D231458904")
    lines = replaced(vectors.TD1_ICAO, 0, 14, "<" + rest)
    reading = parse(lines, TODAY)
    assert reading.document.document_number == "D231458904"
    assert check_of(reading, "mrz.document_number").verdict is Verdict.PASS


def test_a_missing_check_digit_is_no_long_number():
    lines = replaced(vectors.TD1_ICAO, 0, 14, "<")
    reading = parse(lines, TODAY)
    assert reading.document.document_number == "D23145890"
    assert check_of(reading, "mrz.document_number").verdict is Verdict.FAIL


@pytest.mark.parametrize("lines", [vectors.TD3_ZERO, vectors.TD3_FILLER, vectors.PASSPORT_GERMANY])
def test_an_empty_personal_number_has_a_zero_or_a_filler_as_check_digit(lines):
    assert verdict_of(lines, "mrz.optional_data") is Verdict.PASS


def test_a_filler_is_no_check_digit_of_a_personal_number():
    lines = replaced(vectors.TD3_ICAO, 1, 42, "<")
    assert verdict_of(lines, "mrz.optional_data") is Verdict.FAIL


def test_unknown_parts_of_a_birth_date():
    reading = parse(vectors.CARD_PARTIAL_BIRTH, TODAY)
    assert reading.document.birth_date == PartialDate(1975)
    assert check_of(reading, "mrz.calendar").verdict is Verdict.PASS


def test_german_documents_have_an_issuer_of_one_letter():
    reading = parse(vectors.PASSPORT_GERMANY, TODAY)
    assert (reading.document.issuer, reading.document.nationality) == ("D", "D")
    assert check_of(reading, "mrz.issuer").verdict is Verdict.PASS


def test_a_surname_of_two_words_is_one_surname():
    document = parse(vectors.PASSPORT_GBR, TODAY).document
    assert document.surname == "UK SPECIMEN"
    assert document.given_names == ("ANGELA", "ZOE")


@pytest.mark.parametrize(
    ("field", "surname_cut", "given_cut"),
    [
        ("NILAVADHANANANDA<<CHAYAPA<DEJTHAMRONG<K", False, True),
        ("NILAVADHANANANDA<<ARNPOL<PETCH<CHARONGU", False, True),
        ("BENNELONG<WOOLOOMOOLOO<WARRANDYTE<W<<DI", True, True),
        ("PAPANDROPOULOUS<<JONATHON<WARREN<TREVOR", False, True),
        ("OCONNOR<<ENYA<SIOBHAN<<<<<<<<<<<<<<<<<<", False, False),
        ("SMITH<JONES<<SUSIE<MARGARET<<<<<<<<<<<<", False, False),
        ("VAN<DER<MUELLEN<<MARTIN<<<<<<<<<<<<<<<<", False, False),
        ("ARKFREITH<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<", False, False),
        ("ABCDEFGHIJKLMNOPQRSTUVWXYZABCDEFGHIJKLM", True, False),
        ("ABCDEFGHIJKLMNOPQRS<<ABCDEFGHIJKLMNOPQR", False, True),
        ("ABCDEFGHIJKLMNOPQRST<<ABCDEFGHIJKLMNOPQ", True, True),
    ],
)
def test_a_full_name_field_may_be_cut(field, surname_cut, given_cut):
    document = parse(with_line(vectors.TD3_ICAO, 0, "P<UTO" + field), TODAY).document
    assert document.surname == field.split("<<")[0].replace("<", " ")
    assert document.surname_truncated is surname_cut
    assert document.given_names_truncated is given_cut


def test_a_passport_without_given_names():
    line = "P<UTOARKFREITH" + "<" * 30
    document = parse(with_line(vectors.TD3_ICAO, 0, line), TODAY).document
    assert (document.surname, document.given_names) == ("ARKFREITH", ())


@pytest.mark.parametrize(
    ("lines", "kind"),
    [
        (vectors.PASSPORT_ANTS, DocumentKind.FR_PASSPORT),
        (vectors.PASSPORT_2026, DocumentKind.FR_PASSPORT),
        (vectors.PASSPORT_GBR, DocumentKind.PASSPORT),
        (vectors.REFUGEE, DocumentKind.OTHER),
        (vectors.PERMIT, DocumentKind.FR_RESIDENCE_PERMIT),
        (vectors.PERMIT_KOSOVO, DocumentKind.FR_RESIDENCE_PERMIT),
        (vectors.CARD_BELGIUM_LONG, DocumentKind.EU_ID_CARD),
        (vectors.TD1_THAILAND, DocumentKind.OTHER),
        (vectors.TD1_ICAO, DocumentKind.OTHER),
        (vectors.VISA_A, DocumentKind.OTHER),
        (vectors.VISA_B, DocumentKind.OTHER),
        (replaced(vectors.PERMIT, 0, 0, "TS"), DocumentKind.FR_RESIDENCE_PERMIT),
        (replaced(vectors.PERMIT, 0, 0, "AC"), DocumentKind.OTHER),
        (replaced(vectors.CARD_BELGIUM_LONG, 0, 0, "IR"), DocumentKind.OTHER),
        (replaced(vectors.CARD_BELGIUM_LONG, 1, 15, "MAR"), DocumentKind.OTHER),
        (replaced(vectors.PASSPORT_GBR, 0, 0, "X"), DocumentKind.OTHER),
    ],
)
def test_kinds(lines, kind):
    assert parse(lines, TODAY).document.kind is kind


def test_nationality_may_differ_from_the_issuer():
    document = parse(vectors.PERMIT, TODAY).document
    assert (document.issuer, document.nationality) == ("FRA", "MAR")


def test_visas_have_no_composite_digit():
    reading = parse(vectors.VISA_A, TODAY)
    assert reading.document.layout == "MRV-A"
    assert "mrz.composite" not in {check.code for check in reading.checks}
    assert parse(vectors.VISA_B, TODAY).document.layout == "MRV-B"


def test_the_specimen_state_is_refused():
    assert verdict_of(vectors.TD3_ICAO, "mrz.specimen") is Verdict.FAIL
    assert verdict_of(vectors.CARD_2021, "mrz.specimen") is Verdict.PASS


def test_an_unknown_state_is_not_sure():
    check = check_of(parse(vectors.TD3_ZERO, TODAY), "mrz.nationality")
    assert (check.verdict, check.detail) == (Verdict.UNSURE, "unknown")


@pytest.mark.parametrize("code", ["RKS", "XXA", "XXB", "XXC", "GBD", "EUE", "UNO", "XOM", "FRA"])
def test_codes_added_by_icao_are_known(code):
    lines = replaced(vectors.PERMIT, 1, 15, code)
    assert verdict_of(lines, "mrz.nationality") is Verdict.PASS


@pytest.mark.parametrize(
    ("number", "verdict"),
    [("07CD12304", Verdict.PASS), ("0712345CD", Verdict.UNSURE), ("A123456", Verdict.UNSURE)],
)
def test_the_form_of_a_french_passport_number(number, verdict):
    field = number.ljust(9, "<")
    lines = replaced(vectors.PASSPORT_ANTS, 1, 0, field + check_digit(field))
    assert verdict_of(lines, "mrz.number_format") is verdict


def test_the_month_in_an_old_card_number_must_exist():
    number = "881392310285"
    lines = replaced(vectors.CARD_1988, 1, 0, number + check_digit(number))
    reading = parse(lines, TODAY)
    assert reading.document.issue_month is None
    assert check_of(reading, "mrz.number_format").verdict is Verdict.UNSURE


@pytest.mark.parametrize(
    ("head", "month"),
    [
        ("8712", date(1987, 12, 1)),
        ("9901", date(1999, 1, 1)),
        ("0001", date(2000, 1, 1)),
        ("8612", date(2086, 12, 1)),
        ("1700", None),
        ("17O1", None),
    ],
)
def test_the_month_of_issue_in_an_old_card_number(head, month):
    number = head + "92310285"
    lines = replaced(vectors.CARD_1988, 1, 0, number + check_digit(number))
    reading = parse(lines, TODAY)
    assert reading.document.issue_month == month
    possible = month is not None and month <= TODAY
    expected = Verdict.PASS if possible else Verdict.UNSURE
    assert check_of(reading, "mrz.number_format").verdict is expected


def test_a_travel_document_for_refugees_has_no_known_number_format():
    codes = {check.code for check in parse(vectors.REFUGEE, TODAY).checks}
    assert "mrz.number_format" not in codes


# --- dates ----------------------------------------------------------------------------------------


def birth(lines, text):
    start = {"TD1": (1, 0), "TD3": (1, 13), "FR-ID": (1, 27)}[parse(lines, TODAY).document.layout]
    return replaced(lines, *start, text + check_digit(text))


def expiry(lines, text):
    return replaced(lines, 1, 8, text + check_digit(text))


@pytest.mark.parametrize(
    ("text", "year"),
    [("261125", 2026), ("261126", 1926), ("250101", 2025), ("270101", 1927), ("26<<<<", 2026)],
)
def test_a_birth_is_never_in_the_future(text, year):
    assert parse(birth(vectors.CARD_2021, text), TODAY).document.birth_date.year == year


def test_nobody_is_born_after_the_card_was_issued():
    # Issued in June 1988: a birth of year 12 is one of 1912.
    document = parse(birth(vectors.CARD_1988, "120101"), TODAY).document
    assert document.birth_date == PartialDate(1912, 1, 1)
    newborn = parse(birth(vectors.CARD_1988, "880630"), TODAY).document
    assert newborn.birth_date == PartialDate(1988, 6, 30)


@pytest.mark.parametrize(
    ("text", "year"),
    [("960101", 1996), ("760101", 2076), ("770101", 2077), ("870101", 1987), ("301231", 2030)],
)
def test_the_century_of_an_expiry_is_that_of_a_living_document(text, year):
    found = parse(expiry(vectors.CARD_2021, text), TODAY).document.expiry_date
    assert found is not None
    assert found.year == year


@pytest.mark.parametrize(
    ("lines", "verdict", "detail"),
    [
        (birth(vectors.CARD_2021, "900431"), Verdict.FAIL, "birth-impossible"),
        (birth(vectors.CARD_2021, "910229"), Verdict.FAIL, "birth-impossible"),
        (birth(vectors.CARD_2021, "9O0413"), Verdict.FAIL, "birth-form"),
        (birth(vectors.CARD_2021, "900000"), Verdict.UNSURE, "birth-zeros"),
        (birth(vectors.CARD_2021, "<<<<<<"), Verdict.PASS, ""),
        (expiry(vectors.CARD_2021, "300231"), Verdict.FAIL, "expiry-impossible"),
        (expiry(vectors.CARD_2021, "3O0211"), Verdict.FAIL, "expiry-form"),
        (expiry(vectors.CARD_2021, "<<<<<<"), Verdict.UNSURE, "no-expiry"),
        (
            birth(expiry(vectors.CARD_2021, "970101"), "980101"),
            Verdict.FAIL,
            "expiry-before-birth",
        ),
        (birth(expiry(vectors.CARD_2021, "300231"), "900000"), Verdict.FAIL, "expiry-impossible"),
    ],
)
def test_dates_that_cannot_be(lines, verdict, detail):
    check = check_of(parse(lines, TODAY), "mrz.calendar")
    assert (check.verdict, check.detail) == (verdict, detail)


def test_an_impossible_birth_date_has_no_full_date():
    document = parse(birth(vectors.CARD_2021, "900431"), TODAY).document
    assert document.birth_date.complete is None


def test_a_leap_day_is_a_birthday():
    assert parse(vectors.PASSPORT_LEAP, TODAY).document.birth_date.complete == date(1980, 2, 29)


@pytest.mark.parametrize(("letter", "sex"), [("M", "M"), ("F", "F"), ("<", "X"), ("X", "X")])
def test_sex(letter, sex):
    reading = parse(replaced(vectors.CARD_2021, 1, 7, letter), TODAY)
    assert reading.document.sex == sex
    assert check_of(reading, "mrz.sex").verdict is Verdict.PASS


def test_a_sex_that_does_not_exist_is_a_failure():
    assert verdict_of(replaced(vectors.CARD_2021, 1, 7, "Q"), "mrz.sex") is Verdict.FAIL


@pytest.mark.parametrize("field", ["MART1N<<MAELYS" + "<" * 16, "<" * 30])
def test_a_name_without_letters_or_with_digits_is_a_failure(field):
    assert verdict_of(with_line(vectors.CARD_2021, 2, field), "mrz.names") is Verdict.FAIL


# --- input that is no zone ------------------------------------------------------------------------


@pytest.mark.parametrize(
    "lines",
    [
        (),
        ("",),
        ("", ""),
        vectors.TD3_ICAO[:1],
        (*vectors.TD1_ICAO, vectors.TD1_ICAO[0]),
        (vectors.TD3_ICAO[0][:-1], vectors.TD3_ICAO[1]),
        (vectors.TD3_ICAO[0], vectors.TD2_ICAO[1]),
        ("A" * 65, "B" * 65),
        ("A" * 40, "B" * 40),
        (vectors.TD3_ICAO[0].replace("A", "À"), vectors.TD3_ICAO[1]),
        (vectors.TD3_ICAO[0].replace("A", "."), vectors.TD3_ICAO[1]),
        (vectors.TD3_ICAO[0].replace("A", "\x00"), vectors.TD3_ICAO[1]),
        (vectors.TD1_ICAO[0], vectors.TD1_ICAO[1]),
    ],
)
def test_what_is_no_zone_is_refused(lines):
    with pytest.raises(MrzFormatError):
        parse(lines, TODAY)


def test_white_space_around_and_lower_case_are_accepted():
    typed = tuple(f"  {line.lower()}\r\n" for line in vectors.CARD_2021)
    assert parse(typed, TODAY) == parse(vectors.CARD_2021, TODAY)


characters = st.sampled_from(ALPHABET + "<")


@st.composite
def rows(draw):
    count, width = draw(st.sampled_from([(3, 30), (2, 36), (2, 44)]))
    lines = [draw(st.text(characters, min_size=width, max_size=width)) for _ in range(count)]
    head = draw(st.sampled_from(["", "IDFRA", "P<FRA", "V<FRA", "I<UTO", "P<D<<"]))
    return (head + lines[0][len(head) :], *lines[1:])


@given(rows(), st.dates(date(1990, 1, 1), date(2090, 1, 1)))
def test_any_zone_has_a_reading(lines, today):
    reading = parse(lines, today)
    assert reading.document.mrz == lines
    birth_date = reading.document.birth_date.complete
    assert birth_date is None or birth_date <= today


@given(st.lists(st.text(max_size=70), max_size=4))
def test_any_text_is_read_or_refused(lines):
    try:
        parse(lines, TODAY)
    except MrzFormatError:
        return


@given(st.sampled_from(sorted(vectors.ALL)), st.data())
def test_one_changed_character_is_seen_by_a_digit_but_for_blind_twins(name, data):
    lines = vectors.ALL[name]
    layout = parse(lines, TODAY).document.layout
    row = data.draw(st.integers(0, len(lines) - 1))
    column = data.draw(st.integers(0, len(lines[0]) - 1))
    old = lines[row][column]
    new = data.draw(characters.filter(lambda c: c != old and c not in blind_twins(old)))
    changed = parse(replaced(lines, row, column, new), TODAY)
    if (row, column) in COVERED[layout] and changed.document.layout == layout:
        assert not changed.digits_agree


def _covered():
    """Places that a composite digit covers, and the digits themselves."""
    return {
        "TD1": {(0, c) for c in range(5, 30)}
        | {(1, c) for c in (*range(7), *range(8, 15), *range(18, 30))},
        "TD2": {(1, c) for c in (*range(10), *range(13, 20), *range(21, 36))},
        "TD3": {(1, c) for c in (*range(10), *range(13, 20), *range(21, 44))},
        "FR-ID": {(0, c) for c in range(5, 36)} | {(1, c) for c in range(36)},
        "MRV-A": {(1, c) for c in (*range(10), *range(13, 20), *range(21, 28))},
        "MRV-B": {(1, c) for c in (*range(10), *range(13, 20), *range(21, 28))},
    }


COVERED = _covered()


def test_a_zone_without_a_number_is_a_question_whoever_issued_it():
    lines = replaced(vectors.TD3_ICAO, 1, 0, "<" * 9 + "0")
    reading = parse(lines, TODAY)
    assert reading.document.document_number == ""
    assert check_of(reading, "mrz.document_number").verdict is Verdict.PASS
    assert check_of(reading, "mrz.number_format").verdict is Verdict.UNSURE
