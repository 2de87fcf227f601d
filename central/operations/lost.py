"""Which devices the newest policy calls lost: stolen, missing or withdrawn.

The policies are a chain from the pinned root on (:mod:`central.archive.policy_chain`). One that
does not hold names nobody and clears nobody: the newest before it counts on, and the page says so.
"""

from __future__ import annotations

from dataclasses import dataclass

from central.archive.layout import FolderError, Layout
from central.archive.ledger import Ledger
from central.archive.policy_chain import PolicyChain
from kiosk.crypto.digests import unb64u
from kiosk.domain.ids import DeviceId


@dataclass(frozen=True, slots=True)
class Lost:
    """Devices that the policy calls lost.

    Attributes:
        devices: by number.
        version: of the newest policy that is stored; 0 where there is none.
        holds: that one holds.
    """

    devices: frozenset[DeviceId] = frozenset()
    version: int = 0
    holds: bool = True


class LostDevices:
    """Reads them from the newest policy; from any thread."""

    def __init__(self, layout: Layout) -> None:
        """Raises FolderError: the pinned root cannot be read."""
        try:
            root_public = unb64u(layout.root_public.read_text("ascii").strip())
        except (OSError, ValueError) as exc:
            raise FolderError("collector folder") from exc
        self._chain = PolicyChain(root_public)

    def now(self, ledger: Ledger) -> Lost:
        """By the newest policy, of whatever day: what was lost is lost now."""
        policies = self._chain.read(ledger)
        named = policies.held[-1].policy.lost if policies.held else ()
        held = policies.held[-1].version if policies.held else 0
        refused = policies.refused[-1].version if policies.refused else 0
        return Lost(frozenset(map(DeviceId, named)), max(held, refused), refused <= held)
