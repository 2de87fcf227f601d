"""Replaces keys of this device while it works.

Rules, in order: the new key of the vault stands beside the old one before a single page is written
with it, and the old one goes only when the vault opened with the new one, so that a power cut finds
a key that opens, at any instant (the next start tries both); a secret is wrapped anew by writing it
again and reading it back; the journal names the key that changed, never the key itself.
Source: records-and-sync 2.1 and section 8, case 3.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Final, Protocol

from kiosk.audit.entries import EntryKind
from kiosk.crypto.aead import random_key
from kiosk.domain.errors import DiskFullError, KeyChangeError, VaultError
from kiosk.ports import KeyStore
from kiosk.services.agents import DEVICE_SECRET, DEVICE_SECRET_PAST
from kiosk.services.anchor import ANCHOR
from kiosk.services.fleet import DEVICE_KEY
from kiosk.services.journal import Journal
from kiosk.services.sightings import PAST_KEYS

DATABASE_KEY: Final = "database"
DATABASE_NEXT: Final = "database-next"
SECRETS: Final = (
    DATABASE_KEY,
    DATABASE_NEXT,
    DEVICE_KEY,
    DEVICE_SECRET,
    DEVICE_SECRET_PAST,
    PAST_KEYS,
    ANCHOR,
)
"""Every name under which this program keeps something in a key store."""


class Rekeyable(Protocol):
    """A vault whose key can be replaced."""

    def rekey(self, key: bytes) -> None:
        """Encrypt everything with ``key``. Raises VaultError where that is not known to be done."""


class KeyChange:
    """Replaces the key of the vault."""

    def __init__(
        self,
        store: Rekeyable,
        keys: KeyStore,
        journal: Journal,
        escrow: Callable[[], None] = lambda: None,
    ) -> None:
        """Replace keys.

        Args:
            store: the vault.
            keys: the secret store.
            journal: where it is told.
            escrow: seals what opens the vault to the auditors (:mod:`.vault_escrow`); asked before
                the new key is used, and again when the old one is gone.
        """
        self._store = store
        self._keys = keys
        self._journal = journal
        self._escrow = escrow

    def rotate_database(self) -> None:
        """A new key for the vault; work that is going on waits for it and goes on.

        Raises:
            DiskFullError: no room for it; nothing changed.
            KeyChangeError: not done, or not known to be done; both keys are kept until the next
                start knows which one opens the vault.
            KeyStoreError: the secret store refuses; the vault opens with a key that is kept.
        """
        key = random_key()
        self._keys.put(DATABASE_NEXT, key)
        try:
            self._escrow()
        except VaultError:
            self._keys.delete(DATABASE_NEXT)
            raise
        try:
            self._store.rekey(key)
        except DiskFullError:
            self._keys.delete(DATABASE_NEXT)
            raise
        except VaultError as exc:
            raise KeyChangeError(exc.code) from exc
        self._keys.put(DATABASE_KEY, key)
        self._keys.delete(DATABASE_NEXT)
        with suppress(VaultError):  # the file names both keys; the next start writes it anew
            self._escrow()
        self._journal.record(EntryKind.KEYS_CHANGED, {"key": DATABASE_KEY})


def rewrap(source: KeyStore, target: KeyStore) -> tuple[str, ...]:
    """Write every secret of ``source`` into ``target``, which wraps it anew; their names.

    Source and target may be one store: then each secret gets a new wrapping, for instance by a TPM
    that the machine did not have before. The secrets themselves stay, and with them all work.

    Raises:
        KeyStoreError: some secret was not kept; every one is still in ``source``.
    """
    moved = []
    for name in SECRETS:
        secret = source.get(name)
        if secret is not None:
            target.put(name, secret)
            moved.append(name)
    return tuple(moved)
