"""How fast a delivery went, and how long the rest takes at that pace: pure functions.

Rules, in order: a measure of little says nothing (the first bytes of a connection are slow on every
link), so there is none; a pace is shown in whole minutes and only where somebody would notice.
"""

import math
from collections.abc import Iterable

from kiosk.sync.outbox import OutboxRow, OutboxState

MEASURED_BYTES = 64 * 1024
"""Less than this tells nothing about a link."""


def pace_of(sent_bytes: int, elapsed_ms: int) -> float | None:
    """Bytes per second of a delivery; None where too little was sent to tell."""
    if sent_bytes <= MEASURED_BYTES or elapsed_ms <= 0:
        return None
    return sent_bytes * 1000 / elapsed_ms


def bytes_to_send(rows: Iterable[OutboxRow]) -> int:
    """Bytes of the records that still have to travel."""
    on_the_way = (OutboxState.WAITING, OutboxState.SENDING)
    return sum(row.payload_len for row in rows if row.state in on_the_way)


def minutes_for(waiting_bytes: int, pace: float | None) -> int:
    """Minutes that what waits takes at this pace, rounded up; 0 below one, or where unknown.

    Args:
        waiting_bytes: of all records that wait.
        pace: bytes per second.
    """
    if pace is None or pace <= 0:
        return 0
    minutes = waiting_bytes / pace / 60
    return math.ceil(minutes) if minutes > 1 else 0
