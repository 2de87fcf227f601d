"""Faults of SQLite, told in the words of this program.

SQLite's result codes decide, never its English sentences; where its code leaves open whether space
ran out, or whether the disk takes writes at all, the folder is asked. Source:
sqlite.org/rescode.html.
"""

from __future__ import annotations

import errno
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy.exc import DBAPIError
from sqlcipher3 import dbapi2

from kiosk.domain.errors import (
    DiskFullError,
    VaultBusyError,
    VaultCorruptError,
    VaultError,
    VaultReadOnlyError,
)

_BUSY, _LOCKED = 5, 6
_READONLY, _IOERR, _CORRUPT, _FULL, _CANTOPEN, _NOTADB = 8, 10, 11, 13, 14, 26
_NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
_NO_WRITES = frozenset({errno.EROFS, errno.EACCES, errno.EPERM})
_PROBE_BYTES = 64 * 1024


def fault_of(cause: BaseException, path: Path) -> VaultError:
    """The error of our tree for an exception of the database driver on the file ``path``."""
    code = getattr(cause, "sqlite_errorcode", None)
    name = str(getattr(cause, "sqlite_errorname", type(cause).__name__))
    if not isinstance(code, int):
        return VaultError(name)
    primary = code & 0xFF
    # A disk that turned read-only under an open file is an I/O error to SQLite; one that was so
    # before leaves it without the files beside.
    if primary == _READONLY or (primary in (_IOERR, _CANTOPEN) and not _writable(path)):
        return VaultReadOnlyError(name)
    # SQLite says "full" for ENOSPC in the file alone; a quota, a file-size limit or a failed growth
    # of the shared index are plain I/O errors to it.
    if primary == _FULL or (primary == _IOERR and not _room_beside(path)):
        return DiskFullError(name)
    if primary in (_BUSY, _LOCKED):
        return VaultBusyError(name)
    if primary in (_CORRUPT, _NOTADB):
        return VaultCorruptError(name)
    return VaultError(name)


def fault_of_file(cause: OSError) -> VaultError:
    """The error of our tree for a failed call on a file of ours."""
    detail = errno.errorcode.get(cause.errno or 0, "file")
    if cause.errno in _NO_WRITES:
        return VaultReadOnlyError(detail)
    return DiskFullError(detail) if cause.errno in _NO_ROOM else VaultError(detail)


def _writable(path: Path) -> bool:
    """Whether the system lets this user write in the folder, and into the files of ours there.

    Asked without opening them: closing any handle of a file ends the locks of this process on it.
    """
    return all(
        os.access(file, os.W_OK) for file in (path.parent, *path.parent.glob(path.name + "*"))
    )


def _room_beside(path: Path) -> bool:
    """Whether a file as long as the longest of ours may still grow in this folder."""
    try:
        lengths = [file.stat().st_size for file in path.parent.glob(path.name + "*")]
        with tempfile.TemporaryFile(dir=path.parent) as probe:
            # Sparse up to there: only the last bytes take space.
            probe.seek(max(lengths, default=0))
            probe.write(bytes(_PROBE_BYTES))
            probe.flush()
            os.fsync(probe.fileno())
    except OSError as exc:
        return exc.errno not in _NO_ROOM
    return True


@contextmanager
def translated(path: Path) -> Iterator[None]:
    """Turns every exception of SQLAlchemy or the driver into a :class:`VaultError` leaf.

    The statement and its parameters stay out of the message: they may hold personal data.
    """
    try:
        yield
    except DBAPIError as exc:
        raise fault_of(exc.orig or exc, path) from None
    except dbapi2.Error as exc:
        raise fault_of(exc, path) from None
