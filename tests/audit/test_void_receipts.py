"""A void receipt fits an entry of the journal, and says the same when it is read again."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.audit.checkpoint import Checkpoint, open_note, sign
from kiosk.audit.entries import (
    MAX_HEADER_BYTES,
    ClockState,
    EntryKind,
    Header,
    header_bytes,
)
from kiosk.audit.void_receipts import (
    MOST_STEPS,
    fitting,
    note_of,
    packed,
    proof_of,
    signature_in,
)
from kiosk.crypto.digests import b64u
from kiosk.crypto.signing import SigningKey
from kiosk.domain.ids import DeviceId

HASHES = st.binary(min_size=32, max_size=32)
KEY = SigningKey.from_seed(bytes(range(32)))
_REST_OF_AN_ENTRY = 800


@given(st.lists(HASHES, max_size=MOST_STEPS))
def test_a_proof_is_read_as_it_was_packed(steps: list[bytes]) -> None:
    assert proof_of(packed([b64u(step) for step in steps])) == tuple(steps)


def test_the_longest_proof_fits_and_a_longer_one_is_left_out() -> None:
    step = b64u(bytes(32))
    assert len(packed([step] * MOST_STEPS)) + _REST_OF_AN_ENTRY <= MAX_HEADER_BYTES
    assert packed([step] * (MOST_STEPS + 1)) == ""


def test_a_run_that_is_no_hashes_is_refused() -> None:
    with pytest.raises(ValueError, match="proof"):
        proof_of(b64u(bytes(33)))


@given(st.integers(0, 2**40), HASHES)
def test_a_note_is_put_together_again(size: int, root: bytes) -> None:
    state = Checkpoint("central.test/2", size, root)
    note = sign(state, KEY) + "\u2014 witness.test AAAA\n"
    again = note_of(state, signature_in(note, state.origin))
    assert open_note(again, state.origin, KEY.public) == state
    assert signature_in(note, "central.test") == ""


def test_a_line_that_is_no_signature_is_not_taken_for_the_one_that_holds() -> None:
    """Nor does a long one make an entry that fits nowhere."""
    state = Checkpoint("central.test/2", 7, bytes(32))
    text, _, signed = sign(state, KEY).partition("\n\n")
    note = f"{text}\n\n\u2014 central.test/2 {'A' * 4000}\n{signed}"
    again = note_of(state, signature_in(note, state.origin))
    assert open_note(again, state.origin, KEY.public) == state


def test_words_longer_than_any_are_left_out() -> None:
    assert [fitting("x" * length) for length in (0, 64, 65, 200)] == ["", "x" * 64, "", ""]


def test_the_longest_words_and_the_longest_proof_fit_one_entry() -> None:
    hashed = b64u(bytes(32))
    header = Header(
        v="visavis-entry/1",
        device_id=DeviceId("dev-0011223344556677"),
        seq=10**6,
        kind=EntryKind.RECEIPT_VOID,
        record_id=None,
        policy_v=10**4,
        recipients=(),
        age_header_sha256="",
        payload_sha256="",
        payload_len=0,
        prev_root=hashed,
        ratchet_mac=hashed,
        boot_id="b" * 36,
        mono_ms=10**12,
        wall_claimed="2026-11-27T09:30:00.000000+00:00",
        clock_state=ClockState.UNVERIFIED,
        app_build="1.2.3-build.20261127",
        facts={
            "seq": 10**6,
            "received": fitting("r" * 64),
            "storage": fitting("s" * 64),
            "signed": "A" * 92,
            "proof": packed([hashed] * MOST_STEPS),
        },
    )
    assert len(header_bytes(header)) <= MAX_HEADER_BYTES
