"""A log as a finite set of files: where each lies, and what a bundle of entries looks like.

Rules, in order: a tile holds up to 256 hashes of complete subtrees of one level, 256 leaves of a
level being one hash of the next; one that holds fewer is named by its width; entries lie beside
them, each after its length. Source: C2SP ``tlog-tiles``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

WIDTH = 256
"""Hashes of a full tile, and entries of a full bundle."""
LEVELS = 8
"""Levels of the tree between two levels of tiles."""
MAX_ENTRY_BYTES = 0xFFFF
ENTRIES = "entries"
CHECKPOINT = "checkpoint"
TILES = "tile"
_LENGTH_BYTES = 2


@dataclass(frozen=True, slots=True)
class Tile:
    """One tile, or one bundle of entries.

    Attributes:
        level: of tiles, 0 for leaf hashes; None for a bundle of entries.
        index: place in its level.
        width: hashes or entries in it, 1 to 256.
    """

    level: int | None
    index: int
    width: int = WIDTH

    @property
    def path(self) -> str:
        """Where it lies, below the log's own address."""
        groups, left = [f"{self.index % 1000:03}"], self.index // 1000
        while left:
            groups.insert(0, f"x{left % 1000:03}")
            left //= 1000
        level = ENTRIES if self.level is None else str(self.level)
        end = "" if self.width == WIDTH else f".p/{self.width}"
        return f"{TILES}/{level}/{'/'.join(groups)}{end}"


def tiles_of(size: int, before: int = 0) -> Iterator[Tile]:
    """Tiles of a log of ``size`` leaves that one of its first ``before`` leaves does not have.

    Bundles of entries first, then tiles level by level: whatever a tile speaks of is there before.
    """
    for level in (None, *range((size.bit_length() + LEVELS - 1) // LEVELS)):
        shift = LEVELS * (level or 0)
        count, had = size >> shift, before >> shift
        for index in range(had // WIDTH, (count + WIDTH - 1) // WIDTH):
            width = min(WIDTH, count - index * WIDTH)
            if index * WIDTH + width > had:
                yield Tile(level, index, width)


def bundle_of(entries: Iterable[bytes]) -> bytes:
    """Entries, each behind its length. Raises ValueError for one that is too long."""
    found = bytearray()
    for entry in entries:
        if len(entry) > MAX_ENTRY_BYTES:
            raise ValueError("an entry of a bundle has at most 65,535 bytes")
        found += len(entry).to_bytes(_LENGTH_BYTES, "big") + entry
    return bytes(found)


def cut_bundle(data: bytes) -> tuple[bytes, ...]:
    """Inverse of :func:`bundle_of`. Raises ValueError where it ends in the middle of an entry."""
    found, at = [], 0
    while at < len(data):
        begins = at + _LENGTH_BYTES
        at = begins + int.from_bytes(data[at:begins], "big")
        if at > len(data) or begins > len(data):
            raise ValueError("a bundle that ends in the middle of an entry")
        found.append(data[begins:at])
    return tuple(found)
