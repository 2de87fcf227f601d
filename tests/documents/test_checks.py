"""The automatic checks: each fact of a case and the verdict it gives."""

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.documents.checks import CODES, automatic_checks, suggested_reasons
from kiosk.documents.mrz import parse
from kiosk.documents.names import Match
from kiosk.documents.numbers import compare_numbers
from kiosk.documents.partial_dates import compare_dates, from_ddmmyyyy, same_but_century
from kiosk.documents.twoddoc import SealVerdict
from kiosk.domain.decision import Reason
from kiosk.domain.evidence import Check, DocumentKind, PartialDate, Verdict
from kiosk.domain.ids import KeyId, OfficeId, RequestId
from kiosk.domain.request import VerificationRequest
from tests.documents import vectors
from tests.documents.vectors import TODAY

CARD = parse(vectors.CARD_2021, TODAY)
OLD_CARD = replace(parse(vectors.CARD_1988_COMPOUND, TODAY).document, expiry_date=date(2022, 6, 14))
REQUEST = VerificationRequest(
    request_id=RequestId("1"),
    issuer="issuer",
    service="cpf",
    not_before=datetime(2026, 1, 1, tzinfo=UTC),
    expires_at=datetime(2027, 1, 1, tzinfo=UTC),
    surname="Martin",
    given_names=("Maëlys-Gaëlle", "Marie"),
    birth_date=PartialDate(1990, 7, 13),
    document_kind=DocumentKind.FR_ID_CARD_2021,
    document_number="X4RTBPFW4",
    office_id=OfficeId(""),
    key_id=KeyId(""),
)
ALL_KINDS = frozenset(DocumentKind)


def checks_of(request=None, document=CARD.document, **arguments):
    settings = {
        "today": TODAY,
        "accepted_kinds": ALL_KINDS,
        "accept_extended": True,
        "specimens_allowed": True,
    }
    return automatic_checks(request, document, **(settings | arguments))


def answer(code, request=None, document=CARD.document, **arguments):
    for check in checks_of(request, document, **arguments):
        if check.code == code:
            return check.verdict, check.detail
    return None


def document(**changes):
    return replace(CARD.document, **changes)


def request(**changes):
    return replace(REQUEST, **changes)


def test_a_plain_case_passes_everywhere():
    checks = checks_of(
        REQUEST, reading_checks=CARD.checks, seals=(SealVerdict.VALID,), specimens_allowed=True
    )
    assert {check.verdict for check in checks} == {Verdict.PASS}
    assert suggested_reasons(checks) == ()


def test_every_code_is_announced_and_none_comes_twice():
    strange = replace(OLD_CARD, issue_date=date(2012, 6, 15))
    checks = checks_of(
        REQUEST,
        strange,
        reading_checks=CARD.checks,
        seals=(SealVerdict.VALID,),
        specimens_allowed=False,
    )
    assert [check.code for check in checks] == list(CODES)


# --- validity -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("expiry", "found"),
    [
        (TODAY, (Verdict.PASS, "")),
        (date(2026, 11, 24), (Verdict.FAIL, "expired")),
        (None, (Verdict.UNSURE, "unknown")),
        (date(2031, 1, 1), (Verdict.PASS, "")),
    ],
)
def test_expiry(expiry, found):
    assert answer("validity.expiry", None, document(expiry_date=expiry)) == found
    assert answer("validity.extension", None, document(expiry_date=expiry)) is None


def test_a_card_valid_by_extension():
    assert answer("validity.expiry", None, OLD_CARD) == (Verdict.PASS, "extended")
    assert answer("validity.extension", None, OLD_CARD) == (Verdict.PASS, "extended")
    refused = {"accept_extended": False}
    assert answer("validity.extension", None, OLD_CARD, **refused) == (
        Verdict.FAIL,
        "not-accepted",
    )


@pytest.mark.parametrize(
    ("today", "found"),
    [
        (date(2022, 6, 14), (Verdict.PASS, "")),
        (date(2022, 6, 15), (Verdict.PASS, "extended")),
        (date(2027, 6, 14), (Verdict.PASS, "extended")),
        (date(2027, 6, 15), (Verdict.FAIL, "expired")),
    ],
)
def test_the_last_days_of_an_extended_card(today, found):
    assert answer("validity.expiry", None, OLD_CARD, today=today) == found


def test_an_extension_that_cannot_be_decided_is_not_sure():
    doubtful = replace(OLD_CARD, birth_date=PartialDate(1994, 6))
    assert answer("validity.expiry", None, doubtful) == (Verdict.UNSURE, "extension-unknown")
    assert answer("validity.extension", None, doubtful) == (Verdict.UNSURE, "unknown")


