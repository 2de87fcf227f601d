"""Visits counted by the chip: an older image of the disk gives itself away, whole machine or not.

Rules, in order:

1. The entry that opens a visit says which count it is, and the chip counts once that entry is
   durable: a power cut between the two costs a count and never makes one too many.
2. So a chip that counted further than the journal tells can only mean that entries are gone: the
   journal was put back. The device says so itself at its start, once; an auditor finds the hole in
   the counts.
3. Where there is no chip that answers, nothing is counted and nobody is kept from working; that it
   fell silent is seen in the entries.

Source: records-and-sync 2.3, layer (a); section 3, row 4.
"""

from __future__ import annotations

from typing import Final

from kiosk.audit.entries import CHIP_FACT, EntryKind, Fact
from kiosk.ports import ChipCounter, Store, UnitOfWork
from kiosk.services.journal import Journal

_COUNT: Final = "chip/count"
"""The last count that an entry here tells of."""


class NoChip:
    """A machine without a chip that counts (:class:`kiosk.ports.ChipCounter`)."""

    def read(self) -> int | None:
        """None."""
        return None

    def advance(self) -> None:
        """Nothing happens."""


class ChipCount:
    """Counts the visits of a device by its chip. Called in the vault's thread."""

    def __init__(self, counter: ChipCounter) -> None:
        self._counter = counter

    def check(self, store: Store, journal: Journal) -> bool:
        """Compare; False, and a ``restore_detected`` entry, where the journal was put back."""
        counted = self._counter.read()
        if counted is None:
            return True
        with store.begin() as uow:
            told = _told(uow)
            if told is None or counted <= told:
                return True
            facts: dict[str, Fact] = {"here": told, "chip": counted}
            journal.append(uow, EntryKind.RESTORE_DETECTED, facts)
            # Told once: from here on the journal that says so is the one to hold on to.
            uow.values.put(_COUNT, str(counted).encode("ascii"))
            uow.commit()
        return False

    def facts(self, uow: UnitOfWork) -> dict[str, Fact]:
        """What the entry of the next visit says, inside ``uow``; the caller commits."""
        counted = self._counter.read()
        if counted is None:
            return {}
        uow.values.put(_COUNT, str(counted + 1).encode("ascii"))
        return {CHIP_FACT: counted + 1}

    def durable(self, facts: dict[str, Fact]) -> None:
        """That entry is durable: the chip counts it."""
        if facts:
            self._counter.advance()


NO_CHIP: Final = ChipCount(NoChip())


def _told(uow: UnitOfWork) -> int | None:
    kept = uow.values.get(_COUNT)
    return None if kept is None else int(kept)
