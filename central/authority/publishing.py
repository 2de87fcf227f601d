"""From drafts to a published policy: how many of whom must have signed, and what it builds on.

Rules, in order: a draft builds on the newest policy, whatever its day; its root is the one of that
policy, or the next one that both roots' thresholds signed; a signature by a key that does not count
is named and stops everything, so that nobody publishes what devices would refuse; what is published
was opened exactly as a device will open it; nothing is published by a root that is over.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta, timezone
from typing import Any

from central.archive.control import parse_control
from central.archive.layout import FolderError, Layout
from central.archive.policy_chain import stored_policies
from central.authority.drafts import Draft, DraftKind, policy_draft, root_draft
from central.authority.keeping import keep_policy
from central.authority.policies import changed_policy
from kiosk.crypto.digests import b64u, unb64u
from kiosk.domain.errors import PolicyInvalidError
from kiosk.domain.ids import KeyId
from kiosk.sync.policy import (
    Policy,
    accept_policy,
    pack_policy,
    parse_policy,
    require_unexpired,
    roots_of,
    trusted_root,
)
from kiosk.sync.roots import PolicyRoot, follow, parse_root

LAST_OFFICES = timezone(timedelta(hours=-12))
"""Nowhere does a day begin later."""


class ThresholdError(Exception):
    """More signatures are needed.

    Attributes:
        whose: ``root`` or ``new root``.
        there: signatures that count.
        needed: how many.
    """

    def __init__(self, whose: str, there: int, needed: int) -> None:
        super().__init__(f"{whose}: {there} of {needed} signatures")
        self.whose = whose
        self.there = there
        self.needed = needed


@dataclass(frozen=True, slots=True)
class Newest:
    """The newest policy and what signed it.

    Attributes:
        policy: its contents.
        token: as published.
        root: who must sign the next one; of a single key, that key alone.
    """

    policy: Policy
    token: str
    root: PolicyRoot


class Publishing:
    """The policies of one central side, as several people make them."""

    def __init__(self, layout: Layout) -> None:
        layout.require()
        self._layout = layout
        self._anchor = unb64u(layout.root_public.read_text("ascii").strip())

    def newest(self) -> Newest:
        """The newest policy.

        Raises:
            FolderError: there is none.
            PolicyInvalidError: the newest that is stored does not hold.
        """
        held = stored_policies(self._layout).to_build_on()
        trusted = trusted_root(held.token, self._anchor)
        single = PolicyRoot(1, held.policy.issued_at, 1, (b64u(self._anchor),))
        return Newest(held.policy, held.token, trusted.root if trusted else single)

    def anchor(self, now: datetime) -> bytes:
        """What a device that is enrolled now pins: the root of the policy that it will be given.

        That is the newest one whose day has begun everywhere; a later root is followed from there.
        Keys that signed before that are none of its business.
        """
        day, given = now.astimezone(LAST_OFFICES).date(), None
        for held in stored_policies(self._layout).held:
            starts = held.policy.valid_from
            if given is None or starts is None or starts <= day:
                given = held.token
        if given is None:
            raise FolderError("no policy")
        trusted = trusted_root(given, self._anchor)
        return self._anchor if trusted is None else trusted.anchor

    def draft_policy(
        self, changes: Mapping[str, str], now: datetime, root: Draft | None = None
    ) -> Draft:
        """The next version, to sign.

        Args:
            changes: as ``policy set`` takes them.
            now: aware UTC.
            root: a complete new root that takes over with this policy, or None.

        Raises:
            PolicyInvalidError, ThresholdError: the change or the root does not hold.
        """
        newest = self.newest()
        contents = changed_policy(newest.policy, changes, now)
        if root is not None:
            chain = self._chain(newest, root)
            contents = replace(contents, root=follow(self._anchor, chain)[-1].name)
        return policy_draft(contents)

    def draft_root(
        self, keys: tuple[str, ...], threshold: int, now: datetime, expires: date | None
    ) -> Draft:
        """The next root, to be signed by the keys before and by its own."""
        version = self.newest().root.version + 1
        return root_draft(PolicyRoot(version, now, threshold, keys, expires))

    def require_root(self, draft: Draft) -> None:
        """Raises ThresholdError or PolicyInvalidError unless a new root is complete."""
        self._chain(self.newest(), draft)

    def combine(self, draft: Draft, root: Draft | None = None) -> str:
        """The policy as devices take it, from a draft with enough signatures.

        Raises:
            ThresholdError: more signatures are needed.
            PolicyInvalidError: a signature that does not count, or another root.
        """
        if draft.kind is not DraftKind.POLICY:
            raise PolicyInvalidError("a root is published with a policy that names it")
        newest = self.newest()
        chain = self._chain(newest, root)
        if not chain:
            return self._single(draft, newest)
        signing = follow(self._anchor, chain)[-1].root
        _require(draft, signing, "root")
        token = pack_policy(draft.jws, chain)
        self._require_next(token, newest)
        return token

    def _single(self, draft: Draft, newest: Newest) -> str:
        """Of a single key the compact form, which devices of before know: signed again."""
        _require(draft, newest.root, "root")
        protected, signature = draft.signatures[0]
        token = f"{protected}.{b64u(draft.payload)}.{signature}"
        self._require_next(token, newest)
        return token

    def publish(self, token: str, day: date) -> Policy:
        """Keep a complete policy; devices fetch it at their next sync.

        What was planned with it takes effect: see :mod:`central.authority.keeping`.

        Raises:
            PolicyInvalidError: it is not the next version, or its root is over.
        """
        newest = self.newest()
        policy = self._require_next(token, newest)
        require_unexpired(token, self._anchor, day)
        keep_policy(self._layout, newest.policy, policy, token, day)
        return policy

    def _require_next(self, token: str, newest: Newest) -> Policy:
        policy = accept_policy(token, self._anchor, newest.policy)
        if policy.version != newest.policy.version + 1:
            raise PolicyInvalidError("not the next version: somebody published another one")
        return policy

    def _chain(self, newest: Newest, root: Draft | None) -> list[Any]:
        """Root documents of the next policy."""
        chain = roots_of(newest.token)
        if root is None:
            return chain
        if root.kind is not DraftKind.ROOT:
            raise PolicyInvalidError("not a root")
        following = parse_root(root.payload)
        known = {**newest.root.by_id, **following.by_id}
        _require_known(root, known)
        for whose, one in (("root", newest.root), ("new root", following)):
            if not one.met_by(root.signers):
                raise ThresholdError(whose, _counting(root, one), one.threshold)
        chain = [*chain, root.document]
        follow(self._anchor, chain)
        return chain


def describe(draft: Draft) -> list[str]:
    """A root or a statement of control in words, for whoever is asked to sign it."""
    if draft.kind is DraftKind.CONTROL:
        control = parse_control(draft.payload)
        return [
            f"who opens records: {control.mode} control, statement {control.serial}",
            f"  {control.per_hour} an hour and {control.per_day} a day at most",
            f"  records sealed to {control.recipient}",
            *(f"    {one.name} {one.kid}" for one in control.auditors),
        ]
    root = parse_root(draft.payload)
    return [
        f"policy root, version {root.version}",
        f"  {root.threshold} of these {len(root.keys)} keys sign a policy",
        *(f"    {kid}" for kid in root.by_id),
        f"  takes policies in until {root.expires or 'it is replaced'}",
    ]


def policy_of(draft: Draft) -> Policy:
    """The policy of a draft."""
    return parse_policy(draft.payload)


def _counting(draft: Draft, root: PolicyRoot) -> int:
    return len(set(draft.signers) & set(root.by_id))


def _require_known(draft: Draft, known: Mapping[KeyId, bytes]) -> None:
    for kid in draft.signers:
        if kid not in known:
            raise PolicyInvalidError(f"signature by {kid}, which is no key of this root")


def _require(draft: Draft, root: PolicyRoot, whose: str) -> None:
    """Raises unless enough keys signed, and no other."""
    _require_known(draft, root.by_id)
    if not root.met_by(draft.signers):
        raise ThresholdError(whose, _counting(draft, root), root.threshold)
