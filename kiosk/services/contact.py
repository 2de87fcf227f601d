"""Confirms how a customer can be reached: has codes sent, and believes only a signed word.

Rules, in order: an address is brought into form before anything is sent; a code passes through to
the central side and is kept nowhere; what the central side says of a code counts only where its
statement is signed by the pinned key and names this device, case, channel, address and challenge.
Without a network nothing is claimed: the error says so, and the agent may have it confirmed later.

Called away from the screen; holds no state of its own.
"""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from kiosk.domain.contact import email_address, mobile_number
from kiosk.domain.errors import (
    ContactCodeFormError,
    ContactStatementError,
    EventRefusedError,
    ProtocolError,
)
from kiosk.domain.ids import CaseId, DeviceId, KeyId
from kiosk.journeys.service_steps import ContactChannel, ContactFacts
from kiosk.ports import Contact
from kiosk.sync.contact import (
    ChallengeStatus,
    Confirmation,
    ContactOrder,
    ContactState,
    message_language,
    open_confirmation,
    stripped_code,
)

_CHALLENGE_BYTES: Final = 16

ContactWord = Callable[[CaseId, ContactFacts | None, str], None]
"""Raises EventRefusedError unless a statement is about this very address of this case."""
Keys = Callable[[], Mapping[KeyId, bytes]]


def no_word(_case_id: CaseId, _contact: ContactFacts | None, _statement: str) -> None:
    """Where nobody can be believed."""
    raise EventRefusedError("no word of the central side can be verified")


@dataclass(frozen=True, slots=True)
class Standing:
    """How a code stands.

    Attributes:
        challenge_id: of the code.
        status: see :class:`kiosk.sync.contact.ChallengeStatus`.
        sent_at, expires_at: server time, aware UTC.
        tries_left: wrong codes that may still be typed.
        statement: the verified word, once confirmed; else ``""``.
    """

    challenge_id: str
    status: ChallengeStatus
    sent_at: datetime
    expires_at: datetime
    tries_left: int
    statement: str = ""


class ContactWords:
    """Verifies statements of the central side."""

    def __init__(self, device_id: DeviceId, keys: Keys) -> None:
        """Keys: pinned keys of the central side's log, as the policy in force says."""
        self._device_id = device_id
        self._keys = keys

    def require(self, case_id: CaseId, contact: ContactFacts | None, statement: str) -> None:
        """Raises EventRefusedError unless the statement is about this address of this case."""
        if contact is None:
            raise EventRefusedError("no address typed")
        try:
            self.verify(case_id, contact, statement)
        except ContactStatementError as exc:
            raise EventRefusedError("statement") from exc

    def verify(self, case_id: CaseId, contact: ContactFacts, statement: str) -> Confirmation:
        """What the statement says. Raises ContactStatementError where it is about another thing."""
        said = open_confirmation(statement, self._keys())
        meant = (
            self._device_id,
            case_id,
            contact.channel.value,
            contact.address,
            contact.challenge_id,
        )
        told = (said.device_id, said.case_id, said.channel, said.address, said.challenge_id)
        if told != meant:
            raise ContactStatementError("about another address")
        return said


class Contacts:
    """What the contact step asks for."""

    def __init__(
        self,
        port: Contact,
        words: ContactWords,
        number_of: Callable[[str], str] = mobile_number,
    ) -> None:
        """Wire the service.

        Args:
            port: to the central side.
            words: verifies its statements.
            number_of: a mobile number as typed, in E.164; raises ContactAddressError.
        """
        self._port = port
        self._words = words
        self._number_of = number_of

    def through(self, way: Callable[[Contact], Contact]) -> "Contacts":
        """The same service by another way to the central side."""
        return Contacts(way(self._port), self._words, self._number_of)

    def address_of(self, channel: ContactChannel, typed: str) -> str:
        """The address in the form that it is kept in. Raises ContactAddressError."""
        return email_address(typed) if channel is ContactChannel.EMAIL else self._number_of(typed)

    def send(self, case_id: CaseId, contact: ContactFacts, language: str) -> Standing:
        """Send a new code; the one before counts no more.

        Raises:
            UnreachableError: no network; nothing was sent.
            ContactUnavailableError, ContactNotSentError, ContactTooOftenError: see each.
            ProtocolError, CertificateError: the answer does not come from the central side.
        """
        challenge_id = os.urandom(_CHALLENGE_BYTES).hex()
        order = _order(case_id, contact, language=message_language(language))
        return _standing(challenge_id, self._port.start(challenge_id, order))

    def state(self, case_id: CaseId, contact: ContactFacts) -> Standing:
        """How the code sent last stands. Raises as :meth:`send`, and ContactChallengeError."""
        answer = self._port.state(contact.challenge_id, _order(case_id, contact))
        return self._believed(case_id, contact, answer)

    def check(self, case_id: CaseId, contact: ContactFacts, typed: str) -> Standing:
        """Have the code judged that the customer typed.

        Raises:
            ContactCodeFormError: it has not the form of a code; nothing was asked.
        """
        code = stripped_code(contact.channel.value, typed)
        if code is None:
            raise ContactCodeFormError(contact.channel.value)
        order = _order(case_id, contact, code=code)
        return self._believed(case_id, contact, self._port.check(contact.challenge_id, order))

    def _believed(self, case_id: CaseId, contact: ContactFacts, answer: ContactState) -> Standing:
        """The standing; a confirmation only with its verified word."""
        standing = _standing(contact.challenge_id, answer)
        if standing.status is ChallengeStatus.CONFIRMED:
            self._words.verify(case_id, contact, standing.statement)
        return standing


def _order(
    case_id: CaseId, contact: ContactFacts, *, language: str = "fr", code: str = ""
) -> ContactOrder:
    return ContactOrder(
        case=case_id,
        channel=contact.channel.value,
        address=contact.address,
        language=language,
        code=code,
    )


def _standing(challenge_id: str, answer: ContactState) -> Standing:
    try:
        status = ChallengeStatus(answer.status)
        sent_at = datetime.fromisoformat(answer.sent_at)
        expires_at = datetime.fromisoformat(answer.expires_at)
    except ValueError as exc:
        raise ProtocolError("contact state") from exc
    if sent_at.tzinfo is None or expires_at.tzinfo is None:
        raise ProtocolError("contact state")
    word = answer.statement if status is ChallengeStatus.CONFIRMED else ""
    return Standing(challenge_id, status, sent_at, expires_at, answer.tries_left, word)
