"""Secrets as systemd credentials: for a Linux kiosk without a desktop's key ring.

Rules, in order: a secret is encrypted by ``systemd-creds`` before it touches the disk, and passes
through pipes only; where the machine has a TPM its key takes part, so that the disk alone opens
nothing; a file is bound to its name by systemd itself; a secret counts as kept when it came back;
what cannot be kept or given back is an error, and never a plain file.
Source: systemd-creds(1); records-and-sync 2.1.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

from kiosk.domain.errors import CredentialStoreError

PROGRAM = "systemd-creds"
FOLDER = "credentials"
TIMEOUT_S = 30.0
USER_SCOPE_SINCE = 256
"""The version from which on ordinary users may ask (``--user``); before, only root may."""

_NAME = re.compile(r"[a-z0-9-]{1,64}")
_VERSION = re.compile(r"systemd (\d+)")
# systemd 252 refuses to decrypt nothing; one byte before every secret makes that no case.
_MARK = b"\x01"
_TELLING_BYTES = 16


class CredentialKeyStore:
    """Secrets in a folder of encrypted credentials, one file a name.

    See :class:`kiosk.ports.KeyStore`.
    """

    is_demonstration = False

    def __init__(self, folder: Path, program: str | None = None) -> None:
        """Use ``folder``; it is made with the first secret.

        Args:
            folder: of this device's data.
            program: ``systemd-creds`` of the system where None.

        Raises:
            CredentialStoreError: this system has none, or none that this user may ask.
        """
        self._folder = folder
        self._program = program or shutil.which(PROGRAM) or ""
        self._scope = self._scope_of_user()
        self.uses_tpm = bool(self._scope) or self._has_tpm()

    def _scope_of_user(self) -> tuple[str, ...]:
        if not self._program:
            raise CredentialStoreError("no systemd-creds")
        match = _VERSION.match(self._run(("--version",)).decode("ascii", "replace"))
        if match is None:
            raise CredentialStoreError("version")
        if not hasattr(os, "geteuid") or os.geteuid() == 0:
            return ()
        if int(match.group(1)) < USER_SCOPE_SINCE:
            raise CredentialStoreError("only root may, before systemd 256")
        return ("--user",)

    def _has_tpm(self) -> bool:
        """Whether firmware, driver and system all know a TPM (exit code 0)."""
        try:
            self._run(("has-tpm2", "--quiet"))
        except CredentialStoreError:
            return False
        return True

    def get(self, name: str) -> bytes | None:
        """The secret, or None. Raises CredentialStoreError where it does not come back."""
        path = self._path(name)
        if not path.exists():
            return None
        plain = self._run((*self._scope, "decrypt", f"--name={name}", str(path), "-"))
        if plain[:1] != _MARK:
            raise CredentialStoreError("form")
        return plain[1:]

    def put(self, name: str, secret: bytes) -> None:
        """Keep it, durably, and make sure by reading it back. Raises CredentialStoreError."""
        # The user scope chooses by itself what the machine has; it knows no key of this choice.
        with_key = "auto" if self._scope else "host+tpm2" if self.uses_tpm else "host"
        words = (*self._scope, "encrypt", f"--name={name}", f"--with-key={with_key}", "-", "-")
        sealed = self._run(words, _MARK + secret)
        if not sealed or (len(secret) >= _TELLING_BYTES and secret in sealed):
            raise CredentialStoreError("not encrypted")
        self._write(self._path(name), sealed)
        if self.get(name) != secret:
            raise CredentialStoreError("not kept")

    def delete(self, name: str) -> None:
        """Forget it; nothing happens when there is none. Raises CredentialStoreError."""
        try:
            self._path(name).unlink(missing_ok=True)
        except OSError as exc:
            raise CredentialStoreError("delete") from exc

    def _path(self, name: str) -> Path:
        if not _NAME.fullmatch(name):
            raise ValueError("name of a secret")
        return self._folder / f"{name}.cred"

    def _write(self, path: Path, sealed: bytes) -> None:
        """The old file or the new one, never a half: another key may hang on each."""
        try:
            self._folder.mkdir(mode=0o700, exist_ok=True)
            handle, temporary = tempfile.mkstemp(dir=self._folder, prefix=".new-")
            with os.fdopen(handle, "wb") as file:
                file.write(sealed)
                file.flush()
                os.fsync(file.fileno())
            Path(temporary).replace(path)
            folder = os.open(self._folder, os.O_RDONLY)
            try:
                os.fsync(folder)
            finally:
                os.close(folder)
        except OSError as exc:
            raise CredentialStoreError("write") from exc

    def _run(self, words: tuple[str, ...], given: bytes = b"") -> bytes:
        """What the program answers; its complaints may name files and are not passed on."""
        try:
            done = subprocess.run(  # noqa: S603 - our own words, no shell
                [self._program, *words],
                input=given,
                capture_output=True,
                timeout=TIMEOUT_S,
                check=False,
            )
        except (OSError, subprocess.SubprocessError) as exc:
            raise CredentialStoreError("systemd-creds does not run") from exc
        if done.returncode != 0:
            verb = next((word for word in words if not word.startswith("-")), words[0])
            raise CredentialStoreError(f"{verb} refused")
        return done.stdout
