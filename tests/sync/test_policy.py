"""The policy: who may write it, and which one a device accepts."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.crypto.age import Identity, kid_of
from kiosk.crypto.digests import b64u
from kiosk.crypto.jws import sign_compact
from kiosk.crypto.notes import verifier_key
from kiosk.crypto.signing import SigningKey
from kiosk.domain.errors import PolicyInvalidError
from kiosk.domain.evidence import DocumentKind
from kiosk.domain.ids import KeyId
from kiosk.sync.policy import (
    TYP,
    CollectorTerms,
    Policy,
    Recipient,
    ResultRecipient,
    Retention,
    TrustedKey,
    accept_policy,
    open_policy,
    policy_json,
    sign_policy,
)

ROOT = SigningKey.from_seed(b"r" * 32)
LOG = SigningKey.from_seed(b"l" * 32)
ISSUER = SigningKey.from_seed(b"i" * 32)
RECIPIENT = Identity.from_seed(b"o" * 32).recipient

POLICY = Policy(
    version=3,
    issued_at=datetime(2026, 11, 25, tzinfo=UTC),
    recipients=(Recipient(kid_of(RECIPIENT), RECIPIENT),),
    collector=CollectorTerms("log.test", verifier_key("log.test", LOG.public)),
    enrolment_keys=(TrustedKey("log.test", LOG.key_id, b64u(LOG.public)),),
    request_issuers=(TrustedKey("idp.test", ISSUER.key_id, b64u(ISSUER.public)),),
    accepted_documents=(DocumentKind.FR_PASSPORT,),
    retention=Retention(blob_grace_hours=2),
    notices=("Fermeture à 17 h",),
)


def signed(values: dict[str, Any]) -> str:
    """Any JSON, signed by the real root."""
    return sign_compact(json.dumps(values).encode(), ROOT, TYP)


def values() -> dict[str, Any]:
    parsed: dict[str, Any] = json.loads(policy_json(POLICY))
    return parsed


def test_a_signed_policy_is_read_as_it_was_written() -> None:
    assert open_policy(sign_policy(POLICY, ROOT), ROOT.public) == POLICY


def test_another_root_is_refused() -> None:
    token = sign_policy(POLICY, SigningKey.generate())
    with pytest.raises(PolicyInvalidError):
        open_policy(token, ROOT.public)


def test_a_newer_version_is_accepted() -> None:
    newer = replace(POLICY, version=4)
    assert accept_policy(sign_policy(newer, ROOT), ROOT.public, POLICY) == newer


def test_the_same_policy_again_is_the_one_in_force() -> None:
    assert accept_policy(sign_policy(POLICY, ROOT), ROOT.public, POLICY) is POLICY


@pytest.mark.parametrize("version", [1, 2])
def test_an_older_version_is_refused(version: int) -> None:
    token = sign_policy(replace(POLICY, version=version), ROOT)
    with pytest.raises(PolicyInvalidError, match="older"):
        accept_policy(token, ROOT.public, POLICY)


def test_other_contents_under_the_same_version_are_refused() -> None:
    token = sign_policy(replace(POLICY, evidence_images=True), ROOT)
    with pytest.raises(PolicyInvalidError):
        accept_policy(token, ROOT.public, POLICY)


def test_a_newer_policy_with_fields_of_tomorrow_still_reaches_this_build() -> None:
    token = signed(values() | {"version": 4, "of_tomorrow": {"x": 1}})
    assert accept_policy(token, ROOT.public, POLICY) == replace(POLICY, version=4)


WRONG: dict[str, dict[str, Any]] = {
    "no recipient": {"recipients": []},
    "recipient under another name": {
        "recipients": [{"kid": "0" * 16, "age": RECIPIENT, "purpose": "audit"}]
    },
    "recipient that is no key": {"recipients": [{"kid": "0" * 16, "age": "age1x"}]},
    "too few features": {"feature_count": 2},
    "no document": {"accepted_documents": []},
    "unknown document": {"accepted_documents": ["library-card"]},
    "version zero": {"version": 0},
    "time without zone": {"issued_at": "2026-11-25T00:00:00"},
    "log of another name": {
        "collector": {"origin": "other", "log_key": verifier_key("log.test", LOG.public)}
    },
    "log key that is none": {"collector": {"origin": "log.test", "log_key": "log.test+x+y"}},
    "issuer under another name": {
        "request_issuers": [{"iss": "i", "kid": "0" * 16, "public_key": b64u(ISSUER.public)}]
    },
    "grace for ever": {"retention": {"blob_grace_hours": 10**6}},
}


@pytest.mark.parametrize("what", WRONG)
def test_a_policy_that_is_signed_but_wrong_is_refused(what: str) -> None:
    with pytest.raises(PolicyInvalidError):
        open_policy(signed(values() | WRONG[what]), ROOT.public)


def test_the_authority_cannot_sign_what_devices_would_refuse() -> None:
    wrong = replace(POLICY, recipients=(Recipient(KeyId("0" * 16), RECIPIENT),))
    with pytest.raises(PolicyInvalidError):
        sign_policy(wrong, ROOT)


@given(st.binary(max_size=200))
def test_any_signed_payload_is_refused_cleanly(payload: bytes) -> None:
    with pytest.raises(PolicyInvalidError):
        open_policy(sign_compact(payload, ROOT, TYP), ROOT.public)


@given(st.integers(0, 4000), st.integers(1, 255))
def test_any_altered_character_is_noticed(place: int, by: int) -> None:
    token = sign_policy(POLICY, ROOT)
    place %= len(token)
    altered = token[:place] + chr((ord(token[place]) + by) % 256) + token[place + 1 :]
    with pytest.raises(PolicyInvalidError):
        open_policy(altered, ROOT.public)


PROVIDER = ResultRecipient("idp.test", kid_of(RECIPIENT), RECIPIENT)


def test_a_policy_may_name_who_hears_of_results_and_deferred_addresses() -> None:
    told = replace(
        POLICY,
        result_recipients=(PROVIDER,),
        contact_recipient=Recipient(kid_of(RECIPIENT), RECIPIENT, "contact"),
    )
    assert open_policy(sign_policy(told, ROOT), ROOT.public) == told


@pytest.mark.parametrize(
    "changes",
    [
        {"result_recipients": (replace(PROVIDER, iss="nobody"),)},
        {"result_recipients": (PROVIDER, PROVIDER)},
        {"result_recipients": (replace(PROVIDER, kid=KeyId("0" * 16)),)},
        {"contact_recipient": Recipient(KeyId("0" * 16), RECIPIENT)},
    ],
    ids=["issuer", "twice", "name", "contact"],
)
def test_a_reader_that_is_misnamed_shuts_the_policy(changes: dict[str, Any]) -> None:
    with pytest.raises(PolicyInvalidError):
        sign_policy(replace(POLICY, **changes), ROOT)


def test_notices_are_shown_as_plain_text_of_one_line_each() -> None:
    told = ("Fermeture\n à 17\u00a0h", " \t\u200b", "R\u202eunion\u0007", "Jeudi <b>10 h</b>")
    shown = replace(POLICY, notices=told)
    assert shown.plain_notices == ("Fermeture à 17 h", "R union", "Jeudi <b>10 h</b>")
    # Signed and taken in as it is: a sentence is no reason to leave a device without rules.
    assert open_policy(sign_policy(shown, ROOT), ROOT.public) == shown
    assert POLICY.plain_notices == ("Fermeture à 17 h",)
