"""Hand-over of open cases: from agent to colleague, and from somebody absent to a manager.

Rules, in order:

1. A case has one owner at a time. Its draft is sealed anew under a fresh key that is wrapped for
   the colleague alone (and for managers); the agent who gave it cannot open it any more.
2. The agent who gives signs the entry of the giving, the agent who takes that of the taking; the
   record names both.
3. A manager takes over only what is still open; nobody sees whose case it is before it is theirs.
4. Whoever seals a case has decided it: in other hands it stands before its decision again.
5. What was handed over and never opened is sealed as abandoned by its new owner, who came back
   after its time was over; where somebody else comes first, by the record that the giver sealed for
   this event as the case was handed over (:mod:`.standing_record`).
6. What its own agent left lying ends in the same way when its time is over, without that agent and
   without any key of theirs. Who is at work at the screen has left nothing. How long that is, no
   clock says that was set (:mod:`.lying_time`).

Source: records-and-sync 2.4 and 2.6.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from kiosk.audit.entries import EntryKind, Fact
from kiosk.crypto import aead
from kiosk.domain.agent import Agent, Duty, Role, may
from kiosk.domain.errors import DraftError, HandOverError, SamePersonError
from kiosk.domain.ids import AgentId, CaseId
from kiosk.journeys.engine import without_decision
from kiosk.journeys.model import CaseState, StepKind
from kiosk.ports import Clock, Store, UnitOfWork
from kiosk.services.agents import Session, agent_of, require_duty
from kiosk.services.drafts import (
    Drafts,
    Hands,
    Hop,
    account_for_drafts,
    copied_key,
    draft_key,
    hands_of,
    opened_with,
    put_hands,
    wrapped_for,
)
from kiosk.services.journal import Journal
from kiosk.services.lying_time import lain_for, put_touch, touch_of
from kiosk.services.round_blobs import erase_agent
from kiosk.services.sealing import Sealing
from kiosk.services.standing_record import put_standing


@dataclass(frozen=True, slots=True)
class ColleagueDraft:
    """An open case of somebody else, without a word about the customer.

    Attributes:
        case_id: to take it over.
        agent: whose it is.
        step: where it stands.
        updated_at: device time of the last change, aware UTC.
    """

    case_id: CaseId
    agent: Agent
    step: StepKind
    updated_at: datetime


class HandOver:
    """Moves open cases between agents of one device."""

    def __init__(
        self, store: Store, journal: Journal, drafts: Drafts, clock: Clock, sealing: Sealing
    ) -> None:
        self._store = store
        self._sealing = sealing
        self._journal = journal
        self._drafts = drafts
        self._clock = clock

    def colleagues(self, session: Session) -> tuple[Agent, ...]:
        """To whom this agent can hand a case, by name."""
        with self._store.begin() as uow:
            return tuple(
                agent_of(row)
                for row in uow.agents.all()
                if row.agent_id != session.agent.agent_id and may(Role(row.role), Duty.VERIFY)
            )

    def hand_over(self, case_id: CaseId, to: AgentId, session: Session) -> Agent:
        """Give an open case to a colleague of this device, durably; that colleague.

        Raises:
            SamePersonError: to oneself.
            HandOverError: no such colleague, or one whose role does not verify.
            DraftError: no such case, or not one of this agent in this shift.
        """
        giver = session.agent.agent_id
        if to == giver:
            raise SamePersonError
        with self._store.begin() as uow:
            row = uow.drafts.get(case_id)
            if row is None or row.agent_id != giver:
                raise DraftError("no draft")
            taker = uow.agents.get(to)
            if taker is None or not may(Role(taker.role), Duty.VERIFY):
                raise HandOverError("colleague")
            state = opened_with(draft_key(session, case_id), row)
            key = aead.random_key()
            copy = wrapped_for(uow, taker, key, case_id)
            if copy is None:
                raise HandOverError("first sign-in")
            standing = self._sealing.standing(uow, state, session)
            hands = hands_of(uow, case_id)
            copies = {to: copy} | self._for_managers(uow, key, case_id, to)
            facts: dict[str, Fact] = {"case": case_id, "from": giver, "to": to}
            entry = self._journal.append_signed(
                uow, EntryKind.CASE_HANDED, facts, {"from": session.signing_key}
            )
            self._drafts.put(uow, _given(state, to), row.revision + 1, key)
            put_hands(uow, case_id, Hands(hands.hops, copies, entry))
            put_standing(uow, case_id, standing)
            uow.commit()
        return agent_of(taker)

    def accept(self, case_id: CaseId, session: Session) -> CaseState:
        """Open a case that was handed to this agent: from now on it is a draft of their shift.

        Raises:
            DraftError: not handed to this agent, or it does not open.
        """
        return self._accept(case_id, session)

    def _accept(self, case_id: CaseId, session: Session, *, as_old: bool = False) -> CaseState:
        """As ``accept``; the draft was changed now, or is ``as_old`` as it was."""
        with self._store.begin() as uow:
            row, hands = uow.drafts.get(case_id), hands_of(uow, case_id)
            if row is None or row.agent_id != session.agent.agent_id or hands.offered is None:
                raise DraftError("not handed over")
            state = opened_with(copied_key(hands, session, case_id), row)
            touch = touch_of(uow, case_id)
            self._take(uow, state, self.giver(uow, hands), session, hands)
            taken = uow.drafts.get(case_id)
            if taken is not None and as_old:
                uow.drafts.put(replace(taken, updated_at=row.updated_at))
                put_touch(uow, case_id, touch)
            uow.commit()
        return state

    def accept_all(self, session: Session, after: timedelta | None = None) -> int:
        """Accept what was handed to this agent, so that it can be sealed at the end; how many.

        Args:
            session: of the agent.
            after: only what was handed over so long ago or longer; None for all. It stays as old
                as it was: if the power goes now, it is still due to be sealed.
        """
        with self._store.begin() as uow:
            rows = [
                row
                for row in uow.drafts.all()
                if row.agent_id == session.agent.agent_id
                and hands_of(uow, row.case_id).offered is not None
            ]
            waiting = rows if after is None else lain_for(uow, self._clock, rows, after)
        accepted = 0
        for row in waiting:
            try:
                self._accept(row.case_id, session, as_old=True)
            except DraftError:
                continue
            accepted += 1
        return accepted

    def expire(self, after: timedelta, present: AgentId | None = None) -> frozenset[CaseId]:
        """Close every case that has lain for so long, by :mod:`.lying_time`; which ones.

        Each leaves the record that lies beside its draft. One that was handed over and never opened
        is told from one that its own agent left: ``not-taken``, ``left``.

        Args:
            after: a case that was saved or handed over since stays.
            present: who is at work here now; their own cases stay.

        Raises:
            DiskFullError, VaultError: nothing was closed.
        """
        with self._store.begin() as uow:
            # Before anything ends by it: a clock that was set is told first.
            self._journal.note_jump(uow)
            late = lain_for(uow, self._clock, uow.drafts.all(), after)
            waiting = {r.case_id for r in late if hands_of(uow, r.case_id).offered is not None}
            left = {r.case_id for r in late if r.agent_id != present} - waiting
            for agent_id in sorted({row.agent_id for row in late}):
                account_for_drafts(uow, self._journal, agent_id, "not-taken", waiting)
                account_for_drafts(uow, self._journal, agent_id, "left", left)
            uow.commit()
        return frozenset(waiting | left)

    def of_colleagues(self, session: Session) -> tuple[ColleagueDraft, ...]:
        """Open cases of others that this manager may take over, newest first; none otherwise."""
        me = session.agent.agent_id
        if not may(session.agent.role, Duty.TAKE_OVER):
            return ()
        with self._store.begin() as uow:
            agents = {row.agent_id: agent_of(row) for row in uow.agents.all()}
            return tuple(
                ColleagueDraft(
                    row.case_id, agents[row.agent_id], StepKind(row.step), row.updated_at
                )
                for row in uow.drafts.all()
                if row.agent_id != me
                and row.agent_id in agents
                and me in hands_of(uow, row.case_id).copies
            )

    def take_over(self, case_id: CaseId, session: Session) -> None:
        """A manager takes the case of somebody absent.

        Raises:
            NotAllowedError: no manager.
            SamePersonError: it is their own.
            HandOverError: it has ended meanwhile.
            DraftError: it does not open for this manager.
        """
        require_duty(session.agent, Duty.TAKE_OVER)
        with self._store.begin() as uow:
            row, hands = uow.drafts.get(case_id), hands_of(uow, case_id)
            if row is None:
                raise HandOverError("ended")
            if row.agent_id == session.agent.agent_id:
                raise SamePersonError
            state = opened_with(copied_key(hands, session, case_id), row)
            hop_free = replace(hands, offered=None)
            self._take(uow, state, row.agent_id, session, hop_free)
            uow.commit()

    def end_shift_of(self, agent_id: AgentId, by: Session) -> int:
        """End the shift of somebody who left; their open cases are the manager's from now on.

        Only what does not open for the manager either is closed as abandoned, unsealed. A round of
        visits that was loaded in that shift is erased.

        Returns:
            How many cases the manager took over.

        Raises:
            NotAllowedError: no manager.
            SamePersonError: their own; signing out does that.
            HandOverError: no such agent, or no shift is open.
        """
        require_duty(by.agent, Duty.END_SHIFT)
        if by.agent.agent_id == agent_id:
            raise SamePersonError
        with self._store.begin() as uow:
            row = uow.agents.get(agent_id)
            if row is None or row.wrapped_shift_key is None:
                raise HandOverError("no shift")
            taken = self._take_all(uow, agent_id, by)
            account_for_drafts(uow, self._journal, agent_id, "shift-end")
            erase_agent(uow, agent_id)
            uow.agents.put(replace(row, wrapped_shift_key=None))
            facts: dict[str, Fact] = {"agent": agent_id, "by": by.agent.agent_id}
            self._journal.append_signed(uow, EntryKind.SHIFT_CLOSE, facts, {"by": by.signing_key})
            uow.commit()
        return taken

    def _take_all(self, uow: UnitOfWork, agent_id: AgentId, session: Session) -> int:
        """Take over whatever of this agent opens; the caller commits."""
        taken = 0
        for row in uow.drafts.all():
            if row.agent_id != agent_id:
                continue
            hands = hands_of(uow, row.case_id)
            try:
                state = opened_with(copied_key(hands, session, row.case_id), row)
            except DraftError:
                continue
            self._take(uow, state, agent_id, session, replace(hands, offered=None))
            taken += 1
        return taken

    def giver(self, uow: UnitOfWork, hands: Hands) -> AgentId:
        """Which colleague handed the case over, waiting or accepted; ``""`` where none did."""
        if hands.offered is None:
            last = hands.hops[-1] if hands.hops else None
            return last.giver if last and last.how == "colleague" else AgentId("")
        entry = uow.journal.get(hands.offered)
        told = {} if entry is None else self._journal.opened(entry).facts
        return AgentId(str(told.get("from", "")))

    def _take(
        self, uow: UnitOfWork, state: CaseState, giver: AgentId, session: Session, hands: Hands
    ) -> None:
        """Make the case the taker's own, and say so; the caller commits."""
        taker, case_id = session.agent.agent_id, state.case_id
        how = "manager" if hands.offered is None else "colleague"
        facts: dict[str, Fact] = {"case": case_id, "from": giver, "to": taker, "how": how}
        if hands.offered is not None:
            facts["handed"] = hands.offered
        self._journal.append_signed(uow, EntryKind.CASE_TAKEN, facts, {"to": session.signing_key})
        hop = Hop(giver, taker, self._clock.now().isoformat(timespec="seconds"), how)
        # Without the copies of the old key: saving wraps the new one for the managers again.
        put_hands(uow, case_id, Hands((*hands.hops, hop)))
        put_standing(uow, case_id, None)
        self._drafts.save(uow, _given(state, taker), session)

    @staticmethod
    def _for_managers(
        uow: UnitOfWork, key: bytes, case_id: CaseId, owner: AgentId
    ) -> dict[AgentId, str]:
        copies: dict[AgentId, str] = {}
        for row in uow.agents.all():
            if row.agent_id == owner or not may(Role(row.role), Duty.TAKE_OVER):
                continue
            copy = wrapped_for(uow, row, key, case_id)
            if copy is not None:
                copies[row.agent_id] = copy
        return copies


def _given(state: CaseState, taker: AgentId) -> CaseState:
    """The case in other hands: it has no decision, and nobody stands by the giver's any more."""
    if state.agent_id == taker:
        return state
    given = replace(state, agent_id=taker, second_agent=None, second_opinion=None)
    return given if state.decision is None else without_decision(given)
