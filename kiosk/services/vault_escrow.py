"""Keeps the sealed key of the vault beside it, for the auditors of the policy in force.

Rules, in order: it is written anew when the key, the auditors or the device change, and at no other
time; a device without a policy has nobody to seal to and keeps none; a key that is about to be used
is sealed before it is used, or it is not used; else a file that cannot be written stops no work and
is tried again.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Protocol

from kiosk.audit.vault_escrow import VaultKeys, seal_vault_keys
from kiosk.crypto.canonical import canonical_json
from kiosk.crypto.digests import b64u, sha256
from kiosk.domain.errors import VaultError
from kiosk.domain.ids import DeviceId
from kiosk.ports import Store
from kiosk.services.terms import TermsSource

ESCROW: Final = "vault/escrow"
"""Named value: what the file was made of, and its digest; nothing in it is a secret."""


class EscrowFile(Protocol):
    """Where the sealed key lies, beside the vault."""

    def read(self) -> bytes:
        """Its bytes; ``b""`` where there is none."""

    def write(self, data: bytes) -> None:
        """Replace it, durably: the old file or the new one. Raises VaultError, DiskFullError."""


class VaultEscrow:
    """Seals the key of the vault for the day on which the key store is lost."""

    def __init__(
        self,
        store: Store,
        file: EscrowFile,
        terms: TermsSource,
        device_id: DeviceId,
        keys: Callable[[], tuple[bytes, ...]],
    ) -> None:
        """Keep ``file`` right.

        Args:
            store: the vault.
            file: beside it.
            terms: whom to seal to.
            device_id: this device.
            keys: of the vault, the one in use first.
        """
        self._store = store
        self._file = file
        self._terms = terms
        self._device_id = device_id
        self._keys = keys

    def keep(self) -> None:
        """Seal what opens the vault now, where the file says something else.

        Raises:
            VaultError, DiskFullError: not written; the file is as it was.
            KeyStoreError: the key is not to be had.
        """
        recipients = self._terms().recipients
        if not recipients:
            return
        keys = VaultKeys(self._device_id, self._keys())
        made_of = self._made_of(keys, recipients)
        if self._told() == made_of + sha256(self._file.read()):
            return
        sealed = seal_vault_keys(keys, recipients)
        self._file.write(sealed)
        with self._store.begin() as uow:
            uow.values.put(ESCROW, made_of + sha256(sealed))
            uow.commit()

    def try_keep(self) -> bool:
        """The same; False where it cannot be done now, which the next time mends."""
        try:
            self.keep()
        except VaultError:
            return False
        return True

    def kept(self) -> bool:
        """Whether the file opens the vault for the auditors of today; True without a policy."""
        recipients = self._terms().recipients
        if not recipients:
            return True
        try:
            made_of = self._made_of(VaultKeys(self._device_id, self._keys()), recipients)
            return self._told() == made_of + sha256(self._file.read())
        except VaultError:
            return False

    def _told(self) -> bytes | None:
        with self._store.begin() as uow:
            return uow.values.get(ESCROW)

    def _made_of(self, keys: VaultKeys, recipients: tuple[str, ...]) -> bytes:
        """Tells the same contents from others; a keyed value would add nothing inside the vault."""
        digests = [b64u(sha256(b"visavis/vault-escrow/1" + key)) for key in keys.keys]
        return sha256(canonical_json([self._device_id, digests, sorted(recipients)]))
