"""Writes what the fleet's tables count, inside the transaction of what is counted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import (
    Connection,
    Update,
    and_,
    bindparam,
    case,
    func,
    insert,
    or_,
    select,
    update,
)

from central.archive.fleet_schema import (
    device_contacts,
    device_states,
    fleet_alarms,
    hourly_receipts,
)
from central.archive.schema import devices
from kiosk.audit.entries import ALARMS, EntryKind, Header
from kiosk.domain.ids import DeviceId, OfficeId

TOLD: Final = frozenset({*ALARMS, EntryKind.FRAUD_ALERT})
"""Kinds of journal entries that the people who run the fleet must see."""
ENDS: Final = frozenset({EntryKind.DEVICE_CLOSED, EntryKind.LEASE_EXPIRED})
"""Kinds after which a device works no more, or not before somebody helped it."""


@dataclass(frozen=True, slots=True)
class Sighting:
    """One call whose signature held.

    Attributes:
        device_id: who called.
        at: server time, ISO 8601 UTC.
        drift_s: time of signing as the device claimed it, minus server time, seconds.
        refused: the clock was so wrong that the call was refused, and true time told.
    """

    device_id: DeviceId
    at: str
    drift_s: int
    refused: bool


@dataclass(frozen=True, slots=True)
class Arrived:
    """A record that arrived.

    Attributes:
        device_id: whose.
        size: bytes of it that are kept.
        held_back: it is in quarantine.
    """

    device_id: DeviceId
    size: int
    held_back: bool = False


_STATE = device_states.c
# Said once: to put such an expression together costs more than to carry it out.
_MINE = update(device_states).where(_STATE.device_id == bindparam("who"))
_ANNOUNCED = _MINE.values(
    announced=_STATE.announced + bindparam("records"),
    missing=_STATE.missing + bindparam("records"),
)
_RECEIVED = _MINE.values(
    received=_STATE.received + bindparam("records"),
    missing=_STATE.missing - bindparam("records"),
    held_back=_STATE.held_back + bindparam("back"),
    held_bytes=_STATE.held_bytes + bindparam("bytes"),
    behind_since=case((_STATE.missing <= bindparam("records"), ""), else_=_STATE.behind_since),
)
_TOLD = _MINE.values(
    app_build=bindparam("build"),
    told_at=bindparam("now"),
    behind_since=case(
        (and_(_STATE.missing > 0, _STATE.behind_since == ""), bindparam("now")),
        else_=_STATE.behind_since,
    ),
)
_COUNT_RECEIPTS = (
    update(hourly_receipts)
    .where(hourly_receipts.c.hour == bindparam("in_hour"))
    .values(receipts=hourly_receipts.c.receipts + bindparam("more"))
)
_ENDED = _MINE.values(ended=bindparam("word"))
_HELD_BACK = _MINE.values(held_back=_STATE.held_back + bindparam("records"))


class FleetRows:
    """Counts. No rule of the protocol lives here."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    # --- devices and their journals ---------------------------------------------------------------

    def add_device(self, device_id: DeviceId, office_id: OfficeId, enrolled_at: str) -> None:
        """A device that is new here: nothing is counted of it, and its enrolment was a call."""
        state = {"device_id": device_id, "office_id": office_id}
        self._connection.execute(insert(device_states).values(**state))
        contact = {"device_id": device_id, "contact_at": enrolled_at}
        self._connection.execute(insert(device_contacts).values(**contact))

    def uncounted(self, limit: int) -> tuple[DeviceId, ...]:
        """Devices without a row here: from before these tables were there."""
        query = (
            select(devices.c.device_id)
            .outerjoin(device_states, device_states.c.device_id == devices.c.device_id)
            .where(device_states.c.device_id.is_(None))
            .order_by(devices.c.device_id)
            .limit(limit)
        )
        return tuple(DeviceId(name) for name in self._connection.execute(query).scalars())

    def is_counted(self, device_id: DeviceId) -> bool:
        """Whether a device has its row here."""
        query = select(device_states.c.device_id).where(device_states.c.device_id == device_id)
        return self._connection.execute(query).one_or_none() is not None

    def set_device(self, device_id: DeviceId, office_id: OfficeId, *, quarantined: bool) -> None:
        """Where it works, and whether two histories of it are known."""
        self._change(device_id, office_id=office_id, quarantined=int(quarantined))

    def announced(self, device_id: DeviceId, records: int) -> None:
        """Its journal announces so many records more."""
        self._connection.execute(_ANNOUNCED, {"who": device_id, "records": records})

    def received(self, arrived: Iterable[Arrived]) -> None:
        """So many of them arrived: each device is counted once, whatever came of it.

        The sums are those that one change for each record would make, in any order.
        """
        counts: dict[DeviceId, dict[str, Any]] = {}
        for one in arrived:
            new = {"who": one.device_id, "records": 0, "back": 0, "bytes": 0}
            count = counts.setdefault(one.device_id, new)
            count["records"] += 1
            count["back"] += int(one.held_back)
            count["bytes"] += one.size
        self._each(_RECEIVED, counts)

    def held_back(self, device_ids: Iterable[DeviceId]) -> None:
        """Records that had arrived are held back: a second history came to light meanwhile.

        Args:
            device_ids: of each such record its device.
        """
        records = Counter(device_ids)
        counts = {name: {"who": name, "records": n} for name, n in records.items()}
        self._each(_HELD_BACK, counts)

    def _each(self, change: Update, counts: Mapping[DeviceId, dict[str, Any]]) -> None:
        """Change devices in one order for every writer.

        Two writers that meet wait for one another, never in a circle.
        """
        if counts:
            self._connection.execute(change, [counts[name] for name in sorted(counts)])

    def told(self, device_id: DeviceId, headers: Iterable[Header], now: str) -> None:
        """What new entries tell of the device itself: its program, its alarms, its end.

        Args:
            device_id: whose journal.
            headers: verified, in order.
            now: server time, ISO 8601 UTC.
        """
        newest = None
        for newest in headers:
            if newest.kind in TOLD:
                self.add_alarm(device_id, newest.kind, newest.seq, now)
            if newest.kind in ENDS:
                self._connection.execute(_ENDED, {"who": device_id, "word": newest.kind.value})
            elif newest.kind is EntryKind.SHIFT_OPEN:
                # Somebody works there again: what it said of its end is over.
                self._connection.execute(_ENDED, {"who": device_id, "word": ""})
        if newest is not None:
            told = {"who": device_id, "build": newest.app_build, "now": now}
            self._connection.execute(_TOLD, told)

    def add_alarm(self, device_id: DeviceId, kind: str, seq: int, raised_at: str) -> None:
        """An alarm of the collector or of the device; the same one once."""
        key = {"device_id": device_id, "kind": str(kind), "seq": seq}
        table = fleet_alarms.c
        known = select(table.seq).where(
            table.device_id == device_id, table.kind == key["kind"], table.seq == seq
        )
        if self._connection.execute(known).one_or_none() is None:
            self._connection.execute(insert(fleet_alarms).values(**key, raised_at=raised_at))

    def _change(self, device_id: DeviceId, **values: Any) -> None:
        changed = update(device_states).where(device_states.c.device_id == device_id)
        self._connection.execute(changed.values(**values))

    # --- calls and receipts -----------------------------------------------------------------------

    def saw(self, sightings: Iterable[Sighting], refused_after: str) -> None:
        """Note calls of devices.

        After a refusal the device signs with the time that it was told, which says nothing of its
        own clock: a drift that led to a refusal is replaced by another refusal, or once it is older
        than ``refused_after``.
        """
        # One order for every process: two that meet wait for one another, never in a circle.
        rows = [
            {
                "who": one.device_id,
                "at": one.at,
                "drift": one.drift_s,
                "size": abs(one.drift_s),
                "word": int(one.refused),
                "after": refused_after,
            }
            for one in sorted(sightings, key=lambda one: one.device_id)
        ]
        if not rows:
            return
        table = device_contacts.c
        mine = table.device_id == bindparam("who")
        later = update(device_contacts).where(mine, table.contact_at < bindparam("at"))
        self._connection.execute(later.values(contact_at=bindparam("at")), rows)
        believed = or_(
            bindparam("word") == 1, table.refused == 0, table.drift_at <= bindparam("after")
        )
        drift: dict[str, Any] = {
            "drift_s": bindparam("drift"),
            "drift_size": bindparam("size"),
            "drift_at": bindparam("at"),
            "refused": bindparam("word"),
        }
        self._connection.execute(update(device_contacts).where(mine, believed).values(drift), rows)

    def count_receipts(self, hour: str, receipts: int) -> None:
        """So many receipts more in an hour (``2026-11-26T21``, UTC); one writer at a time."""
        counted = {"in_hour": hour, "more": receipts}
        if not self._connection.execute(_COUNT_RECEIPTS, counted).rowcount:
            first = insert(hourly_receipts).values(hour=hour, receipts=receipts)
            self._connection.execute(first)

    # --- sums -------------------------------------------------------------------------------------

    def sums(self) -> dict[str, int]:
        """Of the whole fleet: devices, quarantined ones, records announced, received, missing."""
        table = device_states.c
        names = ("quarantined", "announced", "received", "missing", "held_back", "held_bytes")
        columns = [func.coalesce(func.sum(table[name]), 0).label(name) for name in names]
        row = self._connection.execute(select(func.count().label("devices"), *columns)).one()
        return {name: int(value) for name, value in row._asdict().items()}
