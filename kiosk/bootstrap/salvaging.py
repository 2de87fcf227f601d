"""Salvages a damaged vault: what is whole goes into a fresh file, the damage becomes an entry.

Rules, in order: the damaged files are copied before anything reads them, and only renamed at the
end; a fresh file that is not complete has another name than a complete one; the old vault leaves
its place before the new one takes it, so that a power cut leaves a device that refuses to start
until this is run again, and never one that starts on half of a vault; the fresh journal says itself
what was lost. Only a person starts this (docs/decisions/0018).
"""

import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from kiosk import __version__
from kiosk.audit.entries import EntryKind, Fact
from kiosk.bootstrap.opening import COMPLETE, forbid_core_files, key_store_of
from kiosk.crypto.signing import SigningKey
from kiosk.devices.clock import SystemClock
from kiosk.devices.instance_lock import InstanceLock
from kiosk.domain.errors import (
    KeyStoreError,
    PolicyInvalidError,
    SalvageError,
    VaultCorruptError,
    VaultKeyError,
)
from kiosk.paths import Paths
from kiosk.ports import Clock, KeyStore
from kiosk.services.fleet import DEVICE_KEY, load_policy
from kiosk.services.journal import Journal
from kiosk.services.key_change import DATABASE_KEY
from kiosk.services.losses import Loss, note_loss
from kiosk.services.terms import DeviceFacts, Terms, terms_of
from kiosk.sync.enrolment import device_id_of

if TYPE_CHECKING:
    from kiosk.vault.salvage import Salvaged
    from kiosk.vault.store import SqlStore

_COPY: Final = "salvage"
_BUILDING: Final = "vault-salvaging.db"
_NEIGHBOURS: Final = ("", "-wal", "-shm", ".keycheck")
_SHOWN_NUMBERS: Final = 200


@dataclass(frozen=True, slots=True)
class SalvageReport:
    """What a salvage did.

    Attributes:
        found: what was carried over and what was not; None where the vault is sound, or where an
            interrupted salvage was completed.
        kept_as: the damaged file, renamed; ``""`` where nothing was renamed.
    """

    found: "Salvaged | None"
    kept_as: str = ""

    @property
    def sound(self) -> bool:
        """There was nothing to salvage."""
        return self.found is None and not self.kept_as


def salvage(
    paths: Paths, clock: Clock | None = None, keys: KeyStore | None = None
) -> SalvageReport:
    """Salvage the vault of a data folder.

    Args:
        paths: the folder.
        clock: the machine's where None.
        keys: secret store; the folder's own where None.

    Raises:
        AlreadyRunningError: the program is at work on the folder.
        KeyStoreError, VaultKeyError: without the keys nothing can be read.
        SalvageError: the journal cannot go on with what is left. Nothing was changed.
        VaultError, DiskFullError: nothing was changed.
    """
    from kiosk.vault.faults import fault_of_file

    forbid_core_files()
    lock = InstanceLock(paths.lock)
    try:
        return _report(paths, clock or SystemClock(), keys or key_store_of(paths))
    except OSError as exc:
        raise fault_of_file(exc) from exc
    finally:
        lock.release()


def _report(paths: Paths, clock: Clock, keys: KeyStore) -> SalvageReport:
    complete = paths.vault.with_name(COMPLETE)
    if complete.exists():
        return SalvageReport(None, _swap(paths.vault, complete))
    key, seed = keys.get(DATABASE_KEY), keys.get(DEVICE_KEY)
    if key is None:
        raise VaultKeyError("database key missing")
    if seed is None:
        raise KeyStoreError(f"{DEVICE_KEY} missing")
    if _is_sound(paths, key):
        return SalvageReport(None)
    found = _salvaged(paths, key, SigningKey.from_seed(seed), clock)
    return SalvageReport(found, _swap(paths.vault, complete))


def _is_sound(paths: Paths, key: bytes) -> bool:
    """Whether a copy of the vault opens and a full check finds nothing."""
    from kiosk.vault.store import open_store

    copy = paths.vault.parent / _COPY
    shutil.rmtree(copy, ignore_errors=True)
    try:
        store = open_store(_copied(paths.vault, copy), key)
        try:
            return not store.problems()
        finally:
            store.close()
    except VaultCorruptError:
        return False
    finally:
        shutil.rmtree(copy, ignore_errors=True)


