"""A lock on a file: one process at a time works in what lies beside it.

Rules, in order: the lock is on an open file, not on its existence, so that the system drops it when
a process dies; the file itself stays, and nothing is ever written into it. Who comes second waits.
"""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def alone(path: Path) -> Iterator[None]:
    """Keep out whoever else asks for this lock as long as the block lasts.

    Raises:
        OSError: the file can be neither opened nor made.
    """
    handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        _wait_for(handle)
        yield
    finally:
        os.close(handle)


def _wait_for(handle: int) -> None:
    if sys.platform == "win32":
        import msvcrt

        while True:
            try:
                msvcrt.locking(handle, msvcrt.LK_LOCK, 1)
            except OSError:  # it gives up after ten tries, one a second
                continue
            return
    else:
        import fcntl

        fcntl.flock(handle, fcntl.LOCK_EX)
