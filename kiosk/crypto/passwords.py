"""From a PIN to a key: Argon2id, then mixed with a secret that only this device holds.

A PIN alone is worthless offline (a million tries take hours), so the key always needs both.
Source: RFC 9106 (Argon2id), RFC 5869 (HKDF).
"""

from dataclasses import dataclass

from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

from kiosk.crypto.aead import KEY_BYTES, derive_key


@dataclass(frozen=True, slots=True)
class Argon2Cost:
    """Cost of one try; the default is the usual one, from which a device measures its own."""

    memory_kib: int = 64 * 1024
    iterations: int = 3
    lanes: int = 1


def stretched(secret: str, salt: bytes, cost: Argon2Cost) -> bytes:
    """32 bytes of Argon2id over a secret that a person knows.

    Args:
        secret: already NFC.
        salt: 16 random bytes, stored beside what is compared.
        cost: Argon2id parameters.
    """
    kdf = Argon2id(
        salt=salt,
        length=KEY_BYTES,
        iterations=cost.iterations,
        lanes=cost.lanes,
        memory_cost=cost.memory_kib,
    )
    return kdf.derive(secret.encode("utf-8"))


def pin_key(pin: str, salt: bytes, device_secret: bytes, cost: Argon2Cost) -> bytes:
    """The 32-byte key-encryption key of one agent on one device.

    Args:
        pin: digits or passphrase, already NFC.
        salt: 16 random bytes, stored with the agent.
        device_secret: 32 bytes from the key store; without it the PIN opens nothing.
        cost: Argon2id parameters.
    """
    return derive_key(stretched(pin, salt, cost) + device_secret, "visavis/pin-key/1", salt)
