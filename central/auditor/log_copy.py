"""Verifies a published copy of the log (C2SP ``tlog-tiles``), with nothing but the log's key.

Rules, in order: the checkpoint is signed by a key that was given, for the log that this key names,
and cosigned by as many of the given witnesses as asked for; every entry hashes to its place in the
lowest tiles, every complete tile to its place in those above, and all of them to the root that was
signed; a state of before, where one is given, is the beginning of it.
Source: records-and-sync 2.9.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from kiosk.audit.tiles import CHECKPOINT, WIDTH, Tile, cut_bundle, tiles_of
from kiosk.audit.tree import EMPTY_ROOT, Frontier, frontier_of, leaf_hash
from kiosk.audit.witnesses import NO_QUORUM, Quorum
from kiosk.domain.errors import SignatureInvalidError
from kiosk.sync.receipts import LogKey, open_seen

_MOST_TOLD = 20


@dataclass(frozen=True, slots=True)
class CopyReport:
    """What was found.

    Attributes:
        size: leaves that the checkpoint speaks of.
        problems: everything that does not hold, in words; at most a few dozen.
    """

    size: int
    problems: tuple[str, ...]


def verify_copy(
    folder: Path, log: LogKey, quorum: Quorum = NO_QUORUM, seen: Sequence[str] = ()
) -> CopyReport:
    """Verify the copy in a folder.

    Args:
        folder: where it lies.
        log: name and keys of the log, obtained elsewhere.
        quorum: witnesses that must have cosigned its newest state.
        seen: checkpoints of this log that were kept before.
    """
    try:
        note = (folder / CHECKPOINT).read_text("utf-8", "replace")
        shown = open_seen(note, log)
    except OSError:
        return CopyReport(0, ("checkpoint: none",))
    except SignatureInvalidError:
        return CopyReport(0, ("checkpoint: not signed by this log",))
    states, foreign = _states_of(seen, log)
    look = _Look(folder, states)
    if not quorum.met_by(note):
        look.problems.append(f"checkpoint: fewer than {quorum.needed} of these witnesses")
    root = look.through(shown.size)
    if root != shown.root:
        look.problems.append("the leaves are not the ones that were signed")
    for size in sorted(look.states):
        if size > shown.size:
            look.problems.append(f"a state of {size} leaves was signed, and {shown.size} are here")
    if foreign:
        look.problems.append("a checkpoint that was kept is not of this log")
    return CopyReport(shown.size, tuple(look.problems[:_MOST_TOLD]))


def _states_of(seen: Sequence[str], log: LogKey) -> tuple[dict[int, set[bytes]], bool]:
    """Roots that were signed, by size: of one size there may be two. And whether any is foreign."""
    found: dict[int, set[bytes]] = {}
    foreign = False
    for note in seen:
        try:
            checkpoint = open_seen(note, log)
        except SignatureInvalidError:
            foreign = True
        else:
            found.setdefault(checkpoint.size, set()).add(checkpoint.root)
    return found, foreign


class _Look:
    """Goes through a copy once, a bundle at a time."""

    def __init__(self, folder: Path, states: dict[int, set[bytes]]) -> None:
        self._folder = folder
        self.states = states
        self.problems: list[str] = []

    def through(self, size: int) -> bytes:
        """The root of the leaves as they lie here."""
        tree = Frontier()
        self._compare(tree)
        above: list[list[bytes]] = []
        for bundle in (tile for tile in tiles_of(size) if tile.level is None):
            if len(self.problems) >= _MOST_TOLD:
                break  # whatever is signed, nobody looks for a thousand million files in vain
            hashes = [leaf_hash(entry) for entry in self._entries(bundle)]
            self._hold(Tile(0, bundle.index, bundle.width), hashes, above, 0)
            for hashed in hashes:
                tree = tree.append(hashed)
                self._compare(tree)
        for level, hashes in enumerate(above[1:], 1):
            if len(hashes) % WIDTH:
                width = len(hashes) % WIDTH
                self._require(Tile(level, len(hashes) // WIDTH, width), hashes[-width:])
        return tree.root() if tree.size else EMPTY_ROOT

    def _hold(self, tile: Tile, hashes: list[bytes], above: list[list[bytes]], level: int) -> None:
        """A tile as it must be; a complete one adds its hash to the level above."""
        while len(above) <= level + 1:
            above.append([])
        self._require(tile, hashes)
        if tile.width == WIDTH and len(hashes) == WIDTH:
            upper = above[level + 1]
            upper.append(frontier_of(hashes).root())
            if len(upper) % WIDTH == 0:
                index = len(upper) // WIDTH - 1
                self._hold(Tile(level + 1, index), upper[-WIDTH:], above, level + 1)

    def _entries(self, bundle: Tile) -> tuple[bytes, ...]:
        try:
            entries = cut_bundle((self._folder / bundle.path).read_bytes())
        except OSError:
            self.problems.append(f"{bundle.path}: not here")
            return ()
        except ValueError:
            self.problems.append(f"{bundle.path}: cut")
            return ()
        if len(entries) != bundle.width:
            self.problems.append(f"{bundle.path}: {len(entries)} entries")
        return entries

    def _require(self, tile: Tile, hashes: list[bytes]) -> None:
        try:
            if (self._folder / tile.path).read_bytes() != b"".join(hashes):
                self.problems.append(f"{tile.path}: other hashes")
        except OSError:
            self.problems.append(f"{tile.path}: not here")

    def _compare(self, tree: Frontier) -> None:
        named = self.states.get(tree.size)
        if named and named != {tree.root()}:
            self.problems.append(f"another history was signed before, at {tree.size} leaves")
