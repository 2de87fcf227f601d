"""Scanned codes: ours are named, foreign ones are named too and never opened."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.crypto.signing import SigningKey
from kiosk.documents import codes
from kiosk.documents.codes import (
    MAX_BYTES,
    SEAL_DETAILS,
    PayloadKind,
    classify,
    s10_check_digit,
)
from kiosk.documents.requests import encode
from kiosk.documents.twoddoc import parse
from kiosk.documents.wedge import WedgeProblem
from kiosk.domain.evidence import PartialDate, Verdict
from kiosk.domain.ids import KeyId, OfficeId, RequestId
from kiosk.domain.request import VerificationRequest
from kiosk.texts import Texts
from tests.documents.test_twoddoc import BILL, SAMPLES

KEY = SigningKey.from_seed(bytes(range(32)))
NOW = datetime(2026, 11, 25, tzinfo=UTC)
TOKEN = encode(
    VerificationRequest(
        request_id=RequestId("1"),
        issuer="issuer",
        service="cpf",
        not_before=NOW,
        expires_at=NOW + timedelta(days=1),
        surname="Martin",
        given_names=("Marie",),
        birth_date=PartialDate(1990, 7, 13),
        document_kind=None,
        document_number="",
        office_id=OfficeId(""),
        key_id=KeyId(""),
    ),
    KEY,
)


def test_a_request():
    found = classify(f"{TOKEN}\r\n".encode())
    assert (found.kind, found.text) == (PayloadKind.REQUEST, TOKEN)
    assert found.preview == ""


@pytest.mark.parametrize("sample", SAMPLES)
def test_a_seal_keeps_its_separators(sample):
    found = classify(sample.encode("ascii"))
    assert (found.kind, found.detail) == (PayloadKind.SEAL, "text")
    assert parse(found.text) == parse(sample)


def test_a_trailing_separator_is_no_white_space():
    # GS counts as white space for Python; in a seal it is signed.
    found = classify(BILL.split("\x1f")[0].encode("ascii"))
    assert found.text.endswith("\x1d")


def test_the_binary_form_is_named():
    found = classify(b"\xdc\x04" + bytes(60))
    assert (found.kind, found.detail, found.text) == (PayloadKind.SEAL, "binary", "")


@pytest.mark.parametrize(
    ("text", "number", "verdict"),
    [
        ("RR123456785FR", "RR123456785FR", Verdict.PASS),
        ("rr 123 456 785 fr", "RR123456785FR", Verdict.PASS),
        ("RR123456784FR", "RR123456784FR", Verdict.FAIL),
        ("1A 123 456 7890 1", "1A12345678901", Verdict.NOT_DONE),
        ("2C12345678901", "2C12345678901", Verdict.NOT_DONE),
        ("3C 006 381 0208 412", "3C0063810208412", Verdict.NOT_DONE),
        ("6A1234567890123", "6A1234567890123", Verdict.NOT_DONE),
    ],
)
def test_item_numbers(text, number, verdict):
    found = classify(text.encode())
    assert (found.kind, found.text) == (PayloadKind.ITEM_NUMBER, number)
    assert found.checks[0].verdict is verdict


@pytest.mark.parametrize(
    ("serial", "digit"),
    # The UPU's own example is 47312482; the last two are the rests that have a digit of their own.
    [("12345678", "5"), ("47312482", "9"), ("00000050", "0"), ("00000000", "5")],
)
def test_the_check_digit_of_upu_s10(serial, digit):
    assert s10_check_digit(serial) == digit


@pytest.mark.parametrize("serial", ["1234567", "123456789", "1234567a", "١٢٣٤٥٦٧٨"])
def test_a_serial_has_eight_digits(serial):
    with pytest.raises(ValueError):
        s10_check_digit(serial)


@pytest.mark.parametrize(
    ("payload", "detail"),
    [
        (b"", "empty"),
        (b"  \n", "empty"),
        (b"https://exemple.fr/x?y=1", "web-address"),
        (b"WWW.exemple.fr", "web-address"),
        (b"HC1:6BFOXN*TS0BI$ZD", "health-certificate"),
        (b"WIFI:S:reseau;T:WPA;P:secret;;", "wifi"),
        (b"otpauth://totp/x?secret=AAAA", "one-time-password"),
        (b"BEGIN:VCARD\nFN:X\nEND:VCARD", "contact"),
        (b"BEGIN:VEVENT\nEND:VEVENT", "calendar"),
        (b"mailto:a@exemple.fr", "message"),
        (b"SMSTO:0600000000:bonjour", "message"),
        (b"bitcoin:1abc", "payment"),
        (b"BCD\n002\n1\nSCT", "payment"),
        (b"eyJhbGciOiJub25lIn0.e30.", "token"),
        (b"Bonjour", "other"),
        ("Élodie".encode(), "other"),
        (b"a\x00b", "control-characters"),
        (b"\x1b[2Jx", "control-characters"),
        ("a\u202eb".encode(), "control-characters"),
        (b"\xff\xfe\x00", "binary"),
        (b"\xdc\x03\xd9\xc5", "visible-seal"),
        (b"\xdc\x02" + bytes(60), "visible-seal"),
        (b'{"data":{"hdr":{"is":"UTO","t":"icao.test","v":1},"msg":{}},"sig":{}}', "vds-nc"),
        (b'{"data":{"hdr":1},"sig":{}}', "other"),
        (b'{"data":{"hdr":{}},"sig":', "other"),
        (b'{"sig":' * 900, "other"),
        (b"https://france-identite.gouv.fr/", "france-identite"),
        (b"https://valider.france-identite.gouv.fr/j?x=1", "france-identite"),
        (b"https://france-identite.gouv.fr.exemple.com/", "web-address"),
        (b"https://france-identite.gouv.fr@exemple.com/", "web-address"),
        (b"https://france-identite.gouv.fr:x@exemple.com/", "web-address"),
        (b"https://exemple.com/france-identite.gouv.fr/", "web-address"),
        (b"http://france-identite.gouv.fr/", "web-address"),
        (b"https://fausse-france-identite.gouv.fr/", "web-address"),
        (b"mdoc:owBjMS4w", "wallet"),
        (b"openid4vp://?client_id=x", "wallet"),
        (b"1A1234567890", "other"),
        (b"1A12345678901234", "other"),
        (b"A" * (MAX_BYTES + 1), "too-long"),
        (b"A" * 10_000, "too-long"),
        (b"12345678901", "other"),
        (b"DC9", "other"),
    ],
)
def test_foreign_codes(payload, detail):
    found = classify(payload)
    assert (found.kind, found.detail) == (PayloadKind.FOREIGN, detail)
    assert found.text == ""
    assert found.checks == ()


def test_the_preview_is_short_and_printable():
    assert classify(b"x" * 500).preview == "x" * 80
    assert classify(b"a\x00b\x1b").preview == "a\ufffdb\ufffd"


@given(st.binary(max_size=400))
def test_any_bytes_have_a_name(payload):
    found = classify(payload)
    assert found.kind in PayloadKind
    assert found.preview.isprintable()
    assert len(found.preview) <= 80


@pytest.mark.parametrize("language", ["fr", "en"])
def test_every_name_of_a_code_has_its_words(language):
    texts = Texts.load(language)
    named = {name for name, _ in codes._FOREIGN} | SEAL_DETAILS
    for detail in named | {"too-long", "binary", "control-characters", "empty", "other"}:
        assert texts(f"read.foreign.{detail}")
    for key in ("seal.text", "seal.binary", "item.s10", "item.french"):
        assert texts(f"read.{key}")
    for problem in WedgeProblem:
        assert texts(f"read.wedge.{problem.value}")
