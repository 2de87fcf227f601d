"""A collector that is killed, started again, and put back to a backup, quickly and often.

Its process is forked from one that has the program loaded already, so that a start costs
milliseconds. Killed is killed: nothing is told beforehand.
"""

from __future__ import annotations

import os
import shutil
import socket
import sys
import time
from contextlib import suppress
from datetime import UTC, datetime
from multiprocessing import get_context
from pathlib import Path

from central.archive.layout import Layout
from central.collector.server import Address, free_port, serve

_HOST = "127.0.0.1"
_READY_S = 30
_FORKS = get_context("forkserver")
_FORKS.set_forkserver_preload(["tests.fakes.mortal_collector"])


def _now() -> datetime:
    return datetime.now(UTC)


def _serve(data: str, port: int) -> None:
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in (sys.stdout, sys.stderr):
        os.dup2(nowhere, stream.fileno())
    serve(Layout(Path(data)), Address(_HOST, port), _now)


class MortalCollector:
    """One collector over a folder, always on the same port.

    Attributes:
        data: folder of the central side.
        port: where it listens while it lives.
    """

    def __init__(self, data: Path) -> None:
        self.data = data
        self.port = free_port(_HOST, 0)
        self._backup = data.with_name(f"{data.name}-backup")
        self._process = None

    @property
    def alive(self) -> bool:
        return self._process is not None

    @property
    def has_backup(self) -> bool:
        return self._backup.exists()

    def start(self) -> None:
        """Start; returns once the port answers."""
        self._process = _FORKS.Process(target=_serve, args=(str(self.data), self.port), daemon=True)
        self._process.start()
        until = time.monotonic() + _READY_S
        while time.monotonic() < until:
            with suppress(OSError), socket.create_connection((_HOST, self.port), timeout=5):
                return
            time.sleep(0.01)
        raise AssertionError("the collector does not answer")

    def kill(self) -> None:
        """End the process at once, whatever it is doing."""
        if self._process is not None:
            self._process.kill()
            self._process.join(20)
            self._process.close()
            self._process = None

    def back_up(self) -> None:
        """Copy the whole folder, the process dead."""
        shutil.rmtree(self._backup, ignore_errors=True)
        shutil.copytree(self.data, self._backup)

    def restore(self) -> None:
        """Put the folder back as it was copied, the process dead."""
        shutil.rmtree(self.data)
        shutil.copytree(self._backup, self.data)
