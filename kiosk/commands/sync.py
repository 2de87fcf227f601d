"""``visavis sync``: bring what waits to the central side.

Exit code 1 where records still wait afterwards.
"""

import threading
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


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("sync")(sync)


def sync(
    once: Annotated[bool, typer.Option("--once", help="One try, then stop.")] = False,
    data: DataOption = None,
    json: JsonOption = False,
) -> None:
    """Send what waits; without --once, try again until nothing waits."""
    texts = texts_of(data)
    with kiosk_of(data) as kiosk:
        kiosk.require_enrolled()
        total, waiting, reason = _deliver(kiosk, once=once)
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


def _deliver(kiosk: "Kiosk", *, once: bool) -> tuple[int, int, str]:
    """Records confirmed, records still waiting, and the code of the last obstacle."""
    from kiosk.sync.retry import delay_s

    total, failures = 0, 0
    while True:
        summary = kiosk.delivery.run_once()
        total += summary.stored
        waiting = _waiting(kiosk)
        if once or not waiting:
            return total, waiting, summary.reason
        failures = 1 if summary.stored else failures + 1
        threading.Event().wait(delay_s(failures, SystemRandom().random()))


def _waiting(kiosk: "Kiosk") -> int:
    from kiosk.ports import OutboxState

    return sum(row.state is not OutboxState.STORED for row in kiosk.delivery.status())
