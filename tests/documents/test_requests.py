"""Request tokens: each verdict of its own, bounds, and texts that are none."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.crypto.canonical import canonical_json
from kiosk.crypto.digests import b64u
from kiosk.crypto.jws import sign_compact
from kiosk.crypto.signing import SigningKey
from kiosk.documents.requests import MAX_BYTES, TYP, encode, judge, peek
from kiosk.domain.evidence import DocumentKind, PartialDate
from kiosk.domain.ids import OfficeId, RequestId
from kiosk.domain.request import RequestVerdict, VerificationRequest

KEY = SigningKey.from_seed(bytes(range(32)))
OTHER_KEY = SigningKey.from_seed(bytes(32))
KEYS = {KEY.key_id: KEY.public}
NOW = datetime(2026, 11, 25, 9, 30, tzinfo=UTC)
OFFICE = OfficeId("075012")
REQUEST = VerificationRequest(
    request_id=RequestId("REQ-2026-0001"),
    issuer="https://identite.exemple.fr",
    service="cpf",
    not_before=NOW - timedelta(hours=1),
    expires_at=NOW + timedelta(days=2),
    surname="Martin",
    given_names=("Maëlys-Gaëlle", "Marie"),
    birth_date=PartialDate(1990, 7, 13),
    document_kind=DocumentKind.FR_ID_CARD_2021,
    document_number="X4RTBPFW4",
    office_id=OFFICE,
    key_id=KEY.key_id,
)
CLAIMS = {
    "iss": "https://identite.exemple.fr",
    "jti": "1",
    "iat": 1_700_000_000,
    "nbf": 1_700_000_000,
    "exp": 1_900_000_000,
    "svc": "cpf",
    "sn": "Martin",
    "gn": ["Marie"],
    "bd": "1990-07-13",
}


def token_of(claims):
    return sign_compact(canonical_json(claims), KEY, TYP)


def verdict_of(text, **arguments):
    return judge(text, KEYS, NOW, OFFICE, **arguments)[0]


def test_a_request_comes_back_as_it_was_written():
    token = encode(REQUEST, KEY)
    assert len(token) <= MAX_BYTES
    assert peek(token)
    assert judge(f" {token}\n", KEYS, NOW, OFFICE) == (RequestVerdict.VALID, REQUEST)


def test_optional_parts_may_be_absent():
    request = replace(
        REQUEST,
        document_kind=None,
        document_number="",
        office_id=OfficeId(""),
        birth_date=PartialDate(1975),
        given_names=(),
    )
    assert judge(encode(request, KEY), KEYS, NOW, OFFICE) == (RequestVerdict.VALID, request)


@pytest.mark.parametrize(
    ("request_", "verdict"),
    [
        (replace(REQUEST, expires_at=NOW), RequestVerdict.EXPIRED),
        (replace(REQUEST, expires_at=NOW + timedelta(seconds=1)), RequestVerdict.VALID),
        (replace(REQUEST, not_before=NOW), RequestVerdict.VALID),
        (replace(REQUEST, not_before=NOW + timedelta(seconds=1)), RequestVerdict.NOT_YET_VALID),
        (replace(REQUEST, office_id=OfficeId("069003")), RequestVerdict.WRONG_OFFICE),
    ],
)
def test_time_and_place(request_, verdict):
    found, request = judge(encode(request_, KEY), KEYS, NOW, OFFICE)
    assert found is verdict
    assert (request is None) == (verdict is not RequestVerdict.VALID)


@pytest.mark.parametrize("years", [-30, -3, 3, 30])
def test_a_clock_that_is_off_by_years_says_so_and_does_not_fail(years):
    clock = NOW + timedelta(days=365 * years)
    verdict, _ = judge(encode(REQUEST, KEY), KEYS, clock, OFFICE)
    assert verdict is (RequestVerdict.EXPIRED if years > 0 else RequestVerdict.NOT_YET_VALID)


def test_a_key_that_is_not_pinned():
    assert verdict_of(encode(REQUEST, OTHER_KEY)) is RequestVerdict.UNKNOWN_ISSUER


def test_a_key_may_only_speak_for_its_own_issuer():
    token = encode(REQUEST, KEY)
    assert verdict_of(token, issuers={KEY.key_id: REQUEST.issuer}) is RequestVerdict.VALID
    assert verdict_of(token, issuers={KEY.key_id: "https://x.fr"}) is RequestVerdict.FORGED
    assert verdict_of(token, issuers={}) is RequestVerdict.FORGED


def test_a_changed_claim_is_forged():
    header, payload, signature = encode(REQUEST, KEY).split(".")
    other = encode(replace(REQUEST, surname="Durand"), KEY).split(".")[1]
    assert verdict_of(f"{header}.{other}.{signature}") is RequestVerdict.FORGED
    assert verdict_of(f"{header}.{payload}.{signature[:-2]}AA") is RequestVerdict.FORGED
    assert verdict_of(f"{header}.{payload}.") is RequestVerdict.FORGED


def test_an_unsigned_token_is_forged():
    header = b64u(canonical_json({"alg": "none", "typ": TYP, "kid": KEY.key_id}))
    payload = b64u(canonical_json(CLAIMS))
    assert verdict_of(f"{header}.{payload}.") is RequestVerdict.FORGED


@pytest.mark.parametrize(
    "text",
    [
        "",
        ".",
        "..",
        "https://exemple.fr/a.b.c",
        "HC1:6BFOXN",
        "WIFI:S:reseau;;",
        "eyJhbGciOiJFZERTQSJ9.e30.AAAA",
        "é.é.é",
        "\x00\x01\x02",
        b64u(b"[]") + ".a.b",
        b64u(b"not json") + ".a.b",
        b64u(b"x" * 300) + ".a.b",
        "RR123456785FR",
        "9" * 10_000,
        "." * 20_000,
    ],
)
def test_foreign_texts(text):
    assert not peek(text)
    assert verdict_of(text) is RequestVerdict.FOREIGN


def test_ours_but_too_long_or_of_too_many_parts():
    token = encode(REQUEST, KEY)
    assert verdict_of(f"{token}.x") is RequestVerdict.MALFORMED
    assert verdict_of(token + "A" * MAX_BYTES) is RequestVerdict.MALFORMED
    assert verdict_of(".".join(token.split(".")[:2])) is RequestVerdict.MALFORMED


@pytest.mark.parametrize(
    ("claim", "value"),
    [
        ("iss", ""),
        ("iss", 5),
        ("iss", "a b"),
        ("jti", "x" * 101),
        ("svc", None),
        ("iat", "1700000000"),
        ("nbf", True),
        ("nbf", -1),
        ("nbf", 1.5),
        ("exp", 1_700_000_000),
        ("exp", 253_402_300_800),
        ("sn", ""),
        ("sn", "x" * 121),
        ("sn", "Mar\u202etin"),
        ("sn", "Mar\ntin"),
        ("sn", ["Martin"]),
        ("gn", "Marie"),
        ("gn", [""]),
        ("gn", [1]),
        ("gn", ["a"] * 13),
        ("bd", "1990-7-13"),
        ("bd", "1990-02-30"),
        ("bd", "1990-13-01"),
        ("bd", "1990-00-01"),
        ("bd", "1990-01-00"),
        ("bd", "0000-01-01"),
        ("bd", "1990-XX-13"),
        ("bd", "1990-07-13T00"),
        ("bd", 19900713),
        ("dk", "library-card"),
        ("dk", 5),
        ("dn", "X4/RT"),
        ("dn", "x" * 31),
        ("off", "075 012"),
        ("off", 75012),
        ("admin", True),
    ],
)
def test_a_claim_of_a_wrong_form_is_malformed(claim, value):
    assert verdict_of(token_of(CLAIMS)) is RequestVerdict.VALID
    assert verdict_of(token_of(CLAIMS | {claim: value})) is RequestVerdict.MALFORMED


@pytest.mark.parametrize(
    "name", ["A\x00B", "A\u202eB", "A\u200bB", "A\u2066B", "\ufeffA", "A\x1b[2J"]
)
def test_a_name_that_could_deceive_a_reader_never_reaches_a_screen(name):
    assert verdict_of(token_of(CLAIMS | {"sn": name})) is RequestVerdict.MALFORMED
    assert verdict_of(token_of(CLAIMS | {"gn": ["Marie", name]})) is RequestVerdict.MALFORMED
    half = canonical_json(CLAIMS).replace(b"Martin", rb"Mart\ud800in")
    assert verdict_of(sign_compact(half, KEY, TYP)) is RequestVerdict.MALFORMED
    letters = CLAIMS | {"sn": "\u05d3\u05d5\u05d3 \u0410\u043d\u043d\u0430 E\u0301"}
    assert verdict_of(token_of(letters)) is RequestVerdict.VALID


def test_the_longest_claims_are_read():
    claims = CLAIMS | {"gn": list("ABCDEFGHIJKL"), "jti": "x" * 100, "sn": "y" * 120, "nbf": 0}
    assert verdict_of(token_of(claims)) is RequestVerdict.VALID


@pytest.mark.parametrize("claim", sorted(CLAIMS))
def test_a_missing_claim_is_malformed(claim):
    claims = {name: value for name, value in CLAIMS.items() if name != claim}
    assert verdict_of(token_of(claims)) is RequestVerdict.MALFORMED


@pytest.mark.parametrize("payload", [b"", b"[]", b'"x"', b'{"a":1,"a":2}', b"\xff", b"NaN"])
def test_a_signed_payload_that_is_no_object_is_malformed(payload):
    assert verdict_of(sign_compact(payload, KEY, TYP)) is RequestVerdict.MALFORMED


@pytest.mark.parametrize(
    "text", ["1990-07-13", "1990-07-XX", "1990-XX-XX", "XXXX-XX-XX", "2000-02-29"]
)
def test_birth_dates_with_unknown_parts(text):
    _, request = judge(token_of(CLAIMS | {"bd": text}), KEYS, NOW, OFFICE)
    assert request is not None
    assert str(request.birth_date) == text


@pytest.mark.parametrize(
    "change",
    [
        {"surname": ""},
        {"surname": "é" * 121},
        {"expires_at": REQUEST.not_before},
        {"given_names": ("Ébénézer-Théophraste" * 5,) * 12},
        {"given_names": ("Ébénézer-Théophraste" * 5,) * 5},
    ],
)
def test_what_could_not_be_read_again_is_not_written(change):
    with pytest.raises(ValueError):
        encode(replace(REQUEST, **change), KEY)


@given(st.text(max_size=200))
def test_any_text_has_a_verdict(text):
    verdict, request = judge(text, KEYS, NOW, OFFICE)
    assert verdict is RequestVerdict.FOREIGN
    assert request is None


@given(st.integers(0, 700), st.characters(min_codepoint=33, max_codepoint=126))
def test_a_damaged_token_is_never_valid(place, character):
    token = encode(REQUEST, KEY)
    place %= len(token)
    if token[place] == character:
        return
    verdict = verdict_of(token[:place] + character + token[place + 1 :])
    assert verdict in {
        RequestVerdict.FORGED,
        RequestVerdict.FOREIGN,
        RequestVerdict.MALFORMED,
        RequestVerdict.UNKNOWN_ISSUER,
    }


names = st.text(
    st.characters(categories=["L", "Nd"], include_characters=" '-"), min_size=1, max_size=20
)


@given(names, st.lists(names, max_size=3), st.dates().filter(lambda d: d.year > 0))
def test_names_and_dates_come_back(surname, given_names, born):
    import unicodedata

    nfc = [unicodedata.normalize("NFC", name) for name in (surname, *given_names)]
    request = replace(
        REQUEST,
        surname=nfc[0],
        given_names=tuple(nfc[1:]),
        birth_date=PartialDate(born.year, born.month, born.day),
    )
    try:
        token = encode(request, KEY)
    except ValueError:
        return
    assert judge(token, KEYS, NOW, OFFICE) == (RequestVerdict.VALID, request)
