"""``visavis sync``: bring what waits to the central side.

Exit code 1 where records still wait afterwards. It is somebody's word, so all of them are sent, on
a metered link too; ``--metered`` leaves the big ones to a later word. With ``--folder``, by a stick
that somebody carries: exit code 1 where something could not be read or written; what was written
waits for its receipt.
"""

import threading
from dataclasses import asdict
from pathlib import Path
from random import SystemRandom
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

if TYPE_CHECKING:
    from kiosk.bootstrap import Kiosk
    from kiosk.texts import Texts


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("sync")(sync)


def sync(
    once: Annotated[bool, typer.Option("--once", help="One try, then stop.")] = False,
    folder: Annotated[
        Path | None,
        typer.Option("--folder", metavar="DIR", help="A stick: read what came back, then write."),
    ] = None,
    metered: Annotated[
        bool, typer.Option("--metered", help="Leave records of more than 256 KiB for later.")
    ] = False,
    take: Annotated[bool, typer.Option("--take", help="With --folder: only read.")] = False,
    data: DataOption = None,
    json: JsonOption = False,
) -> None:
    """Send what waits; without --once, try again until nothing waits."""
    texts = texts_of(data)
    if take and folder is None:
        raise typer.BadParameter("--take needs --folder")
    if folder is not None:
        _carry(data, folder, texts, give=not take, json=json)
        return
    with kiosk_of(data) as kiosk:
        kiosk.require_enrolled()
        total, waiting, reason = _deliver(kiosk, once=once, metered=metered)
    if json:
        say_json({"stored": total, "waiting": waiting, "reason": reason})
    else:
        say(texts("cli.sync.done", n=total))
        if waiting:
            say(texts("cli.sync.waiting", n=waiting))
        if reason:
            say(f"{texts(f'errors.{reason}.what')} ({reason})")
    if waiting or reason:
        leave(ExitCode.NO)


def _carry(data: Path | None, folder: Path, texts: "Texts", *, give: bool, json: bool) -> None:
    """By a stick: records proven stored, records written on it, and the last obstacle."""
    with kiosk_of(data) as kiosk:
        kiosk.require_enrolled()
        done = kiosk.carried.run(folder, give=give)
    if json:
        say_json(asdict(done))
    else:
        say(texts("cli.sync.done", n=done.stored))
        if give:
            say(texts("cli.sync.written", n=done.written))
        if done.left:
            say(texts("cli.sync.waiting", n=done.left))
        if done.reason:
            say(f"{texts(f'errors.{done.reason}.what')} ({done.reason})")
    if done.reason or done.left:
        leave(ExitCode.NO)


def _deliver(kiosk: "Kiosk", *, once: bool, metered: bool) -> tuple[int, int, str]:
    """Records confirmed, records still waiting, and the code of the last obstacle."""
    from kiosk.sync.retry import after_told_s, delay_s

    total, failures = 0, 0
    while True:
        summary = kiosk.delivery.run_once(metered=metered)
        total += summary.stored
        waiting, held = _waiting(kiosk, metered=metered)
        if once or waiting == held:
            return total, waiting, summary.reason
        failures = 1 if summary.stored else failures + 1
        draw = SystemRandom().random()
        told_s = after_told_s(summary.wait_s, draw)
        threading.Event().wait(max(told_s, delay_s(failures, draw)))


def _waiting(kiosk: "Kiosk", *, metered: bool) -> tuple[int, int]:
    """Records that have not arrived, and how many of them this run leaves for later."""
    from kiosk.ports import OutboxState
    from kiosk.sync.outbox import is_held

    rows = kiosk.delivery.status()
    held = sum(is_held(row, metered=metered) for row in rows)
    return sum(row.state is not OutboxState.STORED for row in rows), held
