"""Which acts of earlier days are still found: those whose proof is kept, day by day."""

from datetime import timedelta

from kiosk.audit.entries import EntryKind
from kiosk.services import past_days
from kiosk.services.past_days import PastDays
from kiosk.services.receipt_retention import ReceiptRetention
from tests.fakes.desk import Desk
from tests.services.test_receipt_retention import RECEIVED, kept


def day_of(desk: Desk):
    return desk.clock.now().astimezone().date()


def next_day(desk: Desk, days: int = 1) -> None:
    desk.clock.advance(days=days)


def seqs(found) -> list[int]:
    return [] if found is None else [row.seq for row in found.acts]


def test_the_nearest_days_with_acts_are_found_and_days_without_are_passed_by(desk: Desk):
    first = [kept(desk, number) for number in (1, 2)]
    next_day(desk, 4)
    second, day = kept(desk, 3), day_of(desk)
    next_day(desk)
    days = PastDays(desk.store)
    found = days.before(day_of(desk))
    assert (found.day, seqs(found)) == (day, [second])
    oldest = days.before(day)
    assert seqs(oldest) == first[::-1]
    assert days.before(oldest.day) is None
    today = day_of(desk)
    assert seqs(days.after(oldest.day, today)) == [second]
    assert days.after(day, today) is None
    assert seqs(days.on(day - timedelta(days=1))) == []


def test_what_the_policy_let_go_is_offered_no_more(desk: Desk):
    old = kept(desk, 1)
    next_day(desk)
    newer = kept(desk, 2, RECEIVED + timedelta(days=3))
    next_day(desk)
    days = PastDays(desk.store)
    today = day_of(desk)
    before = days.before(days.before(today).day)
    assert seqs(before) == [old]
    retention = ReceiptRetention(desk.store, desk.journal, lambda: 30)
    assert retention.run(RECEIVED.date() + timedelta(days=31)) == 1
    assert seqs(days.before(today)) == [newer]
    assert days.before(days.before(today).day) is None
    assert seqs(days.on(before.day)) == []


def test_a_case_that_ended_without_a_record_has_no_sheet(desk: Desk):
    with desk.store.begin() as uow:
        facts = {"case": "0" * 32, "agent": "camille", "outcome": "abandoned", "sealed": False}
        desk.journal.append(uow, EntryKind.VERIFY_CLOSE, facts)
        uow.commit()
    next_day(desk)
    assert PastDays(desk.store).before(day_of(desk)) is None


def test_a_long_history_is_read_in_parts(desk: Desk, monkeypatch):
    monkeypatch.setattr(past_days, "_BATCH", 2)
    made = []
    for number in range(1, 8):
        made.append(kept(desk, number))
        desk.clock.advance(seconds=60)
    next_day(desk)
    assert seqs(PastDays(desk.store).before(day_of(desk))) == made[::-1]


def test_many_acts_of_one_moment_are_all_found(desk: Desk, monkeypatch):
    """A clock that stands, or was set, claims the same time for more of them than a part holds."""
    monkeypatch.setattr(past_days, "_BATCH", 2)
    made = [kept(desk, number) for number in range(1, 8)]
    day = day_of(desk)
    next_day(desk)
    days = PastDays(desk.store)
    assert seqs(days.before(day_of(desk))) == made[::-1]
    assert seqs(days.after(day - timedelta(days=3), day_of(desk))) == made[::-1]


def test_a_day_after_a_long_silence_is_found(desk: Desk):
    first, day = kept(desk, 1), day_of(desk)
    next_day(desk, 100)
    second = kept(desk, 2)
    next_day(desk, 2)
    days = PastDays(desk.store)
    assert seqs(days.after(day, day_of(desk))) == [second]
    assert seqs(days.before(day_of(desk))) == [second]
    assert seqs(days.on(day)) == [first]
