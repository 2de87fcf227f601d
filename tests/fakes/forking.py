"""Starts programs out of a process that has loaded them: ``python -m tests.fakes.forking FD``.

Rules, in order: what is loaded is everything that the programs import, and nothing of it has run; a
program becomes a process by a fork, takes over the three streams, folder, umask and environment
that it is told, holds no other file, and is then run by the very function that runs ``python -m``,
to the very end of the interpreter: its errors, signals and exit statuses are its own; how it ended
is told to whoever asked for it; once the one at the other end of the socket is gone, this ends too.

A request is a JSON object behind its length (4 bytes, big-endian), with four file descriptors: the
streams 0, 1 and 2, and a pipe to which the process number, and in the end the exit status as
``subprocess`` counts it, are written (8 bytes each, signed, big-endian).
"""

import gc
import importlib
import json
import os
import pkgutil
import runpy
import select
import signal
import socket
import sys
import time

PROGRAMS = ("central", "witness")
_BESIDE = ("sqlalchemy.dialects.sqlite.pysqlite", "sqlalchemy.dialects.postgresql.psycopg")
LENGTH, NUMBER = 4, 8
STREAMS = 3
_FIRST_OTHER, _LAST_OTHER = 3, 65_536


def load() -> None:
    """Import all modules of the programs; the ``__main__`` of each is run by each process anew."""
    for program in PROGRAMS:
        package = importlib.import_module(program)
        for found in pkgutil.walk_packages(package.__path__, f"{program}."):
            importlib.import_module(found.name)
        del sys.modules[f"{program}.__main__"]
        delattr(package, "__main__")
    for name in _BESIDE:
        importlib.import_module(name)
    gc.collect()
    gc.freeze()


def told(number: int) -> bytes:
    """A process number or an exit status, as it is written to the pipe."""
    return number.to_bytes(NUMBER, "big", signed=True)


class Forks:
    """Waits for requests at one end of a socket."""

    def __init__(self, control: int) -> None:
        self._control = socket.socket(fileno=control)
        self._ended, self._end = os.pipe()
        self._told: dict[int, int] = {}
        os.set_blocking(self._end, False)
        signal.set_wakeup_fd(self._end, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        # An interrupt of the terminal goes to the whole group; this one ends by its socket.
        self._interrupt = signal.signal(signal.SIGINT, signal.SIG_IGN)

    def next_program(self) -> str | None:
        """The program to be, in its new process; None here, once nobody asks any more."""
        poll = select.poll()
        poll.register(self._control, select.POLLIN)
        poll.register(self._ended, select.POLLIN)
        while True:
            for number, _ in poll.poll():
                if number == self._ended:
                    os.read(self._ended, 4096)
                    self._tell_the_ended()
                    continue
                asked = self._receive()
                if asked is None:
                    return None
                request, files = asked
                pid = os.fork()
                if pid == 0:
                    return self._become(request, files)
                self._started(pid, files)

    def _receive(self) -> tuple[dict[str, object], list[int]] | None:
        data, files, _, _ = socket.recv_fds(self._control, LENGTH, STREAMS + 1)
        if len(data) < LENGTH:
            return None
        left, body = int.from_bytes(data, "big"), b""
        while left > len(body):
            more = self._control.recv(left - len(body))
            if not more:
                return None
            body += more
        return json.loads(body), list(files)

    def _started(self, pid: int, files: list[int]) -> None:
        for stream in files[:STREAMS]:
            os.close(stream)
        self._told[pid] = files[STREAMS]
        _write(files[STREAMS], pid)

    def _tell_the_ended(self) -> None:
        while self._told:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if pid == 0:
                return
            pipe = self._told.pop(pid)
            _write(pipe, os.waitstatus_to_exitcode(status))
            os.close(pipe)

    def _become(self, request: dict[str, object], files: list[int]) -> str:
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        signal.signal(signal.SIGINT, self._interrupt)
        for stream, file in enumerate(files[:STREAMS]):
            os.dup2(file, stream)
        self._control.detach()
        os.closerange(_FIRST_OTHER, _LAST_OTHER)
        os.environ.clear()
        os.environ.update(request["environment"])
        time.tzset()
        os.umask(request["umask"])
        os.chdir(request["folder"])
        # As ``python -m`` has it.
        sys.path[0] = request["folder"]
        program, *words = request["words"]
        sys.argv = [program, *words]
        return program


def _write(pipe: int, number: int) -> None:
    try:
        os.write(pipe, told(number))
    except BrokenPipeError:
        return  # nobody wants to know any more


if __name__ == "__main__":
    load()
    _program = Forks(int(sys.argv[1])).next_program()
    if _program is not None:
        runpy._run_module_as_main(_program)
