"""``visavis journal verify|show|export``: what this device did, and proof that it is whole."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from kiosk.commands.console import (
    DataOption,
    ExitCode,
    JsonOption,
    kiosk_of,
    leave,
    say,
    say_json,
    texts_of,
)
from kiosk.domain.errors import ConfigError

if TYPE_CHECKING:
    from kiosk.audit.verify import JournalReport
    from kiosk.texts import Texts


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(help="The journal of this device.", no_args_is_help=True)
    group.command("verify")(verify)
    group.command("show")(show)
    group.command("export")(export)
    app.add_typer(group, name="journal")


def verify(data: DataOption = None, json: JsonOption = False) -> None:
    """Verify every entry, its signature, its number and its place; exit code 1 if one is wrong."""
    with kiosk_of(data) as kiosk:
        report = kiosk.verify_journal()
    if json:
        say_json(_report_json(report))
    else:
        _say_report(report, texts_of(data))
    if not report.verified:
        leave(ExitCode.NO)


def show(
    last: Annotated[int, typer.Option(min=1, max=10_000, help="How many entries.")] = 20,
    data: DataOption = None,
    json: JsonOption = False,
) -> None:
    """List the last entries: number, time as this device claims it, kind, record."""
    with kiosk_of(data) as kiosk, kiosk.store.begin() as uow:
        size = uow.journal.size()
        rows = uow.journal.range(max(0, size - last), size)
    if json:
        entries = [
            {
                "seq": row.seq,
                "kind": row.kind,
                "time": row.wall_claimed.isoformat(),
                "record_id": row.record_id,
            }
            for row in rows
        ]
        say_json({"entries": entries, "size": size})
        return
    for row in rows:
        moment = f"{row.wall_claimed:%Y-%m-%d %H:%M:%S}"
        say(f"{row.seq:>6}  {moment}  {row.kind:<16} {row.record_id or ''}".rstrip())


def export(
    out: Annotated[Path, typer.Argument(metavar="FILE", help="File to write.")],
    data: DataOption = None,
    json: JsonOption = False,
) -> None:
    """Write every entry and a signed checkpoint to a file that others can prove; no personal data.

    The file is read by ``packaging/verify/journal_verifier.py``, which needs nothing of this
    program. A journal that does not verify is written too, with exit code 1: the proof is its own.
    """
    texts = texts_of(data)
    if out.exists():
        typer.echo(texts("cli.journal.exists", file=out.name), err=True)
        leave(ExitCode.WRONG_USE)
    with kiosk_of(data) as kiosk:
        report = kiosk.verify_journal()
        text = kiosk.export_journal()
        name, public = str(kiosk.device_id), kiosk.device_key.public
    try:
        with out.open("x", encoding="utf-8", newline="\n") as file:
            file.write(text)
    except OSError as exc:
        raise ConfigError("journal file") from exc
    if json:
        say_json(
            {
                "file": str(out),
                "device_id": name,
                "public_key": public.hex(),
                **_report_json(report),
            }
        )
    else:
        say(texts("cli.journal.exported", file=out.name))
        _say_report(report, texts)
    if not report.verified:
        leave(ExitCode.NO)


def _report_json(report: "JournalReport") -> dict[str, object]:
    return {
        "entries": report.entries,
        "verified": report.verified,
        "root": report.root.hex(),
        "problems": [{"seq": p.seq, "what": p.what} for p in report.problems],
    }


def _say_report(report: "JournalReport", texts: "Texts") -> None:
    if report.verified:
        say(texts("cli.journal.whole", n=report.entries))
        return
    say(texts("cli.journal.broken", n=len(report.problems)))
    for problem in report.problems[:20]:
        say(f"{problem.seq:>6}  {problem.what}")
