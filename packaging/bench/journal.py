"""Benchmark: the journal at the size of 400 days and beyond: append, verify, search.

    python packaging/bench/journal.py [--json] [--entries N] [--durable N] [--bulk N] [--dir FOLDER]

The real journal service fills the real encrypted store: a visit is two entries, one of which
announces a record; the device's clock goes through 400 days meanwhile. Most entries are committed
256 at a time, so that the fill ends; N of them (``--durable``) one by one as at the counter. Then
the whole journal is read and verified, and asked for a day, a kind on a day, a record
and a slip code, 200 drawn questions each, answers read to the end. Times are CPU times of this
process, for walls have other tenants; the longest search is told as wall time too. ``--bulk N``
adds N rows to the tables after the verification, as copies of the last real entry at other moments:
they make the searches search among more, cost no signatures, and prove nothing else. Exit code 1
where a search at 10^5 entries takes 50 ms or more (95th percentile).
"""

from __future__ import annotations

import argparse
import json
import os
import random
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))
sys.path.insert(0, str(ROOT / "packaging" / "bench"))

from seal import CASE_DEVICE, percentile
from sqlalchemy import insert

from kiosk.audit.checkpoint import slip_code
from kiosk.audit.entries import EntryKind
from kiosk.audit.records import SealedBlob
from kiosk.audit.tree import frontier_of
from kiosk.audit.verify import verify_journal
from kiosk.crypto.age import Identity, kid_of
from kiosk.crypto.signing import SigningKey
from kiosk.domain.ids import RecordId
from kiosk.ports import JournalQuery
from kiosk.services.journal import Journal
from kiosk.services.terms import Terms
from kiosk.vault import schema
from kiosk.vault.store import SqlStore, open_store

BATCH = 256
DAYS = 400
QUESTIONS = 200
GOAL_MS = 50
START = datetime(2026, 1, 1, 8, tzinfo=UTC)


class Days:
    """A clock that goes through the days as entries are written."""

    boot_id = "bench"

    def __init__(self, step_ms: int) -> None:
        self._step_ms = step_ms
        self._now_ms = 0

    def now(self) -> datetime:
        """The next moment."""
        self._now_ms += self._step_ms
        return START + timedelta(milliseconds=self._now_ms)

    def monotonic_ms(self) -> int:
        """In step with it."""
        return self._now_ms


