"""Names of the collector's logs, and what a policy may say about those that ended."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.audit.checkpoint import Checkpoint, sign
from kiosk.crypto.digests import b64u
from kiosk.crypto.notes import verifier_key
from kiosk.crypto.signing import SigningKey
from kiosk.domain.errors import SignatureInvalidError
from kiosk.sync.receipts import LogKey, open_seen
from kiosk.sync.restorations import Restoration, check_log_terms, epoch_of, name_of, next_name

ORIGIN = "collector.test/ab12"
KEYS = [SigningKey.from_seed(bytes([number]) * 32) for number in range(1, 4)]
AT = datetime(2026, 11, 27, tzinfo=UTC)


def key(name: str, number: int = 0) -> str:
    return verifier_key(name, KEYS[number].public)


def ended(name: str, size: int = 3, **changes: object) -> Restoration:
    return replace(Restoration(key(name), size, b64u(bytes(32)), AT, "tried"), **changes)


def test_each_log_has_the_number_after_the_one_before():
    names = [ORIGIN]
    for _ in range(20):
        names.append(next_name(ORIGIN, names[-1]))
    assert names[:3] == [ORIGIN, f"{ORIGIN}/2", f"{ORIGIN}/3"]
    assert [epoch_of(ORIGIN, name) for name in names] == list(range(1, 22))
    assert all(name_of(key(name)) == name for name in names)


@pytest.mark.parametrize(
    "name",
    [f"{ORIGIN}/1", f"{ORIGIN}/0", f"{ORIGIN}/02", f"{ORIGIN}/x", f"{ORIGIN}/2/3", "other/2", ""],
)
def test_a_log_of_another_name_is_none_of_this_collector(name: str):
    with pytest.raises(ValueError, match="log name"):
        epoch_of(ORIGIN, name)


@given(st.text(max_size=40))
def test_any_name_has_one_number_or_none(name: str):
    try:
        number = epoch_of(ORIGIN, name)
    except ValueError:
        return
    assert name == (ORIGIN if number == 1 else f"{ORIGIN}/{number}")


def test_what_a_policy_may_state():
    second, third = f"{ORIGIN}/2", f"{ORIGIN}/3"
    check_log_terms(ORIGIN, key(ORIGIN), (), ())
    check_log_terms(ORIGIN, key(ORIGIN), (key(ORIGIN, 1), key(ORIGIN, 2)), ())
    check_log_terms(ORIGIN, key(second), (), (ended(ORIGIN),))
    check_log_terms(ORIGIN, key(third, 1), (), (ended(ORIGIN), ended(second, 1)))
    kept = ended(ORIGIN, former=(key(ORIGIN, 1),))
    check_log_terms(ORIGIN, key(second), (key(second, 2),), (kept,))


@pytest.mark.parametrize(
    ("log_key", "former", "restored"),
    [
        (key("other"), (), ()),
        (key(f"{ORIGIN}/2"), (key(ORIGIN, 1),), ()),
        (key(ORIGIN), (key(ORIGIN),), ()),
        (key(ORIGIN), (key(ORIGIN, 1), key(ORIGIN, 1)), ()),
        (key(ORIGIN), (), (ended(ORIGIN),)),
        (key(ORIGIN), (), (ended(f"{ORIGIN}/2"),)),
        (key(f"{ORIGIN}/3"), (), (ended(f"{ORIGIN}/2"), ended(ORIGIN))),
        (key(f"{ORIGIN}/3"), (), (ended(ORIGIN), ended(ORIGIN))),
        (key(f"{ORIGIN}/2"), (), (ended("other"),)),
        (key(f"{ORIGIN}/2"), (), (ended(ORIGIN, at=datetime(2026, 11, 27)),)),
        (key(f"{ORIGIN}/2"), (), (ended(ORIGIN, former=(key("other", 1),)),)),
        (key(f"{ORIGIN}/2"), (), (ended(ORIGIN, log_key="nothing"),)),
    ],
)
def test_what_a_policy_may_not_state(log_key, former, restored):
    with pytest.raises(ValueError, match=r".*"):
        check_log_terms(ORIGIN, log_key, former, restored)


def test_what_was_seen_under_a_key_before_counts_and_under_a_strange_one_not():
    log = LogKey(ORIGIN, KEYS[0].public, former=(KEYS[1].public,))
    state = Checkpoint(ORIGIN, 5, bytes(32))
    for known in KEYS[:2]:
        assert open_seen(sign(state, known), log) == state
    for note in (sign(state, KEYS[2]), sign(replace(state, origin="other"), KEYS[0]), "", "x\n\ny"):
        with pytest.raises(SignatureInvalidError):
            open_seen(note, log)
