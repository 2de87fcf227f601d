"""Journal entries: the header of each act, signed by the device; leaves of the hash tree.

Rules, in order: canonical JSON of at most 2 KiB without personal data; ``seq`` is the leaf index;
``prev_root`` is the root before this entry; the ratchet MAC covers everything but itself; the
device signs the whole. The ratchet key moves on after each entry and the old one is erased, so a
thief of the device cannot rewrite what came before (``records-and-sync``, 2.1 to 2.3).
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

import msgspec

from kiosk.audit.tree import leaf_hash
from kiosk.crypto.canonical import canonical_json, parse_json
from kiosk.crypto.digests import b64u, sha256, unb64u
from kiosk.crypto.jws import sign_compact, verify_compact
from kiosk.crypto.signing import SigningKey, key_id_of
from kiosk.domain.decision import Outcome
from kiosk.domain.errors import JournalBrokenError
from kiosk.domain.ids import DeviceId, KeyId, RecordId

PROFILE = "visavis-record/1"
TYP = "vv-entry+jws"
MAX_HEADER_BYTES = 2048
_RATCHET_LABEL = b"visavis/journal-ratchet/1"

LOST_PREFIX = "lost:"
"""No compact JWS holds a colon."""
LOST_KIND = "lost"
"""Kind of a stored row whose entry is lost; no entry has it."""
HASH_BYTES = 32

Fact = str | int | bool | None


class EntryKind(StrEnum):
    """What an entry tells."""

    ENROLLED = "enrolled"
    BOOT = "boot"
    CLOCK_JUMP = "clock_jump"
    AGENT_INVITED = "agent_invited"
    AGENT_ADDED = "agent_added"
    PIN_CHANGED = "pin_changed"
    SHIFT_OPEN = "shift_open"
    SHIFT_CLOSE = "shift_close"
    LOGIN_FAIL = "login_fail"
    LOCKOUT = "lockout"
    VERIFY_OPEN = "verify_open"
    CASE_HANDED = "case_handed"
    CASE_TAKEN = "case_taken"
    SECOND_SIGNED = "second_signed"
    VERIFY_CLOSE = "verify_close"
    ITEM_DISTRIBUTED = "item_distributed"
    FRAUD_ALERT = "fraud_alert"
    BLOB_PURGED = "blob_purged"
    RECEIPTS_PURGED = "receipts_purged"
    """Receipts of records that were let go before are older than the policy keeps them."""

    POLICY_APPLIED = "policy_applied"
    RESTORE_DETECTED = "restore_detected"
    """This device's own history is shorter than, or another than, one that is known elsewhere."""

    DAMAGE = "damage"
    """Something that the journal announced is not here any more, or not what was announced."""

    SALVAGED = "salvaged"
    """The store was damaged; what could be proven whole was carried over, the rest is counted."""

    SPLIT_VIEW = "split_view"
    """The collector signed two states of its log that contradict one another."""

    CENTRAL_LOSS = "central_loss"
    """The central side does not hold a record that it gave a receipt for."""

    LOG_RESTORED = "log_restored"
    """The collector's log was put back to a backup, as the root announced; what follows from it."""

    RECEIPT_VOID = "receipt_void"
    """What a receipt held that such a restore made void, and that had let a record go."""

    ANNOUNCEMENT_REFUSED = "announcement_refused"
    """Somebody announced a restore of the collector's log that this device has no reason to
    believe."""

    KEYS_CHANGED = "keys_changed"
    """A key of this device was replaced; which one stands in the facts."""

    LEASE_EXPIRED = "lease_expired"
    OUTBOX_RESCUED = "outbox_rescued"
    DEVICE_CLOSED = "device_closed"


ALARMS = (
    EntryKind.RESTORE_DETECTED,
    EntryKind.DAMAGE,
    EntryKind.SALVAGED,
    EntryKind.SPLIT_VIEW,
    EntryKind.CENTRAL_LOSS,
    EntryKind.ANNOUNCEMENT_REFUSED,
)
"""Kinds that somebody must look at."""

CLOSE_OUTCOMES = frozenset(outcome.value for outcome in Outcome)
"""How a visit may end, as ``verify_close`` tells it."""

ORIGIN_FACT = "ratchet_origin"
"""Fact of the entry whose ratchet key was sealed for the auditor: SHA-256 of what was sealed."""

CHIP_FACT = "chip"
"""Fact of the entry that opens a visit: which count of the machine's chip it is."""

AGAINST_FACT = "against"
"""Fact of a visit that was abandoned: whether a check had found a mismatch by then. Not what, of
whom or of which document. Builds of before say nothing, which is not False."""

LOG_SIZE_FACT, LOG_ROOT_FACT = "log_size", "log_root"
"""Facts of an entry that relied on the collector's log: the state of it that this device saw."""


