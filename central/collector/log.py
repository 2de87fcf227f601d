"""The collector's own log: one leaf per stored record, a signed checkpoint after each batch.

Rules, in order: a leaf is appended only after the bytes of the record and the row that names them
are durable; a record is called stored in the transaction that appends its leaf and signs the
checkpoint, never before; a record has one leaf for ever. Any process may append, one at a time (the
writer's scope of the log is a lock of the database): when one dies in the middle its transaction
falls and the next one goes on.
Source: records-and-sync 2.8, 2.9; C2SP tlog-checkpoint.
"""

from __future__ import annotations

from msgspec import convert

from central.archive.ledger import Ledger
from central.archive.rows import LeafRow, LogRow, SealedRow
from central.collector.proofs import StoredTree
from kiosk.audit.checkpoint import Checkpoint, sign
from kiosk.audit.tree import Frontier, leaf_hash
from kiosk.crypto.canonical import parse_json
from kiosk.crypto.digests import b64u
from kiosk.crypto.signing import SigningKey
from kiosk.domain.ids import DeviceId
from kiosk.sync.messages import MAX_PAGE_RECEIPTS, ReceiptItem, ReceiptLeaf, ReceiptPage
from kiosk.sync.receipts import PROFILE, ReceiptState, receipt_leaf_bytes

BATCH = 256
"""Records that one checkpoint commits to at most."""


class CollectorLog:
    """Appends to the log and proves what is in it."""

    def __init__(self, origin: str, key: SigningKey) -> None:
        self.origin = origin
        self._key = key

    def state(self, ledger: Ledger) -> LogRow:
        """The state of the log; the empty log has a checkpoint too."""
        return ledger.log() or self._signed(Frontier())

    def _signed(self, frontier: Frontier) -> LogRow:
        note = sign(Checkpoint(self.origin, frontier.size, frontier.root()), self._key)
        return LogRow(frontier.size, frontier.hashes, note)

    def sequence(self, ledger: Ledger, storage: str) -> int:
        """Commit to received records, at most a batch of them; how many.

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
        return len(waiting)

    def page(self, ledger: Ledger, device_id: DeviceId, start: int, tree: int) -> ReceiptPage:
        """Receipts of a device from entry ``start`` on, for a device that saw a log of ``tree``.

        A ``tree`` larger than the log gets no proof: the device will notice.
        """
        state = self.state(ledger)
        stored = StoredTree(ledger.node)
        proof = stored.consistency(tree, state.size) if 0 <= tree <= state.size else ()
        records = ledger.sealed_from(device_id, start, MAX_PAGE_RECEIPTS)
        return ReceiptPage(
            receipts=tuple(_item(ledger, record, stored, state.size) for record in records),
            checkpoint=state.checkpoint,
            consistency=tuple(b64u(step) for step in proof),
        )


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
    return ReceiptItem(
        seq=record.seq,
        state=ReceiptState.STORED,
        leaf=convert(parse_json(row.data), ReceiptLeaf),
        index=row.index,
        proof=tuple(b64u(step) for step in stored.inclusion(row.index, size)),
    )
