"""Sealed payloads on disk: write-once files, durable before anybody hears of them.

Rules, in order: bytes go to a temporary file; it is flushed to the disk; a hard link gives it its
final name, which fails when the name exists, so that nothing is ever overwritten; the folder is
flushed too. The name is ``device/seq-sha256``. Source: records-and-sync 2.9.
"""

from __future__ import annotations

import contextlib
import os
import tempfile
from pathlib import Path
from types import TracebackType
from typing import Self

from kiosk.domain.ids import DeviceId

STORAGE_CLASS = "filesystem"


def sync_folder(folder: Path) -> None:
    """Make names in ``folder`` durable; where the system has no such call, it is not needed."""
    if os.name == "nt":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


class Incoming:
    """A payload that is arriving; it leaves nothing behind unless it is kept."""

    def __init__(self, folder: Path) -> None:
        handle, name = tempfile.mkstemp(prefix=".incoming-", dir=folder)
        self._file = os.fdopen(handle, "wb")
        self._path = Path(name)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._file.close()
        self._path.unlink(missing_ok=True)

    def write(self, chunk: bytes) -> None:
        """Append bytes."""
        self._file.write(chunk)

    def keep(self, target: Path) -> None:
        """Make the payload durable under its final name; one that is there already stays."""
        self._file.flush()
        os.fsync(self._file.fileno())
        if not target.parent.is_dir():
            target.parent.mkdir(mode=0o700, exist_ok=True)
            sync_folder(target.parent.parent)
        with contextlib.suppress(FileExistsError):
            target.hardlink_to(self._path)
        sync_folder(target.parent)


class Payloads:
    """The folder of payloads."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def incoming(self) -> Incoming:
        """Begin to receive a payload."""
        return Incoming(self._folder)

    def path(self, device_id: DeviceId, seq: int, sha256: bytes) -> Path:
        """Where the payload of an entry lies."""
        return self._folder / device_id / f"{seq:012d}-{sha256.hex()}"
