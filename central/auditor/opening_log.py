"""The log of openings: append-only, signed by those who sit there, verified at each start.

Rules, in order:

1. One act, one line (:mod:`central.auditor.opening_lines`), with the root of everything before
   (RFC 6962) and a signature of everybody present, by the statement of control that the line was
   made under (:mod:`central.auditor.statements`).
2. The log is verified from its first line before anything is asked of it; one that is broken, older
   than its checkpoint, or older than the state that one of those present saw last, is refused, and
   nothing is opened.
3. A line and the new checkpoint are durable before anything is shown.
4. What was torn in the middle of a last line was never acted on: it is set aside, not forgotten.

A log that was cut together with its checkpoint is missed by the next opening of any auditor who saw
it longer: each keeps the last state beside the own key file. Lines from before this form (without
``v``) count as leaves and prove nothing about themselves.
Source: RFC 6962; C2SP tlog-checkpoint; records-and-sync section 3, row 15.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

import msgspec

from central.archive.control import Control
from central.archive.file_lock import alone
from central.archive.layout import Layout
from central.archive.payloads import sync_folder
from central.auditor.opening_lines import GRANTED, Line, parse_line
from central.auditor.refusal import AuditRefusedError
from central.auditor.statements import Agreement, Course, Under, course_of, named
from kiosk.audit.checkpoint import Checkpoint, open_note, parse
from kiosk.audit.tree import Frontier, inclusion_proof, leaf_hash
from kiosk.crypto.canonical import parse_json
from kiosk.crypto.digests import b64u, unb64u
from kiosk.crypto.notes import signature_line
from kiosk.crypto.signing import SigningKey, verify
from kiosk.domain.errors import SignatureInvalidError
from kiosk.domain.ids import KeyId

_BACK: Final = timedelta(minutes=5)


def origin_of(control: Control) -> str:
    """Name of the log."""
    return f"visavis-openings/{control.founding}"


@dataclass(frozen=True, slots=True)
class Seen:
    """The state of the log that an auditor saw last."""

    origin: str
    size: int
    root: str


@dataclass(frozen=True, slots=True)
class _State:
    lines: tuple[bytes, ...]
    parsed: tuple[Line | None, ...]
    frontier: Frontier
    torn: bytes


class OpeningLog:
    """The log while it is held; make it with :func:`held`.

    Attributes:
        checkpoint: newest signed note, or ``""``.
    """

    def __init__(self, layout: Layout, control: Control) -> None:
        self._layout = layout
        self._control = control
        self._state = _read(layout.openings)
        self._course = course_of(self.lines, control)
        # A folder from before there were statements has none that a line could name.
        self._statement = named(control) if layout.control.exists() else ""
        _verify(self._state, self._course)
        self.checkpoint = _read_checkpoint(layout, self._course, self._state)

    @property
    def lines(self) -> tuple[Line, ...]:
        """Every line of this form, oldest first."""
        return tuple(line for line in self._state.parsed if line is not None)

    @property
    def size(self) -> int:
        """Lines, older ones included."""
        return self._state.frontier.size

    @property
    def root(self) -> bytes:
        """Root over all lines, 32 bytes."""
        return self._state.frontier.root()

    @property
    def agreed(self) -> Agreement | None:
        """What the auditors agreed on, and what does not hold yet."""
        return self._course.open

    @property
    def quotas(self) -> tuple[int, int]:
        """Openings an hour and a day at most; of what is agreed on the smaller ones count now."""
        quotas = [(one.per_hour, one.per_day) for one in (self._control, self.agreed) if one]
        return min(hour for hour, _ in quotas), min(day for _, day in quotas)

    @property
    def controls(self) -> tuple[Control, ...]:
        """Every statement that lines were made under, oldest first, and the one in force."""
        return tuple(_controls(self._course))

    def control_of(self, line: Line) -> Control:
        """The statement that a line of this log was made under."""
        older = self.size - len(self.lines)
        return self._course.lines[line.seq - older].control

    def require_not_left_out(self, kids: Sequence[KeyId]) -> None:
        """Raises AuditRefusedError (``keys``) where somebody is no auditor any more."""
        left_out = self._course.open.without if self._course.open else frozenset()
        if left_out & set(kids):
            raise AuditRefusedError("keys", "the auditors agreed to go on without one of you")

    def require_extends(self, seen: Seen | None, whose: str) -> None:
        """Raises AuditRefusedError (``log``) where this is not what ``whose`` saw last, grown."""
        if seen is None:
            return
        tree = Frontier()
        for line in self._state.lines[: seen.size]:
            tree = tree.append(leaf_hash(line))
        if (seen.origin, seen.size, seen.root) != (
            origin_of(self._control),
            tree.size,
            b64u(tree.root()),
        ):
            raise AuditRefusedError("log", f"not the log that {whose} saw last")

    def granted(self, acts: frozenset[str], since: datetime) -> int:
        """Acts of these kinds that were granted since then."""
        return sum(
            line.result == GRANTED and line.act in acts and datetime.fromisoformat(line.at) > since
            for line in self.lines
        )

    def require_unused(self, order_id: str) -> None:
        """Raises AuditRefusedError (``used``) where an order was carried out."""
        if any(line.order_id == order_id and line.result == GRANTED for line in self.lines):
            raise AuditRefusedError("used")

    def require_time(self, now: datetime) -> None:
        """Raises AuditRefusedError (``clock``) where the clock went back behind the last line."""
        if self.lines and now < datetime.fromisoformat(self.lines[-1].at) - _BACK:
            raise AuditRefusedError("clock", "before the last line of the log")

    def append(self, lines: Sequence[Line], signers: Mapping[KeyId, SigningKey]) -> Seen:
        """Write lines and a checkpoint, durably.

        Raises:
            AuditRefusedError: ``log``: it cannot be written; nothing may be opened.
        """
        tree, written, parsed = self._state.frontier, [], []
        for line in lines:
            placed = replace(
                line, seq=tree.size, prev_root=b64u(tree.root()), statement=self._statement
            )
            message = placed.signed_bytes()
            signatures: dict[str, str] = {
                kid: b64u(key.sign(message)) for kid, key in signers.items()
            }
            whole = replace(placed, signatures=signatures)
            data = whole.data()
            written.append(data)
            parsed.append(whole)
            tree = tree.append(leaf_hash(data))
        # What would not be read back is not written.
        course = course_of((*self.lines, *parsed), self._control)
        origin = origin_of(self._control)
        text = Checkpoint(origin, tree.size, tree.root()).text()
        note = f"{text}\n" + "".join(signature_line(text, origin, k) for k in signers.values())
        try:
            self._set_torn_aside()
            _append(self._layout.openings, b"".join(data + b"\n" for data in written))
            replace_file(self._layout.openings_checkpoint, note.encode())
        except OSError as exc:
            raise AuditRefusedError("log", "it cannot be written") from exc
        held = self._state
        self._state = _State((*held.lines, *written), (*held.parsed, *parsed), tree, b"")
        self._course = course
        self.checkpoint = note
        return Seen(origin, tree.size, b64u(tree.root()))

    def proof(self, seq: int) -> tuple[bytes, tuple[str, ...]]:
        """A line as it was written, and its inclusion proof in the log as it is now."""
        hashes = [leaf_hash(line) for line in self._state.lines]
        steps = inclusion_proof(hashes, seq)
        return self._state.lines[seq], tuple(b64u(step) for step in steps)

    def _set_torn_aside(self) -> None:
        torn = self._state.torn
        if torn:
            path = self._layout.openings
            replace_file(path.with_name(f"{path.name}.torn-{self.size}"), torn)
            os.truncate(path, sum(len(line) + 1 for line in self._state.lines))


def _append(path: Path, data: bytes) -> None:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    sync_folder(path.parent)


def replace_file(path: Path, data: bytes) -> None:
    """Put a whole new file in the place of an old one, durably."""
    beside = path.with_name(f".{path.name}.new")
    handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)
    sync_folder(path.parent)


def _read(path: Path) -> _State:
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        data = b""
    except OSError as exc:
        raise AuditRefusedError("log", "it cannot be read") from exc
    *whole, torn = data.split(b"\n")
    tree = Frontier()
    for line in whole:
        tree = tree.append(leaf_hash(line))
    return _State(tuple(whole), tuple(map(parse_line, whole)), tree, torn)


def _verify(state: _State, course: Course) -> None:
    tree, under = Frontier(), iter(course.lines)
    signed = False
    for seq, (data, line) in enumerate(zip(state.lines, state.parsed, strict=True)):
        if line is None and signed:
            raise AuditRefusedError("log", f"line {seq} is not signed")
        if line is not None:
            signed = True
            if (line.seq, line.prev_root) != (seq, b64u(tree.root())):
                raise AuditRefusedError("log", f"line {seq} is out of place")
            if not _signatures_hold(line, next(under)):
                raise AuditRefusedError("log", f"line {seq}: signature")
        tree = tree.append(leaf_hash(data))


def _signatures_hold(line: Line, under: Under) -> bool:
    """Every signature is by an auditor, and there are as many as it takes."""
    message, keys = line.signed_bytes(), under.control.keys
    try:
        good = [
            verify(keys[KeyId(kid)], message, unb64u(signature))
            for kid, signature in line.signatures.items()
        ]
    except (KeyError, ValueError):
        return False
    needed = 2 if len(under.control.auditors) > 1 else 1
    left_out = under.barred & set(line.signatures)
    return all(good) and len(good) >= needed and not left_out


def _read_checkpoint(layout: Layout, course: Course, state: _State) -> str:
    try:
        note = layout.openings_checkpoint.read_text("utf-8")
    except FileNotFoundError:
        # The very first line may have been followed by a power cut.
        if sum(line is not None for line in state.parsed) > 1:
            raise AuditRefusedError("log", "its checkpoint is gone") from None
        return ""
    except (OSError, UnicodeDecodeError) as exc:
        raise AuditRefusedError("log", "its checkpoint cannot be read") from exc
    checkpoint = _opened(note, course)
    tree = Frontier()
    for line in state.lines[: checkpoint.size]:
        tree = tree.append(leaf_hash(line))
    if (tree.size, tree.root()) != (checkpoint.size, checkpoint.root):
        raise AuditRefusedError("log", "it is shorter than its checkpoint, or another")
    return note


def _opened(note: str, course: Course) -> Checkpoint:
    """Signed by whoever was an auditor then: it may be from before the newest statement."""
    origin = origin_of(course.now.control)
    for public in {key for one in _controls(course) for key in one.keys.values()}:
        with contextlib.suppress(SignatureInvalidError):
            return open_note(note, origin, public)
    raise AuditRefusedError("log", "its checkpoint is signed by nobody known")


def _controls(course: Course) -> list[Control]:
    """Every statement of a course, each once."""
    found = list[Control]()
    for under in (*course.lines, course.now):
        if not found or found[-1] is not under.control:
            found.append(under.control)
    return found


@contextlib.contextmanager
def held(layout: Layout, control: Control) -> Iterator[OpeningLog]:
    """The log, verified, and nobody else's as long as the block lasts.

    Raises:
        AuditRefusedError: ``log``.
    """
    with contextlib.ExitStack() as kept:
        try:
            kept.enter_context(alone(layout.openings.with_name(".openings.lock")))
        except OSError as exc:
            raise AuditRefusedError("log", "it cannot be written") from exc
        yield OpeningLog(layout, control)


def seen_beside(key_file: Path) -> Path:
    """Where what an auditor saw last is kept."""
    return key_file.with_name(f"{key_file.name}.seen")


def read_seen(path: Path) -> Seen | None:
    """What an auditor saw last; None where nothing was seen. Raises AuditRefusedError (``log``)."""
    try:
        return msgspec.convert(parse_json(path.read_bytes(), 4096), Seen)
    except FileNotFoundError:
        return None
    except (OSError, ValueError, msgspec.ValidationError) as exc:
        raise AuditRefusedError("log", f"{path.name} is damaged") from exc


def read_state(path: Path) -> Seen:
    """A state of the log that somebody kept: what an auditor saw last, or a checkpoint.

    Whoever kept a checkpoint knows that it is the one; nobody's key is asked for.

    Raises:
        AuditRefusedError: ``log``: the file is not there, or neither.
    """
    try:
        text = path.read_text("utf-8")
        if text.startswith("visavis-openings/"):
            told = parse(text.partition("\n\n")[0] + "\n")
            return Seen(told.origin, told.size, b64u(told.root))
        return msgspec.convert(parse_json(text, 4096), Seen)
    except (OSError, ValueError, msgspec.ValidationError, SignatureInvalidError) as exc:
        raise AuditRefusedError("log", f"{path.name} is no state of a log of openings") from exc


def write_seen(path: Path, seen: Seen) -> None:
    """Note what an auditor saw. Raises AuditRefusedError (``log``)."""
    try:
        replace_file(path, msgspec.json.encode(seen))
    except OSError as exc:
        raise AuditRefusedError("log", f"{path.name} cannot be written") from exc
