"""Compares planned visits with the journals: a visit that ends in no entry is silent.

Rules, in order:

1. The journals are read as their devices signed them; the collector's own notes are not trusted.
2. A visit ends in a closing entry that names it, or in one that names its request.
3. Somebody who was not met is an entry too (``no-show``), and so is an abandoned case: only silence
   is listed, because a carrier could pocket a visit that leaves no trace.
4. A visit that was taken back before its day, or whose request was cancelled, need not end.

Source: records-and-sync 2.3 (d), 3 row 4.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from central.archive.layout import Layout
from central.archive.ledger import Ledger
from central.archive.round_rows import VisitRow
from central.archive.storage import open_database
from central.auditor.journals import rows_of
from kiosk.audit.entries import EntryKind, open_entry
from kiosk.domain.errors import AuditError


class VisitState(StrEnum):
    """How a planned visit ended."""

    ENDED = "ended"
    ENDED_ELSEWHERE = "ended-elsewhere"
    CANCELLED = "cancelled"
    SILENT = "silent"


@dataclass(frozen=True, slots=True)
class VisitReport:
    """One planned visit, and the entry that it ended in.

    Attributes:
        visit_id, day, position, office_id, device_id: as planned.
        state: how it ended; ENDED_ELSEWHERE: on another device than the planned one.
        outcome: as the entry says, or ``""``.
        entry: device and number of that entry, or ``""``.
    """

    visit_id: str
    day: str
    position: int
    office_id: str
    device_id: str | None
    state: VisitState
    outcome: str = ""
    entry: str = ""


@dataclass(frozen=True, slots=True)
class Reconciliation:
    """Every planned visit of some days; ``unreadable`` journals proved nothing."""

    visits: tuple[VisitReport, ...]
    unreadable: tuple[str, ...] = ()

    @property
    def silent(self) -> tuple[VisitReport, ...]:
        """Visits that left no trace."""
        return tuple(visit for visit in self.visits if visit.state is VisitState.SILENT)


@dataclass(frozen=True, slots=True)
class _Closing:
    device_id: str
    office_id: str
    seq: int
    outcome: str


def reconcile(layout: Layout, first: date, last: date) -> Reconciliation:
    """Look at every visit planned from ``first`` to ``last``."""
    layout.require()
    database = open_database(layout)
    try:
        with database.reading() as ledger:
            rows = ledger.rounds.visits(first.isoformat(), last.isoformat())
            wanted = {f"visit {row.visit_id}" for row in rows}
            wanted |= {f"request {row.request_key}" for row in rows}
            closings, unreadable = _closings(ledger, wanted)
            visits = tuple(_report(ledger, row, closings) for row in rows)
    finally:
        database.close()
    return Reconciliation(visits, unreadable)


def _closings(
    ledger: Ledger, wanted: set[str]
) -> tuple[dict[str, list[_Closing]], tuple[str, ...]]:
    """Closing entries by the visit and by the request that they name, oldest first.

    Only of the names that are wanted: what is kept grows with the visits, not with the journals.
    """
    found: dict[str, list[_Closing]] = {}
    unreadable = []
    for device in ledger.devices():
        for row in rows_of(ledger, device):
            try:
                header = open_entry(row.jws, device.public_key)
            except AuditError:
                unreadable.append(f"{device.device_id} {row.seq}")
                continue
            if header.kind != EntryKind.VERIFY_CLOSE:
                continue
            outcome = str(header.facts.get("outcome", ""))
            closing = _Closing(device.device_id, device.office_id, row.seq, outcome)
            for name in ("visit", "request"):
                value = header.facts.get(name)
                if isinstance(value, str) and f"{name} {value}" in wanted:
                    found.setdefault(f"{name} {value}", []).append(closing)
    return found, tuple(unreadable)


def _report(ledger: Ledger, row: VisitRow, closings: dict[str, list[_Closing]]) -> VisitReport:
    about = [
        *closings.get(f"visit {row.visit_id}", ()),
        *closings.get(f"request {row.request_key}", ()),
    ]
    own = [closing for closing in about if _planned_there(row, closing)]
    closing = next(iter((*own, *about)), None)
    cancelled = (
        row.cancelled_at is not None
        or ledger.rounds.request_cancelled_at(row.request_key) is not None
    )
    if closing is not None:
        state = VisitState.ENDED if own else VisitState.ENDED_ELSEWHERE
    else:
        state = VisitState.CANCELLED if cancelled else VisitState.SILENT
    return VisitReport(
        visit_id=row.visit_id,
        day=row.day,
        position=row.position,
        office_id=row.office_id,
        device_id=row.device_id,
        state=state,
        outcome="" if closing is None else closing.outcome,
        entry="" if closing is None else f"{closing.device_id} {closing.seq}",
    )


def _planned_there(row: VisitRow, closing: _Closing) -> bool:
    if row.device_id is not None:
        return closing.device_id == row.device_id
    return closing.office_id == row.office_id
