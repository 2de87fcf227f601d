"""Drafts: the state of an open case, encrypted for the shift that opened it.

Rules, in order:

1. The key is derived from the shift key and the case; the ciphertext is bound to (case, revision),
   so that an old revision cannot be put back under a new number; no picture is ever in a draft.
2. A copy of that key is wrapped for each manager of the device, so that the case of somebody absent
   can be taken over while it is open. The copies go with the draft.
3. A draft that was handed to a colleague has a fresh key, wrapped for that colleague: whoever
   handed it over cannot open it any more. See :mod:`.hand_over`.
4. Beside each draft lies the record that its case was abandoned, sealed with it: where nobody who
   can open the draft comes back in time, that record is what the case leaves.

Source: records-and-sync 2.4.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Mapping
from dataclasses import dataclass, field, replace

import msgspec

from kiosk.audit.entries import EntryKind, Fact
from kiosk.crypto import aead, exchange
from kiosk.crypto.canonical import canonical_json
from kiosk.crypto.digests import b64u, unb64u
from kiosk.domain.agent import Duty, Role, may
from kiosk.domain.decision import Outcome
from kiosk.domain.errors import DraftError
from kiosk.domain.ids import AgentId, CaseId
from kiosk.journeys.codec import decode, encode
from kiosk.journeys.model import CaseState
from kiosk.ports import AgentRow, Clock, DraftRow, UnitOfWork
from kiosk.services.agents import Session, exchange_public
from kiosk.services.journal import Journal
from kiosk.services.lying_time import note_touch, put_touch
from kiosk.services.standing_record import StandingRecord, announce_standing, put_standing

HANDS_PREFIX = "case-hands/"


@dataclass(frozen=True, slots=True)
class Hop:
    """One change of hands of a case.

    Attributes:
        giver / taker: the agents.
        at: device time, ISO 8601 UTC.
        how: ``colleague`` (handed over) or ``manager`` (taken over).
    """

    giver: AgentId
    taker: AgentId
    at: str
    how: str


@dataclass(frozen=True, slots=True)
class Hands:
    """Through whose hands a case went, and who else may open its draft.

    Attributes:
        hops: oldest first; in the record.
        copies: the key of the draft as it lies, wrapped for each of these agents, base64url.
        offered: number of the journal entry by which it was handed over, while its new owner has
            not opened it yet; None otherwise.
    """

    hops: tuple[Hop, ...] = ()
    copies: Mapping[AgentId, str] = field(default_factory=dict)
    offered: int | None = None


def hands_of(uow: UnitOfWork, case_id: CaseId) -> Hands:
    """What is known of the hands of a case."""
    stored = uow.values.get(HANDS_PREFIX + case_id)
    return Hands() if stored is None else msgspec.json.decode(stored, type=Hands)


def put_hands(uow: UnitOfWork, case_id: CaseId, hands: Hands) -> None:
    """Keep it; the caller commits."""
    uow.values.put(HANDS_PREFIX + case_id, msgspec.json.encode(hands))


def drop_draft(uow: UnitOfWork, case_id: CaseId) -> None:
    """Remove a draft with every copy of its key, and a standing record; the caller commits."""
    uow.drafts.delete(case_id)
    put_standing(uow, case_id, None)
    put_touch(uow, case_id, None)
    uow.values.delete(HANDS_PREFIX + case_id)


def account_for_drafts(
    uow: UnitOfWork,
    journal: Journal,
    agent_id: AgentId,
    why: str,
    only: Container[CaseId] | None = None,
) -> int:
    """Close the drafts of an agent that nobody can open any more (``only`` these); how many.

    Silence is no way out of a case: each is an entry of its own, which says ``why``, and a record
    where one stands ready.
    """
    rows = [
        row
        for row in uow.drafts.all()
        if row.agent_id == agent_id and (only is None or row.case_id in only)
    ]
    for row in rows:
        told: dict[str, Fact] = {"why": why}
        if hands_of(uow, row.case_id).offered is not None:
            told["waited_for"] = agent_id
        if not announce_standing(uow, journal, row.case_id, told):
            facts: dict[str, Fact] = {
                "case": row.case_id,
                "agent": agent_id,
                "outcome": Outcome.ABANDONED.value,
                "sealed": False,
                "why": why,
            }
            journal.append(uow, EntryKind.VERIFY_CLOSE, facts)
        drop_draft(uow, row.case_id)
    return len(rows)


def wrapped_for(uow: UnitOfWork, row: AgentRow, key: bytes, case_id: CaseId) -> str | None:
    """The key of a draft for this agent; None where they have announced no exchange key."""
    public = exchange_public(uow, row)
    if public is None:
        return None
    return b64u(exchange.wrap_for(public, key, _copy_context(case_id, row.agent_id)))


def draft_key(session: Session, case_id: CaseId) -> bytes:
    """The key of a case in this shift."""
    return aead.derive_key(session.shift_key, "visavis/draft-key/1", case_id.encode())


def sealed_state(key: bytes, state: CaseState, revision: int) -> bytes:
    """The state as it lies in a draft."""
    return aead.seal(key, encode(state), _context(state.case_id, revision))


def copied_key(hands: Hands, session: Session, case_id: CaseId) -> bytes:
    """The key of a draft from the copy for this agent. Raises DraftError: none, or not theirs."""
    copy = hands.copies.get(session.agent.agent_id)
    if copy is None:
        raise DraftError("no copy for this agent")
    try:
        wrapped = unb64u(copy)
    except ValueError as exc:
        raise DraftError("copy") from exc
    context = _copy_context(case_id, session.agent.agent_id)
    return exchange.unwrap(session.signing_key, wrapped, context)


def opened_with(key: bytes, row: DraftRow) -> CaseState:
    """The state in a row. Raises DraftError: another key, or altered bytes."""
    return decode(aead.open_sealed(key, row.sealed, _context(row.case_id, row.revision)))


def _context(case_id: CaseId, revision: int) -> bytes:
    return canonical_json([case_id, revision])


def _copy_context(case_id: CaseId, agent_id: AgentId) -> bytes:
    return canonical_json(["visavis/draft-copy/1", case_id, agent_id])


Ready = Callable[[UnitOfWork, CaseState, Session], StandingRecord | None]
"""Makes the record of a case that is left; None where nobody could ever open it."""


class Drafts:
    """Saves and loads the state of open cases."""

    def __init__(self, clock: Clock, ready: Ready | None = None) -> None:
        """Clock: of the device; ``ready`` seals what a case leaves when nobody comes back."""
        self._clock = clock
        self._ready = ready

    def save(self, uow: UnitOfWork, state: CaseState, session: Session) -> DraftRow:
        """Write the next revision inside ``uow``; the caller commits."""
        before = uow.drafts.get(state.case_id)
        revision = 1 if before is None else before.revision + 1
        key = draft_key(session, state.case_id)
        row = self.put(uow, state, revision, key)
        self._copy_for_managers(uow, row, key)
        if self._ready is not None:
            put_standing(uow, state.case_id, self._ready(uow, state, session))
        return row

    def put(self, uow: UnitOfWork, state: CaseState, revision: int, key: bytes) -> DraftRow:
        """Write a draft of ``state``, sealed with ``key``, changed now; the caller commits."""
        row = DraftRow(
            case_id=state.case_id,
            agent_id=state.agent_id,
            revision=revision,
            step=state.step.value,
            updated_at=self._clock.now(),
            sealed=sealed_state(key, state, revision),
        )
        uow.drafts.put(row)
        note_touch(uow, self._clock, state.case_id)
        return row

    @staticmethod
    def load(row: DraftRow, session: Session) -> CaseState:
        """The state of a stored draft.

        Raises:
            DraftError: another shift or agent, altered bytes, or a form this program does not know.
        """
        return opened_with(draft_key(session, row.case_id), row)

    @staticmethod
    def seen(row: DraftRow, hands: Hands, session: Session) -> CaseState:
        """The state of a draft of this agent, or of one that waits for them; nothing is accepted.

        Raises:
            DraftError: as ``load``, or handed to somebody else.
        """
        if hands.offered is None:
            return Drafts.load(row, session)
        return opened_with(copied_key(hands, session, row.case_id), row)

    @staticmethod
    def _copy_for_managers(uow: UnitOfWork, row: DraftRow, key: bytes) -> None:
        """Wrap the key for managers who have no copy yet: at the first save, or a new manager."""
        hands = hands_of(uow, row.case_id)
        wanted = {
            agent.agent_id: agent
            for agent in uow.agents.all()
            if may(Role(agent.role), Duty.TAKE_OVER) and agent.agent_id != row.agent_id
        }
        missing = wanted.keys() - hands.copies.keys()
        if not missing:
            return
        made = {name: wrapped_for(uow, wanted[name], key, row.case_id) for name in missing}
        copies = {**hands.copies, **{name: copy for name, copy in made.items() if copy}}
        if copies != hands.copies:
            put_hands(uow, row.case_id, replace(hands, copies=copies))
