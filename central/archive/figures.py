"""How much the collector holds, counted in one consistent state."""

from __future__ import annotations

from dataclasses import dataclass

from central.archive.ledger import Ledger
from central.archive.schema import devices, entries, forks, log_leaves, sealed
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
    """Count."""
    records = ledger.count(sealed)
    return Figures(
        devices=ledger.count(devices),
        quarantined=ledger.count(devices, devices.c.quarantined != 0),
        entries=ledger.count(entries),
        records=records,
        missing=ledger.announced() - records,
        unsequenced=ledger.count(sealed, sealed.c.state == ReceiptState.LOGGED),
        leaves=ledger.count(log_leaves),
        forks=ledger.count(forks),
    )
