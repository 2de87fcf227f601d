"""Fetches receipts, verifies them, and only then lets a sealed record go.

Rules, in order: the collector's log must extend the one seen before; enough witnesses must have
cosigned it, where the policy names some; a receipt must prove exactly what was sent; proof and
state are stored together; the kept receipt is held against the witnesses of the policy in force
once more before anything is deleted, and one that falls short is fetched again; the blob is
deleted, the outbox row closed and the deletion journalled in one unit of work. A receipt that
proves nothing deletes nothing.
Source: records-and-sync 2.5, 2.8.
"""

from __future__ import annotations

from datetime import timedelta

import msgspec

from kiosk.audit.checkpoint import Checkpoint, open_note
from kiosk.audit.entries import LOG_ROOT_FACT, LOG_SIZE_FACT, EntryKind, Fact, entry_leaf
from kiosk.crypto.digests import b64u, sha256
from kiosk.domain.errors import ReceiptInvalidError, SignatureInvalidError
from kiosk.domain.ids import DeviceId
from kiosk.ports import Clock, CollectorLink, OutboxState, Store, UnitOfWork
from kiosk.services.answers import refusal_of
from kiosk.services.fleet import LOG_CHECKPOINT
from kiosk.services.journal import Journal
from kiosk.services.lying_time import note_moment, passed_since
from kiosk.services.receipts_kept import KeptReceipt, kept_name
from kiosk.services.record_upload import move
from kiosk.services.result import let_go_result
from kiosk.sync.messages import (
    MAX_PAGE_RECEIPTS,
    ReceiptItem,
    ReceiptPage,
    decode,
)
from kiosk.sync.outbox import OutboxEvent
from kiosk.sync.receipts import (
    LogKey,
    ReceiptState,
    Sent,
    open_log_checkpoint,
    open_seen,
    require_witnesses,
    verify_receipt,
)

SPLIT_PREFIX = "central/split-view/"
"""Both signed notes, a zero byte between them."""
_AWAITING = (OutboxState.UNCONFIRMED, OutboxState.WAITING, OutboxState.QUARANTINED)


def _log_facts(seen: Checkpoint | None) -> dict[str, Fact]:
    """The state of the collector's log as this device saw it: an auditor compares all devices."""
    return {} if seen is None else {LOG_SIZE_FACT: seen.size, LOG_ROOT_FACT: b64u(seen.root)}


