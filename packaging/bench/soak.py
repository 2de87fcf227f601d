"""Benchmark: device processes, a bad network and collectors that are killed; count every record.

    python packaging/bench/soak.py [--json] [--records N] [--devices N] [--postgres] [--seed N]

Real device processes (real store) seal and deliver through a proxy that delays, cuts, swallows,
resets, repeats and spoils, to two collector processes over one set of stores (SQLite and files, or
with ``--postgres`` PostgreSQL and an S3-compatible server). Meanwhile ``kill -9`` hits devices,
collectors and PostgreSQL at random. At the end every acknowledged record must be stored exactly
once, with a leaf, and the whole history must verify; nobody touches anything in between.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from central.__main__ import system_time
from central.archive.layout import Layout
from central.archive.storage import EMBEDDED, Storage
from central.auditor.histories import Histories
from central.authority.codes import new_code
from central.authority.founding import LOCAL_HOSTS, found
from kiosk.domain.ids import OfficeId
from tests.fakes.central_side import reading
from tests.fakes.fault_proxy import NONE, Fault, FaultProxy
from tests.fakes.ports import take_port
from tests.fakes.stores import (
    BUCKET,
    PostgresServer,
    object_store,
    postgres,
)

FAULTS = (
    Fault(refuse=True),
    Fault(portal=True),
    Fault(delay_s=0.005),
    Fault(cut_up=120_000),
    Fault(cut_up=120_000, ending="reset"),
    Fault(cut_up=60_000, ending="spoil"),
    Fault(cut_up=60_000, ending="repeat"),
    Fault(cut_down=9_000, ending="swallow"),
    Fault(cut_down=9_000, ending="half"),
    Fault(cut_down=30_000, ending="reset"),
)
_PAUSE_S = 0.5
_PAUSE = threading.Event()
_READY_S = 30.0
_TELL_EVERY_S = 60.0
_KILLED_IDLE = 0.25


class Collector:
    """One collector process on a port that stays, started again whenever it was killed."""

    def __init__(self, data: Path) -> None:
        self.data, self.port = data, take_port()
        self.process: subprocess.Popen[str] | None = None

    def start(self) -> None:
        """Start and wait for its ready line; give up quietly while its database is away."""
        self.process = subprocess.Popen(
            [
                *(sys.executable, "-m", "central", "serve"),
                *("--data", str(self.data), "--port", str(self.port)),
            ],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        if self.process.stdout is not None:
            self.process.stdout.readline()

    def kill(self) -> None:
        """As ``kill -9``."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()


