"""Signatures in their several dresses: raw, JWS, notes, HTTP requests."""

import json
from datetime import UTC, datetime, timedelta

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from kiosk.crypto import http_signatures, jws, notes
from kiosk.crypto.canonical import canonical_json, normalise, parse_json
from kiosk.crypto.digests import b64u, unb64u
from kiosk.crypto.signing import EcKey, SigningKey, key_id_of, verify, verify_ecdsa_p256
from kiosk.domain.errors import SignatureInvalidError

KEY = SigningKey.from_seed(bytes(32))
OTHER = SigningKey.from_seed(bytes([1]) * 32)
KEYS = {KEY.key_id: KEY.public}
NOW = datetime(2026, 11, 23, 9, 12, tzinfo=UTC)
URL = "https://central.example:8443/v1/devices/dev-1/log?x=1"


def test_ed25519_known_answer():
    # RFC 8032, 7.1, test 1.
    seed = bytes.fromhex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60")
    key = SigningKey.from_seed(seed)
    assert key.sign(b"").hex().startswith("e5564300c360ac729086e2cc806e828a")
    assert verify(key.public, b"", key.sign(b""))
    assert not verify(key.public, b"x", key.sign(b""))
    assert not verify(b"short", b"", key.sign(b""))
    assert seed.hex() not in repr(key)


def test_ecdsa_raw_signature_round_trip():
    key = EcKey.generate()
    signature = key.sign_raw(b"seal")
    assert len(signature) == 64
    assert verify_ecdsa_p256(*key.public_xy, b"seal", signature)
    assert not verify_ecdsa_p256(*key.public_xy, b"seaI", signature)
    assert not verify_ecdsa_p256(*key.public_xy, b"seal", signature[:-1])
    assert not verify_ecdsa_p256(bytes(32), bytes(32), b"seal", signature)


@given(st.binary(max_size=200))
def test_base64url_is_canonical(data):
    text = b64u(data)
    assert unb64u(text) == data
    with pytest.raises(ValueError):
        unb64u(text + "=")


def test_compact_jws_round_trip_and_refusals():
    token = jws.sign_compact(b'{"a":1}', KEY, "t")
    assert jws.verify_compact(token, KEYS, "t") == (b'{"a":1}', KEY.key_id)
    with pytest.raises(jws.UnknownKeyError):
        jws.verify_compact(token, {}, "t")
    with pytest.raises(SignatureInvalidError):
        jws.verify_compact(token, KEYS, "other")
    with pytest.raises(SignatureInvalidError):
        jws.verify_compact(token, {KEY.key_id: OTHER.public}, "t")
    with pytest.raises(SignatureInvalidError):
        jws.verify_compact(token, KEYS, "t", max_bytes=10)


@pytest.mark.parametrize("alg", ["none", "HS256", "RS256"])
def test_algorithm_is_never_taken_from_the_message(alg):
    header = b64u(canonical_json({"alg": alg, "kid": KEY.key_id, "typ": "t"}))
    payload = b64u(b"{}")
    signature = b64u(KEY.sign(f"{header}.{payload}".encode()))
    with pytest.raises(SignatureInvalidError):
        jws.verify_compact(f"{header}.{payload}.{signature}", KEYS, "t")


def test_every_character_of_a_compact_jws_counts():
    token = jws.sign_compact(b"payload", KEY, "t")
    for position, character in enumerate(token):
        other = "A" if character != "A" else "B"
        with pytest.raises(SignatureInvalidError):
            jws.verify_compact(token[:position] + other + token[position + 1 :], KEYS, "t")


def test_general_jws_needs_every_signature():
    both = {**KEYS, OTHER.key_id: OTHER.public}
    data = jws.sign_general(b"record", [KEY, OTHER], "t")
    assert jws.verify_general(data, both, "t") == (b"record", (KEY.key_id, OTHER.key_id))
    with pytest.raises(jws.UnknownKeyError):
        jws.verify_general(data, KEYS, "t")
    broken = json.loads(data)
    broken["signatures"][1]["signature"] = broken["signatures"][0]["signature"]
    with pytest.raises(SignatureInvalidError):
        jws.verify_general(canonical_json(broken), both, "t")
    broken["signatures"] = []
    with pytest.raises(SignatureInvalidError):
        jws.verify_general(canonical_json(broken), both, "t")


@given(st.text(max_size=80))
def test_foreign_text_is_no_token(text):
    with pytest.raises(SignatureInvalidError):
        jws.verify_compact(text, KEYS, "t")
    with pytest.raises(SignatureInvalidError):
        jws.verify_general(text.encode("utf-8", "replace"), KEYS, "t")
    with pytest.raises(SignatureInvalidError):
        notes.verify_note(text, "log", KEY.public)


