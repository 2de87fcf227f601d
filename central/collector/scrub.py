"""Reads stored payloads again, and has what is damaged sent again.

Rules, in order: a payload is hashed against its own name, which its row holds; what was erased by
order is left alone; where most of what is looked at is missing nothing is noted, because then it is
the store that is missing; once a damage is noted no receipt speaks of the record, and its device is
told that it is missing here; a payload that comes again closes the note. A whole payload must also
be the one that the device's signed entry announces and, once it has a receipt, the one that the log
says: where a row says otherwise it was altered, which no device can mend. Newest first: those may
still be on their devices.
Source: records-and-sync 2.9 (the nightly audit).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import compress

from msgspec import ValidationError, convert

from central.archive.damage_rows import DamageRow
from central.archive.database import Database
from central.archive.layout import FolderError
from central.archive.payloads import Payloads, PayloadState, payload_name
from central.archive.rows import KeptRow
from kiosk.audit.entries import entry_leaf, open_entry
from kiosk.audit.tree import leaf_hash
from kiosk.crypto.canonical import parse_json
from kiosk.crypto.digests import b64u
from kiosk.domain.errors import AuditError
from kiosk.sync.messages import ReceiptLeaf
from kiosk.sync.receipts import ReceiptState

ALARM = "damaged-payload"
_PAGE = 500
_FEW = 20
"""Up to so many that are missing are taken for what they are."""

Told = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class ScrubReport:
    """What was found.

    Attributes:
        checked: payloads that were read.
        found: damages that were not known before.
        open: damages that wait for their record to come again, those included.
        contradicted: device and entry of whole payloads that are not what the device signed, or not
            what the log says: the auditors have to look.
    """

    checked: int
    found: tuple[DamageRow, ...]
    open: tuple[DamageRow, ...]
    contradicted: tuple[tuple[str, int], ...] = ()


class Scrub:
    """Looks after the payloads of one central side."""

    def __init__(self, database: Database, payloads: Payloads) -> None:
        self._database = database
        self._payloads = payloads

    def run(
        self, now: datetime, recent: timedelta | None, sample: int = 0, told: Told | None = None
    ) -> ScrubReport:
        """Check payloads.

        Args:
            now: aware UTC.
            recent: everything that arrived since then; None: everything there is.
            sample: so many older ones beside, drawn by chance.
            told: called with the number checked so far.

        Raises:
            FolderError: most of them are missing: the store itself is not there.
            OSError: the store does not answer.
        """
        self._payloads.require()
        checked, found, contradicted = 0, list[DamageRow](), list[tuple[str, int]]()
        for row in self._chosen(now, recent, sample):
            name = payload_name(row.device_id, row.seq, row.payload_sha256)
            state = self._payloads.state(name)
            checked += 1
            if state is not PayloadState.WHOLE:
                at = now.isoformat(timespec="seconds")
                found.append(DamageRow(row.device_id, row.seq, state, at))
            elif not self._as_signed(row):
                contradicted.append((row.device_id, row.seq))
            if told is not None and checked % _PAGE == 0:
                told(checked)
        missing = sum(row.what == PayloadState.MISSING for row in found)
        if missing > max(_FEW, checked // 2):
            raise FolderError(f"{missing} of {checked} payloads are missing: is the store there?")
        fresh = tuple(row for row in found if self._note(row))
        return ScrubReport(checked, fresh, self._open(), tuple(contradicted))

    def _as_signed(self, row: KeptRow) -> bool:
        """Whether a row says what the device's entry and the leaf of the receipt say."""
        with self._database.reading() as ledger:
            found = ledger.announced(row.device_id, row.seq)
            leaf = ledger.leaf(row.device_id, row.seq)
        if found is None or found.held is None:
            return False
        try:
            announced = open_entry(found.jws, found.public_key)
            told = None if leaf is None else convert(parse_json(leaf.data), ReceiptLeaf)
        except (AuditError, ValidationError, ValueError):
            return False
        if announced.payload_sha256 != b64u(row.payload_sha256):
            return False
        if leaf is None or told is None:
            return found.held.state != ReceiptState.STORED
        named = (told.device, told.seq, told.entry, told.blob)
        entry, blob = b64u(entry_leaf(found.jws)), b64u(found.held.blob_sha256)
        same = named == (row.device_id, row.seq, entry, blob)
        return same and leaf_hash(leaf.data) == leaf.hash

    def _chosen(self, now: datetime, recent: timedelta | None, sample: int) -> Iterator[KeptRow]:
        since = "" if recent is None else (now - recent).isoformat(timespec="milliseconds")
        last: KeptRow | None = None
        while page := self._page(since, last):
            yield from page
            last = page[-1]
        if sample:
            with self._database.reading() as ledger:
                drawn = ledger.kept_drawn(since, sample)
            yield from drawn

    def _page(self, since: str, last: KeptRow | None) -> tuple[KeptRow, ...]:
        with self._database.reading() as ledger:
            return ledger.kept_page(since, last, _PAGE)

    def _open(self) -> tuple[DamageRow, ...]:
        with self._database.reading() as ledger:
            waiting = [row for row in ledger.damages.every() if row.mended_at is None]
            held = [ledger.sealed(row.device_id, row.seq) for row in waiting]
        # One that was erased since need not come again.
        kept = (one is not None and one.header is not None for one in held)
        return tuple(compress(waiting, kept))

    def _note(self, row: DamageRow) -> bool:
        with self._database.writing(row.device_id) as ledger:
            held = ledger.sealed(row.device_id, row.seq)
            if held is None or held.header is None or not ledger.damages.note(row):
                return False
            ledger.fleet.add_alarm(row.device_id, ALARM, row.seq, row.found_at)
        return True
