"""What operators did: a file that only grows, each line bound to the one before it.

Rules, in order: a deed is durable before it counts; each line carries the SHA-256 of the line
before, so that a line that was changed or taken out of the middle shows (a cut end does not: copy
the file elsewhere, as any log); what was torn in the middle of a last line never counted, and is
set aside before the next; no line holds a password, an address or a word that somebody typed.
Acknowledgements live here and nowhere else: to acknowledge is to write it down.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import BinaryIO, Final

import msgspec

from central.archive.file_lock import alone
from central.archive.layout import Layout
from central.archive.payloads import sync_folder
from kiosk.crypto.digests import b64u, sha256

NOBODY: Final = ""
"""Who did it, where no operator is known."""
_FIRST: Final = b64u(bytes(32))
_MAX_LINE: Final = 4096
_KEPT: Final = 200


class Deed(StrEnum):
    """What was done."""

    STARTED = "started"
    SIGNED_IN = "signed-in"
    REFUSED = "refused"
    HELD_OFF = "held-off"
    SIGNED_OUT = "signed-out"
    ACKNOWLEDGED = "acknowledged"
    OPERATOR_ADDED = "operator-added"
    PASSWORD_CHANGED = "password-changed"  # noqa: S105 - a kind of deed, no password
    OPERATOR_REMOVED = "operator-removed"


class Finding(StrEnum):
    """What an operator says of an alarm; free text would hold names sooner or later."""

    LOOKING = "looking"
    OUT_OF_SERVICE = "out-of-service"
    EXPLAINED = "explained"
    PASSED_ON = "passed-on"


class Line(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """One line of the file.

    Attributes:
        at: ISO 8601 UTC.
        deed: what.
        who: operator, or ``""``.
        before: SHA-256 of the line before, base64url.
        device, kind, seq, finding: of an acknowledgement.
        about: operator that the deed is about.
    """

    at: str
    deed: Deed
    who: str
    before: str
    device: str = ""
    kind: str = ""
    seq: int = -1
    finding: str = ""
    about: str = ""


@dataclass(frozen=True, slots=True)
class Acknowledgement:
    """Who looked at an alarm last, when, and what that operator says of it."""

    who: str
    at: str
    finding: Finding


AlarmKey = tuple[str, str, int]
"""Device, kind, entry."""


class Deeds:
    """The file; several processes may write to it."""

    def __init__(self, layout: Layout) -> None:
        """Read what is there. Raises OSError."""
        self._path = layout.operations_log
        self._lock_file = self._path.with_name(f".{self._path.name}.lock")
        self._lock = threading.Lock()
        self._read_to = 0
        self._last = _FIRST
        self._unbroken = True
        self._acknowledged: dict[AlarmKey, Acknowledgement] = {}
        self._recent: list[Line] = []
        self._path.parent.mkdir(mode=0o700, exist_ok=True)
        self._path.touch(mode=0o600)
        with self._lock:
            self._catch_up()

    def write(self, now: datetime, deed: Deed, who: str = NOBODY, about: str = "") -> None:
        """Write down a deed, durably. Raises OSError: it was not done."""
        at = now.isoformat(timespec="milliseconds")
        self._append(lambda before: Line(at, deed, who, before, about=about))

    def acknowledge(self, now: datetime, who: str, alarm: AlarmKey, finding: Finding) -> None:
        """Write down that somebody looked at an alarm. Raises OSError: it does not count."""
        at = now.isoformat(timespec="milliseconds")
        device, kind, seq = alarm
        self._append(
            lambda before: Line(
                at, Deed.ACKNOWLEDGED, who, before, device, kind, seq, finding.value
            )
        )

    @property
    def unbroken(self) -> bool:
        """Whether every line follows the one before it."""
        with self._lock:
            self._catch_up()
            return self._unbroken

    def acknowledged(self) -> dict[AlarmKey, Acknowledgement]:
        """The newest acknowledgement of each alarm that has one."""
        with self._lock:
            self._catch_up()
            return dict(self._acknowledged)

    def recent(self) -> tuple[Line, ...]:
        """The newest deeds, newest first."""
        with self._lock:
            self._catch_up()
            return tuple(reversed(self._recent))

    def _append(self, line_after: Callable[[str], Line]) -> None:
        with self._lock, alone(self._lock_file), self._path.open("r+b") as file:
            self._catch_up()
            self._set_torn_aside(file)
            data = msgspec.json.encode(line_after(self._last)) + b"\n"
            file.seek(0, os.SEEK_END)
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
            self._catch_up()
            if self._last != b64u(sha256(data)):
                raise OSError(f"{self._path.name}: what was written does not read back")

    def _set_torn_aside(self, file: BinaryIO) -> None:
        """Take away what no newline ends; whoever wrote it is gone, for the file is ours alone."""
        file.seek(self._read_to)
        torn = file.read()
        if torn:
            # Beside, and added to: the same place may be torn twice.
            aside = self._path.with_name(f"{self._path.name}.torn-{self._read_to}")
            handle = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
            with os.fdopen(handle, "wb") as beside:
                beside.write(torn + b"\n")
                beside.flush()
                os.fsync(beside.fileno())
            sync_folder(aside.parent)
            file.truncate(self._read_to)

    def _catch_up(self) -> None:
        """Read what was written since, by this process or another."""
        with self._path.open("rb") as file:
            if file.seek(0, os.SEEK_END) < self._read_to:
                # It became shorter: somebody cut it. What it said is not forgotten here.
                self._unbroken = False
                self._read_to, self._last, self._recent = 0, _FIRST, []
            file.seek(self._read_to)
            for data in file:
                if not data.endswith(b"\n"):
                    return  # a line that is being written
                self._read_to += len(data)
                self._take(data)

    def _take(self, data: bytes) -> None:
        try:
            line = msgspec.json.decode(data, type=Line)
        except (msgspec.DecodeError, ValueError):
            self._unbroken = False
            return
        self._unbroken = self._unbroken and line.before == self._last and len(data) <= _MAX_LINE
        self._last = b64u(sha256(data))
        self._recent = [*self._recent[-_KEPT + 1 :], line]
        if line.deed is Deed.ACKNOWLEDGED and line.finding in set(Finding):
            said = Acknowledgement(line.who, line.at, Finding(line.finding))
            self._acknowledged[line.device, line.kind, line.seq] = said
