"""Rows of the collector's database as values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from kiosk.domain.ids import DeviceId, OfficeId, RecordId


@dataclass(frozen=True, slots=True)
class CodeRow:
    """An enrolment code; only the hash of its secret is kept.

    Attributes:
        secret_sha256: 32 bytes.
        office_id: where the device will work.
        expires_at: ISO 8601 UTC.
        device_id: who used it, or None.
        certificate: what that device got, or None.
    """

    secret_sha256: bytes
    office_id: OfficeId
    expires_at: str
    device_id: DeviceId | None = None
    certificate: str | None = None


@dataclass(frozen=True, slots=True)
class DeviceRow:
    """A device and the state of its journal here.

    Attributes:
        device_id: its id.
        public_key: raw Ed25519 key.
        office_id: where it works.
        enrolled_at: ISO 8601 UTC.
        size: entries held.
        frontier: hashes of the complete subtrees, largest first.
        checkpoint: the device's own newest checkpoint, or ``""``.
        quarantined: two histories of this device are known.
    """

    device_id: DeviceId
    public_key: bytes
    office_id: OfficeId
    enrolled_at: str
    size: int = 0
    frontier: tuple[bytes, ...] = ()
    checkpoint: str = ""
    quarantined: bool = False


@dataclass(frozen=True, slots=True)
class EntryRow:
    """One journal entry of a device."""

    device_id: DeviceId
    seq: int
    jws: str
    leaf: bytes
    record_id: RecordId | None


KEY_LOST: Final = "key-lost"
"""Kind of the alarm of a device whose last entries came without a checkpoint of its own."""
POLICY_AHEAD: Final = "policy-ahead"
"""Kind of the alarm of a device that holds a policy which is not known here; ``detail`` is its
version, or ``""``."""


@dataclass(frozen=True, slots=True)
class AlarmRow:
    """Something about a device's journal that somebody must look at.

    Attributes:
        device_id: whose journal.
        kind: ``fork``, ``restore``, ``broken-journal``, ``policy-ahead`` and the like.
        seq: entry number at which it showed.
        detail: one word more.
        raised_at: server time, ISO 8601 UTC, of the first time.
    """

    device_id: DeviceId
    kind: str
    seq: int
    detail: str
    raised_at: str


@dataclass(frozen=True, slots=True)
class OriginRow:
    """The ratchet key of entry ``seq``, sealed by the device for the auditor (an age file)."""

    device_id: DeviceId
    seq: int
    sealed: bytes
    received_at: str


@dataclass(frozen=True, slots=True)
class SealedRow:
    """A sealed record that arrived.

    Attributes:
        device_id: from which device.
        seq: its entry.
        blob_sha256: of header and payload together.
        payload_sha256: of the payload file.
        header: age header, None once erased.
        received_at: ISO 8601 UTC.
        state: value of ``kiosk.sync.receipts.ReceiptState``.
        size: bytes of the whole where it arrives, to be counted; not kept in its row.
    """

    device_id: DeviceId
    seq: int
    blob_sha256: bytes
    payload_sha256: bytes
    header: bytes | None
    received_at: str
    state: str
    size: int = 0


@dataclass(frozen=True, slots=True)
class AnnouncedRow:
    """An entry that announces a record, with what is needed to judge that record.

    Attributes:
        public_key: of its device.
        jws: the entry as signed.
        held: the record where it arrived already, or None.
    """

    public_key: bytes
    jws: str
    held: SealedRow | None


@dataclass(frozen=True, slots=True)
class KeptRow:
    """Where the payload of a record lies; its header is not read."""

    device_id: DeviceId
    seq: int
    payload_sha256: bytes
    received_at: str


@dataclass(frozen=True, slots=True)
class LeafRow:
    """A leaf of the collector's log.

    Attributes:
        index: place in the log.
        device_id: of the record.
        seq: of the record's entry.
        data: canonical JSON of the receipt leaf.
        hash: leaf hash.
    """

    index: int
    device_id: DeviceId
    seq: int
    data: bytes
    hash: bytes


@dataclass(frozen=True, slots=True)
class LogRow:
    """State of the collector's log."""

    size: int
    frontier: tuple[bytes, ...]
    checkpoint: str
