"""What the collector knows beside its database: its keys and the pinned policy root.

Rules, in order, for the policy that a device is given: first the newest that is in force, where it
holds an older one; then, one at a time, those of coming days, which it keeps until theirs. A policy
is in force here once its day has begun at every office on earth; before, it is a coming one, and
each device judges by its own day. A stored policy that does not follow those before it, by the root
in force, is left out and told in the log (:mod:`central.archive.policy_chain`).
"""

from __future__ import annotations

import logging
import re
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone

from central.archive.database import Database
from central.archive.ledger import Ledger
from central.archive.policy_chain import HeldPolicy, PolicyChain, RefusedPolicy
from kiosk.crypto.digests import b64u, sha256
from kiosk.crypto.signing import SigningKey
from kiosk.sync.policy import Policy

_log = logging.getLogger("visavis.collector")
_ETAG = re.compile(r'"[A-Za-z0-9_-]{43}"')
_LAST_OFFICES = timezone(timedelta(hours=-12))
"""Nowhere does a day begin later."""


def etag_of(token: str) -> str:
    """Entity tag of a policy, as devices send it back."""
    return f'"{b64u(sha256(token.encode()))}"'


@dataclass(frozen=True, slots=True)
class CollectorKeys:
    """Keys of the collector.

    Attributes:
        log: signs checkpoints and time.
        enrolment: signs device certificates.
        root_public: the policy root that every policy is checked against.
        ca_pem: certificate that enrolling devices pin.
    """

    log: SigningKey
    enrolment: SigningKey
    root_public: bytes
    ca_pem: str


class PolicyShelf:
    """Policies by version, opened once."""

    def __init__(self, root_public: bytes) -> None:
        self._chain = PolicyChain(root_public)
        self._told: frozenset[RefusedPolicy] = frozenset()

    def newest(self, ledger: Ledger) -> tuple[Policy, str]:
        """The newest policy that holds, of whatever day, and its token.

        Raises:
            LookupError: there is none.
            PolicyInvalidError: there is none that holds.
        """
        held = self._read(ledger)
        return held[-1].policy, held[-1].token

    def in_force(self, ledger: Ledger, now: datetime) -> tuple[Policy, str]:
        """The newest policy whose day has come, and its token.

        Raises:
            LookupError: there is none.
            PolicyInvalidError: there is none that holds.
        """
        today = now.astimezone(_LAST_OFFICES).date()
        # A fleet whose first policy is of a coming day has no other to begin with.
        found, *later = self._read(ledger)
        for one in later:
            if one.policy.valid_from is None or one.policy.valid_from <= today:
                found = one
        return found.policy, found.token

    def next_for(self, ledger: Ledger, etag: str, now: datetime) -> str | None:
        """The token that a device is to have next; None when it has every one.

        Args:
            ledger: to read.
            etag: of the newest policy that the device holds, or ``""``.
            now: server time.
        """
        every = self._read(ledger)
        held = max((one.version for one in every if etag_of(one.token) == etag), default=0)
        policy, token = self.in_force(ledger, now)
        if held < policy.version:
            return token
        return next((one.token for one in every if one.version > held), None)

    def lacks(self, ledger: Ledger, etag: str) -> bool:
        """Whether a device holds a policy, by its entity tag, that is not held here.

        So it is where this central side was put back to a backup from before its publication.
        """
        tags = {etag_of(one.token) for one in self._read(ledger)}
        return _ETAG.fullmatch(etag) is not None and etag not in tags

    def version(self, ledger: Ledger, version: int) -> Policy | None:
        """The policy of a version, None when there never was one that holds."""
        found = self._chain.read(ledger).of(version)
        return None if found is None else found.policy

    def _read(self, ledger: Ledger) -> tuple[HeldPolicy, ...]:
        """Every policy that holds, oldest first, at least one; the others are told once each."""
        policies = self._chain.read(ledger)
        refused = frozenset(policies.refused)
        for one in refused - self._told:
            _log.error("stored policy %d is not valid and not used: %s", one.version, one.why)
        self._told = refused
        policies.newest()
        return policies.held


def origin_of(database: Database, shelf: PolicyShelf) -> str:
    """Name of this collector, as the policy states it."""
    with database.reading() as ledger:
        return shelf.newest(ledger)[0].collector.origin
