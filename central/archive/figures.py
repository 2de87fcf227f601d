"""How much the collector holds, counted in one consistent state."""

from __future__ import annotations

from dataclasses import dataclass

from central.archive.ledger import Ledger
from central.archive.schema import forks, sealed
from kiosk.sync.receipts import ReceiptState


@dataclass(frozen=True, slots=True)
class Figures:
    """State of the stores.

    Attributes:
        devices: enrolled.
        quarantined: of which two histories are known.
        entries: journal entries held.
        records: sealed records held.
        missing: announced records that have not arrived.
        unsequenced: records that wait for their leaf in the log.
        leaves: of the log.
        forks: entries of second histories.
    """

    devices: int
    quarantined: int
    entries: int
    records: int
    missing: int
    unsequenced: int
    leaves: int
    forks: int


def figures_of(ledger: Ledger) -> Figures:
    """Sum what each device's row counts already; nobody walks through journals and records."""
    sums, log = ledger.fleet.sums(), ledger.log()
    return Figures(
        devices=sums["devices"],
        quarantined=sums["quarantined"],
        entries=ledger.journal_entries(),
        records=sums["received"],
        missing=sums["missing"],
        unsequenced=ledger.count(sealed, sealed.c.state == ReceiptState.LOGGED),
        leaves=0 if log is None else log.size,
        forks=ledger.count(forks),
    )
