"""A real witness: a folder, and a process on a loopback port."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.fakes import programs


def witness(*arguments: str | Path, check: bool = True) -> subprocess.CompletedProcess[str]:
    """Run ``visavis-witness`` to its end."""
    return programs.run("witness", *arguments, check=check)


def ask_witness(*arguments: str | Path) -> Any:
    """The JSON answer of a command."""
    return json.loads(witness(*arguments, "--json").stdout)


@dataclass
class WitnessProcess:
    """A witness that runs.

    Attributes:
        data: its folder.
        url: its base address.
        process: the program.
    """

    data: Path
    url: str
    process: programs.Program

    @property
    def port(self) -> int:
        return int(self.url.rpartition(":")[2])

    def kill(self) -> None:
        """As a power cut would."""
        self.process.kill()
        self.process.wait(timeout=60)


@contextmanager
def witnessing(data: Path, port: int = 0, *options: str) -> Iterator[WitnessProcess]:
    """A witness over an existing folder, until the block ends."""
    log = data.with_name(f"{data.name}.log")
    words = ("serve", "--data", data, "--port", port, *options)
    process = programs.start("witness", *words, errors=log)
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        assert line, log.read_text()
        yield WitnessProcess(data, json.loads(line)["url"], process)
    finally:
        process.kill()
        process.communicate(timeout=60)
