"""One device's folder on a removable medium: files by name, written in one step, read with a bound.

Rules, in order: a file is written under another name, made durable and renamed, so that a medium
pulled at any byte holds the old file or the new one; nothing that is not a plain file is opened
(a medium may hold links that lead elsewhere); every foreign error becomes one of ours.
"""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import stat
from collections.abc import Iterator
from pathlib import Path

from kiosk.crypto.digests import sha256
from kiosk.domain.errors import (
    CourierDamagedError,
    FolderFullError,
    FolderMissingError,
    FolderReadOnlyError,
    FolderUnsuitableError,
    SyncError,
)
from kiosk.domain.ids import DeviceId
from kiosk.sync.courier import (
    ENDING,
    IN,
    MAX_LIST_BYTES,
    OUT,
    TOP,
    claimed_device,
    file_names,
    folder_names,
)

_TEMPORARY = ".TMP"
_GONE = {errno.ENOENT, errno.ENODEV, errno.ENXIO, errno.EIO, errno.ESTALE, errno.ENOTCONN}
_LOCKED = {errno.EROFS, errno.EACCES, errno.EPERM}
_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)


@contextlib.contextmanager
def translated() -> Iterator[None]:
    """Foreign errors of a medium as ours."""
    try:
        yield
    except OSError as exc:
        word = errno.errorcode.get(exc.errno or 0, "?")
        kinds: tuple[tuple[set[int], type[SyncError]], ...] = (
            (_GONE, FolderMissingError),
            (_LOCKED, FolderReadOnlyError),
            (_FULL, FolderFullError),
        )
        found = next((kind for codes, kind in kinds if exc.errno in codes), FolderUnsuitableError)
        raise found(word) from exc


def top_of(medium: Path) -> Path:
    """Where the folders of devices lie. Raises FolderMissingError where there is no medium."""
    with translated():
        if not medium.is_dir():
            raise FolderMissingError("no folder")
    return medium if medium.name.upper() == TOP else medium / TOP


def device_folders(medium: Path, device_id: DeviceId) -> Iterator[CarriedFolder]:
    """The folders that a device may have, which need not exist yet, in the order of its lists.

    Raises:
        CourierError: there is no such medium, or it fails.
    """
    top = top_of(medium)
    for name in folder_names(device_id):
        folder = CarriedFolder(top / name)
        if folder.is_free_for(device_id):
            yield folder


class CarriedFolder:
    """The files of one device on one medium."""

    def __init__(self, path: Path) -> None:
        """Nothing is read or written yet."""
        self.path = path

    def is_free_for(self, device_id: DeviceId) -> bool:
        """Whether it is nobody's, or this device's: the names of two devices may be alike."""
        token = self.read(OUT, 2 * MAX_LIST_BYTES)
        try:
            return token is None or claimed_device(token) == device_id
        except CourierDamagedError:
            return True  # torn: nobody's, and written anew

    def size(self, name: str) -> int | None:
        """Bytes of a plain file; None where there is none."""
        try:
            found = (self.path / name).lstat()
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError:
            with translated():
                raise
        return found.st_size if stat.S_ISREG(found.st_mode) else None

    def read(self, name: str, most: int) -> bytes | None:
        """The bytes of a file; None where there is none.

        Raises:
            CourierDamagedError: it is longer than ``most``.
            CourierError: the medium fails.
        """
        size = self.size(name)
        if size is None:
            return None
        if size > most:
            raise CourierDamagedError("too long")
        with translated(), (self.path / name).open("rb") as file:
            data = file.read(most + 1)
        if len(data) > most:
            raise CourierDamagedError("too long")
        return data

    def place(self, body: bytes, reserve: int) -> str:
        """Write a body under a name made of its digest, unless it is there; the name."""
        for name in file_names(sha256(body)):
            size = self.size(name)
            if size is not None and size == len(body) and self.read(name, size) == body:
                return name
            if size is None or not self._whole(name, size):
                self.write(name, body, reserve)
                return name
        raise FolderUnsuitableError("names")

    def _whole(self, name: str, size: int) -> bool:
        """Whether a file is what its name says: then it is another body, and keeps its place."""
        return name in file_names(sha256(self.read(name, size) or b""))

    def write(self, name: str, data: bytes, reserve: int = 0) -> None:
        """Make ``data`` durable under ``name``, in one step.

        Args:
            name: in this folder.
            data: all of it.
            reserve: bytes that must be left free after it.

        Raises:
            CourierError: the medium is gone, full, read-only or unfit; what ``name`` was, it is.
        """
        temporary = self.path / (name.partition(".")[0] + _TEMPORARY)
        with translated():
            self._make()
            if shutil.disk_usage(self.path).free < len(data) + reserve:
                raise FolderFullError("no room")
            temporary.unlink(missing_ok=True)
            try:
                with os.fdopen(os.open(temporary, _NEW, 0o600), "wb") as file:
                    file.write(data)
                    file.flush()
                    os.fsync(file.fileno())
                temporary.replace(self.path / name)
            except OSError:
                with contextlib.suppress(OSError):
                    temporary.unlink(missing_ok=True)
                raise
        self._sync()

    def _make(self) -> None:
        """Make the folder. Raises FolderUnsuitableError where a link leads out of the medium."""
        for folder in (self.path.parent, self.path):
            if folder.is_symlink():
                raise FolderUnsuitableError("a link")
            if not folder.is_dir():
                folder.mkdir(exist_ok=True)

    def _sync(self) -> None:
        """Make names durable, where the system and the medium know how."""
        with contextlib.suppress(OSError):
            handle = os.open(self.path, os.O_RDONLY)
            try:
                os.fsync(handle)
            finally:
                os.close(handle)

    def clear(self) -> None:
        """Remove a list that is not needed any more, and then what it named."""
        with contextlib.suppress(OSError):
            (self.path / OUT).unlink(missing_ok=True)
            (self.path / IN).unlink(missing_ok=True)
            self.keep_only(frozenset())
            self.path.rmdir()

    def keep_only(self, names: frozenset[str]) -> None:
        """Remove what no list names; what cannot be removed does no harm."""
        with contextlib.suppress(OSError):
            for path in list(self.path.iterdir()):
                ours = path.suffix.upper() in (ENDING, _TEMPORARY)
                if ours and path.name.upper() not in names | {OUT, IN}:
                    with contextlib.suppress(OSError):
                        path.unlink()
