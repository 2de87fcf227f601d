"""Reads journals a page at a time, so that a long history needs no more memory than a short one."""

from __future__ import annotations

from collections.abc import Iterator

from central.archive.ledger import Ledger
from central.archive.rows import DeviceRow, EntryRow
from kiosk.audit.entries import Header, lost_leaf, open_entry
from kiosk.domain.errors import AuditError

PAGE = 1000


def rows_of(ledger: Ledger, device: DeviceRow) -> Iterator[EntryRow]:
    """Every entry of a device, in order."""
    for page in pages_of(ledger, device):
        yield from page


def pages_of(ledger: Ledger, device: DeviceRow) -> Iterator[tuple[EntryRow, ...]]:
    """The same, a page at a time."""
    at: int | None = 0
    while at is not None:
        while page := ledger.entries(device.device_id, at, at + PAGE):
            yield page
            at = page[-1].seq + 1
        # Past a gap of a whole page there may still be entries: somebody deleted what lay between.
        at = ledger.next_entry(device.device_id, at)


class HeadersOf:
    """The headers of a device's journal, each verified; ``unreadable`` counts those that are not.

    May be gone through once.
    """

    def __init__(self, ledger: Ledger, device: DeviceRow) -> None:
        self._rows = rows_of(ledger, device)
        self._public = device.public_key
        self.unreadable = 0

    def __iter__(self) -> Iterator[Header]:
        for row in self._rows:
            if lost_leaf(row.jws) is not None:
                continue
            try:
                yield open_entry(row.jws, self._public)
            except AuditError:
                self.unreadable += 1


def headers_of(ledger: Ledger, device: DeviceRow) -> HeadersOf:
    """See :class:`HeadersOf`."""
    return HeadersOf(ledger, device)
