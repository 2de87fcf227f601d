"""Benchmark: keep one step of a case, as a draft with its standing record, on the encrypted store.

    python packaging/bench/drafts.py [--json] [--runs N] [--dir FOLDER]

Each accepted act of an agent is kept before the screen goes on: the state encrypted for the shift,
and beside it the record that the case was left there, signed and sealed (decision 0051). Processor
time of this process in the vault's thread, commit included; the same saves without the standing
record in turn with them, so that both meet the same machine. What changes from save to save is a
mark of the agent, as in a case at work.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from kiosk.domain.ids import CaseId
from kiosk.services.drafts import Drafts
from kiosk.vault.store import open_store
from tests.fakes.desk import Desk
from tests.services.test_sealing import decided


def measure(folder: Path, runs: int) -> dict[str, object]:
    """Save ``runs`` times each way; milliseconds of processor time for one save."""
    store = open_store(folder / "vault.db", os.urandom(32))
    desk = Desk(store=store)
    session = desk.session()
    ways = {"with_record": desk.drafts, "without": Drafts(desk.clock)}
    spent = dict.fromkeys(ways, 0.0)
    for number in range(runs + 1):
        for place, (name, drafts) in enumerate(ways.items()):
            state = replace(
                decided(case=f"{place:032x}"), decision=None, ticked=(f"mark-{number:06d}",)
            )
            start = time.process_time()
            with store.begin() as uow:
                drafts.save(uow, state, session)
                uow.commit()
            # The first save of each case reads its keys; it is no step at work.
            spent[name] += (time.process_time() - start) if number else 0.0
    with store.begin() as uow:
        kept = len(uow.values.get(f"case-standing/{CaseId('0' * 32)}") or b"")
        kept += len(uow.values.get(f"case-standing-bytes/{CaseId('0' * 32)}") or b"")
    store.close()
    return {
        "runs": runs,
        "cpu_ms_per_save": {name: round(1000 * s / runs, 2) for name, s in spent.items()},
        "bytes_beside_a_draft": kept,
    }


def main() -> int:
    """Parse, measure, print."""
    parser = argparse.ArgumentParser(description="Keep one step of a case.")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--runs", type=int, default=300)
    parser.add_argument("--dir", type=Path, default=None)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=options.dir, prefix="visavis-bench-") as folder:
        figures = measure(Path(folder), options.runs)
    if options.json:
        print(json.dumps(figures))
        return 0
    for name, value in figures.items():
        print(f"{name:20} {value}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