@pytest.mark.parametrize(
    ("today", "verdict", "extension"),
    [
        (date(2022, 6, 14), Verdict.PASS, None),
        (date(2022, 6, 15), Verdict.UNSURE, (Verdict.UNSURE, "unknown")),
        (date(2027, 6, 14), Verdict.UNSURE, (Verdict.UNSURE, "unknown")),
        (date(2027, 6, 15), Verdict.FAIL, None),
    ],
)
def test_the_last_days_of_a_doubtful_extension(today, verdict, extension):
    doubtful = replace(OLD_CARD, birth_date=PartialDate(1994, 6))
    found = answer("validity.expiry", None, doubtful, today=today)
    assert found is not None
    assert found[0] is verdict
    assert answer("validity.extension", None, doubtful, today=today) == extension


def test_a_minors_old_card_is_expired():
    minor = replace(parse(vectors.CARD_1988_MINOR, TODAY).document, expiry_date=date(2023, 5, 19))
    assert answer("validity.expiry", None, minor) == (Verdict.FAIL, "expired")
    assert answer("validity.extension", None, minor) is None


@pytest.mark.parametrize(
    ("expiry", "found"),
    [
        (date(2022, 6, 14), (Verdict.PASS, "")),
        (date(2027, 6, 20), (Verdict.PASS, "")),
        (date(2022, 7, 14), (Verdict.UNSURE, "inconsistent")),
        (date(2032, 6, 14), (Verdict.UNSURE, "inconsistent")),
    ],
)
def test_a_typed_expiry_must_fit_the_number(expiry, found):
    typed = replace(OLD_CARD, expiry_date=expiry)
    assert answer("validity.printed_dates", None, typed) == found


@pytest.mark.parametrize(
    ("issued", "found"),
    [
        (date(2012, 6, 15), (Verdict.PASS, "")),
        (date(2012, 7, 15), (Verdict.UNSURE, "other-month")),
        (date(2026, 11, 26), (Verdict.FAIL, "future")),
        (date(2022, 6, 14), (Verdict.FAIL, "after-expiry")),
        (date(1985, 2, 27), (Verdict.FAIL, "before-birth")),
        (date(1985, 2, 28), (Verdict.UNSURE, "other-month")),
    ],
)
def test_a_typed_issue_date(issued, found):
    assert answer("validity.issue_date", None, replace(OLD_CARD, issue_date=issued)) == found


# --- the person -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("birth", "found"),
    [
        (PartialDate(2008, 11, 25), (Verdict.PASS, "")),
        (PartialDate(2008, 11, 26), (Verdict.FAIL, "")),
        (PartialDate(2008), (Verdict.UNSURE, "partial")),
        (PartialDate(1980), (Verdict.PASS, "")),
        (PartialDate(None), (Verdict.UNSURE, "unknown")),
        (PartialDate(1990, 4, 31), (Verdict.UNSURE, "unknown")),
        (PartialDate(1915, 11, 25), (Verdict.UNSURE, "implausible")),
        (PartialDate(1916, 11, 25), (Verdict.PASS, "")),
    ],
)
def test_age(birth, found):
    assert answer("person.adult", None, document(birth_date=birth)) == found


def test_the_request_tells_the_century_of_somebody_very_old():
    # The zone says 21-03-04 and gives 2021; the request says 1921.
    old = document(birth_date=PartialDate(2021, 3, 4))
    announced = request(birth_date=PartialDate(1921, 3, 4))
    assert answer("person.adult", announced, old) == (Verdict.UNSURE, "century")
    assert answer("request.birth_date", announced, old) == (Verdict.UNSURE, "century")


def test_without_such_a_request_a_child_is_a_child():
    child = document(birth_date=PartialDate(2021, 3, 4))
    assert answer("person.adult", REQUEST, child) == (Verdict.FAIL, "")


@pytest.mark.parametrize(
    ("surname", "given", "suspect"),
    [
        ("SPECIMEN", ("NATACHA",), True),
        ("UK SPECIMEN", ("ANGELA",), True),
        ("BERTHIER", ("CORINNE",), True),
        ("BERTHIER", ("PAUL",), False),
        ("MARTIN", ("MAELYS", "GAELLE"), True),
        ("MARTIN", (), False),
    ],
)
def test_names_of_official_specimens_are_a_question(surname, given, suspect):
    named = document(surname=surname, given_names=given)
    expected = (Verdict.UNSURE, "specimen-name") if suspect else (Verdict.PASS, "")
    assert answer("document.specimen_name", None, named, specimens_allowed=False) == expected
    assert answer("document.specimen_name", None, named, specimens_allowed=True) is None


