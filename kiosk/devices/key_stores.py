"""Where the few secrets of this device live: the operating system's store, or the visible demo one.

Rules, in order: a store that cannot keep a secret is refused, never replaced by a plain file; a
secret counts as kept only when it was read back; the demonstration store says what it is.
Source: records-and-sync 2.1 and section 5 (``keyring`` has no backend on a headless machine).
"""

from __future__ import annotations

import json
import os
import tempfile
from pathlib import Path

import keyring
import keyring.errors
from keyring.backend import KeyringBackend

from kiosk.crypto.digests import b64u, unb64u
from kiosk.domain.errors import KeyStoreError

SERVICE = "vis-a-vis"
# Backends of the keyring package that hand the secret to the operating system. A list of what is
# trusted, because a list of what is not would let the next plain-text backend through.
_TRUSTED_MODULES = frozenset(
    {
        "keyring.backends.Windows",
        "keyring.backends.macOS",
        "keyring.backends.SecretService",
        "keyring.backends.libsecret",
        "keyring.backends.kwallet",
    }
)
_CHAINER = "keyring.backends.chainer"


def system_backend() -> KeyringBackend:
    """The operating system's own secret store.

    Raises:
        KeyStoreError: none is there (headless machine, locked service), or the configured one
            keeps nothing or keeps it in clear.
    """
    try:
        chosen = keyring.get_keyring()
        is_chain = type(chosen).__module__ == _CHAINER
        candidates: tuple[KeyringBackend, ...] = (
            tuple(getattr(chosen, "backends", ())) if is_chain else (chosen,)
        )
    except (keyring.errors.KeyringError, RuntimeError) as exc:
        raise KeyStoreError("no backend") from exc
    for backend in candidates:
        if type(backend).__module__ in _TRUSTED_MODULES:
            return backend
    raise KeyStoreError("no trusted backend")


class KeyringKeyStore:
    """Secrets in a keyring backend, one entry per name.

    See :class:`kiosk.ports.KeyStore`.
    """

    is_demonstration = False

    def __init__(self, backend: KeyringBackend, service: str = SERVICE) -> None:
        """Use ``backend``.

        Args:
            backend: from :func:`system_backend`; tests give a named one in memory.
            service: name in the store; differs per data folder so that two devices on one machine
                never share a key.
        """
        self._backend = backend
        self._service = service

    def get(self, name: str) -> bytes | None:
        """The secret, or None. Raises KeyStoreError when the store is locked or missing."""
        try:
            text = self._backend.get_password(self._service, name)
        except (keyring.errors.KeyringError, RuntimeError, OSError) as exc:
            raise KeyStoreError("read") from exc
        if text is None:
            return None
        try:
            return unb64u(text)
        except ValueError as exc:
            raise KeyStoreError("form") from exc

    def put(self, name: str, secret: bytes) -> None:
        """Keep it, and make sure by reading it back. Raises KeyStoreError."""
        try:
            self._backend.set_password(self._service, name, b64u(secret))
        except (keyring.errors.KeyringError, RuntimeError, OSError) as exc:
            raise KeyStoreError("write") from exc
        if self.get(name) != secret:
            raise KeyStoreError("not kept")

    def delete(self, name: str) -> None:
        """Forget it; nothing happens when there is none. Raises KeyStoreError."""
        if self.get(name) is None:
            return
        try:
            self._backend.delete_password(self._service, name)
        except (keyring.errors.KeyringError, RuntimeError, OSError) as exc:
            raise KeyStoreError("delete") from exc


class DemonstrationKeyStore:
    """Secrets of the demonstration office, in one plain file of this user.

    It protects nothing and says so: the window shows that this is a demonstration.
    See :class:`kiosk.ports.KeyStore`.
    """

    FILE_NAME = "demonstration-keys.json"
    is_demonstration = True

    def __init__(self, directory: Path) -> None:
        self._path = directory / self.FILE_NAME

    def _load(self) -> dict[str, str]:
        try:
            if os.name == "posix" and self._path.stat().st_mode & 0o077:
                raise KeyStoreError("file readable by others")
            found = json.loads(self._path.read_text("ascii"))
        except FileNotFoundError:
            return {}
        except (OSError, ValueError) as exc:
            raise KeyStoreError("read") from exc
        if not isinstance(found, dict):
            raise KeyStoreError("form")
        return {str(name): str(text) for name, text in found.items()}

    def _save(self, secrets: dict[str, str]) -> None:
        try:
            # mkstemp creates the file for this user only (0600).
            handle, temporary = tempfile.mkstemp(dir=self._path.parent, prefix=".keys-")
            with os.fdopen(handle, "w", encoding="ascii") as file:
                json.dump(secrets, file)
                file.flush()
                os.fsync(file.fileno())
            Path(temporary).replace(self._path)
        except OSError as exc:
            raise KeyStoreError("write") from exc

    def get(self, name: str) -> bytes | None:
        """The secret, or None. Raises KeyStoreError when the file is unusable."""
        text = self._load().get(name)
        try:
            return None if text is None else unb64u(text)
        except ValueError as exc:
            raise KeyStoreError("form") from exc

    def put(self, name: str, secret: bytes) -> None:
        """Keep it. Raises KeyStoreError."""
        self._save(self._load() | {name: b64u(secret)})

    def delete(self, name: str) -> None:
        """Forget it; nothing happens when there is none. Raises KeyStoreError."""
        secrets = self._load()
        if secrets.pop(name, None) is not None:
            self._save(secrets)
