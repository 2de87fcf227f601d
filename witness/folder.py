"""The folder of a witness: its key, its name, its memory.

Rules, in order: nothing is overwritten; the key and the memory are readable by their owner only, or
the witness does not start.

* ``witness.key``  seed of the key, base64url
* ``witness.pub``  its name and public half, as logs and policies take it
* ``memory.db``    the newest tree of each log: never put an old copy back
"""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass
from pathlib import Path

from kiosk.crypto.cosignatures import Cosigner, is_cosigner_name, parse_cosigner
from kiosk.crypto.digests import b64u, unb64u
from kiosk.crypto.signing import SigningKey

_SECRET_MODE = 0o600
_FOLDER_MODE = 0o700


class FolderFaultError(Exception):
    """The folder cannot be used as it is."""


@dataclass(frozen=True, slots=True)
class Folder:
    """Paths below ``root``."""

    root: Path

    @property
    def key(self) -> Path:
        """Seed of the key."""
        return self.root / "witness.key"

    @property
    def public(self) -> Path:
        """Verifier key; its presence makes the folder a witness."""
        return self.root / "witness.pub"

    @property
    def memory(self) -> Path:
        """SQLite file."""
        return self.root / "memory.db"

    def create(self, name: str) -> Cosigner:
        """Make a key. Raises FolderFaultError: no such name, or something is already there."""
        if not is_cosigner_name(name):
            raise FolderFaultError("a name has no space and no plus sign, 128 characters at most")
        if self.root.exists() and (not self.root.is_dir() or any(self.root.iterdir())):
            raise FolderFaultError("the folder is not empty")
        self.root.mkdir(mode=_FOLDER_MODE, parents=True, exist_ok=True)
        key = SigningKey.generate()
        cosigner = Cosigner(name, key.public)
        _write(self.key, f"{b64u(key.seed)}\n")
        _write(self.memory, "")
        _write(self.public, f"{cosigner.text()}\n")
        return cosigner

    def load(self) -> tuple[str, SigningKey]:
        """Name and key. Raises FolderFaultError."""
        try:
            cosigner = parse_cosigner(self.public.read_text("utf-8").strip())
            for secret in (self.key, self.memory):
                if os.name == "posix" and stat.S_IMODE(secret.stat().st_mode) & 0o077:
                    raise FolderFaultError(f"{secret.name} can be read by others: chmod 600")
            key = SigningKey.from_seed(unb64u(self.key.read_text("ascii").strip()))
        except FileNotFoundError as exc:
            # A memory that is gone is never made anew: an empty one would cosign anything.
            raise FolderFaultError(f"{Path(str(exc.filename)).name} is missing") from exc
        except (OSError, ValueError) as exc:
            raise FolderFaultError("key") from exc
        if key.public != cosigner.public:
            raise FolderFaultError("the key is another one than witness.pub says")
        return cosigner.name, key


def _write(path: Path, text: str) -> None:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _SECRET_MODE)
    with os.fdopen(handle, "wb") as file:
        file.write(text.encode())
        file.flush()
        os.fsync(file.fileno())
