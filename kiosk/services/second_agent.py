"""The second agent: a colleague proves who they are and stands by a decision, or does not.

Rules, in order: the session of the first agent goes on untouched; the colleague's PIN is checked
like any other (tries counted first); their word is signed with their own key over what is there to
be seen, and that signature is in the case, in the journal and in the sealed record; their key is
forgotten at once. Nobody is their own second agent.
"""

from __future__ import annotations

from dataclasses import dataclass

from kiosk.audit.entries import EntryKind, Fact
from kiosk.audit.second_word import PROFILE, SecondWord, seen_digest, sign_word
from kiosk.domain.agent import Agent, Duty, Role, may
from kiosk.domain.errors import SamePersonError
from kiosk.domain.evidence import Verdict
from kiosk.domain.ids import AgentId
from kiosk.journeys.model import CaseState
from kiosk.journeys.service_steps import SecondAgentAnswered, SecondAgentFacts, SignOff
from kiosk.ports import Clock, Store, UnitOfWork
from kiosk.services.agents import Signatory, agent_of
from kiosk.services.journal import Journal
from kiosk.services.record import seen_parts
from kiosk.services.service_record import service_facts
from kiosk.services.sign_in import SignIn
from kiosk.services.terms import DeviceFacts


@dataclass(frozen=True, slots=True)
class SecondAgents:
    """Asks colleagues of this device.

    Attributes:
        store: the vault.
        sign_in: checks their PIN.
        journal: where their word is told.
        clock: device time.
        device: as records name it.
    """

    store: Store
    sign_in: SignIn
    journal: Journal
    clock: Clock
    device: DeviceFacts

    def colleagues(self, agent_id: AgentId) -> tuple[Agent, ...]:
        """Who may stand by a decision of this agent, by name."""
        with self.store.begin() as uow:
            return tuple(
                agent_of(row)
                for row in uow.agents.all()
                if row.agent_id != agent_id and may(Role(row.role), Duty.SECOND)
            )

    def prove(self, state: CaseState, second_id: AgentId, pin: str) -> Signatory:
        """The colleague, once their PIN is right.

        Raises:
            SamePersonError: the agent of the case.
            NotAllowedError, UnknownAgentError, WrongPinError, LockedOutError, KeyStoreError: see
                :meth:`kiosk.services.sign_in.SignIn.vouch`.
        """
        if second_id == state.agent_id:
            raise SamePersonError
        return self.sign_in.vouch(second_id, pin, Duty.SECOND)

    def answer(self, state: CaseState, second: Signatory, verdict: Verdict) -> SecondAgentAnswered:
        """The event that brings their signed word to the case."""
        about = SignOff.PERSON if state.decision is None else SignOff.DECISION
        word = SecondWord(
            v=PROFILE,
            device_id=self.device.device_id,
            case_id=state.case_id,
            agent_id=state.agent_id,
            second_id=second.agent.agent_id,
            about=about.value,
            verdict=verdict.value,
            seen_sha256=seen_digest(
                seen_parts(state) | {"service": service_facts(state)}, about.value
            ),
            at=self.clock.now().isoformat(timespec="seconds"),
        )
        statement = sign_word(word, second.signing_key)
        return SecondAgentAnswered(
            SecondAgentFacts(second.agent.agent_id, about, verdict, statement)
        )

    def tell(self, uow: UnitOfWork, state: CaseState, second: Signatory, verdict: Verdict) -> None:
        """Journal their word, signed by them too; the caller commits it with the case."""
        about = SignOff.PERSON if state.decision is None else SignOff.DECISION
        facts: dict[str, Fact] = {
            "case": state.case_id,
            "agent": state.agent_id,
            "second": second.agent.agent_id,
            "about": about.value,
            "verdict": verdict.value,
        }
        signers = {"second": second.signing_key}
        self.journal.append_signed(uow, EntryKind.SECOND_SIGNED, facts, signers)
