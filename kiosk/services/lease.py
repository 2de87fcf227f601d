"""The lease: a device that nobody hears of goes dark by itself.

Rules, in order:

1. The policy names the days; 0 never. They run from the last signed time that was heard.
2. Time that passed counts once: the longest that either clock ever showed since then. A clock set
   back gives nothing back; contact begins anew.
3. Dark means: no open case is listed or resumed, none is begun. Signing in, ending a shift and
   sending sealed records go on: evidence is never held back.
4. Going dark is an entry of the journal, once for each contact.
5. A device that the policy names as lost is dark at once; the entry that applied that policy says
   since when.

Source: records-and-sync 2.7 (lost device); design of the work list.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

import msgspec

from kiosk.audit.entries import EntryKind
from kiosk.domain.errors import DeviceClosedError, DeviceLostError, LeaseExpiredError
from kiosk.ports import Clock, Store, UnitOfWork
from kiosk.services.journal import Journal
from kiosk.services.time_call import TIME, SignedTime

PASSED = "lease/passed"
CLOSED = "device/closed"
"""Set once the journal of this device was closed: nothing is begun any more."""
_STEP = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class _Passed:
    """The longest time seen since a contact.

    Attributes:
        since: the contact it counts from, ISO 8601.
        seconds: how long.
        noted: whether the journal says that the device went dark.
    """

    since: str
    seconds: int = 0
    noted: bool = False


class Lease:
    """Tells whether this device may work."""

    def __init__(
        self,
        store: Store,
        journal: Journal,
        clock: Clock,
        days: Callable[[], int],
        lost: Callable[[], bool] = lambda: False,
    ) -> None:
        """Days: of the policy in force; 0 for no lease. Lost: whether it names this device so."""
        self._store = store
        self._journal = journal
        self._clock = clock
        self._days = days
        self._lost = lost

    def require(self) -> None:
        """Raises LeaseExpiredError while dark, DeviceClosedError once closed.

        DeviceLostError, a kind of the first, where the policy names this device as lost.
        """
        with self._store.begin() as uow:
            if uow.values.get(CLOSED) is not None:
                raise DeviceClosedError
        if self._lost():
            raise DeviceLostError
        if self.is_over():
            raise LeaseExpiredError

    def darkness(self) -> str:
        """Code of what keeps this device dark, ``""`` where nothing does."""
        if self._lost():
            return DeviceLostError.code
        return LeaseExpiredError.code if self.is_over() else ""

    def is_over(self) -> bool:
        """Whether the device was without contact for too long, or is lost."""
        if self._lost():
            return True
        days = self._days()
        if not days:
            return False
        with self._store.begin() as uow:
            since, passed = self._now(uow)
            held = self._held(uow, since)
            longest = max(held.seconds, int(passed.total_seconds()))
            over = timedelta(seconds=longest) > timedelta(days=days)
            news = over and not held.noted
            if news:
                self._journal.append(uow, EntryKind.LEASE_EXPIRED, {"days": days})
            if news or longest - held.seconds >= _STEP.total_seconds():
                kept = _Passed(since, longest, held.noted or over)
                uow.values.put(PASSED, msgspec.json.encode(kept))
                uow.commit()
        return over

    def left(self) -> timedelta | None:
        """Time until this device goes dark, never below zero; None without a lease.

        Only looks: going dark is noted by :meth:`is_over`.
        """
        days = self._days()
        if not days:
            return None
        with self._store.begin() as uow:
            since, passed = self._now(uow)
            longest = max(timedelta(seconds=self._held(uow, since).seconds), passed)
        return max(timedelta(), timedelta(days=days) - longest)

    def _now(self, uow: UnitOfWork) -> tuple[str, timedelta]:
        """The contact that counts, and the time since by the clocks as they are."""
        stored = uow.values.get(TIME)
        now = self._clock.now()
        if stored is None:
            first = uow.journal.get(0)
            since = now if first is None else first.wall_claimed
            return since.isoformat(), now - since
        contact = msgspec.json.decode(stored, type=SignedTime)
        by_wall = now - contact.wall
        if contact.boot_id == self._clock.boot_id:
            by_mono = timedelta(milliseconds=self._clock.monotonic_ms() - contact.mono_ms)
            return contact.at.isoformat(), max(by_wall, by_mono)
        return contact.at.isoformat(), by_wall

    @staticmethod
    def _held(uow: UnitOfWork, since: str) -> _Passed:
        stored = uow.values.get(PASSED)
        held = None if stored is None else msgspec.json.decode(stored, type=_Passed)
        return held if held is not None and held.since == since else _Passed(since)


def closed_at(uow: UnitOfWork) -> datetime | None:
    """When the device was closed, device time; None while it is at work."""
    stored = uow.values.get(CLOSED)
    return None if stored is None else datetime.fromisoformat(stored.decode("ascii"))
