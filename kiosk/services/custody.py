"""Whether everything that the journal announced is still here, or safe elsewhere.

Rules, in order: a record that an entry announces has its row in the outbox; until a verified
receipt let it go, its sealed bytes are here and are the ones that the entry describes, and so are
those of the result that the same entry may announce; a record that was let go has its receipt, or
the mark of one whose time was over; a receipt speaks of the entry that stands in this journal, or
this journal is not the one that was sent. What is missing is told by number and journalled once.
Source: records-and-sync 2.5, and section 3, row 4.
"""

from __future__ import annotations

from dataclasses import dataclass

import msgspec

from kiosk.audit.entries import Header, entry_leaf, open_entry
from kiosk.audit.records import blob_fits
from kiosk.crypto.digests import b64u
from kiosk.domain.errors import AuditError, VaultCorruptError
from kiosk.ports import JournalRow, OutboxRow, Store, UnitOfWork
from kiosk.services.journal import Journal
from kiosk.services.losses import Loss, note_loss
from kiosk.services.receipt_retention import was_let_go
from kiosk.services.receipts_kept import KeptReceipt, kept_name
from kiosk.services.result import result_name, sent_name
from kiosk.sync.results import announced_result

_PAGE_ENTRIES = 2000


@dataclass(frozen=True, slots=True)
class Missing:
    """One record that is not whole, by the number of its entry."""

    seq: int
    loss: Loss


class Custody:
    """Looks after the sealed records of this device."""

    def __init__(self, store: Store, journal: Journal, device_public: bytes) -> None:
        self._store = store
        self._journal = journal
        self._device_public = device_public

    def examine(self, *, bytes_too: bool = True) -> tuple[Missing, ...]:
        """Every record that is not whole.

        Args:
            bytes_too: also hash the sealed bytes that are here; False asks only for rows.
        """
        with self._store.begin() as uow:
            size, rows = uow.journal.size(), {row.seq: row for row in uow.outbox.all()}
        found, to_hash = [], []
        for start in range(0, size, _PAGE_ENTRIES):
            with self._store.begin() as uow:
                page = [e for e in uow.journal.range(start, start + _PAGE_ENTRIES) if e.record_id]
                losses = [(e.seq, self._loss(uow, e, rows.get(e.seq))) for e in page]
            found += [Missing(seq, loss) for seq, loss in losses if loss is not None]
            to_hash += [seq for seq, loss in losses if loss is None and not rows[seq].purged]
        if bytes_too:
            hashed = ((seq, self._loss_of_bytes(seq)) for seq in to_hash)
            found += [Missing(seq, loss) for seq, loss in hashed if loss is not None]
        return tuple(sorted(found, key=lambda missing: missing.seq))

    def note(self, found: tuple[Missing, ...]) -> int:
        """Journal each loss once, with its number; how many were new."""
        new = 0
        for missing in found:
            with self._store.begin() as uow:
                if note_loss(uow, self._journal, missing.seq, missing.loss):
                    uow.commit()
                    new += 1
        return new

    def _loss(self, uow: UnitOfWork, entry: JournalRow, row: OutboxRow | None) -> Loss | None:
        stored = uow.values.get(kept_name(entry.seq))
        if stored is not None and not _speaks_of(stored, entry):
            return Loss.HISTORY
        if row is None:
            return Loss.ROW
        lost = row.purged and stored is None and not was_let_go(uow, entry.seq)
        return Loss.RECEIPT if lost else None

    def _loss_of_bytes(self, seq: int) -> Loss | None:
        """In a unit of work of its own: one that met a damaged page reads nothing more."""
        blob: bytes | None = None
        try:
            with self._store.begin() as uow:
                entry, blob = uow.journal.get(seq), uow.blobs.get(seq)
            header = None if entry is None else open_entry(entry.jws, self._device_public)
        except VaultCorruptError:
            return Loss.ALTERED
        except AuditError:
            header = None
        if header is None:
            # The entry itself is not this device's word; the verification of the journal names it.
            return None
        if blob is None:
            return Loss.BLOB
        if not blob_fits(blob, header):
            return Loss.ALTERED
        return None if self._result_fits(header) else Loss.RESULT

    def _result_fits(self, header: Header) -> bool:
        """Whether the result that an entry announces is here, or was taken elsewhere."""
        try:
            announced = announced_result(header)
        except ValueError:
            return False
        if announced is None:
            return True
        with self._store.begin() as uow:
            kept = uow.values.get(result_name(header.seq))
            sent = uow.values.get(sent_name(header.seq)) is not None
        return announced.fits(kept) or (kept is None and sent)


def _speaks_of(stored: bytes, entry: JournalRow) -> bool:
    """Whether a receipt that was verified once is about the entry that stands here now."""
    try:
        leaf = msgspec.json.decode(stored, type=KeptReceipt).item.leaf
    except msgspec.DecodeError:
        return False
    return leaf is not None and leaf.entry == b64u(entry_leaf(entry.jws))
