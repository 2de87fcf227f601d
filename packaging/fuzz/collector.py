"""Fuzzing of the collector's calls, from their document, against a running collector.

    python packaging/fuzz/collector.py [--minutes N] [--seed S]

Three ways in turn: requests signed by an enrolled device, requests that somebody else signed or
nobody, and signed requests that are spoilt byte by byte. Every answer must be one that the document
in ``resources/contract`` knows, and none may say that the program failed. Prints how many answers
of each status each call gave; what breaks a promise ends the run.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from tests.fakes.contract import wrong_signatures
from tests.fakes.contract_world import World, world

ROUND = 500


def fuzz(made: World, number: int, examples: int = ROUND) -> int:
    """One round of each way; how many requests were sent."""
    caller, mangler = made.caller, made.mangler
    log = f"/v1/devices/{made.device.identity.device_id}/log"
    paths = (log, f"{log}?x=1", "/v1/policy", "/v1/time?nonce=a", "/v1/results?after=0", "/c/x")
    plain = settings(
        max_examples=examples,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.generate],
    )

    @seed(number)
    @plain
    @given(case=caller.cases())
    def signed(case):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
        caller.send(case, caller.auth)

    @seed(number)
    @plain
    @given(case=caller.cases(), auth=st.sampled_from(wrong_signatures(caller.key)))
    def wrong(case, auth):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
        caller.send_wrongly(case, auth)

    @seed(number)
    @plain
    @given(data=st.data(), path=st.sampled_from(paths))
    def mangled(data, path):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
        fields = made.signed_fields("GET", path)
        mangler.send(data.draw(mangler.mangled("GET", path, fields)))

    for way in (signed, wrong, mangled):
        way()
    return caller.answered.total() + mangler.answered.total()


def main() -> int:
    """Run; 0 when every promise was kept."""
    parser = argparse.ArgumentParser(description="Fuzz the collector from its document.")
    parser.add_argument("--minutes", type=float, default=5)
    parser.add_argument("--seed", type=int, default=1)
    chosen = parser.parse_args()
    until, number = time.monotonic() + chosen.minutes * 60, chosen.seed
    with tempfile.TemporaryDirectory() as folder, world(Path(folder)) as made:
        while time.monotonic() < until:
            sent = fuzz(made, number)
            number += 1
            print(f"{sent} requests", flush=True)
        for (call, status), times in sorted(made.caller.answered.items()):
            print(f"{times:7} {status} {call}")
        print("mangled:", dict(sorted(made.mangler.answered.items())))
        log = made.side.log.read_text()
        failed = "Traceback" in log or '"status": 500' in log
    print("a failure is in the log" if failed else "every answer is one of the document")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
