"""Which devices the newest policy calls lost: stolen, missing or withdrawn.

The policy is verified by the pinned root each time it is another one; one that does not hold names
nobody, and says so.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass

from central.archive.layout import FolderError, Layout
from central.archive.ledger import Ledger
from kiosk.crypto.digests import unb64u
from kiosk.domain.errors import KioskError
from kiosk.domain.ids import DeviceId
from kiosk.sync.policy import open_policy


@dataclass(frozen=True, slots=True)
class Lost:
    """Devices that the policy calls lost.

    Attributes:
        devices: by number.
        version: of the policy; 0 where there is none.
        holds: it is signed by the pinned root.
    """

    devices: frozenset[DeviceId] = frozenset()
    version: int = 0
    holds: bool = True


class LostDevices:
    """Reads them from the newest policy; from any thread."""

    def __init__(self, layout: Layout) -> None:
        """Raises FolderError: the pinned root cannot be read."""
        try:
            self._root_public = unb64u(layout.root_public.read_text("ascii").strip())
        except (OSError, ValueError) as exc:
            raise FolderError("collector folder") from exc
        self._lock = threading.Lock()
        self._kept: tuple[str, Lost] = ("", Lost())

    def now(self, ledger: Ledger) -> Lost:
        """By the newest policy, of whatever day: what was lost is lost now."""
        row = ledger.policy()
        version, token = row or (0, "")
        with self._lock:
            if token != self._kept[0]:
                self._kept = (token, self._read(version, token))
            return self._kept[1]

    def _read(self, version: int, token: str) -> Lost:
        try:
            named = open_policy(token, self._root_public).lost
        except KioskError:
            return Lost(version=version, holds=False)
        return Lost(frozenset(map(DeviceId, named)), version)
