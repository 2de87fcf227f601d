"""A collector that is killed, started again, and put back to a backup, quickly and often.

Killed is killed: nothing is told beforehand. It is started when it says so itself, and one that
ends instead says what it said on its error stream.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path

from tests.fakes import programs
from tests.fakes.ports import give_back, take_port

_END_S = 120


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
        self._process: programs.Program | None = None

    @property
    def alive(self) -> bool:
        return self._process is not None

    @property
    def has_backup(self) -> bool:
        return self._backup.exists()

    def start(self) -> None:
        """Start; returns once this collector answers, and not another program on its port."""
        words = ("serve", "--data", self.data, "--port", self.port)
        self._process = programs.start("central", *words, errors=self.log)
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        assert line, f"the collector ended: {self.log.read_text('utf-8', 'replace')[-2_000:]}"
        assert json.loads(line)["pid"] == self._process.pid

    def kill(self) -> None:
        """End the process at once, whatever it is doing."""
        if self._process is not None:
            self._process.kill()
            self._process.communicate(timeout=_END_S)
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
