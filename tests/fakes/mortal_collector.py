"""A collector that is killed, started again, and put back to a backup, quickly and often.

Its process is forked from one that has the program loaded already, so that a start costs
milliseconds. Killed is killed: nothing is told beforehand. It is started when its own authority
answers for it on its port, and a process that ends instead says what it said on its error stream.
"""

from __future__ import annotations

import os
import shutil
import ssl
import sys
import time
from contextlib import suppress
from datetime import UTC, datetime
from multiprocessing import get_context
from pathlib import Path

import httpx

from central.archive.layout import Layout
from central.collector.server import Address, serve
from tests.fakes.ports import give_back, take_port

_HOST = "127.0.0.1"
_READY_S = 120
_ANSWER_S = 5
_FORKS = get_context("forkserver")
_FORKS.set_forkserver_preload(["tests.fakes.mortal_collector"])


def _now() -> datetime:
    return datetime.now(UTC)


def _serve(data: str, port: int, log: str) -> None:
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    told = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.dup2(told, sys.stderr.fileno())
    serve(Layout(Path(data)), Address(_HOST, port), _now)


class MortalCollector:
    """One collector over a folder, always on the same port, which is its own.

    Attributes:
        data: folder of the central side.
        port: where it listens while it lives.
        log: what its processes said on standard error.
    """

    def __init__(self, data: Path) -> None:
        self.data = data
        self.port = take_port()
        self.log = data.with_name(f"{data.name}.log")
        self._backup = data.with_name(f"{data.name}-backup")
        self._process = None

    @property
    def alive(self) -> bool:
        return self._process is not None

    @property
    def has_backup(self) -> bool:
        return self._backup.exists()

    def start(self) -> None:
        """Start; returns once this collector answers, and not another program on its port."""
        words = (str(self.data), self.port, str(self.log))
        self._process = _FORKS.Process(target=_serve, args=words, daemon=True)
        self._process.start()
        until = time.monotonic() + _READY_S
        while time.monotonic() < until:
            assert self._process.is_alive(), f"the collector ended: {self._said()}"
            if self.answers():
                return
            time.sleep(0.01)
        raise AssertionError(f"the collector does not answer: {self._said()}")

    def answers(self) -> bool:
        """Whether somebody answers on its port whom its own authority vouches for."""
        trusted = ssl.create_default_context(cafile=str(Layout(self.data).ca_certificate))
        with (
            suppress(httpx.TransportError),
            httpx.Client(verify=trusted, trust_env=False, timeout=_ANSWER_S) as client,
        ):
            return client.get(f"https://{_HOST}:{self.port}/healthz").is_success
        return False

    def _said(self) -> str:
        return self.log.read_text("utf-8", "replace")[-2_000:] if self.log.exists() else ""

    def kill(self) -> None:
        """End the process at once, whatever it is doing."""
        if self._process is not None:
            self._process.kill()
            self._process.join(_READY_S)
            self._process.close()
            self._process = None

    def close(self) -> None:
        """End it, and give its port back."""
        self.kill()
        give_back(self.port)

    def back_up(self) -> None:
        """Copy the whole folder, the process dead."""
        shutil.rmtree(self._backup, ignore_errors=True)
        shutil.copytree(self.data, self._backup)

    def restore(self) -> None:
        """Put the folder back as it was copied, the process dead."""
        shutil.rmtree(self.data)
        shutil.copytree(self._backup, self.data)
