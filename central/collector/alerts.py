"""Alerts of the devices: suspected frauds that a policy has them tell, without anything personal.

An alert is a journal entry. It names device, office, case and time; what was suspected, and of
whom, is sealed in the record of that case, which only the auditor opens.
"""

from dataclasses import dataclass

from central.archive.ledger import Ledger
from kiosk.audit.entries import EntryKind, lost_leaf, open_entry
from kiosk.domain.ids import DeviceId, OfficeId


@dataclass(frozen=True, slots=True)
class Alert:
    """One alert.

    Attributes:
        device_id: that told it.
        office_id: where it works.
        seq: its entry.
        case_id: of the act.
        at: device time as claimed, ISO 8601 UTC.
    """

    device_id: DeviceId
    office_id: OfficeId
    seq: int
    case_id: str
    at: str


def alerts(ledger: Ledger) -> tuple[Alert, ...]:
    """Every alert, by device, oldest first; each by an entry whose signature holds."""
    found = []
    for device in ledger.devices():
        for row in ledger.entries(device.device_id, 0, device.size):
            if lost_leaf(row.jws) is not None:
                # Of an entry that the device lost only the hash is left; an alarm says so.
                continue
            header = open_entry(row.jws, device.public_key)
            if header.kind is EntryKind.FRAUD_ALERT:
                case = str(header.facts.get("case", ""))
                at = header.wall_claimed
                found.append(Alert(device.device_id, device.office_id, row.seq, case, at))
    return tuple(found)
