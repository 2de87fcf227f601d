"""Time signed by the central side."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.audit import checkpoint
from kiosk.crypto.signing import SigningKey
from kiosk.domain.errors import ProtocolError, SignatureInvalidError
from kiosk.sync.signed_time import open_time, sign_time

KEY = SigningKey.from_seed(b"t" * 32)
AT = datetime(2026, 11, 25, 9, 30, 15, 250_000, tzinfo=UTC)


def test_what_is_signed_is_read_again() -> None:
    paris = AT.astimezone(timezone(timedelta(hours=1)))
    assert open_time(sign_time(paris, "n1", "log", KEY), "n1", "log", KEY.public) == AT


def test_an_answer_to_another_question_is_refused() -> None:
    note = sign_time(AT, "n1", "log", KEY)
    with pytest.raises(ProtocolError):
        open_time(note, "n2", "log", KEY.public)


def test_another_key_is_refused() -> None:
    note = sign_time(AT, "n1", "log", SigningKey.generate())
    with pytest.raises(SignatureInvalidError):
        open_time(note, "n1", "log", KEY.public)


def test_a_checkpoint_is_no_time() -> None:
    note = checkpoint.sign(checkpoint.Checkpoint("log", 1, bytes(32)), KEY)
    with pytest.raises(ProtocolError):
        open_time(note, "1", "log", KEY.public)


def test_a_time_is_no_checkpoint() -> None:
    with pytest.raises(SignatureInvalidError):
        checkpoint.open_note(sign_time(AT, "n1", "log", KEY), "log", KEY.public)


@pytest.mark.parametrize("nonce", ["a b", "a\nb", "é", "a\x00"])
def test_a_nonce_cannot_add_lines(nonce: str) -> None:
    with pytest.raises(ValueError, match="nonce"):
        sign_time(AT, nonce, "log", KEY)


@given(st.text(max_size=300))
def test_any_text_is_refused_cleanly(text: str) -> None:
    with pytest.raises((SignatureInvalidError, ProtocolError)):
        open_time(text, "n1", "log", KEY.public)
