"""Enrolment codes, claims and certificates."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.crypto.canonical import canonical_json
from kiosk.crypto.digests import b64u
from kiosk.crypto.jws import sign_compact
from kiosk.crypto.signing import SigningKey
from kiosk.domain.errors import EnrolmentError
from kiosk.domain.ids import DeviceId, OfficeId
from kiosk.sync.enrolment import (
    CLAIM_TYP,
    CODE_PREFIX,
    DeviceCertificate,
    EnrolmentCode,
    device_id_of,
    open_certificate,
    open_claim,
    parse_code,
    sign_certificate,
    sign_claim,
)

CODE = EnrolmentCode("https://127.0.0.1:8443", b"f" * 32, b"r" * 32, b"s" * 16)
KEY = SigningKey.from_seed(b"d" * 32)
AUTHORITY = SigningKey.from_seed(b"a" * 32)
CERTIFICATE = DeviceCertificate(
    device_id_of(KEY.public),
    OfficeId("075012"),
    b64u(KEY.public),
    datetime(2026, 11, 25, tzinfo=UTC),
)


def text_of(**pins: str) -> str:
    good = {"u": CODE.url, "f": b64u(b"f" * 32), "r": b64u(b"r" * 32), "s": b64u(b"s" * 16)}
    return CODE_PREFIX + b64u(canonical_json(good | pins))


def test_a_code_is_read_as_it_was_written() -> None:
    assert parse_code(CODE.text()) == CODE


def test_a_code_may_be_broken_over_lines() -> None:
    text = CODE.text()
    assert parse_code(f"  {text[:40]}\n {text[40:]}\r\n") == CODE


def test_a_code_does_not_show_its_secret() -> None:
    assert b64u(CODE.secret) not in repr(CODE)
    assert "ssss" not in repr(CODE)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "VVE1.",
        "VVE2." + CODE.text()[5:],
        CODE.text()[:-3],
        text_of(u="http://127.0.0.1:8443"),
        text_of(u="https://"),
        text_of(u="https://host:99999"),
        text_of(u="https://host/path"),
        text_of(f=b64u(b"f" * 31)),
        text_of(r="*"),
        text_of(s=b64u(b"s" * 32)),
        text_of(x="1"),
        CODE_PREFIX + b64u(b"[]"),
        CODE_PREFIX + "A" * 5000,
    ],
)
def test_anything_else_is_no_code(text: str) -> None:
    with pytest.raises(EnrolmentError):
        parse_code(text)


@given(st.text(max_size=200))
def test_any_text_is_refused_cleanly(text: str) -> None:
    with pytest.raises(EnrolmentError):
        parse_code(CODE_PREFIX + text)


def test_a_claim_is_signed_by_the_key_it_announces() -> None:
    claim, public = open_claim(sign_claim(CODE.secret, "0.1.0", KEY))
    assert (claim.secret, claim.public_key, public) == (
        b64u(b"s" * 16),
        b64u(KEY.public),
        KEY.public,
    )


def test_nobody_claims_with_the_key_of_another() -> None:
    claim = {"secret": b64u(CODE.secret), "public_key": b64u(KEY.public), "app_build": "0.1.0"}
    forged = sign_compact(canonical_json(claim), SigningKey.generate(), CLAIM_TYP)
    with pytest.raises(EnrolmentError):
        open_claim(forged)


@given(st.text(max_size=200))
def test_any_claim_is_refused_cleanly(text: str) -> None:
    with pytest.raises(EnrolmentError):
        open_claim(text)


def test_a_certificate_is_read_as_it_was_signed() -> None:
    keys = {AUTHORITY.key_id: AUTHORITY.public}
    token = sign_certificate(CERTIFICATE, AUTHORITY)
    assert open_certificate(token, keys, KEY.public) == CERTIFICATE


@pytest.mark.parametrize(
    "certificate",
    [
        replace(CERTIFICATE, device_id=DeviceId("dev-0000000000000000")),
        replace(CERTIFICATE, public_key=b64u(bytes(32))),
        replace(CERTIFICATE, issued_at=datetime(2026, 11, 25)),
    ],
)
def test_a_certificate_of_another_device_is_refused(certificate: DeviceCertificate) -> None:
    keys = {AUTHORITY.key_id: AUTHORITY.public}
    with pytest.raises(EnrolmentError):
        open_certificate(sign_certificate(certificate, AUTHORITY), keys, KEY.public)


def test_a_certificate_by_a_stranger_is_refused() -> None:
    keys = {AUTHORITY.key_id: AUTHORITY.public}
    token = sign_certificate(CERTIFICATE, SigningKey.generate())
    with pytest.raises(EnrolmentError):
        open_certificate(token, keys, KEY.public)
