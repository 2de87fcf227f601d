"""The command that reads stored payloads again."""

from __future__ import annotations

import sys
from dataclasses import asdict
from datetime import timedelta
from typing import Annotated

import typer

from central.archive.layout import Layout
from central.archive.storage import open_database, open_payloads
from central.commands.console import DEFAULT_DATA, NO, DataOption, JsonOption, system_time, tell


def _told(number: int) -> None:
    sys.stderr.write(f"{number} checked\n")


def scrub(
    hours: Annotated[
        int, typer.Option(min=0, help="Everything that arrived within so many hours.")
    ] = 48,
    sample: Annotated[int, typer.Option(min=0, help="So many older ones beside.")] = 1000,
    everything: Annotated[bool, typer.Option("--all", help="Every payload there is.")] = False,
    data: DataOption = DEFAULT_DATA,
    as_json: JsonOption = False,
) -> None:
    """Hash stored payloads; what is damaged is asked of its device again. 1 while any is open.

    Rows that say otherwise than the device signed, or than the log, are named: 1 as well.

    For every night, beside the running collector.
    """
    from central.collector.scrub import Scrub

    layout = Layout(data)
    layout.require()
    recent = None if everything else timedelta(hours=hours)
    database = open_database(layout)
    try:
        report = Scrub(database, open_payloads(layout)).run(
            system_time(),
            recent,
            0 if everything else sample,
            _told,
        )
    finally:
        database.close()
    lines = [f"{report.checked} payloads checked, {len(report.found)} damages found"]
    lines += [
        f"{row.what}: {row.device_id} entry {row.seq}, since {row.found_at}" for row in report.open
    ]
    lines += [
        f"contradicted: {device} entry {seq}: see what audit verify says"
        for device, seq in report.contradicted
    ]
    answer = {
        "contradicted": [{"device_id": d, "seq": n} for d, n in report.contradicted],
        "checked": report.checked,
        "found": [asdict(row) for row in report.found],
        "open": [asdict(row) for row in report.open],
    }
    tell(answer, "\n".join(lines), as_json=as_json)
    if report.open or report.contradicted:
        raise typer.Exit(NO)