# --- the document against policy and request ------------------------------------------------------


def test_kinds_that_the_policy_accepts():
    only = {"accepted_kinds": {DocumentKind.FR_PASSPORT}}
    assert answer("document.kind_accepted", **only) == (Verdict.FAIL, "")
    assert answer("document.kind_accepted") == (Verdict.PASS, "")
    other = document(kind=DocumentKind.OTHER)
    assert answer("document.kind_accepted", None, other) == (Verdict.FAIL, "")


@pytest.mark.parametrize(
    ("change", "code", "found"),
    [
        ({"surname": "MARTIN"}, "request.surname", (Verdict.PASS, "equal")),
        ({"surname": "de Martin"}, "request.surname", (Verdict.UNSURE, "particles")),
        ({"surname": "Martinez"}, "request.surname", (Verdict.FAIL, "different")),
        ({"given_names": ("Maëlys-Gaëlle",)}, "request.given_names", (Verdict.UNSURE, "prefix")),
        ({"given_names": ("Élodie",)}, "request.given_names", (Verdict.FAIL, "different")),
        ({"birth_date": PartialDate(1990)}, "request.birth_date", (Verdict.UNSURE, "prefix")),
        ({"birth_date": PartialDate(1990, 7, 14)}, "request.birth_date",
         (Verdict.FAIL, "different")),
        ({"document_number": "x4rt bpfw4"}, "request.number", (Verdict.PASS, "equal")),
        ({"document_number": "X4RTBPFW5"}, "request.number", (Verdict.FAIL, "different")),
        ({"document_number": ""}, "request.number", (Verdict.NOT_DONE, "not-announced")),
        ({"document_kind": DocumentKind.FR_PASSPORT}, "document.announced_kind",
         (Verdict.FAIL, "")),
        ({"document_kind": None}, "document.announced_kind", None),
    ],
)  # fmt: skip
def test_against_the_request(change, code, found):
    assert answer(code, request(**change)) == found


def test_without_a_request_nothing_is_compared():
    assert not [c for c in checks_of(None) if c.code.startswith("request.")]


@pytest.mark.parametrize(
    ("announced", "read", "kind", "match"),
    [
        ("O7CD123O4", "07CD12304", DocumentKind.FR_PASSPORT, Match.EQUAL),
        ("07CD1I304", "07CD11304", DocumentKind.FR_PASSPORT, Match.EQUAL),
        ("07OI12304", "070112304", DocumentKind.FR_PASSPORT, Match.EQUAL),
        ("07CD12304", "07CO12304", DocumentKind.FR_PASSPORT, Match.DIFFERENT),
        ("X4RTBPFWO", "X4RTBPFW0", DocumentKind.FR_ID_CARD_2021, Match.DIFFERENT),
        ("I2O675K01234", "120675K01234", DocumentKind.FR_ID_CARD_1988, Match.EQUAL),
        ("120675KO1234", "120675K01234", DocumentKind.FR_ID_CARD_1988, Match.DIFFERENT),
        ("07-CD.123 04", "07CD12304", DocumentKind.FR_PASSPORT, Match.EQUAL),
        ("", "", DocumentKind.OTHER, Match.DIFFERENT),
    ],
)
def test_numbers_are_repaired_only_where_the_format_decides(announced, read, kind, match):
    assert compare_numbers(announced, read, kind) is match


@pytest.mark.parametrize(
    ("one", "other", "match"),
    [
        (PartialDate(1990, 7, 13), PartialDate(1990, 7, 13), Match.EQUAL),
        (PartialDate(1975), PartialDate(1975), Match.EQUAL),
        (PartialDate(1975, 1, 1), PartialDate(1975), Match.PREFIX),
        (PartialDate(1975), PartialDate(1976), Match.DIFFERENT),
        (PartialDate(None), PartialDate(None), Match.DIFFERENT),
        (PartialDate(None), PartialDate(1975), Match.DIFFERENT),
        (PartialDate(None, 7, 13), PartialDate(1990, 7, 13), Match.PREFIX),
    ],
)
def test_partial_dates(one, other, match):
    assert compare_dates(one, other) is match
    assert compare_dates(other, one) is match


