"""The code of the customer's sheet, read from the journal of the device that sealed a result.

Rules, in order: the code is that of the journal which ends with the entry that announces the
result, as the sheet bears it; the root comes from the next entry, which the device signed over it,
and of the newest entry from the state that was held against the device's own checkpoint; where the
journal here has no such entry, another one in its place, or a lost one, there is no code: none is
better than one of another history.
Source: records-and-sync 2.3 (c), RFC 6962.
"""

from __future__ import annotations

from typing import Final

from central.archive.ledger import Ledger
from central.archive.result_rows import ResultRow
from central.archive.rows import DeviceRow
from kiosk.audit.checkpoint import slip_code
from kiosk.audit.entries import Header, lost_leaf, open_entry
from kiosk.audit.tree import Frontier, frontier_of
from kiosk.crypto.digests import unb64u
from kiosk.domain.errors import AuditError
from kiosk.domain.ids import DeviceId
from kiosk.sync.results import announced_result

_PAGE: Final = 1024


def slip_of(ledger: Ledger, row: ResultRow) -> str:
    """Eight characters, or "" where the journal does not hold the entry of this result."""
    device = ledger.device(row.device_id)
    if device is None or not _announces(_header(ledger, device, row.seq), row):
        return ""
    root = _root_after(ledger, device, row.seq)
    return "" if root is None else slip_code(root)


def _announces(header: Header | None, row: ResultRow) -> bool:
    if header is None or header.record_id != row.record_id:
        return False
    try:
        announced = announced_result(header)
    except ValueError:
        return False
    return announced is not None and announced.sha256 == row.digest


def _header(ledger: Ledger, device: DeviceRow, seq: int) -> Header | None:
    """What the device signed as its entry ``seq``, None where that is not here."""
    entry = ledger.entry(device.device_id, seq)
    try:
        header = None if entry is None else open_entry(entry.jws, device.public_key)
    except AuditError:
        return None
    stated = header is not None and (header.device_id, header.seq) == (device.device_id, seq)
    return header if stated else None


def _root_after(ledger: Ledger, device: DeviceRow, seq: int) -> bytes | None:
    """Root of the journal that ends with entry ``seq``."""
    if device.size == seq + 1:
        return Frontier(device.size, device.frontier).root()
    following = ledger.entry(device.device_id, seq + 1)
    if following is not None and lost_leaf(following.jws) is not None:
        return _counted(ledger, device.device_id, seq + 1)
    header = _header(ledger, device, seq + 1)
    return None if header is None else unb64u(header.prev_root)


def _counted(ledger: Ledger, device_id: DeviceId, size: int) -> bytes | None:
    """The root, leaf by leaf: the entry that would say it is lost, and its hash only is here."""
    leaves = [
        row.leaf
        for start in range(0, size, _PAGE)
        for row in ledger.entries(device_id, start, min(size, start + _PAGE))
    ]
    return frontier_of(leaves).root() if len(leaves) == size else None
