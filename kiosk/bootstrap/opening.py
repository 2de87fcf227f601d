"""Opens the vault of a data folder, making its secrets on the very first start.

Rules, in order: the database key is written before the vault exists, the device's own keys after
it, so that an interrupted first start can be told from a loss; nothing that is lost is replaced; a
process that opens a vault leaves no core file, which would hold what no file of ours may.
"""

import shutil
from typing import TYPE_CHECKING, Final

from kiosk.crypto.aead import random_key
from kiosk.crypto.digests import sha256
from kiosk.crypto.signing import SigningKey
from kiosk.domain.errors import (
    ConfigError,
    CredentialStoreError,
    KeyStoreError,
    VaultCorruptError,
    VaultKeyError,
)
from kiosk.paths import Paths
from kiosk.ports import KeyStore
from kiosk.services.agents import DEVICE_SECRET, DEVICE_SECRET_PAST
from kiosk.services.fleet import DEVICE_KEY
from kiosk.services.key_change import DATABASE_KEY, DATABASE_NEXT, SECRETS, rewrap
from kiosk.services.secret_change import is_changing

if TYPE_CHECKING:
    from kiosk.vault.store import SqlStore

COMPLETE: Final = "vault-salvaged.db"
"""A salvaged vault that is complete and has not taken its place yet."""
_RETIRING: Final = "retiring"


def forbid_core_files() -> None:
    """From now on a crash of this process, or of one it starts, writes no picture of its memory.

    A limit of zero, honoured by the kernel for files and by systemd-coredump. Windows writes none
    unless an administrator asks for them.
    """
    try:
        import resource
    except ImportError:
        return
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def key_store_of(paths: Paths) -> KeyStore:
    """The secret store of a data folder, the same one at every start.

    The demonstration's where its file lies there; systemd's credentials where the technician chose
    them (``visavis keys systemd``); else the key ring of the session. Nothing changes over by
    itself: the keys of a device would be missing in another store.

    Raises:
        KeyStoreError: the system offers no trusted store.
    """
    from kiosk.devices.credential_store import FOLDER, CredentialKeyStore
    from kiosk.devices.key_stores import (
        SERVICE,
        DemonstrationKeyStore,
        KeyringKeyStore,
        system_backend,
    )

    if (paths.data / DemonstrationKeyStore.FILE_NAME).exists():
        return DemonstrationKeyStore(paths.data)
    if (paths.data / FOLDER).exists():
        return CredentialKeyStore(paths.data / FOLDER)
    place = sha256(str(paths.data).encode()).hex()[:16]
    return KeyringKeyStore(system_backend(), f"{SERVICE}-{place}")


def move_to_credentials(paths: Paths) -> bool:
    """Keep the secrets of this data folder as systemd credentials; whether a TPM takes part.

    The new place is complete, read back, before its name is the one that counts; only then are the
    secrets deleted from the old one. A folder without a vault has none yet, and only chooses.

    Raises:
        CredentialStoreError: systemd cannot keep a secret here; nothing was changed.
        KeyStoreError: the old place does not give its secrets; nothing was changed.
    """
    from kiosk.devices.credential_store import FOLDER, CredentialKeyStore

    final, building = paths.data / FOLDER, paths.data / f"{FOLDER}.new"
    if final.exists():
        return CredentialKeyStore(final).uses_tpm
    shutil.rmtree(building, ignore_errors=True)
    store = CredentialKeyStore(building)
    old = key_store_of(paths) if paths.vault.exists() else None
    try:
        store.put("trial", random_key())
        store.delete("trial")
        moved = () if old is None else rewrap(old, store)
        building.replace(final)
    except OSError as exc:
        raise CredentialStoreError("folder") from exc
    finally:
        shutil.rmtree(building, ignore_errors=True)
    for name in moved:
        if old is not None:
            old.delete(name)
    return store.uses_tpm


