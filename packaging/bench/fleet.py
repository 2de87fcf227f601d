"""Benchmark: a whole fleet comes back at once; how long its calls take, and whether any fails.

    python packaging/bench/fleet.py [--json] [--quick] [--devices N] [--minutes M] [--visits N]
                                    [--processes N] [--postgres]

Every simulated device has its own key and journal, arrives at a random moment of the burst, and
makes over its own TLS 1.3 connection the calls of a delivery: time, policy, state of the journal,
journal, each record, receipts, conflicts. Entries and signatures are real and checked; records are
scaled down (``--record-bytes``), because bytes are what ``bench ingest`` measures. Calls are signed
beforehand, for the moment at which they will be made, so that the load generator, which shares the
machine, costs little. Arrivals do not wait for one another: what is late is told as ``late``.

A device that is put off (503 with ``Retry-After``) hangs up and comes again when it was told to, as
:mod:`kiosk.sync.retry` lets a real one, over a connection of its own and with calls that it signs
anew where they have grown old. It is no error; how many there were, how often one device was put
off at most, and when the last one was served are told.
"""

from __future__ import annotations

import argparse
import heapq
import itertools
import json
import multiprocessing
import os
import queue
import random
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import msgspec

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))
sys.path.insert(0, str(ROOT / "packaging" / "bench"))

from simulated import (
    Caller,
    Side,
    SimulatedDevice,
    cpu_s,
    enrolled_row,
    percentile,
    register,
    sealed_blob,
    side_of,
    tls,
    wait_for,
)

from central.__main__ import system_time
from central.archive.layout import Layout
from central.archive.schema import (
    entries,
    log_leaves,
    sealed,
)
from central.archive.storage import EMBEDDED, Storage
from central.authority.founding import LOCAL_HOSTS, found
from kiosk.audit.entries import entry_leaf
from kiosk.crypto.digests import b64u, sha256, unb64u
from kiosk.crypto.http_signatures import sign_request
from kiosk.crypto.signing import SigningKey
from kiosk.domain.ids import DeviceId
from kiosk.sync.messages import ReceiptPage, decode
from kiosk.sync.policy import open_policy
from kiosk.sync.receipts import (
    LogKey,
    Sent,
    open_log_checkpoint,
    verify_receipt,
)
from kiosk.sync.retry import after_told_s, told_wait_s
from tests.fakes.central_side import reading, serving
from tests.fakes.ports import take_port
from tests.fakes.stores import postgres

GOAL_LOG_P99_S = 1.0
_VERIFY_EVERY = 50
_BATCH = 250
_GOOD = frozenset({200, 201, 304})
_LOG_CALLS = ("log-state", "log-push")
_MOST_LATE_S = 200
"""Prepared signatures are good for five minutes: a burst that begins later is not one."""
_SIGN_ANEW_S = 120
"""A device whose turn came so late signs its calls again, as a real one would."""


class Call(msgspec.Struct):
    """One call of one device, signed for its moment."""

    name: str
    method: str
    path: str
    body: bytes
    headers: dict[str, str]


class Visit(msgspec.Struct):
    """A device's whole delivery.

    Attributes:
        at_s: when it arrives, seconds from the beginning of the burst.
        port: of the collector process that it reaches.
        sent: entry hash and blob hash by entry number, for the receipts.
        due_s: when it comes now: at first, or again after it was put off.
        put_off: how often it was.
    """

    device_id: str
    seed: bytes
    public: bytes
    at_s: float
    port: int
    calls: list[Call]
    sent: dict[int, tuple[bytes, bytes]]
    due_s: float = 0.0
    put_off: int = 0


@dataclass(frozen=True, slots=True)
class _Order:
    """What a preparing process is asked for."""

    token: str
    root: bytes
    origin: str
    begins: float
    seed: int
    arrivals: tuple[float, ...]
    ports: tuple[int, ...]
    visits: int
    record_bytes: int


class _Signer:
    """Collects the calls of one device, each signed for the moment of its arrival."""

    def __init__(self, key: SigningKey, url: str, created: datetime) -> None:
        self._key, self._url, self._created = key, url, created
        self.calls: list[Call] = []

    def add(self, name: str, method: str, path: str, body: bytes = b"", etag: str = "") -> None:
        """One more call."""
        headers = sign_request(method, self._url + path, body, self._key, self._created)
        if etag:
            headers["If-None-Match"] = etag
        self.calls.append(Call(name, method, path, body, headers))