@dataclass
class Device:
    """One device process and what it promised.

    Attributes:
        promised: record by entry number, as acknowledged.
        done: it says that everything is proven stored.
        acts: what it has done since it was started last.
    """

    folder: Path
    code: str
    records: int
    seed: int
    promised: dict[int, str] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)
    done: bool = False
    acts: int = 0
    process: subprocess.Popen[str] | None = None
    _listener: threading.Thread | None = None

    def start(self) -> None:
        """Start, or start again."""
        self.acts = 0
        script = ROOT / "packaging" / "bench" / "soak_device.py"
        words = (str(self.folder), self.code, str(self.records), str(self.seed))
        with (self.folder / "errors.txt").open("a") as errors:
            self.process = subprocess.Popen(
                [sys.executable, str(script), *words],
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
            )
        self._listener = threading.Thread(target=self._listen, args=(self.process,), daemon=True)
        self._listener.start()

    def _listen(self, process: subprocess.Popen[str]) -> None:
        for line in process.stdout or ():
            words = line.split()
            self.acts += 1
            if words[:1] == ["done"]:
                self.done = True
            elif len(words) == 3:
                seq, record = int(words[1]), words[2]
                if self.promised.setdefault(seq, record) != record:
                    self.faults.append(f"entry {seq} was promised twice")

    @property
    def running(self) -> bool:
        """Whether the process lives."""
        return self.process is not None and self.process.poll() is None

    def kill(self) -> None:
        """As ``kill -9``."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()
        if self._listener is not None:
            self._listener.join()


def soak(options: argparse.Namespace, folder: Path, running: ExitStack) -> dict[str, object]:
    """Run it; the figures."""
    chance = random.Random(options.seed)  # noqa: S311 - faults, not secrets
    data, database, storage = folder / "central", None, EMBEDDED
    if options.postgres:
        os.environ.setdefault("AWS_ACCESS_KEY_ID", "specimen")
        os.environ.setdefault("AWS_SECRET_ACCESS_KEY", "specimen")
        database = running.enter_context(postgres())
        objects = running.enter_context(object_store())
        storage = Storage(database.url, f"s3://{BUCKET}/sealed", objects, "eu-west-3")
    found(
        Layout(data),
        LOCAL_HOSTS,
        "idp.test",
        system_time(),
        # Keys in a plain file: only a demonstration fleet takes them.
        demonstration=True,
        storage=storage,
    )
    collectors = [Collector(data) for _ in range(2)]
    for collector in collectors:
        collector.start()
        running.callback(collector.kill)

    def choose(_number: int) -> Fault:
        return chance.choice(FAULTS) if chance.random() < options.faults else NONE

    proxies = [running.enter_context(FaultProxy(c.port, choose)) for c in collectors]
    devices = []
    for number in range(options.devices):
        place = folder / f"device-{number}"
        place.mkdir()
        url = proxies[number % len(proxies)].url
        code = new_code(Layout(data), url, OfficeId("075012"), system_time(), timedelta(days=2))
        share = options.records // options.devices
        devices.append(Device(place, code.text(), share, options.seed + number))
        devices[-1].start()
        running.callback(devices[-1].kill)
    began = time.monotonic()
    kills = _kill_until_done(chance, devices, collectors, database, options)
    took = time.monotonic() - began
    return _judge(data, devices, kills, took) | {
        "connections": sum(proxy.connections for proxy in proxies)
    }


def _kill_until_done(
    chance: random.Random,
    devices: list[Device],
    collectors: list[Collector],
    database: PostgresServer | None,
    options: argparse.Namespace,
) -> dict[str, int]:
    kills = {"device": 0, "collector": 0, "database": 0}
    until, told = time.monotonic() + options.minutes * 60, time.monotonic()
    while not all(device.done for device in devices) and time.monotonic() < until:
        _PAUSE.wait(_PAUSE_S)
        if time.monotonic() > told + _TELL_EVERY_S:
            told = time.monotonic()
            _tell(devices, kills)
        if chance.random() < options.kills:
            # Kills come by the clock: on a busy machine a device that is killed again before it
            # has done anything would never end. Now and then it may be, that is a moment too.
            spared = chance.random() > _KILLED_IDLE
            working = [d for d in devices if not d.done and (d.acts or not spared)]
            victim = chance.choice([*working, *collectors, *([database] if database else ())])
            victim.kill()
            if victim is database:
                database.start()
                kills["database"] += 1
            else:
                kills["device" if isinstance(victim, Device) else "collector"] += 1
        for collector in collectors:
            if collector.process is None or collector.process.poll() is not None:
                collector.start()
        for device in devices:
            if not device.done and not device.running:
                device.start()
    return kills


def _tell(devices: list[Device], kills: dict[str, int]) -> None:
    """A line for whoever waits."""
    sealed = " ".join(f"{len(device.promised)}/{device.records}" for device in devices)
    done = sum(device.done for device in devices)
    sys.stderr.write(f"soak: sealed {sealed}, devices done {done}, kills {sum(kills.values())}\n")
    sys.stderr.flush()


def _judge(
    data: Path, devices: list[Device], kills: dict[str, int], took_s: float
) -> dict[str, object]:
    """Compare what was promised with what is there."""
    promised = lost = doubled = without_leaf = 0
    faults = [fault for device in devices for fault in device.faults]
    with reading(data) as ledger:
        held: dict[str, int] = {}
        for row in ledger.devices():
            for sealed in ledger.sealed_from(row.device_id, 0, 10**9):
                entry = ledger.entry(row.device_id, sealed.seq)
                name = "" if entry is None else str(entry.record_id)
                held[name] = held.get(name, 0) + 1
                without_leaf += ledger.leaf(row.device_id, sealed.seq) is None
    for device in devices:
        promised += len(device.promised)
        lost += sum(record not in held for record in device.promised.values())
    doubled = sum(count > 1 for count in held.values())
    report = Histories(Layout(data)).verify()
    errors = [
        line
        for device in devices
        for line in (device.folder / "errors.txt").read_text("utf-8").splitlines()
        if line and not line.startswith(" ")
    ]
    return {
        "records": promised,
        "stored": len(held),
        "lost": lost,
        "doubled": doubled,
        "without_leaf": without_leaf,
        "history_verified": report.verified,
        "kills": kills,
        "unfinished": sum(not device.done for device in devices),
        "faults": faults + errors[:5],
        "seconds": round(took_s, 1),
    }


def main() -> int:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--records", type=int, default=10_000)
    parser.add_argument("--devices", type=int, default=4)
    parser.add_argument("--faults", type=float, default=0.3, help="share of bad connections")
    parser.add_argument(
        "--kills", type=float, default=0.15, help="chance of a kill each half second"
    )
    parser.add_argument("--postgres", action="store_true")
    parser.add_argument("--minutes", type=float, default=90, help="give up after this long")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="visavis-soak-") as folder, ExitStack() as running:
        figures = soak(options, Path(folder), running)
    bad = figures["lost"] or figures["doubled"] or figures["without_leaf"] or figures["faults"]
    bad = bad or figures["unfinished"]
    good = figures["history_verified"] and not bad
    if options.json:
        print(json.dumps(figures))
    else:
        for name, value in figures.items():
            print(f"{name:20} {value}")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
