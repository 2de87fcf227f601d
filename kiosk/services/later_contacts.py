"""Addresses that were deferred: sealed for the contact service, and sent at the next delivery.

Rules, in order: only those of an accepted case, and only where the policy names a contact service;
sealed with the record, so that this device cannot read them again; let go once the central side
took them. What is refused there (422) is let go too: the record names the address, a person sees
in the operator's list that its envelope never came.
"""

from __future__ import annotations

from typing import Final

from kiosk.domain.decision import Outcome
from kiosk.domain.errors import CertificateError, SyncError, UnreachableError
from kiosk.domain.ids import DeviceId, RecordId
from kiosk.journeys.model import CaseState
from kiosk.journeys.service_steps import ContactStatus
from kiosk.ports import CollectorLink, Store
from kiosk.services.answers import refusal_of
from kiosk.services.terms import Terms
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
    later = LaterContacts(record_id, state.case_id, "fr", addresses)
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
        with self._store.begin() as uow:
            names = uow.values.names(LATER_PREFIX)
        return sum(self._send(name) for name in names)

    def _send(self, name: str) -> bool:
        with self._store.begin() as uow:
            blob = uow.values.get(name)
        if blob is None:
            return False
        seq = int(name.removeprefix(LATER_PREFIX))
        path = f"/v1/devices/{self._device_id}/later-contacts/{seq}"
        try:
            answer = self._link.call("PUT", path, blob, LATER_TYPE)
            if answer.status not in (*_TAKEN, _REFUSED):
                raise refusal_of(answer)
        except (UnreachableError, CertificateError):
            raise
        except SyncError:
            return False
        with self._store.begin() as uow:
            uow.values.delete(name)
            uow.commit()
        return answer.status in _TAKEN
