"""Who called, and how far each clock is off: kept in memory, written down every few seconds.

Rules, in order: a call waits for nothing here; a device is written down at most once a minute, and
once more where its clock had to be refused; many devices share a transaction; what a killed process
had not written yet is lost, which costs a minute of "last contact" and nothing else.
"""

from __future__ import annotations

import threading
from datetime import datetime, timedelta
from typing import Final

from central.archive.database import Database
from central.archive.fleet_rows import Sighting
from kiosk.crypto.http_signatures import VerifiedRequest
from kiosk.domain.ids import DeviceId

ANY_AGE_S: Final = 200 * 365 * 24 * 3600
"""Older than any clock claims: asked for where only the signature counts."""
_PAUSE: Final = timedelta(minutes=1)
_REFUSAL_COUNTS: Final = timedelta(hours=6)
"""A device asks with its own clock again at each delivery, the next day at the latest."""
_BATCH: Final = 500
SCOPE: Final = "sightings"


class Sightings:
    """Calls that are not written down yet; used from any thread."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._lock = threading.Lock()
        self._written: dict[tuple[DeviceId, bool], datetime] = {}
        self._waiting: dict[DeviceId, Sighting] = {}

    def note(self, verified: VerifiedRequest, now: datetime, *, refused: bool = False) -> None:
        """Remember a call.

        Args:
            verified: the call; its signature holds.
            now: server time.
            refused: it was signed too long ago, or in the future.
        """
        device_id = DeviceId(f"dev-{verified.key_id}")
        with self._lock:
            before = self._written.get((device_id, refused))
            if before is not None and before <= now < before + _PAUSE:
                return
            self._written[device_id, refused] = now
            waiting = self._waiting.get(device_id)
            if waiting is not None and waiting.refused:
                # What follows a refusal is signed by the time that the device was told.
                return
            drift_s = verified.created_s - round(now.timestamp())
            at = now.isoformat(timespec="milliseconds")
            self._waiting[device_id] = Sighting(device_id, at, drift_s, refused)

    def flush(self) -> None:
        """Write down what waits. Raises StoreError: it waits on."""
        with self._lock:
            waiting, self._waiting = self._waiting, {}
        todo = list(waiting.values())
        try:
            while todo:
                batch = todo[:_BATCH]
                newest = max(datetime.fromisoformat(one.at) for one in batch)
                after = (newest - _REFUSAL_COUNTS).isoformat(timespec="milliseconds")
                with self._database.writing(SCOPE, local=True) as ledger:
                    ledger.fleet.saw(batch, after)
                del todo[:_BATCH]
        finally:
            with self._lock:
                self._waiting = {one.device_id: one for one in todo} | self._waiting
