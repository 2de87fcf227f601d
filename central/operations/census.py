"""Sums over the whole fleet, counted once a minute at most, however many people look."""

from __future__ import annotations

import shutil
import threading
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from central.archive.fleet_pages import Census, Limits
from central.archive.reader import Reader
from central.operations.lost import Lost, LostDevices
from kiosk.domain.ids import DeviceId

KEPT: Final = timedelta(minutes=1)
SILENT: Final = timedelta(days=3)
"""Longer than a week-end that begins on Saturday at noon."""
LATE: Final = timedelta(hours=24)
DRIFT_S: Final = 120
"""Half of what the collector bears, rounded down: time to mend it before calls are refused."""
WITHDRAWN_LATELY: Final = timedelta(days=30)
"""How long the overview tells of results that ended with their provider."""
HOURS: Final = 24
_TO_THE_HOUR: Final = len("2026-11-26T21")


@dataclass(frozen=True, slots=True)
class Room:
    """What storage is used and free, in bytes.

    Attributes:
        records: sealed records held.
        database: the database.
        free, total: of the disk that holds the collector's folder.
        objects_elsewhere, database_elsewhere: those do not lie on that disk.
    """

    records: int
    database: int
    free: int
    total: int
    objects_elsewhere: bool
    database_elsewhere: bool


@dataclass(frozen=True, slots=True)
class Hour:
    """Receipts of an hour that began at ``begins``."""

    begins: datetime
    receipts: int


@dataclass(frozen=True, slots=True)
class Count:
    """A census, and when it was taken.

    Attributes:
        census: sums.
        hours: the last day, oldest first; the last one is not over.
        room: storage.
        at: server time.
        lost: devices that the policy calls lost.
        withdrawn: results that ended lately because their provider went.
    """

    census: Census
    hours: tuple[Hour, ...]
    room: Room
    at: datetime
    lost: Lost
    withdrawn: int = 0


@dataclass(frozen=True, slots=True)
class Stores:
    """Where the collector keeps what it keeps.

    Attributes:
        folder: of the collector.
        objects_elsewhere: payloads lie in an object store.
        database_elsewhere: the database is a server.
    """

    folder: Path
    objects_elsewhere: bool
    database_elsewhere: bool


def limits_at(now: datetime, lost: frozenset[DeviceId] = frozenset()) -> Limits:
    """What is unusual at a time; of ``lost`` devices silence is usual."""
    return Limits(stamp(now - SILENT), stamp(now - LATE), DRIFT_S, lost)


def stamp(at: datetime) -> str:
    """A time as the database writes it."""
    return at.isoformat(timespec="milliseconds")


class CensusTaker:
    """Counts, and keeps what it counted for a minute."""

    def __init__(self, reader: Reader, stores: Stores, lost: LostDevices | None = None) -> None:
        """Lost: who reads which devices are; None where nobody is asked."""
        self._reader = reader
        self._lost = lost
        self._stores = stores
        self._lock = threading.Lock()
        self._kept: Count | None = None

    def now(self, now: datetime) -> Count:
        """The newest count. Raises StoreError, OSError."""
        with self._lock:
            if self._kept is None or not self._kept.at <= now < self._kept.at + KEPT:
                self._kept = self._take(now)
            return self._kept

    def _take(self, now: datetime) -> Count:
        first = (now - timedelta(hours=HOURS - 1)).replace(minute=0, second=0, microsecond=0)
        with self._reader.reading() as state:
            lost = Lost() if self._lost is None else self._lost.now(state.ledger)
            census = state.fleet.census(limits_at(now, lost.devices))
            receipts = state.fleet.receipts_since(first.isoformat()[:_TO_THE_HOUR])
            database = state.fleet.database_bytes()
            went = state.ledger.provider_changes.withdrawals()
        lately = (now - WITHDRAWN_LATELY).date().isoformat()
        hours = tuple(
            Hour(begins, receipts.get(begins.isoformat()[:_TO_THE_HOUR], 0))
            for begins in (first + timedelta(hours=n) for n in range(HOURS))
        )
        disk = shutil.disk_usage(self._stores.folder)
        room = Room(
            census.held_bytes,
            database,
            disk.free,
            disk.total,
            self._stores.objects_elsewhere,
            self._stores.database_elsewhere,
        )
        withdrawn = sum(row.ended for row in went if row.withdrawn_on >= lately)
        return Count(census, hours, room, now, lost, withdrawn)
