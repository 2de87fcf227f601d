"""Sealed payloads: written once, durable before anybody hears of them.

Rules, in order: nothing is visible under its name before all of it is there and durable; the name
``device/seq-sha256`` says what the bytes must be, and bytes that are those are never overwritten;
others (cut by a restore, rotten) give way to those that arrive, for the device deletes its own on
the receipt. Two stores keep these rules: a folder (here) and an S3-compatible object store
(:mod:`central.archive.objects`).
Source: records-and-sync 2.9.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import tempfile
from enum import StrEnum
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self

from kiosk.domain.ids import DeviceId

_log = logging.getLogger("visavis.collector")


def payload_name(device_id: DeviceId, seq: int, sha256: bytes) -> str:
    """Name of the payload of an entry."""
    return f"{device_id}/{seq:012d}-{sha256.hex()}"


def digest_of(name: str) -> str:
    """SHA-256 of the bytes that belong under a name, in hex."""
    return name.rpartition("-")[2]


def tell_replaced() -> None:
    """Log that a store held other bytes than a name says: a restore, or a disk that rots."""
    _log.warning(json.dumps({"payload": "replaced"}))


class PayloadState(StrEnum):
    """What lies under the name of a payload."""

    WHOLE = "whole"
    MISSING = "missing"
    ALTERED = "altered"
    """Other bytes than the name says, cut ones included."""

    UNREADABLE = "unreadable"


class Incoming(Protocol):
    """A payload that is arriving; it leaves nothing behind unless it is kept."""

    def __enter__(self) -> Self: ...
    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None: ...
    def write(self, chunk: bytes | memoryview) -> None:
        """Append bytes."""

    def keep(self, name: str) -> None:
        """Make the payload durable under its name.

        One that is there already stays if it hashes to its name, and is replaced if not.

        Raises:
            OSError: it could not be kept; nothing that is not whole is new under the name.
        """


class Payloads(Protocol):
    """Where payloads are kept."""

    @property
    def storage_class(self) -> str:
        """What receipts say of the store: ``filesystem`` or ``object-store``."""

    def incoming(self) -> Incoming:
        """Begin to receive a payload."""

    def read(self, name: str) -> bytes:
        """The bytes of a payload. Raises OSError where there is none, or none to be had."""

    def state(self, name: str) -> PayloadState:
        """What lies there. Raises OSError while the store does not answer."""

    def require(self) -> None:
        """Raises OSError while the store does not answer."""


def sync_folder(folder: Path) -> None:
    """Make names in ``folder`` durable; where the system has no such call, it is not needed."""
    if os.name == "nt":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


class _IncomingFile:
    """Bytes go to a temporary file; a hard link gives it its name, and fails where that exists."""

    def __init__(self, folder: Path) -> None:
        handle, name = tempfile.mkstemp(prefix=".incoming-", dir=folder)
        self._folder = folder
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

    def write(self, chunk: bytes | memoryview) -> None:
        self._file.write(chunk)

    def keep(self, name: str) -> None:
        target = self._folder / name
        self._file.flush()
        os.fsync(self._file.fileno())
        if not target.parent.is_dir():
            target.parent.mkdir(mode=0o700, exist_ok=True)
            sync_folder(target.parent.parent)
        try:
            target.hardlink_to(self._path)
        except FileExistsError:
            if _state_of(target) is not PayloadState.WHOLE:
                self._path.replace(target)
                tell_replaced()
        sync_folder(target.parent)


def _state_of(path: Path) -> PayloadState:
    """What a file holds."""
    try:
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
    except FileNotFoundError:
        return PayloadState.MISSING
    except OSError:
        return PayloadState.UNREADABLE
    return PayloadState.WHOLE if digest == digest_of(path.name) else PayloadState.ALTERED


class FolderPayloads:
    """Payloads as files of one folder (:class:`Payloads`)."""

    storage_class = "filesystem"

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def incoming(self) -> Incoming:
        """Begin to receive a payload."""
        return _IncomingFile(self._folder)

    def read(self, name: str) -> bytes:
        """The bytes of a payload. Raises OSError."""
        return (self._folder / name).read_bytes()

    def state(self, name: str) -> PayloadState:
        """What lies there."""
        return _state_of(self._folder / name)

    def require(self) -> None:
        """Raises OSError where the folder is gone."""
        os.scandir(self._folder).close()
