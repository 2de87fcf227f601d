"""Joining a fleet: the device gets its place, and its first manager a one-time code.

Rules, in order: a badge that is none is refused before the code is spent; the kiosk is built again
afterwards.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from kiosk.domain.errors import NotEnrolledError
from kiosk.domain.ids import AgentId, DeviceId, OfficeId
from kiosk.services.agents import require_badge
from kiosk.services.onboarding import shown

if TYPE_CHECKING:
    from kiosk.bootstrap import Kiosk


@dataclass(frozen=True, slots=True)
class Joined:
    """A device at its place.

    Attributes:
        manager_code: one-time code of the first manager as it is read aloud, ``""`` where nobody
            was named.
    """

    device_id: DeviceId
    office_id: OfficeId
    manager_code: str = ""


def join(kiosk: Kiosk, code: str, manager: str = "", manager_name: str = "") -> Joined:
    """Use an enrolment code.

    Args:
        kiosk: not enrolled.
        code: as scanned or typed.
        manager: badge of the first manager, or ``""``.
        manager_name: short name for the screen; the badge where empty.

    Raises:
        SignInError: the badge is none; the code was not used.
        EnrolmentError and others: see Enrolment.enrol.
    """
    if manager:
        require_badge(AgentId(manager))
    kiosk.enrolment.enrol(code)
    kiosk.membership.reload()
    return welcome(kiosk, manager, manager_name)


def welcome(kiosk: Kiosk, manager: str = "", manager_name: str = "") -> Joined:
    """The place of an enrolled device, with a one-time code where a manager is named.

    Raises:
        NotEnrolledError: it has none.
        ManagerNeededError: it has a manager already.
    """
    identity = kiosk.membership.identity
    if identity is None:
        raise NotEnrolledError
    if not manager:
        return Joined(identity.device_id, identity.office_id)
    made = kiosk.onboarding.invite_first(AgentId(manager), manager_name or manager)
    return Joined(identity.device_id, identity.office_id, shown(made))
