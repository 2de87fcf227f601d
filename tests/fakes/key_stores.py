"""Secret stores that exist only while a test runs."""

from keyring.backend import KeyringBackend
from keyring.errors import PasswordDeleteError

from kiosk.domain.errors import KeyStoreError


class MemoryKeyStore:
    """Stands in for a key store (``kiosk.ports.KeyStore``).

    Attributes:
        locked: every call fails, as when the user's session store is locked.
    """

    is_demonstration = True

    def __init__(self, **secrets: bytes) -> None:
        """Take secrets by name, underscores for hyphens: ``device_secret=bytes(32)``."""
        self._secrets = {name.replace("_", "-"): secret for name, secret in secrets.items()}
        self.locked = False

    def _check(self) -> None:
        if self.locked:
            raise KeyStoreError("locked")

    def get(self, name: str) -> bytes | None:
        self._check()
        return self._secrets.get(name)

    def put(self, name: str, secret: bytes) -> None:
        self._check()
        self._secrets[name] = secret

    def delete(self, name: str) -> None:
        self._check()
        self._secrets.pop(name, None)


class InMemoryKeyring(KeyringBackend):
    """A backend of the keyring package that works, in memory."""

    priority = 1

    def __init__(self) -> None:
        super().__init__()
        self._passwords: dict[tuple[str, str], str] = {}

    def get_password(self, service: str, username: str) -> str | None:
        return self._passwords.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self._passwords[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        if self._passwords.pop((service, username), None) is None:
            raise PasswordDeleteError("not found")


class ForgetfulKeyring(InMemoryKeyring):
    """A backend that accepts a secret and keeps nothing."""

    def set_password(self, service: str, username: str, password: str) -> None:
        """Forget at once."""
