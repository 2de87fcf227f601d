"""Takes in the root's word that the collector's log was put back to a backup.

Rules, in order: nothing is done as long as the log that counts is the one that was seen; a log of
another name is believed only where the policy, signed by the root, says that the one seen here
ended, and where; what it was put back to must go on from every state of it that this device holds,
and the log that goes on must begin with it (consistency proofs for both); a statement that does not
hold is journalled once and refused: everything is kept, no receipt is believed. What is proven to
lie before the end stays proven. Every other receipt is void: a record whose sealed copy is here is
delivered again, one that was let go is asked about, and where the log does not hold it any more, or
its bytes are damaged there, the journal names it, with what its receipt said and proved; that
receipt is kept as evidence. All of this is one unit of work.
Source: records-and-sync section 8, case 1; C2SP ``tlog-checkpoint``.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

import msgspec

from kiosk.audit.checkpoint import Checkpoint, parse
from kiosk.audit.entries import EntryKind, Fact
from kiosk.audit.tree import EMPTY_ROOT, verify_consistency
from kiosk.audit.void_receipts import fitting, packed, signature_in
from kiosk.crypto.cosignatures import split_note
from kiosk.crypto.digests import b64u, unb64u
from kiosk.domain.errors import (
    LogRestoreRefusedError,
    ReceiptInvalidError,
    ReceiptUnwitnessedError,
    SignatureInvalidError,
    UnreachableError,
)
from kiosk.domain.ids import DeviceId
from kiosk.ports import Clock, CollectorLink, Store, UnitOfWork
from kiosk.services.answers import refusal_of
from kiosk.services.fleet import LOG_CHECKPOINT
from kiosk.services.journal import Journal
from kiosk.services.receipts_kept import RECEIPT_PREFIX, VOID_PREFIX, KeptReceipt, kept_name
from kiosk.services.record_upload import central_loss_name, move
from kiosk.sync.logs import ended_logs_of, log_key_of
from kiosk.sync.messages import (
    MAX_PAGE_RECEIPTS,
    MAX_SEQ,
    ConsistencyAnswer,
    ReceiptItem,
    ReceiptPage,
    decode,
)
from kiosk.sync.outbox import OutboxEvent
from kiosk.sync.policy import Policy
from kiosk.sync.receipts import (
    ReceiptState,
    Sent,
    open_log_checkpoint,
    open_seen,
    require_witnesses,
    verify_receipt,
)
from kiosk.sync.restorations import Restoration, name_of

REFUSED_PREFIX = "central/restore-refused/"
_NOTHING = 999_999_999_999
"""As far as a number in a query goes: no receipt is wanted, only the state of the log."""


def log_of(note: str) -> str:
    """Name of the log in a note that was verified when it was kept."""
    return note.partition("\n")[0]


@dataclass(frozen=True, slots=True)
class _Pending:
    """A restore that this device has not taken in yet.

    Attributes:
        seen: newest state of the log that ended.
        ended: the statement that says how much of it goes on: of several, the shortest.
        base: largest state held here that lies before the end.
        unproven: receipts kept here whose place ``base`` does not cover, by entry.
        gone: those of them whose sealed copy is not here any more.
    """

    seen: Checkpoint
    ended: Restoration
    base: Checkpoint
    unproven: Mapping[int, KeptReceipt]
    gone: frozenset[int]

    @property
    def first(self) -> int:
        """The entry from which on receipts are asked for: only of what was let go."""
        return min(self.gone, default=_NOTHING)


class LogRestore:
    """Follows the collector's log from the one that ended to the one that goes on."""

    def __init__(
        self,
        store: Store,
        link: CollectorLink,
        journal: Journal,
        device_id: DeviceId,
        policy: Policy,
        clock: Clock,
    ) -> None:
        self._store = store
        self._link = link
        self._journal = journal
        self._device_id = device_id
        self._policy = policy
        self._log = log_key_of(policy)
        self._clock = clock

    def run(self, missing: Collection[int] = ()) -> bool:
        """Take in what the policy says; False where there is nothing to take in.

        Args:
            missing: entries whose records the collector says it does not hold, or not whole.

        Raises:
            LogRestoreRefusedError: what it says contradicts what this device holds.
            SyncError: the proofs did not come, or not yet with enough witnesses.
        """
        try:
            pending = self._pending()
            if pending is None:
                return False
            checkpoint, items = self._proofs(pending)
        except LogRestoreRefusedError as exc:
            self._note_refused(exc.detail)
            raise
        proven = self._still_proven(pending, checkpoint, items, missing)
        self._take(pending, checkpoint, proven)
        return True

    def questions(self) -> tuple[str, ...]:
        """Paths of the calls that a carried letter has to ask, none where nothing is pending."""
        try:
            pending = self._pending()
        except LogRestoreRefusedError:
            return ()
        return () if pending is None else tuple(self._paths(pending))

    # --- what is known here -----------------------------------------------------------------------

    def _pending(self) -> _Pending | None:
        with self._store.begin() as uow:
            note = (uow.values.get(LOG_CHECKPOINT) or b"").decode()
            if not note or log_of(note) == self._log.origin:
                return None
            path = self._path_from(log_of(note))
            (ended_log,) = (
                log for log in ended_logs_of(self._policy) if log.origin == path[0].log_origin
            )
            try:
                seen = open_seen(note, ended_log)
            except SignatureInvalidError as exc:
                raise LogRestoreRefusedError("another key") from exc
            ended = min(reversed(path), key=lambda one: one.size)
            kept = dict(self._kept(uow))
            states = (seen, *(_state(one.checkpoint) for one in kept.values()))
            base = self._base(states, path, ended)
            unproven = {seq: one for seq, one in kept.items() if one.item.index >= base.size}
            rows = ((seq, uow.outbox.get(seq)) for seq in unproven)
            gone = frozenset(seq for seq, row in rows if row is None or row.purged)
        return _Pending(seen, ended, base, unproven, gone)

    def _path_from(self, name: str) -> tuple[Restoration, ...]:
        """The statements from the log of this name on, oldest first."""
        restored = self._policy.restored
        for at, one in enumerate(restored):
            if one.log_origin == name:
                return restored[at:]
        raise LogRestoreRefusedError("not announced")

    def _kept(self, uow: UnitOfWork) -> Iterator[tuple[int, KeptReceipt]]:
        """Receipts that count; what an earlier restore made void counts no more."""
        for name in uow.values.names(RECEIPT_PREFIX):
            seq, data = int(name.removeprefix(RECEIPT_PREFIX)), uow.values.get(name)
            if data is not None and not _is_void(uow, seq, data):
                yield seq, msgspec.json.decode(data, type=KeptReceipt)

    def _base(
        self, states: tuple[Checkpoint, ...], path: tuple[Restoration, ...], ended: Restoration
    ) -> Checkpoint:
        """The largest state held here of what goes on. Raises LogRestoreRefusedError."""
        base = Checkpoint(path[0].log_origin, 0, EMPTY_ROOT)
        for state in states:
            if state.size > min(ended.size, self._end_of(state.origin, path[0].log_origin)):
                continue
            if state.size == ended.size and state.root != ended.root_hash:
                raise LogRestoreRefusedError("another tree")
            if state.size > base.size:
                base = state
        return base

    def _end_of(self, name: str, seen: str) -> int:
        """How much of a log went on into the one that was seen last."""
        names = [one.log_origin for one in self._policy.restored]
        if name not in names:
            return 0
        between = self._policy.restored[names.index(name) : names.index(seen)]
        return min((one.size for one in between), default=MAX_SEQ)

    # --- proofs -----------------------------------------------------------------------------------

    def _paths(self, pending: _Pending) -> Iterator[str]:
        base = f"/v1/devices/{self._device_id}"
        if 0 < pending.base.size < pending.ended.size:
            yield f"{base}/log-consistency?from={pending.base.size}&to={pending.ended.size}"
        yield f"{base}/receipts?from={pending.first}&tree={pending.ended.size}"

    def _get(self, path: str) -> bytes:
        answer = self._link.call("GET", path)
        if answer.status != 200:
            raise refusal_of(answer)
        return answer.body

    def _proofs(self, pending: _Pending) -> tuple[tuple[str, Checkpoint], list[ReceiptItem]]:
        """The log that goes on, and what it says of the records that were let go."""
        *before, receipts = self._paths(pending)
        ended = Checkpoint(self._log.origin, pending.ended.size, pending.ended.root_hash)
        for path in before:
            proof = decode(self._get(path), ConsistencyAnswer).consistency
            self._require_beginning(pending.base, ended, proof)
        page = decode(self._get(receipts), ReceiptPage)
        checkpoint = self._opened(page, ended)
        note, items = page.checkpoint, list(page.receipts)
        while len(page.receipts) == MAX_PAGE_RECEIPTS and items[-1].seq < max(pending.gone):
            start = items[-1].seq + 1
            path = f"/v1/devices/{self._device_id}/receipts?from={start}&tree={checkpoint.size}"
            page = decode(self._get(path), ReceiptPage)
            later = self._opened(page, checkpoint)
            if later != checkpoint or not page.receipts or page.receipts[0].seq < start:
                # The log grew meanwhile: the next delivery asks again, about one state of it.
                raise UnreachableError("the log moves")
            items += page.receipts
        return (note, checkpoint), items

    def _opened(self, page: ReceiptPage, ended: Checkpoint) -> Checkpoint:
        """The state shown. Raises LogRestoreRefusedError unless it begins with what was stated."""
        try:
            # What is not signed by the log that goes on says nothing about the statement.
            open_log_checkpoint(page.checkpoint, (), self._log, None)
            return open_log_checkpoint(page.checkpoint, page.consistency, self._log, ended)
        except ReceiptInvalidError as exc:
            if exc.detail == "checkpoint":
                raise
            raise LogRestoreRefusedError("goes on from another tree") from exc

    @staticmethod
    def _require_beginning(base: Checkpoint, ended: Checkpoint, proof: tuple[str, ...]) -> None:
        try:
            steps = tuple(unb64u(step) for step in proof)
        except ValueError as exc:
            raise ReceiptInvalidError("proof") from exc
        if not verify_consistency(base.size, ended.size, base.root, ended.root, steps):
            raise LogRestoreRefusedError("another history")

    def _still_proven(
        self,
        pending: _Pending,
        shown: tuple[str, Checkpoint],
        items: list[ReceiptItem],
        missing: Collection[int],
    ) -> dict[int, KeptReceipt]:
        """New receipts of records that were let go and that the log still holds.

        Raises:
            ReceiptUnwitnessedError: it does, and too few witnesses have said so yet.
        """
        note, checkpoint = shown
        proven: dict[int, KeptReceipt] = {}
        for item in items:
            leaf = pending.unproven[item.seq].item.leaf if item.seq in pending.gone else None
            if leaf is None or item.state == ReceiptState.QUARANTINED:
                continue
            if item.state != ReceiptState.STORED:
                if item.seq in missing:
                    continue  # its leaf goes on and its bytes do not: no receipt will come
                raise ReceiptUnwitnessedError("the log is not proven yet")
            require_witnesses(note, self._log.quorum)
            sent = Sent(self._device_id, item.seq, unb64u(leaf.entry), unb64u(leaf.blob))
            verify_receipt(item, sent, checkpoint)
            proven[item.seq] = KeptReceipt(item, note)
        return proven

    # --- what becomes of it -----------------------------------------------------------------------

    def _take(
        self, pending: _Pending, shown: tuple[str, Checkpoint], proven: dict[int, KeptReceipt]
    ) -> None:
        lost = sorted(pending.gone - set(proven))
        with self._store.begin() as uow:
            again = [seq for seq in pending.unproven if seq not in pending.gone]
            for seq in again:
                self._void(uow, seq, pending.unproven[seq])
                uow.values.delete(kept_name(seq))
                move(uow, self._clock, seq, OutboxEvent.RECEIPT_VOID)
            for seq, receipt in proven.items():
                uow.values.put(kept_name(seq), msgspec.json.encode(receipt))
            self._journal.append(
                uow,
                EntryKind.LOG_RESTORED,
                {
                    "log": self._log.origin,
                    "ended": pending.seen.origin,
                    "seen": pending.seen.size,
                    "size": pending.ended.size,
                    "root": pending.ended.root,
                    "again": len(again),
                    "lost": len(lost),
                },
            )
            for seq in lost:
                self._void(uow, seq, pending.unproven[seq])
                self._journal.append(uow, EntryKind.CENTRAL_LOSS, _told(pending.unproven[seq]))
                self._journal.append(uow, EntryKind.RECEIPT_VOID, _evidence(pending.unproven[seq]))
                uow.values.put(central_loss_name(seq, gone=True), b"")
            uow.values.put(LOG_CHECKPOINT, shown[0].encode())
            uow.commit()

    def _void(self, uow: UnitOfWork, seq: int, receipt: KeptReceipt) -> None:
        """Keep a receipt that proves nothing any more, as evidence of what was promised."""
        name = f"{VOID_PREFIX}{seq:012d}/{self._log.origin}"
        uow.values.put(name, msgspec.json.encode(receipt))

    def _note_refused(self, why: str) -> None:
        """Journal, once for each statement, that it was not believed."""
        ended = self._policy.restored[-1] if self._policy.restored else None
        name = f"{REFUSED_PREFIX}{self._log.origin}/{ended.size if ended else 0}/{why}"
        with self._store.begin() as uow:
            if uow.values.get(name) is None:
                facts: dict[str, Fact] = {"log": self._log.origin, "why": why}
                if ended is not None:
                    facts |= {"ended": name_of(ended.log_key), "size": ended.size}
                self._journal.append(uow, EntryKind.ANNOUNCEMENT_REFUSED, facts)
                uow.values.put(name, b"")
                uow.commit()


