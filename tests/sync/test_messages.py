"""Messages on the wire: what is written is read again, everything else is refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.domain.errors import ProtocolError
from kiosk.sync.messages import (
    MAX_MESSAGE_BYTES,
    MAX_PUSH_ENTRIES,
    AuthorityAnswer,
    EnrolmentAnswer,
    EnrolmentPost,
    LogAnswer,
    LogPush,
    LogState,
    Message,
    MissingBlob,
    Problem,
    ReceiptItem,
    ReceiptLeaf,
    ReceiptPage,
    decode,
    encode,
)

HASH = "A" * 43
TEXT = st.text(st.characters(codec="utf-8"), max_size=60)
SEQ = st.integers(0, 2**40)
HASHES = st.text("ABCxyz019-_", min_size=43, max_size=43)
LEAVES = st.builds(
    ReceiptLeaf,
    v=TEXT,
    device=TEXT,
    seq=SEQ,
    entry=HASHES,
    blob=HASHES,
    received_at=TEXT,
    storage=TEXT,
)
ITEMS = st.builds(
    ReceiptItem,
    seq=SEQ,
    state=TEXT,
    leaf=st.none() | LEAVES,
    index=SEQ,
    proof=st.lists(HASHES, max_size=4).map(tuple),
)
MESSAGES = st.one_of(
    st.builds(AuthorityAnswer, ca=TEXT, policy=TEXT),
    st.builds(EnrolmentPost, claim=TEXT),
    st.builds(EnrolmentAnswer, certificate=TEXT, policy=TEXT, checkpoint=TEXT),
    st.builds(
        LogState,
        size=SEQ,
        root=HASHES,
        missing=st.lists(st.builds(MissingBlob, seq=SEQ, offset=SEQ), max_size=3).map(tuple),
        newest_receipt=st.none() | SEQ,
        quarantined=st.booleans(),
    ),
    st.builds(LogPush, start=SEQ, entries=st.lists(TEXT, max_size=3).map(tuple), checkpoint=TEXT),
    st.builds(LogAnswer, size=SEQ),
    st.builds(ReceiptPage, receipts=st.lists(ITEMS, max_size=3).map(tuple), checkpoint=TEXT),
    st.builds(Problem, error=TEXT, checkpoint=TEXT, size=SEQ, time=TEXT),
)
KINDS = [LogState, LogPush, LogAnswer, ReceiptPage, Problem, EnrolmentPost, EnrolmentAnswer]


def nfc(message: Message) -> Message:
    """The message as canonical JSON keeps it: texts in NFC."""
    return decode(encode(message), type(message))


@given(MESSAGES)
def test_what_is_written_is_read_again(message: Message) -> None:
    assert encode(nfc(message)) == encode(message)


@given(st.sampled_from(KINDS), st.binary(max_size=300))
def test_any_bytes_are_refused_cleanly(kind: type[Message], data: bytes) -> None:
    with pytest.raises(ProtocolError):
        decode(data, kind)


@pytest.mark.parametrize("kind", KINDS)
def test_a_captive_portal_is_not_believed(kind: type[Message]) -> None:
    with pytest.raises(ProtocolError):
        decode(b"<html><body>Bienvenue sur le Wi-Fi</body></html>", kind)


@pytest.mark.parametrize(
    "body",
    [
        b'{"size":1,"extra":1}',
        b'{"size":-1}',
        b'{"size":1.5}',
        b'{"size":"1"}',
        b'{"size":1,"size":2}',
        b'{"size":NaN}',
        b"{}",
        b"[]",
        b"null",
        b'{"size":9999999999999999}',
    ],
)
def test_another_form_is_refused(body: bytes) -> None:
    with pytest.raises(ProtocolError):
        decode(body, LogAnswer)


def test_sizes_are_bounded() -> None:
    push = LogPush(start=0, entries=("x",) * (MAX_PUSH_ENTRIES + 1), checkpoint="")
    with pytest.raises(ProtocolError):
        decode(encode(push), LogPush)
    with pytest.raises(ProtocolError):
        decode(b" " * MAX_MESSAGE_BYTES + b'{"size":1}', LogAnswer)
    deep = b"[" * 100_000
    with pytest.raises(ProtocolError):
        decode(deep, LogAnswer)
