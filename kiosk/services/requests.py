"""The code that a customer shows: is it a verification request, and may it be used here and now?

Rules, in order: an activation code stands for the request that was loaded for it beforehand; judged
offline against the pinned keys of the policy; then against the requests that were already used up
on this device. Nothing in the text is opened or followed.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from kiosk.documents.requests import judge, open_request
from kiosk.domain.ids import KeyId, OfficeId
from kiosk.domain.request import RequestVerdict, VerificationRequest
from kiosk.journeys.model import RequestPresented
from kiosk.ports import Clock, Store
from kiosk.services.agents import Session
from kiosk.services.used_requests import is_used
from kiosk.sync.rounds import CodeForm, read_code


@dataclass(frozen=True, slots=True)
class IssuerKey:
    """A key that signs requests.

    Attributes:
        issuer: the identity provider that it belongs to (``iss``).
        public_key: raw Ed25519, 32 bytes.
    """

    issuer: str
    public_key: bytes


IssuerKeys = Callable[[], Mapping[KeyId, IssuerKey]]
"""Answers with the keys in force now."""

Expected = Callable[[Session, str], str | None]
"""The token of the request that is expected today under an activation code (eight symbols)."""


def _nothing_expected(_session: Session, _code: str) -> str | None:
    """No round, no appointments."""
    return None


class RequestDesk:
    """Judges the codes that customers show."""

    def __init__(
        self,
        store: Store,
        issuers: IssuerKeys,
        office_id: OfficeId,
        clock: Clock,
        expected: Expected = _nothing_expected,
    ) -> None:
        """Wire the service.

        Args:
            store: remembers the requests that were used up.
            issuers: pinned keys of the issuers.
            office_id: office of this device.
            clock: device time.
            expected: finds the request of an activation code.
        """
        self._expected = expected
        self._store = store
        self._issuers = issuers
        self._office_id = office_id
        self._clock = clock

    def judge(self, text: str, session: Session | None = None) -> RequestPresented:
        """What the text is, as an event for the case.

        Args:
            text: a token, or an activation code as the customer reads it out.
            session: of the agent, whose round or appointments a code is looked up in; without one
                no code is known.
        """
        form, code = read_code(text)
        if form is CodeForm.MISTYPED:
            return RequestPresented(RequestVerdict.MISTYPED_CODE)
        if form is CodeForm.CODE:
            token = None if session is None else self._expected(session, code)
            if token is None:
                return RequestPresented(RequestVerdict.UNKNOWN_CODE)
            text = token
        issuers = self._issuers()
        verdict, request = judge(
            text,
            {key_id: key.public_key for key_id, key in issuers.items()},
            self._clock.now(),
            self._office_id,
            {key_id: key.issuer for key_id, key in issuers.items()},
        )
        if request is None:
            return RequestPresented(verdict, meant_for=self._office_of(verdict, text))
        if self.used_before(request):
            return RequestPresented(RequestVerdict.USED_BEFORE)
        return RequestPresented(verdict, request)

    def _office_of(self, verdict: RequestVerdict, text: str) -> OfficeId:
        """The office that a request for another one was made for: the customer is sent there."""
        if verdict is not RequestVerdict.WRONG_OFFICE:
            return OfficeId("")
        keys = {key_id: key.public_key for key_id, key in self._issuers().items()}
        _, meant = open_request(text, keys)
        return OfficeId("") if meant is None else meant.office_id

    def used_before(self, request: VerificationRequest) -> bool:
        """Whether an earlier case on this device accepted or refused this request."""
        with self._store.begin() as uow:
            return is_used(uow, request)
