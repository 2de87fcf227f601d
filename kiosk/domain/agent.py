"""Agents of the operator, as the device knows them."""

from dataclasses import dataclass
from enum import StrEnum

from kiosk.domain.ids import AgentId


class Role(StrEnum):
    """What an agent may do on this device."""

    AGENT = "agent"
    MANAGER = "manager"
    TECHNICIAN = "technician"


@dataclass(frozen=True, slots=True)
class Agent:
    """An agent who may sign in.

    Attributes:
        agent_id: badge or login.
        display_name: short name for the screen (``Camille R.``), kept on the device only.
        role: what they may do.
    """

    agent_id: AgentId
    display_name: str
    role: Role = Role.AGENT
