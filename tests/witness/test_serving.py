"""The witness as a process: over HTTP, killed at any moment, and by its commands."""

import json
import random
import signal
import threading
import time
from pathlib import Path

import httpx
import pytest

from kiosk.audit.checkpoint import Checkpoint, sign
from kiosk.audit.tree import consistency_proof, leaf_hash, root_of
from kiosk.crypto.cosignatures import cosignatures_of, parse_cosigner
from kiosk.crypto.notes import verifier_key
from kiosk.crypto.signing import SigningKey
from tests.fakes.witness_process import ask_witness, witness, witnessing
from witness.submissions import MAX_BYTES, submission_of

pytestmark = pytest.mark.process
LOG = SigningKey.from_seed(b"l" * 32)
ORIGIN = "log.test/a"
LOG_KEY = verifier_key(ORIGIN, LOG.public)
LEAVES = [leaf_hash(b"leaf %d" % number) for number in range(400)]


def submission(old: int, size: int) -> bytes:
    proof = consistency_proof(LEAVES[:size], old) if old <= size else ()
    return submission_of(old, proof, note(size))


def note(size: int) -> str:
    return sign(Checkpoint(ORIGIN, size, root_of(LEAVES[:size])), LOG)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    witness("init", tmp_path / "w", "--name", "witness.test/w1", "--log", LOG_KEY)
    return tmp_path / "w"


def test_it_cosigns_over_http_and_ends_in_order(data: Path):
    with witnessing(data) as running, httpx.Client(base_url=running.url, timeout=60) as client:
        answer = client.post("/add-checkpoint", content=submission(0, 5))
        assert answer.status_code == 200
        key = parse_cosigner(ask_witness("show", "--data", data)["key"])
        assert len(cosignatures_of(note(5) + answer.text, (key,))) == 1
        conflict = client.post("/add-checkpoint", content=submission(0, 9))
        assert (conflict.status_code, conflict.text) == (409, "5\n")
        assert conflict.headers["content-type"] == "text/x.tlog.size"
        assert client.post("/add-checkpoint", content=b"x" * (MAX_BYTES + 1)).status_code == 413
        assert client.post("/add-checkpoint", content=b"nonsense").status_code == 400
        assert client.get("/add-checkpoint").status_code == 405
        assert client.get("/healthz").status_code == 200
        running.process.send_signal(signal.SIGTERM)
        assert running.process.wait(timeout=60) == 0


def test_killed_at_any_moment_it_never_forgets_what_it_signed(data: Path):
    """Fifteen kills at random moments; before each, checkpoints as fast as they are answered."""
    pick = random.Random(11)  # noqa: S311 - moments, not secrets
    signed = 0
    for _ in range(15):
        with witnessing(data) as running, httpx.Client(base_url=running.url, timeout=60) as client:
            began = time.monotonic()
            told = client.post("/add-checkpoint", content=submission(399, 399))
            call_s = time.monotonic() - began
            old = int(told.text)
            assert (told.status_code, old >= signed) == (409, True)
            # From here on, however slow the machine is: the moments fall among the checkpoints.
            dying = threading.Timer(pick.uniform(0.0, 10 * call_s), running.process.kill)
            dying.start()
            try:
                while old < 398:
                    answer = client.post("/add-checkpoint", content=submission(old, old + 1))
                    assert answer.status_code == 200
                    signed = old = old + 1
            except httpx.TransportError:
                pass
            finally:
                dying.cancel()
                dying.join()
    assert signed > 0
    told = ask_witness("show", "--data", data)
    assert told["logs"][0]["size"] in {signed, signed + 1}
    assert told["suspicions"] == []


def test_many_at_once_get_one_history(data: Path):
    sizes: list[int] = []

    def send(url: str, size: int) -> None:
        with httpx.Client(base_url=url, timeout=60) as client:
            for _ in range(40):
                answer = client.post("/add-checkpoint", content=submission(0, 0))
                old = int(answer.text) if answer.status_code == 409 else 0
                if old >= size:
                    return
                if client.post("/add-checkpoint", content=submission(old, size)).status_code == 200:
                    sizes.append(size)
                    return

    with witnessing(data) as running:
        threads = [threading.Thread(target=send, args=(running.url, n * 7)) for n in range(1, 9)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert ask_witness("show", "--data", data)["logs"][0]["size"] == max(sizes) == 56


def test_commands_show_watch_and_recall(data: Path, tmp_path: Path):
    other = verifier_key("log.test/b", LOG.public)
    assert ask_witness("watch", other, "--data", data)["logs"] == ["log.test/b"]
    assert ask_witness("close", other, "--data", data) == {"origin": "log.test/b", "size": 0}
    closed = {one["origin"]: one["closed"] for one in ask_witness("show", "--data", data)["logs"]}
    assert closed["log.test/b"]
    assert list(closed.values()).count(True) == 1
    with witnessing(data) as running:
        cosigned = httpx.post(
            f"{running.url}/add-checkpoint", content=submission(0, 7), timeout=60
        ).text
    text = witness("show", "--data", data, "--notes", tmp_path / "notes").stdout
    assert "log.test/a: 7 leaves" in text
    assert "log.test/b: 0 leaves" in text
    (path,) = (tmp_path / "notes").iterdir()
    key = parse_cosigner((data / "witness.pub").read_text().strip())
    assert len(cosignatures_of(path.read_text(), (key,))) == 1
    path.write_text(note(9))
    assert witness("recall", path, "--data", data, check=False).returncode == 2
    path.write_text(note(7) + cosigned)
    assert ask_witness("recall", path, "--data", data) == {"size": 7}


def test_only_a_log_that_is_watched_can_be_closed(data: Path):
    assert witness("close", "log.test/unknown", "--data", data, check=False).returncode == 2


def test_wrong_use_is_said_in_one_line(data: Path, tmp_path: Path):
    again = witness("init", data, "--name", "w", check=False)
    assert (again.returncode, again.stdout) == (3, "")
    assert again.stderr == "visavis-witness: the folder is not empty\n"
    assert witness("watch", "nonsense", "--data", data, check=False).returncode == 2
    assert witness("show", "--data", tmp_path / "no", check=False).returncode == 3
    one = witness("serve", "--data", data, "--certificate", "x.pem", check=False)
    assert one.returncode == 2
    (data / "memory.db").unlink()
    gone = witness("serve", "--data", data, check=False)
    assert (gone.returncode, gone.stderr) == (3, "visavis-witness: memory.db is missing\n")


def test_the_key_never_leaves_the_folder(data: Path):
    seed = (data / "witness.key").read_text().strip()
    for arguments in (("show", "--data", data), ("show", "--data", data, "--json")):
        assert seed not in witness(*arguments).stdout
    assert json.loads(witness("show", "--data", data, "--json").stdout)["logs"]
