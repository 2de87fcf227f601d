"""The team of a device, as its manager sees it: who is here, who is locked out, who is awaited."""

from __future__ import annotations

from dataclasses import dataclass

from kiosk.domain.agent import Agent, Duty
from kiosk.ports import Store
from kiosk.services.agents import Signs, agent_of, require_duty
from kiosk.services.onboarding import Onboarding
from kiosk.services.sign_in import MAX_FAILURES


@dataclass(frozen=True, slots=True)
class Member:
    """One agent of the device.

    Attributes:
        agent: who.
        known: whether they have used their code; the others are only awaited.
        locked: only a second person opens their place again.
        at_work: their shift is open.
        awaited: a one-time code of theirs is still good.
    """

    agent: Agent
    known: bool
    locked: bool = False
    at_work: bool = False
    awaited: bool = False


class Team:
    """Lists the team."""

    def __init__(self, store: Store, onboarding: Onboarding) -> None:
        self._store = store
        self._onboarding = onboarding

    def members(self, by: Signs) -> tuple[Member, ...]:
        """Everybody, by name, then who is awaited. Raises NotAllowedError: no manager."""
        require_duty(by.agent, Duty.INVITE)
        awaited = {one.agent.agent_id: one.agent for one in self._onboarding.waiting()}
        with self._store.begin() as uow:
            rows = uow.agents.all()
        here = tuple(
            Member(
                agent_of(row),
                known=True,
                locked=row.failures >= MAX_FAILURES,
                at_work=row.wrapped_shift_key is not None,
                awaited=row.agent_id in awaited,
            )
            for row in rows
        )
        known = {row.agent_id for row in rows}
        new = tuple(
            Member(agent, known=False, awaited=True)
            for agent_id, agent in awaited.items()
            if agent_id not in known
        )
        return here + new
