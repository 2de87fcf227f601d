"""Benchmark: seal a verification with pictures and save it durably, on the real encrypted store.

    python packaging/bench/seal.py [--json] [--runs N] [--megabytes M] [--dir FOLDER]

One run is what the agent waits for after "Sceller": record, two signatures, encryption to two
hybrid recipients, journal entry, chunks, outbox row, commit (WAL, synchronous=FULL). The folder
should be on the disk that is to be measured; the default is the system's temporary folder.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import sys
import tempfile
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Self

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from kiosk.audit.records import Attachment
from kiosk.crypto.age import Identity
from kiosk.crypto.passwords import Argon2Cost
from kiosk.crypto.signing import SigningKey
from kiosk.devices.key_stores import DemonstrationKeyStore
from kiosk.domain.agent import Role
from kiosk.domain.decision import Decision, Outcome
from kiosk.domain.ids import AgentId, CaseId, DeviceId, OfficeId
from kiosk.journeys.model import CaseState, StepKind
from kiosk.ports import (
    AgentRepository,
    BlobRepository,
    DraftRepository,
    JournalRepository,
    OutboxRepository,
    Store,
    UnitOfWork,
    ValueRepository,
)
from kiosk.services.agents import Agents, Session
from kiosk.services.journal import Journal
from kiosk.services.sealing import Sealing
from kiosk.services.sign_in import SignIn
from kiosk.services.terms import DeviceFacts, Terms
from kiosk.vault.store import open_store

PICTURES = 6
GOAL_P95_MS = 150
CASE_DEVICE = DeviceFacts(DeviceId("dev-00000000000000be"), "bench")


class WallClock:
    """The machine's clocks."""

    boot_id = "bench"

    def now(self) -> datetime:
        """Wall clock."""
        return datetime.fromtimestamp(time.time(), UTC)

    def monotonic_ms(self) -> int:
        """Monotonic clock."""
        return time.monotonic_ns() // 1_000_000


class TimedUnitOfWork:
    """Passes everything on and measures how long the commit took and the whole lasted."""

    agents: AgentRepository
    drafts: DraftRepository
    journal: JournalRepository
    outbox: OutboxRepository
    blobs: BlobRepository
    values: ValueRepository

    def __init__(self, inner: UnitOfWork, spent: dict[str, float]) -> None:
        self._inner = inner
        self._spent = spent

    def __enter__(self) -> Self:
        self._start = time.perf_counter()
        self._inner.__enter__()
        inner = self._inner
        self.agents, self.drafts, self.journal = inner.agents, inner.drafts, inner.journal
        self.outbox, self.blobs, self.values = inner.outbox, inner.blobs, inner.values
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._inner.__exit__(exc_type, exc, traceback)
        self._spent["store"] += time.perf_counter() - self._start

    def commit(self) -> None:
        """Commit and measure it."""
        start = time.perf_counter()
        self._inner.commit()
        self._spent["commit"] += time.perf_counter() - start


class TimedStore:
    """A store that measures its units of work."""

    def __init__(self, inner: Store) -> None:
        self._inner = inner
        self.spent = {"store": 0.0, "commit": 0.0}

    def begin(self) -> TimedUnitOfWork:
        """A measured unit of work."""
        return TimedUnitOfWork(self._inner.begin(), self.spent)

    def free_bytes(self) -> int:
        """As the inner store."""
        return self._inner.free_bytes()

    def close(self) -> None:
        """As the inner store."""
        self._inner.close()


def case(number: int, session: Session) -> CaseState:
    """A decided case."""
    return CaseState(
        case_id=CaseId(f"{number:032x}"),
        procedure="bench",
        step=StepKind.CONFIRM,
        agent_id=session.agent.agent_id,
        office_id=OfficeId("000000"),
        opened_at=WallClock().now(),
        decision=Decision(Outcome.ABANDONED),
    )


def percentile(values: Sequence[float], share: float) -> float:
    """Nearest-rank percentile."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]


def measure(folder: Path, runs: int, picture_bytes: int) -> dict[str, object]:
    """Seal ``runs`` cases and answer with the figures, times in milliseconds."""
    clock, device_key = WallClock(), SigningKey.generate()
    store = TimedStore(open_store(folder / "vault.db", os.urandom(32)))
    device = CASE_DEVICE
    recipients = (Identity.generate().recipient, Identity.generate().recipient)
    terms = Terms(1, recipients, evidence_images=True)
    keys = DemonstrationKeyStore(folder)
    keys.put("device-secret", os.urandom(32))
    journal = Journal(store, device_key, clock, device, lambda: terms)
    cost = Argon2Cost()
    agent = Agents(store, keys, journal, cost).add(AgentId("bench"), "B", Role.AGENT, "840271")
    start = time.perf_counter()
    session = SignIn(store, keys, clock, cost, journal).sign_in(agent.agent_id, "840271")
    sign_in_ms = (time.perf_counter() - start) * 1000
    sealing = Sealing(journal, store, lambda: terms, clock, device, device_key)
    totals, crypto, writing, commits = [], [], [], []
    for number in range(runs):
        pictures = [Attachment("jpg", os.urandom(picture_bytes)) for _ in range(PICTURES)]
        state = case(number, session)
        store.spent.update(store=0.0, commit=0.0)
        start = time.perf_counter()
        sealing.seal(state, session, pictures)
        total = time.perf_counter() - start
        totals.append(total * 1000)
        crypto.append((total - store.spent["store"]) * 1000)
        writing.append((store.spent["store"] - store.spent["commit"]) * 1000)
        commits.append(store.spent["commit"] * 1000)
    with store.begin() as uow:
        sealed_bytes = uow.outbox.all()[-1].payload_len
    store.close()
    return {
        "runs": runs,
        "picture_bytes": picture_bytes * PICTURES,
        "sealed_bytes": sealed_bytes,
        "p50_ms": round(percentile(totals, 0.50), 1),
        "p95_ms": round(percentile(totals, 0.95), 1),
        "max_ms": round(max(totals), 1),
        "goal_p95_ms": GOAL_P95_MS,
        "breakdown_p50_ms": {
            "sign_pack_encrypt": round(percentile(crypto, 0.50), 1),
            "write_rows": round(percentile(writing, 0.50), 1),
            "commit": round(percentile(commits, 0.50), 1),
        },
        "breakdown_p95_ms": {
            "sign_pack_encrypt": round(percentile(crypto, 0.95), 1),
            "write_rows": round(percentile(writing, 0.95), 1),
            "commit": round(percentile(commits, 0.95), 1),
        },
        "sign_in_ms": round(sign_in_ms, 1),
    }


def main() -> int:
    """Parse, measure, print."""
    parser = argparse.ArgumentParser(description="Seal and durable save.")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--runs", type=int, default=60)
    parser.add_argument("--megabytes", type=float, default=3.0)
    parser.add_argument("--dir", type=Path, default=None)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=options.dir, prefix="visavis-bench-") as folder:
        figures = measure(Path(folder), options.runs, int(options.megabytes * 1e6) // PICTURES)
    if options.json:
        print(json.dumps(figures))
        return 0
    for name, value in figures.items():
        print(f"{name:20} {value}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
