"""Measure the operations pages over a large fleet, and what counting for them costs the ingest.

    python3 packaging/bench/operations.py [--devices 80000] [--json]

Processor time, which other work on the machine hardly changes: of each page from the question to
its HTML, of the census that is taken once a minute, and of a record's rows with and without the
counts, alone and many at once. The database is SQLite in one file.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from unittest import mock
from zoneinfo import ZoneInfo

from sqlalchemy import select, update

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from central.archive.database import Database
from central.archive.fleet_rows import FleetRows, Sighting
from central.archive.fleet_schema import device_contacts, device_states
from central.archive.layout import Layout
from central.archive.reader import Reader
from central.archive.rows import EntryRow, SealedRow
from central.operations.asking import Ask
from central.operations.census import CensusTaker, Stores
from central.operations.deeds import Deeds
from central.operations.pages import Pages
from central.operations.sessions import Session
from central.operations.views import Views
from kiosk.domain.ids import DeviceId, RecordId
from tests.fakes.fleet import device_name, seed

NOW = datetime(2026, 11, 26, 15, 0, tzinfo=UTC)
TURNS = 15
RECORDS = 400
TOGETHER = 16
"""As many as connections of packaging/bench/ingest.py."""
LISTS = {
    "devices": {},
    "devices, by contact": {"sort": "contact"},
    "devices, most owed first": {"sort": "missing", "down": "1"},
    "silent": {"view": "silent"},
    "owing": {"view": "owing"},
    "clock off": {"view": "drifting"},
    "one version": {"build": "0.1.0"},
    "one office": {"office": "010010"},
    "silent, one version": {"view": "silent", "build": "0.1.0"},
    "late, one version, most owed first": {
        "view": "late",
        "build": "0.1.0",
        "sort": "missing",
        "down": "1",
    },
    "most devices, newest contact first": {"build": "0.2.0", "sort": "contact", "down": "1"},
    "one version, by contact": {"build": "0.1.0", "sort": "contact"},
    "quarantined, number": {"view": "quarantined", "begins": "3"},
    "owing, number, by office": {"view": "owing", "begins": "3", "sort": "office"},
    "clock off, office": {"view": "drifting", "office": "010020"},
    "two that exclude one another": {"view": "device_closed", "begins": "dev-", "build": "9"},
    "from the middle": {"after": f"{device_name(7)}~{device_name(7)}"},
}


def asked(path: str, question: dict[str, str], **parts: str) -> Ask:
    """A call of somebody who is signed in."""
    session = Session("bench", "s", "s", NOW, "w")
    return Ask("GET", path, path, parts, question, {}, session, "fr", "", NOW)


def cpu_ms(work: Callable[[], Any]) -> float:
    """Median of several turns; the first one, which fills caches, left out."""
    work()
    spent = []
    for _ in range(TURNS):
        began = time.process_time()
        work()
        spent.append((time.process_time() - began) * 1000)
    return round(statistics.median(spent), 1)


def pages(folder: Path, reader: Reader, count: int) -> dict[str, float]:
    """Processor time of each page; ms."""
    layout = Layout(folder)
    taker = CensusTaker(reader, Stores(folder, objects_elsewhere=False, database_elsewhere=False))
    views = Views(reader, taker, Deeds(layout), Pages(ZoneInfo("Europe/Paris")))
    named = device_name(count // 2)
    found = {
        name: cpu_ms(lambda q=question: views.devices(asked("/devices", q)))
        for name, question in LISTS.items()
    }
    found |= {
        "overview": cpu_ms(lambda: views.overview(asked("/", {}))),
        "device": cpu_ms(lambda: views.device(asked("/devices/x", {}, device=named))),
        "quarantine": cpu_ms(lambda: views.quarantine(asked("/quarantine", {}))),
        "alarms": cpu_ms(lambda: views.alarms(asked("/alarms", {}))),
        "search": cpu_ms(lambda: views.search(asked("/search", {"q": named[:6]}))),
    }
    fresh = lambda: CensusTaker(reader, taker._stores).now(NOW)  # noqa: E731, SLF001
    return found | {"census, once a minute": cpu_ms(fresh)}


WORST = {
    "half and half, none of both": {"view": "silent", "build": "0.2.0"},
    "the same, most owed first": {
        "view": "silent",
        "build": "0.2.0",
        "sort": "missing",
        "down": "1",
    },
    "the same, by office": {"view": "silent", "build": "0.2.0", "sort": "office"},
    "the same, and the number": {"view": "silent", "build": "0.2.0", "begins": "dev-"},
    "half and half, all of one": {"view": "silent", "build": "0.1.0", "sort": "office"},
}


def halved(database: Database) -> None:
    """Half of the fleet runs one version and is silent, the other half neither: no index helps."""
    with database.writing() as ledger:
        # The rows of a fleet that nobody has, written as no collector would.
        connection = ledger._connection  # noqa: SLF001
        half = device_states.c.announced % 2 == 0
        connection.execute(update(device_states).values(app_build="0.2.0", ended=""))
        connection.execute(update(device_states).where(half).values(app_build="0.1.0"))
        old = select(device_states.c.device_id).where(half)
        connection.execute(update(device_contacts).values(contact_at=NOW.isoformat()))
        connection.execute(
            update(device_contacts)
            .where(device_contacts.c.device_id.in_(old))
            .values(contact_at=(NOW - timedelta(days=9)).isoformat())
        )


def worst_pages(folder: Path, reader: Reader) -> dict[str, float]:
    """Processor time of lists of two filters that many devices fit, and none or half fit both."""
    taker = CensusTaker(reader, Stores(folder, objects_elsewhere=False, database_elsewhere=False))
    pages_ = Pages(ZoneInfo("Europe/Paris"))
    views = Views(reader, taker, Deeds(Layout(folder)), pages_)
    return {
        name: cpu_ms(lambda q=question: views.devices(asked("/devices", q)))
        for name, question in WORST.items()
    }


def ingest(database: Database, first: int) -> float:
    """Processor time of a record's rows: entry, record and their counts; ms."""
    began = time.process_time()
    for n in range(first, first + RECORDS):
        device = DeviceId(device_name(n % 1000))
        with database.writing(device) as ledger:
            entry = EntryRow(device, 10_000 + n, "x" * 900, bytes(32), RecordId(f"r{n:025}"))
            ledger.add_entries((entry,))
        with database.writing(device) as ledger:
            at = NOW.isoformat()
            row = SealedRow(device, 10_000 + n, *[bytes(32)] * 2, b"h" * 400, at, "logged", 40_000)
            ledger.add_sealed(row)
    return (time.process_time() - began) * 1000 / RECORDS


