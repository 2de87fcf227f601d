"""Benchmark: what witnesses add to the wait for a receipt.

    python packaging/bench/witness.py [--json] [--records N]

One collector process, and none, one or two witness processes on the loopback, in one run and turn
about, so that the load of the machine falls on all alike. A record is delivered at a time; the
time of the call that asks for its receipt is taken, the cosignatures it waits for included. Every
receipt must be proven stored, with the quorum of that fleet: all of its witnesses.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from kiosk.ports import LinkAnswer
from tests.fakes.enrolled import Call, EnrolledDevice
from tests.fakes.witnessed_side import WitnessedSide

_FLEETS = (0, 1, 2)


def timed(device: EnrolledDevice, taken_s: list[float]) -> None:
    """Note how long calls for receipts take."""

    def trouble(call: Call) -> LinkAnswer:
        began = time.perf_counter()
        answer = call.go()
        if "/receipts" in call.path:
            taken_s.append(time.perf_counter() - began)
        return answer

    device.links.trouble = trouble


def main() -> int:
    """Measure; 1 where a record was not stored at its first delivery."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--records", type=int, default=60)
    options = parser.parse_args()
    taken_s: dict[int, list[float]] = {count: [] for count in _FLEETS}
    stored = 0
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        devices = {}
        for count in _FLEETS:
            (folder / str(count)).mkdir()
            fleet = WitnessedSide.made(folder / str(count), parties=count, quorum=count)
            side = stack.enter_context(fleet.running())
            devices[count] = EnrolledDevice().enrol(side.enrol_code())
            devices[count].delivery.run_once()
            timed(devices[count], taken_s[count])
        for _ in range(options.records):
            for device in devices.values():
                device.seal()
                stored += device.delivery.run_once().stored
    report = {
        "records": options.records,
        "stored_at_once": stored,
        "receipt_call_ms": {
            str(count): {
                "median": round(1000 * statistics.median(times), 1),
                "p95": round(1000 * statistics.quantiles(times, n=20)[18], 1),
            }
            for count, times in taken_s.items()
        },
    }
    lines = [f"{stored} of {options.records * len(_FLEETS)} records stored at their first delivery"]
    lines += [
        f"{count} witnesses: receipt call {told['median']} ms, 95th percentile {told['p95']} ms"
        for count, told in report["receipt_call_ms"].items()
    ]
    sys.stdout.write((json.dumps(report) if options.json else "\n".join(lines)) + "\n")
    return 0 if stored == options.records * len(_FLEETS) else 1


if __name__ == "__main__":
    sys.exit(main())
