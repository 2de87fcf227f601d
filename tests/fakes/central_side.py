"""A real central side in a folder, its collector a real process on a loopback port."""

from __future__ import annotations

import json
import signal
import subprocess
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from central.archive.layout import Layout
from central.archive.ledger import Ledger
from central.archive.storage import open_database
from central.authority.codes import new_code
from central.authority.founding import LOCAL_HOSTS, found
from kiosk.domain.ids import OfficeId
from tests.fakes import programs


def central(*arguments: str | Path, check: bool = True) -> subprocess.CompletedProcess[str]:
    """Run ``visavis-central`` to its end."""
    return programs.run("central", *arguments, check=check)


def ask(*arguments: str | Path) -> Any:
    """The JSON answer of a command."""
    return json.loads(central(*arguments, "--json").stdout)


@dataclass
class CentralSide:
    """A collector that runs.

    Attributes:
        data: folder of the central side.
        url: base address of the collector.
        process: the collector.
        log: what it wrote on standard error.
    """

    data: Path
    url: str
    process: programs.Program
    log: Path

    def enrol_code(self, office: str = "075012", hours: float = 1) -> str:
        now, validity = datetime.now(UTC), timedelta(hours=hours)
        return new_code(Layout(self.data), self.url, OfficeId(office), now, validity).text()

    def ledger(self) -> AbstractContextManager[Ledger]:
        """What the collector's database says now."""
        return reading(self.data)

    def stop(self) -> int:
        """End the collector as a service supervisor would; its exit status."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=60)


@contextmanager
def reading(data: Path) -> Iterator[Ledger]:
    """The database of a central side."""
    database = open_database(Layout(data))
    try:
        with database.reading() as ledger:
            yield ledger
    finally:
        database.close()


@contextmanager
def serving(data: Path, port: int = 0, metrics: int | None = None) -> Iterator[CentralSide]:
    """A collector over an existing folder, until the block ends."""
    options = [] if metrics is None else ["--metrics", str(metrics)]
    log = data.with_name(f"{data.name}.log")
    words = ("serve", "--data", data, "--port", port, *options)
    process = programs.start("central", *words, errors=log)
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        assert line, log.read_text()
        yield CentralSide(data, json.loads(line)["url"], process, log)
    finally:
        process.kill()
        process.communicate(timeout=60)


def founded(data: Path) -> Path:
    """A new central side in ``data``."""
    found(Layout(data), LOCAL_HOSTS, "idp.test", datetime.now(UTC), demonstration=False)
    return data