def ingest_together(database: Database, first: int) -> float:
    """Processor time of a record's row where :data:`TOGETHER` of them are written at once; ms."""
    at = NOW.isoformat()
    numbers = range(first, first + RECORDS)
    names = [DeviceId(device_name(n % 1000)) for n in numbers]
    for name, n in zip(names, numbers, strict=True):
        with database.writing(name) as ledger:
            entry = EntryRow(name, 50_000 + n, "x" * 900, bytes(32), RecordId(f"t{n:025}"))
            ledger.add_entries((entry,))
    rows = [
        SealedRow(name, 50_000 + n, *[bytes(32)] * 2, b"h" * 400, at, "logged", 40_000)
        for name, n in zip(names, numbers, strict=True)
    ]
    began = time.process_time()
    for start in range(0, RECORDS, TOGETHER):
        some = rows[start : start + TOGETHER]
        with database.writing(*(row.device_id for row in some)) as ledger:
            ledger.add_all_sealed(some)
    return (time.process_time() - began) * 1000 / RECORDS


def cost_of_counting(database: Database) -> dict[str, float]:
    """The same rows written with and without their counts, turn about."""
    spent: dict[str, list[float]] = {}
    for turn in range(6):
        for name, work in (("a record", ingest), ("a record of many", ingest_together)):
            counted = spent.setdefault(f"rows of {name}, counted, ms", [])
            counted.append(work(database, turn * 2 * RECORDS))
            with mock.patch.multiple(FleetRows, announced=mock.DEFAULT, received=mock.DEFAULT):
                bare = spent.setdefault(f"rows of {name}, not counted, ms", [])
                bare.append(work(database, (turn * 2 + 1) * RECORDS))
    batch = [Sighting(DeviceId(device_name(n)), NOW.isoformat(), 1, False) for n in range(500)]
    began = time.process_time()
    with database.writing("sightings") as ledger:
        ledger.fleet.saw(batch, "")
    return {
        **{name: round(statistics.median(each), 2) for name, each in spent.items()},
        "last contact of 500 devices, ms": round((time.process_time() - began) * 1000, 1),
    }


def main() -> int:
    """Measure and tell."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--devices", type=int, default=80_000)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="visavis-operations-") as name:
        folder = Path(name)
        database = Database(folder / "c.db")
        try:
            seed(database, options.devices, NOW)
            reader = Reader(folder / "c.db")
            try:
                figures: dict[str, Any] = {"devices": options.devices}
                figures["page_cpu_ms"] = pages(folder, reader, options.devices)
            finally:
                reader.close()
            figures["ingest"] = cost_of_counting(database)
            halved(database)
            reader = Reader(folder / "c.db")
            try:
                figures["worst_cpu_ms"] = worst_pages(folder, reader)
            finally:
                reader.close()
        finally:
            database.close()
    if options.json:
        print(json.dumps(figures))
    else:
        print(json.dumps(figures, indent=2, ensure_ascii=False))
    return 0


if __name__ == "__main__":
    sys.exit(main())
