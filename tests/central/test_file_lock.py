"""One process at a time: whoever holds the lock keeps others out, and a dead one keeps nobody."""

import fcntl
import subprocess
import sys
from pathlib import Path

import pytest

from central.archive.file_lock import alone

ROOT = Path(__file__).parents[2]
_HOLDS = """
import sys
from pathlib import Path
from central.archive.file_lock import alone
with alone(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.mark.process
def test_a_lock_is_held_against_others_and_dies_with_its_process(tmp_path: Path):
    path = tmp_path / ".lock"
    words = [sys.executable, "-c", _HOLDS, str(path)]
    with subprocess.Popen(words, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as held:
        assert held.stdout.readline().strip() == b"held"
        with path.open("rb") as file, pytest.raises(BlockingIOError):
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        held.kill()
        held.wait()
    with alone(path):
        assert path.read_bytes() == b""
