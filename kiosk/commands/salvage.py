"""``visavis salvage``: carries what is whole of a damaged vault into a fresh one."""

import typer

from kiosk import logs
from kiosk.commands.console import (
    DataOption,
    ExitCode,
    JsonOption,
    leave,
    say,
    say_json,
    texts_of,
)
from kiosk.paths import Paths


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("salvage")(salvage)


def salvage(data: DataOption = None, json: JsonOption = False) -> None:
    """Save what is whole of a damaged vault; exit code 1 if something was lost.

    The damaged file stays in the data folder under another name. The journal says what was lost.
    """
    from kiosk.bootstrap.salvaging import ranges
    from kiosk.bootstrap.salvaging import salvage as run

    paths = Paths.of_device(data)
    paths.prepare()
    handler = logs.start(paths.logs)
    try:
        report = run(paths)
    finally:
        logs.stop(handler)
    texts, found = texts_of(data), report.found
    lost = found is not None and bool(found.entries_lost or found.records_lost)
    if json:
        say_json(
            {
                "kept_as": report.kept_as,
                "sound": report.sound,
                "entries": 0 if found is None else found.entries,
                "entries_lost": [] if found is None else found.entries_lost,
                "records": 0 if found is None else found.records,
                "records_lost": [] if found is None else found.records_lost,
                "rows_renewed": [] if found is None else found.rows_renewed,
                "damaged_tables": [] if found is None else found.damaged_tables,
            }
        )
    elif report.sound:
        say(texts("cli.salvage.sound"))
    elif found is None:
        say(texts("cli.salvage.completed", file=report.kept_as))
    else:
        say(texts("cli.salvage.kept", file=report.kept_as))
        say(texts("cli.salvage.carried", entries=found.entries, records=found.records))
        if found.entries_lost:
            say(texts("cli.salvage.entries_lost", which=ranges(found.entries_lost)))
        if found.records_lost:
            say(texts("cli.salvage.records_lost", which=ranges(found.records_lost)))
        if found.damaged_tables:
            say(texts("cli.salvage.tables", which=", ".join(found.damaged_tables)))
    if lost:
        leave(ExitCode.NO)
