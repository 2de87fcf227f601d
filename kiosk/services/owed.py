"""What this device still owes the central side, or waits to hear of: told from the vault alone.

Rules, in order: entries that the central side has not said it holds; records that may travel by
themselves, and those that travelled and of which no receipt came; addresses that were deferred.
What waits for a person's word, or was set apart, is owed by nobody here.
"""

from __future__ import annotations

from dataclasses import dataclass

from kiosk.ports import OutboxState, UnitOfWork
from kiosk.services.journal_upload import ACKNOWLEDGED
from kiosk.services.later_contacts import LATER_PREFIX
from kiosk.sync.outbox import goes_by_itself


@dataclass(frozen=True, slots=True)
class Owed:
    """What a delivery could bring on; false where there is nothing of it.

    Attributes:
        entries: size of the journal where the central side lacks some of it, else 0.
        records: entries of records to be sent or whose receipt is awaited.
        addresses: envelopes of deferred addresses.
    """

    entries: int = 0
    records: frozenset[int] = frozenset()
    addresses: frozenset[str] = frozenset()

    def __bool__(self) -> bool:
        return self != Owed()


def owed_by(uow: UnitOfWork, *, metered: bool) -> Owed:
    """What stands in the vault now.

    Args:
        uow: an open unit of work, only read.
        metered: each byte of the link costs: big records wait for a person's word.
    """
    size = uow.journal.size()
    records = frozenset(
        row.seq
        for row in uow.outbox.unsettled()
        if row.state is OutboxState.UNCONFIRMED
        or (
            row.state in (OutboxState.WAITING, OutboxState.SENDING)
            and goes_by_itself(row, metered=metered)
        )
    )
    return Owed(
        entries=size if size > int(uow.values.get(ACKNOWLEDGED) or b"0") else 0,
        records=records,
        addresses=frozenset(uow.values.names(LATER_PREFIX)),
    )
