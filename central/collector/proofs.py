"""Proofs over a log whose complete subtrees are stored: a few reads each, however long the log is.

Source: RFC 6962 section 2.1; the split of a range is the largest power of two below its size, so
every part of a range is a complete subtree or the right edge.
"""

from __future__ import annotations

from collections.abc import Callable

from kiosk.audit.tree import node_hash

Node = Callable[[int, int], bytes]
"""Hash of the complete subtree at (level, index); level 0 are the leaves."""


class StoredTree:
    """Roots and proofs over stored subtrees; remembers what it read."""

    def __init__(self, node: Node) -> None:
        self._node = node
        self._read: dict[tuple[int, int], bytes] = {}

    def hash_of(self, start: int, end: int) -> bytes:
        """Hash over leaves ``start`` to ``end`` - 1, a range that a split of the tree leads to."""
        size = end - start
        if size & (size - 1) == 0:
            key = (size.bit_length() - 1, start // size)
            if key not in self._read:
                self._read[key] = self._node(*key)
            return self._read[key]
        middle = start + _split(size)
        return node_hash(self.hash_of(start, middle), self.hash_of(middle, end))

    def root(self, size: int) -> bytes:
        """Root of the tree of the first ``size`` leaves, at least one."""
        return self.hash_of(0, size)

    def inclusion(self, index: int, size: int) -> tuple[bytes, ...]:
        """Audit path of leaf ``index`` in the tree of ``size``, nearest sibling first."""
        if not 0 <= index < size:
            raise ValueError("no such leaf")
        proof: list[bytes] = []
        start, end = 0, size
        while end - start > 1:
            middle = start + _split(end - start)
            if index < middle:
                proof.append(self.hash_of(middle, end))
                end = middle
            else:
                proof.append(self.hash_of(start, middle))
                start = middle
        return tuple(reversed(proof))

    def consistency(self, old_size: int, size: int) -> tuple[bytes, ...]:
        """Proof that the tree of ``size`` extends the one of ``old_size``."""
        if not 0 <= old_size <= size:
            raise ValueError("no such tree")
        if old_size in (0, size):
            return ()
        proof: list[bytes] = []
        start, end, old, whole = 0, size, old_size, True
        while old != end - start:
            middle = _split(end - start)
            if old <= middle:
                proof.append(self.hash_of(start + middle, end))
                end = start + middle
            else:
                proof.append(self.hash_of(start, start + middle))
                start += middle
                old -= middle
                whole = False
        if not whole:
            proof.append(self.hash_of(start, end))
        return tuple(reversed(proof))


def _split(size: int) -> int:
    return 1 << (size - 1).bit_length() - 1
