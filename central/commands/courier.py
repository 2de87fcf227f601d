"""``visavis-central courier``: what devices wrote on a medium, and the answers to it."""

from __future__ import annotations

import asyncio
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from central.archive.layout import Layout
from central.commands.console import (
    DEFAULT_DATA,
    NO,
    DataOption,
    JsonOption,
    system_time,
    tell,
)

if TYPE_CHECKING:
    from central.collector.couriers import Carried

courier_app = typer.Typer(no_args_is_help=True, help="Media that carry records by hand.")

MediumArgument = Annotated[
    Path, typer.Argument(metavar="DIR", help="The medium, or its folder VISAVIS.")
]


@courier_app.command("take")
def courier_take(
    medium: MediumArgument, data: DataOption = DEFAULT_DATA, as_json: JsonOption = False
) -> None:
    """Take in what lies there. The medium is only read; done twice, nothing is doubled."""
    _run(data, medium, give=False, as_json=as_json)


@courier_app.command("give")
def courier_give(
    medium: MediumArgument, data: DataOption = DEFAULT_DATA, as_json: JsonOption = False
) -> None:
    """Take in what lies there, and leave receipts, policies and signed time for each device."""
    _run(data, medium, give=True, as_json=as_json)


def _run(data: Path, medium: Path, *, give: bool, as_json: bool) -> None:
    from central.collector.couriers import open_couriers

    with open_couriers(Layout(data), system_time) as couriers:
        found = asyncio.run(couriers.run(medium, give=give))
    answer = {"folders": [asdict(one) for one in found]}
    lines = [line for one in found for line in _lines(one)]
    tell(answer, "\n".join(lines) or "nothing lies there", as_json=as_json)
    if any(one.refused for one in found):
        raise typer.Exit(NO)


def _lines(one: Carried) -> list[str]:
    who = one.device_id or "unknown device"
    apart = "; TWO HISTORIES, records kept apart" if one.quarantined else ""
    answered = "; answers written" if one.answered else ""
    taken = f"{one.taken} records taken in, {one.already} were here"
    return [
        f"{one.folder} {who}: {one.entries} entries, {taken}{apart}{answered}",
        *(f"  REFUSED {what}" for what in one.refused),
    ]
