"""The way of a record: nothing is lost, whatever happens in whatever order."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.domain.ids import RecordId
from kiosk.sync.outbox import (
    METERED_BYTES,
    OutboxEvent,
    OutboxRow,
    OutboxState,
    advance,
    goes_by_itself,
    is_held,
)

AT = datetime(2026, 11, 25, tzinfo=UTC)
LATER = datetime(2026, 11, 26, tzinfo=UTC)
ROW = OutboxRow(4, RecordId("0" * 32), OutboxState.WAITING, AT, AT, 0, "", 1000)

AGAIN = (OutboxEvent.MISSING_THERE, OutboxEvent.RECEIPT_VOID)
SAFE_EVENTS = [event for event in OutboxEvent if event is not OutboxEvent.PURGED]


def walk(*events: OutboxEvent) -> OutboxRow:
    row = ROW
    for event in events:
        row = advance(row, event, LATER)
    return row


def test_the_plain_way() -> None:
    way = [
        OutboxEvent.SEND_STARTED,
        OutboxEvent.ACCEPTED,
        OutboxEvent.RECEIPT_VERIFIED,
        OutboxEvent.PURGED,
    ]
    row = walk(*way)
    assert (row.state, row.purged, row.attempts) == (OutboxState.STORED, True, 1)


def test_an_interrupted_try_waits_again_and_says_why() -> None:
    row = advance(walk(OutboxEvent.SEND_STARTED), OutboxEvent.SEND_INTERRUPTED, LATER, "SYNC-001")
    assert (row.state, row.reason, row.attempts) == (OutboxState.WAITING, "SYNC-001", 1)


def test_a_blob_lost_on_the_other_side_is_sent_again() -> None:
    row = walk(OutboxEvent.SEND_STARTED, OutboxEvent.ACCEPTED, OutboxEvent.MISSING_THERE)
    assert row.state is OutboxState.WAITING


@pytest.mark.parametrize("state", [s for s in OutboxState if s is not OutboxState.STORED])
def test_nothing_is_purged_without_a_verified_receipt(state: OutboxState) -> None:
    row = OutboxRow(4, RecordId("0" * 32), state, AT, AT, 0, "", 1000)
    with pytest.raises(ValueError, match="verified receipt"):
        advance(row, OutboxEvent.PURGED, LATER)


def test_a_record_lost_on_the_other_side_after_its_receipt_is_sent_again_while_it_is_here() -> None:
    stored = walk(OutboxEvent.RECEIPT_VERIFIED)
    assert advance(stored, OutboxEvent.MISSING_THERE, LATER).state is OutboxState.WAITING
    purged = advance(stored, OutboxEvent.PURGED, LATER)
    assert advance(purged, OutboxEvent.MISSING_THERE, LATER) == purged


def test_a_receipt_of_a_log_that_was_put_back_sends_again_what_is_here_and_nothing_else() -> None:
    stored = walk(OutboxEvent.RECEIPT_VERIFIED)
    again = advance(stored, OutboxEvent.RECEIPT_VOID, LATER)
    assert again.state is OutboxState.WAITING
    purged = advance(stored, OutboxEvent.PURGED, LATER)
    assert advance(purged, OutboxEvent.RECEIPT_VOID, LATER) == purged
    sent = walk(OutboxEvent.SEND_STARTED, OutboxEvent.ACCEPTED)
    assert advance(sent, OutboxEvent.RECEIPT_VOID, LATER) == sent


@given(st.lists(st.sampled_from(SAFE_EVENTS), max_size=30))
def test_stored_means_that_a_receipt_was_verified_and_nothing_was_missed_since(
    events: list[OutboxEvent],
) -> None:
    row = walk(*events)
    since = [e for e in events if e in (OutboxEvent.RECEIPT_VERIFIED, *AGAIN)]
    settled = bool(since) and since[-1] is OutboxEvent.RECEIPT_VERIFIED
    assert (row.state is OutboxState.STORED) == settled
    assert not row.purged


@given(st.lists(st.sampled_from(SAFE_EVENTS), max_size=30))
def test_a_receipt_settles_a_record_from_anywhere_until_it_is_missed(
    events: list[OutboxEvent],
) -> None:
    row = advance(walk(*events), OutboxEvent.RECEIPT_VERIFIED, LATER)
    for event in events:
        if event not in AGAIN:
            assert advance(row, event, LATER) == row


@given(st.lists(st.sampled_from(SAFE_EVENTS), max_size=30), st.sampled_from(SAFE_EVENTS))
def test_an_event_heard_twice_changes_nothing_more(
    events: list[OutboxEvent], event: OutboxEvent
) -> None:
    once = advance(walk(*events), event, AT)
    twice = advance(once, event, LATER)
    assert twice == once


@given(st.lists(st.sampled_from(SAFE_EVENTS), max_size=30))
def test_only_states_that_need_a_person_stop_the_way(events: list[OutboxEvent]) -> None:
    row = walk(*events)
    row = advance(row, OutboxEvent.SEND_INTERRUPTED, LATER)
    row = advance(row, OutboxEvent.MISSING_THERE, LATER)
    stopped = {OutboxState.STORED, OutboxState.REFUSED, OutboxState.QUARANTINED}
    assert row.state is OutboxState.WAITING or row.state in stopped


# --- metered links --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("size", "metered", "held"),
    [
        (METERED_BYTES, True, False),
        (METERED_BYTES + 1, True, True),
        (METERED_BYTES + 1, False, False),
        (0, True, False),
    ],
)
def test_a_big_record_waits_for_a_link_that_is_not_metered(size, metered, held):
    waiting = replace(ROW, payload_len=size)
    assert goes_by_itself(waiting, metered=metered) is not held
    assert is_held(waiting, metered=metered) is held


@pytest.mark.parametrize("state", [s for s in OutboxState if s is not OutboxState.WAITING])
def test_what_is_on_its_way_or_there_is_not_held(state):
    assert not is_held(replace(ROW, payload_len=10**7, state=state), metered=True)
