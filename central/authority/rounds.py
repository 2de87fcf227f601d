"""Plans visits for carriers and appointments for offices, and takes them back.

Rules, in order:

1. A visit is made for a request of an issuer that the policy names, for a device or an office.
2. It is sealed to each device that may need it, and to the planner's own key: the collector only
   carries it. A device that never asked for a round cannot be sealed to, and the planner says so.
3. An appointment is sealed anew to the devices of its office that asked since (:meth:`reseal`).
4. Nothing is deleted: what was taken back stays listed, because a silent visit must show.

Source: ``domain.md`` 1.7 C and D, 1.9.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, time

from central.archive.database import Database
from central.archive.layout import FolderError, Layout, read_key, write_secret
from central.archive.ledger import Ledger
from central.archive.round_rows import VisitRow, request_scope, visit_scope
from central.archive.storage import open_database
from kiosk.crypto.age import Identity
from kiosk.crypto.signing import SigningKey
from kiosk.documents.requests import judge, open_request, request_key
from kiosk.domain.errors import RoundInvalidError
from kiosk.domain.ids import DeviceId, KeyId, OfficeId
from kiosk.domain.request import VerificationRequest
from kiosk.sync.policy import Policy
from kiosk.sync.rounds import (
    Visit,
    VisitPlace,
    code_digest,
    new_code,
    open_recipient,
    open_visit,
    read_code,
    seal_visit,
    sign_visit,
    unseal_visit,
)

PLANNER = "planner"
_VISIT_BYTES = 12
_LAST_POSITION = 9999
NO_OFFICE = OfficeId("")


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be planned.

    Attributes:
        request: token of the verification request.
        day: of the visit.
        begins / ends: window of time.
        device_id: whose round it is; None for an appointment.
        office_id: of the appointment; ``""`` for a round, where the device says its depot.
        position: number in the round; None for the next one.
        line / locality: where the door is; ``""`` for an appointment.
    """

    request: str
    day: date
    begins: time
    ends: time
    device_id: DeviceId | None = None
    office_id: OfficeId = NO_OFFICE
    position: int | None = None
    line: str = ""
    locality: str = ""


@dataclass(frozen=True, slots=True)
class Planned:
    """A visit as planned.

    Attributes:
        row: what lies open of it.
        visit: what was sealed; None where the planner's copy does not open.
        code: the activation code, only known now: it goes into the customer's message.
    """

    row: VisitRow
    visit: Visit | None
    code: str = ""


