"""Puts a closed record into the vault: entry, sealed bytes, envelopes and outbox row.

Rules, in order: all of it in the caller's unit of work; the entry names the policy that the record
was sealed under, whichever is in force now.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from kiosk.audit.entries import EntryKind, Fact
from kiosk.audit.records import SealedBlob
from kiosk.domain.ids import RecordId
from kiosk.ports import OutboxRow, OutboxState, UnitOfWork
from kiosk.services.journal import Journal
from kiosk.services.later_contacts import later_name
from kiosk.services.result import result_name
from kiosk.sync.later_contacts import SealedLater
from kiosk.sync.results import SealedResult

SEALED_PREFIX: Final = "sealed/"
"""What each case was sealed as."""


@dataclass(frozen=True, slots=True)
class Closed:
    """A record, closed: the device itself cannot read it again.

    Attributes:
        record_id: names it.
        blob: the sealed record.
        sealed_at: device time.
        policy_version: of the policy that it was sealed under.
        result, later: envelopes that go with it.
    """

    record_id: RecordId
    blob: SealedBlob
    sealed_at: datetime
    policy_version: int
    result: SealedResult | None = None
    later: SealedLater | None = None


def announce(
    uow: UnitOfWork, journal: Journal, kind: EntryKind, told: Mapping[str, Fact], closed: Closed
) -> tuple[int, str]:
    """Entry, blob and outbox row of one record; its number and the slip code."""
    facts = dict(told)
    for envelope in (closed.result, closed.later):
        facts |= {} if envelope is None else envelope.facts()
    seq, slip = journal.append(
        uow, kind, facts, closed.blob, closed.record_id, closed.policy_version
    )
    if closed.result is not None:
        uow.values.put(result_name(seq), closed.result.blob)
    if closed.later is not None:
        uow.values.put(later_name(seq), closed.later.blob)
    uow.blobs.put(seq, closed.blob.blob)
    uow.outbox.put(
        OutboxRow(
            seq=seq,
            record_id=closed.record_id,
            state=OutboxState.WAITING,
            queued_at=closed.sealed_at,
            updated_at=closed.sealed_at,
            attempts=0,
            reason="",
            payload_len=len(closed.blob.blob),
        )
    )
    return seq, slip
