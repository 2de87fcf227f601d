"""Rows about visits, requests and the acts that were about them, inside one transaction."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from sqlalchemy import ColumnElement, Connection, and_, bindparam, insert, select, update

from central.archive.round_schema import (
    acts,
    cancelled_requests,
    recipients,
    visit_copies,
    visits,
)
from kiosk.domain.ids import DeviceId, OfficeId


def request_scope(request_key: str) -> str:
    """Scope of whoever writes what becomes of a request (:meth:`.ledger.Ledger.lock`)."""
    return f"request/{request_key}"


def visit_scope(visit_id: str) -> str:
    """Scope of whoever writes what becomes of a visit."""
    return f"visit/{visit_id}"


@dataclass(frozen=True, slots=True)
class VisitRow:
    """A planned visit, or an appointment; what it says of a person lies sealed elsewhere.

    Attributes:
        visit_id: random identifier.
        day: ISO 8601 date.
        position: number in the round of the device, or among the appointments of the office.
        place: value of ``kiosk.sync.rounds.VisitPlace``.
        office_id: depot of the device, or the office of the appointment.
        device_id: who makes the visit; None for an appointment, which any desk may take.
        request_key: digest of the request.
        planned_at / cancelled_at: ISO 8601 UTC.
    """

    visit_id: str
    day: str
    position: int
    place: str
    office_id: OfficeId
    device_id: DeviceId | None
    request_key: str
    planned_at: str
    cancelled_at: str | None = None


@dataclass(frozen=True, slots=True)
class ActRow:
    """What a journal entry says about a request or a visit; no personal data.

    Attributes:
        device_id, seq: the entry.
        request_key: digest of the request, or None.
        visit_id: the visit, or None.
        outcome: value of ``kiosk.domain.decision.Outcome``, as the device wrote it.
        received_at: ISO 8601 UTC.
        conflict, conflict_at: what had happened elsewhere when it arrived (value of
            ``kiosk.sync.conflicts.ConflictKind``) and when, or None: settled on arrival.
    """

    device_id: DeviceId
    seq: int
    request_key: str | None
    visit_id: str | None
    outcome: str
    received_at: str
    conflict: str | None = None
    conflict_at: str | None = None


# Said once, those of every delivery: to put one together costs more than to carry it out.
_CONFLICTS = (
    select(acts)
    .where(acts.c.device_id == bindparam("who"), acts.c.conflict.is_not(None))
    .order_by(acts.c.seq.desc())
    .limit(bindparam("most"))
)
_CANCELLED_AT = select(cancelled_requests.c.cancelled_at).where(
    cancelled_requests.c.request_key == bindparam("key")
)
_ABOUT = (
    select(acts)
    .where(acts.c.request_key == bindparam("key"))
    .order_by(acts.c.received_at, acts.c.device_id, acts.c.seq)
)
_ADD_ACT = insert(acts)


class RoundRows:
    """Reads and writes them. No rule of the protocol lives here."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    # --- whom to seal to ----------------------------------------------------------------------

    def recipient(self, device_id: DeviceId) -> str | None:
        """A device's announcement of the key that its rounds are sealed to."""
        query = select(recipients.c.announcement).where(recipients.c.device_id == device_id)
        return self._connection.execute(query).scalar_one_or_none()

    def put_recipient(self, device_id: DeviceId, announcement: str) -> None:
        """Keep an announcement, or replace it."""
        if self.recipient(device_id) is None:
            values = {"device_id": device_id, "announcement": announcement}
            self._connection.execute(insert(recipients).values(**values))
        else:
            query = update(recipients).where(recipients.c.device_id == device_id)
            self._connection.execute(query.values(announcement=announcement))

    # --- visits -------------------------------------------------------------------------------

    def visit(self, visit_id: str) -> VisitRow | None:
        """A visit by its identifier."""
        row = self._connection.execute(
            select(visits).where(visits.c.visit_id == visit_id)
        ).one_or_none()
        return None if row is None else VisitRow(**row._asdict())

    def visits(self, first_day: str, last_day: str) -> tuple[VisitRow, ...]:
        """Visits of ``first_day`` to ``last_day``, in order; cancelled ones too."""
        query = (
            select(visits)
            .where(visits.c.day >= first_day, visits.c.day <= last_day)
            .order_by(visits.c.day, visits.c.office_id, visits.c.device_id, visits.c.position)
        )
        return tuple(VisitRow(**row._asdict()) for row in self._connection.execute(query))

    def visits_for(
        self, device_id: DeviceId | None, office_id: OfficeId, day: str
    ) -> tuple[VisitRow, ...]:
        """Visits of a day for one device, and the appointments of its office; in order.

        Args:
            device_id: None for the appointments only.
            office_id: of the appointments.
            day: ISO 8601 date.
        """
        own = [] if device_id is None else self._visits_where(visits.c.device_id == device_id, day)
        open_to_all = and_(visits.c.office_id == office_id, visits.c.device_id.is_(None))
        return (*own, *self._visits_where(open_to_all, day))

    def _visits_where(self, which: ColumnElement[bool], day: str) -> tuple[VisitRow, ...]:
        query = select(visits).where(which, visits.c.day == day).order_by(visits.c.position)
        return tuple(VisitRow(**row._asdict()) for row in self._connection.execute(query))

    def add_visit(self, row: VisitRow) -> None:
        """Keep a new visit."""
        self._connection.execute(insert(visits).values(**asdict(row)))

    def cancel_visit(self, visit_id: str, at: str) -> None:
        """Take a visit out of its round; its row stays."""
        query = update(visits).where(visits.c.visit_id == visit_id)
        self._connection.execute(query.values(cancelled_at=at))

    def copy(self, visit_id: str, holder: str) -> bytes | None:
        """The copy of a visit that is sealed to ``holder``."""
        query = select(visit_copies.c.sealed).where(
            visit_copies.c.visit_id == visit_id, visit_copies.c.holder == holder
        )
        return self._connection.execute(query).scalar_one_or_none()

    def add_copy(self, visit_id: str, holder: str, sealed: bytes) -> None:
        """Keep a copy sealed to ``holder``."""
        values = {"visit_id": visit_id, "holder": holder, "sealed": sealed}
        self._connection.execute(insert(visit_copies).values(**values))

    # --- requests and acts --------------------------------------------------------------------

    def request_cancelled_at(self, request_key: str) -> str | None:
        """When a request was cancelled, or None."""
        asked = {"key": request_key}
        return self._connection.execute(_CANCELLED_AT, asked).scalar_one_or_none()

    def cancel_request(self, request_key: str, at: str) -> None:
        """Note that a request is cancelled; the first time counts."""
        if self.request_cancelled_at(request_key) is None:
            values = {"request_key": request_key, "cancelled_at": at}
            self._connection.execute(insert(cancelled_requests).values(**values))

    def add_act(self, row: ActRow) -> None:
        """Keep what an entry is about."""
        self._connection.execute(_ADD_ACT, {name: getattr(row, name) for name in row.__slots__})

    def act(self, device_id: DeviceId, seq: int) -> ActRow | None:
        """What an entry said of a request or a visit."""
        query = select(acts).where(acts.c.device_id == device_id, acts.c.seq == seq)
        row = self._connection.execute(query).one_or_none()
        return None if row is None else ActRow(**row._asdict())

    def conflicts_of(self, device_id: DeviceId, limit: int) -> tuple[ActRow, ...]:
        """The newest acts of a device that met with something elsewhere, oldest first."""
        asked = {"who": device_id, "most": limit}
        rows = self._connection.execute(_CONFLICTS, asked).all()
        return tuple(ActRow(**row._asdict()) for row in reversed(rows))

    def acts_about(self, request_key: str) -> tuple[ActRow, ...]:
        """Every act about a request, in the order received."""
        rows = self._connection.execute(_ABOUT, {"key": request_key})
        return tuple(ActRow(**row._asdict()) for row in rows)