class Planner:
    """Writes and reads the plan of one central side."""

    def __init__(self, layout: Layout, policy: Policy) -> None:
        """Wire the planner.

        Args:
            layout: folder of the central side.
            policy: in force; its issuers sign visits too.
        """
        layout.require()
        self._layout = layout
        self._keys = {KeyId(issuer.kid): issuer.public for issuer in policy.request_issuers}

    def add(self, wanted: Wanted, now: datetime) -> Planned:
        """Plan a visit.

        Raises:
            ValueError: it does not fit: no such device, a request that does not hold then, a
                position that is taken, a device that never asked for a round.
            FolderError: a key is missing.
        """
        code, visit_id = new_code(), secrets.token_urlsafe(_VISIT_BYTES)
        with self._database() as database, database.writing() as ledger:
            office_id, devices = _placed(ledger, wanted)
            request = self._request(wanted, office_id)
            recipients = _recipients(ledger, devices)
            if not recipients:
                raise ValueError("no device there has asked for a round yet: let one sign in first")
            row = VisitRow(
                visit_id=visit_id,
                day=wanted.day.isoformat(),
                position=_position(ledger, wanted, office_id),
                place=VisitPlace.OFFICE if wanted.device_id is None else VisitPlace.HOME,
                office_id=office_id,
                device_id=wanted.device_id,
                request_key=request_key(request.issuer, request.request_id),
                planned_at=now.isoformat(timespec="milliseconds"),
            )
            visit = _visit(row, wanted, request, code)
            token = sign_visit(visit, self._signing_key())
            ledger.rounds.add_visit(row)
            ledger.rounds.add_copy(visit_id, PLANNER, seal_visit(token, self._identity().recipient))
            for device_id, recipient in recipients.items():
                ledger.rounds.add_copy(visit_id, device_id, seal_visit(token, recipient))
        return Planned(row, visit, code)

    def of_days(self, first: date, last: date) -> tuple[Planned, ...]:
        """What is planned for some days, in order; cancelled visits too."""
        with self._database() as database, database.reading() as ledger:
            rows = ledger.rounds.visits(first.isoformat(), last.isoformat())
            return tuple(Planned(row, self._own_copy(ledger, row)) for row in rows)

    def cancel(self, visit_id: str, now: datetime) -> bool:
        """Take a visit out of its round; False when it was out already.

        Raises:
            ValueError: no such visit.
        """
        with self._database() as database, database.writing() as ledger:
            ledger.lock([visit_scope(visit_id)])
            row = ledger.rounds.visit(visit_id)
            if row is None:
                raise ValueError("no such visit")
            if row.cancelled_at is None:
                ledger.rounds.cancel_visit(visit_id, now.isoformat(timespec="milliseconds"))
        return row.cancelled_at is None

    def reseal(self, first: date) -> int:
        """Seal appointments from ``first`` on to devices of their office that asked since.

        Returns:
            How many copies were made.
        """
        made = 0
        with self._database() as database, database.writing() as ledger:
            for row in ledger.rounds.visits(first.isoformat(), date.max.isoformat()):
                if row.device_id is not None or row.cancelled_at is not None:
                    continue
                devices = [d.device_id for d in ledger.devices() if d.office_id == row.office_id]
                for device_id, recipient in _recipients(ledger, devices).items():
                    if ledger.rounds.copy(row.visit_id, device_id) is None:
                        token = self._own_token(ledger, row)
                        sealed = seal_visit(token, recipient)
                        ledger.rounds.add_copy(row.visit_id, device_id, sealed)
                        made += 1
        return made

    def cancel_request(self, request: VerificationRequest, now: datetime) -> tuple[str, ...]:
        """Cancel a request, and with it every visit that is planned for it.

        Returns:
            Outcomes of the acts about it that arrived before: it may have been verified already.
        """
        key = request_key(request.issuer, request.request_id)
        at = now.isoformat(timespec="milliseconds")
        with self._database() as database, database.writing() as ledger:
            # An act that is arriving now is either told here, or learns of the cancellation.
            ledger.lock([request_scope(key)])
            before = tuple(act.outcome for act in ledger.rounds.acts_about(key))
            ledger.rounds.cancel_request(key, at)
        return before

    # --- what it works with -------------------------------------------------------------------

    @contextmanager
    def _database(self) -> Iterator[Database]:
        database = open_database(self._layout)
        try:
            yield database
        finally:
            database.close()

    def _request(self, wanted: Wanted, office_id: OfficeId) -> VerificationRequest:
        """The request, which must hold within the window, in the office of the visit."""
        begins = datetime.combine(wanted.day, wanted.begins).astimezone()
        ends = datetime.combine(wanted.day, wanted.ends).astimezone()
        _, request = open_request(wanted.request, self._keys)
        moment = begins if request is None else min(max(begins, request.not_before), ends)
        verdict, request = judge(wanted.request, self._keys, moment, office_id)
        if request is None:
            raise ValueError(f"the request does not hold then and there: {verdict.value}")
        return request

    def _signing_key(self) -> SigningKey:
        key = read_key(self._layout.issuer_key)
        if key.key_id not in self._keys:
            raise FolderError("the policy does not know this issuer's key")
        return key

    def _identity(self) -> Identity:
        """The planner's own key, made when it is first needed."""
        path = self._layout.planner_identity
        if not path.exists():
            write_secret(path, f"{Identity.generate().text}\n".encode("ascii"))
        try:
            return Identity.parse(path.read_text("ascii"))
        except (OSError, ValueError) as exc:
            raise FolderError(f"key {path.name}") from exc

    def _own_token(self, ledger: Ledger, row: VisitRow) -> str:
        sealed = ledger.rounds.copy(row.visit_id, PLANNER)
        if sealed is None:
            raise RoundInvalidError("planner's copy")
        return unseal_visit(sealed, self._identity())

    def _own_copy(self, ledger: Ledger, row: VisitRow) -> Visit | None:
        try:
            return open_visit(self._own_token(ledger, row), self._keys)
        except RoundInvalidError:
            return None


def request_of(text: str, policy: Policy) -> VerificationRequest:
    """The request of a token, whenever it holds.

    Raises:
        ValueError: not a request of an issuer that the policy names.
    """
    keys = {KeyId(issuer.kid): issuer.public for issuer in policy.request_issuers}
    verdict, request = open_request(text, keys)
    if request is None:
        raise ValueError(f"not a request: {verdict.value}")
    return request


def _placed(ledger: Ledger, wanted: Wanted) -> tuple[OfficeId, list[DeviceId]]:
    """Office of the visit, and the devices to seal it to."""
    if wanted.device_id is None:
        if not wanted.office_id:
            raise ValueError("name a device or an office")
        devices = [d.device_id for d in ledger.devices() if d.office_id == wanted.office_id]
        return wanted.office_id, devices
    device = ledger.device(wanted.device_id)
    if device is None:
        raise ValueError("no such device")
    return device.office_id, [device.device_id]


def _recipients(ledger: Ledger, devices: list[DeviceId]) -> dict[DeviceId, str]:
    found = {}
    for device_id in devices:
        row, announcement = ledger.device(device_id), ledger.rounds.recipient(device_id)
        if row is not None and announcement is not None:
            found[device_id] = open_recipient(announcement, device_id, row.public_key)
    return found


def _position(ledger: Ledger, wanted: Wanted, office_id: OfficeId) -> int:
    day = wanted.day.isoformat()
    taken = {
        row.position
        for row in ledger.rounds.visits_for(wanted.device_id, office_id, day)
        if row.cancelled_at is None and row.device_id == wanted.device_id
    }
    if wanted.position is None:
        return max(taken, default=0) + 1
    if wanted.position in taken:
        raise ValueError("this position of the round is taken")
    if not 0 < wanted.position <= _LAST_POSITION:
        raise ValueError("positions count from 1")
    return wanted.position


def _visit(row: VisitRow, wanted: Wanted, request: VerificationRequest, code: str) -> Visit:
    _, symbols = read_code(code)
    return Visit(
        visit_id=row.visit_id,
        place=VisitPlace(row.place),
        day=wanted.day,
        position=row.position,
        begins=wanted.begins,
        ends=wanted.ends,
        display_name=" ".join((*request.given_names[:1], request.surname))[:120],
        line=wanted.line,
        locality=wanted.locality,
        request=wanted.request,
        code_sha256=code_digest(row.visit_id, symbols),
    )
