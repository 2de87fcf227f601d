"""Proofing: opens a case, moves it by what the agent does, and brings it back after a crash.

Rules, in order:

1. A case is opened only where there is room to keep its record, and the journal says that it was
   opened before anything is captured.
2. Every accepted event is durable, as an encrypted draft, before ``dispatch`` returns; an event
   that fails for any reason leaves state and draft as they were.
3. The seal writes the record, its journal entry and its outbox row, and ends the draft, in one unit
   of work: a case leaves exactly one record, however often the machine stops.
4. Pictures stay in memory: a draft holds none, and a seal forgets them.
5. The rules that count are those of the day of the decision: where they have changed since the
   checks (midnight, a new policy), the checks are made again, and the agent sees what differs.
6. A request has one open case at a time with one agent: presented again, it brings that case back.

Source: design.md 4.4, records-and-sync 2.4.
"""

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Protocol

from kiosk.audit.entries import EntryKind, Fact
from kiosk.audit.records import Attachment
from kiosk.domain.agent import Agent, Duty
from kiosk.domain.decision import Decision, Outcome
from kiosk.domain.errors import DraftError, EventRefusedError, PictureTooLargeError
from kiosk.domain.evidence import Check, Side, Verdict
from kiosk.domain.ids import AgentId, CaseId, OfficeId
from kiosk.journeys.catalogue import JourneyCatalogue
from kiosk.journeys.engine import advance, opened, pending, rechecked
from kiosk.journeys.model import (
    CaptureRestarted,
    CaseState,
    ChecksComputed,
    ComputeChecks,
    ConsentAnswered,
    DecisionTaken,
    DrawFeatures,
    Effect,
    Event,
    FeatureResult,
    FeaturesDrawn,
    RecordSealed,
    RequestPresented,
    RulesUsed,
    SealConfirmed,
    SealRecord,
    StepKind,
)
from kiosk.journeys.procedure import Journey
from kiosk.journeys.service_steps import ContactConfirmed, SecondAgentAnswered
from kiosk.ports import Clock, DraftRow, Store, UnitOfWork
from kiosk.services.agents import Session, require_duty
from kiosk.services.chip_count import NO_CHIP, ChipCount
from kiosk.services.colleagues import Elsewhere
from kiosk.services.contact import ContactWord, no_word
from kiosk.services.drafts import Drafts, Hands, hands_of
from kiosk.services.hand_over import ColleagueDraft, HandOver
from kiosk.services.journal import Journal
from kiosk.services.lease import Lease
from kiosk.services.lying_time import lain
from kiosk.services.requests import RequestDesk
from kiosk.services.sealing import Sealing, require_space
from kiosk.services.second_agent import SecondAgents
from kiosk.sync.questions import AnswerPost, Question

MAX_IMAGE_BYTES = 8 * 1024 * 1024
_CASE_ID_BYTES = 16
# Words that somebody else stands by: the services bring them in, never the screen.
_OF_SERVICES = (
    ChecksComputed,
    FeaturesDrawn,
    RecordSealed,
    SecondAgentAnswered,
)


class Examination(Protocol):
    """What is found out about a document without asking the agent."""

    def checks(self, state: CaseState) -> tuple[Check, ...]:
        """Verdicts of the automatic checks on request and document."""

    def rules_now(self) -> RulesUsed | None:
        """The rules that an act is judged by at this moment."""

    def features(self, state: CaseState, count: int) -> tuple[FeatureResult, ...]:
        """Security features not drawn before for this case; fewer where none is left."""


@dataclass(frozen=True, slots=True)
class DraftSummary:
    """A case in progress, as the home screen lists it.

    Attributes:
        case_id: to resume it.
        procedure: name in the catalogue; ``""`` where the draft does not open.
        step: where it stands.
        updated_at: device time of the last change, aware UTC.
        customer: name announced in the request, else read on the document, or ``""``; for the
            screen only.
        can_resume: whether it opens in this session.
        opened_at: when the case was opened, device time; None where the draft does not open.
        handed_by: short name of the colleague who handed it over, or ``""``.
        lain: for how long nothing was done on it, by :mod:`.lying_time`.
    """

    case_id: CaseId
    procedure: str
    step: StepKind
    updated_at: datetime
    customer: str
    can_resume: bool
    opened_at: datetime | None = None
    handed_by: str = ""
    lain: timedelta = timedelta()


