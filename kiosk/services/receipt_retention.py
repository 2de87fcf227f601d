"""Receipts go when the policy says so: the proof that a record is safe elsewhere has its time.

Rules, in order:

1. Only the receipt of a record that was let go here; while sealed bytes are here, their proof is.
2. Its age is told by the collector's time in the receipt, and today by signed time: a wrong clock
   of this device neither hastens nor delays it.
3. What went leaves a mark, so that its absence is no loss (:mod:`.custody`), and each day one entry
   that says how many. Entries of the journal stay for the life of the device: each proves the next.
4. A receipt that a restore of the collector's log made void is evidence and no proof. It goes by
   the same age, but never before the receipt whose very bytes it declares void: that one would
   count again.

Source: records-and-sync 2.4 and 2.5.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Final

import msgspec

from kiosk.audit.entries import EntryKind, Fact
from kiosk.ports import Store, UnitOfWork
from kiosk.services.journal import Journal
from kiosk.services.receipts_kept import RECEIPT_PREFIX, VOID_PREFIX, KeptReceipt, kept_name

LET_GO_PREFIX: Final = "central/receipt-let-go/"
"""Marks of receipts that went; :mod:`kiosk.vault.salvage` knows the name too."""
_LOOKED: Final = "central/receipts-looked"
_BATCH: Final = 500


class ReceiptRetention:
    """Lets old receipts go, once a day."""

    def __init__(self, store: Store, journal: Journal, days: Callable[[], int]) -> None:
        """Days: of the policy in force."""
        self._store = store
        self._journal = journal
        self._days = days

    def run(self, day: date) -> int:
        """Let go what is older than the policy says; how many. Asked twice a day, it looks once.

        Args:
            day: today at the office, by signed time.

        Raises:
            VaultError: some went; each of them has its mark.
        """
        days = self._days()
        looked = f"{day.isoformat()} {days}".encode("ascii")
        with self._store.begin() as uow:
            if uow.values.get(_LOOKED) == looked:
                return 0
            names = uow.values.names(RECEIPT_PREFIX)
        gone, oldest = 0, day - timedelta(days=days)
        for start in range(0, len(names), _BATCH):
            gone += self._let_go(names[start : start + _BATCH], oldest)
        with self._store.begin() as uow:
            for name in uow.values.names(VOID_PREFIX):
                if _is_old_evidence(uow, name, oldest):
                    uow.values.delete(name)
            uow.values.put(_LOOKED, looked)
            uow.commit()
        return gone

    def _let_go(self, names: tuple[str, ...], oldest: date) -> int:
        """Those of ``names`` that were received before ``oldest``, in one unit of work."""
        with self._store.begin() as uow:
            due = [name for name in names if _is_due(uow, name, oldest)]
            if not due:
                return 0
            for name in due:
                uow.values.delete(name)
                uow.values.put(LET_GO_PREFIX + name.removeprefix(RECEIPT_PREFIX), b"")
            facts: dict[str, Fact] = {
                "count": len(due),
                "first": _seq(due[0]),
                "last": _seq(due[-1]),
            }
            self._journal.append(uow, EntryKind.RECEIPTS_PURGED, facts)
            uow.commit()
        return len(due)


def was_let_go(uow: UnitOfWork, seq: int) -> bool:
    """Whether the receipt of this record went because its time was over."""
    return uow.values.get(f"{LET_GO_PREFIX}{seq:012d}") is not None


def let_go(uow: UnitOfWork) -> frozenset[int]:
    """Numbers of all records whose receipts went because their time was over."""
    names = uow.values.names(LET_GO_PREFIX)
    return frozenset(int(name.removeprefix(LET_GO_PREFIX)) for name in names)


def _seq(name: str) -> int:
    return int(name.removeprefix(RECEIPT_PREFIX))


def _is_due(uow: UnitOfWork, name: str, oldest: date) -> bool:
    """What cannot be read is not due: custody names it."""
    row, stored = uow.outbox.get(_seq(name)), uow.values.get(name)
    if row is None or not row.purged or stored is None:
        return False
    return _received_before(stored, oldest)


def _is_old_evidence(uow: UnitOfWork, name: str, oldest: date) -> bool:
    """Whether a void receipt has had its time, and nothing is left that it declares void."""
    stored = uow.values.get(name)
    seq = name.removeprefix(VOID_PREFIX).partition("/")[0]
    if stored is None or not seq.isdecimal() or uow.values.get(kept_name(int(seq))) == stored:
        return False
    return _received_before(stored, oldest)


def _received_before(stored: bytes, oldest: date) -> bool:
    try:
        leaf = msgspec.json.decode(stored, type=KeptReceipt).item.leaf
        received = None if leaf is None else datetime.fromisoformat(leaf.received_at)
    except (msgspec.DecodeError, ValueError):
        return False
    return received is not None and received.astimezone().date() < oldest
