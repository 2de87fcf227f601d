"""Policy roots with a threshold: how many signatures, whose, and how a root follows another."""

import json
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.crypto.digests import b64u, sha256, unb64u
from kiosk.crypto.jws import sign_compact, sign_general
from kiosk.crypto.signing import SigningKey
from kiosk.domain.errors import EnrolmentError, PolicyInvalidError
from kiosk.sync.enrolment import EnrolmentCode, parse_code
from kiosk.sync.policy import (
    TYP,
    Policy,
    accept_policy,
    open_policy,
    pack_policy,
    policy_json,
    require_unexpired,
    roots_of,
    sign_policy,
    trusted_root,
)
from kiosk.sync.roots import MAX_CHAIN, PolicyRoot, TrustedRoot, follow, sign_root
from tests.fakes.membership import POLICY_IN_FORCE

KEYS = [SigningKey.from_seed(bytes([60 + number]) * 32) for number in range(9)]
SINGLE = SigningKey.from_seed(b"s" * 32)
NOW = datetime(2026, 11, 26, tzinfo=UTC)


def root(version: int, keys: list[SigningKey], threshold: int, **more: Any) -> PolicyRoot:
    return PolicyRoot(version, NOW, threshold, tuple(b64u(key.public) for key in keys), **more)


# A fleet that began with one key: then three of five, then two of three others.
SECOND = root(2, KEYS[:5], 3)
THIRD = root(3, KEYS[4:7], 2)
CHAIN = [sign_root(SECOND, [SINGLE, *KEYS[:3]]), sign_root(THIRD, [*KEYS[2:5], KEYS[5]])]
TO_SECOND, TO_THIRD = follow(SINGLE.public, CHAIN)


def policy(version: int, at: TrustedRoot | None = None) -> Policy:
    return replace(POLICY_IN_FORCE, version=version, root=at.name if at else "")


def token(
    version: int, at: TrustedRoot, signers: list[SigningKey], chain: list[Any] | None = None
) -> str:
    chain = CHAIN[: at.root.version - 1] if chain is None else chain
    return pack_policy(sign_general(policy_json(policy(version, at)), signers, TYP), chain)


# --- thresholds -----------------------------------------------------------------------------------


def test_the_threshold_signs_a_policy_whoever_the_signers_are():
    for signers in (KEYS[:3], KEYS[2:5], KEYS[:5]):
        signed = token(2, TO_SECOND, signers)
        assert open_policy(signed, SINGLE.public) == policy(2, TO_SECOND)
        assert trusted_root(signed, SINGLE.public) == TO_SECOND


@pytest.mark.parametrize(
    "signers",
    [
        KEYS[:2],
        [KEYS[0], KEYS[0], KEYS[0]],
        [KEYS[0], KEYS[1], KEYS[1]],
        [*KEYS[:3], KEYS[7]],
        [*KEYS[:2], SINGLE],
        [SINGLE],
    ],
    ids=[
        "below",
        "one thrice",
        "one twice",
        "a foreign one too",
        "the old one",
        "only the old one",
    ],
)
def test_fewer_or_foreign_signatures_are_refused(signers: list[SigningKey]):
    with pytest.raises(PolicyInvalidError):
        open_policy(token(2, TO_SECOND, signers), SINGLE.public)


def test_a_signature_that_does_not_hold_spoils_the_policy():
    document = json.loads(token(2, TO_SECOND, KEYS[:4]))
    document["policy"]["signatures"][0]["signature"] = b64u(bytes(64))
    with pytest.raises(PolicyInvalidError):
        open_policy(json.dumps(document), SINGLE.public)


def test_a_root_document_is_no_policy_and_a_policy_no_root_document():
    payload = policy_json(policy(2, TO_SECOND))
    as_root = sign_general(payload, KEYS[:3], "vv-root+jws")
    with pytest.raises(PolicyInvalidError):
        open_policy(pack_policy(as_root, CHAIN[:1]), SINGLE.public)


