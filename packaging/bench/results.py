"""How long a request waits for its result: seconds from the start of a sync to the provider.

A real central side, a real HTTPS server of a provider and a real device, all on this machine.

Usage: ``python packaging/bench/results.py [--requests N] [--records N] [--json]``
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
import threading
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.fakes.central_side import founded, serving
from tests.fakes.enrolled import EnrolledDevice
from tests.fakes.provider import Provider, answered, provider_of, seal_case

_RECORD_BYTES = 1_000_000
_LONGEST_S = 120.0


def one_by_one(provider: Provider, device: EnrolledDevice, requests: int) -> dict[str, float]:
    """Seal, sync and wait, one request after the other."""
    waits = []
    for number in range(requests):
        seal_case(device, answered(number))
        began = time.monotonic()
        device.delivery.run_once()
        provider.wait_for(f"req-{number}", _LONGEST_S)
        waits.append(time.monotonic() - began)
    return {"median_s": round(statistics.median(waits), 3), "max_s": round(max(waits), 3)}


def behind_records(provider: Provider, device: EnrolledDevice, records: int) -> dict[str, float]:
    """One result sealed last, behind large records that wait for the same sync."""
    for _ in range(records):
        device.seal(extra_bytes=_RECORD_BYTES)
    number = 1_000_000
    seal_case(device, answered(number))
    began = time.monotonic()
    syncing = threading.Thread(target=device.delivery.run_once)
    syncing.start()
    provider.wait_for(f"req-{number}", _LONGEST_S)
    told = time.monotonic() - began
    syncing.join()
    return {
        "records": records,
        "provider_s": round(told, 3),
        "sync_s": round(time.monotonic() - began, 3),
    }


def measure(requests: int, records: int) -> dict[str, dict[str, float]]:
    """Both figures, over a central side made for them."""
    with tempfile.TemporaryDirectory(prefix="visavis-bench-") as folder:
        data = founded(Path(folder) / "central")
        with serving(data) as side, provider_of(side, Path(folder)) as provider:
            device = EnrolledDevice().enrol(side.enrol_code())
            device.delivery.run_once()
            return {
                "one_by_one": one_by_one(provider, device, requests),
                "behind_records": behind_records(provider, device, records),
            }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--requests", type=int, default=20)
    parser.add_argument("--records", type=int, default=20, help="of 1 MB each")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    found = measure(given.requests, given.records)
    if given.json:
        sys.stdout.write(f"{json.dumps(found)}\n")
        return
    one, behind = found["one_by_one"], found["behind_records"]
    sys.stdout.write(
        f"start of the sync to the provider: median {one['median_s']} s, at most {one['max_s']} s\n"
        f"behind {behind['records']} MB of records: {behind['provider_s']} s; "
        f"the sync itself ended after {behind['sync_s']} s\n"
    )


if __name__ == "__main__":
    main()
