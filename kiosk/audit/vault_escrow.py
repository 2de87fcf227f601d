"""The key of a vault, sealed to the auditors of the policy: for a device that lost its key store.

A motherboard that went takes the TPM with it, a new password may take the key ring. The records
in the vault are sealed to the auditors anyway, but they lie in an encrypted file: without this, the
evidence of everything that was not sent yet would be gone. Only an auditor opens it, and it opens
nothing of a client: open cases hang on the agents' PINs and the lost device secret.

Rules, in order: one form, canonical JSON in a standard age file; it names the device; a key that is
about to be used stands in it before a page is written with it. Source: records-and-sync 2.4 and
section 8, case 11.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from kiosk.crypto import age
from kiosk.crypto.canonical import canonical_json, parse_json
from kiosk.crypto.digests import b64u, unb64u
from kiosk.domain.errors import SealedRecordError
from kiosk.domain.ids import DeviceId

FORMAT: Final = "visavis-vault-key/1"
MAX_BYTES: Final = 64 * 1024
_KEY_BYTES: Final = 32


@dataclass(frozen=True, slots=True)
class VaultKeys:
    """What opens the vault of one device.

    Attributes:
        device_id: whose vault.
        keys: 32 bytes each, the one in use first; two while a key is being replaced.
    """

    device_id: DeviceId
    keys: tuple[bytes, ...]

    def text(self) -> str:
        """One line, in the clear: as an auditor hands it to whoever opens the vault."""
        about = {
            "format": FORMAT,
            "device_id": self.device_id,
            "keys": [b64u(key) for key in self.keys],
        }
        return canonical_json(about).decode() + "\n"


def seal_vault_keys(keys: VaultKeys, recipients: Sequence[str]) -> bytes:
    """The age file for ``recipients`` (``age1pq1…``). Raises ValueError without one."""
    return age.encrypt(keys.text().encode(), recipients)


def open_vault_keys(sealed: bytes, identity: age.Identity) -> VaultKeys:
    """Inverse of :func:`seal_vault_keys`. Raises SealedRecordError."""
    if len(sealed) > MAX_BYTES:
        raise SealedRecordError("vault key: too large")
    return parse_vault_keys(age.decrypt(sealed, identity).decode("ascii", "replace"))


def parse_vault_keys(text: str) -> VaultKeys:
    """Inverse of :meth:`VaultKeys.text`. Raises SealedRecordError."""
    try:
        about = parse_json(text.encode("ascii"), MAX_BYTES)
        form = about["format"]
        keys = tuple(unb64u(str(key)) for key in about["keys"])
        device_id = DeviceId(str(about["device_id"]))
    except (ValueError, KeyError, TypeError) as exc:
        raise SealedRecordError("vault key: form") from exc
    if form != FORMAT or not keys or any(len(key) != _KEY_BYTES for key in keys):
        raise SealedRecordError("vault key: format or length")
    return VaultKeys(device_id, keys)
