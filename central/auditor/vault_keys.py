"""Opens the sealed key of a device's vault: for a device that lost its key store.

Rules, in order: the opening is written down before anything is opened; the key opens a file of
sealed records and of open cases that nobody can read any more, and no record.
"""

from __future__ import annotations

import json
import os
from datetime import datetime
from pathlib import Path

from central.archive.layout import FolderError, Layout
from kiosk.audit.vault_escrow import MAX_BYTES, VaultKeys, open_vault_keys
from kiosk.crypto.age import Identity
from kiosk.crypto.digests import sha256


def open_vault_key(layout: Layout, identity: Identity, file: Path, now: datetime) -> VaultKeys:
    """The keys in ``vault.db.escrow`` of a device.

    Args:
        layout: the central side, where the opening is written down.
        identity: of an auditor.
        file: as it was carried here.
        now: aware UTC.

    Raises:
        FolderError: the file cannot be read, or the opening not be written down.
        SealedRecordError: not sealed to this auditor, or altered.
    """
    layout.require()
    try:
        with file.open("rb") as source:
            sealed = source.read(MAX_BYTES + 1)
    except OSError as exc:
        raise FolderError(f"{file.name}: cannot be read") from exc
    _note(layout, sealed, now)
    return open_vault_keys(sealed, identity)


def _note(layout: Layout, sealed: bytes, now: datetime) -> None:
    line = {"at": now.isoformat(), "vault_key_sha256": sha256(sealed).hex()}
    handle = os.open(layout.openings, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    with os.fdopen(handle, "w", encoding="ascii") as file:
        file.write(f"{json.dumps(line)}\n")
        file.flush()
        os.fsync(file.fileno())
