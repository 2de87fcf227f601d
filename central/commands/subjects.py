"""What an act that looks through several records is about, as its options name it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from central.commands.auditors import criteria_of, request_keys

if TYPE_CHECKING:
    from central.auditor.orders import Subject

RecordsOption = Annotated[
    list[str] | None, typer.Option("--record", help="Single control: a record.")
]
RequestsOption = Annotated[
    list[str] | None, typer.Option("--request-id", help="Single control: a request, ISSUER:ID.")
]
OfficeOption = Annotated[str, typer.Option("--office", help="Single control: office.")]
FirstDayOption = Annotated[str, typer.Option("--first", help="First day.")]
LastDayOption = Annotated[str, typer.Option("--last", help="Last day; 31 days at most.")]


def subject_of(
    records: list[str] | None,
    requests: list[str] | None,
    days: tuple[str, str, str],
    person: Path | None = None,
) -> Subject:
    """The subject that these options name; an empty one where an order names it.

    Args:
        records: their ids.
        requests: each ISSUER:ID.
        days: office, first and last day.
        person: file about whom to look for.

    Raises:
        typer.BadParameter: one of them is not written as it must be.
    """
    from central.auditor.orders import Subject

    try:
        keys = request_keys(requests or [])
        return Subject(tuple(records or ()), keys, *days, criteria_of(person))
    except ValueError as exc:
        raise typer.BadParameter(str(exc)) from exc