@dataclass(frozen=True, slots=True)
class Desk:
    """What a case works with.

    Attributes:
        store: the vault.
        sealing: closes a record.
        drafts: keeps a state.
        requests: judges codes.
        examination: checks and features.
        hand_over: moves cases between agents.
        seconds: asks colleagues to stand by a decision.
        elsewhere: asks them at the other devices of the office.
        require_word: verifies the central side's word about an address.
        chip: counts the visits that are opened.
    """

    store: Store
    sealing: Sealing
    drafts: Drafts
    requests: RequestDesk
    examination: Examination
    hand_over: HandOver
    seconds: SecondAgents
    elsewhere: Elsewhere
    require_word: ContactWord = no_word
    chip: ChipCount = NO_CHIP


class Case:
    """One case in progress, for one agent. Used from the vault's thread only."""

    def __init__(self, desk: Desk, journey: Journey, state: CaseState, session: Session) -> None:
        self._desk = desk
        self._journey = journey
        self._state = state
        self._session = session
        self._images: dict[Side, bytes] = {}

    @property
    def journey(self) -> Journey:
        """The procedure that this case follows."""
        return self._journey

    @property
    def session(self) -> Session:
        """Of the agent who works on it."""
        return self._session

    @property
    def state(self) -> CaseState:
        """The state as stored."""
        return self._state

    def dispatch(self, event: Event) -> CaseState:
        """Move the case by one event, durably.

        Returns:
            The new state, which a crash from now on cannot lose.

        Raises:
            EventRefusedError: the event does not fit; nothing changed.
            DiskFullError, VaultError: it could not be kept; nothing changed.
        """
        self._guard(event)
        if isinstance(event, DecisionTaken) and not self._recheck():
            return self._state
        return self._move(event)

    def present_code(self, text: str) -> CaseState:
        """Judge a scanned or typed code and move the case by the answer. Raises as ``dispatch``."""
        return self._move(self._desk.requests.judge(text, self._session))

    def attach_image(self, side: Side, jpeg: bytes) -> None:
        """Keep a picture of a side in memory, for a record that may hold pictures.

        Raises:
            PictureTooLargeError: more than 8 MiB.
        """
        if len(jpeg) > MAX_IMAGE_BYTES:
            raise PictureTooLargeError("evidence")
        self._images[side] = jpeg

    def image(self, side: Side) -> bytes | None:
        """The picture kept of a side; None after a restart of the program."""
        return self._images.get(side)

    def close_unused(self) -> None:
        """End a case in which nothing has happened, as abandoned: it leaves its record like any."""
        ended = replace(self._state, decision=Decision(Outcome.ABANDONED))
        self._desk.sealing.seal(ended, self._session)

    def wake(self) -> None:
        """Do what the step was still waiting for when the draft was written (rule 5 as well)."""
        self._recheck()
        effects = pending(self._journey, self._state)
        if effects:
            self._save(self._perform(self._state, effects))

    def _recheck(self) -> bool:
        """Make the checks again where the rules have changed; whether they say the same."""
        state, rules = self._state, self._desk.examination.rules_now()
        if state.closed or state.rules is None or state.rules == rules or not state.checks:
            return True
        again = ChecksComputed(self._desk.examination.checks(state), rules)
        answer = rechecked(self._journey, state, again)
        self._save(self._perform(answer.state, answer.effects))
        return self._state.step is state.step

    def colleagues(self) -> tuple[Agent, ...]:
        """To whom the case can be handed, by name."""
        return self._desk.hand_over.colleagues(self._session)

    def hand_over(self, to: AgentId) -> Agent:
        """Give the case to a colleague; it cannot be moved from here any more.

        Pictures in memory are forgotten, as they are when a case is put aside.

        Raises:
            SamePersonError, HandOverError, DraftError: see :meth:`HandOver.hand_over`.
        """
        taker = self._desk.hand_over.hand_over(self._state.case_id, to, self._session)
        self._images.clear()
        return taker

    def second_agents(self) -> tuple[Agent, ...]:
        """Who may stand by a decision here, by name."""
        return self._desk.seconds.colleagues(self._state.agent_id)

    def ask_elsewhere(self) -> Question:
        """Put the question of this step to the other devices of the office.

        Raises:
            EventRefusedError: nobody was asked.
            UnreachableError, ProtocolError, NotEnrolledError.
        """
        if self._state.step is not StepKind.SECOND_AGENT:
            raise EventRefusedError("no second agent was asked")
        return self._desk.elsewhere.ask(self._state)

    def heard_elsewhere(self, question: Question) -> AnswerPost | None:
        """The answer as it came; None while there is none.

        Raises:
            QuestionGoneError, UnreachableError, ProtocolError, NotEnrolledError.
        """
        return self._desk.elsewhere.heard(question)

    def second_agent_said(self, post: AnswerPost) -> CaseState:
        """Take in what a colleague answered at another device, once it is verified.

        Raises:
            EventRefusedError: nobody was asked.
            ColleagueAnswerError: no answer to this case as it is now.
        """
        state, elsewhere = self._state, self._desk.elsewhere
        if state.step is not StepKind.SECOND_AGENT:
            raise EventRefusedError("no second agent was asked")
        event = elsewhere.accepted(state, post)
        answer = advance(self._journey, state, event)
        moved = self._perform(answer.state, answer.effects)
        with self._desk.store.begin() as uow:
            self._require_open(uow)
            elsewhere.tell(uow, state, event.facts)
            self._desk.drafts.save(uow, moved, self._session)
            uow.commit()
        self._state = moved
        return moved

    def second_agent_says(self, second_id: AgentId, pin: str, verdict: Verdict) -> CaseState:
        """A colleague at the desk proves who they are and answers; the session here goes on.

        Raises:
            EventRefusedError: nobody was asked; the PIN was not looked at.
            SamePersonError, NotAllowedError, UnknownAgentError, WrongPinError, LockedOutError,
            KeyStoreError: the PIN, see :meth:`SecondAgents.prove`.
        """
        seconds, state = self._desk.seconds, self._state
        if state.step is not StepKind.SECOND_AGENT:
            raise EventRefusedError("no second agent was asked")
        second = seconds.prove(state, second_id, pin)
        event = seconds.answer(state, second, verdict)
        answer = advance(self._journey, state, event)
        moved = self._perform(answer.state, answer.effects)
        with self._desk.store.begin() as uow:
            self._require_open(uow)
            seconds.tell(uow, state, second, verdict)
            self._desk.drafts.save(uow, moved, self._session)
            uow.commit()
        self._state = moved
        return moved

    def _move(self, event: Event) -> CaseState:
        answer = advance(self._journey, self._state, event)
        if any(isinstance(effect, SealRecord) for effect in answer.effects):
            return self._seal(answer.state)
        state = self._perform(answer.state, answer.effects)
        self._save(state)
        if isinstance(event, CaptureRestarted):
            self._images.clear()
        return state

    def _guard(self, event: Event) -> None:
        self._refuse_forged(event)
        if isinstance(event, ConsentAnswered) and event.given:
            require_space(self._desk.store)
        if isinstance(event, SealConfirmed):
            self._refuse_used_request()

    def _refuse_used_request(self) -> None:
        """Two cases may have been opened with one request: the first seal uses it up."""
        decision, request = self._state.decision, self._state.request
        if decision is None or decision.outcome is not Outcome.ACCEPTED or request is None:
            return
        own = self._desk.sealing.sealed_as(self._state.case_id) is not None
        if not own and self._desk.requests.used_before(request):
            raise EventRefusedError("request used before")

    def _refuse_forged(self, event: Event) -> None:
        """Answers of the services come from the services, and a request from its judged code."""
        if isinstance(event, _OF_SERVICES):
            raise EventRefusedError("answer of a service")
        if isinstance(event, ContactConfirmed):
            held = next((c for c in self._state.contacts if c.channel is event.channel), None)
            self._desk.require_word(self._state.case_id, held, event.statement)
        if isinstance(event, RequestPresented) and event.request != self._state.request:
            raise EventRefusedError("request was not judged")

    def _perform(self, state: CaseState, effects: Sequence[Effect]) -> CaseState:
        """Answer the effects, and the effects of the answers; nothing is written yet."""
        waiting = list(effects)
        while waiting:
            event = self._answer(state, waiting.pop(0))
            if event is not None:
                answer = advance(self._journey, state, event)
                state = answer.state
                waiting += answer.effects
        return state

    def _answer(self, state: CaseState, effect: Effect) -> Event | None:
        match effect:
            case ComputeChecks():
                examination = self._desk.examination
                return ChecksComputed(examination.checks(state), examination.rules_now())
            case DrawFeatures():
                drawn = self._desk.examination.features(state, effect.count)
                return FeaturesDrawn(drawn) if drawn else None
            case _:
                return None

    def _save(self, state: CaseState) -> None:
        with self._desk.store.begin() as uow:
            self._require_open(uow)
            self._desk.drafts.save(uow, state, self._session)
            uow.commit()
        self._state = state

    def _require_open(self, uow: UnitOfWork) -> None:
        """Raises EventRefusedError where the case ended elsewhere, or is another agent's now."""
        row = uow.drafts.get(self._state.case_id)
        if row is None or row.agent_id != self._session.agent.agent_id:
            raise EventRefusedError("case has ended")

    def _seal(self, state: CaseState) -> CaseState:
        decided = None if state.decision is None else state.decision.outcome
        # Sealed already with this outcome: the answer to a commit that was lost. With another one
        # (abandoned at the end of the shift): the screen must not show what the record denies.
        if self._desk.sealing.sealed_as(state.case_id) is not decided:
            with self._desk.store.begin() as uow:
                self._require_open(uow)
        pictures = [Attachment("jpg", data) for _, data in sorted(self._images.items())]
        facts = self._desk.sealing.seal(state, self._session, pictures)
        self._images.clear()
        self._state = advance(self._journey, state, RecordSealed(facts)).state
        return self._state


