"""The collector's own log: one leaf per stored record, a signed checkpoint after each.

Rules, in order: a leaf is appended in the transaction that notes the record, after its bytes are
durable; the checkpoint is signed in that same transaction; a record has one leaf for ever.
Source: records-and-sync 2.8, 2.9; C2SP tlog-checkpoint.
"""

from __future__ import annotations

from msgspec import convert

from central.archive.ledger import Ledger
from central.archive.rows import LeafRow, LogRow, SealedRow
from kiosk.audit.checkpoint import Checkpoint, sign
from kiosk.audit.tree import Frontier, consistency_proof, inclusion_proof, leaf_hash
from kiosk.crypto.canonical import parse_json
from kiosk.crypto.digests import b64u
from kiosk.crypto.signing import SigningKey
from kiosk.domain.ids import DeviceId
from kiosk.sync.messages import MAX_PAGE_RECEIPTS, ReceiptItem, ReceiptLeaf, ReceiptPage
from kiosk.sync.receipts import PROFILE, ReceiptState, receipt_leaf_bytes


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

    def append(self, ledger: Ledger, record: SealedRow, entry_leaf: bytes, storage: str) -> None:
        """Commit to a stored record."""
        state = self.state(ledger)
        leaf = ReceiptLeaf(
            v=PROFILE,
            device=record.device_id,
            seq=record.seq,
            entry=b64u(entry_leaf),
            blob=b64u(record.blob_sha256),
            received_at=record.received_at,
            storage=storage,
        )
        data = receipt_leaf_bytes(leaf)
        hashed = leaf_hash(data)
        ledger.add_leaf(LeafRow(state.size, record.device_id, record.seq, data, hashed))
        ledger.put_log(self._signed(Frontier(state.size, state.frontier).append(hashed)))

    def page(self, ledger: Ledger, device_id: DeviceId, start: int, tree: int) -> ReceiptPage:
        """Receipts of a device from entry ``start`` on, for a device that saw a log of ``tree``.

        A ``tree`` larger than the log gets no proof: the device will notice.
        """
        state = self.state(ledger)
        hashes = ledger.leaf_hashes()
        proof = consistency_proof(hashes, tree) if 0 <= tree <= len(hashes) else ()
        records = ledger.sealed_from(device_id, start, MAX_PAGE_RECEIPTS)
        return ReceiptPage(
            receipts=tuple(_item(ledger, record, hashes) for record in records),
            checkpoint=state.checkpoint,
            consistency=tuple(b64u(step) for step in proof),
        )


def _item(ledger: Ledger, record: SealedRow, hashes: list[bytes]) -> ReceiptItem:
    row = ledger.leaf(record.device_id, record.seq)
    if row is None:
        return ReceiptItem(seq=record.seq, state=ReceiptState(record.state))
    return ReceiptItem(
        seq=record.seq,
        state=ReceiptState.STORED,
        leaf=convert(parse_json(row.data), ReceiptLeaf),
        index=row.index,
        proof=tuple(b64u(step) for step in inclusion_proof(hashes, row.index)),
    )
