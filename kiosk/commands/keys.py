"""``visavis keys rotate|secret|rewrap|systemd``: what a technician does with a device's keys."""

from typing import Annotated

import typer

from kiosk import logs
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
from kiosk.paths import Paths

DaysOption = Annotated[
    int, typer.Option("--days", min=1, max=90, help="For how long the old one waits for agents.")
]
FinishOption = Annotated[
    bool, typer.Option("--finish", help="Destroy the old one now instead of making a new one.")
]
YesOption = Annotated[
    bool, typer.Option("--yes", help="Agents who have not signed in since need a one-time code.")
]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(help="The keys of this device.", no_args_is_help=True)
    group.command("rotate")(rotate)
    group.command("secret")(secret)
    group.command("rewrap")(wrap_anew)
    group.command("systemd")(systemd)
    app.add_typer(group, name="keys")


def rotate(data: DataOption = None, json: JsonOption = False) -> None:
    """Encrypt the vault with a new key. A power cut at any moment loses nothing."""
    with kiosk_of(data) as kiosk:
        kiosk.key_change.rotate_database()
        at = kiosk.last_entry_at()
    if json:
        say_json({"rotated": "database", "at": None if at is None else at.isoformat()})
    else:
        say(texts_of(data)("cli.keys.rotated"))


def secret(
    days: DaysOption = 30,
    finish: FinishOption = False,
    yes: YesOption = False,
    data: DataOption = None,
    json: JsonOption = False,
) -> None:
    """Replace the secret of this device behind every agent's PIN; the PINs stay the same.

    The old one is kept until every agent has signed in once, for ``--days`` at most.
    """
    texts = texts_of(data)
    with kiosk_of(data) as kiosk:
        change = kiosk.secret_change
        waiting = change.standing().awaited if finish else ()
        if waiting and not yes:
            typer.echo(texts("cli.keys.secret_sure", names=", ".join(waiting)), err=True)
            leave(ExitCode.WRONG_USE)
        standing = change.finish() if finish else change.begin(days)
    if json:
        say_json(
            {
                "awaited": list(standing.awaited),
                "stranded": list(standing.stranded),
                "until": None if standing.until is None else standing.until.isoformat(),
            }
        )
    elif standing.until is not None:
        names = ", ".join(standing.awaited)
        say(texts("cli.keys.secret_begun", names=names, until=standing.until.isoformat()))
    elif standing.stranded:
        say(texts("cli.keys.secret_over_without", names=", ".join(standing.stranded)))
    else:
        say(texts("cli.keys.secret_over"))


def wrap_anew(data: DataOption = None, json: JsonOption = False) -> None:
    """Let the secret store of the system protect every secret anew; the secrets stay the same."""
    from kiosk.services.key_change import rewrap

    with kiosk_of(data) as kiosk:
        names = rewrap(kiosk.keys, kiosk.keys)
    if json:
        say_json({"rewrapped": list(names)})
    else:
        say(texts_of(data)("cli.keys.rewrapped", names=", ".join(names)))


def systemd(data: DataOption = None, json: JsonOption = False) -> None:
    """Keep the keys as systemd credentials (TPM where there is one), for a kiosk without desktop.

    A device at work moves with all its keys; a new folder only chooses.
    """
    from kiosk.bootstrap.opening import move_to_credentials
    from kiosk.devices.instance_lock import InstanceLock

    paths = Paths.of_device(data)
    paths.prepare()
    handler = logs.start(paths.logs)
    try:
        lock = InstanceLock(paths.lock)
        try:
            with_tpm = move_to_credentials(paths)
        finally:
            lock.release()
    finally:
        logs.stop(handler)
    if json:
        say_json({"store": "systemd", "tpm": with_tpm})
    else:
        say(texts_of(data)("cli.keys.moved" if with_tpm else "cli.keys.moved_without_tpm"))
