"""Faults of SQLite, told in the words of this program.

SQLite's extended result codes decide, never its English sentences. Source: sqlite.org/rescode.html.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import DBAPIError
from sqlcipher3 import dbapi2

from kiosk.domain.errors import (
    DiskFullError,
    VaultBusyError,
    VaultCorruptError,
    VaultError,
)

_BUSY, _LOCKED = 5, 6
_IOERR, _CORRUPT, _FULL, _CANTOPEN, _NOTADB = 10, 11, 13, 14, 26
# The disk, a quota (EDQUOT) or a file-size limit (EFBIG) stopped a write: SQLite says "full" only
# for ENOSPC and calls the others a failed write or a failed growth of the shared index.
_WRITE_FAILURES = frozenset({778, 1546, 4874})


def fault_of(cause: BaseException) -> VaultError:
    """The error of our tree for an exception of the database driver."""
    code = getattr(cause, "sqlite_errorcode", None)
    name = str(getattr(cause, "sqlite_errorname", type(cause).__name__))
    if not isinstance(code, int):
        return VaultError(name)
    primary = code & 0xFF
    if primary == _FULL or code in _WRITE_FAILURES:
        return DiskFullError(name)
    if primary in (_BUSY, _LOCKED):
        return VaultBusyError(name)
    if primary in (_CORRUPT, _NOTADB):
        return VaultCorruptError(name)
    return VaultError(name)


@contextmanager
def translated() -> Iterator[None]:
    """Turns every exception of SQLAlchemy or the driver into a :class:`VaultError` leaf.

    The statement and its parameters stay out of the message: they may hold personal data.
    """
    try:
        yield
    except DBAPIError as exc:
        raise fault_of(exc.orig or exc) from None
    except dbapi2.Error as exc:
        raise fault_of(exc) from None
