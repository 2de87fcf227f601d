"""What is known of a record without opening it: its entry, its arrival, its receipt."""

from __future__ import annotations

from dataclasses import dataclass

from msgspec import ValidationError, convert

from central.archive.ledger import Ledger
from central.archive.rows import EntryRow, SealedRow
from kiosk.audit.entries import open_entry
from kiosk.crypto.canonical import parse_json
from kiosk.crypto.digests import b64u
from kiosk.domain.errors import AuditError
from kiosk.domain.ids import DeviceId, RecordId
from kiosk.sync.messages import ReceiptLeaf


@dataclass(frozen=True, slots=True)
class Announced:
    """What the signed entry says of its record; nothing of it is about a person.

    Attributes:
        kind: of the entry.
        policy_v: version of the policy that it was sealed under.
        recipients: key ids it was sealed to.
        size: bytes of the sealed payload.
        app_build: version of the device's program.
        clock_state: trust in the device's clock then.
    """

    kind: str
    policy_v: int
    recipients: tuple[str, ...]
    size: int
    app_build: str
    clock_state: str


@dataclass(frozen=True, slots=True)
class Receipt:
    """The leaf of a record in the collector's log.

    Attributes:
        index: of the leaf.
        hash: of the leaf, base64url.
        received_at: as the leaf says, ISO 8601 UTC.
        storage: class of the store.
    """

    index: int
    hash: str
    received_at: str
    storage: str


@dataclass(frozen=True, slots=True)
class Result:
    """The result on its way to a provider; sealed to it, nobody here reads it.

    Attributes:
        issuer: for whom.
        state: a value of ``central.archive.result_rows.ResultState``.
        reason: why it is withheld, the last obstacle, or how it stood when its provider went.
        done_at: when the provider had it, ISO 8601 UTC, or ``""``.
    """

    issuer: str
    state: str
    reason: str
    done_at: str


@dataclass(frozen=True, slots=True)
class RecordState:
    """A record as the collector holds it.

    Attributes:
        record_id, device_id, seq: which.
        state: ``awaited``, ``erased``, or a value of ``kiosk.sync.receipts.ReceiptState``.
        announced: by its entry; None where the entry does not hold.
        entry_hash: leaf hash of the entry, base64url.
        received_at: when it arrived, or ``""``.
        blob_sha256: of the sealed record, base64url, or ``""``.
        receipt: None where it has none.
        result: of the request that it answers, for its provider; None where it has none.
    """

    record_id: RecordId
    device_id: DeviceId
    seq: int
    state: str
    announced: Announced | None
    entry_hash: str
    received_at: str
    blob_sha256: str
    receipt: Receipt | None
    result: Result | None


def records_named(ledger: Ledger, record_id: str) -> tuple[RecordState, ...]:
    """Every record of that number: one, unless a device announces another's."""
    rows = ledger.entries_of_record(RecordId(record_id)) if record_id else ()
    return tuple(_state(ledger, row) for row in rows)


def _state(ledger: Ledger, row: EntryRow) -> RecordState:
    sealed = ledger.sealed(row.device_id, row.seq)
    return RecordState(
        record_id=RecordId(str(row.record_id)),
        device_id=row.device_id,
        seq=row.seq,
        state=_state_of(sealed),
        announced=_announced(ledger, row),
        entry_hash=b64u(row.leaf),
        received_at="" if sealed is None else sealed.received_at,
        blob_sha256="" if sealed is None else b64u(sealed.blob_sha256),
        receipt=_receipt(ledger, row),
        result=_result(ledger, row),
    )


def _state_of(sealed: SealedRow | None) -> str:
    if sealed is None:
        return "awaited"
    # Without its header nobody opens it any more: that is how a record is erased.
    return "erased" if sealed.header is None else sealed.state


def _announced(ledger: Ledger, row: EntryRow) -> Announced | None:
    device = ledger.device(row.device_id)
    if device is None:
        return None
    try:
        header = open_entry(row.jws, device.public_key)
    except AuditError:
        return None
    return Announced(
        header.kind.value,
        header.policy_v,
        tuple(header.recipients),
        header.payload_len,
        header.app_build,
        header.clock_state.value,
    )


def _result(ledger: Ledger, row: EntryRow) -> Result | None:
    held = ledger.results.get(row.device_id, row.seq)
    if held is None:
        return None
    return Result(held.issuer, held.state, held.reason, held.done_at)


def _receipt(ledger: Ledger, row: EntryRow) -> Receipt | None:
    leaf = ledger.leaf(row.device_id, row.seq)
    if leaf is None:
        return None
    try:
        told = convert(parse_json(leaf.data), ReceiptLeaf)
    except (ValueError, ValidationError):
        return Receipt(leaf.index, b64u(leaf.hash), "", "")
    return Receipt(leaf.index, b64u(leaf.hash), told.received_at, told.storage)
