"""The collector's own log: one leaf per stored record, a signed checkpoint after each batch.

Rules, in order: a leaf is appended only after the bytes of the record and the row that names them
are durable; a record is called stored in the transaction that appends its leaf and signs the
checkpoint, never before; a record has one leaf for ever. Any process may append, one at a time (the
writer's scope of the log is a lock of the database): when one dies in the middle its transaction
falls and the next one goes on.
Devices are shown the newest state; where the policy demands witnesses, the newest one that enough
of them cosigned, and a record that only a later state holds is not called stored yet.
Source: records-and-sync 2.8, 2.9; C2SP tlog-checkpoint.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from msgspec import convert

from central.archive.database import Database
from central.archive.faults import StoreError
from central.archive.layout import FolderError
from central.archive.ledger import Ledger
from central.archive.restore_rows import EndedRow
from central.archive.rows import LeafRow, LogRow, SealedRow
from central.collector.keys import PolicyShelf
from central.collector.proofs import StoredTree
from central.collector.witnessing import witnessed
from kiosk.audit.checkpoint import Checkpoint, open_note, parse, sign
from kiosk.audit.tree import EMPTY_ROOT, Frontier, leaf_hash
from kiosk.audit.witnesses import Quorum
from kiosk.crypto.canonical import parse_json
from kiosk.crypto.cosignatures import split_note
from kiosk.crypto.digests import b64u
from kiosk.crypto.signing import SigningKey
from kiosk.domain.errors import SignatureInvalidError
from kiosk.domain.ids import DeviceId
from kiosk.sync.messages import MAX_PAGE_RECEIPTS, ReceiptItem, ReceiptLeaf, ReceiptPage
from kiosk.sync.receipts import PROFILE, ReceiptState, receipt_leaf_bytes
from kiosk.sync.restorations import Restoration

BATCH = 256
"""Records that one checkpoint commits to at most."""


class CollectorLog:
    """Appends to the log and proves what is in it."""

    def __init__(self, origin: str, key: SigningKey, ended: Sequence[Restoration] = ()) -> None:
        """Ended: the logs that were put back before, as the policy states them."""
        self.origin = origin
        self._key = key
        self._ended = tuple(ended)

    def state(self, ledger: Ledger) -> LogRow:
        """The state of the log; the empty log has a checkpoint too."""
        return self.require_own(ledger.log() or self._signed(Frontier()))

    def adopt(self, ledger: Ledger, now: datetime) -> None:
        """Go on with what lies here under the name and the key of today.

        Where another key of the log signed its state last, it is signed anew. Where the state is of
        a log that was put back to a backup, and the root said so, the next log begins with it.

        Args:
            ledger: one to change, of the scopes of the log and of the witnesses.
            now: server time.

        Raises:
            FolderError: it is of a log that the policy does not name, or not what was announced.
        """
        held = ledger.log()
        if held is None or self.is_own(held.checkpoint):
            return
        shown = parse(split_note(held.checkpoint)[0])
        if shown.origin != self.origin:
            self._require_announced(ledger, shown)
            at = now.isoformat(timespec="seconds")
            ledger.restores.end(EndedRow(shown.origin, shown.size, held.checkpoint, at))
        ledger.put_log(self._signed(Frontier(held.size, held.frontier)))

    def _require_announced(self, ledger: Ledger, shown: Checkpoint) -> None:
        """Raises FolderError unless the log that ended goes on here as the root says."""
        if self.origin in {row.log_origin for row in ledger.restores.ended()}:
            raise FolderError("log: the policy names a log that ended")
        # Of an older backup it may be the one before the last.
        if shown.origin not in {one.log_origin for one in self._ended}:
            raise FolderError("log: the policy names another log than the one that lies here")
        last = self._ended[-1]
        if not last.size <= shown.size or not self._begins_with(ledger, last):
            raise FolderError("log: this is not the tree that was announced")

    @staticmethod
    def _begins_with(ledger: Ledger, ended: Restoration) -> bool:
        if not ended.size:
            return ended.root_hash == EMPTY_ROOT
        return StoredTree(ledger.node).root(ended.size) == ended.root_hash

    def require_own(self, state: LogRow) -> LogRow:
        """``state``. Raises StoreError where it is of another log: start this process anew."""
        if not state.checkpoint.startswith(f"{self.origin}\n"):
            raise StoreError("another log")
        return state

    def is_own(self, note: str) -> bool:
        """Whether the key of today signed a state of this log."""
        try:
            open_note(note, self.origin, self._key.public)
        except SignatureInvalidError:
            return False
        return True

    def _own(self, note: str) -> str:
        """The same state, signed by the key of today; what witnesses said of it stays with it."""
        if self.is_own(note):
            return note
        checkpoint = parse(split_note(note)[0])
        _, _, lines = note.rpartition("\n\n")
        mine = f"— {self.origin} "
        others = (line for line in lines.splitlines(keepends=True) if not line.startswith(mine))
        return sign(checkpoint, self._key) + "".join(others)

    def _signed(self, frontier: Frontier) -> LogRow:
        note = sign(Checkpoint(self.origin, frontier.size, frontier.root()), self._key)
        return LogRow(frontier.size, frontier.hashes, note)

    def sequence(self, ledger: Ledger, storage: str) -> int:
        """Commit to received records, at most a batch of them; how many of them are stored now.

        Those of a device that is set apart are done with too, and get no receipt.

        Args:
            ledger: one to change, of the scope of the log.
            storage: class of the store that holds their payloads.
        """
        waiting = ledger.unsequenced(BATCH)
        if not waiting:
            return 0
        state = self.state(ledger)
        frontier = Frontier(state.size, state.frontier)
        quarantined = ledger.quarantined(record.device_id for record, _ in waiting)
        keys = [(record.device_id, record.seq) for record, _ in waiting]
        # A second history may have come to light between arrival and here.
        apart = [key for key in keys if quarantined.get(key[0], True)]
        stored = [key for key in keys if not quarantined.get(key[0], True)]
        ledger.set_states(apart, ReceiptState.QUARANTINED)
        ledger.set_states(stored, ReceiptState.STORED)
        # The bytes of one that has a leaf were lost here and came a second time.
        without = frozenset(stored) - ledger.leaves_among(stored)
        rows = []
        for record, entry_leaf in waiting:
            if (record.device_id, record.seq) in without:
                data = _leaf_of(record, entry_leaf, storage)
                hashed = leaf_hash(data)
                rows.append(LeafRow(frontier.size, record.device_id, record.seq, data, hashed))
                frontier = frontier.append(hashed)
        ledger.add_leaves(rows)
        ledger.put_log(self._signed(frontier))
        return len(stored)

    def consistency(self, ledger: Ledger, old: int, size: int) -> tuple[bytes, ...] | None:
        """Proof between two trees of the log; None where it does not have them."""
        if not 0 <= old <= size <= self.state(ledger).size:
            return None
        return StoredTree(ledger.node).consistency(old, size)

    def page(
        self,
        ledger: Ledger,
        device_id: DeviceId,
        start: int,
        tree: int,
        quorums: Sequence[Quorum] = (),
    ) -> ReceiptPage:
        """Receipts of a device from entry ``start`` on, for a device that saw a log of ``tree``.

        A ``tree`` larger than the log gets no proof: the device will notice.
        """
        size, note, proven = self._shown(ledger, tree, quorums)
        stored = StoredTree(ledger.node)
        proof = stored.consistency(tree, size) if 0 <= tree <= size else ()
        records = ledger.sealed_from(device_id, start, MAX_PAGE_RECEIPTS)
        damaged = frozenset(ledger.damages.open_of(device_id))
        return ReceiptPage(
            receipts=tuple(
                # Of bytes that are known to be damaged no receipt speaks: it would let the last
                # whole copy go.
                ReceiptItem(seq=record.seq, state=ReceiptState.LOGGED)
                if record.seq in damaged
                else _item(ledger, record, stored, proven)
                for record in records
            ),
            checkpoint=note,
            consistency=tuple(b64u(step) for step in proof),
        )

    def _shown(self, ledger: Ledger, tree: int, quorums: Sequence[Quorum]) -> tuple[int, str, int]:
        """Size and note of the state to show, and up to which size its leaves prove storage.

        What a coming policy demands is given where it is there, and holds nothing back before its
        day.
        """
        state = self.state(ledger)
        newest = ledger.witnesses.cosigned(state.size)
        note = self._own(state.checkpoint if newest is None else newest.note)
        found, demanded = witnessed(ledger, quorums), bool(quorums and quorums[0].needed)
        # A device that saw more than the witnesses did can only be shown what is later still.
        fits = found is not None and tree <= found.size <= state.size
        if found is not None and fits and (demanded or found.size == state.size):
            return found.size, self._own(found.note), found.size
        return state.size, note, 0 if demanded else state.size


def log_of(database: Database, shelf: PolicyShelf, key: SigningKey) -> CollectorLog:
    """This collector's log, as the newest policy names it."""
    with database.reading() as ledger:
        policy = shelf.newest(ledger)[0]
    return CollectorLog(policy.collector.log_origin, key, policy.restored)


def _leaf_of(record: SealedRow, entry_leaf: bytes, storage: str) -> bytes:
    return receipt_leaf_bytes(
        ReceiptLeaf(
            v=PROFILE,
            device=record.device_id,
            seq=record.seq,
            entry=b64u(entry_leaf),
            blob=b64u(record.blob_sha256),
            received_at=record.received_at,
            storage=storage,
        )
    )


def _item(ledger: Ledger, record: SealedRow, stored: StoredTree, size: int) -> ReceiptItem:
    row = ledger.leaf(record.device_id, record.seq)
    if row is None:
        return ReceiptItem(seq=record.seq, state=ReceiptState(record.state))
    if row.index >= size:
        return ReceiptItem(seq=record.seq, state=ReceiptState.LOGGED)
    return ReceiptItem(
        seq=record.seq,
        state=ReceiptState.STORED,
        leaf=convert(parse_json(row.data), ReceiptLeaf),
        index=row.index,
        proof=tuple(b64u(step) for step in stored.inclusion(row.index, size)),
    )
