"""The round of the day on a carrier's tablet, the appointments of the day at a counter.

Rules, in order:

1. Loaded when there is a network, kept for this shift and this day only; the whole day works
   without any network.
2. A visit counts only if an issuer of the policy signed it and it was sealed to this device.
3. A load changes everything or nothing, and may be repeated: a lost answer costs nothing. What was
   taken out meanwhile is marked, or erased where it was never begun and never shown.
4. A visit is opened as one durable act: the case, the visit, and the judged request.
5. A visit that was not accepted or refused may be taken up again: nobody met in the morning may be
   met in the afternoon.
6. Past days are erased whenever anything here is asked, and when the program starts.

Source: ``domain.md`` 1.3, 1.7 C and D; records-and-sync 2.4.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum

from kiosk.crypto.digests import unb64u
from kiosk.crypto.signing import SigningKey
from kiosk.documents.requests import open_request
from kiosk.domain.decision import Decision, Outcome, Reason
from kiosk.domain.errors import (
    DraftError,
    KeyStoreError,
    ProtocolError,
    RoundInvalidError,
    VisitCancelledError,
    VisitEndedError,
    VisitUnknownError,
)
from kiosk.domain.ids import AgentId, CaseId
from kiosk.journeys.model import CaseState, DecisionTaken, StepKind, SteppedBack
from kiosk.journeys.procedures import HOME_VISIT, ONLINE_REQUEST
from kiosk.journeys.service_steps import VisitBegun, VisitFacts
from kiosk.ports import Clock, CollectorLink, KeyStore, LinkAnswer, LinkFactory, Store, UnitOfWork
from kiosk.services import round_blobs
from kiosk.services.agents import Session
from kiosk.services.answers import refusal_of
from kiosk.services.coming_policy import load_coming
from kiosk.services.drafts import Drafts, hands_of
from kiosk.services.fleet import DEVICE_KEY, DeviceIdentity, require_membership
from kiosk.services.lying_time import KnownClock
from kiosk.services.proofing import Case, Proofing
from kiosk.services.requests import IssuerKeys, RequestDesk
from kiosk.services.round_blobs import StoredVisit
from kiosk.services.used_requests import USING_UP, is_used
from kiosk.services.visit_ends import VisitEnd, forget_old_ends, visit_end
from kiosk.sync.messages import Problem, RecipientPut, RoundAnswer, RoundItem, decode, encode
from kiosk.sync.rounds import (
    Visit,
    VisitPlace,
    announce_recipient,
    code_digest,
    open_visit,
    round_identity,
    unseal_visit,
)


class VisitState(StrEnum):
    """Where a visit stands on this device."""

    PLANNED = "planned"
    OPEN = "open"
    ENDED = "ended"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class PlannedVisit:
    """A visit of today, as a screen lists it.

    Attributes:
        visit: as the authority planned it; the screen shows a name only once it was opened.
        state: where it stands.
        case_id: of the open case, or ``""``.
        end: the record it ended in, None while it has none.
        used: its request was accepted or refused here by its code, without the visit.
        cancelled: the central side took it out; a case that was begun may still be ended.
    """

    visit: Visit
    state: VisitState
    case_id: CaseId = CaseId("")  # noqa: RUF009 - a NewType, not a call
    end: VisitEnd | None = None
    used: bool = False
    cancelled: bool = False

    @property
    def may_open(self) -> bool:
        """Whether it may be begun, resumed or taken up again."""
        used_up = self.used or (self.end is not None and self.end.outcome in USING_UP)
        return self.state is not VisitState.CANCELLED and not used_up


@dataclass(frozen=True, slots=True)
class RoundLoad:
    """What one load did.

    Attributes:
        visits: how many visits of today are here now, cancelled ones left out.
        changed: whether anything is different from before.
        invalid: visits that were not taken in: signed by nobody known, or sealed to another.
    """

    visits: int
    changed: bool
    invalid: int = 0


class Rounds:
    """Loads, lists, opens and ends the visits of today."""

    def __init__(
        self,
        store: Store,
        links: LinkFactory,
        keys: KeyStore,
        clock: Clock,
        issuers: IssuerKeys,
        known: KnownClock | None = None,
    ) -> None:
        """Wire the service.

        Args:
            store: the vault.
            links: to the central side.
            keys: holds the device's key.
            clock: true time: which day it is.
            issuers: pinned keys of those who sign requests and visits.
            known: which day it is decides what is erased; without one ``clock``.
        """
        self._store = store
        self._links = links
        self._keys = keys
        self._clock = clock
        self._issuers = issuers
        self._known = known
        self._drafts = Drafts(clock)

    @property
    def day(self) -> date:
        """Today, local."""
        return self._clock.now().astimezone().date()

    # --- loading and erasing ------------------------------------------------------------------

    def load(self, session: Session) -> RoundLoad:
        """Fetch the round of today.

        Raises:
            NotEnrolledError: there is no central side yet.
            SyncError: it does not answer, or refuses; what is here stays.
            KeyStoreError, VaultError: this device cannot work.
        """
        identity, policy = require_membership(self._store)
        seed = self._keys.get(DEVICE_KEY)
        if seed is None:
            raise KeyStoreError("device key missing")
        key, day = SigningKey.from_seed(seed), self.day
        with self._store.begin() as uow:
            etag, coming = round_blobs.etag_of(uow, session, day), load_coming(uow)
        link = self._links.open(identity.side(policy, coming), key)
        try:
            answer = self._ask(link, identity, key, day, etag)
        finally:
            link.close()
        if answer.status == 304:
            return RoundLoad(self._count(session, day), changed=False)
        if answer.status != 200:
            raise refusal_of(answer)
        told = decode(answer.body, RoundAnswer)
        if told.day != day.isoformat():
            raise ProtocolError("round of another day")
        fresh, invalid = self._opened(told.visits, key, day)
        return self._keep(session, day, fresh, _Answered(invalid, _header(answer, "etag")))

    def erase_past(self) -> int:
        """Erase every round of an earlier day; needs no key and nobody signed in.

        Of a day that is known to be over: none goes because a clock was set.
        """
        with self._store.begin() as uow:
            today = self.day if self._known is None else self._known.day_in(uow)
            erased = round_blobs.erase_before(uow, today)
            forget_old_ends(uow, today)
            uow.commit()
        return erased

    def forget(self, agent_id: AgentId) -> int:
        """The shift of an agent ends: erase the round."""
        with self._store.begin() as uow:
            erased = round_blobs.erase_agent(uow, agent_id)
            uow.commit()
        return erased

    # --- listing ------------------------------------------------------------------------------

    def today(self, session: Session) -> tuple[PlannedVisit, ...]:
        """The visits of today, in the order of the round; erases what is past."""
        self.erase_past()
        day = self.day
        with self._store.begin() as uow:
            open_cases = self._open_cases(uow, session)
            found = [
                self._planned(uow, stored, visit, open_cases)
                for stored, visit in self._stored(uow, session, day)
            ]
        return tuple(sorted(found, key=lambda item: (item.visit.position, item.visit.begins)))

    def expected(self, session: Session, code: str) -> str | None:
        """The request of the visit of today with this activation code (eight symbols)."""
        with self._store.begin() as uow:
            for stored, visit in self._stored(uow, session, self.day):
                known = visit.code_sha256
                if known and not stored.cancelled and code_digest(visit.visit_id, code) == known:
                    return visit.request
        return None

    # --- what the vault holds -----------------------------------------------------------------

    def _stored(
        self, uow: UnitOfWork, session: Session, day: date
    ) -> list[tuple[StoredVisit, Visit]]:
        keys = {key_id: key.public_key for key_id, key in self._issuers().items()}
        found = []
        for stored in round_blobs.visits_of(uow, session, day).values():
            try:
                found.append((stored, open_visit(stored.token, keys)))
            except RoundInvalidError:
                continue  # its issuer is none any more
        return found

    def _open_cases(self, uow: UnitOfWork, session: Session) -> dict[str, CaseId]:
        """Cases of the agent, those handed to them included, by visit or request."""
        found = {}
        for row in uow.drafts.all():
            if row.agent_id != session.agent.agent_id:
                continue
            try:
                state = self._drafts.seen(row, hands_of(uow, row.case_id), session)
            except DraftError:
                continue
            found[_about(state)] = state.case_id
        return found

    def _planned(
        self,
        uow: UnitOfWork,
        stored: StoredVisit,
        visit: Visit,
        open_cases: dict[str, CaseId],
    ) -> PlannedVisit:
        end = visit_end(uow, visit.day, visit.visit_id)
        keys = {key_id: key.public_key for key_id, key in self._issuers().items()}
        _, request = open_request(visit.request, keys)
        case_id = open_cases.get(f"visit {visit.visit_id}")
        if request is not None and case_id is None:
            case_id = open_cases.get(f"request {request.request_id}")
        if case_id is not None:
            return PlannedVisit(visit, VisitState.OPEN, case_id, end, cancelled=stored.cancelled)
        used = request is not None and is_used(uow, request)
        if end is not None or used:
            return PlannedVisit(visit, VisitState.ENDED, end=end, used=used)
        state = VisitState.CANCELLED if stored.cancelled else VisitState.PLANNED
        return PlannedVisit(visit, state, cancelled=stored.cancelled)

    def _count(self, session: Session, day: date) -> int:
        with self._store.begin() as uow:
            held = round_blobs.visits_of(uow, session, day).values()
        return sum(not visit.cancelled for visit in held)

    # --- what the central side says -----------------------------------------------------------

    def _ask(
        self,
        link: CollectorLink,
        identity: DeviceIdentity,
        key: SigningKey,
        day: date,
        etag: str,
    ) -> LinkAnswer:
        """Ask for the round; say first what to seal it to, where that is not known there."""
        path = f"/v1/devices/{identity.device_id}"
        answer = link.call("GET", f"{path}/rounds/{day.isoformat()}", etag=etag)
        if answer.status != 409 or decode(answer.body, Problem).error != "recipient-unknown":
            return answer
        put = RecipientPut(announcement=announce_recipient(key))
        said = link.call("PUT", f"{path}/recipient", encode(put))
        if said.status != 204:
            raise refusal_of(said)
        return link.call("GET", f"{path}/rounds/{day.isoformat()}", etag=etag)

    def _opened(
        self, items: tuple[RoundItem, ...], key: SigningKey, day: date
    ) -> tuple[dict[str, StoredVisit | None], int]:
        """What came, by visit: None for one that is cancelled; and how many were not valid."""
        identity = round_identity(key.seed)
        keys = {key_id: issuer.public_key for key_id, issuer in self._issuers().items()}
        found: dict[str, StoredVisit | None] = {}
        invalid = 0
        for item in items:
            if item.cancelled:
                found[item.visit] = None
                continue
            try:
                token = unseal_visit(unb64u(item.sealed), identity)
                visit = open_visit(token, keys)
            except (RoundInvalidError, ValueError):
                invalid += 1
                continue
            if (visit.visit_id, visit.day) != (item.visit, day):
                invalid += 1
                continue
            found[item.visit] = StoredVisit(token)
        return found, invalid

    def _keep(
        self,
        session: Session,
        day: date,
        fresh: dict[str, StoredVisit | None],
        answered: _Answered,
    ) -> RoundLoad:
        """Replace what is stored by what came, in one unit of work."""
        agent_id = session.agent.agent_id
        with self._store.begin() as uow:
            row = uow.agents.get(agent_id)
            if row is None or row.wrapped_shift_key is None:
                return RoundLoad(0, changed=False)  # the shift ended while this was on its way
            held = round_blobs.visits_of(uow, session, day)
            after = {visit_id: visit for visit_id, visit in fresh.items() if visit is not None}
            for visit_id in fresh.keys() & held.keys():
                if fresh[visit_id] is None:
                    after[visit_id] = replace(held[visit_id], cancelled=True)
            # What does not open any more was loaded in a shift that is over; it goes, too.
            for visit_id in round_blobs.names_of(uow, agent_id, day) - after.keys():
                round_blobs.drop_visit(uow, agent_id, day, visit_id)
            for visit_id, visit in after.items():
                if held.get(visit_id) != visit:
                    round_blobs.put_visit(uow, session, day, visit_id, visit)
            # A visit that did not hold may hold tomorrow, or under a newer policy: ask again.
            etag = "" if answered.invalid else answered.etag
            round_blobs.put_etag(uow, session, day, etag)
            uow.commit()
        visits = sum(not visit.cancelled for visit in after.values())
        return RoundLoad(visits, after != held, answered.invalid)


@dataclass(frozen=True, slots=True)
class _Answered:
    """The rest of an answer: visits that were not valid, and its version."""

    invalid: int
    etag: str


class VisitDesk:
    """Opens and ends visits as cases."""

    def __init__(self, rounds: Rounds, requests: RequestDesk, proofing: Proofing) -> None:
        self._rounds = rounds
        self._requests = requests
        self._proofing = proofing

    def open(self, visit_id: str, session: Session) -> Case:
        """Begin a visit, or bring back the case that was begun for it.

        Raises:
            VisitUnknownError, VisitCancelledError, VisitEndedError: it cannot be opened.
            NotEnrolledError, DiskFullError, VaultError: as for any case.
        """
        planned = self._planned(visit_id, session)
        if planned.case_id:
            case = self._proofing.resume(planned.case_id, session)
            if case.state.step is StepKind.VISIT and case.state.request is None:
                # Nobody had been met, and that was undone: the request comes in now.
                case.present_code(planned.visit.request)
            return case
        presented = self._requests.judge(planned.visit.request, session)
        if planned.visit.place is VisitPlace.OFFICE:
            return self._proofing.open_case(ONLINE_REQUEST, session, (presented,))
        begun = VisitBegun(_facts(planned.visit))
        return self._proofing.open_case(HOME_VISIT, session, (begun, presented))

    def miss(
        self, visit_id: str, reason: Reason, session: Session, new_day: date | None = None
    ) -> Case:
        """Nobody can be verified: a case that waits only for its seal, which can be undone.

        Args:
            visit_id: of a visit at a door.
            reason: one of ``kiosk.domain.decision.VISIT_REASONS``.
            session: of the agent.
            new_day: the day agreed on, where the visit is put off.

        Raises:
            ValueError: another reason, a new day that is not after today, an appointment.
            EventRefusedError: the case has gone where there is no way back.
            VisitUnknownError, VisitCancelledError, VisitEndedError: as for ``open``.
        """
        postponed = reason is Reason.VISIT_POSTPONED
        if postponed is (new_day is None) or (new_day is not None and new_day <= self._rounds.day):
            raise ValueError("a visit is put off to a later day, and nothing else is")
        missed = DecisionTaken(Decision(Outcome.NO_SHOW, (reason,)))
        planned = self._planned(visit_id, session)
        if planned.visit.place is not VisitPlace.HOME:
            raise ValueError("an appointment is not made at a door")
        begun = VisitBegun(replace(_facts(planned.visit), postponed_to=new_day))
        if not planned.case_id:
            return self._proofing.open_case(HOME_VISIT, session, (begun, missed))
        case = self._proofing.resume(planned.case_id, session)
        while case.state.step is not StepKind.VISIT:
            case.dispatch(SteppedBack())
        case.dispatch(begun)
        case.dispatch(missed)
        return case

    def _planned(self, visit_id: str, session: Session) -> PlannedVisit:
        found = [item for item in self._rounds.today(session) if item.visit.visit_id == visit_id]
        if not found:
            raise VisitUnknownError("today")
        planned = found[0]
        if planned.state is VisitState.CANCELLED:
            raise VisitCancelledError
        if not planned.may_open:
            raise VisitEndedError
        return planned


def _facts(visit: Visit) -> VisitFacts:
    return VisitFacts(visit.visit_id, visit.day, visit.position)


def _about(state: CaseState) -> str:
    """What a case is about, as one word."""
    if state.visit is not None:
        return f"visit {state.visit.visit_id}"
    return "" if state.request is None else f"request {state.request.request_id}"


def _header(answer: LinkAnswer, name: str) -> str:
    return next((value for key, value in answer.headers if key == name), "")