class ReceiptCheck:
    """Turns accepted records into stored ones."""

    def __init__(
        self,
        store: Store,
        link: CollectorLink,
        journal: Journal,
        device_id: DeviceId,
        log: LogKey,
        clock: Clock,
    ) -> None:
        self._store = store
        self._link = link
        self._journal = journal
        self._device_id = device_id
        self._log = log
        self._clock = clock

    def run(self) -> tuple[int, int]:
        """Fetch and verify receipts of everything that awaits one.

        Returns:
            How many records are proven stored, and how many receipts proved nothing.

        Raises:
            ReceiptInvalidError: the collector's log itself is not trustworthy.
        """
        stored = failed = 0
        awaiting = self._awaiting()
        start = min(awaiting, default=-1)
        while start >= 0:
            page, checkpoint = self._page(start)
            for item in page.receipts:
                if item.seq in awaiting:
                    proven = self._settle(item, page.checkpoint, checkpoint)
                    stored += proven is True
                    failed += proven is False
            full = len(page.receipts) == MAX_PAGE_RECEIPTS
            start = page.receipts[-1].seq + 1 if full else -1
        return stored, failed

    def _awaiting(self) -> frozenset[int]:
        with self._store.begin() as uow:
            return frozenset(
                row.seq
                for row in uow.outbox.unsettled()
                if row.state in _AWAITING
                or (row.state is OutboxState.STORED and not self._witnessed(uow, row.seq))
            )

    def _witnessed(self, uow: UnitOfWork, seq: int) -> bool:
        """Whether the receipt that is kept for a record has the quorum of the policy in force."""
        if self._log.quorum.needed == 0:
            return True
        kept = uow.values.get(kept_name(seq))
        if kept is None:
            return False
        note = msgspec.json.decode(kept, type=KeptReceipt).checkpoint
        return self._log.quorum.met_by(note)

    def _page(self, start: int) -> tuple[ReceiptPage, Checkpoint]:
        """A page whose checkpoint was verified and remembered."""
        with self._store.begin() as uow:
            note = uow.values.get(LOG_CHECKPOINT)
        seen = self._seen(note)
        tree = 0 if seen is None else seen.size
        path = f"/v1/devices/{self._device_id}/receipts?from={start}&tree={tree}"
        answer = self._link.call("GET", path)
        if answer.status != 200:
            raise refusal_of(answer)
        page = decode(answer.body, ReceiptPage)
        try:
            checkpoint = open_log_checkpoint(page.checkpoint, page.consistency, self._log, seen)
        except ReceiptInvalidError:
            self._note_split(page, seen)
            raise
        if any(item.seq < start for item in page.receipts):
            raise ReceiptInvalidError("order")
        with self._store.begin() as uow:
            uow.values.put(LOG_CHECKPOINT, page.checkpoint.encode())
            uow.commit()
        return page, checkpoint

    def _seen(self, note: bytes | None) -> Checkpoint | None:
        """The checkpoint verified last. Raises ReceiptInvalidError where it is by another key."""
        if note is None:
            return None
        try:
            return open_seen(note.decode(), self._log)
        except SignatureInvalidError as exc:
            raise ReceiptInvalidError("the collector's log has another key") from exc

    def _note_split(self, page: ReceiptPage, seen: Checkpoint | None) -> None:
        """Keep and journal, once, two states of the log that its own key signed and do not agree.

        What is not signed by that key proves nothing against anybody, and is only refused.
        """
        if seen is None:
            return
        try:
            shown = open_note(page.checkpoint, self._log.origin, self._log.public)
        except SignatureInvalidError:
            return
        name = f"{SPLIT_PREFIX}{seen.size}-{shown.size}"
        with self._store.begin() as uow:
            if uow.values.get(name) is None:
                held = uow.values.get(LOG_CHECKPOINT) or b""
                uow.values.put(name, held + b"\0" + page.checkpoint.encode())
                facts: dict[str, Fact] = {"seen": seen.size, "shown": shown.size}
                self._journal.append(uow, EntryKind.SPLIT_VIEW, facts)
                uow.commit()

    def _settle(self, item: ReceiptItem, note: str, checkpoint: Checkpoint) -> bool | None:
        """True: proven stored. False: a receipt that proves nothing. None: no receipt yet."""
        with self._store.begin() as uow:
            proven: bool | None = None
            if item.state == ReceiptState.QUARANTINED:
                move(uow, self._clock, item.seq, OutboxEvent.QUARANTINED, "quarantined")
            elif item.state == ReceiptState.STORED:
                proven = self._judge(uow, item, note, checkpoint)
            uow.commit()
        return proven

    def _judge(self, uow: UnitOfWork, item: ReceiptItem, note: str, checkpoint: Checkpoint) -> bool:
        blob, entry = uow.blobs.get(item.seq), uow.journal.get(item.seq)
        if blob is None or entry is None:
            # Nothing to compare with: a receipt for what is not here proves nothing.
            move(uow, self._clock, item.seq, OutboxEvent.RECEIPT_REFUSED, ReceiptInvalidError.code)
            return False
        try:
            sent = Sent(self._device_id, item.seq, entry_leaf(entry.jws), sha256(blob))
            require_witnesses(note, self._log.quorum)
            verify_receipt(item, sent, checkpoint)
        except ReceiptInvalidError as exc:
            move(uow, self._clock, item.seq, OutboxEvent.RECEIPT_REFUSED, exc.code)
            return False
        kept = KeptReceipt(item, note)
        uow.values.put(kept_name(item.seq), msgspec.json.encode(kept))
        before = uow.outbox.get(item.seq)
        if move(uow, self._clock, item.seq, OutboxEvent.RECEIPT_VERIFIED) != before:
            # A receipt that comes again, with more witnesses say, begins no new grace.
            note_moment(uow, self._clock, _proven(item.seq))
        return True

    def purge(self, grace: timedelta) -> int:
        """Delete the blobs of records that have been proven stored for ``grace``; how many.

        By the time that passed, never by a clock that was set (:mod:`.lying_time`).
        """
        with self._store.begin() as uow:
            seen = self._seen(uow.values.get(LOG_CHECKPOINT))
            proven = {
                row.seq: row.updated_at
                for row in uow.outbox.unsettled()
                if row.state is OutboxState.STORED
            }
            if grace:
                moments = {_proven(seq): wall for seq, wall in proven.items()}
                passed = passed_since(uow, self._clock, moments)
                proven = {n: wall for n, wall in proven.items() if passed[_proven(n)] >= grace}
            due = [seq for seq in proven if self._witnessed(uow, seq)]
            uow.commit()
        for seq in due:
            with self._store.begin() as uow:
                uow.blobs.purge(seq)
                let_go_result(uow, seq)
                uow.values.delete(_proven(seq))
                move(uow, self._clock, seq, OutboxEvent.PURGED)
                self._journal.append(uow, EntryKind.BLOB_PURGED, {"seq": seq, **_log_facts(seen)})
                uow.commit()
        return len(due)


def _proven(seq: int) -> str:
    """Under which name the moment is kept at which a record was proven stored."""
    return f"outbox-proven/{seq:012d}"
