"""Keys of the policy root as files: each on a machine, a stick or a paper of its own.

Rules, in order: nothing is overwritten; a key is readable by its owner only; under a passphrase it
is an age file that any age tool opens (``age -d``), otherwise the base64url of its seed. Beside it
lies ``NAME.pub``, the half that may go anywhere.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from central.archive.layout import FolderError, write_secret
from kiosk.crypto import age_passphrase
from kiosk.crypto.digests import b64u, unb64u
from kiosk.crypto.signing import SigningKey
from kiosk.domain.errors import SealedRecordError

Ask = Callable[[], str]
_KEY_BYTES = 32


def public_path(path: Path) -> Path:
    """Where the public half of a key file lies."""
    return path.with_name(f"{path.name}.pub")


def make_key(path: Path, passphrase: str = "", work_factor: int | None = None) -> SigningKey:
    """A fresh key in two new files. Raises FileExistsError."""
    key = SigningKey.generate()
    text = f"{b64u(key.seed)}\n".encode()
    factor = age_passphrase.WORK_FACTOR if work_factor is None else work_factor
    write_secret(path, age_passphrase.encrypt(text, passphrase, factor) if passphrase else text)
    public_path(path).write_text(f"{b64u(key.public)}\n", "ascii")
    return key


def read_key_file(path: Path, ask: Ask) -> SigningKey:
    """A key made by :func:`make_key`.

    Args:
        path: of the private half.
        ask: for the passphrase, called only where one is needed.

    Raises:
        FolderError: no key there, or another passphrase.
    """
    try:
        data = path.read_bytes()
        if age_passphrase.is_protected(data):
            data = age_passphrase.decrypt(data, ask())
        return SigningKey.from_seed(unb64u(data.decode("ascii").strip()))
    except SealedRecordError as exc:
        raise FolderError(f"key {path.name}: {exc.detail}") from exc
    except (OSError, ValueError) as exc:
        raise FolderError(f"key {path.name}") from exc


def read_public(path: Path) -> str:
    """A public half, base64url. Raises FolderError."""
    try:
        text = path.read_text("ascii").strip()
        sound = len(unb64u(text)) == _KEY_BYTES
    except (OSError, ValueError) as exc:
        raise FolderError(f"public key {path.name}") from exc
    if not sound:
        raise FolderError(f"public key {path.name}")
    return text
