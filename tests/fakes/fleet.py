"""A fleet of any size, written straight into a collector's database: what 80,000 devices leave."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import insert

from central.archive.database import Database
from central.archive.fleet_schema import (
    device_contacts,
    device_states,
    fleet_alarms,
)
from central.archive.schema import alarms, devices

_BATCH = 5000


def device_name(number: int) -> str:
    """As a key gives it: sixteen hexadecimal digits."""
    return f"dev-{hashlib.sha256(f'fleet {number}'.encode()).hexdigest()[:16]}"


def stamp(at: datetime) -> str:
    return at.isoformat(timespec="milliseconds")


def seed(database: Database, count: int, now: datetime) -> None:
    """Devices of a usual day; a few in every trouble there is.

    Args:
        database: new, or with devices of its own.
        count: how many.
        now: newest contact.
    """
    for start in range(0, count, _BATCH):
        rows = list(_rows(range(start, min(count, start + _BATCH)), now))
        with database.writing() as ledger:
            connection = ledger._connection
            for place, table in enumerate((devices, device_states, device_contacts)):
                connection.execute(insert(table), [row[place] for row in rows])
    _raise_alarms(database, count, now)
    with database.writing("log") as ledger:
        for hour in range(30):
            at = now - timedelta(hours=hour)
            usual = (
                0 if at.hour < 7 or at.hour > 19 else count // 20 + (hour * 37) % (count // 20 + 1)
            )
            ledger.fleet.count_receipts(at.isoformat()[:13], usual)


def _rows(numbers: range, now: datetime) -> Iterator[tuple[dict[str, Any], ...]]:
    for n in numbers:
        name, office = device_name(n), f"{10000 + n // 5:06d}"
        quarantined = int(n % 4001 == 7)
        owed = (n * 7 + 3) % 9 if n % 50 == 3 else 0
        announced = 200 + n % 300
        ended = "device_closed" if n % 900 == 11 else "lease_expired" if n % 3000 == 13 else ""
        silent = n % 400 == 17 or ended
        seen = now - (timedelta(days=4, minutes=n % 900) if silent else timedelta(seconds=n % 2900))
        never = n % 7000 == 19
        drift = 0 if n % 300 else (-1) ** n * (130 + n % 9000)
        yield (
            {
                "device_id": name,
                "public_key": bytes(32),
                "office_id": office,
                "enrolled_at": stamp(now - timedelta(days=90 + n % 200)),
                "size": announced * 4,
                "quarantined": quarantined,
            },
            {
                "device_id": name,
                "office_id": office,
                "quarantined": quarantined,
                "announced": announced,
                "received": announced - owed,
                "missing": owed,
                "behind_since": stamp(seen - timedelta(hours=30 if n % 100 == 3 else 1))
                if owed
                else "",
                "held_back": 3 if quarantined else 0,
                "held_bytes": (announced - owed) * 41_000,
                "app_build": "" if never else "0.2.0" if n % 10 else "0.1.0",
                "told_at": "" if never else stamp(seen),
                "ended": ended,
            },
            {
                "device_id": name,
                "contact_at": "" if never else stamp(seen),
                "drift_s": None if never else drift or n % 3 - 1,
                "drift_size": -1 if never else abs(drift or n % 3 - 1),
                "drift_at": "" if never else stamp(seen),
                "refused": int(abs(drift) > 300),
            },
        )


def _raise_alarms(database: Database, count: int, now: datetime) -> None:
    kinds = ("damage", "fraud_alert", "broken-journal", "lost-entry")
    rows = [
        (device_name(n), kinds[n % len(kinds)], 40 + n % 90, now - timedelta(minutes=n))
        for n in range(29, count, 997)
    ]
    rows += [
        (device_name(n), "fork" if n % 2 else "restore", 61, now - timedelta(hours=n % 70))
        for n in range(7, count, 4001)
    ]
    with database.writing() as ledger:
        for name, kind, seq, at in rows:
            key = {"device_id": name, "kind": kind, "seq": seq, "raised_at": stamp(at)}
            ledger._connection.execute(insert(alarms).values(**key, detail="-"))
            ledger._connection.execute(insert(fleet_alarms).values(**key))
