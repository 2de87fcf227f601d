"""Receipts of records that were let go: kept as long as the policy says, then gone, and told."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import msgspec
import pytest

from kiosk.audit.entries import EntryKind, entry_leaf, open_entry
from kiosk.crypto.digests import b64u, sha256
from kiosk.domain.errors import VaultError
from kiosk.ports import OutboxState
from kiosk.services.custody import Custody, Missing
from kiosk.services.losses import Loss
from kiosk.services.receipt_retention import ReceiptRetention
from kiosk.services.receipts_kept import RECEIPT_PREFIX, VOID_PREFIX, KeptReceipt
from kiosk.sync.messages import ReceiptItem, ReceiptLeaf
from tests.fakes.desk import DEVICE, Desk
from tests.services.test_sealing import decided

RECEIVED = datetime(2026, 3, 1, 12, tzinfo=UTC)


def kept(desk: Desk, number: int, received: datetime = RECEIVED, *, purged: bool = True) -> int:
    """A record whose receipt was verified at a moment, and whose sealed bytes were let go."""
    seq = desk.sealing.seal(decided(case=f"{number:032x}"), desk.session()).seq
    with desk.store.begin() as uow:
        row, blob, entry = uow.outbox.get(seq), uow.blobs.get(seq), uow.journal.get(seq)
        assert row is not None
        assert blob is not None
        assert entry is not None
        leaf = ReceiptLeaf(
            v="visavis-receipt/1",
            device=DEVICE.device_id,
            seq=seq,
            entry=b64u(entry_leaf(entry.jws)),
            blob=b64u(sha256(blob)),
            received_at=received.isoformat(),
            storage="vault",
        )
        receipt = KeptReceipt(item=ReceiptItem(seq=seq, state="stored", leaf=leaf), checkpoint="")
        uow.values.put(f"{RECEIPT_PREFIX}{seq:012d}", msgspec.json.encode(receipt))
        uow.outbox.put(replace(row, state=OutboxState.STORED, purged=purged))
        if purged:
            uow.blobs.purge(seq)
        uow.commit()
    return seq


def receipts(desk: Desk) -> list[int]:
    with desk.store.begin() as uow:
        names = uow.values.names(RECEIPT_PREFIX)
    return [int(name.removeprefix(RECEIPT_PREFIX)) for name in names]


def missing(desk: Desk) -> tuple[Missing, ...]:
    return Custody(desk.store, desk.journal, desk.device_key.public).examine()


def told(desk: Desk) -> list[dict]:
    entries = (open_entry(row.jws, desk.device_key.public) for row in desk.entries())
    return [dict(e.facts) for e in entries if e.kind == EntryKind.RECEIPTS_PURGED]


def test_a_receipt_goes_on_the_day_after_its_last_and_is_no_loss(desk: Desk):
    old, newer = kept(desk, 1), kept(desk, 2, RECEIVED + timedelta(days=3))
    retention = ReceiptRetention(desk.store, desk.journal, lambda: 30)
    assert retention.run(date(2026, 3, 31)) == 0
    assert receipts(desk) == [old, newer]
    assert retention.run(date(2026, 4, 1)) == 1
    assert receipts(desk) == [newer]
    assert told(desk) == [{"count": 1, "first": old, "last": old}]
    assert missing(desk) == ()
    assert desk.verify().verified


def test_a_receipt_that_is_gone_without_having_been_let_go_is_a_loss_as_before(desk: Desk):
    old, newer = kept(desk, 1), kept(desk, 2, RECEIVED + timedelta(days=300))
    ReceiptRetention(desk.store, desk.journal, lambda: 30).run(date(2026, 4, 1))
    with desk.store.begin() as uow:
        uow.values.delete(f"{RECEIPT_PREFIX}{newer:012d}")
        uow.commit()
    assert missing(desk) == (Missing(newer, Loss.RECEIPT),)
    assert old not in receipts(desk)


def test_the_proof_of_a_record_that_is_still_here_stays(desk: Desk):
    seq = kept(desk, 1, purged=False)
    assert ReceiptRetention(desk.store, desk.journal, lambda: 1).run(date(2030, 1, 1)) == 0
    assert receipts(desk) == [seq]


def test_a_shorter_time_of_a_new_policy_counts_on_the_same_day(desk: Desk):
    kept(desk, 1)
    days = 400
    retention = ReceiptRetention(desk.store, desk.journal, lambda: days)
    assert retention.run(date(2026, 4, 1)) == 0
    days = 30
    assert retention.run(date(2026, 4, 1)) == 1
    assert retention.run(date(2026, 4, 1)) == 0
    assert retention.run(date(2026, 4, 2)) == 0


def test_where_the_vault_is_full_nothing_goes_and_the_next_try_does_it(desk: Desk):
    seq = kept(desk, 1)
    retention = ReceiptRetention(desk.store, desk.journal, lambda: 30)
    desk.store.full = True
    with pytest.raises(VaultError):
        retention.run(date(2026, 4, 1))
    desk.store.full = False
    assert receipts(desk) == [seq]
    assert retention.run(date(2026, 4, 1)) == 1


def made_void(desk: Desk, seq: int, *, still_kept: bool) -> None:
    """What a restore of the collector's log leaves of a receipt."""
    name = f"{RECEIPT_PREFIX}{seq:012d}"
    with desk.store.begin() as uow:
        stored = uow.values.get(name)
        assert stored is not None
        uow.values.put(f"{VOID_PREFIX}{seq:012d}/central/2", stored)
        if not still_kept:
            uow.values.delete(name)
        uow.commit()


def evidence(desk: Desk) -> list[int]:
    with desk.store.begin() as uow:
        names = uow.values.names(VOID_PREFIX)
    return [int(name.removeprefix(VOID_PREFIX).partition("/")[0]) for name in names]


def test_a_void_receipt_is_evidence_until_its_time_is_over(desk: Desk):
    old, newer = kept(desk, 1, purged=False), kept(desk, 2, RECEIVED + timedelta(days=3))
    made_void(desk, old, still_kept=False)
    made_void(desk, newer, still_kept=True)
    retention = ReceiptRetention(desk.store, desk.journal, lambda: 30)
    retention.run(date(2026, 3, 31))
    assert evidence(desk) == [old, newer]
    retention.run(date(2026, 4, 1))
    assert evidence(desk) == [newer]
    retention.run(date(2026, 4, 4))
    assert evidence(desk) == []
    assert receipts(desk) == []


def test_what_a_kept_receipt_needs_to_stay_void_is_not_let_go_before_it(desk: Desk):
    seq = kept(desk, 1, purged=False)
    made_void(desk, seq, still_kept=True)
    ReceiptRetention(desk.store, desk.journal, lambda: 1).run(date(2030, 1, 1))
    assert evidence(desk) == [seq]


def test_void_evidence_that_nobody_can_read_stays(desk: Desk):
    with desk.store.begin() as uow:
        uow.values.put(f"{VOID_PREFIX}{7:012d}/central/2", b"not a receipt")
        uow.commit()
    ReceiptRetention(desk.store, desk.journal, lambda: 1).run(date(2030, 1, 1))
    assert evidence(desk) == [7]
