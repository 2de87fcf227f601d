"""``visavis journal verify|show|find|export``: what this device did, and proof that it is whole."""

from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from kiosk.audit.entries import EntryKind
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
from kiosk.domain.errors import ConfigError, JournalBrokenError
from kiosk.ports import JournalQuery

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kiosk.audit.verify import JournalReport
    from kiosk.ports import JournalRow
    from kiosk.texts import Texts


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(help="The journal of this device.", no_args_is_help=True)
    group.command("verify")(verify)
    group.command("show")(show)
    group.command("find")(find)
    group.command("export")(export)
    app.add_typer(group, name="journal")


def verify(data: DataOption = None, json: JsonOption = False) -> None:
    """Verify every entry and every sealed record that it announced; exit code 1 if one is wrong.

    A record that is not here any more, or not as it was announced, becomes an entry of its own.
    """
    with kiosk_of(data) as kiosk:
        report = kiosk.verify_journal()
        losses = kiosk.custody.examine()
        with suppress(JournalBrokenError):  # named above already; nothing can be appended to it
            kiosk.custody.note(losses)
    if json:
        lost = [{"seq": loss.seq, "what": loss.loss} for loss in losses]
        say_json({**_report_json(report), "losses": lost})
    else:
        texts = texts_of(data)
        _say_report(report, texts)
        for loss in losses:
            say(f"{loss.seq:>6}  {texts(f'cli.journal.loss.{loss.loss}')}")
    if losses or not report.verified:
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
    _say_rows(rows, size, json=json)


def find(
    day: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d"], help="Day, in the time zone of this device."),
    ] = None,
    kind: Annotated[EntryKind | None, typer.Option(help="Kind of entry.")] = None,
    record: Annotated[str, typer.Option(help="Identifier of a record.")] = "",
    slip: Annotated[str, typer.Option(help="Code of a client's slip.")] = "",
    limit: Annotated[int, typer.Option(min=1, max=100_000, help="At most so many.")] = 100,
    data: DataOption = None,
    json: JsonOption = False,
) -> None:
    """Find entries by day, kind, record or slip code, newest first; exit code 1 if none fits."""
    since = None if day is None else day.astimezone()
    query = JournalQuery(
        since=since,
        until=None if since is None else since + timedelta(days=1),
        kind="" if kind is None else kind.value,
        record_id=record.strip().lower(),
        slip_code=slip.strip().upper(),
        limit=limit,
    )
    with kiosk_of(data) as kiosk, kiosk.store.begin() as uow:
        rows, size = uow.journal.find(query), uow.journal.size()
    _say_rows(rows, size, json=json)
    if not rows:
        leave(ExitCode.NO)


def _say_rows(rows: "Sequence[JournalRow]", size: int, *, json: bool) -> None:
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
