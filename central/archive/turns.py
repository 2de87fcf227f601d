"""Turns among those who write one SQLite file: threads of a process, and several processes.

Rules, in order: one writes at a time, and one other is next; whoever wants to write becomes the
next one first, so that a process whose threads follow each other without a gap lets another process
in between (SQLite itself lets it ask again, up to a tenth of a second later each time, and find the
file busy each time); a turn is a courtesy: after :data:`PATIENCE_S`, and on systems without such
locks, SQLite's own lock decides alone. Both locks are dropped by the system with their process.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

PATIENCE_S: Final = 10.0
_PAUSE_S: Final = 0.0003
_NEVER = threading.Event()


class Turns:
    """The turns at one database; used from any thread."""

    def __init__(self, database: Path) -> None:
        """Open the locks beside the file. Raises OSError."""
        self._threads = threading.Lock()
        self._next, self._writer = (
            os.open(database.with_name(f".{database.name}.{name}"), os.O_RDWR | os.O_CREAT, 0o600)
            for name in ("next", "turn")
        )

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
                os.close(handle)

    @staticmethod
    def _take(handle: int, deadline: float) -> None:
        if sys.platform == "win32":
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
            else:
                return

    @staticmethod
    def _drop(handle: int) -> None:
        if sys.platform == "win32":
            return
        import fcntl

        fcntl.flock(handle, fcntl.LOCK_UN)
