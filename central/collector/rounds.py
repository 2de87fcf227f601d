"""Rounds for devices, and what became of a request meanwhile; no key here opens a visit.

Rules, in order: a device gets its own round only, sealed to it by the authority; what an entry says
about a request or a visit is noted in the transaction that takes the entry in; of two devices with
one request the second waits for the first, so that one of them hears of the other; a conflict is
told to the device whose record came second, and changes nothing in any record.
Source: ``domain.md`` 1.7 D; records-and-sync 2.8.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date, datetime

from central.archive.database import Database
from central.archive.ledger import Ledger
from central.archive.round_rows import ActRow, VisitRow, request_scope, visit_scope
from central.archive.rows import DeviceRow
from central.collector.refusal import CallRefusedError
from kiosk.audit.entries import EntryKind, Header
from kiosk.crypto.digests import b64u
from kiosk.domain.decision import Outcome
from kiosk.domain.errors import RoundInvalidError
from kiosk.domain.ids import DeviceId
from kiosk.sync.conflicts import ConflictKind
from kiosk.sync.messages import (
    MAX_CONFLICTS,
    MAX_ROUND_ITEMS,
    ConflictAnswer,
    ConflictItem,
    RoundAnswer,
    RoundItem,
)
from kiosk.sync.rounds import open_recipient

_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}", re.ASCII)
_USES_UP = frozenset({Outcome.ACCEPTED.value, Outcome.REFUSED.value})


def act_of(header: Header, now: datetime) -> list[ActRow]:
    """What a closing entry says about a request or a visit; nothing for any other entry."""
    if header.kind != EntryKind.VERIFY_CLOSE:
        return []
    request, visit = (_name(header.facts.get(key)) for key in ("request", "visit"))
    outcome = _name(header.facts.get("outcome"))
    if outcome is None or (request is None and visit is None):
        return []
    received_at = now.isoformat(timespec="milliseconds")
    return [ActRow(header.device_id, header.seq, request, visit, outcome, received_at)]


def _name(fact: object) -> str | None:
    return fact if isinstance(fact, str) and _NAME.fullmatch(fact) else None


def note_acts(ledger: Ledger, acts: Sequence[ActRow]) -> None:
    """Keep acts that arrive, with what had happened elsewhere before: that never changes."""
    requests = (request_scope(act.request_key) for act in acts if act.request_key is not None)
    visits = (visit_scope(act.visit_id) for act in acts if act.visit_id is not None)
    ledger.lock((*requests, *visits))
    for act in acts:
        _note(ledger, act)


def _note(ledger: Ledger, act: ActRow) -> None:
    found = _about_request(ledger, act) or _about_visit(ledger, act)
    if found is not None:
        kind, at = found
        act = replace(act, conflict=kind.value, conflict_at=at)
    ledger.rounds.add_act(act)


class Rounds:
    """Answers ``PUT …/recipient``, ``GET …/rounds/{day}`` and ``GET …/conflicts``."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def announce(self, device_id: DeviceId, announcement: str) -> None:
        """Keep the key that a device's rounds are to be sealed to.

        Raises:
            CallRefusedError: 422 not signed by this very device.
        """
        with self._database.reading() as ledger:
            device = _known(ledger, device_id)
            held = ledger.rounds.recipient(device_id)
        if held == announcement:
            return
        try:
            open_recipient(announcement, device_id, device.public_key)
        except RoundInvalidError as exc:
            raise CallRefusedError(422, "recipient") from exc
        with self._database.writing() as ledger:
            ledger.rounds.put_recipient(device_id, announcement)

    def of_day(self, device_id: DeviceId, day: str) -> RoundAnswer:
        """The visits of this device on a day, or the appointments of its office.

        Raises:
            CallRefusedError: 400 no such day, 409 the device has not said what to seal to.
        """
        if not _is_day(day):
            raise CallRefusedError(400, "day")
        with self._database.reading() as ledger:
            device = _known(ledger, device_id)
            if ledger.rounds.recipient(device_id) is None:
                raise CallRefusedError(409, "recipient-unknown")
            rows = ledger.rounds.visits_for(device_id, device.office_id, day)
            items = [item for row in rows for item in _item(ledger, row, device_id)]
        return RoundAnswer(day=day, visits=tuple(items[:MAX_ROUND_ITEMS]))

    def conflicts(self, device_id: DeviceId) -> ConflictAnswer:
        """The newest records of a device that need a second look."""
        with self._database.reading() as ledger:
            _known(ledger, device_id)
            acts = ledger.rounds.conflicts_of(device_id, MAX_CONFLICTS)
        items = (
            ConflictItem(seq=act.seq, kind=act.conflict, at=act.conflict_at)
            for act in acts
            if act.conflict is not None and act.conflict_at is not None
        )
        return ConflictAnswer(conflicts=tuple(items))


def _is_day(text: str) -> bool:
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def _known(ledger: Ledger, device_id: DeviceId) -> DeviceRow:
    device = ledger.device(device_id)
    if device is None:
        raise CallRefusedError(404, "device-unknown")
    return device


def _item(ledger: Ledger, row: VisitRow, device_id: DeviceId) -> Iterator[RoundItem]:
    """The item of a visit; none while no copy was sealed to this device yet."""
    if row.cancelled_at is not None or _request_cancelled(ledger, row):
        yield RoundItem(visit=row.visit_id, cancelled=True)
        return
    sealed = ledger.rounds.copy(row.visit_id, device_id)
    if sealed is not None:
        yield RoundItem(visit=row.visit_id, sealed=b64u(sealed))


def _request_cancelled(ledger: Ledger, row: VisitRow) -> bool:
    return ledger.rounds.request_cancelled_at(row.request_key) is not None


def _about_request(ledger: Ledger, act: ActRow) -> tuple[ConflictKind, str] | None:
    """Cancelled, or used up by an act that arrived before this one."""
    if act.request_key is None or act.outcome not in _USES_UP:
        return None
    cancelled_at = ledger.rounds.request_cancelled_at(act.request_key)
    if cancelled_at is not None:
        return ConflictKind.REQUEST_CANCELLED, cancelled_at
    for other in ledger.rounds.acts_about(act.request_key):
        if other.outcome in _USES_UP:
            return ConflictKind.VERIFIED_ELSEWHERE, other.received_at
    return None


def _about_visit(ledger: Ledger, act: ActRow) -> tuple[ConflictKind, str] | None:
    visit = None if act.visit_id is None else ledger.rounds.visit(act.visit_id)
    if visit is None or visit.cancelled_at is None:
        return None
    return ConflictKind.VISIT_CANCELLED, visit.cancelled_at
