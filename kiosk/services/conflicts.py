"""What the central side says happened elsewhere while a record of this device was on its way.

Rules, in order: the record stands whatever is told; a conflict is kept until an agent said that it
was seen, and stays readable after; told twice, it is the same one. Source: ``domain.md`` 1.7 D.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Final

import msgspec

from kiosk.domain.errors import ProtocolError
from kiosk.domain.ids import DeviceId
from kiosk.ports import Clock, CollectorLink, Store
from kiosk.services.answers import refusal_of
from kiosk.sync.conflicts import Conflict
from kiosk.sync.messages import ConflictAnswer, ConflictItem, decode

PREFIX: Final = "conflict/"
ETAG: Final = "central/conflicts-etag"


class ConflictCheck:
    """Asks for conflicts during a delivery."""

    def __init__(
        self, store: Store, link: CollectorLink, device_id: DeviceId, clock: Clock
    ) -> None:
        self._store = store
        self._link = link
        self._path = f"/v1/devices/{device_id}/conflicts"
        self._clock = clock

    def run(self) -> int:
        """Ask, and keep what is new; how many were new.

        Raises:
            SyncError: no answer, or none that makes sense.
        """
        with self._store.begin() as uow:
            etag = (uow.values.get(ETAG) or b"").decode("ascii")
        answer = self._link.call("GET", self._path, etag=etag)
        # A collector from before rounds does not know the call, and so has nothing to tell.
        if answer.status in (304, 404):
            return 0
        if answer.status != 200:
            raise refusal_of(answer)
        told = [self._conflict(item) for item in decode(answer.body, ConflictAnswer).conflicts]
        version = next((value for key, value in answer.headers if key == "etag"), "")
        new = 0
        with self._store.begin() as uow:
            for conflict in told:
                name = _name(conflict.seq)
                if uow.values.get(name) is None:
                    uow.values.put(name, msgspec.json.encode(conflict))
                    new += 1
            uow.values.put(ETAG, version.encode("ascii", "ignore"))
            uow.commit()
        return new

    def _conflict(self, item: ConflictItem) -> Conflict:
        try:
            at = datetime.fromisoformat(item.at)
        except ValueError as exc:
            raise ProtocolError("conflict") from exc
        if at.tzinfo is None:
            raise ProtocolError("conflict")
        return Conflict(item.seq, item.kind, at.astimezone(UTC), self._clock.now())


class Conflicts:
    """The conflicts that this device was told of."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def all(self) -> tuple[Conflict, ...]:
        """Every one, oldest record first."""
        with self._store.begin() as uow:
            stored = [uow.values.get(name) for name in uow.values.names(PREFIX)]
        return tuple(msgspec.json.decode(data, type=Conflict) for data in stored if data)

    def mark_seen(self, seq: int) -> None:
        """An agent saw it; does nothing where there is none."""
        with self._store.begin() as uow:
            stored = uow.values.get(_name(seq))
            if stored is None:
                return
            seen = replace(msgspec.json.decode(stored, type=Conflict), seen=True)
            uow.values.put(_name(seq), msgspec.json.encode(seen))
            uow.commit()


def _name(seq: int) -> str:
    return f"{PREFIX}{seq:012d}"
