"""The quick way to judge a signed request lets in what the whole standard lets in, and nothing."""

import base64
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.crypto import http_signatures
from kiosk.crypto.plain_signatures import PlainRequest, verify_plain
from kiosk.crypto.signing import SigningKey
from kiosk.domain.errors import SignatureInvalidError

KEY = SigningKey.from_seed(bytes(32))
KEYS = {KEY.key_id: KEY.public}
NOW = datetime(2026, 11, 23, 9, 12, tzinfo=UTC)
ADDRESSES = (
    "https://central.example/v1/policy",
    "https://central.example:8443/v1/devices/dev-1/receipts?from=0&tree=17",
    "https://127.0.0.1:18443/v1/devices/dev-1/log",
)


def signed(url, method="PUT", at=NOW):
    headers = http_signatures.sign_request(method, url, b"body", KEY, at)
    return {name.lower(): value for name, value in headers.items()}


def quick(url, headers, method="PUT", now=NOW):
    return verify_plain(method, url, headers, KEYS.get, now, 300)


def by_the_library(url, headers, method="PUT", now=NOW):
    # A space at the end means nothing by the standard, and is none of the quick way's spelling.
    spaced = {**headers, "signature-input": headers["signature-input"] + " "}
    assert quick(url, spaced, method, now) is None
    try:
        found = http_signatures.verify_request(method, url, spaced, KEYS.get, now)
    except SignatureInvalidError:
        return None
    return PlainRequest(found.key_id, found.body_sha256, found.created_s)


@pytest.mark.parametrize("url", ADDRESSES)
def test_what_a_device_signs_is_judged_the_quick_way(url):
    found = quick(url, signed(url))
    assert found is not None
    assert found == by_the_library(url, signed(url))


@pytest.mark.parametrize(
    "url",
    [
        "https://[::1]:8443/v1/policy",
        "https://central.example:443/v1/policy",
        "https://Central.example/v1/policy",
        "https://central.example/v1/%41",
    ],
)
def test_other_addresses_are_left_to_the_library(url):
    assert quick(url, signed(url)) is None
    assert by_the_library(url, signed(url)) is not None
    assert http_signatures.verify_request("PUT", url, signed(url), KEYS.get, NOW)


@pytest.mark.parametrize("seconds", [-301, -300, 0, 305, 306])
def test_the_bounds_of_time_are_those_of_the_library(seconds):
    url, now = ADDRESSES[0], NOW + timedelta(seconds=seconds)
    assert quick(url, signed(url), now=now) == by_the_library(url, signed(url), now=now)


def test_a_time_that_begins_with_a_zero_is_left_to_the_library():
    """The library writes the number anew, and the signature is then about something else."""
    url = ADDRESSES[0]
    headers = signed(url)
    _, _, params = headers["signature-input"].replace("created=", "created=0").partition("=")
    base = (
        '"@method": PUT\n"@authority": central.example\n"@path": /v1/policy\n"@query": ?\n'
        f'"content-digest": {headers["content-digest"]}\n"@signature-params": {params}'
    )
    signature = base64.b64encode(KEY.sign(base.encode())).decode()
    zero = {
        **headers,
        "signature-input": f"visavis={params}",
        "signature": f"visavis=:{signature}:",
    }
    assert by_the_library(url, zero) is None
    assert quick(url, zero) is None


@given(data=st.data())
def test_nothing_is_let_in_that_the_library_refuses(data):
    url = data.draw(st.sampled_from(ADDRESSES))
    headers = signed(url)
    name = data.draw(st.sampled_from(sorted(headers)))
    value = headers[name]
    at = data.draw(st.integers(0, len(value) - 1))
    piece = data.draw(st.text(st.characters(max_codepoint=0x17F), max_size=3))
    taken = data.draw(st.integers(0, 2))
    changed = {**headers, name: value[:at] + piece + value[at + taken :]}
    found = quick(url, changed)
    if found is not None:
        assert found == by_the_library(url, changed)
    if changed != headers:
        assert found is None


@given(st.sampled_from(ADDRESSES), st.data())
def test_a_signature_counts_for_its_own_address_only(url, data):
    at = data.draw(st.integers(len("https://"), len(url) - 1))
    piece = data.draw(st.text(st.sampled_from("abcXYZ019/?&=.-~%:@"), min_size=1, max_size=3))
    other = url[:at] + piece + url[at + 1 :]
    if other != url:
        assert quick(other, signed(url)) is None


def test_nothing_holds_without_its_key_or_its_fields():
    url = ADDRESSES[0]
    assert verify_plain("PUT", url, signed(url), {}.get, NOW, 300) is None
    assert quick(url, {}) is None
    assert quick(url, signed(url), method="GET") is None