def test_notes_round_trip_and_refusals():
    note = notes.sign_note("log\n3\n", "log", KEY) + notes.signature_line("log\n3\n", "wit", OTHER)
    assert notes.verify_note(note, "log", KEY.public) == "log\n3\n"
    assert notes.verify_note(note, "wit", OTHER.public) == "log\n3\n"
    with pytest.raises(SignatureInvalidError):
        notes.verify_note(note, "log", OTHER.public)
    with pytest.raises(SignatureInvalidError):
        notes.verify_note(note.replace("3", "4"), "log", KEY.public)
    key_text = notes.verifier_key("log", KEY.public)
    assert notes.parse_verifier_key(key_text) == ("log", KEY.public)
    with pytest.raises(ValueError):
        notes.parse_verifier_key(key_text.replace("log", "lag"))


@pytest.mark.parametrize("wrap", [lambda v: [v], lambda v: {"a": v}, lambda v: {"é": v}])
def test_what_is_too_deep_has_no_canonical_form(wrap):
    value = 0
    for _ in range(5000):
        value = wrap(value)
    with pytest.raises(ValueError, match="canonical"):
        canonical_json(value)


def test_canonical_json_and_strict_parsing():
    composed, decomposed = "\u00c9", "E\u0301"
    assert canonical_json({"b": 1, "a": composed}) == canonical_json({"a": decomposed, "b": 1})
    for bad in ('{"a":1,"a":2}', "[NaN]", "[9007199254740993]", "[1e999]", "{", '"' + "x" * 99):
        with pytest.raises(ValueError):
            parse_json(bad, 64)
    for value in (2**53 + 1, float("nan"), "\ud800"):
        with pytest.raises(ValueError):
            canonical_json(value)
    with pytest.raises(ValueError):
        parse_json("[" * 100_000, 1 << 20)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
        lambda inner: (
            st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner, max_size=4)
        ),
        max_leaves=12,
    )
)
def test_canonical_json_is_that_of_the_reference_for_every_value(value):
    try:
        expected = rfc8785.dumps(normalise(value))
    except (rfc8785.CanonicalizationError, UnicodeEncodeError):
        with pytest.raises(ValueError):
            canonical_json(value)
    else:
        assert canonical_json(value) == expected


@pytest.mark.parametrize(
    "bad", [r'"\ud800"', r'{"\udfff":1}', r'["\ud83d", "\ude00"]', r'"\uDE00\uD83D"']
)
def test_half_of_a_character_is_not_read(bad):
    with pytest.raises(ValueError):
        parse_json(bad)
    assert parse_json(r'"\ud83d\ude00\\ud800"') == "\U0001f600\\ud800"


def signed(now=NOW):
    return http_signatures.sign_request("PUT", URL, b"body", KEY, now)


def test_signed_request_names_its_signer_and_its_body():
    result = http_signatures.verify_request("PUT", URL, signed(), KEYS.get, NOW)
    assert result.key_id == key_id_of(KEY.public)
    assert http_signatures.content_digest(b"body") == signed()["Content-Digest"]


@pytest.mark.parametrize(
    ("method", "url"),
    [
        ("POST", URL),
        ("PUT", URL.replace("dev-1", "dev-2")),
        ("PUT", URL.replace("x=1", "x=2")),
        ("PUT", URL.replace("central", "other")),
    ],
)
def test_signed_request_for_another_call_is_refused(method, url):
    with pytest.raises(SignatureInvalidError):
        http_signatures.verify_request(method, url, signed(), KEYS.get, NOW)


def test_signed_request_with_another_digest_or_unknown_key_is_refused():
    headers = {**signed(), "Content-Digest": http_signatures.content_digest(b"other")}
    with pytest.raises(SignatureInvalidError):
        http_signatures.verify_request("PUT", URL, headers, KEYS.get, NOW)
    with pytest.raises(SignatureInvalidError):
        http_signatures.verify_request("PUT", URL, signed(), lambda _: None, NOW)
    with pytest.raises(SignatureInvalidError):
        http_signatures.verify_request("PUT", URL, {}, KEYS.get, NOW)


@pytest.mark.parametrize("minutes", [-6, 6, 60 * 24 * 365])
def test_signature_time_is_judged_by_the_server_clock(minutes):
    with pytest.raises(http_signatures.StaleSignatureError):
        http_signatures.verify_request(
            "PUT", URL, signed(), KEYS.get, NOW + timedelta(minutes=minutes)
        )


@pytest.mark.parametrize("encoded", ["", "é", "====", "AAAA\u2028", "AAA"])
@pytest.mark.parametrize("text", ["text", "\ud800"])
def test_a_note_of_any_other_form_is_not_signed(text, encoded):
    key = SigningKey.generate()
    with pytest.raises(SignatureInvalidError):
        notes.verify_note(f"{text}\n\n— origin {encoded}\n", "origin", key.public)
