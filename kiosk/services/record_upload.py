"""Sends sealed records, smallest first; one bad record never holds up the others.

Rules, in order: what is kept here must still be what the journal announced, else a person must
look; every state is durable before and after a record travels; where a try was cut, this record and
those after it travel in parts, and so do those of the days after, because such a link breaks off
again; what would be long on its way travels in parts too, so that whoever stops it loses one part;
an answer is no proof of storage, only a verified receipt is.
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
    SendingStoppedError,
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
from kiosk.sync.pace import pace_of

BLOB_TYPE = "application/vnd.age"
CUT = "delivery/cut-at"
"""When a link broke off in the middle of a record, device time."""
CUT_COUNTS = timedelta(days=14)
LINK_PACE = "delivery/link-pace"
"""Bytes per second of the records of the last delivery that sent enough to tell."""
LONG_S = 4
"""A record that takes longer at the known pace travels in parts."""
UNTRIED_BYTES = 1024 * 1024
"""Where no pace is known yet, a bigger one does."""
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


def _alike(pace: float, kept: float) -> bool:
    """Whether two paces are of one order: not worth a write to the vault."""
    return kept / 2 <= pace <= 2 * kept


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
        """Parts: what is cut, or would be long, travels in parts, where the link knows them.

        Attributes:
            accepted_bytes: of the records that were taken.
            left: records that stayed behind because somebody stopped.
        """
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
        self._began_ms = clock.monotonic_ms()
        self._known_pace: float | None = None
        self.left = 0

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
        self._known_pace = self._kept_pace()
        self._began_ms = self._clock.monotonic_ms()
        for done, row in enumerate(rows):
            self.left = len(rows) - done
            if not told(done, len(rows)):
                return
            yield self._send(row.seq)
            self.left -= 1

    @property
    def pace(self) -> float | None:
        """Bytes per second since the first record; None where too little was sent to tell."""
        return pace_of(self.accepted_bytes, self._clock.monotonic_ms() - self._began_ms)

    def keep_pace(self) -> None:
        """Remember how fast this link is, where that was seen and differs from what is kept."""
        pace = self.pace
        if pace is None or (self._known_pace is not None and _alike(pace, self._known_pace)):
            return
        with self._store.begin() as uow:
            uow.values.put(LINK_PACE, str(round(pace)).encode("ascii"))
            uow.commit()

    def _kept_pace(self) -> float | None:
        with self._store.begin() as uow:
            kept = uow.values.get(LINK_PACE)
        return None if kept is None else float(kept)

    def _is_long(self, length: int) -> bool:
        """Whether a record would be under way for longer than a person waits for a stop."""
        pace = self.pace or self._known_pace
        return length > UNTRIED_BYTES if pace is None else length > LONG_S * pace

    def _send(self, seq: int) -> bool:
        """Send one record; False when it was not accepted (its row says why)."""
        row = self._commit(seq, OutboxEvent.SEND_STARTED)
        blob = self._whole_blob(seq)
        if blob is None:
            self._tell_damage(seq)
            return False
        try:
            if self._goes_in_parts(seq, len(blob)):
                send_in_parts(self._link, self._path(seq), blob)
            else:
                self._put(seq, blob)
        except SendingStoppedError:
            # A person's wish says nothing of the record, nor of the link.
            self._commit(seq, OutboxEvent.SEND_INTERRUPTED, row.reason)
            raise
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

    def _goes_in_parts(self, seq: int, length: int) -> bool:
        worth_it = self._shaky or seq in self._begun or self._is_long(length)
        return self._parts and worth_it and length > PART_BYTES

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
