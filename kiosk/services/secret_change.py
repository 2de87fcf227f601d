"""Replaces the device secret, which is mixed into every PIN key, while the agents go on working.

Rules, in order:

1. A PIN is known only while its agent types it. So the secret of before stays in the key store
   (``device-secret-past``) until every agent has signed in once: their keys are then wrapped under
   the new secret, in the transaction that takes them off the list of those who are awaited.
2. The past secret is put aside before the new one is written, and the vault learns of it last. The
   next start compares the three and goes on from wherever the power went.
3. The past secret is destroyed when nobody is awaited, on a day that was set at the beginning, or
   by command. Whoever is still awaited then needs a one-time code of a manager, and new keys; so it
   stays for as long as no manager could sign in without it.
4. Nothing else of an agent changes: neither the count of wrong PINs, nor an open shift, nor a PIN.
5. One-time codes that wait are good as long as the past secret is there. Sightings are found by a
   key of their own until the last of them is forgotten (:mod:`.sightings`).

Source: records-and-sync 2.1 and 2.6.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

import msgspec

from kiosk.audit.entries import EntryKind, Fact
from kiosk.crypto.aead import derive_key, random_key
from kiosk.domain.agent import Duty, Role, may
from kiosk.domain.errors import (
    DiskFullError,
    KeyStoreError,
    LastManagerError,
    SecretChangeError,
    VaultError,
)
from kiosk.domain.ids import AgentId
from kiosk.ports import Clock, KeyStore, Store, UnitOfWork
from kiosk.services.agents import (
    DEVICE_SECRET,
    DEVICE_SECRET_PAST,
    INVITATION_PREFIX,
    device_secret,
)
from kiosk.services.journal import Journal
from kiosk.services.sightings import forget_past_keys, keep_past_key

DEFAULT_DAYS: Final = 30
MAX_DAYS: Final = 90
RESERVE_BYTES: Final = 16 * 1024**2
"""Free space without which a change is not begun: its entry must find room."""
CHANGE: Final = "device-secret-change"
_AWAITED: Final = "device-secret-awaits/"
_MARK_PURPOSE: Final = "visavis/device-secret-mark/1"


@dataclass(frozen=True, slots=True)
class _Change:
    """A change that is going on, as it lies in the vault.

    Attributes:
        until: last day of the past secret.
        codes: names of the one-time codes that only the past secret finds.
    """

    until: date
    codes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SecretStanding:
    """How far the change of the device secret has come.

    Attributes:
        awaited: agents whose keys hang on the past secret.
        stranded: agents whose keys hang on a secret that is gone: they need a one-time code.
        until: last day of the past secret; None while no change is going on.
    """

    awaited: tuple[AgentId, ...] = ()
    stranded: tuple[AgentId, ...] = ()
    until: date | None = None


def mark_of(secret: bytes) -> bytes:
    """Which secret, without a word about it: 32 bytes that say only whether it is the same."""
    return derive_key(secret, _MARK_PURPOSE)


def is_stranded(uow: UnitOfWork, agent_id: AgentId, mark: bytes) -> bool:
    """Whether the keys of this agent hang on a secret that is gone; ``mark`` is of today's."""
    awaited = uow.values.get(_AWAITED + agent_id)
    return awaited is not None and (awaited != mark or not is_changing(uow))


def note_wrapped(uow: UnitOfWork, agent_id: AgentId, mark: bytes) -> bool:
    """Take an agent off the list whose keys are wrapped under the secret with ``mark``.

    The caller commits. A mark of another secret changes nothing: the secret was replaced between
    the check of the PIN and now. Returns whether the agent was awaited.
    """
    awaited = uow.values.get(_AWAITED + agent_id) == mark
    if awaited:
        uow.values.delete(_AWAITED + agent_id)
    return awaited


def note_replaced(uow: UnitOfWork, agent_id: AgentId) -> None:
    """This agent has new keys, made under the secret of today; the caller commits."""
    uow.values.delete(_AWAITED + agent_id)


def is_changing(uow: UnitOfWork) -> bool:
    """Whether the vault knows of a change that is not over."""
    return uow.values.get(CHANGE) is not None


