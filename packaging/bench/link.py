"""Benchmark: a day's journal and records over a slow and lossy link, and what a cut costs.

    python packaging/bench/link.py [--json] [--quick] [--records N] [--cuts N]

A real device (real services, real HTTPS) behind a proxy that behaves as a weak mobile link does: 5
Mbit/s each way, 80 ms to the answer, and for 5 % of the pieces the wait of TCP for a packet that
was lost (the proxy stands above TCP, so a loss is a pause and never a gap). Pieces of 16 KiB do not
overlap, so that the link is slower than its name. Measured:

* from the first byte sent until every entry of the day is committed there;
* bytes sent a second time for each cut, beyond what one delivery without cuts sends.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import tempfile
import time
from functools import partial
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from kiosk.audit.entries import EntryKind
from kiosk.ports import LinkAnswer, OutboxState
from tests.fakes.central_side import CentralSide, founded, serving
from tests.fakes.enrolled import Call, EnrolledDevice
from tests.fakes.fault_proxy import NONE, Fault, FaultProxy

BYTES_PER_S = 5_000_000 // 8
DELAY_S = 0.040
LOSS, RETRANSMIT_S = 0.05, 0.2
"""Share of pieces that wait, and for how long: the shortest wait of Linux before it sends again."""
GOAL_COMMIT_S, GOAL_RESENT = 3.0, 256 * 1024
RECORD_BYTES = 1_500_000
_MOST_TRIES = 200


class LossyFault(Fault):
    """A link of one speed, on which each piece may come late."""

    __slots__ = ("_chance",)

    def __init__(self, chance: random.Random) -> None:
        super().__init__(bytes_per_s=BYTES_PER_S)
        object.__setattr__(self, "_chance", chance)

    def __getattribute__(self, name: str) -> object:
        """``delay_s`` is drawn anew for each piece."""
        if name != "delay_s":
            return super().__getattribute__(name)
        lost = super().__getattribute__("_chance").random() < LOSS
        return DELAY_S + (RETRANSMIT_S if lost else 0.0)


def _day(device: EnrolledDevice, records: int, record_bytes: int) -> None:
    """What happens between two deliveries."""
    device.journal.record(EntryKind.SHIFT_OPEN, {"agent": "a-17"})
    for _ in range(records):
        device.journal.record(EntryKind.VERIFY_OPEN, {"agent": "a-17", "procedure": "cpf"})
        device.seal(extra_bytes=record_bytes)
    device.journal.record(EntryKind.SHIFT_CLOSE, {"agent": "a-17"})


def _enrolled(side: CentralSide, url: str) -> EnrolledDevice:
    reached = CentralSide(side.data, url, side.process, side.log)
    return EnrolledDevice().enrol(reached.enrol_code())


def commit(side: CentralSide, seed: int, records: int) -> dict[str, float]:
    """Seconds from contact until all entries of a day are committed there."""
    port = int(side.url.rpartition(":")[2])
    chance = random.Random(seed)  # noqa: S311 - losses, not secrets
    with FaultProxy(port, lambda _: LossyFault(chance)) as proxy:
        device = _enrolled(side, proxy.url)
        _day(device, records, 0)
        entries, committed, began = device.size(), 0.0, time.perf_counter()

        def watch(call: Call) -> LinkAnswer:
            nonlocal committed
            answer = call.go()
            if call.method == "POST" and call.path.endswith("/log") and not committed:
                committed = time.perf_counter() - began
            return answer

        device.links.trouble = watch
        # The records of the day take their time on such a link; here the journal counts.
        device.delivery.run_once(cancelled=lambda: committed > 0)
        with side.ledger() as ledger:
            row = ledger.device(device.identity.device_id)
        if row is None or row.size < entries or not committed:
            raise RuntimeError("the journal did not arrive")
        return {"entries": entries, "committed_s": round(committed, 2)}


def cuts(side: CentralSide, seed: int, wanted: int, record_bytes: int) -> dict[str, float]:
    """Bytes sent again for each cut of one large record's upload."""
    port = int(side.url.rpartition(":")[2])
    with FaultProxy(port) as proxy:
        device = _enrolled(side, proxy.url)
        device.delivery.run_once()
        before = proxy.up
        _day(device, 1, record_bytes)
        device.delivery.run_once()
        plain = proxy.up - before
    chance = random.Random(seed)  # noqa: S311 - places of cuts, not secrets
    with FaultProxy(port) as proxy:
        device = _enrolled(side, proxy.url)
        device.delivery.run_once()
        _day(device, 1, record_bytes)
        sent: list[int] = []
        struck = proxy.struck
        while not _stored(device) and len(sent) < _MOST_TRIES:
            at = chance.randrange(200_000, 1_000_000)
            fault = Fault(cut_up=at) if len(sent) < wanted else NONE
            proxy.choose = partial(_always, fault)
            before = proxy.up
            device.delivery.run_once()
            sent.append(proxy.up - before)
        done = proxy.struck - struck
        if not _stored(device):
            raise RuntimeError("the record did not arrive")
        # Each try asks for time, policy and state anew: that is not the record's.
        overhead = _calls_bytes(proxy, device) * (len(sent) - 1)
        of_calls = overhead // max(1, len(sent) - 1)
        later = _cut_of_a_later_day(device, proxy, record_bytes, chance) - plain - of_calls
    # The first try ever sends the record whole, and a cut costs all of it; from then on parts
    # travel, also on the days after.
    again = max(0, sum(sent[1:]) - plain - overhead) / max(1, done - 1)
    return {
        "cuts": done,
        "first_cut_ever_resent": sent[0],
        "first_cut_of_a_later_day_resent": max(0, later),
        "resent_per_later_cut": round(again),
    }