def _prepare(order: _Order) -> bytes:
    """Some devices with all their calls, as MessagePack."""
    chance = random.Random(order.seed)  # noqa: S311 - names and arrivals, not secrets
    policy = open_policy(order.token, order.root)
    blob = sealed_blob(order.record_bytes, policy)
    prepared = []
    for at_s in order.arrivals:
        device = SimulatedDevice(SigningKey.generate(), order.origin, policy)
        device.day([blob] * order.visits, chance)
        port = chance.choice(order.ports)
        created = datetime.fromtimestamp(order.begins + at_s, UTC)
        base = f"/v1/devices/{device.device_id}"
        signer = _Signer(device.key, f"https://localhost:{port}", created)
        signer.add("time", "GET", f"/v1/time?nonce={chance.getrandbits(64):x}")
        etag = f'"{b64u(sha256(order.token.encode()))}"'
        signer.add("policy", "GET", "/v1/policy", etag=etag)
        signer.add("log-state", "GET", f"{base}/log")
        signer.add("log-push", "POST", f"{base}/log", device.push())
        for seq in device.records:
            signer.add("record", "PUT", f"{base}/records/{seq}", blob.data)
        signer.add("receipts", "GET", f"{base}/receipts?from=0&tree=0")
        signer.add("conflicts", "GET", f"{base}/conflicts")
        sent = {seq: (entry_leaf(device.entries[seq]), blob.sha256) for seq in device.records}
        who = device.device_id, device.key.seed, device.key.public
        prepared.append(Visit(*who, at_s, port, signer.calls, sent))
    return msgspec.msgpack.encode(prepared)


@dataclass
class Measured:
    """What one thread of the generator saw; seconds by call."""

    seconds: dict[str, list[float]] = field(default_factory=dict)
    late: list[float] = field(default_factory=list)
    whole: list[float] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    put_off: list[int] = field(default_factory=list)
    served: int = 0
    last_s: float = 0.0


class _PutOffError(Exception):
    """The collector asks the device to come again.

    Attributes:
        wait_s: after so many seconds.
    """

    def __init__(self, wait_s: float) -> None:
        super().__init__("busy")
        self.wait_s = wait_s


