"""Opens the sealed key of a device's vault: for a device that lost its key store.

Rules, in order: who sits there, why, and for which device is written down before anything is
opened; a key of another device is blocked, and that is written down too. The key opens a file of
sealed records and of open cases that nobody can read any more, and no record.
"""

from __future__ import annotations

from datetime import datetime
from functools import partial
from pathlib import Path

from central.archive.layout import FolderError
from central.auditor.keys import opened_by_one
from central.auditor.refusal import AuditRefusedError
from central.auditor.session import Session
from kiosk.audit.vault_escrow import MAX_BYTES, VaultKeys, open_vault_keys
from kiosk.crypto.digests import sha256


def open_vault_key(at_work: Session, file: Path, now: datetime) -> VaultKeys:
    """The keys in ``vault.db.escrow`` of the device that the order names.

    Args:
        at_work: those present, under an order for this act.
        file: as it was carried here.
        now: aware UTC.

    Raises:
        FolderError: the file cannot be read.
        AuditRefusedError: the quota, the order's time, or the key of another device.
        SealedRecordError: not sealed to these auditors, or altered.
    """
    try:
        with file.open("rb") as source:
            sealed = source.read(MAX_BYTES + 1)
    except OSError as exc:
        raise FolderError(f"{file.name}: cannot be read") from exc
    device = at_work.authority.order.about.device
    at_work.grant((), now, f"{device} {sha256(sealed).hex()}".strip())
    keys = opened_by_one(at_work.present.identities, partial(open_vault_keys, sealed))
    if keys.device_id != device:
        at_work.block("other-device", now)
        raise AuditRefusedError("other-device", "the key is of another device")
    return keys
