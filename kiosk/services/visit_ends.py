"""How visits ended on this device, and what the journal says an act was about.

Neither names a person: a visit has a random identifier, a request is named by a digest of one.
What ended stays known after the visit itself is erased, so that nobody is visited twice.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

import msgspec

from kiosk.audit.entries import Fact
from kiosk.documents.requests import request_key
from kiosk.domain.decision import Outcome, Reason
from kiosk.journeys.model import CaseState
from kiosk.ports import UnitOfWork

PREFIX: Final = "visit-end/"
_KEPT: Final = timedelta(days=31)


@dataclass(frozen=True, slots=True)
class VisitEnd:
    """The record that a visit ended in.

    Attributes:
        outcome, reasons: as decided.
        seq: journal entry of the record.
        postponed_to: the new day, for a visit that was put off.
    """

    outcome: Outcome
    reasons: tuple[Reason, ...]
    seq: int
    postponed_to: date | None = None


def act_facts(state: CaseState) -> dict[str, Fact]:
    """What the closing entry says of request and visit."""
    facts: dict[str, Fact] = {}
    if state.request is not None:
        facts["request"] = request_key(state.request.issuer, state.request.request_id)
    if state.visit is not None:
        facts["visit"] = state.visit.visit_id
    return facts


def mark_visit(uow: UnitOfWork, state: CaseState, outcome: Outcome, seq: int) -> None:
    """Remember how the visit of a case ended, inside ``uow``; nothing for any other case."""
    visit = state.visit
    if visit is None:
        return
    reasons = () if state.decision is None else state.decision.reasons
    end = VisitEnd(outcome, reasons, seq, visit.postponed_to)
    keep_visit_end(uow, visit.planned_on, visit.visit_id, end)


def keep_visit_end(uow: UnitOfWork, planned_on: date, visit_id: str, end: VisitEnd) -> None:
    """Remember it, inside ``uow``."""
    uow.values.put(_name(planned_on, visit_id), msgspec.json.encode(end))


def visit_end(uow: UnitOfWork, day: date, visit_id: str) -> VisitEnd | None:
    """How a visit ended, None while it has not."""
    stored = uow.values.get(_name(day, visit_id))
    return None if stored is None else msgspec.json.decode(stored, type=VisitEnd)


def forget_old_ends(uow: UnitOfWork, today: date) -> None:
    """Drop what is older than a month, inside ``uow``."""
    oldest = _name(today - _KEPT, "")
    for name in uow.values.names(PREFIX):
        if name < oldest:
            uow.values.delete(name)


def _name(day: date, visit_id: str) -> str:
    return f"{PREFIX}{day.isoformat()}/{visit_id}"
