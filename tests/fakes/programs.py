"""Programs of the product as real processes, run to their end or started: quickly, and often.

Rules, in order: a program has a process, three streams and words of its own, and ends with its exit
status; where ``keep_loaded`` was called (the tests do) its process is forked from one that has
everything loaded (:mod:`tests.fakes.forking`), which costs a third of a start from nothing;
elsewhere, and wherever the environment speaks to the interpreter itself (a run that counts what
processes cover, a locale of its own), it is started by its command, as a shell does.
"""

from __future__ import annotations

import json
import os
import select
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Protocol

from tests.fakes.forking import LENGTH, NUMBER, PROGRAMS

ROOT = Path(__file__).resolve().parents[2]
_TO_THE_INTERPRETER = ("PYTHON", "COVERAGE_PROCESS", "COV_CORE", "LC_", "LANG", "LD_")
_END_S = 60


class Program(Protocol):
    """A program that runs: the part of ``subprocess.Popen`` that tests use."""

    stdout: IO[str] | None
    pid: int

    def poll(self) -> int | None:
        """Its exit status once it has ended."""

    def send_signal(self, sig: int) -> None:
        """Send it a signal, unless it has ended."""

    def kill(self) -> None:
        """End it as a power cut would."""

    def wait(self, timeout: float | None = None) -> int:
        """Its exit status; raises ``subprocess.TimeoutExpired``."""

    def communicate(self, *, timeout: float | None = None) -> tuple[str, str | None]:
        """The rest of what it says, once it has ended."""


def run(
    program: str, *words: object, given: str = "", check: bool = False, timeout_s: float = 120
) -> subprocess.CompletedProcess[str]:
    """Run ``python -m program words`` to its end.

    Args:
        program: package with a ``__main__``.
        words: of the command line.
        given: what it reads on standard input.
        check: whether an exit status other than 0 is an error.
        timeout_s: how long it may take, seconds.

    Raises:
        subprocess.CalledProcessError: with ``check``.
        subprocess.TimeoutExpired: it took longer, and was killed.
    """
    command = command_of(program, *words)
    forks = _forks_for(program)
    if forks is None:
        return subprocess.run(
            command,
            cwd=ROOT,
            input=given,
            capture_output=True,
            text=True,
            check=check,
            timeout=timeout_s,
        )
    with ExitStack() as open_files:
        streams = [open_files.enter_context(tempfile.TemporaryFile()) for _ in range(3)]
        streams[0].write(given.encode())
        streams[0].seek(0)
        running = forks.start(command, [stream.fileno() for stream in streams])
        try:
            status = running.wait(timeout_s)
        finally:
            running.kill()
            running.wait(_END_S)
        texts = []
        for stream in streams[1:]:
            stream.seek(0)
            texts.append(stream.read().decode().replace("\r\n", "\n"))
    done = subprocess.CompletedProcess(command, status, *texts)
    if check:
        done.check_returncode()
    return done


def start(program: str, *words: object, errors: Path) -> Program:
    """Start ``python -m program words``; what it says comes through its ``stdout``.

    Args:
        program: package with a ``__main__``.
        words: of the command line.
        errors: file that takes what it writes on standard error, behind what is there. A pipe that
            nobody reads would fill up and stop it.
    """
    command = command_of(program, *words)
    forks = _forks_for(program)
    with errors.open("a") as log:
        if forks is None:
            return subprocess.Popen(
                command,
                cwd=ROOT,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )
        reader, writer = os.pipe()
        stdout = os.fdopen(reader, encoding="utf-8")
        with os.fdopen(writer, "wb"), Path(os.devnull).open("rb") as nothing:
            running = forks.start(command, [nothing.fileno(), writer, log.fileno()])
        running.stdout = stdout
        return running


def command_of(program: str, *words: object) -> list[str]:
    """The command that starts it from a shell."""
    return [sys.executable, "-m", program, *map(str, words)]


# --- forked ---------------------------------------------------------------------------------------


