"""How fast a delivery went, and how long the rest takes."""

from datetime import UTC, datetime

import pytest

from kiosk.domain.ids import RecordId
from kiosk.sync.outbox import OutboxRow, OutboxState
from kiosk.sync.pace import MEASURED_BYTES, bytes_to_send, minutes_for, pace_of

AT = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)


def row(state: OutboxState, size: int) -> OutboxRow:
    return OutboxRow(0, RecordId("0" * 32), state, AT, AT, 0, "", size)


@pytest.mark.parametrize(
    ("sent", "elapsed_ms", "pace"),
    [
        (MEASURED_BYTES, 1000, None),
        (MEASURED_BYTES + 1, 1000, MEASURED_BYTES + 1),
        (500_000, 4000, 125_000),
        (500_000, 0, None),
        (0, 1000, None),
    ],
)
def test_a_pace_is_told_only_where_enough_was_sent(sent, elapsed_ms, pace):
    assert pace_of(sent, elapsed_ms) == pace


def test_only_what_must_still_travel_counts():
    assert bytes_to_send(row(state, 1 << n) for n, state in enumerate(OutboxState)) == 0b11


@pytest.mark.parametrize(
    ("waiting", "pace", "minutes"),
    [
        (600_000, 10_000.0, 0),
        (600_001, 10_000.0, 2),
        (3_000_000, 10_000.0, 5),
        (3_000_000, None, 0),
        (3_000_000, 0.0, 0),
        (0, 1.0, 0),
    ],
)
def test_the_rest_in_whole_minutes(waiting, pace, minutes):
    assert minutes_for(waiting, pace) == minutes
