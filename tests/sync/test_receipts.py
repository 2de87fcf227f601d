"""Receipts: what proves storage, and what does not."""

from dataclasses import replace

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.audit.checkpoint import Checkpoint, sign
from kiosk.audit.tree import consistency_proof, inclusion_proof, leaf_hash, root_of
from kiosk.crypto.digests import b64u, sha256
from kiosk.crypto.signing import SigningKey
from kiosk.domain.errors import ReceiptInvalidError
from kiosk.domain.ids import DeviceId
from kiosk.sync.messages import ReceiptItem, ReceiptLeaf
from kiosk.sync.receipts import (
    PROFILE,
    LogKey,
    Sent,
    open_log_checkpoint,
    receipt_leaf_bytes,
    verify_receipt,
)

KEY = SigningKey.from_seed(b"l" * 32)
LOG = LogKey("log.test", KEY.public)
DEVICE = DeviceId("dev-0011223344556677")


def sent(seq: int) -> Sent:
    return Sent(DEVICE, seq, sha256(b"entry %d" % seq), sha256(b"blob %d" % seq))


def leaf(seq: int) -> ReceiptLeaf:
    mine = sent(seq)
    return ReceiptLeaf(
        v=PROFILE,
        device=DEVICE,
        seq=seq,
        entry=b64u(mine.entry),
        blob=b64u(mine.blob_sha256),
        received_at="2026-11-25T09:00:00.000+00:00",
        storage="filesystem",
    )


def hashes(size: int) -> list[bytes]:
    return [leaf_hash(receipt_leaf_bytes(leaf(seq))) for seq in range(size)]


def checkpoint(size: int) -> Checkpoint:
    return Checkpoint(LOG.origin, size, root_of(hashes(size)))


def item(seq: int, size: int) -> ReceiptItem:
    proof = inclusion_proof(hashes(size), seq)
    return ReceiptItem(
        seq=seq, state="stored", leaf=leaf(seq), index=seq, proof=tuple(map(b64u, proof))
    )


def consistency(old: int, new: int) -> tuple[str, ...]:
    return tuple(b64u(step) for step in consistency_proof(hashes(new), old))


@given(st.integers(1, 40).flatmap(lambda n: st.tuples(st.integers(0, n - 1), st.just(n))))
def test_a_true_receipt_proves(place: tuple[int, int]) -> None:
    seq, size = place
    verify_receipt(item(seq, size), sent(seq), checkpoint(size))


@pytest.mark.parametrize("state", ["logged", "quarantined", "STORED", ""])
def test_only_stored_counts(state: str) -> None:
    receipt = msgspec.structs.replace(item(2, 5), state=state)
    with pytest.raises(ReceiptInvalidError):
        verify_receipt(receipt, sent(2), checkpoint(5))


@pytest.mark.parametrize(
    "other",
    [
        replace(sent(2), device_id=DeviceId("dev-ffffffffffffffff")),
        replace(sent(2), seq=3),
        replace(sent(2), entry=bytes(32)),
        replace(sent(2), blob_sha256=bytes(32)),
    ],
)
def test_a_receipt_for_something_else_proves_nothing(other: Sent) -> None:
    with pytest.raises(ReceiptInvalidError):
        verify_receipt(item(2, 5), other, checkpoint(5))


@given(
    st.sampled_from(["v", "device", "entry", "blob", "received_at", "storage"]),
    st.text("AB-_09", min_size=43, max_size=43),
)
def test_no_field_of_the_leaf_can_be_changed(field: str, value: str) -> None:
    changed = msgspec.structs.replace(leaf(2), **{field: value})
    receipt = msgspec.structs.replace(item(2, 5), leaf=changed)
    with pytest.raises(ReceiptInvalidError):
        verify_receipt(receipt, sent(2), checkpoint(5))


@given(st.integers(0, 2), st.binary(min_size=32, max_size=32))
def test_no_step_of_the_proof_can_be_changed(place: int, step: bytes) -> None:
    true = item(2, 5)
    proof = list(true.proof)
    proof[place % len(proof)] = b64u(step)
    with pytest.raises(ReceiptInvalidError):
        verify_receipt(msgspec.structs.replace(true, proof=tuple(proof)), sent(2), checkpoint(5))


def test_a_proof_that_is_no_base64_is_refused() -> None:
    receipt = msgspec.structs.replace(item(2, 5), proof=("!" * 43,))
    with pytest.raises(ReceiptInvalidError):
        verify_receipt(receipt, sent(2), checkpoint(5))


@given(st.integers(0, 30), st.integers(0, 30))
def test_a_log_may_only_grow(old: int, new: int) -> None:
    seen = checkpoint(old)
    note = sign(checkpoint(new), KEY)
    if old <= new:
        assert open_log_checkpoint(note, consistency(old, new), LOG, seen) == checkpoint(new)
    else:
        with pytest.raises(ReceiptInvalidError):
            open_log_checkpoint(note, (), LOG, seen)


def test_a_rewritten_log_is_refused() -> None:
    rewritten = sign(Checkpoint(LOG.origin, 9, sha256(b"other")), KEY)
    with pytest.raises(ReceiptInvalidError):
        open_log_checkpoint(rewritten, consistency(5, 9), LOG, checkpoint(5))


def test_another_key_or_another_log_is_refused() -> None:
    for note in (
        sign(checkpoint(5), SigningKey.generate()),
        sign(Checkpoint("other.test", 5, root_of(hashes(5))), KEY),
        "nothing",
    ):
        with pytest.raises(ReceiptInvalidError):
            open_log_checkpoint(note, (), LOG, None)
