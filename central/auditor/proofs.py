"""What proves a record to somebody who trusts neither the device's keeper nor the central side.

Rules, in order: the entries of the case, each as the device signed it, with an inclusion proof in
the journal that the device's own checkpoint states; the receipt leaf, with an inclusion proof in
the collector's log that its checkpoint states; nothing here is personal, and nothing is computed
that the one who checks could not compute again. Source: RFC 6962, RFC 9162; C2SP tlog-checkpoint.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from central.archive.ledger import Ledger
from central.archive.rows import DeviceRow, EntryRow, SealedRow
from kiosk.audit.entries import Header, lost_leaf, open_entry
from kiosk.audit.tree import inclusion_proof
from kiosk.crypto.digests import b64u, unb64u
from kiosk.crypto.signing import key_id_of
from kiosk.domain.errors import AuditError
from kiosk.sync.checkpoints import device_origin
from kiosk.sync.policy import Policy


def proofs_of(
    ledger: Ledger, device: DeviceRow, entry: EntryRow, sealed: SealedRow, policy: Policy
) -> dict[str, Any]:
    """Everything that proves one record, JSON types only; binary values in base64url."""
    rows = ledger.entries(device.device_id, 0, device.size)
    leaves = [row.leaf for row in rows]
    header = open_entry(entry.jws, device.public_key)
    of_case = [row for row in rows if row.seq == entry.seq or _names(row, header)]
    return {
        "device": {
            "device_id": device.device_id,
            "public_key": b64u(device.public_key),
            "key_id": key_id_of(device.public_key),
            "office_id": device.office_id,
            "enrolled_at": device.enrolled_at,
            "origin": device_origin(policy.collector.origin, device.device_id),
            "checkpoint": device.checkpoint,
            "quarantined": device.quarantined,
        },
        "entries": [_entry(row, device, leaves) for row in of_case],
        "record_entry": entry.seq,
        "sealed": {
            "blob_sha256": b64u(sealed.blob_sha256),
            "payload_sha256": header.payload_sha256,
            "age_header_sha256": header.age_header_sha256,
            "recipients": list(header.recipients),
            "received_at": sealed.received_at,
            "state": sealed.state,
        },
        "receipt": _receipt(ledger, device, entry, policy),
    }


def _names(row: EntryRow, header: Header) -> bool:
    """Whether an entry names the case of ``header``; looked at cheaply, verified where it does."""
    case = header.facts.get("case")
    if not isinstance(case, str) or lost_leaf(row.jws) is not None:
        return False
    try:
        return case.encode() in unb64u(row.jws.split(".")[1])
    except (ValueError, IndexError):
        return False


def _entry(row: EntryRow, device: DeviceRow, leaves: Sequence[bytes]) -> dict[str, Any]:
    told: dict[str, Any] = {
        "seq": row.seq,
        "jws": row.jws,
        "leaf": b64u(row.leaf),
        "proof": [b64u(step) for step in inclusion_proof(leaves, row.seq)],
    }
    try:
        header = open_entry(row.jws, device.public_key)
    except AuditError as exc:
        return told | {"kind": "", "problem": exc.code}
    return told | {
        "kind": header.kind.value,
        "claimed_at": header.wall_claimed,
        "clock": header.clock_state.value,
        "app_build": header.app_build,
        "policy_version": header.policy_v,
    }


def _receipt(
    ledger: Ledger, device: DeviceRow, entry: EntryRow, policy: Policy
) -> dict[str, Any] | None:
    leaf, state = ledger.leaf(device.device_id, entry.seq), ledger.log()
    if leaf is None or state is None:
        return None
    hashes = ledger.leaf_hashes()
    return {
        "leaf": leaf.data.decode("utf-8"),
        "index": leaf.index,
        "proof": [b64u(step) for step in inclusion_proof(hashes, leaf.index)],
        "checkpoint": state.checkpoint,
        "log_key": policy.collector.log_key,
    }
