"""A program that is forked is the program that a shell starts: streams, words, status, signals."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.fakes import programs
from tests.fakes.central_side import founded
from tests.fakes.forking import LENGTH

pytestmark = pytest.mark.process


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return founded(tmp_path_factory.mktemp("programs") / "central")


@pytest.fixture
def probe(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The ``__main__`` of a package of this test's own."""
    (tmp_path / "probed").mkdir()
    (tmp_path / "probed" / "__init__.py").touch()
    monkeypatch.setattr(programs, "ROOT", tmp_path)
    monkeypatch.setattr(programs, "PROGRAMS", ("probed",))
    return tmp_path / "probed" / "__main__.py"


def shell(program: str, *words: object, given: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        programs.command_of(program, *words),
        cwd=programs.ROOT,
        # What Python knows of it: a library of the tests may have set more behind its back.
        env=dict(os.environ),
        input=given,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def told(done: subprocess.CompletedProcess[str]) -> tuple[int, str, str]:
    return done.returncode, done.stdout, done.stderr


@pytest.mark.parametrize(
    "words",
    [
        ("policy", "show", "--json"),
        ("policy", "set", "nonsense=1"),
        ("--help",),
        (),
    ],
    ids=" ".join,
)
def test_it_says_what_a_shell_would_see_and_ends_as_it(data: Path, words: tuple[str, ...]) -> None:
    where = ("--data", data) if len(words) > 1 and "--help" not in words else ()
    assert told(programs.run("central", *words, *where)) == told(shell("central", *words, *where))


def test_it_reads_what_it_is_given(data: Path) -> None:
    words = ("operator", "add", "--data", data, "--password-stdin", "--json")
    for name, run in (("anna", programs.run), ("berta", shell)):
        done = run("central", *words, name, given="quatre chevaux bleus\n")
        assert done.returncode == 0, done.stderr
    assert programs.run("central", *words, "carla", given="").returncode != 0


def test_another_program_is_forked_too(tmp_path: Path) -> None:
    assert told(programs.run("witness", "show", "--data", tmp_path)) == told(
        shell("witness", "show", "--data", tmp_path)
    )


# --- what a process is made of --------------------------------------------------------------------

PROBE = """
import json, os, signal, sys, threading, time
print(json.dumps({
    "argv": sys.argv,
    "path": sys.path[0],
    "cwd": os.getcwd(),
    "name": __name__,
    "main": sys.modules["__main__"].__spec__.name,
    "package": __package__,
    "environment": {k: v for k, v in sorted(os.environ.items()) if k != "LC_CTYPE"},
    "umask": os.umask(0),
    "zone": time.strftime("%Z"),
    "ignored": [s.name for s in signal.valid_signals()
                if isinstance(s, signal.Signals) and signal.getsignal(s) is signal.SIG_IGN],
    "interrupt": signal.getsignal(signal.SIGINT) is signal.default_int_handler,
    "child": signal.getsignal(signal.SIGCHLD) is signal.SIG_DFL,
    "blocked": sorted(signal.pthread_sigmask(signal.SIG_BLOCK, ())),
    "files": sorted(int(f) for f in os.listdir("/proc/self/fd") if int(f) > 2)[:-1],
    "terminals": [os.isatty(n) for n in range(3)],
    "encodings": [s.encoding for s in (sys.stdin, sys.stdout, sys.stderr)],
    "errors": [s.errors for s in (sys.stdin, sys.stdout, sys.stderr)],
    "buffered": [s.line_buffering for s in (sys.stdout, sys.stderr)],
    "flags": str(sys.flags),
    "threads": threading.active_count(),
    "group": os.getpgrp(), "session": os.getsid(0),
}))
"""


def test_it_is_made_as_a_shell_makes_it(probe: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "Pacific/Auckland")
    monkeypatch.setenv("VISAVIS_PROBE", "é")
    probe.write_text(PROBE)
    forked, started = programs.run("probed", "a", "é b"), shell("probed", "a", "é b")
    assert forked.returncode == started.returncode == 0, forked.stderr
    assert json.loads(forked.stdout) == json.loads(started.stdout)


@pytest.mark.parametrize(
    "ends",
    [
        "import sys; sys.exit(7)",
        "import sys; sys.exit('a word')",
        "import sys; print('é', file=sys.stderr); sys.stdout.write('no line')",
        "import atexit; atexit.register(print, 'at the end')",
        "import os, signal; os.kill(os.getpid(), signal.SIGKILL)",
        "import os, signal; os.kill(os.getpid(), signal.SIGTERM)",
        "import os; print('lost'); os._exit(5)",
        "print(repr(input()))",
        "import threading, time; threading.Timer(0.05, print, ('later',)).start()",
        "import sys; sys.stderr.write('x' * 300_000); print('y' * 300_000)",
    ],
)
def test_it_ends_as_a_shell_sees_it(probe: Path, ends: str) -> None:
    probe.write_text(ends)
    assert told(programs.run("probed", given="é\n")) == told(shell("probed", given="é\n"))


@pytest.mark.parametrize("ends", ["raise ValueError('bad')", "raise KeyboardInterrupt", "1 +"])
def test_an_error_of_its_own_ends_it_as_it_ends_every_program(probe: Path, ends: str) -> None:
    """Only the line that names who ran it differs."""
    probe.write_text(ends)
    forked, started = programs.run("probed"), shell("probed")
    assert forked.returncode == started.returncode != 0
    assert forked.stderr.splitlines()[-1] == started.stderr.splitlines()[-1]


def test_two_in_a_row_draw_other_numbers(probe: Path) -> None:
    probe.write_text("import random, uuid, os; print(random.random(), uuid.uuid4(), os.urandom(4))")
    assert len({programs.run("probed").stdout for _ in range(3)}) == 3


def test_one_that_takes_too_long_is_killed(probe: Path, tmp_path: Path) -> None:
    probe.write_text(
        f"import os, time; open({str(tmp_path / 'pid')!r}, 'w').write(str(os.getpid()))\n"
        "time.sleep(600)"
    )
    with pytest.raises(subprocess.TimeoutExpired):
        programs.run("probed", timeout_s=2)
    pid = (tmp_path / "pid").read_text()
    assert not Path(f"/proc/{pid}").exists() or "zombie" in Path(f"/proc/{pid}/status").read_text()


def test_a_status_that_is_no_success_is_an_error_where_that_is_asked(probe: Path) -> None:
    probe.write_text("import sys; print('said'); sys.exit(4)")
    with pytest.raises(subprocess.CalledProcessError) as failed:
        programs.run("probed", check=True)
    assert (failed.value.returncode, failed.value.stdout) == (4, "said\n")


# --- those that go on -----------------------------------------------------------------------------

GOES_ON = """
import os, signal, sys, time
signal.signal(signal.SIGTERM, lambda *_: sys.exit(9))
print(os.getpid(), flush=True)
print("told", file=sys.stderr, flush=True)
while True:
    time.sleep(0.01)
"""


@pytest.mark.parametrize(("sent", "status"), [(signal.SIGTERM, 9), (signal.SIGKILL, -9)])
def test_one_that_goes_on_is_told_to_end(
    probe: Path, tmp_path: Path, sent: signal.Signals, status: int
) -> None:
    probe.write_text(GOES_ON)
    running = programs.start("probed", errors=tmp_path / "log")
    assert int(running.stdout.readline()) == running.pid
    assert running.poll() is None
    with pytest.raises(subprocess.TimeoutExpired):
        running.wait(0.01)
    running.send_signal(sent)
    assert running.wait(60) == running.wait() == running.poll() == status
    running.kill()
    assert running.communicate(timeout=60) == ("", None)
    assert (tmp_path / "log").read_text() == "told\n"


def test_a_collector_is_served_by_its_forked_process(data: Path, tmp_path: Path) -> None:
    running = programs.start("central", "serve", "--data", data, "--port", 0, errors=tmp_path / "l")
    ready = json.loads(running.stdout.readline())
    assert ready["pid"] == running.pid
    running.send_signal(signal.SIGTERM)
    assert running.wait(60) == 0
    running.communicate()


# --- when it is started by its command all the same -----------------------------------------------


@pytest.mark.parametrize("name", ["COVERAGE_PROCESS_START", "PYTHONOPTIMIZE", "LC_ALL"])
def test_what_speaks_to_the_interpreter_needs_a_new_one(
    probe: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    probe.write_text("import os; print(os.getppid())")
    assert int(programs.run("probed").stdout) != os.getpid()
    monkeypatch.setenv(name, "C" if name == "LC_ALL" else "1")
    assert int(programs.run("probed").stdout) == os.getpid()


def test_whoever_is_gone_in_the_middle_of_a_request_leaves_nobody_waiting() -> None:
    asks, other = socket.socketpair()
    with other:
        forks = subprocess.Popen(
            programs.command_of("tests.fakes.forking", other.fileno()),
            cwd=programs.ROOT,
            pass_fds=(other.fileno(),),
        )
    with asks:
        socket.send_fds(asks, [(9).to_bytes(LENGTH, "big") + b"half"], [0, 1, 2, 2])
    try:
        assert forks.wait(60) == 0
    finally:
        forks.kill()
        forks.wait(60)


def test_nothing_is_left_once_it_is_let_go() -> None:
    """In a process of its own: this one's goes on."""
    code = (
        "import subprocess, sys\n"
        "from tests.fakes import programs\n"
        "programs.keep_loaded()\n"
        "assert programs.run('witness', '--help').returncode == 0\n"
        "programs.let_go()\n"
        "print(programs.run('witness', '--help').returncode)"
    )
    began = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
        cwd=programs.ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "0\n", ""), time.monotonic() - began
