"""The record of an open case that was left, ready for the event that nobody comes back to it.

Rules, in order:

1. A draft opens for its agent alone, and for the colleague alone while a case waits for one. So
   whoever works on a case or hands it over seals and signs, with each revision of the draft, the
   record that it was abandoned; nobody here can read that again.
2. It is announced only where the case ends without its agent, or without having been taken.
   Whoever goes on with the case replaces it, and whoever closes the case drops it: a case leaves
   one record.
3. It lies with the draft and goes with it, in the same unit of work. Its bytes lie apart, as they
   are: written as text they would be a third longer, at every step of every case.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Final

import msgspec

from kiosk.audit.entries import EntryKind, Fact
from kiosk.domain.decision import Outcome
from kiosk.domain.ids import CaseId
from kiosk.journeys.model import SealedFacts
from kiosk.ports import UnitOfWork
from kiosk.services.announcing import SEALED_PREFIX, Closed, announce
from kiosk.services.journal import Journal
from kiosk.services.visit_ends import VisitEnd, keep_visit_end

STANDING_PREFIX: Final = "case-standing/"
_BYTES_PREFIX: Final = "case-standing-bytes/"


@dataclass(frozen=True, slots=True)
class VisitOf:
    """The visit of the round that a case is."""

    planned_on: date
    visit_id: str
    postponed_to: date | None


@dataclass(frozen=True, slots=True)
class StandingRecord:
    """A record that nothing announces yet.

    Attributes:
        closed: sealed and signed by whoever had the case last.
        told: what the closing entry says: case, agent, outcome, request, visit.
        visit: of the round, or None.
    """

    closed: Closed
    told: Mapping[str, Fact]
    visit: VisitOf | None


def put_standing(uow: UnitOfWork, case_id: CaseId, record: StandingRecord | None) -> None:
    """Keep it with the draft, or none; the caller commits."""
    if record is None:
        uow.values.delete(STANDING_PREFIX + case_id)
        uow.values.delete(_BYTES_PREFIX + case_id)
    else:
        told = _with_bytes(record, b"")
        uow.values.put(STANDING_PREFIX + case_id, msgspec.json.encode(told))
        uow.values.put(_BYTES_PREFIX + case_id, record.closed.blob.blob)


def _with_bytes(record: StandingRecord, data: bytes) -> StandingRecord:
    return replace(
        record, closed=replace(record.closed, blob=replace(record.closed.blob, blob=data))
    )


def standing_of(uow: UnitOfWork, case_id: CaseId) -> StandingRecord | None:
    """The record as it was kept; one of an earlier program holds its bytes itself.

    Those count, whatever lies beside: an earlier program that was put back leaves bytes there that
    it does not know, and that are of an earlier step.
    """
    stored = uow.values.get(STANDING_PREFIX + case_id)
    if stored is None:
        return None
    record = msgspec.json.decode(stored, type=StandingRecord)
    if record.closed.blob.blob:
        return record
    data = uow.values.get(_BYTES_PREFIX + case_id)
    return record if data is None else _with_bytes(record, data)


def standing_cases(uow: UnitOfWork) -> frozenset[CaseId]:
    """Cases beside whose draft a record lies ready."""
    names = uow.values.names(STANDING_PREFIX)
    return frozenset(CaseId(name.removeprefix(STANDING_PREFIX)) for name in names)


def announce_standing(
    uow: UnitOfWork, journal: Journal, case_id: CaseId, more: Mapping[str, Fact]
) -> bool:
    """Close the case by its standing record, ``more`` in the entry; False where there is none.

    The caller drops the draft and commits.
    """
    record = standing_of(uow, case_id)
    if record is None:
        return False
    closed, visit = record.closed, record.visit
    seq, slip = announce(uow, journal, EntryKind.VERIFY_CLOSE, {**record.told, **more}, closed)
    sealed = SealedFacts(closed.record_id, seq, slip, closed.sealed_at)
    uow.values.put(SEALED_PREFIX + case_id, msgspec.json.encode(sealed))
    if visit is not None:
        end = VisitEnd(Outcome.ABANDONED, (), seq, visit.postponed_to)
        keep_visit_end(uow, visit.planned_on, visit.visit_id, end)
    return True
