"""Benchmark: ``kill -9`` at random instants of real sealing processes, and what is left.

    python packaging/bench/kills.py [--json] [--runs N] [--seed S] [--dir FOLDER]

A real process (``tests/vault/sealing_process.py``) drafts and seals case after case on one vault,
telling each record after its seal was acknowledged. It is killed at a drawn instant, from its very
first breath on; the next process finds the vault as it was left, takes up the draft that lay open
and goes on. After every kill: nothing acknowledged is missing, nothing is there twice, every
announced record is queued with exactly the bytes that its entry names, and the restart took up what
it found. Every twenty-fifth time, and at the end, the whole file is checked page by page, the
journal proven, and every record of that stretch opened. Exit code 1 where anything is lost or
doubled, or a restart does not go on. The default is 500 kills.
"""

from __future__ import annotations

import argparse
import json
import random
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from kiosk.audit.entries import open_entry
from kiosk.audit.records import blob_fits
from kiosk.services.sealing import SEALED_PREFIX
from kiosk.vault.store import open_store
from tests.fakes.desk import Desk
from tests.vault.sealing_process import KEY

LONGEST_WORK_S = 0.25
EARLY_SHARE = 0.15
WHOLE_EVERY = 25
KILLED = -9


@dataclass
class Account:
    """What was told, and what was found.

    Attributes:
        acknowledged: entry and record by case, as the processes told it.
        checked: entries below this number were examined byte by byte before.
    """

    acknowledged: dict[str, tuple[int, str]] = field(default_factory=dict)
    lost: int = 0
    doubled: int = 0
    broken: int = 0
    not_resumed: int = 0
    drafts_taken_up: int = 0
    early_deaths: int = 0
    checked: int = 0
    examples: list[str] = field(default_factory=list)

    def complain(self, kind: str, what: str) -> None:
        """Count a fault, with an example."""
        setattr(self, kind, getattr(self, kind) + 1)
        if len(self.examples) < 10:
            self.examples.append(f"{kind}: {what}")


def killed(path: Path, chance: random.Random, account: Account) -> None:
    """Let one process work until it is killed; note what it acknowledged."""
    child = subprocess.Popen(
        [sys.executable, "-m", "tests.vault.sealing_process", str(path)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    early = chance.random() < EARLY_SHARE
    first = ""
    if early or child.stdout is None:
        wait_s = chance.uniform(0.0, 0.8)
    else:
        first = child.stdout.readline()
        wait_s = chance.uniform(0.0, LONGEST_WORK_S)
    try:
        child.wait(timeout=wait_s)
    except subprocess.TimeoutExpired:
        child.kill()
    rest, errors = child.communicate(timeout=60)
    if child.returncode != KILLED:
        account.complain("not_resumed", errors.strip().splitlines()[-1] if errors else "ended")
    lines = (first + rest).splitlines(keepends=True)
    account.early_deaths += not lines
    # A line that the kill cut short was not acknowledged to anybody.
    for case, seq, record in (line.split() for line in lines if line.endswith("\n")):
        told = (int(seq), record)
        if account.acknowledged.setdefault(case, told) != told:
            account.complain("doubled", f"case {case} acknowledged twice, differently")


def check(path: Path, account: Account, drafts_before: set[str], *, whole: bool) -> set[str]:
    """Hold the vault against the account; the drafts that lie in it now."""
    store = open_store(path, KEY)
    desk = Desk(store=store)
    try:
        with store.begin() as uow:
            sealed = {
                name.removeprefix(SEALED_PREFIX): json.loads(uow.values.get(name) or b"{}")
                for name in uow.values.names(SEALED_PREFIX)
            }
            drafts = {str(row.case_id) for row in uow.drafts.all()}
            rows = {row.seq: row for row in uow.outbox.all()}
            fresh = uow.journal.range(account.checked, uow.journal.size())
            _check_bytes(uow, fresh, rows, desk.device_key.public, account)
        for case, (seq, record) in account.acknowledged.items():
            found = sealed.get(case)
            if found is None or (found["seq"], found["record_id"]) != (seq, record):
                account.complain("lost", f"case {case}")
        account.drafts_taken_up += len(drafts_before & set(sealed))
        if drafts & set(sealed) or len(rows) != len(sealed):
            account.complain("doubled", f"{len(rows)} rows, {len(sealed)} sealed")
        if whole:
            _check_whole(desk, account)
        account.checked = fresh[-1].seq + 1 if fresh else account.checked
        return drafts
    finally:
        store.close()


def _check_bytes(uow, fresh, rows, public: bytes, account: Account) -> None:  # noqa: ANN001 - ports
    """Every record that these entries announce is queued, with the bytes that they name."""
    for entry in fresh:
        header = open_entry(entry.jws, public)
        if header.record_id is None:
            continue
        if entry.seq not in rows or not blob_fits(uow.blobs.get(entry.seq), header):
            account.complain("lost", f"record of entry {entry.seq}")


def _check_whole(desk: Desk, account: Account) -> None:
    problems = desk.store.problems()  # type: ignore[attr-defined] # the real store
    if problems or not desk.verify().verified:
        account.complain("broken", "; ".join(problems[:2]) or "journal")
    cases = [desk.open_record(row.seq).record["visavis"]["case_id"] for row in desk.outbox()]
    if len(set(cases)) != len(cases):
        account.complain("doubled", "a case with two records")


def measure(folder: Path, runs: int, seed: int) -> dict[str, object]:
    """Kill and look, again and again."""
    chance, account = random.Random(seed), Account()  # noqa: S311 - instants, not secrets
    start = time.perf_counter()
    path, number, drafts = folder / "vault-0.db", 0, set()
    records = 0
    for run in range(1, runs + 1):
        killed(path, chance, account)
        whole = run % WHOLE_EVERY == 0 or run == runs
        drafts = check(path, account, drafts, whole=whole)
        if whole:
            # A fresh vault now and then: or the last kills would only meet a large one.
            records += len(account.acknowledged)
            for file in folder.glob(f"vault-{number}.db*"):
                file.unlink()
            number += 1
            path, drafts = folder / f"vault-{number}.db", set()
            account.acknowledged.clear()
            account.checked = 0
    return {
        "kills": runs,
        "acknowledged_records": records,
        "killed_before_the_first_record": account.early_deaths,
        "drafts_taken_up_by_a_restart": account.drafts_taken_up,
        "lost": account.lost,
        "doubled": account.doubled,
        "broken": account.broken,
        "restarts_that_did_not_go_on": account.not_resumed,
        "examples": account.examples,
        "wall_s": round(time.perf_counter() - start, 1),
    }


def main() -> int:
    """Parse, kill, print."""
    parser = argparse.ArgumentParser(description="kill -9 at random instants.")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--runs", type=int, default=500)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--dir", type=Path, default=None)
    options = parser.parse_args()
    if sys.platform == "win32":
        raise SystemExit("kill -9 is POSIX")
    with tempfile.TemporaryDirectory(dir=options.dir, prefix="visavis-bench-") as folder:
        figures = measure(Path(folder), options.runs, options.seed)
    print(json.dumps(figures) if options.json else json.dumps(figures, indent=2))
    faults = ("lost", "doubled", "broken", "restarts_that_did_not_go_on")
    return 1 if any(figures[name] for name in faults) else 0


if __name__ == "__main__":
    sys.exit(main())