class Proofing:
    """Opens cases and brings them back."""

    def __init__(
        self,
        desk: Desk,
        journal: Journal,
        clock: Clock,
        catalogue: JourneyCatalogue,
        office_id: OfficeId,
        require_fleet: Callable[[], None] = lambda: None,
        lease: Lease | None = None,
    ) -> None:
        """Wire the service.

        Args:
            desk: what cases work with.
            journal: told when a case is opened.
            clock: device time.
            catalogue: procedures offered on this device.
            office_id: office of this device.
            require_fleet: raises NotEnrolledError while no record could be sealed to anybody.
            lease: whether this device may work; None where nothing bounds it.
        """
        self._require_fleet = require_fleet
        self._lease = lease
        self._desk = desk
        self._journal = journal
        self._clock = clock
        self._catalogue = catalogue
        self._office_id = office_id

    def procedures(self) -> tuple[str, ...]:
        """Names of the procedures that can be opened."""
        return self._catalogue.names()

    def open_case(self, procedure: str, session: Session, begun: Sequence[Event] = ()) -> Case:
        """Open a case: journal entry and first draft are durable when this returns.

        Args:
            procedure: name in the catalogue.
            session: of the agent.
            begun: events of other services that the case begins with (a visit of the round, its
                judged request); they are in the first draft, or nothing is.

        Raises:
            NotAllowedError: the role of this agent does not verify.
            JourneyInvalidError: no such procedure.
            NotEnrolledError: nobody could ever open its record.
            LeaseExpiredError, DeviceClosedError: this device may not work now.
            DiskFullError: no room to keep its record; nothing was opened.
            EventRefusedError: it cannot begin like that; nothing was opened.
        """
        require_duty(session.agent, Duty.VERIFY)
        journey = self._catalogue.get(procedure)
        self._require_fleet()
        self._require_lease()
        require_space(self._desk.store)
        state = opened(
            journey,
            CaseId(os.urandom(_CASE_ID_BYTES).hex()),
            session.agent.agent_id,
            self._office_id,
            self._clock.now(),
        )
        for event in begun:
            state = advance(journey, state, event).state
        with self._desk.store.begin() as uow:
            count = self._desk.chip.facts(uow)
            facts: dict[str, Fact] = {
                "case": state.case_id,
                "procedure": journey.name,
                "agent": state.agent_id,
                **count,
            }
            self._journal.append(uow, EntryKind.VERIFY_OPEN, facts)
            self._desk.drafts.save(uow, state, session)
            uow.commit()
        self._desk.chip.durable(count)
        case = Case(self._desk, journey, state, session)
        if begun:
            case.wake()
        return case

    def is_open(self, case_id: CaseId) -> bool:
        """Whether a case has not ended, by whatever way."""
        with self._desk.store.begin() as uow:
            return uow.drafts.get(case_id) is not None

    def resume(self, case_id: CaseId, session: Session) -> Case:
        """Bring a case back at the step where it stood; one that was handed over is accepted.

        Raises:
            DraftError: no such draft, or it was written in another shift or by another agent.
            LeaseExpiredError, DeviceClosedError: this device may not work now.
        """
        self._require_lease()
        with self._desk.store.begin() as uow:
            row, hands = uow.drafts.get(case_id), hands_of(uow, case_id)
        if row is None:
            raise DraftError("no draft")
        if hands.offered is None:
            state = self._desk.drafts.load(row, session)
        else:
            state = self._desk.hand_over.accept(case_id, session)
        case = Case(self._desk, self._catalogue.get(state.procedure), state, session)
        case.wake()
        return case

    def open_with(self, text: str, session: Session, fresh: Case | None = None) -> Case | None:
        """The case that is open already with the request of a code, brought back (rule 6).

        One that a colleague handed over and that was not opened yet is accepted by that.

        Args:
            text: the code.
            session: of the agent.
            fresh: a case that waits for this code and knows nothing yet; it is closed.

        Returns:
            None where there is no such case, or the code is no valid request.

        Raises:
            DraftError, VaultError: as ``resume``.
        """
        known = None if fresh is None else fresh.state.case_id
        with self._desk.store.begin() as uow:
            rows = [r for r in uow.drafts.all() if r.agent_id == session.agent.agent_id]
            others = [(row, hands_of(uow, row.case_id)) for row in rows if row.case_id != known]
        # Judged only where a case could come back: a code may be costly to judge.
        request = self._desk.requests.judge(text).request if others else None
        if request is None:
            return None
        for row, hands in others:
            try:
                held = self._desk.drafts.seen(row, hands, session).request
            except DraftError:
                continue
            if held is None or (held.issuer, held.request_id) != (
                request.issuer,
                request.request_id,
            ):
                continue
            case = self.resume(row.case_id, session)
            if fresh is not None:
                fresh.close_unused()
            return case
        return None

    def drafts(self, session: Session) -> tuple[DraftSummary, ...]:
        """Cases in progress of the agent who is signed in, newest first; none while dark."""
        if self.is_dark():
            return ()
        with self._desk.store.begin() as uow:
            rows = [r for r in uow.drafts.all() if r.agent_id == session.agent.agent_id]
            hands = {row.case_id: hands_of(uow, row.case_id) for row in rows}
            names = {row.agent_id: row.display_name for row in uow.agents.all()}
            givers = {
                row.case_id: names.get(self._desk.hand_over.giver(uow, hands[row.case_id]), "")
                for row in rows
            }
            ages = lain(uow, self._clock, rows)
        newest_first = sorted(rows, key=lambda row: row.updated_at, reverse=True)
        return tuple(
            replace(
                self._summary(row, session, hands[row.case_id], givers[row.case_id]),
                lain=ages[row.case_id],
            )
            for row in newest_first
        )

    def of_colleagues(self, session: Session) -> tuple[ColleagueDraft, ...]:
        """Cases of others that this agent may take over; see :class:`HandOver`; none while dark."""
        if self.is_dark():
            return ()
        return self._desk.hand_over.of_colleagues(session)

    def take_over(self, case_id: CaseId, session: Session) -> None:
        """Take the case of somebody absent. Raises as :meth:`HandOver.take_over`."""
        self._require_lease()
        self._desk.hand_over.take_over(case_id, session)

    def is_dark(self) -> bool:
        """Whether this device is without contact for too long, or lost: no open case is shown."""
        return bool(self.darkness())

    def darkness(self) -> str:
        """Code of what keeps this device dark, ``""`` where nothing does."""
        return "" if self._lease is None else self._lease.darkness()

    def _require_lease(self) -> None:
        if self._lease is not None:
            self._lease.require()

    def _summary(self, row: DraftRow, session: Session, hands: Hands, giver: str) -> DraftSummary:
        step = StepKind(row.step)
        try:
            state = self._desk.drafts.seen(row, hands, session)
        except DraftError:
            return DraftSummary(row.case_id, "", step, row.updated_at, "", can_resume=False)
        known = state.request or state.document
        customer = "" if known is None else " ".join((*known.given_names[:1], known.surname))
        return DraftSummary(
            row.case_id,
            state.procedure,
            step,
            row.updated_at,
            customer,
            can_resume=True,
            opened_at=state.opened_at,
            handed_by=giver,
        )