def _is_void(uow: UnitOfWork, seq: int, receipt: bytes) -> bool:
    """Whether any restore made this very receipt void; a later one of the same record counts."""
    names = uow.values.names(f"{VOID_PREFIX}{seq:012d}/")
    return any(uow.values.get(name) == receipt for name in names)


def _state(note: str) -> Checkpoint:
    """The state in a note that was verified when it was kept."""
    return parse(split_note(note)[0])


def _evidence(receipt: KeptReceipt) -> dict[str, Fact]:
    """What the void receipt holds beyond :func:`_told`: with it, anybody can verify it again."""
    item, note = receipt.item, receipt.checkpoint
    return {
        "seq": item.seq,
        "received": "" if item.leaf is None else fitting(item.leaf.received_at),
        "storage": "" if item.leaf is None else fitting(item.leaf.storage),
        "signed": signature_in(note, log_of(note)),
        "proof": packed(item.proof),
    }


def _told(receipt: KeptReceipt) -> dict[str, Fact]:
    """What the journal says of a record that was let go on a receipt that is void now."""
    item, state = receipt.item, _state(receipt.checkpoint)
    blob = "" if item.leaf is None else item.leaf.blob
    return {
        "seq": item.seq,
        "purged": True,
        "log": state.origin,
        "leaf": item.index,
        "tree": state.size,
        "root": b64u(state.root),
        "blob": blob,
    }
