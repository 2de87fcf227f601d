"""Canaries: after sealing and drafting, no byte left on the disk tells who was there."""

import base64
import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from kiosk.domain.ids import CaseId
from kiosk.vault.store import open_store
from tests.fakes.desk import Desk

KEY = bytes(range(32))
CASES = 20
BENCH = Path(__file__).parents[2] / "packaging" / "bench" / "canary.py"

_WORK = """
import sys
from dataclasses import replace
from pathlib import Path
from kiosk.audit.records import Attachment
from kiosk.vault.store import open_store
from tests.fakes.cases import DOCUMENT, REQUEST
from tests.fakes.desk import Desk
from tests.services.test_sealing import decided
from tests.vault.test_nothing_readable import CASES, KEY, canary

desk = Desk(store=open_store(Path(sys.argv[1]), KEY))
desk.set_terms(evidence_images=True)
session = desk.session()
for number in range(CASES + 2):
    state = replace(
        decided(case=f"{number:032x}"),
        document=replace(
            DOCUMENT,
            surname=canary("surname", number),
            given_names=(canary("given", number),),
            document_number=canary("number", number),
            mrz=(canary("mrz", number),),
        ),
        request=replace(
            REQUEST, surname=canary("announced", number), request_id=canary("request", number)
        ),
    )
    for _ in range(3):
        with desk.store.begin() as uow:
            desk.drafts.save(uow, state, session)
            uow.commit()
    if number < CASES:
        picture = Attachment("jpg", canary("picture", number).encode() * 5000)
        desk.sealing.seal(state, session, [picture])
print("done", flush=True)
if sys.argv[2] == "close":
    desk.store.close()
else:
    import os, signal
    os.kill(os.getpid(), signal.SIGKILL)
"""

WORDS = ("surname", "given", "number", "mrz", "announced", "request", "picture")


def canary(word: str, number: int) -> str:
    """A text that occurs nowhere by chance."""
    return f"CANARY{word.upper()}{number:03d}KESTREL"


def forms(text: str) -> list[bytes]:
    """The ways a text may stand in a file."""
    return [text.encode(), text.encode("utf-16-le"), text.encode().hex().encode()]


@pytest.mark.process
@pytest.mark.parametrize("end", ["close", "kill"])
def test_no_canary_is_left_on_the_disk(tmp_path: Path, end: str):
    path = tmp_path / "data" / "vault.db"
    path.parent.mkdir()
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    # Everything the process may write lands below this folder, temporary files included.
    places = {"TMPDIR": str(scratch), "TEMP": str(scratch), "HOME": str(scratch)}
    done = subprocess.run(
        [sys.executable, "-c", _WORK, str(path), end],
        env=os.environ | places | {"SQLITE_TMPDIR": str(scratch)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.stdout == "done\n", done.stderr
    files = [file for file in tmp_path.rglob("*") if file.is_file()]
    assert path in files
    assert sum(file.stat().st_size for file in files) > CASES * 64 * 1024
    content = b"\0".join(file.read_bytes() for file in files)
    found = [
        form
        for number in range(CASES + 2)
        for word in WORDS
        for form in forms(canary(word, number))
        if form in content
    ]
    assert found == []
    assert b"CANARY" not in content


@pytest.mark.process
def test_even_with_the_database_key_no_canary_is_readable(tmp_path: Path):
    path = tmp_path / "vault.db"
    subprocess.run([sys.executable, "-c", _WORK, str(path), "close"], timeout=120, check=True)
    store = open_store(path, KEY)
    desk = Desk(store=store)
    with store.begin() as uow:
        parts = [row.sealed for row in uow.drafts.all()]
        parts += [row.jws.encode() for row in uow.journal.range(0, uow.journal.size())]
        parts += [uow.values.get(name) or b"" for name in uow.values.names("")]
        parts += [name.encode() for name in uow.values.names("")]
        parts += [uow.blobs.get(row.seq) or b"" for row in uow.outbox.all()]
        assert uow.drafts.get(CaseId(f"{CASES:032x}")) is not None
    assert len(desk.outbox()) == CASES
    store.close()
    assert len(b"".join(parts)) > CASES * 64 * 1024
    assert b"CANARY" not in b"\0".join(parts)


@pytest.mark.process
@pytest.mark.skipif(sys.platform == "win32", reason="signals and core files are POSIX")
@pytest.mark.parametrize("end", ["shift", "kill", "crash"])
def test_no_mark_is_left_at_the_end_of_a_shift_nor_by_a_crash(tmp_path: Path, end: str):
    """The benchmark does this with a thousand records; logs and core files are searched too."""
    done = subprocess.run(
        [sys.executable, str(BENCH), "--records", "30", "--end", end, "--dir", str(tmp_path)],
        capture_output=True,
        text=True,
        timeout=200,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    found = json.loads(done.stdout)[end]
    assert (found["hits"], found["bare_marks"]) == (0, 0)
    assert found["needles"] > 30 * 60
    assert found["bytes"] > 30 * 64 * 1024


def test_the_search_finds_a_mark_in_every_form_wherever_it_stands():
    spec = importlib.util.spec_from_file_location("bench_canary", BENCH)
    bench = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(bench)
    wanted = bench.needles(3)
    text, piece = bench.mark("surname", 2).encode(), bench.picture(1)
    assert bench.hits(os.urandom(100_000), wanted) == 0
    for hidden in (text, text.hex().encode(), text.decode().encode("utf-16-le"), piece):
        assert bench.hits(b"xyz" + hidden + b"xyz", wanted) >= 1
    for shift in range(3):
        assert bench.hits(base64.b64encode(b"z" * shift + text + b"more"), wanted) >= 1
