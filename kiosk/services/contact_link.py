"""The :class:`kiosk.ports.Contact` of a device: signed calls to the central side."""

from collections.abc import Callable

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
    UnreachableError,
)
from kiosk.domain.ids import DeviceId
from kiosk.ports import CollectorLink, LinkAnswer
from kiosk.sync.contact import ContactOrder, ContactState, SheetOrder
from kiosk.sync.messages import Problem, decode, encode

_DONE = (200, 201)


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


def _refusal(answer: LinkAnswer) -> ContactError | ProtocolError | UnreachableError:
    """The problem as one of our errors. Raises ProtocolError where the body is no problem."""
    problem = decode(answer.body, Problem)
    match (answer.status, problem.error):
        case (422, "address"):
            return ContactAddressError("refused")
        case (422, "code-form"):
            return ContactCodeFormError("refused")
        case (429, _):
            return ContactTooOftenError(str(problem.size))
        case (502, "not-sent"):
            return ContactNotSentError()
        case (503, "channel-closed"):
            return ContactUnavailableError()
        case (404, "challenge"):
            return ContactChallengeError()
        case (503, "busy") | (404, "entry-unknown"):
            # As good as no network: the agent is offered to confirm later, or to send later where
            # the record of a sheet is still on its way.
            return UnreachableError(problem.error)
        case _:
            return ProtocolError(f"contact {answer.status}")
