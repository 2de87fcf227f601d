"""Benchmark: how fast the collector takes sealed records in, and how soon receipts follow.

    python packaging/bench/ingest.py [--json] [--quick] [--store embedded|servers] [--processes N]
                                     [--records N] [--connections N]
                                     [--s3-url URL]

Records of 1 MB over TLS 1.3, each announced by a signed journal entry, each durable (file and
database row) before it is answered. The load generator runs on the same machine. ``servers`` means
PostgreSQL and an S3-compatible server, both on this machine too: moto's, or the one at
``--s3-url``, which has the bucket ``visavis`` and takes the environment's credentials. What each
uses of the processors is told apart. ``bound_mb_per_s`` is what two cores can carry of all of it
together, ``bound_without_stores_mb_per_s`` what they carry where the stores are elsewhere.

Every tenth upload is followed at once by a call for its receipt, which is verified as a device
verifies it; the receipt time runs from the first byte of the upload to that verification.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import sys
import tempfile
import threading
import time
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))
sys.path.insert(0, str(ROOT / "packaging" / "bench"))

from simulated import (
    Caller,
    Side,
    SimulatedDevice,
    cpu_s,
    percentile,
    programs_cpu_s,
    register,
    sealed_blob,
    side_of,
    tls,
)

from central.__main__ import system_time
from central.archive.layout import Layout
from central.archive.storage import EMBEDDED, Storage
from central.authority.founding import LOCAL_HOSTS, found
from kiosk.audit.entries import entry_leaf
from kiosk.crypto.signing import SigningKey
from kiosk.sync.messages import ReceiptPage, decode
from kiosk.sync.receipts import (
    Sent,
    open_log_checkpoint,
    verify_receipt,
)
from tests.fakes.central_side import serving
from tests.fakes.stores import BUCKET, object_store, postgres

RECORD_BYTES = 1_000_000
GOAL_MB_S, GOAL_RECEIPT_S = 180.0, 2.0
RECEIPT_EVERY = 10
_DISTINCT = 8
_PER_DEVICE = 20
_CORES = 2
_STORES = ("postgres", "moto.server")
"""Part of the command line of each program that keeps something."""


@dataclass
class Taken:
    """What one connection measured, seconds."""

    uploads: list[float] = field(default_factory=list)
    receipts: list[float] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)


def _devices(side: Side, records: int) -> list[SimulatedDevice]:
    """Devices that hold ``records`` records among them, at most a few dozen each."""
    blobs = [sealed_blob(RECORD_BYTES, side.policy) for _ in range(min(_DISTINCT, records))]
    chance = random.Random(1)  # noqa: S311 - names, not secrets
    devices = []
    for start in range(0, records, _PER_DEVICE):
        device = SimulatedDevice(SigningKey.generate(), side.log.origin, side.policy)
        numbers = range(start, min(start + _PER_DEVICE, records))
        device.day([blobs[number % len(blobs)] for number in numbers], chance)
        devices.append(device)
    return devices


def _send(device: SimulatedDevice, seq: int, caller: Caller, side: Side, taken: Taken) -> None:
    """One upload, and now and then its receipt."""
    blob, base = device.records[seq], f"/v1/devices/{device.device_id}"
    began = time.perf_counter()
    status, _ = caller.call(device, "PUT", f"{base}/records/{seq}", blob.data)
    taken.uploads.append(time.perf_counter() - began)
    if status != 201:
        taken.faults.append(f"upload {status}")
    if len(taken.uploads) % RECEIPT_EVERY:
        return
    status, body = caller.call(device, "GET", f"{base}/receipts?from={seq}&tree=0")
    page = decode(body, ReceiptPage)
    checkpoint = open_log_checkpoint(page.checkpoint, page.consistency, side.log, None)
    sent = Sent(device.device_id, seq, entry_leaf(device.entries[seq]), blob.sha256)
    verify_receipt(page.receipts[0], sent, checkpoint)
    taken.receipts.append(time.perf_counter() - began)


def _work(devices: list[SimulatedDevice], caller: Caller, side: Side, taken: Taken) -> None:
    try:
        for device in devices:
            for seq in device.records:
                _send(device, seq, caller, side, taken)
    except Exception as exc:  # noqa: BLE001 - told in the figures, which then are no good
        taken.faults.append(f"{type(exc).__name__} {exc}")
    finally:
        caller.close()


def ingest(options: argparse.Namespace, store: str, processes: int) -> dict[str, object]:
    """One case; its figures."""
    with tempfile.TemporaryDirectory(prefix="visavis-ingest-") as folder, ExitStack() as running:
        data, storage = Path(folder) / "central", EMBEDDED
        if store == "servers":
            os.environ.setdefault("AWS_ACCESS_KEY_ID", "specimen")
            os.environ.setdefault("AWS_SECRET_ACCESS_KEY", "specimen")
            database = running.enter_context(postgres())
            objects = options.s3_url or running.enter_context(object_store())
            storage = Storage(database.url, f"s3://{BUCKET}/sealed", objects, "eu-west-3")
        found(
            Layout(data),
            LOCAL_HOSTS,
            "idp.test",
            system_time(),
            demonstration=False,
            storage=storage,
        )
        side = side_of(data)
        devices = _devices(side, options.records)
        register(data, [device.row() for device in devices])
        sides = [running.enter_context(serving(data)) for _ in range(processes)]
        ports = [int(one.url.rpartition(":")[2]) for one in sides]
        context = tls(side.ca_pem)
        for device in devices:
            caller = Caller(ports[0], context)
            caller.call(device, "POST", f"/v1/devices/{device.device_id}/log", device.push())
            caller.close()
        taken = [Taken() for _ in range(options.connections)]
        threads = [
            threading.Thread(
                target=_work,
                args=(
                    devices[number :: options.connections],
                    Caller(ports[number % processes], context),
                    side,
                    taken[number],
                ),
            )
            for number in range(options.connections)
        ]
        used = [cpu_s(one.process.pid) for one in sides]
        stores = [programs_cpu_s(name) for name in _STORES]
        own, began = time.process_time(), time.perf_counter()
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        took_s, own = time.perf_counter() - began, time.process_time() - own
        serving_s = sum(cpu_s(one.process.pid) for one in sides) - sum(used)
        stores_s = [programs_cpu_s(name) - was for name, was in zip(_STORES, stores, strict=True)]
    uploads = [one for each in taken for one in each.uploads]
    receipts = [one for each in taken for one in each.receipts]
    database_s, objects_s = stores_s
    core_mb = len(uploads) * RECORD_BYTES / 1e6 * _CORES
    sent_mb = len(uploads) * RECORD_BYTES / 1e6
    return {
        "store": store,
        "processes": processes,
        "records": len(uploads),
        "connections": options.connections,
        "mb_per_s": round(sent_mb / took_s, 1),
        "upload_p50_s": round(percentile(uploads, 0.5), 3),
        "upload_p95_s": round(percentile(uploads, 0.95), 3),
        "receipt_p50_s": round(percentile(receipts, 0.5), 3),
        "receipt_p95_s": round(percentile(receipts, 0.95), 3),
        "collector_cpu_ms_per_record": round(1000 * serving_s / max(1, len(uploads)), 2),
        "generator_cpu_ms_per_record": round(1000 * own / max(1, len(uploads)), 2),
        "database_cpu_ms_per_record": round(1000 * database_s / max(1, len(uploads)), 2),
        "objects_cpu_ms_per_record": round(1000 * objects_s / max(1, len(uploads)), 2),
        "bound_mb_per_s": round(core_mb / (serving_s + own + database_s + objects_s), 1),
        "bound_without_stores_mb_per_s": round(core_mb / (serving_s + own), 1),
        "seconds": round(took_s, 1),
        "faults": [fault for each in taken for fault in each.faults][:5],
    }


def main() -> int:
    """Run and print; 1 where an upload failed or, in the full run, a goal was missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--quick", action="store_true", help="few records: does it work at all")
    parser.add_argument("--store", choices=("embedded", "servers"), action="append")
    parser.add_argument("--processes", type=int, action="append")
    parser.add_argument("--records", type=int, default=2000)
    parser.add_argument("--connections", type=int, default=16)
    parser.add_argument("--s3-url", default="", help="a store that runs and has the bucket")
    options = parser.parse_args()
    if options.quick:
        options.records, options.connections = 80, 4
    cases = [
        ingest(options, store, processes)
        for store in options.store or ["embedded", "servers"]
        for processes in options.processes or [1, 2]
    ]
    best = max(cases, key=lambda case: float(str(case["mb_per_s"])))
    reached = (
        float(str(best["mb_per_s"])) >= GOAL_MB_S
        and float(str(best["receipt_p95_s"])) <= GOAL_RECEIPT_S
    )
    figures = {"cases": cases, "goal_mb_per_s": GOAL_MB_S, "reached": reached}
    if options.json:
        print(json.dumps(figures))
    else:
        for case in cases:
            print(" ".join(f"{name}={value}" for name, value in case.items()))
    if any(case["faults"] for case in cases):
        return 1
    return 0 if options.quick or reached else 1


if __name__ == "__main__":
    sys.exit(main())