@dataclass
class Forked:
    """A program whose process was forked; see :class:`Program`.

    Attributes:
        args: the command that it stands for.
        returncode: its exit status, None while it is not known to have ended.
    """

    args: list[str]
    pid: int
    stdout: IO[str] | None = None
    returncode: int | None = None
    _told: int = -1
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def poll(self) -> int | None:
        return self._ended(0)

    def send_signal(self, sig: int) -> None:
        if self.poll() is None:
            os.kill(self.pid, sig)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)

    def wait(self, timeout: float | None = None) -> int:
        status = self._ended(timeout)
        if status is None:
            raise subprocess.TimeoutExpired(self.args, timeout or 0)
        return status

    def communicate(self, *, timeout: float | None = None) -> tuple[str, str | None]:
        said = ""
        if self.stdout is not None and not self.stdout.closed:
            said = self.stdout.read()
            self.stdout.close()
        self.wait(timeout)
        return said, None

    def _ended(self, timeout_s: float | None) -> int | None:
        until = None if timeout_s is None else time.monotonic() + timeout_s
        while True:
            # Several threads may ask; whoever reads the status keeps it for the others.
            with self._lock:
                if self.returncode is None and _readable(self._told, 0):
                    self.returncode = _number(self._told)
                    os.close(self._told)
                if self.returncode is not None:
                    return self.returncode
            left = None if until is None else until - time.monotonic()
            if left is not None and left <= 0:
                return None
            _readable(self._told, 0.1 if left is None else min(left, 0.1))


class Forks:
    """The process that has everything loaded, and the socket to it."""

    def __init__(self) -> None:
        self._socket, other = socket.socketpair()
        self._lock = threading.Lock()
        self._interpreter = _to_the_interpreter()
        with other:
            self._process = subprocess.Popen(
                command_of("tests.fakes.forking", other.fileno()),
                cwd=Path(__file__).resolve().parents[2],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                pass_fds=(other.fileno(),),
            )

    @property
    def serves(self) -> bool:
        """Whether an interpreter of now would be the one that was loaded."""
        return self._interpreter == _to_the_interpreter()

    def start(self, command: list[str], streams: Sequence[int]) -> Forked:
        """A new process.

        Args:
            command: ``python -m program words``.
            streams: files that it has as standard input, output and error.
        """
        umask = os.umask(0o077)
        os.umask(umask)
        request = {
            "words": command[2:],
            "environment": dict(os.environ),
            "folder": str(ROOT),
            "umask": umask,
        }
        body = json.dumps(request).encode()
        message = len(body).to_bytes(LENGTH, "big") + body
        reader, writer = os.pipe()
        try:
            with self._lock:
                sent = socket.send_fds(self._socket, [message], [*streams, writer])
                self._socket.sendall(message[sent:])
        finally:
            os.close(writer)
        return Forked(command, _number(reader), _told=reader)

    def close(self) -> None:
        """End it; what it started goes on."""
        self._socket.close()
        self._process.wait(_END_S)


@dataclass(slots=True)
class _Loading:
    """Of all tests of a process.

    Attributes:
        wanted: programs are to be forked.
        forks: from which; None until the first one is.
        turn: to make it.
    """

    wanted: bool = False
    forks: Forks | None = None
    turn: threading.Lock = field(default_factory=threading.Lock)


_LOADING = _Loading()


def keep_loaded() -> None:
    """From now on, fork programs from a process that has them loaded; started when first needed."""
    _LOADING.wanted = True


def let_go() -> None:
    """End that process, and start programs by their command again."""
    _LOADING.wanted, forks, _LOADING.forks = False, _LOADING.forks, None
    if forks is not None:
        forks.close()


def _forks_for(program: str) -> Forks | None:
    """Where to fork a program from, None where it is to be started by its command."""
    counted = any(name.startswith(("COVERAGE_PROCESS", "COV_CORE")) for name in os.environ)
    if not _LOADING.wanted or counted or program not in PROGRAMS or not hasattr(socket, "send_fds"):
        return None
    with _LOADING.turn:
        forks = _LOADING.forks = _LOADING.forks or Forks()
    return forks if forks.serves else None


def _to_the_interpreter() -> dict[str, str]:
    return {name: told for name, told in os.environ.items() if name.startswith(_TO_THE_INTERPRETER)}


def _readable(pipe: int, timeout_s: float) -> bool:
    poll = select.poll()
    poll.register(pipe, select.POLLIN)
    return bool(poll.poll(timeout_s * 1000))


def _number(pipe: int) -> int:
    """A process number or an exit status; raises AssertionError where the other end is gone."""
    data = os.read(pipe, NUMBER)
    assert len(data) == NUMBER, "the process that has the programs loaded is gone"
    return int.from_bytes(data, "big", signed=True)