class SecretChange:
    """Replaces the device secret and ends the change."""

    def __init__(self, store: Store, keys: KeyStore, journal: Journal, clock: Clock) -> None:
        """Clock: for the day on which the past secret goes, in the time zone of the device."""
        self._store = store
        self._keys = keys
        self._journal = journal
        self._clock = clock

    def begin(self, days: int = DEFAULT_DAYS) -> SecretStanding:
        """A new device secret; every agent is awaited from now on.

        Args:
            days: for how long the past secret waits for agents, 1 to 90.

        Raises:
            SecretChangeError: the change before is not over.
            DiskFullError: no room to say so; nothing changed.
            KeyStoreError: the secret store refuses; every agent can still sign in.
            VaultError: the vault refuses; every agent can still sign in, and the next start ends
                what was begun, with the number of days that is the default.
        """
        self.settle()
        if self._keys.get(DEVICE_SECRET_PAST) is not None:
            raise SecretChangeError
        if self._store.free_bytes() < RESERVE_BYTES:
            raise DiskFullError("device secret")
        old = device_secret(self._keys)
        keep_past_key(self._store, self._keys, old, self._today())
        self._keys.put(DEVICE_SECRET_PAST, old)
        try:
            self._keys.put(DEVICE_SECRET, random_key())
        except KeyStoreError:
            with suppress(KeyStoreError):  # else the next start finds two that are the same
                if self._keys.get(DEVICE_SECRET) == old:
                    self._keys.delete(DEVICE_SECRET_PAST)
            raise
        self._announce(min(max(days, 1), MAX_DAYS))
        return self.standing()

    def standing(self) -> SecretStanding:
        """Who is awaited, and until when. Raises KeyStoreError, VaultError."""
        mark = mark_of(device_secret(self._keys))
        with self._store.begin() as uow:
            change = _read(uow)
            listed = _listed(uow)
            stranded = tuple(one for one in listed if is_stranded(uow, one, mark))
        awaited = tuple(one for one in listed if one not in stranded)
        return SecretStanding(awaited, stranded, None if change is None else change.until)

    def finish(self) -> SecretStanding:
        """Destroy the past secret now; whoever is still awaited needs a one-time code.

        Raises:
            LastManagerError: no manager could sign in any more, and so nobody give out codes.
            KeyStoreError, VaultError: not destroyed, or not known to be; the next start goes on.
        """
        self.settle()
        if self._keys.get(DEVICE_SECRET_PAST) is not None:
            if not self._manager_is_safe():
                raise LastManagerError
            self._destroy()
        return self.standing()

    def settle(self) -> None:
        """Go on from wherever a change stands. Called at the start, and when an agent came.

        Raises:
            KeyStoreError, VaultError: it stays as it is; nobody is kept out.
        """
        forget_past_keys(self._keys, self._today())
        past = self._keys.get(DEVICE_SECRET_PAST)
        with self._store.begin() as uow:
            change = _read(uow)
        if past is None:
            if change is not None:
                self._close()
        elif change is None:
            if past == device_secret(self._keys):
                self._keys.delete(DEVICE_SECRET_PAST)
            else:
                self._announce(DEFAULT_DAYS)
        elif not self.standing().awaited or (
            change.until < self._today() and self._manager_is_safe()
        ):
            self._destroy()

    def all_came(self) -> None:
        """Destroy the past secret where nobody is awaited any more, whatever day it is.

        Raises:
            KeyStoreError, VaultError: the next start goes on.
        """
        with self._store.begin() as uow:
            changing = is_changing(uow)
        if changing and not self.standing().awaited:
            self._destroy()

    def _today(self) -> date:
        return self._clock.now().astimezone().date()

    def _announce(self, days: int) -> None:
        """The vault learns who is awaited, and the journal that the secret is another one."""
        mark = mark_of(device_secret(self._keys))
        until = self._today() + timedelta(days=days)
        with self._store.begin() as uow:
            rows = uow.agents.all()
            stranded = set(_listed(uow))
            for row in rows:
                # Whoever missed an earlier change hangs on a secret that is gone, not on this one.
                if row.agent_id not in stranded:
                    uow.values.put(_AWAITED + row.agent_id, mark)
            change = _Change(until, uow.values.names(INVITATION_PREFIX))
            uow.values.put(CHANGE, msgspec.json.encode(change))
            facts: dict[str, Fact] = {
                "key": DEVICE_SECRET,
                "awaited": len(rows) - len(stranded),
                "days": days,
            }
            self._journal.append(uow, EntryKind.KEYS_CHANGED, facts)
            uow.commit()
        if len(rows) == len(stranded):
            self._destroy()

    def _manager_is_safe(self) -> bool:
        """Whether somebody who gives out one-time codes could sign in without the past secret."""
        with self._store.begin() as uow:
            managers = [row for row in uow.agents.all() if may(Role(row.role), Duty.INVITE)]
            listed = set(_listed(uow))
        return not managers or any(row.agent_id not in listed for row in managers)

    def _destroy(self) -> None:
        """The secret first: what the journal says is gone must be gone."""
        self._keys.delete(DEVICE_SECRET_PAST)
        self._close()

    def _close(self) -> None:
        """Codes that nothing finds any more go; whoever is still awaited stays on the list."""
        awaited = len(self.standing().awaited)
        with self._store.begin() as uow:
            change = _read(uow)
            codes = () if change is None else change.codes
            void = [name for name in codes if uow.values.get(name) is not None]
            for name in void:
                uow.values.delete(name)
            facts: dict[str, Fact] = {
                "key": DEVICE_SECRET_PAST,
                "awaited": awaited,
                "void": len(void),
            }
            self._journal.append(uow, EntryKind.KEYS_CHANGED, facts)
            uow.values.delete(CHANGE)
            uow.commit()


def try_settle(change: SecretChange) -> None:
    """As ``settle``; what cannot be ended now keeps nobody from working (``doctor`` tells)."""
    with suppress(VaultError):
        change.settle()


def _read(uow: UnitOfWork) -> _Change | None:
    stored = uow.values.get(CHANGE)
    return None if stored is None else msgspec.json.decode(stored, type=_Change)


def _listed(uow: UnitOfWork) -> tuple[AgentId, ...]:
    names = uow.values.names(_AWAITED)
    return tuple(AgentId(name.removeprefix(_AWAITED)) for name in names)
