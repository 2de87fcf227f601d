"""Turns among those who write one SQLite file: threads of a process, and several processes.

Rules, in order: one writes at a time, and one other is next; whoever wants to write becomes the
next one first, so that a process whose threads follow each other without a gap lets another process
in between (SQLite itself lets it ask again, up to a tenth of a second later each time, and find the
file busy each time); a turn is a courtesy: after :data:`PATIENCE_S`, on systems and file systems
without such locks, and for whoever may not open these, SQLite's own lock decides alone. The locks
belong to whoever the database belongs to, so that a command of the administrator shuts out nobody.
Both are dropped by the system with their process.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

PATIENCE_S: Final = 10.0
_PAUSE_S: Final = 0.0003
_NEVER = threading.Event()


class Turns:
    """The turns at one database; used from any thread."""

    def __init__(self, database: Path) -> None:
        """Open the locks beside the file."""
        self._threads = threading.Lock()
        self._next, self._writer = (_opened(database, name) for name in ("next", "turn"))

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Write while the block lasts."""
        with self._threads:
            deadline = time.monotonic() + PATIENCE_S
            self._take(self._next, deadline)
            self._take(self._writer, deadline)
            self._drop(self._next)
            try:
                yield
            finally:
                self._drop(self._writer)

    def close(self) -> None:
        """Close the locks; no turn is taken any more."""
        with self._threads:
            for handle in (self._next, self._writer):
                if handle is not None:
                    os.close(handle)
            self._next = self._writer = None

    @staticmethod
    def _take(handle: int | None, deadline: float) -> None:
        if sys.platform == "win32" or handle is None:
            return
        import fcntl

        # A wait that the system ends by itself would have no end where the holder is stopped.
        while True:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if time.monotonic() > deadline:
                    return
                _NEVER.wait(_PAUSE_S)
            except OSError:
                return  # this file system knows no such locks
            else:
                return

    @staticmethod
    def _drop(handle: int | None) -> None:
        if sys.platform == "win32" or handle is None:
            return
        import fcntl

        with suppress(OSError):
            fcntl.flock(handle, fcntl.LOCK_UN)


def _opened(database: Path, name: str) -> int | None:
    """One of the locks; None where this user may not open it, or the folder is not there."""
    try:
        handle = os.open(
            database.with_name(f".{database.name}.{name}"), os.O_RDWR | os.O_CREAT, 0o600
        )
    except OSError:
        return None
    if sys.platform != "win32" and os.geteuid() == 0:
        # As SQLite does with its own files.
        with suppress(OSError):
            owner = (database if database.exists() else database.parent).stat()
            os.fchown(handle, owner.st_uid, owner.st_gid)
    return handle
