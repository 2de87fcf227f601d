"""The file beside the vault that holds its sealed key; see :mod:`kiosk.services.vault_escrow`."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Final

from kiosk.vault.faults import fault_of_file
from kiosk.vault.opening import sync_directory

SUFFIX: Final = ".escrow"


class BesideVault:
    """``vault.db.escrow``, for this user only."""

    def __init__(self, vault: Path) -> None:
        self._path = vault.with_name(vault.name + SUFFIX)

    def read(self) -> bytes:
        """Its bytes; ``b""`` where there is none. Raises VaultError."""
        try:
            return self._path.read_bytes()
        except FileNotFoundError:
            return b""
        except OSError as exc:
            raise fault_of_file(exc) from exc

    def write(self, data: bytes) -> None:
        """Replace it, durably: the old file or the new one. Raises VaultError, DiskFullError."""
        temporary = None
        try:
            handle, name = tempfile.mkstemp(dir=self._path.parent, prefix=".escrow-")
            temporary = Path(name)
            with os.fdopen(handle, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            temporary.replace(self._path)
            sync_directory(self._path.parent)
        except OSError as exc:
            if temporary is not None:
                temporary.unlink(missing_ok=True)
            raise fault_of_file(exc) from exc
