"""A void receipt fits an entry of the journal, and says the same when it is read again."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.audit.checkpoint import Checkpoint, open_note, sign
from kiosk.audit.entries import MAX_HEADER_BYTES
from kiosk.audit.void_receipts import MOST_STEPS, note_of, packed, proof_of, signature_in
from kiosk.crypto.digests import b64u
from kiosk.crypto.signing import SigningKey

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