class Filler:
    """Writes visits."""

    def __init__(self, store: SqlStore, entries: int) -> None:
        recipient = Identity.from_seed(b"o" * 32).recipient
        terms = Terms(1, (recipient,))
        self.key = SigningKey.from_seed(b"d" * 32)
        clock = Days(DAYS * 86_400_000 // max(entries, 1))
        self.journal = Journal(store, self.key, clock, CASE_DEVICE, lambda: terms)
        self._store = store
        self._blob = SealedBlob(b"", (kid_of(recipient),), b"h" * 32, b"p" * 32, 65_536)
        self.records: list[str] = []
        self._number = 0

    def write(self, count: int) -> None:
        """``count`` entries in one unit of work."""
        with self._store.begin() as uow:
            for _ in range(count):
                case = f"{self._number // 2:032x}"
                if self._number % 2 == 0:
                    facts = {"case": case, "procedure": "online-request", "agent": "a-17"}
                    self.journal.append(uow, EntryKind.VERIFY_OPEN, facts)
                else:
                    record = RecordId(os.urandom(16).hex())
                    self.records.append(record)
                    told = {"case": case, "outcome": "accepted", "sealed": True}
                    kind = EntryKind.VERIFY_CLOSE
                    self.journal.append(uow, kind, told, self._blob, record, 1)
                self._number += 1
            uow.commit()


def searched(store: SqlStore, ask: Callable[[], JournalQuery]) -> dict[str, float]:
    """Questions of one kind, each in a unit of work of its own as a screen would ask."""
    cpu, wall, answers = [], [], 0
    for _ in range(QUESTIONS):
        query = ask()
        start, start_wall = time.process_time(), time.perf_counter()
        with store.begin() as uow:
            answers += len(uow.journal.find(query))
        cpu.append((time.process_time() - start) * 1000)
        wall.append((time.perf_counter() - start_wall) * 1000)
    return {
        "cpu_p50_ms": round(percentile(cpu, 0.5), 2),
        "cpu_p95_ms": round(percentile(cpu, 0.95), 2),
        "wall_max_ms": round(max(wall), 2),
        "answers": answers,
    }


def stored(store: SqlStore) -> Iterator[str]:
    """Every entry, a page at a time."""
    with store.begin() as uow:
        for start in range(0, uow.journal.size(), 5000):
            yield from (row.jws for row in uow.journal.range(start, start + 5000))


def bulk(store: SqlStore, count: int) -> None:
    """``count`` more rows for the searches, spread over the same days."""
    with store.begin() as uow:
        size = uow.journal.size()
        last = uow.journal.get(size - 1)
    if last is None:
        raise SystemExit("no entry to copy")
    step = timedelta(days=DAYS) / max(count, 1)
    for start in range(0, count, 50_000):
        numbers = range(start, min(start + 50_000, count))
        transaction = store.start()
        try:
            transaction.execute(
                insert(schema.journal),
                [
                    {
                        "seq": size + n,
                        "kind": ("verify_open", "verify_close")[n % 2],
                        "record_id": os.urandom(16).hex() if n % 2 else None,
                        "wall_claimed": (START + n * step).isoformat(),
                        "jws": last.jws,
                    }
                    for n in numbers
                ],
            )
            transaction.execute(
                insert(schema.leaves),
                [
                    {
                        "seq": size + n,
                        "leaf": os.urandom(32),
                        "slip_code": slip_code(os.urandom(32)),
                    }
                    for n in numbers
                ],
            )
            transaction.commit()
        finally:
            store.end(transaction)


def measure(folder: Path, entries: int, durable: int, more: int) -> dict[str, object]:
    """Fill, verify, search."""
    path = folder / "vault.db"
    store = open_store(path, os.urandom(32))
    filler = Filler(store, entries)
    start = time.process_time()
    written = 0
    while written < entries - durable:
        count = min(BATCH, entries - durable - written)
        filler.write(count)
        written += count
    fill_s = time.process_time() - start
    start, start_wall = time.process_time(), time.perf_counter()
    for _ in range(durable):
        filler.write(1)
    one_cpu_s, one_wall_s = time.process_time() - start, time.perf_counter() - start_wall

    start = time.process_time()
    report = verify_journal(stored(store), CASE_DEVICE.device_id, filler.key.public)
    verify_s = time.process_time() - start
    if not report.verified or report.entries != entries:
        raise SystemExit(f"the journal does not verify: {report.problems[:3]}")

    bulk(store, more)
    chance = random.Random(1)  # noqa: S311 - questions, not secrets
    with store.begin() as uow:
        leaves = uow.journal.leaves(0, min(entries, 2000))
    slips = [slip_code(frontier_of(leaves[:n]).root()) for n in range(1, len(leaves), 100)]

    def day() -> tuple[datetime, datetime]:
        since = START + timedelta(days=chance.randrange(DAYS))
        return since, since + timedelta(days=1)

    def of_day(kind: str = "") -> JournalQuery:
        since, until = day()
        return JournalQuery(since, until, kind)

    searches = {
        "day": searched(store, of_day),
        "kind_on_a_day": searched(store, lambda: of_day("verify_close")),
        "kind": searched(store, lambda: JournalQuery(kind="verify_open", limit=100)),
        "record": searched(store, lambda: JournalQuery(record_id=chance.choice(filler.records))),
        "slip": searched(store, lambda: JournalQuery(slip_code=chance.choice(slips))),
        "nothing": searched(store, lambda: JournalQuery(slip_code="00000000")),
    }
    store.close()
    return {
        "entries": entries,
        "rows_for_searches": entries + more,
        "file_mb": round(path.stat().st_size / 1e6, 1),
        "append_batched_cpu_us": round(fill_s / max(1, entries - durable) * 1e6),
        "append_durable_cpu_us": round(one_cpu_s / max(1, durable) * 1e6),
        "append_durable_wall_us": round(one_wall_s / max(1, durable) * 1e6),
        "verify_all_cpu_s": round(verify_s, 2),
        "verify_entry_cpu_us": round(verify_s / entries * 1e6),
        "search": searches,
        "goal_search_ms": GOAL_MS,
    }


def main() -> int:
    """Parse, measure, print."""
    parser = argparse.ArgumentParser(description="Append, verify and search the journal.")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--entries", type=int, default=100_000)
    parser.add_argument("--durable", type=int, default=500)
    parser.add_argument("--bulk", type=int, default=0)
    parser.add_argument("--dir", type=Path, default=None)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=options.dir, prefix="visavis-bench-") as folder:
        figures = measure(Path(folder), options.entries, options.durable, options.bulk)
    print(json.dumps(figures) if options.json else json.dumps(figures, indent=2))
    searches = figures["search"]
    slow = isinstance(searches, dict) and any(
        found["cpu_p95_ms"] >= GOAL_MS for found in searches.values()
    )
    return 1 if slow and options.entries + options.bulk <= 100_000 else 0


if __name__ == "__main__":
    sys.exit(main())
