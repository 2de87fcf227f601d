"""Makes an identity provider one that hears how its requests ended, or one no more.

Rules, in order: the key that results are sealed to stands in the signed policy, so that no
collector can put another one there; where they are posted, and who may fetch them, is the
collector's own configuration and is in no policy; the two change together, by one key at once, by
several keys when the policy that they signed is published. Said again, it replaces what was said
before: results that are sealed already stay sealed to the key of their day. A provider that was
withdrawn comes back only where that is asked for in so many words, and its withdrawal stays written
down.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from central.archive.layout import Layout, read_key, write_key
from central.archive.provider_rows import PlanRow
from central.archive.result_rows import RESULTS_SCOPE, ProviderRow
from central.archive.storage import open_database
from central.authority.drafts import Draft, policy_draft
from central.authority.keeping import DRAFT_IT, apply_plan, keep_policy, sign_alone
from central.authority.policies import Policies
from central.provider.posting import require_url, trust_of
from kiosk.crypto import age
from kiosk.crypto.signing import SigningKey
from kiosk.domain.errors import PolicyInvalidError
from kiosk.sync.policy import Policy, ResultRecipient, TrustedKey

_KEY_BYTES = 32


@dataclass(frozen=True, slots=True)
class Joined:
    """What the provider has to be given.

    Attributes:
        policy_version: from which on devices seal results to it.
        kid: name of its key.
        webhook_public: raw key that signs what is posted to it.
        enrolment_keys: keys that it checks the certificates of devices with.
        draft: the policy to be signed first; None where nothing is left to sign.
    """

    policy_version: int
    kid: str
    webhook_public: bytes
    enrolment_keys: tuple[TrustedKey, ...]
    draft: Draft | None = None


@dataclass(frozen=True, slots=True)
class Left:
    """A provider that goes.

    Attributes:
        policy_version: from which on devices seal nothing to it.
        ended: results that waited for it and ended with it; None while the policy is not signed.
        draft: the policy to be signed first; None where nothing is left to sign.
    """

    policy_version: int
    ended: int | None
    draft: Draft | None = None


def add_provider(
    layout: Layout,
    provider: ProviderRow,
    recipient: str,
    now: datetime,
    *,
    drafting: bool = False,
    again: bool = False,
) -> Joined:
    """Add a provider, or change it.

    Args:
        layout: of the central side.
        provider: where results go.
        recipient: the key that they are sealed to, ``age1pq1…``.
        now: aware UTC.
        drafting: several people sign; it takes effect when their policy is published.
        again: also one that was withdrawn.

    Raises:
        ValueError: an address, a certificate or a key that cannot be used.
        PolicyInvalidError: nobody of that name issues requests, it was withdrawn, or several keys
            sign here and nothing is drafted.
        FolderError: the authority's key is not here.
    """
    _require_usable(provider)
    kid = age.kid_of(recipient)
    in_force = Policies(layout).in_force()
    if _held(layout, provider.issuer).withdrawn and not again:
        raise PolicyInvalidError(f"{provider.issuer} was withdrawn: --again admits it once more")
    policy = _with_recipient(in_force, provider.issuer, recipient, now)
    change = _Change(layout, in_force, policy, PlanRow(provider, kid, policy.version), now)
    draft, _ = change.take_up(drafting=drafting)
    if not layout.webhook_key.exists():
        write_key(layout.webhook_key, SigningKey.generate())
    webhook = read_key(layout.webhook_key).public
    return Joined(policy.version, kid, webhook, policy.enrolment_keys, draft)


def remove_provider(layout: Layout, issuer: str, now: datetime, *, drafting: bool = False) -> Left:
    """Withdraw a provider: nothing is sealed to it, posted to it or fetched by it any more.

    Args:
        layout: of the central side.
        issuer: name in its requests, which stay good.
        now: aware UTC.
        drafting: several people sign; it takes effect when their policy is published.

    Raises:
        PolicyInvalidError: no provider of that name, or several keys sign here and nothing is
            drafted.
        FolderError: the authority's key is not here.
    """
    in_force = Policies(layout).in_force()
    known = _held(layout, issuer).provider
    named = issuer in {one.iss for one in in_force.result_recipients}
    if not named and known is None:
        raise PolicyInvalidError(f"{issuer} is no provider")
    others = tuple(one for one in in_force.result_recipients if one.iss != issuer)
    policy = _next(in_force, others, now) if named else in_force
    provider = known or ProviderRow(issuer, "", "", None, 0, 1, now.isoformat(timespec="seconds"))
    change = _Change(layout, in_force, policy, PlanRow(provider, "", policy.version), now)
    draft, ended = change.take_up(drafting=drafting)
    return Left(policy.version, ended, draft)


@dataclass(frozen=True, slots=True)
class _Held:
    """What the central side holds of a provider: its row, and whether it was withdrawn."""

    provider: ProviderRow | None
    withdrawn: bool


def _held(layout: Layout, issuer: str) -> _Held:
    database = open_database(layout)
    try:
        with database.reading() as ledger:
            withdrawn = ledger.provider_changes.is_withdrawn(issuer)
            return _Held(ledger.results.provider(issuer), withdrawn)
    finally:
        database.close()


@dataclass(frozen=True, slots=True)
class _Change:
    """A change of a provider, and the policy that says it.

    Attributes:
        layout: of the central side.
        before: the newest policy.
        policy: the next one; the very same object where it says so already.
        plan: the change.
        now: aware UTC.
    """

    layout: Layout
    before: Policy
    policy: Policy
    plan: PlanRow
    now: datetime

    def take_up(self, *, drafting: bool) -> tuple[Draft | None, int | None]:
        """Do it, or note it until people have signed.

        Returns:
            What they sign, None where it is done; how many results ended, None where it waits.

        Raises:
            PolicyInvalidError: several keys sign here and nothing is drafted.
        """
        same = self.policy is self.before
        if drafting and not same:
            draft = policy_draft(self.policy)
            self._write(waits=True)
            return draft, None
        if same:
            return None, self._write(waits=False)
        token = sign_alone(self.layout, self.policy, DRAFT_IT)
        day = self.now.date()
        keep_policy(self.layout, self.before, self.policy, token, day, self.plan)
        return None, self._ended()

    def _write(self, *, waits: bool) -> int:
        database = open_database(self.layout)
        try:
            with database.writing(RESULTS_SCOPE) as ledger:
                if waits:
                    ledger.provider_changes.plan(self.plan)
                    return 0
                ledger.provider_changes.drop_plan(self.plan.provider.issuer)
                version, day = self.policy.version, self.now.date()
                return apply_plan(ledger, self.plan, self.before, version, day)
        finally:
            database.close()

    def _ended(self) -> int:
        """How many results ended with the provider that went by this policy."""
        database = open_database(self.layout)
        try:
            with database.reading() as ledger:
                rows = ledger.provider_changes.withdrawals()
        finally:
            database.close()
        mine = (self.plan.provider.issuer, self.policy.version)
        return sum(row.ended for row in rows if (row.issuer, row.policy_version) == mine)


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
    return _next(policy, (*others, told), now)


def _next(policy: Policy, recipients: tuple[ResultRecipient, ...], now: datetime) -> Policy:
    return replace(policy, version=policy.version + 1, issued_at=now, result_recipients=recipients)
