"""Addresses that were deferred: sealed for the contact service, and sent at the next delivery.

Rules, in order: only those of an accepted case, and only where the policy names a contact service;
sealed with the record, in the language that the customer chose, so that this device cannot read
them again; let go once the central side
took them, which a medium never proves: there its answer has to come back first. What is refused
there (422) is let go too: the record names the address, a person sees in the operator's list that
its envelope never came.
"""

from __future__ import annotations

import contextlib
from typing import Final

from kiosk.crypto.digests import b64u, sha256
from kiosk.domain.decision import Outcome
from kiosk.domain.errors import (
    CertificateError,
    CourierError,
    NothingCarriedError,
    SyncError,
    UnreachableError,
)
from kiosk.domain.ids import DeviceId, RecordId
from kiosk.journeys.model import CaseState
from kiosk.journeys.service_steps import ContactStatus
from kiosk.ports import CollectorLink, Store
from kiosk.services.answers import is_busy, refusal_of
from kiosk.services.terms import Terms
from kiosk.sync.contact import message_language
from kiosk.sync.later_contacts import LaterAddress, LaterContacts, SealedLater, seal_later

LATER_PREFIX: Final = "later-contacts/"
LATER_TYPE: Final = "application/vnd.age"
_TAKEN = (200, 201)
_REFUSED = 422


def later_name(seq: int) -> str:
    """Name of the stored envelope of an entry."""
    return f"{LATER_PREFIX}{seq:012d}"


def seal_deferred(state: CaseState, record_id: RecordId, terms: Terms) -> SealedLater | None:
    """The envelope of a decided case; None where nothing is to be confirmed later."""
    decision = state.decision
    if not terms.contact_recipient or decision is None or decision.outcome is not Outcome.ACCEPTED:
        return None
    addresses = tuple(
        LaterAddress(contact.channel.value, contact.address)
        for contact in state.contacts
        if contact.status is ContactStatus.DEFERRED
    )
    if not addresses:
        return None
    language = message_language(state.language)
    later = LaterContacts(record_id, state.case_id, language, addresses)
    return seal_later(later, terms.contact_recipient)


class LaterUpload:
    """Sends what the contact service waits for."""

    def __init__(self, store: Store, link: CollectorLink, device_id: DeviceId) -> None:
        self._store = store
        self._link = link
        self._device_id = device_id

    def run(self) -> int:
        """Send every envelope that is here; how many were taken.

        Raises:
            UnreachableError, CertificateError: the link is down; the rest keeps waiting.
        """
        taken = 0
        for name, blob in self._kept():
            status = self._put(name, blob)
            self._judge(name, status)
            taken += status in _TAKEN
        return taken

    def carry(self) -> None:
        """Write every envelope on a medium; all of them stay here.

        Raises:
            CourierError: the medium is full or gone; the rest keeps waiting.
        """
        for name, blob in self._kept():
            self._put(name, blob)

    def settle(self) -> None:
        """Let go what a medium brought there, by the answers that came back."""
        for name, blob in self._kept():
            with contextlib.suppress(NothingCarriedError):
                # An answer to these very bytes, and to no others that had this number.
                answer = self._link.call("GET", self._path(name), etag=b64u(sha256(blob)))
                self._judge(name, answer.status)

    def _kept(self) -> list[tuple[str, bytes]]:
        with self._store.begin() as uow:
            names = uow.values.names(LATER_PREFIX)
            return [(name, uow.values.get(name) or b"") for name in names]

    def _path(self, name: str) -> str:
        seq = int(name.removeprefix(LATER_PREFIX))
        return f"/v1/devices/{self._device_id}/later-contacts/{seq}"

    def _put(self, name: str, blob: bytes) -> int:
        """The answer's status; 0 where it was none that settles anything."""
        try:
            answer = self._link.call("PUT", self._path(name), blob, LATER_TYPE)
            if answer.status not in (*_TAKEN, _REFUSED):
                raise refusal_of(answer)
        except UnreachableError as exc:
            if not is_busy(exc):
                raise
            return 0  # the records behind it may be taken all the same
        except (CertificateError, CourierError):
            raise
        except SyncError:
            return 0
        return answer.status

    def _judge(self, name: str, status: int) -> None:
        if status in (*_TAKEN, _REFUSED):
            with self._store.begin() as uow:
                uow.values.delete(name)
                uow.commit()