class Returns:
    """Devices that come again, and how many are not through yet; used from any thread."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._heap: list[tuple[float, int, Visit]] = []
        self._order = itertools.count()
        self._open = 0

    def begins(self) -> None:
        """A device comes for the first time."""
        with self._changed:
            self._open += 1

    def ends(self) -> None:
        """A device is through, or failed."""
        with self._changed:
            self._open -= 1
            self._changed.notify()

    def comes_again(self, visit: Visit) -> None:
        """At ``visit.due_s``."""
        with self._changed:
            heapq.heappush(self._heap, (visit.due_s, next(self._order), visit))
            self._changed.notify()

    def before(self, due_s: float) -> Visit | None:
        """The next one that comes again before another that comes at ``due_s``."""
        with self._changed:
            return heapq.heappop(self._heap)[2] if self._heap and self._heap[0][0] < due_s else None

    def rest(self, now_s: Callable[[], float]) -> Iterator[Visit]:
        """Each that still comes, when it does, until every device is through."""
        while True:
            with self._changed:
                if not self._open:
                    return
                left = self._heap[0][0] - now_s() if self._heap else 1.0
                if left > 0:
                    self._changed.wait(left)
                    continue
                found = heapq.heappop(self._heap)[2]
            yield found


class Burst:
    """Lets prepared devices arrive."""

    def __init__(self, side: Side, began: float, threads: int) -> None:
        self._side = side
        self._context = tls(side.ca_pem)
        self._began = began
        self._arrived: queue.Queue[Visit | None] = queue.Queue()
        self.measured = [Measured() for _ in range(threads)]
        self._returns = Returns()
        self._chance = random.Random(began)  # noqa: S311 - jitter, not secrets

    def _now_s(self) -> float:
        return time.monotonic() - self._began

    def run(self, visits: Iterator[Visit]) -> None:
        """All of them, in the order of their arrival."""
        threads = [threading.Thread(target=self._work, args=(one,)) for one in self.measured]
        for thread in threads:
            thread.start()
        for visit in visits:
            visit.due_s = visit.at_s
            self._returns.begins()
            while (other := self._returns.before(visit.due_s)) is not None:
                self._arrive(other)
            self._arrive(visit)
        for visit in self._returns.rest(self._now_s):
            self._arrived.put(visit)
        for _ in threads:
            self._arrived.put(None)
        for thread in threads:
            thread.join()

    def _arrive(self, visit: Visit) -> None:
        wait_for(self._began + visit.due_s)
        self._arrived.put(visit)

    def _work(self, measured: Measured) -> None:
        while (visit := self._arrived.get()) is not None:
            measured.late.append(self._now_s() - visit.due_s)
            caller = Caller(visit.port, self._context)
            try:
                self._serve(visit, caller, measured)
            except _PutOffError as exc:
                visit.put_off += 1
                visit.due_s = self._now_s() + exc.wait_s
                self._returns.comes_again(visit)
                continue
            except Exception as exc:  # noqa: BLE001 - told in the figures, which then are no good
                measured.faults.append(f"{type(exc).__name__} {exc}")
            finally:
                caller.close()
            measured.whole.append(self._now_s() - visit.at_s)
            measured.put_off.append(visit.put_off)
            measured.last_s = self._now_s()
            self._returns.ends()

    def _signed_now(self, visit: Visit) -> None:
        key, url = SigningKey.from_seed(visit.seed), f"https://localhost:{visit.port}"
        for call in visit.calls[1:]:
            if call.headers:
                fresh = sign_request(call.method, url + call.path, call.body, key, system_time())
                call.headers |= fresh

    def _serve(self, visit: Visit, caller: Caller, measured: Measured) -> None:
        for call in visit.calls:
            began = time.perf_counter()
            status, body = caller.send(call.method, call.path, call.body, call.headers)
            if status == 503 and call.name == "time":
                told_s = told_wait_s(caller.fields)
                raise _PutOffError(after_told_s(told_s, self._chance.random()))
            if call.name == "time" and self._now_s() - visit.at_s > _SIGN_ANEW_S:
                # Whoever is let in late signs with the time that it was just told.
                self._signed_now(visit)
            measured.seconds.setdefault(call.name, []).append(time.perf_counter() - began)
            if status not in _GOOD:
                measured.faults.append(f"{call.name} {status} {body[:80]!r}")
                return
            if call.name == "receipts":
                self._check(visit, body, thorough=measured.served % _VERIFY_EVERY == 0)
        measured.served += 1

    def _check(self, visit: Visit, body: bytes, *, thorough: bool) -> None:
        """The receipts: every one there; of some devices, verified as a device does."""
        if not thorough:
            if body.count(b'"state":"stored"') != len(visit.sent):
                raise ValueError("a receipt is missing")
            return
        page = decode(body, ReceiptPage)
        log: LogKey = self._side.log
        checkpoint = open_log_checkpoint(page.checkpoint, page.consistency, log, None)
        for item in page.receipts:
            entry, blob = visit.sent[item.seq]
            verify_receipt(item, Sent(DeviceId(visit.device_id), item.seq, entry, blob), checkpoint)


class Preparation:
    """Prepares every device in all processors, for a burst whose beginning it foresees."""

    def __init__(self, options: argparse.Namespace, data: Path, ports: tuple[int, ...]) -> None:
        self._options, self._data, self._ports = options, data, ports
        self._side = side_of(data)
        with reading(data) as ledger:
            newest = ledger.policy()
        if newest is None:
            raise RuntimeError("no policy")
        self._token = newest[1]
        self._root = unb64u(Layout(data).root_public.read_text("ascii").strip())
        self._lengths: list[int] = []
        self.begins = 0.0

    def _order(self, seed: int, arrivals: tuple[float, ...]) -> _Order:
        return _Order(
            token=self._token,
            root=self._root,
            origin=self._side.log.origin,
            begins=self.begins,
            seed=seed,
            arrivals=arrivals,
            ports=self._ports,
            visits=self._options.visits,
            record_bytes=self._options.record_bytes,
        )

    def run(self, file: Path) -> None:
        """Write all of them into ``file`` in order of arrival, and enrol them."""
        options, workers = self._options, os.cpu_count() or 1
        chance = random.Random(options.seed)  # noqa: S311 - arrivals, not secrets
        arrivals = sorted(chance.uniform(0, options.minutes * 60) for _ in range(options.devices))
        began = time.perf_counter()
        _prepare(self._order(0, tuple(arrivals[:20])))
        # Enrolling takes its time too; the processes share the processors with it.
        foreseen_s = (time.perf_counter() - began) / 20 * options.devices / workers * 1.3
        self.begins = time.time() + foreseen_s
        orders = [
            self._order(options.seed + start, tuple(arrivals[start : start + _BATCH]))
            for start in range(0, len(arrivals), _BATCH)
        ]
        decode_visits = msgspec.msgpack.Decoder(list[Visit])
        with file.open("wb") as out, multiprocessing.get_context("spawn").Pool(workers) as pool:
            for batch in pool.imap(_prepare, orders):
                out.write(batch)
                self._lengths.append(len(batch))
                known = [(v.device_id, v.public) for v in decode_visits.decode(batch)]
                register(self._data, [enrolled_row(DeviceId(d), key) for d, key in known])
        if time.time() > self.begins + _MOST_LATE_S:
            raise RuntimeError("preparing took too long: fewer devices, or a faster machine")
        wait_for(time.monotonic() + self.begins - time.time())

    def visits(self, file: Path) -> Iterator[Visit]:
        """What was prepared, read back a batch at a time."""
        decode_visits = msgspec.msgpack.Decoder(list[Visit])
        with file.open("rb") as source:
            for length in self._lengths:
                bodies: dict[bytes, bytes] = {}
                for visit in decode_visits.decode(source.read(length)):
                    for call in visit.calls:
                        # One sealed record serves a batch: those who wait share its bytes.
                        call.body = bodies.setdefault(call.body, call.body)
                    yield visit


def _held(data: Path) -> dict[str, int]:
    with reading(data) as ledger:
        tables = {"entries": entries, "records": sealed, "leaves": log_leaves}
        return {name: ledger.count(table) for name, table in tables.items()}


def fleet(options: argparse.Namespace, folder: Path, running: ExitStack) -> dict[str, object]:
    """Run it; the figures."""
    data, storage = folder / "central", EMBEDDED
    if options.postgres:
        storage = Storage(running.enter_context(postgres()).url)
    now = system_time()
    found(Layout(data), LOCAL_HOSTS, "idp.test", now, demonstration=False, storage=storage)
    ports = tuple(take_port() for _ in range(options.processes))
    preparation, file = Preparation(options, data, ports), folder / "visits"
    began = time.perf_counter()
    preparation.run(file)
    preparing_s = time.perf_counter() - began
    sides = [running.enter_context(serving(data, port)) for port in ports]
    burst = Burst(side_of(data), time.monotonic(), options.threads)
    own, began = time.process_time(), time.perf_counter()
    burst.run(preparation.visits(file))
    took_s, own = time.perf_counter() - began, time.process_time() - own
    collectors_s = sum(cpu_s(one.process.pid) for one in sides)
    return _told(options, burst.measured, took_s) | {
        "held": _held(data),
        "collector_cpu_ms_per_device": round(1000 * collectors_s / options.devices, 2),
        "generator_cpu_ms_per_device": round(1000 * own / options.devices, 2),
        "preparing_s": round(preparing_s, 1),
    }


def _told(
    options: argparse.Namespace, measured: list[Measured], took_s: float
) -> dict[str, object]:
    calls: dict[str, list[float]] = {}
    for one in measured:
        for name, values in one.seconds.items():
            calls.setdefault(name, []).extend(values)
    log = [value for name in _LOG_CALLS for value in calls.get(name, [])]
    late = [value for one in measured for value in one.late]
    whole = [value for one in measured for value in one.whole]
    put_off = [value for one in measured for value in one.put_off]
    return {
        "devices": options.devices,
        "served": sum(one.served for one in measured),
        "minutes": options.minutes,
        "seconds": round(took_s, 1),
        "processes": options.processes,
        "calls": sum(len(values) for values in calls.values()),
        "log_p50_s": round(percentile(log, 0.5), 4),
        "log_p99_s": round(percentile(log, 0.99), 4),
        "late_p99_s": round(percentile(late, 0.99), 4),
        "put_off": sum(put_off),
        "put_off_devices": sum(1 for value in put_off if value),
        "put_off_most": max(put_off, default=0),
        "last_served_s": round(max((one.last_s for one in measured), default=0.0), 1),
        "delivery_p50_s": round(percentile(whole, 0.5), 3),
        "delivery_p99_s": round(percentile(whole, 0.99), 3),
        "p99_s_by_call": {n: round(percentile(v, 0.99), 4) for n, v in calls.items()},
        "errors": sum(len(one.faults) for one in measured),
        "faults": [fault for one in measured for fault in one.faults][:5],
    }


def main() -> int:
    """Run and print; 1 where a call failed, something is missing, or the log was too slow."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--quick", action="store_true", help="300 devices in six seconds")
    parser.add_argument("--devices", type=int, default=65_000)
    parser.add_argument("--minutes", type=float, default=5)
    parser.add_argument("--visits", type=int, default=1, help="records of each device")
    parser.add_argument("--record-bytes", type=int, default=8_000)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--postgres", action="store_true")
    parser.add_argument("--threads", type=int, default=64, help="deliveries at once at most")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    if options.quick:
        options.devices, options.minutes = 300, 0.1
    with tempfile.TemporaryDirectory(prefix="visavis-fleet-") as folder, ExitStack() as running:
        figures = fleet(options, Path(folder), running)
    records = options.devices * options.visits
    # A shift is opened and closed, a case opened and closed for each record.
    complete = {"entries": 2 * options.devices + 2 * records, "records": records, "leaves": records}
    good = not figures["errors"] and figures["held"] == complete
    quick_enough = options.quick or float(str(figures["log_p99_s"])) <= GOAL_LOG_P99_S
    if options.json:
        print(json.dumps(figures))
    else:
        for name, value in figures.items():
            print(f"{name:28} {value}")
    return 0 if good and quick_enough else 1


if __name__ == "__main__":
    sys.exit(main())
