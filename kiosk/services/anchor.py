"""An anchor of the journal outside the vault: an older copy of the file gives itself away.

Rules, in order: size and root of the journal are kept in the system's secret store, which a copy
of the vault does not contain; a journal that is shorter than its anchor, or another one up to
there, was put back, and says so itself in its next entry, once; an anchor that cannot be kept or
read stops no work, for it only adds to what the central side sees. A copy of the whole machine
brings its old anchor along: then the central side, a client's slip and the list of visits remain.
Source: records-and-sync 2.3 and section 3, row 4.
"""

from __future__ import annotations

import hmac
from typing import Final

import msgspec

from kiosk.audit.entries import EntryKind, lost_leaf, open_entry
from kiosk.audit.tree import Frontier, root_of
from kiosk.crypto.digests import b64u
from kiosk.domain.errors import AuditError, KeyStoreError
from kiosk.ports import KeyStore, Store, UnitOfWork
from kiosk.services.journal import Journal

ANCHOR: Final = "journal-anchor"


class _Anchored(msgspec.Struct, frozen=True):
    """State of the journal when it was anchored.

    Attributes:
        size: entries.
        root: of the tree over them, base64url.
    """

    size: int
    root: str


class Anchor:
    """Keeps the newest known state of the journal outside the vault, and compares."""

    def __init__(
        self, store: Store, keys: KeyStore, journal: Journal, device_public: bytes
    ) -> None:
        self._store = store
        self._keys = keys
        self._journal = journal
        self._device_public = device_public

    def check(self) -> bool:
        """Compare; False, and a ``restore_detected`` entry, where the vault was put back."""
        held = self._held()
        if held is None:
            return True
        with self._store.begin() as uow:
            size = uow.journal.size()
            holds = size >= held.size and hmac.compare_digest(
                self._root_at(uow, held.size, size), held.root
            )
            if not holds:
                facts = {"here": size, "anchored": held.size}
                self._journal.append(uow, EntryKind.RESTORE_DETECTED, facts)
                uow.commit()
        if not holds:
            # Told once: from here on the journal that says so is the one to hold on to.
            self.keep()
        return holds

    def keep(self) -> None:
        """Anchor the journal as it stands. Without a secret store nothing happens."""
        with self._store.begin() as uow:
            size = uow.journal.size()
            root = self._root_at(uow, size, size)
        now = _Anchored(size, root)
        try:
            if self._held() != now:
                self._keys.put(ANCHOR, msgspec.json.encode(now))
        except KeyStoreError:
            return

    def _held(self) -> _Anchored | None:
        try:
            kept = self._keys.get(ANCHOR)
        except KeyStoreError:
            return None
        try:
            return None if kept is None else msgspec.json.decode(kept, type=_Anchored)
        except msgspec.DecodeError:
            return None

    def _root_at(self, uow: UnitOfWork, at: int, size: int) -> str:
        """Root over the first ``at`` of ``size`` entries: every entry states what it follows."""
        if at == size:
            try:
                return b64u(Frontier(size, uow.journal.frontier()).root())
            except ValueError:
                return ""
        row = uow.journal.get(at)
        if row is not None and lost_leaf(row.jws) is not None:
            # Lost to a damaged page: the hashes of the entries before it are still there.
            return b64u(root_of(uow.journal.leaves(0, at)))
        try:
            return "" if row is None else open_entry(row.jws, self._device_public).prev_root
        except AuditError:
            return ""
