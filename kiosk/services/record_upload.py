"""Sends sealed records, smallest first; one bad record never holds up the others.

Rules, in order: what is kept here must still be what the journal announced, else a person must
look; every state is durable before and after a record travels; where a try was cut, this record and
those after it travel in parts, and so do those of the days after, because such a link breaks off
again; an answer is no proof of storage, only a verified receipt is.
Source: records-and-sync 2.8.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

from kiosk.audit.entries import EntryKind, Fact, lost_leaf, open_entry
from kiosk.audit.records import blob_fits
from kiosk.crypto.signing import SigningKey
from kiosk.domain.errors import (
    AuditError,
    CertificateError,
    CourierError,
    RefusedByCollectorError,
    SealedRecordError,
    SyncError,
    UnreachableError,
)
from kiosk.domain.ids import DeviceId
from kiosk.ports import Clock, CollectorLink, OutboxRow, OutboxState, Store, UnitOfWork
from kiosk.services.answers import is_busy, refusal_of
from kiosk.services.journal import Journal
from kiosk.services.losses import Loss, note_loss
from kiosk.services.part_upload import PART_BYTES, send_in_parts
from kiosk.sync.messages import LogState
from kiosk.sync.outbox import OutboxEvent, advance

BLOB_TYPE = "application/vnd.age"
CUT = "delivery/cut-at"
"""When a link broke off in the middle of a record, device time."""
CUT_COUNTS = timedelta(days=14)
CENTRAL_LOSS_PREFIX = "custody/central-loss/"


def central_loss_name(seq: int, *, gone: bool) -> str:
    """Where it is noted that the journal told of a record which the central side lost."""
    return f"{CENTRAL_LOSS_PREFIX}{seq:012d}{'/gone' if gone else ''}"


def move(
    uow: UnitOfWork, clock: Clock, seq: int, event: OutboxEvent, reason: str = ""
) -> OutboxRow:
    """Move one row of the outbox inside ``uow``; the caller commits."""
    row = uow.outbox.get(seq)
    if row is None:
        raise LookupError(f"outbox {seq}")
    after = advance(row, event, clock.now(), reason)
    if after != row:
        uow.outbox.put(after)
    return after


def _never_arrived(row: OutboxRow, state: LogState) -> bool:
    """Whether a record left by a way that did not reach the collector: it lacks even the entry."""
    return row.state is OutboxState.UNCONFIRMED and row.seq >= state.size


class RecordUpload:
    """Sends what waits in the outbox."""

    def __init__(
        self,
        store: Store,
        link: CollectorLink,
        device_id: DeviceId,
        key: SigningKey,
        clock: Clock,
        journal: Journal,
        *,
        parts: bool = True,
    ) -> None:
        """Parts: a record whose first try was cut travels in parts, where the link knows them."""
        self._parts = parts
        self.accepted_bytes = 0
        self._journal = journal
        self._store = store
        self._link = link
        self._device_id = device_id
        self._key = key
        self._clock = clock
        self._begun: set[int] = set()
        self._shaky = False

    def recover(self, state: LogState) -> None:
        """Put back what was interrupted, and what the collector says it does not hold.

        A record that the journal announced and the outbox lost is queued again. One that the
        collector gave a receipt for and does not hold any more is journalled, once.
        """
        missing = {item.seq for item in state.missing}
        self._begun = {item.seq for item in state.missing if item.offset}
        with self._store.begin() as uow:
            rows = {row.seq: row for row in uow.outbox.unsettled()}
            for seq in missing - set(rows):
                gone = uow.outbox.get(seq)
                if gone is not None:
                    rows[seq] = gone
            for _, row in sorted(rows.items()):
                if row.state is OutboxState.SENDING:
                    move(uow, self._clock, row.seq, OutboxEvent.SEND_INTERRUPTED, row.reason)
                elif row.seq in missing or _never_arrived(row, state):
                    move(uow, self._clock, row.seq, OutboxEvent.MISSING_THERE)
                    if row.state is OutboxState.STORED:
                        self._note_central_loss(uow, row.seq, gone=row.purged)
            for seq in sorted(missing - set(rows)):
                note_loss(uow, self._journal, seq, Loss.ROW)
                self._queue_again(uow, seq)
            uow.commit()

    def _queue_again(self, uow: UnitOfWork, seq: int) -> None:
        """A row for a record that has none; what its bytes are worth is seen when it is sent."""
        entry, blob = uow.journal.get(seq), uow.blobs.get(seq)
        if entry is None or entry.record_id is None:
            return
        now, length = self._clock.now(), 0 if blob is None else len(blob)
        waiting = OutboxState.WAITING
        uow.outbox.put(OutboxRow(seq, entry.record_id, waiting, now, now, 0, "", length))

    def _note_central_loss(self, uow: UnitOfWork, seq: int, *, gone: bool) -> None:
        """Journal it once while the record is here, and once when it was let go."""
        name = central_loss_name(seq, gone=gone)
        if uow.values.get(name) is None:
            facts: dict[str, Fact] = {"seq": seq, "purged": True} if gone else {"seq": seq}
            self._journal.append(uow, EntryKind.CENTRAL_LOSS, facts)
            uow.values.put(name, b"")

    def waiting(self) -> tuple[OutboxRow, ...]:
        """Rows to send, smallest first."""
        with self._store.begin() as uow:
            rows = [r for r in uow.outbox.unsettled() if r.state is OutboxState.WAITING]
        return tuple(sorted(rows, key=lambda row: (row.payload_len, row.seq)))

    def run(
        self,
        told: Callable[[int, int], bool],
        goes: Callable[[OutboxRow], bool] = lambda _: True,
    ) -> Iterator[bool]:
        """Send everything that waits.

        Args:
            told: called with (done, total) before each record; False stops before it.
            goes: whether a record may travel now; the others go on waiting.

        Yields:
            For each record whether it was accepted (its row says why not).

        Raises:
            UnreachableError, CertificateError, CourierError: the link is down; the rest keeps
                waiting.
        """
        rows = tuple(row for row in self.waiting() if goes(row))
        self._shaky = any(row.attempts for row in rows) or self._was_cut_lately()
        for done, row in enumerate(rows):
            if not told(done, len(rows)):
                return
            yield self._send(row.seq)

    def _send(self, seq: int) -> bool:
        """Send one record; False when it was not accepted (its row says why)."""
        self._commit(seq, OutboxEvent.SEND_STARTED)
        blob = self._whole_blob(seq)
        if blob is None:
            self._tell_damage(seq)
            return False
        try:
            in_parts = self._parts and (self._shaky or seq in self._begun)
            if in_parts and len(blob) > PART_BYTES:
                send_in_parts(self._link, self._path(seq), blob)
            else:
                self._put(seq, blob)
        except (UnreachableError, CertificateError, CourierError) as exc:
            self._commit(seq, OutboxEvent.SEND_INTERRUPTED, exc.code)
            # A collector that has too much to do is no link that broke.
            if isinstance(exc, UnreachableError) and not is_busy(exc):
                self._note_cut()
            raise
        except SyncError as exc:
            digest = isinstance(exc, RefusedByCollectorError) and exc.detail == "digest"
            event = OutboxEvent.DIGEST_REFUSED if digest else OutboxEvent.SEND_INTERRUPTED
            self._commit(seq, event, exc.code)
            return False
        self._commit(seq, OutboxEvent.ACCEPTED)
        self.accepted_bytes += len(blob)
        return True

    def _was_cut_lately(self) -> bool:
        """Whether a link of this device broke off in the middle of a record not long ago.

        A link that does so does it again: there the first record travels in parts as well, and a
        cut costs one of them. Elsewhere a record in one piece saves its collector a write and
        itself a few round trips.
        """
        with self._store.begin() as uow:
            noted = uow.values.get(CUT)
        if noted is None:
            return False
        at = datetime.fromisoformat(noted.decode("ascii"))
        # A clock that was set says nothing: within as many days on either side it counts.
        return abs(self._clock.now() - at) < CUT_COUNTS

    def _note_cut(self) -> None:
        with self._store.begin() as uow:
            uow.values.put(CUT, self._clock.now().isoformat().encode("ascii"))
            uow.commit()

    def _put(self, seq: int, blob: bytes) -> None:
        answer = self._link.call("PUT", self._path(seq), blob, BLOB_TYPE)
        if answer.status not in (200, 201):
            raise refusal_of(answer)

    def _path(self, seq: int) -> str:
        return f"/v1/devices/{self._device_id}/records/{seq}"

    def _commit(self, seq: int, event: OutboxEvent, reason: str = "") -> OutboxRow:
        with self._store.begin() as uow:
            row = move(uow, self._clock, seq, event, reason)
            uow.commit()
        return row

    def _tell_damage(self, seq: int) -> None:
        """The record cannot be sent as it was announced: its row and the journal say so."""
        with self._store.begin() as uow:
            move(uow, self._clock, seq, OutboxEvent.DAMAGED_HERE, SealedRecordError.code)
            loss = Loss.BLOB if uow.blobs.get(seq) is None else Loss.ALTERED
            note_loss(uow, self._journal, seq, loss)
            uow.commit()

    def _whole_blob(self, seq: int) -> bytes | None:
        """The blob as it was announced, or None when it is not that any more."""
        with self._store.begin() as uow:
            blob, entry = uow.blobs.get(seq), uow.journal.get(seq)
        if blob is None or entry is None:
            return None
        if lost_leaf(entry.jws) is not None:
            # Nothing here to compare with: the collector, where the entry may be, judges the bytes.
            return blob
        try:
            header = open_entry(entry.jws, self._key.public)
        except AuditError:
            return None
        return blob if blob_fits(blob, header) else None
