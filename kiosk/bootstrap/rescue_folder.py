"""What two people carry off a device, as files in a folder of a stick or of another disk.

Rules, in order: the folder is new or empty, and has the room for every file, each in whole units of
the medium, before a word is written into the journal; each file is on the medium before the next
one; what could not be finished leaves nothing behind, since half a rescue looks like a whole one,
and a file that does not go keeps no other one there.
"""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from kiosk.domain.errors import ActStoppedError, RescueFolderError, RescueRoomError
from kiosk.services.delivery import DeliveryStep, Progress
from kiosk.services.device_life import NOBODY, RescuedFile, Watch

RECORDS = "records/"
_UNIT_BYTES = 128 * 1024
"""Of a medium that does not say how it divides itself: the unit of a large stick (exFAT)."""


def require_empty(folder: Path) -> None:
    """Raises RescueFolderError unless the folder is new or empty."""
    try:
        if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
            raise RescueFolderError("not empty")
    except OSError as exc:
        raise RescueFolderError("cannot be read") from exc


def require_room(folder: Path, sizes: Iterable[int]) -> None:
    """Raises RescueRoomError where the medium of a folder, made or not, has no room for all files.

    Args:
        folder: of the rescue.
        sizes: bytes of each file.
    """
    place = folder
    while not place.exists() and place != place.parent:
        place = place.parent
    try:
        free, unit = shutil.disk_usage(place).free, _unit_of(place)
    except OSError as exc:
        raise RescueFolderError("cannot be read") from exc
    wanted_bytes = sum(-(-size // unit) * unit for size in sizes)
    if free < wanted_bytes:
        raise RescueRoomError(f"{wanted_bytes} bytes")


def _unit_of(place: Path) -> int:
    """Bytes that a medium gives out at once."""
    return os.statvfs(place).f_frsize if hasattr(os, "statvfs") else _UNIT_BYTES


def write_out(
    out: Path, files: Iterable[RescuedFile], watch: Watch = NOBODY, total: int = 0
) -> tuple[str, ...]:
    """Write the files of a rescue; their names.

    Args:
        out: new or empty.
        files: one at a time.
        watch: told of each record, and may stop before each file.
        total: how many records there are.

    Raises:
        RescueFolderError, RescueRoomError, ActStoppedError: nothing is left in the folder.
    """
    new = not out.exists()
    names: list[str] = []
    done = 0
    try:
        for file in files:
            _require_going(watch)
            names.append(file.name)
            _write(out / file.name, file.data)
            done += file.name.startswith(RECORDS)
            watch.progress(Progress(DeliveryStep.RECORDS, done, total))
    except BaseException as exc:
        _take_back(out, names, new=new)
        if not isinstance(exc, OSError):
            raise
        if exc.errno in (errno.ENOSPC, errno.EDQUOT):
            raise RescueRoomError("full") from exc
        raise RescueFolderError("cannot be written") from exc
    return tuple(names)


def _require_going(watch: Watch) -> None:
    if watch.cancelled():
        raise ActStoppedError


def _write(target: Path, data: bytes) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    with target.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def _take_back(out: Path, names: Iterable[str], *, new: bool) -> None:
    """Remove what this rescue wrote, and nothing else; a medium that is gone stays as it is."""
    inside = {(out / name).parent for name in names} - {out}
    for name in names:
        with suppress(OSError):
            (out / name).unlink(missing_ok=True)
    deepest_first = sorted(inside, key=lambda folder: len(folder.parts), reverse=True)
    for folder in (*deepest_first, *((out,) if new else ())):
        with suppress(OSError):  # not empty: something of it did not go, or was not of this rescue
            folder.rmdir()
