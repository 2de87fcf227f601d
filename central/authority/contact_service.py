"""Opens the contact service for addresses that are to be confirmed later."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from central.archive.layout import Layout, read_key, write_secret
from central.archive.storage import open_database
from central.authority.policies import Policies
from central.contact.settings import read_contact_identity
from kiosk.crypto.age import Identity, kid_of
from kiosk.sync.policy import Recipient, sign_policy


def open_contact_service(layout: Layout, now: datetime) -> tuple[int, str]:
    """Make the key where there is none, and name it in the policy; version and name of the key.

    Raises:
        FolderError: the authority's key is not here, or the contact service's cannot be read.
    """
    layout.require()
    identity = read_contact_identity(layout.contact_identity)
    if identity is None:
        identity = Identity.generate()
        write_secret(layout.contact_identity, f"{identity.text}\n".encode())
    recipient = Recipient(kid_of(identity.recipient), identity.recipient, "contact")
    policy = Policies(layout).in_force()
    if policy.contact_recipient == recipient:
        return policy.version, recipient.kid
    changed = replace(
        policy, version=policy.version + 1, issued_at=now, contact_recipient=recipient
    )
    token = sign_policy(changed, read_key(layout.root_key))
    database = open_database(layout)
    try:
        with database.writing() as ledger:
            ledger.add_policy(changed.version, token)
    finally:
        database.close()
    return changed.version, recipient.kid
