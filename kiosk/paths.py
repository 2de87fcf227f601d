"""Where things lie: the data of this device, and the resources that came with the program."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

import platformdirs

from kiosk.domain.errors import ConfigError, DiskFullError, VaultReadOnlyError

RESOURCES: Final = Path(__file__).resolve().parent.parent / "resources"
"""Texts, catalogues, fonts, icons and specimens that came with the program."""

_OWNER_ONLY: Final = 0o700


@dataclass(frozen=True, slots=True)
class Paths:
    """The places of one device's data.

    Attributes:
        data: the folder that holds everything of this device.
    """

    data: Path

    @classmethod
    def of_device(cls, override: Path | None = None) -> Self:
        """The data folder of this user on this system, or the one given (``--data``)."""
        if override is not None:
            return cls(override.expanduser().absolute())
        return cls(platformdirs.user_data_path("vis-a-vis", appauthor=False, roaming=False))

    @property
    def config(self) -> Path:
        """The settings file."""
        return self.data / "visavis.toml"

    @property
    def vault(self) -> Path:
        """The encrypted store."""
        return self.data / "vault.db"

    @property
    def lock(self) -> Path:
        """Held while a program works on this data."""
        return self.data / "visavis.lock"

    @property
    def logs(self) -> Path:
        """The folder of the log files."""
        return self.data / "logs"

    def prepare(self) -> None:
        """Create the folders, for this user only.

        Raises:
            ConfigError: the folder cannot be created or written.
            DiskFullError: no room for a folder.
            VaultReadOnlyError: the disk takes no writes.
        """
        try:
            for folder in (self.data, self.logs):
                folder.mkdir(mode=_OWNER_ONLY, parents=True, exist_ok=True)
            if os.name == "posix" and self.data.stat().st_uid == os.geteuid():
                self.data.chmod(_OWNER_ONLY)
        except OSError as exc:
            if exc.errno in _NO_ROOM:
                raise DiskFullError("data folder") from exc
            if exc.errno == _READ_ONLY:
                raise VaultReadOnlyError("data folder") from exc
            raise ConfigError("data folder") from exc
        if not os.access(self.data, os.W_OK):
            raise ConfigError("data folder is read-only")


_NO_ROOM: Final = (28, 122)  # ENOSPC, EDQUOT
_READ_ONLY: Final = 30  # EROFS
