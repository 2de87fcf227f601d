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

from msgspec import convert

from central.archive.ledger import Ledger
from central.archive.rows import LeafRow, LogRow, SealedRow
from central.collector.proofs import StoredTree
from central.collector.witnessing import witnessed
from kiosk.audit.checkpoint import Checkpoint, sign
from kiosk.audit.tree import Frontier, leaf_hash
from kiosk.audit.witnesses import Quorum
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
        return ReceiptPage(
            receipts=tuple(_item(ledger, record, stored, proven) for record in records),
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
        note = state.checkpoint if newest is None else newest.note
        found, demanded = witnessed(ledger, quorums), bool(quorums and quorums[0].needed)
        # A device that saw more than the witnesses did can only be shown what is later still.
        fits = found is not None and tree <= found.size <= state.size
        if found is not None and fits and (demanded or found.size == state.size):
            return found.size, found.note, found.size
        return state.size, note, 0 if demanded else state.size


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
