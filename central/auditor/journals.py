"""Reads journals a page at a time, so that a long history needs no more memory than a short one."""

from __future__ import annotations

from collections.abc import Container, Iterator
from contextlib import suppress

from central.archive.ledger import Ledger
from central.archive.rows import DeviceRow, EntryRow
from kiosk.audit.entries import EntryKind, Header, lost_leaf, open_entry
from kiosk.crypto.canonical import parse_json
from kiosk.crypto.digests import unb64u
from kiosk.domain.errors import AuditError

PAGE = 1000
_CLOSE = EntryKind.VERIFY_CLOSE.value.encode()


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


class ClosingsOf:
    """Headers of a device's closing entries about some requests, each verified.

    Looked at cheaply first: what names none of them is not verified.
    """

    def __init__(self, ledger: Ledger, device: DeviceRow, requests: Container[str]) -> None:
        self._rows = rows_of(ledger, device)
        self._public = device.public_key
        self._requests = requests

    def __iter__(self) -> Iterator[Header]:
        for row in self._rows:
            if lost_leaf(row.jws) is None and _request_of(row.jws) in self._requests:
                # One that does not verify was counted when the whole journal was read.
                with suppress(AuditError):
                    yield open_entry(row.jws, self._public)


def _request_of(jws: str) -> str:
    """The request that an entry says it ended, nothing verified; ``""`` where it names none."""
    try:
        payload = unb64u(jws.split(".")[1])
        if _CLOSE not in payload:
            return ""
        told = parse_json(payload)["facts"].get("request", "")
    except (ValueError, LookupError, TypeError, AttributeError):
        return ""
    return told if isinstance(told, str) else ""


def headers_of(ledger: Ledger, device: DeviceRow) -> HeadersOf:
    """See :class:`HeadersOf`."""
    return HeadersOf(ledger, device)
