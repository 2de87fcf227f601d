"""Proof that a journal is whole: every entry signed, numbered, chained and in order.

Rules, in order, for each entry: the device's signature; the profile; ``device_id`` and ``seq`` as
expected; ``prev_root`` equal to the root of everything before; within one boot the monotonic clock
never goes back. Then, where given, the checkpoint: same size and same root.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from kiosk.audit.checkpoint import Checkpoint
from kiosk.audit.entries import Header, entry_leaf, lost_leaf, open_entry
from kiosk.audit.tree import Frontier
from kiosk.crypto.digests import b64u
from kiosk.domain.errors import AuditError
from kiosk.domain.ids import DeviceId

LOST = "lost"
"""The entry was lost with a damaged page; only its hash is left."""


@dataclass(frozen=True, slots=True)
class JournalProblem:
    """What is wrong, at which entry (-1: the whole)."""

    seq: int
    what: str


@dataclass(frozen=True, slots=True)
class JournalReport:
    """Result of a verification.

    Attributes:
        entries: how many entries were read.
        root: root over all of them.
        problems: empty when the journal is whole.
        frontier: to go on appending.
    """

    entries: int
    root: bytes
    problems: tuple[JournalProblem, ...]
    frontier: Frontier

    @property
    def verified(self) -> bool:
        """Whether nothing is wrong."""
        return not self.problems


def _entry_problems(
    header: Header, seq: int, device_id: DeviceId, root: bytes, before: Header | None
) -> list[str]:
    problems = []
    if header.device_id != device_id:
        problems.append("device")
    if header.seq != seq:
        problems.append("number")
    if header.prev_root != b64u(root):
        problems.append("chain")
    if before and before.boot_id == header.boot_id and header.mono_ms < before.mono_ms:
        problems.append("clock")
    return problems


class JournalCheck:
    """A verification that is fed one entry after the other, however long the journal is."""

    def __init__(self, device_id: DeviceId, device_public: bytes) -> None:
        """Whose journal it claims to be, and the device's raw Ed25519 key."""
        self._device_id = device_id
        self._public = device_public
        self._frontier = Frontier()
        self._before: Header | None = None
        self._problems: list[JournalProblem] = []

    def feed(self, entry: str) -> Header | None:
        """Take the next compact JWS; its header, or None where it cannot be read."""
        seq = self._frontier.size
        if lost_leaf(entry) is not None:
            # Its hash keeps its place: what comes after it can still be proven.
            self._problems.append(JournalProblem(seq, LOST))
            self._frontier, self._before = self._frontier.append(entry_leaf(entry)), None
            return None
        try:
            header = open_entry(entry, self._public)
        except AuditError as exc:
            self._problems.append(JournalProblem(seq, f"{exc.code} {exc.detail}"))
            leaf = entry_leaf(entry.encode("ascii", "replace").decode())
            self._frontier, self._before = self._frontier.append(leaf), None
            return None
        root = self._frontier.root()
        found = _entry_problems(header, seq, self._device_id, root, self._before)
        self._problems.extend(JournalProblem(seq, what) for what in found)
        self._frontier, self._before = self._frontier.append(entry_leaf(entry)), header
        return header

    def report(self, checkpoint: Checkpoint | None = None) -> JournalReport:
        """What was found; ``checkpoint``: a signed statement that the entries must match."""
        root, problems = self._frontier.root(), list(self._problems)
        held = (self._frontier.size, root)
        if checkpoint is not None and (checkpoint.size, checkpoint.root) != held:
            problems.append(JournalProblem(-1, "checkpoint"))
        return JournalReport(self._frontier.size, root, tuple(problems), self._frontier)


def verify_journal(
    entries: Iterable[str],
    device_id: DeviceId,
    device_public: bytes,
    checkpoint: Checkpoint | None = None,
) -> JournalReport:
    """Verify a device's journal from its first entry.

    Args:
        entries: compact JWS, in order from 0.
        device_id: the device whose journal it claims to be.
        device_public: its raw Ed25519 key.
        checkpoint: a signed statement that these entries must match, or None.
    """
    check = JournalCheck(device_id, device_public)
    for entry in entries:
        check.feed(entry)
    return check.report(checkpoint)
