"""Opens the contact service for addresses that are to be confirmed later."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from central.archive.layout import Layout, write_secret
from central.authority.drafts import Draft, policy_draft
from central.authority.keeping import DRAFT_IT, keep_policy, sign_alone
from central.authority.policies import Policies
from central.contact.settings import read_contact_identity
from kiosk.crypto.age import Identity, kid_of
from kiosk.sync.policy import Recipient


@dataclass(frozen=True, slots=True)
class Opened:
    """The contact service, as the policy names it.

    Attributes:
        policy_version: from which on devices seal addresses to it.
        kid: name of its key.
        draft: the policy to be signed first; None where nothing is left to sign.
    """

    policy_version: int
    kid: str
    draft: Draft | None = None


def open_contact_service(layout: Layout, now: datetime, *, drafting: bool = False) -> Opened:
    """Make the key where there is none, and name it in the policy.

    Args:
        layout: of the central side.
        now: aware UTC.
        drafting: several people sign; devices seal to it once their policy is published.

    Raises:
        PolicyInvalidError: several keys sign here and nothing is drafted.
        FolderError: the authority's key is not here, or the contact service's cannot be read.
    """
    layout.require()
    policy = Policies(layout).in_force()
    identity = read_contact_identity(layout.contact_identity)
    if identity is None:
        identity = Identity.generate()
        if not policy.root or drafting:
            write_secret(layout.contact_identity, f"{identity.text}\n".encode())
    recipient = Recipient(kid_of(identity.recipient), identity.recipient, "contact")
    if policy.contact_recipient == recipient:
        return Opened(policy.version, recipient.kid)
    changed = replace(
        policy, version=policy.version + 1, issued_at=now, contact_recipient=recipient
    )
    if drafting:
        return Opened(changed.version, recipient.kid, policy_draft(changed))
    keep_policy(layout, policy, changed, sign_alone(layout, changed, DRAFT_IT), now.date())
    return Opened(changed.version, recipient.kid)
