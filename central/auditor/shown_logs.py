"""States of the collector's log that devices say they were shown: each must be one of its own.

Rules, in order: a device writes down the size and the root of the log that it relied on; the log of
today must have passed through that very state, else it was shown one thing and everybody else
another (split view). Sizes are gathered and compared with one walk over the leaves, some tens of
thousands at a time, so that neither memory nor time grows with devices times leaves. Where the root
announced that the log was put back to a backup, states beyond its end, shown under an older policy,
are gone with it: they are counted and compared with nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from central.archive.ledger import Ledger
from central.archive.policy_chain import Policies
from central.archive.rows import DeviceRow
from central.auditor.journals import headers_of
from kiosk.audit.entries import LOG_ROOT_FACT, LOG_SIZE_FACT, Fact, Header
from kiosk.audit.tree import Frontier
from kiosk.crypto.digests import b64u
from kiosk.sync.restorations import Restoration

BATCH = 50_000
"""States that are compared with one walk over the leaves."""


@dataclass(frozen=True, slots=True)
class End:
    """A log that was put back to a backup.

    Attributes:
        version: of the policy that announced it.
        size: leaves that go on.
        restored: the statement.
    """

    version: int
    size: int
    restored: Restoration


def ends_of(policies: Policies) -> tuple[End, ...]:
    """Every end that a policy announced, oldest first, each by the first one that did."""
    found: list[End] = []
    for held in policies.held:
        stated = held.policy.restored[len(found) :]
        found += [End(held.version, one.size, one) for one in stated]
    return tuple(found)


class ShownLogs:
    """Gathers what devices were shown."""

    def __init__(self, ledger: Ledger, ends: Sequence[End] = ()) -> None:
        """Ends: every announced end of a log."""
        self._ledger = ledger
        self._ends = tuple(ends)
        self._behind: dict[str, int] = {}
        self._shown: dict[Fact, Fact] = {}
        self._suspect: set[Fact] = set()

    def feed(self, header: Header) -> None:
        """Take an entry, verified; most say nothing about the log."""
        if LOG_SIZE_FACT not in header.facts or LOG_ROOT_FACT not in header.facts:
            return
        if self._is_behind(header):
            self._behind[header.device_id] = self._behind.get(header.device_id, 0) + 1
            return
        size, root = header.facts[LOG_SIZE_FACT], header.facts[LOG_ROOT_FACT]
        if self._shown.setdefault(size, root) != root:
            self._suspect.add(size)
        if len(self._shown) >= BATCH:
            self._compare()

    def _is_behind(self, header: Header) -> bool:
        """Whether an entry speaks of leaves that were lost when the log was put back."""
        size = header.facts[LOG_SIZE_FACT]
        later = (end.size for end in self._ends if header.policy_v < end.version)
        return isinstance(size, int) and size > min(later, default=size)

    def behind(self, device_id: str) -> int:
        """Entries of a device that rely on leaves beyond an announced end."""
        return self._behind.get(device_id, 0)

    def _compare(self) -> None:
        truth = self._roots(set(self._shown))
        self._suspect |= {size for size, root in self._shown.items() if truth.get(size) != root}
        self._shown.clear()

    def _roots(self, sizes: set[Fact]) -> dict[Fact, Fact]:
        """Roots of the log at these sizes."""
        tree, roots = Frontier(), dict[Fact, Fact]()
        if 0 in sizes:
            roots[0] = b64u(tree.root())
        for leaf in self._ledger.each_leaf_hash():
            tree = tree.append(leaf)
            if tree.size in sizes:
                roots[tree.size] = b64u(tree.root())
        return roots

    def finish(self, devices: Sequence[DeviceRow]) -> dict[str, list[int]]:
        """Entries by device that name a state which the log never had."""
        self._compare()
        if not self._suspect:
            return {}
        truth = self._roots(self._suspect)
        wrong: dict[str, list[int]] = {}
        for device in devices:
            for header in headers_of(self._ledger, device):
                size = header.facts.get(LOG_SIZE_FACT)
                root = header.facts.get(LOG_ROOT_FACT)
                named = LOG_SIZE_FACT in header.facts and LOG_ROOT_FACT in header.facts
                named = named and not self._is_behind(header)
                if named and size in self._suspect and truth.get(size) != root:
                    wrong.setdefault(device.device_id, []).append(header.seq)
        return wrong
