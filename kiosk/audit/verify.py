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
    frontier = Frontier()
    problems: list[JournalProblem] = []
    before: Header | None = None
    for seq, entry in enumerate(entries):
        if lost_leaf(entry) is not None:
            # Its hash keeps its place: what comes after it can still be proven.
            problems.append(JournalProblem(seq, LOST))
            frontier, before = frontier.append(entry_leaf(entry)), None
            continue
        try:
            header = open_entry(entry, device_public)
        except AuditError as exc:
            problems.append(JournalProblem(seq, f"{exc.code} {exc.detail}"))
            frontier = frontier.append(entry_leaf(entry.encode("ascii", "replace").decode()))
            before = None
            continue
        found = _entry_problems(header, seq, device_id, frontier.root(), before)
        problems.extend(JournalProblem(seq, what) for what in found)
        frontier = frontier.append(entry_leaf(entry))
        before = header
    root = frontier.root()
    if checkpoint is not None and (checkpoint.size, checkpoint.root) != (frontier.size, root):
        problems.append(JournalProblem(-1, "checkpoint"))
    return JournalReport(frontier.size, root, tuple(problems), frontier)
