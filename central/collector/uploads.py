"""Uploads of large records in parts: a cut connection costs one part, never the record.

Rules, in order: an upload belongs to an announced entry of the device that sends it; a part is
appended only at the offset that the server holds, and durable before it is acknowledged; another
offset is answered by the true one, and the device goes on from there; a complete upload is judged
as any record is, and what does not hold is thrown away whole. Parts lie on the machine that took
them: behind a balancer another process answers offset 0 and the device begins anew, which costs
time and nothing else.

Field names of the IETF draft "Resumable Uploads for HTTP" (draft-ietf-httpbis-resumable-upload):
``Upload-Length``, ``Upload-Offset``, ``Upload-Complete``. Source: records-and-sync 2.8.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from central.collector.refusal import CallRefusedError
from kiosk.domain.ids import DeviceId
from kiosk.sync.messages import MAX_BLOB_BYTES, MAX_PART_BYTES

OFFSET, LENGTH, COMPLETE = "Upload-Offset", "Upload-Length", "Upload-Complete"
KEPT_S = 7 * 24 * 3600
"""Parts of an upload that nobody went on with for this long are dropped."""
_READ_BYTES = 256 * 1024


class OffsetError(CallRefusedError):
    """409: the device is elsewhere; ``offset`` is where the server is."""

    def __init__(self, offset: int) -> None:
        super().__init__(409, "offset")
        self.offset = offset


class Uploads:
    """Parts that have arrived, one file an upload."""

    def __init__(self, folder: Path) -> None:
        """Make the folder, and drop what was left long ago."""
        self._folder = folder
        self._lock = threading.Lock()
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._drop_old()

    def _drop_old(self) -> None:
        before = time.time() - KEPT_S
        for path in self._folder.glob("*.part"):
            with suppress(FileNotFoundError):
                if path.stat().st_mtime < before:
                    path.unlink()

    def _path(self, device_id: DeviceId, seq: int) -> Path:
        return self._folder / f"{device_id}-{seq:012d}.part"

    def offset(self, device_id: DeviceId, seq: int) -> int | None:
        """Bytes that are held of an upload; None where none was begun."""
        try:
            return self._path(device_id, seq).stat().st_size
        except FileNotFoundError:
            return None

    def offsets(self, device_id: DeviceId) -> dict[int, int]:
        """Bytes held by entry number, for every upload of a device."""
        found = {}
        for path in self._folder.glob(f"{device_id}-*.part"):
            with suppress(FileNotFoundError, ValueError):
                found[int(path.stem.rpartition("-")[2])] = path.stat().st_size
        return found

    def begin(self, device_id: DeviceId, seq: int, length: int) -> int:
        """Begin, or find what is held already; the offset to go on from.

        Raises:
            CallRefusedError: 413 longer than any record.
        """
        if not 0 < length <= MAX_BLOB_BYTES:
            raise CallRefusedError(413, "too-large")
        with self._lock:
            path = self._path(device_id, seq)
            path.touch(mode=0o600)
            held = path.stat().st_size
            if held > length:
                # Parts of other bytes: nothing of them can be used.
                path.unlink()
                path.touch(mode=0o600)
                held = 0
            return held

    def append(self, device_id: DeviceId, seq: int, offset: int, part: bytes) -> int:
        """Append a part durably; the new offset.

        Raises:
            OffsetError: the server is elsewhere.
            CallRefusedError: 404 nothing was begun, 413 too much.
        """
        if len(part) > MAX_PART_BYTES:
            raise CallRefusedError(413, "too-large")
        with self._lock:
            held = self.offset(device_id, seq)
            if held is None:
                raise CallRefusedError(404, "upload-unknown")
            if offset != held:
                raise OffsetError(held)
            if held + len(part) > MAX_BLOB_BYTES:
                raise CallRefusedError(413, "too-large")
            with self._path(device_id, seq).open("ab") as file:
                file.write(part)
                file.flush()
                os.fsync(file.fileno())
            return held + len(part)

    def read(self, device_id: DeviceId, seq: int) -> Iterator[bytes]:
        """The bytes of an upload, in pieces."""
        with self._path(device_id, seq).open("rb") as file:
            while piece := file.read(_READ_BYTES):
                yield piece

    def drop(self, device_id: DeviceId, seq: int) -> None:
        """Forget an upload."""
        self._path(device_id, seq).unlink(missing_ok=True)
