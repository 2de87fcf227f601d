"""Benchmark: what a device that has nothing to send costs the collector, and how often it calls.

    python packaging/bench/idle.py [--json] [--deliveries N] [--devices N]

One collector process on the loopback and one real device without anything to send: processor time
of the collector for each delivery, TLS handshake and all, less what it spends in as much time
without any call, and the calls of one. How often such a
device delivers comes from the pauses that the screen keeps (:func:`kiosk.sync.retry.pause_ms`);
the rest is multiplication.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import threading
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from kiosk.sync.retry import pause_ms
from tests.fakes.central_side import founded, serving
from tests.fakes.enrolled import EnrolledDevice

_LONG = 1000
_ALONE_S = 10.0
_PAUSE = threading.Event()


def cpu_s(process: int) -> float:
    """Processor time of a process so far, seconds."""
    fields = Path(f"/proc/{process}/stat").read_text("ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def main() -> int:
    """Measure; 1 where a delivery met an obstacle."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--deliveries", type=int, default=300)
    parser.add_argument("--devices", type=int, default=80_000)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, serving(founded(Path(folder) / "data")) as side:
        device = EnrolledDevice().enrol(side.enrol_code())
        good = all(device.delivery.run_once().reason == "" for _ in range(20))
        alone_s, began_s = cpu_s(side.process.pid), time.monotonic()
        _PAUSE.wait(_ALONE_S)
        alone = (cpu_s(side.process.pid) - alone_s) / (time.monotonic() - began_s)
        before, calls, began_s = (
            cpu_s(side.process.pid),
            len(device.links.calls),
            time.monotonic(),
        )
        for _ in range(options.deliveries):
            good &= device.delivery.run_once().reason == ""
        spent_s = cpu_s(side.process.pid) - before - alone * (time.monotonic() - began_s)
        cpu_ms = 1000 * spent_s / options.deliveries
        calls = (len(device.links.calls) - calls) // options.deliveries
    report = {"calls": calls, "collector_cpu_ms": round(cpu_ms, 2)}
    for name, pause_s in (("every_minute", 60), ("idle", pause_ms(_LONG, left=False) / 1000)):
        rate = options.devices / pause_s
        report[name] = {
            "pause_s": pause_s,
            "deliveries_per_s": round(rate, 1),
            "collector_cores": round(rate * cpu_ms / 1000, 2),
        }
    print(json.dumps(report) if options.json else json.dumps(report, indent=1))
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