def test_a_policy_names_the_root_that_signs_it():
    signed = sign_general(policy_json(policy(2)), KEYS[:3], TYP)
    with pytest.raises(PolicyInvalidError, match="root"):
        open_policy(pack_policy(signed, CHAIN[:1]), SINGLE.public)
    with pytest.raises(PolicyInvalidError, match="root"):
        open_policy(sign_compact(policy_json(policy(2, TO_SECOND)), SINGLE, TYP), SINGLE.public)


# --- the chain ------------------------------------------------------------------------------------


def test_a_device_that_was_away_follows_the_whole_chain_at_once():
    first = sign_policy(policy(1), SINGLE)
    held = open_policy(first, SINGLE.public)
    newest = token(9, TO_THIRD, KEYS[4:6])
    assert accept_policy(newest, SINGLE.public, held) == policy(9, TO_THIRD)


def test_a_device_enrolled_later_pins_a_root_in_the_middle_or_at_the_end():
    newest = token(9, TO_THIRD, KEYS[5:7])
    for pinned in (TO_SECOND, TO_THIRD):
        assert open_policy(newest, pinned.anchor) == policy(9, TO_THIRD)
    with pytest.raises(PolicyInvalidError, match="chain"):
        open_policy(token(2, TO_SECOND, KEYS[:3]), TO_THIRD.anchor)
    with pytest.raises(PolicyInvalidError):
        open_policy(sign_policy(policy(1), SINGLE), TO_SECOND.anchor)


def test_a_fleet_may_begin_with_a_threshold():
    document = sign_root(root(1, KEYS[:3], 2), KEYS[:2])
    anchor = b"\x02" + sha256(unb64u(document["payload"]))
    (only,) = follow(anchor, [document])
    signed = pack_policy(sign_general(policy_json(policy(1, only)), KEYS[1:3], TYP), [document])
    assert open_policy(signed, only.anchor) == policy(1, only)


@pytest.mark.parametrize(
    "chain",
    [
        [],
        [CHAIN[1]],
        [CHAIN[1], CHAIN[0]],
        [CHAIN[0], CHAIN[0]],
        [CHAIN[0], sign_root(root(4, KEYS[4:7], 2), [*KEYS[:3], *KEYS[4:7]])],
        [sign_root(SECOND, KEYS[:5])],
        [sign_root(SECOND, [SINGLE, *KEYS[:2]])],
        [sign_root(SECOND, [SINGLE, KEYS[0], KEYS[0], KEYS[1]])],
        [sign_root(SECOND, [SINGLE, *KEYS[:3], KEYS[8]])],
        [sign_root(root(1, KEYS[:5], 3), [SINGLE, *KEYS[:3]])],
        [CHAIN[0], sign_root(THIRD, [*KEYS[2:4], *KEYS[5:7]])],
        [CHAIN[0], sign_root(THIRD, KEYS[:5])],
        ["nonsense"],
        [{}],
        [{"payload": 3}],
        [CHAIN[0]] * (MAX_CHAIN + 1),
    ],
    ids=[
        "none", "gap", "order", "twice", "version left out", "not by the old", "below the own",
        "own twice", "foreign too", "version again", "below the old", "only one of the new",
        "word", "empty", "number", "endless",
    ],
)  # fmt: skip
def test_a_chain_that_does_not_hold_is_refused(chain: list[Any]):
    with pytest.raises(PolicyInvalidError):
        follow(SINGLE.public, chain)


@pytest.mark.parametrize(
    "wrong",
    [
        replace(SECOND, threshold=6),
        replace(SECOND, keys=()),
        replace(SECOND, keys=(SECOND.keys[0],) * 2),
        replace(SECOND, keys=("AAAA",), threshold=1),
        replace(SECOND, issued_at=datetime(2026, 1, 1)),
        replace(SECOND, threshold=0),
    ],
)
def test_a_root_that_says_nonsense_is_refused(wrong: PolicyRoot):
    with pytest.raises(PolicyInvalidError):
        follow(SINGLE.public, [sign_root(wrong, [SINGLE, *KEYS[:5]])])


