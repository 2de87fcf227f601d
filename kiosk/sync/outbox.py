"""The way of a sealed record to the central side, as one pure state machine.

Rules, in order:

1. Only a verified receipt leads to ``STORED``, and it is final once the bytes were let go; while
   they are still here, a central side that says it lost the record gets it again, and so does one
   whose log was put back behind the receipt.
2. Only a stored record may be purged here.
3. Every event may come twice (lost replies, crashes): the second time changes nothing that counts.
4. An interrupted or failed try goes back to waiting; nothing is given up because of a count or age.
5. Refused means that a person must look: this device's own copy does not fit its journal entry.
6. On a metered link what is big waits for a person's word or for another link; nothing else does.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from kiosk.domain.ids import RecordId

METERED_BYTES = 256 * 1024
"""A record up to this size goes by itself on a metered link too."""


class OutboxState(StrEnum):
    """Where a sealed record is on its way."""

    WAITING = "waiting"
    SENDING = "sending"
    UNCONFIRMED = "sent-unconfirmed"
    STORED = "stored"
    QUARANTINED = "quarantined"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class OutboxRow:
    """One sealed record on its way to the central side.

    Attributes:
        seq: its journal entry; natural key together with the device.
        reason: stable code of the last obstacle, or ``""``.
        payload_len: bytes of the sealed blob (age header and payload together).
        purged: the blob was deleted here after a verified receipt.
    """

    seq: int
    record_id: RecordId
    state: OutboxState
    queued_at: datetime
    updated_at: datetime
    attempts: int
    reason: str
    payload_len: int
    purged: bool = False


class OutboxEvent(StrEnum):
    """What happened to a record on its way."""

    SEND_STARTED = "send-started"
    SEND_INTERRUPTED = "send-interrupted"
    """The reply did not come, or this program died while sending."""

    DIGEST_REFUSED = "digest-refused"
    """The bytes that arrived were not the ones that were sent; here they are whole."""

    ACCEPTED = "accepted"
    """The central side holds the blob, or says that it does: no proof yet."""

    MISSING_THERE = "missing-there"
    """The central side says that it does not hold a blob that was accepted before."""

    QUARANTINED = "quarantined"
    DAMAGED_HERE = "damaged-here"
    """The blob kept here is gone or is not the one that the journal entry describes."""

    RECEIPT_REFUSED = "receipt-refused"
    """A receipt came that proves nothing: the blob stays here."""

    RECEIPT_VERIFIED = "receipt-verified"
    RECEIPT_VOID = "receipt-void"
    """The log that a receipt leads to was put back behind it: it proves nothing any more."""

    PURGED = "purged"


def goes_by_itself(row: OutboxRow, *, metered: bool) -> bool:
    """Whether a waiting record may travel without anybody's asking.

    Args:
        row: as stored.
        metered: each byte of the link costs.
    """
    return not metered or row.payload_len <= METERED_BYTES


def is_held(row: OutboxRow, *, metered: bool) -> bool:
    """Whether a record waits for nothing but a link that is not metered, or a person's word."""
    return row.state is OutboxState.WAITING and not goes_by_itself(row, metered=metered)


_ANY = frozenset(OutboxState)
_OPEN = frozenset({OutboxState.WAITING, OutboxState.SENDING, OutboxState.UNCONFIRMED})

_AGAIN = frozenset({OutboxEvent.MISSING_THERE, OutboxEvent.RECEIPT_VOID})
"""Events that send a record again; one whose bytes were let go cannot be."""

_MOVES: dict[OutboxEvent, tuple[frozenset[OutboxState], OutboxState]] = {
    OutboxEvent.SEND_STARTED: (frozenset({OutboxState.WAITING}), OutboxState.SENDING),
    OutboxEvent.SEND_INTERRUPTED: (frozenset({OutboxState.SENDING}), OutboxState.WAITING),
    OutboxEvent.DIGEST_REFUSED: (frozenset({OutboxState.SENDING}), OutboxState.WAITING),
    OutboxEvent.ACCEPTED: (_OPEN, OutboxState.UNCONFIRMED),
    OutboxEvent.MISSING_THERE: (
        frozenset({OutboxState.UNCONFIRMED, OutboxState.STORED}),
        OutboxState.WAITING,
    ),
    OutboxEvent.QUARANTINED: (_OPEN, OutboxState.QUARANTINED),
    OutboxEvent.DAMAGED_HERE: (_OPEN, OutboxState.REFUSED),
    OutboxEvent.RECEIPT_REFUSED: (_OPEN, OutboxState.UNCONFIRMED),
    OutboxEvent.RECEIPT_VOID: (frozenset({OutboxState.STORED}), OutboxState.WAITING),
    OutboxEvent.RECEIPT_VERIFIED: (_ANY, OutboxState.STORED),
    OutboxEvent.PURGED: (frozenset({OutboxState.STORED}), OutboxState.STORED),
}


def advance(row: OutboxRow, event: OutboxEvent, at: datetime, reason: str = "") -> OutboxRow:
    """The row after ``event``; the row itself where the event does not apply to its state.

    Args:
        row: as stored.
        event: what happened.
        at: device time of it, aware UTC.
        reason: stable code of the obstacle, for events that are one.

    Raises:
        ValueError: a purge without a verified receipt, the one fault that would lose evidence.
    """
    sources, target = _MOVES[event]
    if event is OutboxEvent.PURGED and row.state is not OutboxState.STORED:
        raise ValueError("only a record with a verified receipt may be purged")
    if row.state not in sources or (row.purged and event in _AGAIN):
        return row
    started = event is OutboxEvent.SEND_STARTED
    after = replace(
        row,
        state=target,
        attempts=row.attempts + started,
        reason=row.reason if started else reason,
        purged=row.purged or event is OutboxEvent.PURGED,
    )
    return row if after == row else replace(after, updated_at=at)
