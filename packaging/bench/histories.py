"""What it takes to verify a long history: CPU time and memory for N entries of one device.

    python3 packaging/bench/histories.py [--entries 100000]

Makes a central side in a temporary folder with one device whose journal has N entries (visits
opened and closed), then verifies it in a process of its own.
Journals are real: signed, chained, with a checkpoint. Records are announced by none of them: the
bytes of records cost what their size costs. Figures are CPU seconds and the peak of resident
memory, above what the process needs before it begins.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from central.archive.layout import Layout
from central.archive.rows import DeviceRow, EntryRow
from central.archive.storage import open_database
from central.auditor.histories import Histories
from central.authority.founding import LOCAL_HOSTS, found
from kiosk.audit.checkpoint import Checkpoint, sign
from kiosk.audit.entries import (
    PROFILE,
    ClockState,
    EntryKind,
    Header,
    entry_leaf,
    make_entry,
)
from kiosk.audit.tree import Frontier
from kiosk.crypto.digests import b64u
from kiosk.crypto.signing import SigningKey
from kiosk.domain.ids import DeviceId, OfficeId
from kiosk.sync.checkpoints import device_origin

NOW = datetime(2026, 11, 26, 9, 0, tzinfo=UTC)
DEVICE = DeviceId("dev-0123456789abcdef")
PAGE = 5000


def header(seq: int, tree: Frontier) -> Header:
    """An entry of an ordinary day."""
    kind = EntryKind.VERIFY_CLOSE if seq % 2 else EntryKind.VERIFY_OPEN
    facts: dict[str, str | int | bool | None] = {"case": f"{seq // 2:032x}", "agent": "a-17"}
    facts |= {"outcome": "abandoned", "sealed": False} if seq % 2 else {"procedure": "paper-file"}
    return Header(
        v=PROFILE,
        device_id=DEVICE,
        seq=seq,
        kind=kind,
        record_id=None,
        policy_v=1,
        recipients=(),
        age_header_sha256="",
        payload_sha256="",
        payload_len=0,
        prev_root=b64u(tree.root()),
        ratchet_mac="",
        boot_id="b" * 32,
        mono_ms=seq * 1000,
        wall_claimed=NOW.isoformat(timespec="milliseconds"),
        clock_state=ClockState.UNVERIFIED,
        app_build="0.1.0",
        facts=facts,
    )


def make(folder: Path, entries: int) -> None:
    """A central side with one long journal."""
    layout = Layout(folder)
    founded = found(layout, LOCAL_HOSTS, "idp.bench", NOW, demonstration=True)
    key, tree = SigningKey.generate(), Frontier()
    row = DeviceRow(DEVICE, key.public, OfficeId("075012"), NOW.isoformat())
    database = open_database(layout)
    with database.writing() as ledger:
        ledger.put_device(row)
    for start in range(0, entries, PAGE):
        rows = []
        for seq in range(start, min(start + PAGE, entries)):
            jws = make_entry(header(seq, tree), b"k" * 32, key)
            leaf = entry_leaf(jws)
            rows.append(EntryRow(DEVICE, seq, jws, leaf, None))
            tree = tree.append(leaf)
        with database.writing() as ledger:
            ledger.add_entries(tuple(rows))
    origin = device_origin(founded.origin, DEVICE)
    note = sign(Checkpoint(origin, tree.size, tree.root()), key)
    with database.writing() as ledger:
        ledger.put_device(
            DeviceRow(
                *(DEVICE, key.public, OfficeId("075012"), NOW.isoformat()),
                *(tree.size, tree.hashes, note),
            )
        )
    database.close()


def peak_mib() -> float:
    """Most resident memory of this process so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def verify(folder: Path) -> dict[str, float | int | bool]:
    """Verify, and say what it took."""
    before, began = peak_mib(), time.process_time()
    told: list[int] = []
    report = Histories(Layout(folder)).verify(NOW, progress=lambda done, _: told.append(done))
    return {
        "entries": report.devices[0].entries,
        "verified": report.verified,
        "cpu_s": round(time.process_time() - began, 1),
        "memory_mib": round(peak_mib() - before, 1),
        "progress_calls": len(told),
    }


def main() -> None:
    """Make, verify elsewhere, print one line of JSON."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("--entries", type=int, default=100_000)
    parser.add_argument("--verify", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.verify is not None:
        print(json.dumps(verify(given.verify)))
        return
    with tempfile.TemporaryDirectory(prefix="histories-") as folder:
        make(Path(folder) / "central", given.entries)
        subprocess.run(
            [sys.executable, __file__, "--verify", str(Path(folder) / "central")],
            check=True,
            env=os.environ,
        )


if __name__ == "__main__":
    main()
