"""The stored policies as one chain: each is believed only as what follows those before it.

Rules, in order: a row's number is its policy's version; a policy is signed as the pinned root
demands; its chain of roots leads through the root of the one held before, as on a device
(:func:`kiosk.sync.policy.accept_policy`): a replaced key rules nothing any more, here neither. One
that does not hold is left out and told, and those that hold go on counting. What was read once is
not verified again; a place above the newest that holds is looked at each time, because its row may
be put right. Whoever can take policies out of the database takes the take-over out with them: what
is left is again a chain, and only what was read before, or elsewhere, contradicts it.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass

from central.archive.layout import FolderError, Layout
from central.archive.ledger import Ledger
from central.archive.storage import open_database
from kiosk.crypto.digests import unb64u
from kiosk.domain.errors import KioskError, PolicyInvalidError
from kiosk.sync.policy import Policy, accept_policy


@dataclass(frozen=True, slots=True)
class HeldPolicy:
    """A policy that holds.

    Attributes:
        version: its number.
        token: as published.
        policy: its contents.
    """

    version: int
    token: str
    policy: Policy


@dataclass(frozen=True, slots=True)
class RefusedPolicy:
    """A stored policy that does not hold.

    Attributes:
        version: number of its row.
        token: as stored.
        why: in words, nothing of its contents.
    """

    version: int
    token: str
    why: str


@dataclass(frozen=True, slots=True)
class Policies:
    """What is stored, judged.

    Attributes:
        held: those that hold, oldest first.
        refused: the others, oldest first.
    """

    held: tuple[HeldPolicy, ...] = ()
    refused: tuple[RefusedPolicy, ...] = ()

    def newest(self) -> HeldPolicy:
        """The newest that holds.

        Raises:
            LookupError: nothing is stored.
            PolicyInvalidError: nothing that is stored holds.
        """
        if self.held:
            return self.held[-1]
        if self.refused:
            raise PolicyInvalidError(self.refused[-1].why)
        raise LookupError("no policy")

    def of(self, version: int) -> HeldPolicy | None:
        """The one of this version; None where there is none that holds."""
        return next((one for one in self.held if one.version == version), None)

    def named(self, version: int) -> HeldPolicy | None:
        """As :meth:`of`. Raises PolicyInvalidError where one is stored that does not hold."""
        for one in self.refused:
            if one.version == version:
                raise PolicyInvalidError(one.why)
        return self.of(version)

    def to_build_on(self) -> HeldPolicy:
        """The newest, for whoever publishes the next one.

        Raises:
            FolderError: there is none.
            PolicyInvalidError: the place of the next one is taken by one that does not hold.
        """
        if not self.held and not self.refused:
            raise FolderError("no policy")
        newest = self.newest()
        if self.refused and self.refused[-1].version > newest.version:
            last = self.refused[-1]
            raise PolicyInvalidError(f"version {last.version} is stored and not valid: {last.why}")
        return newest


class PolicyChain:
    """Reads the policies of one central side; from any thread."""

    def __init__(self, anchor: bytes) -> None:
        """Anchor: the root that was pinned when the central side was founded."""
        self._anchor = anchor
        self._lock = threading.Lock()
        self._kept = Policies()

    def read(self, ledger: Ledger) -> Policies:
        """Every stored policy, judged."""
        with self._lock:
            after = self._kept.held[-1].version if self._kept.held else 0
            rows = ledger.policies(after)
            known = tuple(one for one in self._kept.refused if one.version > after)
            if rows != tuple((one.version, one.token) for one in known):
                self._kept = self._judged(after, rows)
            return self._kept

    def _judged(self, after: int, rows: tuple[tuple[int, str], ...]) -> Policies:
        held = list(self._kept.held)
        refused = [one for one in self._kept.refused if one.version <= after]
        for version, token in rows:
            try:
                before = held[-1].policy if held else None
                policy = accept_policy(token, self._anchor, before)
                if policy.version != version:
                    raise PolicyInvalidError("stored under another version")
                held.append(HeldPolicy(version, token, policy))
            except KioskError as exc:
                refused.append(RefusedPolicy(version, token, exc.detail))
        return Policies(tuple(held), tuple(refused))


def stored_policies(layout: Layout) -> Policies:
    """The policies of a central side, read once. Raises FolderError."""
    try:
        anchor = unb64u(layout.root_public.read_text("ascii").strip())
    except (OSError, ValueError) as exc:
        raise FolderError("pinned root") from exc
    database = open_database(layout)
    try:
        with database.reading() as ledger:
            return PolicyChain(anchor).read(ledger)
    finally:
        database.close()
