"""2D-Doc seals: official samples, trust, and broken texts."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.documents.issuers import EUROPEAN, is_known
from kiosk.documents.mrz import parse as parse_zone
from kiosk.documents.seal_comparison import compare, compare_request, presence
from kiosk.documents.seal_states import _STATES, same_state
from kiosk.documents.twoddoc import (
    GS,
    RS,
    US,
    SealVerdict,
    TrustList,
    is_binary,
    issue,
    looks_like,
    parse,
    verify,
)
from kiosk.documents.twoddoc_fields import FIELDS
from kiosk.domain.errors import SealFormatError
from kiosk.domain.evidence import DocumentKind, PartialDate, Verdict
from kiosk.domain.ids import KeyId, OfficeId, RequestId
from kiosk.domain.request import VerificationRequest
from tests.documents import vectors
from tests.documents.seals import (
    BILL,
    CERTIFICATE,
    FOREIGN,
    SAMPLES,
    SIGNER,
    TEST_CERTIFICATE,
    TITLE,
    TITLE_FIELDS,
    TRUST,
    ZONE,
    seal_of,
)
from tests.documents.vectors import TODAY


@pytest.mark.parametrize("sample", SAMPLES)
def test_official_samples_verify_and_are_test_seals_only(sample):
    assert verify(parse(sample), TRUST, TODAY) is SealVerdict.TEST_CERTIFICATE
    assert verify(parse(sample.encode("ascii")), TRUST, TODAY) is SealVerdict.TEST_CERTIFICATE


def test_the_test_authority_is_never_valid_even_in_a_list_that_forgot_to_say_so():
    assert not TEST_CERTIFICATE.test
    assert TEST_CERTIFICATE.for_tests


@pytest.mark.parametrize("sample", SAMPLES)
def test_one_changed_character_of_the_message_is_seen(sample):
    changed = sample.replace("SPECIMEN", "SPECIMAN", 1)
    assert verify(parse(changed), TRUST, TODAY) is SealVerdict.INVALID


def test_header_and_fields_of_a_proof_of_identity():
    seal = parse(TITLE)
    assert (seal.version, seal.ca_id, seal.certificate_id) == ("03", "FR00", "0001")
    assert (seal.issued, seal.signed) == (date(2006, 6, 7), date(2015, 7, 27))
    assert (seal.document_type, seal.perimeter, seal.country) == ("07", "01", "")
    assert {f.field_id: f.value for f in seal.fields} == {
        "60": "NATACHA",
        "62": "SPECIMEN",
        "65": "P ",
        "66": "07CD12304",
        "67": "FR",
        "68": "F",
        "6C": "FR",
    }
    assert seal.get("6A") is None
    assert len(seal.signature) == 64


@pytest.mark.parametrize(
    ("days", "day"), [("125E", date(2012, 11, 15)), ("1E6D", date(2021, 4, 29)), ("FFFF", None)]
)
def test_days_are_hexadecimal(days, day):
    changed = BILL[:12] + days + BILL[16:]
    assert parse(changed).issued == day


def test_a_field_that_reaches_its_greatest_length_has_no_separator():
    fields = parse(FOREIGN).fields
    values = {f.field_id: f.value for f in fields}
    assert values["6Q"] == "7503120521"
    assert values["62"] == "SPECIMEN"
    assert values["60"] == "NATACHA/CORINNE"
    assert parse(FOREIGN).country == "FR"


def test_version_02_has_neither_perimeter_nor_country():
    seal = parse(BILL)
    assert (seal.version, seal.perimeter, seal.country) == ("02", "", "")
    assert seal.get("10") == "MME/SPECIMEN/NATACHA"
    assert seal.get("24") == "75000"


def test_a_value_cut_by_its_issuer_is_marked():
    text = TITLE.replace("62SPECIMEN" + GS, "62SPECIMEN" + RS)
    field = next(f for f in parse(text).fields if f.field_id == "62")
    assert (field.value, field.truncated) == ("SPECIMEN", True)


def test_a_separator_right_after_the_greatest_length_is_no_part_of_the_next_field():
    text = FOREIGN.replace("6Q7503120521", "6Q7503120521" + GS)
    assert parse(text).get("62") == "SPECIMEN"


def test_the_annex_of_version_04_is_kept_apart_and_not_signed():
    seal = parse(FOREIGN + GS + "62OTHER")
    assert seal.annex == "62OTHER"
    assert seal.get("62") == "SPECIMEN"
    assert verify(seal, TRUST, TODAY) is SealVerdict.TEST_CERTIFICATE


def test_types_that_are_not_interpreted_keep_their_message_whole():
    text = issue(TITLE_FIELDS, SIGNER, document_type="B0", issued=None, signed=date(2021, 4, 29))
    seal = parse(text)
    assert seal.fields == ()
    assert "MARTIN" in seal.message
    trust = TrustList((CERTIFICATE,))
    assert verify(seal, trust, TODAY) is SealVerdict.VALID


# --- trust ----------------------------------------------------------------------------------------


def test_a_good_seal_by_a_known_certificate():
    assert verify(parse(seal_of()), TrustList((CERTIFICATE,)), TODAY) is SealVerdict.VALID


@pytest.mark.parametrize("signed", [date(2019, 12, 31), date(2023, 1, 1)])
def test_a_certificate_counts_on_the_day_of_the_signature(signed):
    seal = parse(seal_of(signed=signed))
    assert verify(seal, TrustList((CERTIFICATE,)), TODAY) is SealVerdict.INVALID


@pytest.mark.parametrize("signed", [CERTIFICATE.not_before, CERTIFICATE.not_after])
def test_the_first_and_the_last_day_of_a_certificate_count(signed):
    seal = parse(seal_of(signed=signed))
    assert verify(seal, TrustList((CERTIFICATE,)), TODAY) is SealVerdict.VALID


def test_every_printable_character_is_text():
    value = " ~!AZaz09"
    assert parse(seal_of([("62", value)])).get("62") == value


def test_a_seal_without_a_day_is_judged_today():
    seal = parse(seal_of(signed=None))
    trust = TrustList((CERTIFICATE,))
    assert verify(seal, trust, date(2021, 1, 1)) is SealVerdict.VALID
    assert verify(seal, trust, TODAY) is SealVerdict.INVALID


@pytest.mark.parametrize(
    ("revoked", "verdict"),
    [(date(2021, 4, 29), SealVerdict.INVALID), (date(2021, 4, 30), SealVerdict.VALID)],
)
def test_a_revoked_certificate(revoked, verdict):
    trust = TrustList((replace(CERTIFICATE, revoked=revoked),))
    assert verify(parse(seal_of()), trust, TODAY) is verdict


def test_an_unknown_certificate():
    trust = TrustList((replace(CERTIFICATE, certificate_id="ABCE"),))
    assert verify(parse(seal_of()), trust, TODAY) is SealVerdict.UNKNOWN_CERTIFICATE
    assert verify(parse(seal_of()), TrustList(), TODAY) is SealVerdict.UNKNOWN_CERTIFICATE


def test_a_list_that_is_too_old_gives_no_yes():
    trust = TrustList((CERTIFICATE,), next_update=TODAY - timedelta(days=1))
    assert verify(parse(seal_of()), trust, TODAY) is SealVerdict.LIST_TOO_OLD
    empty = TrustList(next_update=TODAY - timedelta(days=1))
    assert verify(parse(seal_of()), empty, TODAY) is SealVerdict.LIST_TOO_OLD
    current = TrustList((CERTIFICATE,), next_update=TODAY)
    assert verify(parse(seal_of()), current, TODAY) is SealVerdict.VALID


def test_a_false_signature_is_false_whatever_the_age_of_the_list():
    trust = TrustList((CERTIFICATE,), next_update=TODAY - timedelta(days=1))
    changed = seal_of().replace("62MARTIN", "62MARTEN")
    assert verify(parse(changed), trust, TODAY) is SealVerdict.INVALID


def test_a_signature_of_another_curve_is_not_taken_for_one_of_ours():
    text = seal_of().partition(US)[0] + US + "A" * 154
    seal = parse(text)
    assert len(seal.signature) == 96
    assert verify(seal, TrustList((CERTIFICATE,)), TODAY) is SealVerdict.INVALID


def test_a_marked_test_certificate_never_gives_valid():
    trust = TrustList((replace(CERTIFICATE, test=True),))
    assert verify(parse(seal_of()), trust, TODAY) is SealVerdict.TEST_CERTIFICATE


def test_coordinates_have_32_bytes():
    with pytest.raises(ValueError):
        replace(CERTIFICATE, x=b"short")


# --- broken texts ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("", "header"),
        ("DC03", "header"),
        ("hello", "header"),
        ("DC05" + TITLE[4:], "header"),
        (TITLE.replace(US, ""), "header"),
        ("DC04FR0000011CE91D2313" + US + "A" * 103, "header"),
        ("DC03FR000001092D16360701"[:22] + "-1" + US + "A" * 103, "header"),
        (TITLE[:12] + "09ZZ" + TITLE[16:], "header"),
        (TITLE[:-1], "signature"),
        (TITLE.partition(US)[0] + US + "1" * 103, "signature"),
        (TITLE + "A", "annex"),
        (TITLE + GS + "62X", "annex"),
        (FOREIGN + "62X", "annex"),
        (TITLE.replace("68F", "ZZF"), "unknown field"),
        (TITLE.replace("6CFR", "6CF"), "field too short"),
        (TITLE.replace("67FR", "67F" + GS), "field too short"),
        (TITLE.replace("NATACHA", "NATAÇHA"), "characters"),
        (TITLE.replace("NATACHA", "NATA\x00HA"), "characters"),
        ("DC01" + TITLE[4:], "version 01"),
        ("DC04" + "A" * 5000, "too long"),
        (b"\xdc\x04" + bytes(40), "binary form"),
        (b"\xdc\x05abc", "characters"),
    ],
)
def test_broken_texts_are_named(text, word):
    with pytest.raises(SealFormatError) as caught:
        parse(text)
    assert caught.value.detail == word


@given(st.one_of(st.text(max_size=300), st.binary(max_size=300)))
def test_any_input_is_parsed_or_refused(data):
    with pytest.raises(SealFormatError):
        parse(data)


@given(st.sampled_from(SAMPLES), st.integers(0, 120), st.sampled_from("A0 /\x1d\x1e\x1f\x00é"))
def test_a_damaged_sample_is_parsed_or_refused(sample, place, character):
    changed = sample[:place] + character + sample[place + 1 :]
    try:
        seal = parse(changed)
    except SealFormatError:
        return
    expected = changed == sample
    assert (verify(seal, TRUST, TODAY) is SealVerdict.TEST_CERTIFICATE) == expected


def test_recognising():
    assert looks_like(TITLE)
    assert not looks_like("DC99")
    assert is_binary(b"\xdc\x04rest")
    assert not is_binary(TITLE.encode())


# --- issuing --------------------------------------------------------------------------------------

SAFE = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 /"


@st.composite
def written_fields(draw):
    ids = draw(st.lists(st.sampled_from(sorted(FIELDS)), max_size=6, unique=True))
    fields = []
    for field_id in ids:
        form = FIELDS[field_id]
        size = draw(st.integers(form.least, min(form.greatest, 90)))
        fields.append((field_id, draw(st.text(SAFE, min_size=size, max_size=size))))
    return fields


@given(written_fields())
def test_what_is_issued_is_read_again(fields):
    seal = parse(seal_of(fields))
    assert [(f.field_id, f.value) for f in seal.fields] == fields
    assert verify(seal, TrustList((CERTIFICATE,)), TODAY) is SealVerdict.VALID


@pytest.mark.parametrize(
    ("fields", "signer"),
    [
        ([("ZZ", "X")], SIGNER),
        ([("68", "FF")], SIGNER),
        ([("68", "")], SIGNER),
        ([("62", "X" * 39)], SIGNER),
        ([("62", "É")], SIGNER),
        ([("62", "X")], replace(SIGNER, ca_id="F")),
        ([("62", "X")], replace(SIGNER, ca_id="fr05")),
    ],
)
def test_what_would_not_be_a_seal_is_not_issued(fields, signer):
    with pytest.raises(ValueError):
        issue(fields, signer, document_type="07", issued=None, signed=None)


# --- against the document -------------------------------------------------------------------------

CARD = parse_zone(vectors.CARD_2021, TODAY).document


def with_field(field_id, value):
    return parse(seal_of([(i, value if i == field_id else v) for i, v in TITLE_FIELDS]))


def test_the_seal_of_the_same_card_matches():
    check = compare(parse(seal_of()), CARD)
    assert (check.code, check.verdict) == ("seal.matches", Verdict.PASS)


@pytest.mark.parametrize(
    ("field_id", "value", "verdict", "detail"),
    [
        ("62", "MARTEN", Verdict.FAIL, "surname"),
        ("62", "DE MARTIN", Verdict.UNSURE, "surname"),
        ("60", "MAELYS/MARIE", Verdict.FAIL, "given_names"),
        ("60", "MAELYS GAELLE", Verdict.UNSURE, "given_names"),
        ("66", "X4RTBPFW5", Verdict.FAIL, "number"),
        ("69", "14071990", Verdict.FAIL, "birth_date"),
        ("69", "00001990", Verdict.UNSURE, "birth_date"),
        ("69", "1307199X", Verdict.FAIL, "birth_date"),
        ("68", "M", Verdict.FAIL, "sex"),
    ],
)
def test_a_seal_that_says_something_else(field_id, value, verdict, detail):
    check = compare(with_field(field_id, value), CARD)
    assert (check.verdict, check.detail) == (verdict, detail)


def test_a_difference_weighs_more_than_a_doubt():
    fields = [(i, {"60": "MAELYS GAELLE", "68": "M"}.get(i, v)) for i, v in TITLE_FIELDS]
    check = compare(parse(seal_of(fields)), CARD)
    assert (check.verdict, check.detail) == (Verdict.FAIL, "sex")


def test_a_zone_in_a_seal_is_compared_as_a_zone():
    passport = parse_zone(vectors.PASSPORT_ANTS, TODAY).document
    assert compare(parse(ZONE), passport).verdict is Verdict.PASS
    other = parse_zone(vectors.PASSPORT_2026, TODAY).document
    assert compare(parse(ZONE), other).detail == "mrz"


def test_the_first_given_name_may_stand_alone():
    seal = parse(seal_of([("61", "MAELYS GAELLE"), ("62", "MARTIN")]))
    assert compare(seal, CARD).verdict is Verdict.UNSURE


@pytest.mark.parametrize(
    ("field_id", "value", "verdict", "detail"),
    [
        ("65", "P ", Verdict.FAIL, "type"),
        ("65", "IR", Verdict.FAIL, "type"),
        ("67", "BE", Verdict.FAIL, "nationality"),
        ("67", "XY", Verdict.FAIL, "nationality"),
        ("69", "13071890", Verdict.UNSURE, "birth_date"),
        ("69", "00071990", Verdict.UNSURE, "birth_date"),
        ("69", "00081990", Verdict.FAIL, "birth_date"),
    ],
)
def test_kind_state_and_century(field_id, value, verdict, detail):
    check = compare(with_field(field_id, value), CARD)
    assert (check.verdict, check.detail) == (verdict, detail)


@pytest.mark.parametrize(
    ("old", "new", "verdict", "detail"),
    [
        ("62MARTIN" + GS, "62MART" + RS, Verdict.UNSURE, "surname"),
        ("62MARTIN" + GS, "62MARTIN" + RS, Verdict.UNSURE, "surname"),
        ("62MARTIN" + GS, "62MARX" + RS, Verdict.FAIL, "surname"),
        ("62MARTIN" + GS, "62MART" + GS, Verdict.FAIL, "surname"),
        ("60MAELYS GAELLE/MARIE" + GS, "60MAELYS GAELLE/MAR" + RS, Verdict.UNSURE, "given_names"),
        ("66X4RTBPFW4" + GS, "66X4RTBP" + RS, Verdict.UNSURE, "number"),
        ("66X4RTBPFW4" + GS, "66X4RTBQ" + RS, Verdict.FAIL, "number"),
    ],
)
def test_a_value_that_was_cut_is_at_best_near(old, new, verdict, detail):
    text = seal_of()
    assert old in text
    check = compare(parse(text.replace(old, new)), CARD)
    assert (check.verdict, check.detail) == (verdict, detail)


def test_an_attestation_has_a_number_of_its_own():
    fields = [("62", "MARTIN"), ("66", "OTHER123"), ("6I", "FR")]
    assert compare(parse(seal_of(fields, document_type="16")), CARD).verdict is Verdict.PASS
    assert compare(parse(seal_of(fields)), CARD).detail == "number"


def request_of(**changes):
    request = VerificationRequest(
        request_id=RequestId("1"),
        issuer="issuer",
        service="cpf",
        not_before=datetime(2026, 11, 25, tzinfo=UTC),
        expires_at=datetime(2026, 11, 27, tzinfo=UTC),
        surname="Martin",
        given_names=("Maëlys-Gaëlle", "Marie"),
        birth_date=PartialDate(1990, 7, 13),
        document_kind=DocumentKind.FR_ID_CARD_2021,
        document_number="X4RTBPFW4",
        office_id=OfficeId(""),
        key_id=KeyId(""),
    )
    return replace(request, **changes)


@pytest.mark.parametrize(
    ("changes", "verdict", "detail"),
    [
        ({}, Verdict.PASS, ""),
        ({"surname": "Martine"}, Verdict.FAIL, "surname"),
        ({"given_names": ("Marie",)}, Verdict.FAIL, "given_names"),
        ({"given_names": ("Maëlys-Gaëlle",)}, Verdict.UNSURE, "given_names"),
        ({"birth_date": PartialDate(1990, 7, None)}, Verdict.UNSURE, "birth_date"),
        ({"birth_date": PartialDate(1890, 7, 13)}, Verdict.FAIL, "birth_date"),
        ({"document_number": "X4RTBPFW5"}, Verdict.FAIL, "number"),
        ({"document_number": ""}, Verdict.PASS, ""),
    ],
)
def test_a_seal_against_the_request(changes, verdict, detail):
    check = compare_request(parse(seal_of()), request_of(**changes))
    assert (check.code, check.verdict, check.detail) == ("seal.request", verdict, detail)


def test_a_card_that_should_bear_a_seal():
    assert presence(CARD, found=True).verdict is Verdict.PASS
    assert presence(CARD, found=False).verdict is Verdict.UNSURE
    assert presence(replace(CARD, kind=DocumentKind.PASSPORT), found=False) is None


def test_states_of_seals_are_states_of_zones():
    assert all(is_known(three) for three in _STATES.values())
    assert len(set(_STATES.values())) == len(_STATES)
    assert {"DEU" if s == "D" else s for s in EUROPEAN} <= set(_STATES.values())
    assert same_state("DE", "D")
    assert same_state("XY", "ZWE") is None


def test_nothing_in_common_is_not_a_match():
    check = compare(parse(seal_of([("6C", "FR")])), CARD)
    assert (check.verdict, check.detail) == (Verdict.NOT_DONE, "nothing")
