"""Receipts that a restore of the log made void: what the collector's own key had promised.

Rules, in order: a device that had let a record go names it (``central_loss``) and hands in what its
receipt held beside that (``receipt_void``): from both, the leaf and the signed state of the log
that ended are put together again; only where they prove, by a key of that log, that exactly the
announced record was in it, the record is called lost by the central side; what proves nothing is
said to.
Source: docs/decisions/0053-a-device-calls-when-it-has-something-to-say.md.
"""

from __future__ import annotations

from collections.abc import Mapping

from central.archive.ledger import Ledger
from kiosk.audit.checkpoint import Checkpoint
from kiosk.audit.entries import EntryKind, Fact, Header
from kiosk.audit.tree import leaf_hash, verify_inclusion
from kiosk.audit.void_receipts import note_of, proof_of
from kiosk.crypto.digests import b64u, unb64u
from kiosk.domain.errors import AuditError
from kiosk.domain.ids import DeviceId
from kiosk.sync.logs import ended_logs_of
from kiosk.sync.messages import ReceiptLeaf
from kiosk.sync.policy import Policy
from kiosk.sync.receipts import PROFILE, open_seen, receipt_leaf_bytes


class VoidReceipts:
    """Takes the entries of one device, and says what they prove; grows with losses only."""

    def __init__(self, device_id: DeviceId) -> None:
        self._device_id = device_id
        self._losses: dict[object, Header] = {}
        self._handed_in: list[Header] = []

    def feed(self, header: Header) -> None:
        """Take the next entry, verified."""
        if header.kind is EntryKind.CENTRAL_LOSS and "log" in header.facts:
            self._losses[header.facts.get("seq")] = header
        elif header.kind is EntryKind.RECEIPT_VOID:
            self._handed_in.append(header)

    def told(self, ledger: Ledger, policy: Policy) -> list[str]:
        """A sentence for each receipt that was handed in."""
        return [self._sentence(ledger, policy, one) for one in self._handed_in]

    def _sentence(self, ledger: Ledger, policy: Policy, header: Header) -> str:
        seq = header.facts.get("seq")
        loss = self._losses.get(seq)
        try:
            proven = loss is not None and self._proves(ledger, policy, loss.facts, header.facts)
        except (AuditError, ValueError, TypeError, LookupError):
            proven = False
        if not proven or loss is None:
            return f"record {seq}: entry {header.seq} hands in a receipt that proves nothing"
        place = f"leaf {loss.facts['leaf']} of {loss.facts['tree']} in {loss.facts['log']}"
        return f"record {seq}: the collector signed that it was stored ({place}), and lost it"

    def _proves(
        self, ledger: Ledger, policy: Policy, loss: Mapping[str, Fact], told: Mapping[str, Fact]
    ) -> bool:
        """Raises what values of another form make it raise; nothing is proven then."""
        seq, index, size = (int(loss[name] or 0) for name in ("seq", "leaf", "tree"))
        entry = ledger.entry(self._device_id, seq)
        if entry is None:
            return False
        state = Checkpoint(str(loss["log"]), size, unb64u(str(loss["root"])))
        logs = {one.origin: one for one in ended_logs_of(policy)}
        signed = open_seen(note_of(state, str(told["signed"])), logs[state.origin])
        leaf = ReceiptLeaf(
            v=PROFILE,
            device=self._device_id,
            seq=seq,
            entry=b64u(entry.leaf),
            blob=str(loss["blob"]),
            received_at=str(told["received"]),
            storage=str(told["storage"]),
        )
        hashed, proof = leaf_hash(receipt_leaf_bytes(leaf)), proof_of(str(told["proof"]))
        return (
            verify_inclusion(hashed, index, size, proof, signed.root) if signed == state else False
        )
