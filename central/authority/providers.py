"""Makes an identity provider one that hears how its requests ended.

Rules, in order: the key that results are sealed to stands in the signed policy, so that no
collector can put another one there; where they are posted, and who may fetch them, is the
collector's own configuration and is in no policy. Said again, it replaces what was said before:
results that are sealed already stay sealed to the key of their day.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from central.archive.layout import Layout, read_key, write_key
from central.archive.result_rows import ProviderRow
from central.archive.storage import open_database
from central.authority.policies import Policies
from central.provider.posting import require_url, trust_of
from kiosk.crypto import age
from kiosk.crypto.signing import SigningKey
from kiosk.domain.errors import PolicyInvalidError
from kiosk.sync.policy import Policy, ResultRecipient, TrustedKey, sign_policy

_KEY_BYTES = 32


@dataclass(frozen=True, slots=True)
class Joined:
    """What the provider has to be given.

    Attributes:
        policy_version: from which on devices seal results to it.
        kid: name of its key.
        webhook_public: raw key that signs what is posted to it.
        enrolment_keys: keys that it checks the certificates of devices with.
    """

    policy_version: int
    kid: str
    webhook_public: bytes
    enrolment_keys: tuple[TrustedKey, ...]


def add_provider(layout: Layout, provider: ProviderRow, recipient: str, now: datetime) -> Joined:
    """Add a provider, or change it.

    Args:
        layout: of the central side.
        provider: where results go.
        recipient: the key that they are sealed to, ``age1pq1…``.
        now: aware UTC.

    Raises:
        ValueError: an address, a certificate or a key that cannot be used.
        PolicyInvalidError: nobody of that name issues requests.
        FolderError: the authority's key is not here.
    """
    _require_usable(provider)
    kid = age.kid_of(recipient)
    policy = _with_recipient(Policies(layout).in_force(), provider.issuer, recipient, now)
    token = sign_policy(policy, read_key(layout.root_key))
    if not layout.webhook_key.exists():
        write_key(layout.webhook_key, SigningKey.generate())
    webhook = read_key(layout.webhook_key).public
    database = open_database(layout)
    try:
        with database.writing() as ledger:
            ledger.results.put_provider(provider)
            if ledger.policy(policy.version) is None:
                ledger.add_policy(policy.version, token)
    finally:
        database.close()
    return Joined(policy.version, kid, webhook, policy.enrolment_keys)


def _require_usable(provider: ProviderRow) -> None:
    if provider.url:
        require_url(provider.url)
        trust_of(provider.ca_pem)
    if provider.pull_key is not None and len(provider.pull_key) != _KEY_BYTES:
        raise ValueError("a key that signs calls has 32 bytes")
    if not provider.url and provider.pull_key is None:
        raise ValueError("an address to post to, or a key to fetch with")


def _with_recipient(policy: Policy, issuer: str, recipient: str, now: datetime) -> Policy:
    """The next version of the policy; the same one where it says so already."""
    told = ResultRecipient(issuer, age.kid_of(recipient), recipient)
    if told in policy.result_recipients:
        return policy
    if issuer not in {key.iss for key in policy.request_issuers}:
        raise PolicyInvalidError("nobody of that name issues requests")
    others = tuple(one for one in policy.result_recipients if one.iss != issuer)
    return replace(
        policy,
        version=policy.version + 1,
        issued_at=now,
        result_recipients=(*others, told),
    )
