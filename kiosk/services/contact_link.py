"""The :class:`kiosk.ports.Contact` of a device: signed calls to the central side."""

from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Final

from kiosk.domain.errors import (
    ContactAddressError,
    ContactChallengeError,
    ContactCodeFormError,
    ContactError,
    ContactNotSentError,
    ContactTooOftenError,
    ContactUnavailableError,
    NotEnrolledError,
    ProtocolError,
    SyncError,
    UnreachableError,
)
from kiosk.domain.ids import DeviceId
from kiosk.ports import CollectorLink, LinkAnswer
from kiosk.services.answers import refusal_of
from kiosk.sync.contact import ContactOrder, ContactState, SheetOrder
from kiosk.sync.messages import Problem, decode, encode

_DONE = (200, 201)
_REFUSALS: Final[Mapping[tuple[int, str], type[ContactError]]] = {
    (422, "address"): ContactAddressError,
    (422, "code-form"): ContactCodeFormError,
    (502, "not-sent"): ContactNotSentError,
    (503, "channel-closed"): ContactUnavailableError,
    (404, "challenge"): ContactChallengeError,
}


class CentralContact:
    """Asks the collector; a link of its own for every call, so that none is left open."""

    def __init__(self, open_link: Callable[[], CollectorLink | None], device_id: DeviceId) -> None:
        """open_link: None before enrolment."""
        self._open_link = open_link
        self._device_id = device_id

    def start(self, challenge_id: str, order: ContactOrder) -> ContactState:
        """See :class:`kiosk.ports.Contact`."""
        return self._call("PUT", challenge_id, order)

    def state(self, challenge_id: str, order: ContactOrder) -> ContactState:
        """See :class:`kiosk.ports.Contact`."""
        return self._call("POST", f"{challenge_id}/state", order)

    def check(self, challenge_id: str, order: ContactOrder) -> ContactState:
        """See :class:`kiosk.ports.Contact`."""
        return self._call("POST", f"{challenge_id}/check", order)

    def mail_sheet(self, seq: int, order: SheetOrder) -> None:
        """See :class:`kiosk.ports.SheetMail`."""
        self._answer("POST", f"sheets/{seq}", order)

    def _call(self, method: str, what: str, order: ContactOrder) -> ContactState:
        return decode(self._answer(method, f"contacts/{what}", order).body, ContactState)

    def _answer(self, method: str, what: str, order: ContactOrder | SheetOrder) -> LinkAnswer:
        link = self._open_link()
        if link is None:
            raise NotEnrolledError
        try:
            path = f"/v1/devices/{self._device_id}/{what}"
            answer = link.call(method, path, encode(order))
        finally:
            link.close()
        if answer.status not in _DONE:
            raise _refusal(answer)
        return answer


def _refusal(answer: LinkAnswer) -> ContactError | SyncError:
    """The problem as one of our errors. Raises ProtocolError where the body is no problem."""
    problem = decode(answer.body, Problem)
    told = (answer.status, problem.error)
    if answer.status == HTTPStatus.TOO_MANY_REQUESTS:
        return ContactTooOftenError(str(problem.size))
    if told == (404, "entry-unknown"):
        # As good as no network: the record of the sheet is still on its way.
        return UnreachableError(problem.error)
    if told in ((503, "busy"), (403, "quarantined")):
        # Busy is as good as no network: the agent is offered to confirm later.
        return refusal_of(answer)
    kind = _REFUSALS.get(told)
    return ProtocolError(f"contact {answer.status}") if kind is None else kind("refused")
