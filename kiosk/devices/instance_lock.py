"""One program at a time on one device's data: a lock that the system drops when the program dies.

Rules, in order: the lock is on an open file, not on the file's existence, so that a crash or a
``kill -9`` never leaves the device locked; the file itself stays.
"""

import os
import sys
from pathlib import Path
from typing import IO, Self

from kiosk.domain.errors import AlreadyRunningError, ConfigError


class InstanceLock:
    """Held from construction to :meth:`release`."""

    def __init__(self, path: Path) -> None:
        """Take the lock on ``path``.

        Raises:
            AlreadyRunningError: another program holds it.
            ConfigError: the file cannot be opened.
        """
        try:
            handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as exc:
            raise ConfigError("lock file") from exc
        self._file: IO[bytes] | None = os.fdopen(handle, "r+b")
        try:
            _lock(self._file)
        except OSError as exc:
            self._file.close()
            raise AlreadyRunningError from exc

    def release(self) -> None:
        """Let the next program in. Safe to call twice."""
        file, self._file = self._file, None
        if file is not None:
            file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.release()


def _lock(file: IO[bytes]) -> None:
    """Raises OSError where the lock is held elsewhere."""
    if sys.platform == "win32":
        import msvcrt

        msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
    else:
        import fcntl

        fcntl.flock(file.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
