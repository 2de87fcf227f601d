"""Addresses to be confirmed later, as entries announce them."""

from __future__ import annotations

from central.archive.later_rows import LaterRow
from central.archive.ledger import Ledger
from central.collector.keys import PolicyShelf
from central.collector.refusal import CallRefusedError
from central.contact.later import AWAITED, ERASED
from kiosk.audit.entries import Header
from kiosk.sync.later_contacts import announced_later


def note_later(ledger: Ledger, header: Header, shelf: PolicyShelf) -> None:
    """Note the envelope that an entry announces, in the transaction that takes the entry in.

    Raises:
        CallRefusedError: 422 later, sealed to a key that the policy of the entry does not name.
    """
    try:
        announced = announced_later(header)
    except ValueError as exc:
        raise CallRefusedError(422, "later") from exc
    if announced is None or header.record_id is None:
        return
    policy = shelf.version(ledger, header.policy_v)
    recipient = None if policy is None else policy.contact_recipient
    if recipient is None or recipient.kid != announced[1]:
        raise CallRefusedError(422, "later")
    state = ERASED if ledger.erasures.due(header.record_id) else AWAITED
    ledger.later.add(LaterRow(header.device_id, header.seq, header.record_id, announced[0], state))