def open_vault(paths: Paths, keys: KeyStore) -> "SqlStore":
    """The vault of a data folder, created on the first start.

    Raises:
        VaultKeyError: there is a vault and its key is gone.
        VaultCorruptError: there are keys of a device whose vault is gone.
        VaultError: see :func:`kiosk.vault.store.open_store`.
    """
    from kiosk.vault.store import open_store

    forbid_core_files()
    if paths.vault.with_name(COMPLETE).exists():
        # Work on the damaged file would be lost when the salvaged one takes its place.
        raise VaultCorruptError("salvage not completed")
    key = keys.get(DATABASE_KEY)
    # An emptied file is a lost vault too: opening it would begin a second history of this device.
    if paths.vault.exists() and (paths.vault.stat().st_size or keys.get(DEVICE_KEY) is None):
        if key is None:
            raise VaultKeyError("database key missing")
        return _open_with_either(paths, keys, key)
    if keys.get(DEVICE_KEY) is not None:
        raise VaultCorruptError("vault file missing")
    if key is None:
        key = random_key()
        keys.put(DATABASE_KEY, key)
    return open_store(paths.vault, key)


def _open_with_either(paths: Paths, keys: KeyStore, key: bytes) -> "SqlStore":
    """The vault under its key, or under the next one where a change of key was interrupted."""
    from kiosk.vault.store import open_store

    following = keys.get(DATABASE_NEXT)
    if following is None:
        return open_store(paths.vault, key)
    try:
        store = open_store(paths.vault, key)
    except (VaultKeyError, VaultCorruptError) as first:
        try:
            store = open_store(paths.vault, following)
        except (VaultKeyError, VaultCorruptError):
            raise first from None
        keys.put(DATABASE_KEY, following)
    keys.delete(DATABASE_NEXT)
    return store


def begin_retirement(paths: Paths) -> None:
    """From here on the keys of this folder are to be destroyed, whatever happens meanwhile.

    Raises:
        ConfigError: the folder cannot be written; nothing was destroyed.
    """
    try:
        (paths.data / _RETIRING).touch()
    except OSError as exc:
        raise ConfigError("data folder") from exc


def is_retiring(paths: Paths) -> bool:
    """Whether the destruction of the keys was begun and not finished."""
    return (paths.data / _RETIRING).exists()


def finish_retirement(paths: Paths, keys: KeyStore) -> None:
    """Destroy keys and vault where that was begun; the keys go first. Does nothing otherwise."""
    mark = paths.data / _RETIRING
    if not mark.exists():
        return
    for name in SECRETS:
        keys.delete(name)
    for left in paths.data.glob(f"{paths.vault.name}*"):
        left.unlink(missing_ok=True)
    mark.unlink(missing_ok=True)


def device_key_of(keys: KeyStore, store: "SqlStore") -> SigningKey:
    """The device's signing key; made, with the device secret, while the journal is empty.

    Raises:
        KeyStoreError: a secret of a device at work is gone.
    """
    with store.begin() as uow:
        at_work, changing = uow.journal.size() > 0, is_changing(uow)
    if at_work and not changing:
        _put_back_secret(keys)
    for name in (DEVICE_SECRET, DEVICE_KEY):
        if keys.get(name) is None:
            if at_work:
                raise KeyStoreError(f"{name} missing")
            keys.put(name, random_key())
    seed = keys.get(DEVICE_KEY)
    if seed is None:
        raise KeyStoreError(f"{DEVICE_KEY} not kept")
    return SigningKey.from_seed(seed)


def _put_back_secret(keys: KeyStore) -> None:
    """A store that lost the device secret while it was written still has the one before it.

    Only where the vault knows of no change: else agents hang on the secret that is gone, and that
    is a loss.
    """
    past = keys.get(DEVICE_SECRET_PAST)
    if past is not None and keys.get(DEVICE_SECRET) is None:
        keys.put(DEVICE_SECRET, past)
