"""A real witness: a folder, and a process on a loopback port."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]


def witness(*arguments: str | Path, check: bool = True) -> subprocess.CompletedProcess[str]:
    """Run ``visavis-witness`` to its end."""
    return subprocess.run(
        [sys.executable, "-m", "witness", *map(str, arguments)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=check,
        timeout=120,
    )


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
    process: subprocess.Popen[str]

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
    with data.with_name(f"{data.name}.log").open("a") as errors:
        process = subprocess.Popen(
            [
                *(sys.executable, "-m", "witness", "serve"),
                *("--data", str(data), "--port", str(port), *options),
            ],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
        )
    try:
        assert process.stdout is not None
        ready = json.loads(process.stdout.readline())
        yield WitnessProcess(data, ready["url"], process)
    finally:
        process.kill()
        process.communicate(timeout=60)