def _salvaged(paths: Paths, key: bytes, device_key: SigningKey, clock: Clock) -> "Salvaged":
    """A complete fresh file beside the damaged one."""
    from kiosk.vault.salvage import Salvage
    from kiosk.vault.store import open_store
    from kiosk.vault.wreck import Wreck

    folder = paths.vault.parent
    building, copy = folder / _BUILDING, folder / _COPY
    _clear(building, copy)
    try:
        wreck = Wreck(_copied(paths.vault, copy), key)
        try:
            store = open_store(building, key)
            try:
                found = Salvage(wreck, store, device_key.public).run()
                _tell(store, found, device_key, clock)
                if store.problems():
                    raise SalvageError("the fresh file has faults")
            finally:
                store.close()
        finally:
            wreck.close()
        _rename(building, folder / COMPLETE)
    finally:
        _clear(building, copy)
    return found


def _tell(store: "SqlStore", found: "Salvaged", device_key: SigningKey, clock: Clock) -> None:
    """The journal of the fresh file says what was lost."""
    device = DeviceFacts(device_id_of(device_key.public), __version__)
    try:
        with store.begin() as uow:
            policy = load_policy(uow)
    except PolicyInvalidError:
        policy = None
    terms = Terms() if policy is None else terms_of(policy)
    journal = Journal(store, device_key, clock, device, lambda: terms)
    facts: dict[str, Fact] = {
        "entries": found.entries,
        "entries_lost": len(found.entries_lost),
        "which_entries": ranges(found.entries_lost),
        "records": found.records,
        "records_lost": len(found.records_lost),
        "tables": ",".join(found.damaged_tables),
    }
    with store.begin() as uow:
        journal.append(uow, EntryKind.SALVAGED, facts)
        for seq in found.records_lost:
            note_loss(uow, journal, seq, Loss.BLOB)
        for seq in found.rows_renewed:
            note_loss(uow, journal, seq, Loss.ROW)
        uow.commit()


def ranges(numbers: list[int]) -> str:
    """``3,7-9,12``, cut at 200 characters."""
    parts: list[list[int]] = []
    for number in numbers:
        if parts and parts[-1][-1] == number - 1:
            parts[-1][1:] = [number]
        else:
            parts.append([number])
    text = ",".join("-".join(map(str, part)) for part in parts)
    return text if len(text) <= _SHOWN_NUMBERS else f"{text[:_SHOWN_NUMBERS]}…"


def _copied(vault: Path, folder: Path) -> Path:
    """The files of the vault in a folder of their own: closing a copy cannot write to them."""
    folder.mkdir(mode=0o700)
    for neighbour in _NEIGHBOURS:
        source = vault.with_name(vault.name + neighbour)
        if source.exists():
            shutil.copy2(source, folder)
    return folder / vault.name


def _clear(building: Path, copy: Path) -> None:
    shutil.rmtree(copy, ignore_errors=True)
    for neighbour in _NEIGHBOURS:
        building.with_name(building.name + neighbour).unlink(missing_ok=True)


def _rename(old: Path, new: Path) -> None:
    """Check file first, so that a file with the final name always has its neighbour."""
    old.with_name(f"{old.name}.keycheck").replace(new.with_name(f"{new.name}.keycheck"))
    old.replace(new)
    _sync(old.parent)


def _swap(vault: Path, complete: Path) -> str:
    """The damaged vault out of its place, the complete one into it. Safe to run again."""
    folder, kept = vault.parent, ""
    if vault.exists():
        number = 1 + sum(1 for _ in folder.glob("vault-damaged-*.db"))
        kept = f"vault-damaged-{number}.db"
        vault.replace(folder / kept)
        _sync(folder)
    else:
        older = sorted(folder.glob("vault-damaged-*.db"))
        kept = older[-1].name if older else ""
    for neighbour in _NEIGHBOURS[1:]:
        source = vault.with_name(vault.name + neighbour)
        # The check file of the new vault may be in its place already: then the old one moved.
        if source.exists() and not (folder / f"{kept}{neighbour}").exists():
            source.replace(folder / f"{kept}{neighbour}")
    _sync(folder)
    check = complete.with_name(f"{complete.name}.keycheck")
    if check.exists():
        check.replace(vault.with_name(f"{vault.name}.keycheck"))
    complete.replace(vault)
    _sync(folder)
    return kept


def _sync(folder: Path) -> None:
    """Make new names durable. Windows has no such call and needs none."""
    if os.name == "nt":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