class ClockState(StrEnum):
    """How far the wall clock of an entry may be trusted."""

    UNVERIFIED = "unverified"
    SIGNED = "signed"
    JUMPED = "jumped"


@dataclass(frozen=True, slots=True)
class Header:
    """Header H of an entry; fields about a blob are empty for entries without a record.

    Attributes:
        v: profile name.
        device_id: the device.
        seq: index in the device's journal, from 0.
        kind: see :class:`EntryKind`.
        record_id: the sealed record, or None.
        policy_v: version of the policy in force.
        recipients: key ids the record is sealed to.
        age_header_sha256 / payload_sha256: base64url, or ``""``.
        payload_len: bytes of the age payload (nonce and chunks).
        prev_root: root of the journal before this entry, base64url.
        ratchet_mac: HMAC-SHA256 by the ratchet key, base64url.
        boot_id / mono_ms: monotonic clock of the device.
        wall_claimed: device time as claimed, ISO 8601 UTC.
        clock_state: trust in it.
        app_build: version of the program.
        facts: small, non-personal facts of this kind of entry.
    """

    v: str
    device_id: DeviceId
    seq: int
    kind: EntryKind
    record_id: RecordId | None
    policy_v: int
    recipients: tuple[KeyId, ...]
    age_header_sha256: str
    payload_sha256: str
    payload_len: int
    prev_root: str
    ratchet_mac: str
    boot_id: str
    mono_ms: int
    wall_claimed: str
    clock_state: ClockState
    app_build: str
    facts: Mapping[str, Fact] = field(default_factory=dict)

    @property
    def wall_time(self) -> datetime:
        """``wall_claimed`` as an aware datetime."""
        return datetime.fromisoformat(self.wall_claimed)


def _fields(header: Header) -> dict[str, Any]:
    """Its fields by name; ``asdict`` would copy each of them."""
    return {name: getattr(header, name) for name in header.__slots__}


def header_bytes(header: Header) -> bytes:
    """Canonical JSON of a header. Raises ValueError beyond 2 KiB."""
    data = canonical_json(_fields(header))
    if len(data) > MAX_HEADER_BYTES:
        raise ValueError("header too long")
    return data


def _mac(header: Header, ratchet_key: bytes) -> str:
    unsigned = _fields(header)
    del unsigned["ratchet_mac"]
    return b64u(hmac.digest(ratchet_key, canonical_json(unsigned), "sha256"))


def next_ratchet(key: bytes) -> bytes:
    """The ratchet key of the next entry, 32 bytes; the old one must be erased."""
    return sha256(_RATCHET_LABEL + key)


def make_entry(header: Header, ratchet_key: bytes, key: SigningKey) -> str:
    """The signed entry of ``header`` (whose ``ratchet_mac`` is filled in here), compact JWS."""
    complete = replace(header, ratchet_mac=_mac(header, ratchet_key))
    return sign_compact(header_bytes(complete), key, TYP)


def lost_entry(leaf: bytes) -> str:
    """What stands in a journal in place of an entry of which only the leaf hash is left."""
    return LOST_PREFIX + b64u(leaf)


def lost_leaf(entry: str) -> bytes | None:
    """The leaf hash that holds the place of a lost entry; None for anything else."""
    if not entry.startswith(LOST_PREFIX):
        return None
    try:
        leaf = unb64u(entry.removeprefix(LOST_PREFIX))
    except ValueError:
        return None
    return leaf if len(leaf) == HASH_BYTES else None


def entry_leaf(entry: str) -> bytes:
    """Leaf hash of an entry in the device's tree, 32 bytes; of a lost one, the hash kept of it."""
    lost = lost_leaf(entry)
    return leaf_hash(entry.encode("ascii")) if lost is None else lost


def open_entry(entry: str, device_public: bytes) -> Header:
    """The header of an entry, its signature verified and its form exact.

    Raises:
        SignatureInvalidError: not signed by this device.
        JournalBrokenError: signed, but not a header of this profile.
    """
    payload, _ = verify_compact(entry, {key_id_of(device_public): device_public}, TYP)
    try:
        header = msgspec.convert(parse_json(payload, MAX_HEADER_BYTES), Header)
        datetime.fromisoformat(header.wall_claimed)
        exact = header_bytes(header) == payload
    except (ValueError, msgspec.ValidationError) as exc:
        raise JournalBrokenError("header form") from exc
    if not exact or header.v != PROFILE or header.seq < 0:
        raise JournalBrokenError("header form")
    return header


def ratchet_holds(header: Header, ratchet_key: bytes) -> bool:
    """Whether the MAC of ``header`` is by this ratchet key (checked where FSK 0 is known)."""
    return hmac.compare_digest(_mac(header, ratchet_key), header.ratchet_mac)
