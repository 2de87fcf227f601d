"""What the collector knows beside its database: its keys and the pinned policy root.

Rules, in order, for the policy that a device is given: first the newest that is in force, where it
holds an older one; then, one at a time, those of coming days, which it keeps until theirs. A policy
is in force here once its day has begun at every office on earth; before, it is a coming one, and
each device judges by its own day.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta, timezone

from central.archive.database import Database
from central.archive.ledger import Ledger
from kiosk.crypto.digests import b64u, sha256
from kiosk.crypto.signing import SigningKey
from kiosk.sync.policy import Policy, open_policy

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
        self._root_public = root_public
        self._opened: dict[int, Policy] = {}
        self._tokens: dict[int, str] = {}

    def newest(self, ledger: Ledger) -> tuple[Policy, str]:
        """The newest policy, of whatever day, and its token.

        Raises:
            LookupError: there is none.
        """
        row = ledger.policy()
        if row is None:
            raise LookupError("no policy")
        return self._open(*row), row[1]

    def in_force(self, ledger: Ledger, now: datetime) -> tuple[Policy, str]:
        """The newest policy whose day has come, and its token.

        Raises:
            LookupError: there is none.
        """
        today = now.astimezone(_LAST_OFFICES).date()
        found = None
        for version, token in self._all(ledger):
            policy = self._open(version, token)
            # A fleet whose first policy is of a coming day has no other to begin with.
            if found is None or policy.valid_from is None or policy.valid_from <= today:
                found = policy, token
        if found is None:
            raise LookupError("no policy")
        return found

    def next_for(self, ledger: Ledger, etag: str, now: datetime) -> str | None:
        """The token that a device is to have next; None when it has every one.

        Args:
            ledger: to read.
            etag: of the newest policy that the device holds, or ``""``.
            now: server time.
        """
        held = 0
        for version, token in self._all(ledger):
            if etag_of(token) == etag:
                held = version
        policy, token = self.in_force(ledger, now)
        if held < policy.version:
            return token
        return next((token for version, token in self._all(ledger) if version > held), None)

    def _all(self, ledger: Ledger) -> list[tuple[int, str]]:
        """Every policy, oldest first; what was read once is not read again."""
        self._tokens.update(ledger.policies(max(self._tokens, default=0)))
        return sorted(self._tokens.items())

    def version(self, ledger: Ledger, version: int) -> Policy | None:
        """The policy of a version, None when there never was one."""
        row = ledger.policy(version)
        return None if row is None else self._open(*row)

    def _open(self, version: int, token: str) -> Policy:
        if version not in self._opened:
            self._opened[version] = open_policy(token, self._root_public)
        return self._opened[version]


def origin_of(database: Database, shelf: PolicyShelf) -> str:
    """Name of this collector's log, as the policy states it."""
    with database.reading() as ledger:
        return shelf.newest(ledger)[0].collector.origin