def test_centuries():
    assert same_but_century(PartialDate(1921, 3, 4), PartialDate(2021, 3, 4))
    assert not same_but_century(PartialDate(1921, 3, 4), PartialDate(2021, 3, 5))
    assert not same_but_century(PartialDate(None), PartialDate(None))


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("13071990", PartialDate(1990, 7, 13)),
        ("00001990", PartialDate(1990)),
        ("1307199", None),
        ("1307199O", None),
    ],
)
def test_dates_of_seals(text, found):
    assert from_ddmmyyyy(text) == found


# --- reading and seals ----------------------------------------------------------------------------


def test_the_summary_of_the_zone():
    assert answer("mrz.summary") == (Verdict.NOT_DONE, "")
    assert answer("mrz.summary", reading_checks=CARD.checks) == (Verdict.PASS, "")
    wrong = (*CARD.checks, Check("mrz.composite", Verdict.FAIL, "digit"))
    assert answer("mrz.summary", reading_checks=wrong) == (Verdict.FAIL, "")
    doubt = (*CARD.checks, Check("mrz.number_format", Verdict.UNSURE, "unusual"))
    assert answer("mrz.summary", reading_checks=doubt) == (Verdict.PASS, "")
    foreign = (Check("reading.agreement", Verdict.FAIL),)
    assert answer("mrz.summary", reading_checks=foreign) == (Verdict.NOT_DONE, "")


@pytest.mark.parametrize(
    ("seals", "found"),
    [
        ((), None),
        (("", ""), None),
        (("valid",), (Verdict.PASS, "valid")),
        (("", "invalid"), (Verdict.FAIL, "invalid")),
        (("valid", "invalid"), (Verdict.FAIL, "invalid")),
        (("unknown-certificate", "valid"), (Verdict.UNSURE, "unknown-certificate")),
        (("list-too-old",), (Verdict.UNSURE, "list-too-old")),
        (("test-certificate",), (Verdict.FAIL, "test-certificate")),
    ],
)
def test_seals(seals, found):
    assert answer("seal.signature", seals=seals, specimens_allowed=False) == found


def test_a_test_seal_is_never_a_yes_even_in_the_demonstration():
    found = answer("seal.signature", seals=("test-certificate",), specimens_allowed=True)
    assert found == (Verdict.UNSURE, "test-certificate")


# --- reasons --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("person.adult", Reason.NOT_ADULT),
        ("document.kind_accepted", Reason.TYPE_NOT_ACCEPTED),
        ("mrz.specimen", Reason.TYPE_NOT_ACCEPTED),
        ("validity.expiry", Reason.EXPIRED),
        ("validity.extension", Reason.EXPIRED),
        ("validity.issue_date", Reason.MRZ_PRINT_DIFFER),
        ("request.surname", Reason.NAME_DIFFERS),
        ("request.given_names", Reason.NAME_DIFFERS),
        ("request.birth_date", Reason.BIRTH_DATE_DIFFERS),
        ("request.number", Reason.NUMBER_DIFFERS),
        ("mrz.composite", Reason.MRZ_CHECK_DIGIT),
        ("mrz.calendar", Reason.MRZ_CHECK_DIGIT),
        ("seal.signature", Reason.SEAL_INVALID),
        ("seal.matches", Reason.SEAL_DIFFERS),
    ],
)
def test_a_failed_check_suggests_its_reason(code, reason):
    assert suggested_reasons((Check(code, Verdict.FAIL),)) == (reason,)
    for verdict in (Verdict.PASS, Verdict.UNSURE, Verdict.NOT_DONE):
        assert suggested_reasons((Check(code, verdict),)) == ()


def test_reasons_keep_the_order_of_the_closed_list_and_come_once():
    failed = [
        Check(code, Verdict.FAIL)
        for code in ("request.surname", "person.adult", "request.given_names", "mrz.summary")
    ]
    assert suggested_reasons(failed) == (Reason.NOT_ADULT, Reason.NAME_DIFFERS)


def test_every_automatic_check_that_can_fail_suggests_a_reason():
    for code in CODES:
        if code != "mrz.summary":  # its parts have their own reasons
            assert suggested_reasons((Check(code, Verdict.FAIL),))


# --- nothing personal -----------------------------------------------------------------------------


@given(st.sampled_from(sorted(vectors.ALL)), st.dates(date(1995, 1, 1), date(2080, 1, 1)))
def test_any_document_on_any_day_has_checks_without_personal_data(name, today):
    reading = parse(vectors.ALL[name], today)
    checks = checks_of(REQUEST, reading.document, today=today, reading_checks=reading.checks)
    for check in (*checks, *reading.checks):
        assert not any(character.isdigit() for character in check.detail)
        assert check.detail == check.detail.lower()
