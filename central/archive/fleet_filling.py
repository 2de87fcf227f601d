"""Counts once what a database held before the tables of the fleet were there.

Rules, in order: whoever serves calls this first, so that every device has its rows; a batch is one
transaction that keeps the writers of its devices out, so that nothing is counted twice or not at
all; a second call finds nothing to do.
"""

from __future__ import annotations

from typing import Final

from central.archive.database import Database
from central.archive.fleet_rows import Arrived
from central.archive.ledger import Ledger
from central.archive.rows import DeviceRow
from kiosk.audit.entries import Header, lost_leaf, open_entry
from kiosk.sync.receipts import ReceiptState

_BATCH: Final = 200
_PAGE: Final = 1000


def fill(database: Database, now: str) -> int:
    """Count every device that was not counted yet; how many that were.

    Args:
        database: to change.
        now: server time, ISO 8601 UTC.
    """
    done = 0
    while True:
        with database.reading() as ledger:
            waiting = ledger.fleet.uncounted(_BATCH)
        if not waiting:
            return done
        with database.writing("fleet", local=True) as ledger:
            ledger.lock(str(device_id) for device_id in waiting)
            for device_id in waiting:
                device = ledger.device(device_id)
                if device is not None and not ledger.fleet.is_counted(device_id):
                    _count(ledger, device, now)
                    done += 1


def _count(ledger: Ledger, device: DeviceRow, now: str) -> None:
    """Count one device, page by page of its journal."""
    fleet, name = ledger.fleet, device.device_id
    fleet.add_device(name, device.office_id, device.enrolled_at)
    fleet.set_device(name, device.office_id, quarantined=device.quarantined)
    for alarm in ledger.alarms(name):
        fleet.add_alarm(name, alarm.kind, alarm.seq, alarm.raised_at)
    for start in range(0, device.size, _PAGE):
        rows = ledger.entries(name, start, start + _PAGE)
        fleet.announced(name, sum(row.record_id is not None for row in rows))
        headers = [
            open_entry(row.jws, device.public_key) for row in rows if lost_leaf(row.jws) is None
        ]
        # No time of arrival is known of them: they count as told now.
        fleet.told(name, headers, now)
        for header in headers:
            _count_record(ledger, header)


def _count_record(ledger: Ledger, header: Header) -> None:
    if header.record_id is None:
        return
    row = ledger.sealed(header.device_id, header.seq)
    if row is not None:
        size = header.payload_len + len(row.header or b"")
        held_back = row.state == ReceiptState.QUARANTINED
        ledger.fleet.received((Arrived(header.device_id, size, held_back),))