def test_keys_that_were_replaced_sign_nothing_any_more():
    held = open_policy(token(5, TO_THIRD, KEYS[4:6]), SINGLE.public)
    stolen = [
        token(6, TO_SECOND, KEYS[:5]),
        sign_policy(policy(6), SINGLE),
    ]
    for attack in stolen:
        assert open_policy(attack, SINGLE.public).version == 6  # signed well, in its time
        with pytest.raises(PolicyInvalidError, match="replaced"):
            accept_policy(attack, SINGLE.public, held)
    # Nor another third version beside the one that is known here.
    other = sign_root(root(3, KEYS[:3], 1), KEYS[:3])
    at = follow(SINGLE.public, [CHAIN[0], other])[-1]
    with pytest.raises(PolicyInvalidError, match="replaced"):
        accept_policy(token(6, at, KEYS[:1], [CHAIN[0], other]), SINGLE.public, held)


def test_the_root_of_a_policy_that_comes_counts_as_well():
    held, coming = policy(2), policy(3, TO_SECOND)
    with pytest.raises(PolicyInvalidError, match="replaced"):
        accept_policy(sign_policy(policy(4), SINGLE), SINGLE.public, held, (coming,))
    newer = token(4, TO_THIRD, KEYS[4:6])
    assert accept_policy(newer, SINGLE.public, held, (coming,)).version == 4


def test_an_older_version_is_refused_whatever_root_signs_it():
    held = open_policy(token(5, TO_SECOND, KEYS[:3]), SINGLE.public)
    for version in (4, 5):
        with pytest.raises(PolicyInvalidError, match="older"):
            accept_policy(token(version, TO_THIRD, KEYS[4:6]), SINGLE.public, held)


def test_a_root_takes_policies_in_until_its_last_day():
    document = sign_root(root(2, KEYS[:2], 2, expires=date(2027, 1, 31)), [SINGLE, *KEYS[:2]])
    at = follow(SINGLE.public, [document])[-1]
    signed = token(2, at, KEYS[:2], [document])
    require_unexpired(signed, SINGLE.public, date(2027, 1, 31))
    with pytest.raises(PolicyInvalidError, match="expired"):
        require_unexpired(signed, SINGLE.public, date(2027, 2, 1))
    require_unexpired(sign_policy(policy(1), SINGLE), SINGLE.public, date(2099, 1, 1))
    # What came before it is over still leads on: an expired root is replaced like any other.
    following = sign_root(root(3, KEYS[4:6], 1), [*KEYS[:2], KEYS[4]])
    later = follow(SINGLE.public, [document, following])[-1]
    require_unexpired(
        token(3, later, [KEYS[5]], [document, following]), SINGLE.public, date(2099, 1, 1)
    )


# --- forms ----------------------------------------------------------------------------------------


def test_an_enrolment_code_pins_either_form():
    for anchor in (SINGLE.public, TO_THIRD.anchor):
        code = EnrolmentCode("https://central.test", bytes(32), anchor, bytes(16))
        assert parse_code(code.text()).root_public == anchor
    for anchor in (b"", bytes(31), bytes(33), b"\x02" + bytes(33)):
        code = EnrolmentCode("https://central.test", bytes(32), anchor, bytes(16))
        with pytest.raises(EnrolmentError):
            parse_code(code.text())


def test_the_chain_is_read_back_from_a_token():
    assert roots_of(token(2, TO_THIRD, KEYS[4:6])) == CHAIN
    assert roots_of(sign_policy(policy(1), SINGLE)) == []


@given(st.text(max_size=200) | st.text('{}[]":,policyroots', max_size=200))
def test_any_text_is_a_policy_or_refused(text: str):
    for anchor in (SINGLE.public, TO_SECOND.anchor):
        with pytest.raises(PolicyInvalidError):
            open_policy("{" + text, anchor)


@given(place=st.integers(0, 5000), with_=st.sampled_from('{}[]"a0,'))
def test_a_spoilt_token_is_refused_or_the_same(place: int, with_: str):
    whole = token(2, TO_SECOND, KEYS[:3])
    place %= len(whole)
    spoilt = whole[:place] + with_ + whole[place + 1 :]
    try:
        found = open_policy(spoilt, SINGLE.public)
    except PolicyInvalidError:
        return
    assert found == policy(2, TO_SECOND)
