"""Receipts: proof that a sealed record is safe on the central side.

Rules, in order: the checkpoint is signed by the pinned log key; the log only grew since the last
checkpoint seen here (consistency proof); as many witnesses as the policy demands cosigned that very
checkpoint, so that not even whoever holds the log key can show this device a log of its own; the
leaf names this device, this entry and the very bytes that were sent; the leaf is in the log
(inclusion proof). Anything less proves nothing, and nothing is deleted.
Source: records-and-sync 2.8; C2SP ``tlog-cosignature``.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import msgspec

from kiosk.audit.checkpoint import Checkpoint, open_note
from kiosk.audit.tree import leaf_hash, verify_consistency, verify_inclusion
from kiosk.audit.witnesses import NO_QUORUM, Quorum
from kiosk.crypto.canonical import canonical_json
from kiosk.crypto.digests import b64u, unb64u
from kiosk.domain.errors import (
    ReceiptInvalidError,
    ReceiptUnwitnessedError,
    SignatureInvalidError,
)
from kiosk.domain.ids import DeviceId
from kiosk.sync.messages import ReceiptItem, ReceiptLeaf

PROFILE = "visavis-receipt/1"


class ReceiptState(StrEnum):
    """What the collector says of a record."""

    LOGGED = "logged"
    STORED = "stored"
    QUARANTINED = "quarantined"


@dataclass(frozen=True, slots=True)
class LogKey:
    """The pinned collector log.

    Attributes:
        origin: its name.
        public: raw Ed25519 key, 32 bytes.
        quorum: witnesses without whose word a state of the log proves no storage.
        former: raw keys that signed this very log before; they vouch for what was seen then, and
            for nothing that is shown now.
    """

    origin: str
    public: bytes
    quorum: Quorum = NO_QUORUM
    former: tuple[bytes, ...] = ()


@dataclass(frozen=True, slots=True)
class Sent:
    """What this device sent, as the device itself computed it.

    Attributes:
        device_id: this device.
        seq: journal entry of the record.
        entry: leaf hash of that entry, 32 bytes.
        blob_sha256: SHA-256 of the sealed blob, 32 bytes.
    """

    device_id: DeviceId
    seq: int
    entry: bytes
    blob_sha256: bytes


def receipt_leaf_bytes(leaf: ReceiptLeaf) -> bytes:
    """Leaf data of a receipt in the collector's log: canonical JSON."""
    return canonical_json(msgspec.to_builtins(leaf))


def open_seen(note: str, log: LogKey) -> Checkpoint:
    """A state of the log that was verified here before, under the key of then.

    Raises:
        SignatureInvalidError: another log, or by a key that this log never had.
    """
    for public in (log.public, *log.former):
        try:
            return open_note(note, log.origin, public)
        except SignatureInvalidError:
            continue
    raise SignatureInvalidError("no key of this log")


def open_log_checkpoint(
    note: str, consistency: tuple[str, ...], log: LogKey, seen: Checkpoint | None
) -> Checkpoint:
    """The collector's checkpoint, once it is shown to extend the last one seen.

    Raises:
        ReceiptInvalidError: other key, other log, a log that shrank or was rewritten.
    """
    try:
        checkpoint = open_note(note, log.origin, log.public)
        proof = tuple(unb64u(step) for step in consistency)
    except (SignatureInvalidError, ValueError) as exc:
        raise ReceiptInvalidError("checkpoint") from exc
    if seen is not None and not verify_consistency(
        seen.size, checkpoint.size, seen.root, checkpoint.root, proof
    ):
        raise ReceiptInvalidError("the collector's log was rewritten")
    return checkpoint


def require_witnesses(note: str, quorum: Quorum) -> None:
    """Whether enough witnesses cosigned the checkpoint ``note``.

    Raises:
        ReceiptUnwitnessedError: too few, or a line that bears a witness's name does not hold.
    """
    if not quorum.met_by(note):
        raise ReceiptUnwitnessedError("witnesses")


def verify_receipt(item: ReceiptItem, sent: Sent, checkpoint: Checkpoint) -> None:
    """Whether ``item`` proves that exactly what was sent is stored.

    Args:
        item: the receipt.
        sent: own knowledge of the record, never the collector's.
        checkpoint: from :func:`open_log_checkpoint`.

    Raises:
        ReceiptInvalidError: it does not.
    """
    leaf = item.leaf
    if item.state != ReceiptState.STORED or leaf is None:
        raise ReceiptInvalidError("not stored")
    named = (leaf.v, leaf.device, leaf.seq, leaf.entry, leaf.blob)
    mine = (PROFILE, sent.device_id, sent.seq, b64u(sent.entry), b64u(sent.blob_sha256))
    if named != mine or item.seq != sent.seq:
        raise ReceiptInvalidError("another record")
    try:
        proof = tuple(unb64u(step) for step in item.proof)
    except ValueError as exc:
        raise ReceiptInvalidError("proof") from exc
    hashed = leaf_hash(receipt_leaf_bytes(leaf))
    if not verify_inclusion(hashed, item.index, checkpoint.size, proof, checkpoint.root):
        raise ReceiptInvalidError("not in the log")
