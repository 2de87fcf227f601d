"""A device whose key store is gone: its sealed records still leave it.

Rules, in order: a device that still opens is rescued by two people and not from here; the files
are copied as they lie, nothing is opened and nothing deleted; the key that was sealed beside the
vault, and that an auditor opened, opens the copy, never the original; what comes out is a rescue
like any other, but for the checkpoint, which the lost key cannot sign. Open cases stay shut.
Source: records-and-sync section 8, case 11.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from kiosk.audit.entries import lost_entry, lost_leaf
from kiosk.audit.vault_escrow import VaultKeys
from kiosk.bootstrap.opening import device_key_of, forbid_core_files, key_store_of, open_vault
from kiosk.crypto.canonical import canonical_json, parse_json
from kiosk.crypto.digests import sha256
from kiosk.devices.instance_lock import InstanceLock
from kiosk.domain.errors import (
    KeyStoreError,
    NoEscrowError,
    RescueFolderError,
    VaultCorruptError,
    VaultKeyError,
    VaultKeyFileError,
    VaultOpensError,
)
from kiosk.domain.ids import RecordId
from kiosk.paths import Paths
from kiosk.ports import KeyStore, OutboxState
from kiosk.services.device_life import RescuedFile, rescue_files
from kiosk.services.result import RESULT_PREFIX, result_seq

if TYPE_CHECKING:
    from kiosk.vault.wreck import Wreck

FORMAT: Final = "visavis-locked/1"
LIST_FILE: Final = "locked.json"
EXPORT_FORMAT: Final = "visavis-journal/1"
_ESCROW: Final = ".escrow"
_PARTS: Final = ("", "-wal", ".keycheck", _ESCROW)
_MAX_LIST_BYTES: Final = 1 << 16


def copy_locked(paths: Paths, out: Path, keys: KeyStore | None = None) -> tuple[str, ...]:
    """Copy the vault of a device that does not open any more; the names of the files.

    Args:
        paths: data folder of the device.
        out: an empty folder.
        keys: its secret store; the folder's own where None.

    Raises:
        AlreadyRunningError: the program is at work on the folder.
        VaultOpensError: the keys are there.
        VaultCorruptError: there is no vault.
        NoEscrowError: nobody could open the copy.
        RescueFolderError: ``out`` cannot be written.
    """
    lock = InstanceLock(paths.lock)
    try:
        _require_locked(paths, keys)
        if not paths.vault.exists():
            raise VaultCorruptError("vault file missing")
        if not paths.vault.with_name(paths.vault.name + _ESCROW).exists():
            raise NoEscrowError
        return _copied(paths.vault, out)
    finally:
        lock.release()


def _require_locked(paths: Paths, keys: KeyStore | None) -> None:
    try:
        keys = keys or key_store_of(paths)
        store = open_vault(paths, keys)
    except (KeyStoreError, VaultKeyError):
        return
    try:
        device_key_of(keys, store)
    except KeyStoreError:
        return
    finally:
        store.close()
    raise VaultOpensError


def _copied(vault: Path, out: Path) -> tuple[str, ...]:
    listed = []
    try:
        out.mkdir(parents=True, exist_ok=True)
        for part in _PARTS:
            source = vault.with_name(vault.name + part)
            if not source.exists():
                continue
            data = source.read_bytes()
            _write(out / source.name, data)
            listed.append({"file": source.name, "bytes": len(data), "sha256": sha256(data).hex()})
        _write(out / LIST_FILE, canonical_json({"format": FORMAT, "files": listed}) + b"\n")
    except OSError as exc:
        raise RescueFolderError("cannot be written") from exc
    return tuple(str(item["file"]) for item in listed)


def _write(path: Path, data: bytes) -> None:
    with path.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def open_locked(folder: Path, keys: VaultKeys) -> Iterator[RescuedFile]:
    """The files of a rescue, out of a copy that :func:`copy_locked` made.

    Args:
        folder: the copy; it is read, never changed.
        keys: what an auditor found in it.

    Raises:
        VaultKeyFileError: not the key, or the copy is not complete.
        VaultCorruptError: an entry of the journal is gone, hash and all.
    """
    forbid_core_files()
    names = _checked(folder)
    with tempfile.TemporaryDirectory(prefix="visavis-") as own:
        for name in names:
            shutil.copyfile(folder / name, Path(own) / name)
        wreck = _opened(Path(own) / names[0], keys)
        try:
            journal = _journal(wreck, keys)
            yield from rescue_files(keys.device_id, journal, _queue(wreck), _results(wreck))
        finally:
            wreck.close()


def _checked(folder: Path) -> tuple[str, ...]:
    """The names of the files, the vault first, each as it was copied. Raises VaultKeyFileError."""
    try:
        about = parse_json((folder / LIST_FILE).read_bytes().rstrip(b"\n"), _MAX_LIST_BYTES)
        if not isinstance(about, dict) or about.get("format") != FORMAT:
            raise VaultKeyFileError("list")
        # Only the last part of a name counts: no path of the list leads out of the folder.
        listed = {Path(str(item["file"])).name: str(item["sha256"]) for item in about["files"]}
        for name, digest in listed.items():
            if sha256((folder / name).read_bytes()).hex() != digest:
                raise VaultKeyFileError(f"{name} altered")
    except (OSError, ValueError, KeyError, TypeError) as exc:
        raise VaultKeyFileError("list") from exc
    names = sorted(listed, key=len)
    if not names or set(names) - {names[0] + part for part in _PARTS}:
        raise VaultKeyFileError("list")
    return tuple(names)


def _opened(vault: Path, keys: VaultKeys) -> Wreck:
    """The copy under the first key that opens it."""
    from kiosk.vault.wreck import Wreck

    for key in keys.keys:
        try:
            return Wreck(vault, key)
        except (VaultKeyError, VaultCorruptError):
            continue
    raise VaultKeyFileError("does not open")


def _journal(wreck: Wreck, keys: VaultKeys) -> str:
    """The export of the journal; an entry that is gone is held by its hash.

    Its checkpoint is empty: nobody can sign for this device any more.
    """
    entries = {int(row["seq"]): str(row["jws"]) for row in wreck.table("journal")}
    leaves = {int(row["seq"]): bytes(row["leaf"]) for row in wreck.table("journal_leaves")}
    lines = []
    for seq in range(1 + max((*entries, *leaves), default=-1)):
        if seq not in entries and seq not in leaves:
            raise VaultCorruptError(f"entry {seq} and its hash")
        lines.append(entries[seq] if seq in entries else lost_entry(leaves[seq]))
    while lines and lost_leaf(lines[-1]) is not None:
        lines.pop()  # nothing signed follows that would prove its hash
    about: dict[str, Any] = {
        "format": EXPORT_FORMAT,
        "device_id": keys.device_id,
        "checkpoint": "",
    }
    return "".join(f"{line}\n" for line in (canonical_json(about).decode(), *lines))


def _queue(wreck: Wreck) -> Iterator[tuple[int, RecordId, bool, bytes | None]]:
    for row in wreck.table("outbox"):
        if not row["purged"]:
            seq = int(row["seq"])
            stored = row["state"] == OutboxState.STORED.value
            yield seq, RecordId(row["record_id"]), stored, wreck.blob(seq)


def _results(wreck: Wreck) -> dict[int, bytes]:
    """Envelopes for providers that are still in the vault, by the number of their entry."""
    rows = ((str(row["name"]), bytes(row["value"])) for row in wreck.table("named_values"))
    return {result_seq(name): value for name, value in rows if name.startswith(RESULT_PREFIX)}
