"""The envelope for a provider: one form, one reader, no way to alter it unnoticed."""

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.crypto import age
from kiosk.crypto.digests import b64u
from kiosk.crypto.jws import sign_general
from kiosk.crypto.signing import SigningKey
from kiosk.domain.decision import Outcome
from kiosk.domain.errors import KioskError, SealedRecordError, SignatureInvalidError
from kiosk.domain.ids import OfficeId, RecordId, RequestId
from kiosk.sync.enrolment import DeviceCertificate, device_id_of, sign_certificate
from kiosk.sync.results import (
    BUCKET_BYTES,
    TYP,
    Result,
    _padded,
    _result_bytes,
    open_result,
    seal_result,
)

PROVIDER = age.Identity.from_seed(b"p" * 32)
AGENT, DEVICE, ENROLMENT = (SigningKey.from_seed(letter * 32) for letter in (b"a", b"d", b"e"))
KEYS = {ENROLMENT.key_id: ENROLMENT.public}
AT = datetime(2026, 11, 26, 9, 41, 7, tzinfo=UTC)
CERTIFICATE = sign_certificate(
    DeviceCertificate(device_id_of(DEVICE.public), OfficeId("075012"), b64u(DEVICE.public), AT),
    ENROLMENT,
)
RESULT = Result(
    provider="idp.test",
    request_id=RequestId("req-1"),
    record_id=RecordId("a" * 32),
    outcome=Outcome.ACCEPTED,
    at=AT,
    device_id=device_id_of(DEVICE.public),
    certificate=CERTIFICATE,
    agent_key=b64u(AGENT.public),
    policy_version=3,
    rules_day=date(2026, 11, 26),
    catalogues={"documents": "2026.11"},
    verified_claims={"claims": {"family_name": "Lefèvre"}},
)


def sealed(result: Result = RESULT, agent: SigningKey = AGENT, device: SigningKey = DEVICE):
    return seal_result(result, PROVIDER.recipient, agent, device).blob


def opened(blob: bytes, provider: str = "idp.test", keys=KEYS) -> Result:
    return open_result(blob, PROVIDER, provider, keys)


def test_what_was_sealed_is_read() -> None:
    assert opened(sealed()) == RESULT
    assert age.decrypt(sealed(), PROVIDER).startswith(b'{"payload":'), "any JSON reader reads it"


@pytest.mark.parametrize("outcome", [Outcome.ABANDONED, Outcome.ADVISED, Outcome.NO_SHOW])
def test_outcomes_that_move_nothing_are_no_result(outcome: Outcome) -> None:
    with pytest.raises(ValueError):
        replace(RESULT, outcome=outcome, verified_claims=None)


@pytest.mark.parametrize("outcome", [Outcome.REFUSED, Outcome.SUSPENDED])
def test_only_an_acceptance_carries_claims(outcome: Outcome) -> None:
    assert opened(sealed(replace(RESULT, outcome=outcome, verified_claims=None))).outcome is outcome
    with pytest.raises(ValueError):
        replace(RESULT, outcome=outcome)
    with pytest.raises(ValueError):
        replace(RESULT, verified_claims=None)


def test_a_refusal_is_as_long_as_an_acceptance() -> None:
    refused = replace(RESULT, outcome=Outcome.REFUSED, verified_claims=None)
    assert len(sealed(refused)) == len(sealed())


@pytest.mark.parametrize(
    ("blob", "error"),
    [
        (sealed(agent=SigningKey.generate()), SignatureInvalidError),
        (sealed(device=SigningKey.generate()), SignatureInvalidError),
        (sealed(agent=DEVICE), SignatureInvalidError),
        (sealed(replace(RESULT, device_id="dev-0000000000000000")), SignatureInvalidError),
        (sealed(replace(RESULT, certificate="")), SignatureInvalidError),
        (sealed(replace(RESULT, provider="another")), SealedRecordError),
    ],
    ids=["agent", "device", "one signer", "device id", "certificate", "provider"],
)
def test_a_result_by_or_for_another_is_refused(blob: bytes, error: type[KioskError]) -> None:
    with pytest.raises(error):
        opened(blob)


def test_a_certificate_of_another_fleet_is_refused() -> None:
    other = SigningKey.generate()
    with pytest.raises(SignatureInvalidError):
        opened(sealed(), keys={other.key_id: other.public})


def test_one_signature_is_not_enough() -> None:
    jws = sign_general(_result_bytes(RESULT), [DEVICE], TYP)
    with pytest.raises(SignatureInvalidError):
        opened(age.encrypt(_padded(jws), [PROVIDER.recipient]))


@pytest.mark.parametrize("tail", [b" ", b"\n", b" " * BUCKET_BYTES])
def test_there_is_one_padding(tail: bytes) -> None:
    jws = sign_general(_result_bytes(RESULT), [AGENT, DEVICE], TYP)
    with pytest.raises(SealedRecordError):
        opened(age.encrypt(_padded(jws) + tail, [PROVIDER.recipient]))


@given(st.binary(max_size=400))
def test_any_bytes_raise_only_our_errors(data: bytes) -> None:
    for blob in (data, age.encrypt(data, [PROVIDER.recipient])):
        with pytest.raises((SealedRecordError, SignatureInvalidError)):
            opened(blob)


@given(st.recursive(st.none() | st.text() | st.integers(), lambda s: st.dictionaries(st.text(), s)))
def test_any_signed_payload_raises_only_our_errors(value: object) -> None:
    from kiosk.crypto.canonical import canonical_json

    try:
        payload = canonical_json(value)
    except ValueError:
        return
    jws = sign_general(payload, [AGENT, DEVICE], TYP)
    with pytest.raises((SealedRecordError, SignatureInvalidError)):
        opened(age.encrypt(_padded(jws), [PROVIDER.recipient]))


@given(st.integers(0, 20_000), st.integers(1, 255))
def test_no_byte_can_be_changed(place: int, mask: int) -> None:
    blob = bytearray(sealed())
    blob[place % len(blob)] ^= mask
    with pytest.raises((SealedRecordError, SignatureInvalidError)):
        opened(bytes(blob))
