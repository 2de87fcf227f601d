"""Benchmark: a thousand records with marked names, numbers and pictures; not one mark on the disk.

    python packaging/bench/canary.py [--json] [--records N] [--dir FOLDER]

A process of its own drafts (three times each) and seals N marked cases with the real services on
the real store, logs errors that carry a mark, leaves drafts open, and ends in one of three ways: at
the end of the shift, by ``kill -9`` with drafts open, or by a crash that would leave a core file.
Its data, temporary, home and working folder lie below one folder; then every byte of every file
there is searched for every mark as UTF-8, UTF-16, hexadecimal and base64, and for pieces of each
picture. What the operating system pages out is not below that folder and is not searched.
"""

from __future__ import annotations

import argparse
import base64
import json
import os
import random
import resource
import signal
import subprocess
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))
sys.path.insert(0, str(ROOT / "packaging" / "bench"))

import powerloss

from kiosk import logs
from kiosk.audit.records import Attachment
from kiosk.bootstrap.opening import forbid_core_files
from kiosk.domain.agent import Role
from kiosk.domain.errors import DraftError
from kiosk.domain.ids import RequestId
from kiosk.journeys.model import CaseState
from kiosk.vault.store import open_store
from tests.fakes.cases import DOCUMENT, REQUEST

WORDS = ("surname", "given", "number", "mrz", "announced", "request", "logged")
ENDS = ("shift", "kill", "crash")
OPEN_DRAFTS = 5
PICTURE_BYTES = 20_000
PIECE_BYTES = 16
"""Of a picture, looked for at its start, middle and end."""


def mark(word: str, number: int) -> str:
    """A text that occurs nowhere by chance."""
    return f"CANARY{word.upper()}{number:05d}KESTREL"


def picture(number: int) -> bytes:
    """A picture's worth of bytes that occur nowhere by chance."""
    return random.Random(number).randbytes(PICTURE_BYTES)  # noqa: S311 - marks, not secrets


def marked(number: int) -> CaseState:
    """A decided case whose every personal text is a mark."""
    return replace(
        powerloss.case(number),
        document=replace(
            DOCUMENT,
            surname=mark("surname", number),
            given_names=(mark("given", number),),
            document_number=mark("number", number),
            mrz=(mark("mrz", number),),
        ),
        request=replace(
            REQUEST,
            surname=mark("announced", number),
            request_id=RequestId(mark("request", number)),
        ),
    )


def work(folder: Path, records: int, end: str) -> None:
    """Draft, seal, log, and end. Everything is written below ``folder``."""
    # As generous as a careless machine: the program itself must forbid the core file.
    hard = resource.getrlimit(resource.RLIMIT_CORE)[1]
    resource.setrlimit(resource.RLIMIT_CORE, (hard, hard))
    forbid_core_files()
    (folder / "logs").mkdir()
    handler = logs.start(folder / "logs")
    store = open_store(folder / "vault.db", powerloss.KEY)
    office = powerloss.Office(store, powerloss.Ticks())
    office.agents.add(powerloss.AGENT, "A", Role.AGENT, powerloss.PIN)
    session = office.sign_in.sign_in(powerloss.AGENT, powerloss.PIN)
    for number in range(records + OPEN_DRAFTS):
        state = marked(number)
        for _ in range(3):
            office.draft(state, session)
        if number < records:
            office.sealing.seal(state, session, [Attachment("jpg", picture(number))])
        logs.error("case.failed", DraftError(mark("logged", number)), case_id=state.case_id)
    logs.stop(handler)
    print("done", flush=True)
    if end == "shift":
        office.sign_in.sign_out(session)
        store.close()
    else:
        os.kill(os.getpid(), signal.SIGKILL if end == "kill" else signal.SIGABRT)


def forms(data: bytes) -> list[bytes]:
    """The ways that some bytes may stand in a file, base64 at each of its three phases."""
    shifted = [base64.b64encode(bytes(n) + data) for n in range(3)]
    # Without the characters that neighbours share.
    codes = [code[start:-4] for code, start in zip(shifted, (0, 4, 4), strict=True)]
    return [data, data.hex().encode(), data.hex().upper().encode(), *codes]


def needles(records: int) -> list[bytes]:
    """Everything that must be nowhere."""
    wanted: list[bytes] = []
    for number in range(records + OPEN_DRAFTS):
        for word in WORDS:
            text = mark(word, number)
            wanted += [*forms(text.encode()), text.encode("utf-16-le")]
        if number < records:
            data = picture(number)
            for start in (0, PICTURE_BYTES // 2, PICTURE_BYTES - PIECE_BYTES):
                wanted += forms(data[start : start + PIECE_BYTES])
    return wanted


def hits(content: bytes, wanted: list[bytes]) -> int:
    """How many of ``wanted`` stand in ``content``; each byte position is looked at once by length.

    Searching for tens of thousands of needles one by one would take hours; eight bytes of each are
    looked up at every position instead, and what they find is compared in full.
    """
    heads: dict[bytes, list[bytes]] = {}
    for needle in wanted:
        heads.setdefault(needle[:8], []).append(needle)
    known = heads.keys()
    found = 0
    for start in range(len(content) - 7):
        head = content[start : start + 8]
        if head in known:
            found += sum(content.startswith(needle, start) for needle in heads[head])
    return found


def measure(place: Path | None, records: int, end: str) -> dict[str, int]:
    """Work in a child, then search every file below its folder."""
    with tempfile.TemporaryDirectory(dir=place, prefix="visavis-canary-") as name:
        folder = Path(name)
        scratch = dict.fromkeys(("TMPDIR", "TEMP", "TMP", "HOME", "SQLITE_TMPDIR"), name)
        script = str(Path(__file__).resolve())
        done = subprocess.run(
            [sys.executable, script, "--work", name, "--records", str(records), "--end", end],
            env=os.environ | scratch,
            cwd=folder,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.stdout != "done\n":
            raise RuntimeError(done.stderr[-2000:])
        files = [file for file in folder.rglob("*") if file.is_file()]
        contents = [file.read_bytes() for file in files]
        wanted = needles(records)
        return {
            "records": records,
            "files": len(files),
            "bytes": sum(map(len, contents)),
            "needles": len(wanted),
            "hits": sum(hits(content, wanted) for content in contents),
            "bare_marks": sum(content.count(b"CANARY") for content in contents),
        }


def main() -> int:
    """Parse, work or measure, print; 1 when a mark was found."""
    parser = argparse.ArgumentParser(description="Marks of a thousand records, searched for.")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--records", type=int, default=1000)
    parser.add_argument("--dir", type=Path, default=None)
    parser.add_argument("--end", choices=ENDS)
    parser.add_argument("--work", type=Path)
    options = parser.parse_args()
    if options.work:
        work(options.work, options.records, options.end)
        return 0
    ends = (options.end,) if options.end else ENDS
    figures = {end: measure(options.dir, options.records, end) for end in ends}
    print(json.dumps(figures, indent=None if options.json else 2))
    return 1 if any(f["hits"] or f["bare_marks"] for f in figures.values()) else 0


if __name__ == "__main__":
    sys.exit(main())
