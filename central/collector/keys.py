"""What the collector knows beside its database: its keys and the pinned policy root."""

from __future__ import annotations

from dataclasses import dataclass

from central.archive.database import Database
from central.archive.ledger import Ledger
from kiosk.crypto.signing import SigningKey
from kiosk.sync.policy import Policy, open_policy


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

    def newest(self, ledger: Ledger) -> tuple[Policy, str]:
        """The policy in force and its token. Raises LookupError when there is none."""
        row = ledger.policy()
        if row is None:
            raise LookupError("no policy")
        return self._open(*row), row[1]

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
