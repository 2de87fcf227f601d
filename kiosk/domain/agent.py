"""Agents of the operator, as the device knows them, and what each role may do.

The table :data:`DUTIES` is the only place that says it; docs/operator/agents.md prints it. No role
reads sealed records: this device has no key that opens one.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from kiosk.domain.ids import AgentId


class Role(StrEnum):
    """What an agent may do on this device."""

    AGENT = "agent"
    MANAGER = "manager"
    TECHNICIAN = "technician"


class Duty(StrEnum):
    """Something that not everybody may do."""

    VERIFY = "verify"
    SECOND = "second"
    INVITE = "invite"
    UNLOCK = "unlock"
    END_SHIFT = "end_shift"
    TAKE_OVER = "take_over"
    DIAGNOSE = "diagnose"
    TEND = "tend"
    RESCUE = "rescue"
    CLOSE_DEVICE = "close_device"


DUTIES: Final[Mapping[Role, frozenset[Duty]]] = MappingProxyType(
    {
        Role.AGENT: frozenset({Duty.VERIFY, Duty.SECOND, Duty.DIAGNOSE}),
        # In a small office the manager stands at the counter too.
        Role.MANAGER: frozenset(Duty),
        Role.TECHNICIAN: frozenset({Duty.DIAGNOSE, Duty.TEND, Duty.RESCUE}),
    }
)
"""Who may do what. VERIFY: open, decide and seal cases. SECOND: sign a colleague's decision as the
second agent. INVITE: make one-time codes. UNLOCK: lift a lock-out. END_SHIFT: end the shift of
somebody who left. TAKE_OVER: go on with the cases of somebody absent. DIAGNOSE: the tests of the
hardware. TEND: see the state of the device and change its keys. RESCUE: be one of the two who
carry the queue off a broken device. CLOSE_DEVICE: transfer or decommission it."""


def may(role: Role, duty: Duty) -> bool:
    """Whether this role has this duty."""
    return duty in DUTIES[role]


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