def _cut_of_a_later_day(
    device: EnrolledDevice, proxy: FaultProxy, record_bytes: int, chance: random.Random
) -> int:
    """Bytes sent for a record whose first try is cut, by a device whose link was cut before."""
    device.clock.advance(days=1)
    _day(device, 1, record_bytes)
    before = proxy.up
    for fault in (Fault(cut_up=chance.randrange(200_000, 1_000_000)), NONE):
        proxy.choose = partial(_always, fault)
        device.delivery.run_once()
    if not _stored(device):
        raise RuntimeError("the record did not arrive")
    return proxy.up - before


def _always(fault: Fault, _number: int) -> Fault:
    return fault


def _calls_bytes(proxy: FaultProxy, device: EnrolledDevice) -> int:
    """What one delivery sends that has nothing to send."""
    proxy.choose = lambda _n: NONE
    before = proxy.up
    device.delivery.run_once()
    return proxy.up - before


def _stored(device: EnrolledDevice) -> bool:
    return all(row.state is OutboxState.STORED for row in device.delivery.status())


def main() -> int:
    """Run and print; 1 where a goal was missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--quick", action="store_true", help="one day, three cuts")
    parser.add_argument("--records", type=int, default=40, help="records of the day")
    parser.add_argument("--cuts", type=int, default=20)
    parser.add_argument("--days", type=int, default=10)
    options = parser.parse_args()
    if options.quick:
        options.days, options.cuts = 1, 3
    with (
        tempfile.TemporaryDirectory(prefix="visavis-link-") as folder,
        serving(founded(Path(folder) / "central")) as side,
    ):
        days = [commit(side, seed, options.records) for seed in range(options.days)]
        cut = cuts(side, 1, options.cuts, RECORD_BYTES * (1 if options.quick else 4))
    slowest = max(day["committed_s"] for day in days)
    figures = {
        "mbit_per_s": BYTES_PER_S * 8 / 1e6,
        "entries": days[0]["entries"],
        "committed_slowest_s": slowest,
        "committed_median_s": sorted(day["committed_s"] for day in days)[len(days) // 2],
        **cut,
    }
    if options.json:
        print(json.dumps(figures))
    else:
        for name, value in figures.items():
            print(f"{name:24} {value}")
    resent = max(cut["resent_per_later_cut"], cut["first_cut_of_a_later_day_resent"])
    return 0 if slowest <= GOAL_COMMIT_S and resent <= GOAL_RESENT else 1


if __name__ == "__main__":
    sys.exit(main())
