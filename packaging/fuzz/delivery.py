"""Delivery under everything at once, for as long as it is told.

    python packaging/fuzz/delivery.py [--minutes N] [--steps M] [--seed S]

A device, a collector in a process of its own, and a bad network between them
(``tests/fakes/delivery_machine.py`` says what happens and what must hold). Prints how often each
thing happened; a broken promise ends the run with the steps that lead to it.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import run_state_machine_as_test

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from tests.fakes import programs
from tests.fakes.central_side import founded
from tests.fakes.delivery_machine import DeliveryMachine

ROUND = 10


def main() -> int:
    """Run; an assertion ends it."""
    parser = argparse.ArgumentParser(description="Deliver under everything at once.")
    parser.add_argument("--minutes", type=float, default=5)
    parser.add_argument("--steps", type=int, default=40)
    parser.add_argument("--seed", type=int, default=1)
    chosen = parser.parse_args()
    programs.keep_loaded()
    until, number, happened = time.monotonic() + chosen.minutes * 60, chosen.seed, Counter[str]()
    with tempfile.TemporaryDirectory() as folder:

        class Founded(DeliveryMachine):
            template = founded(Path(folder) / "central")
            counted = happened

        while time.monotonic() < until:
            chance = settings(
                max_examples=ROUND,
                stateful_step_count=chosen.steps,
                deadline=None,
                database=None,
                suppress_health_check=list(HealthCheck),
                phases=[Phase.generate],
            )
            run_state_machine_as_test(seed(number)(Founded), settings=chance)
            number += 1
            print(f"seed {number - 1}: {happened['machines']} machines", flush=True)
    for name, times in sorted(happened.items()):
        print(f"{times:8} {name}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
