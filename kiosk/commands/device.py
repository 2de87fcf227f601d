"""``visavis device …``: the end of a device, at its place and in the workshop.

Each asks for the PINs of the people who answer for it. What is destroyed cannot be brought back:
the two first commands want ``--yes``.
"""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

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
from kiosk.domain.agent import Duty
from kiosk.domain.errors import (
    KioskError,
    SealedRecordError,
    VaultKeyFileError,
)
from kiosk.domain.ids import AgentId
from kiosk.paths import Paths
from kiosk.services.agents import require_badge
from kiosk.services.onboarding import DEFAULT_HOURS
from kiosk.sync.enrolment import parse_code

if TYPE_CHECKING:
    from kiosk.bootstrap import Kiosk
    from kiosk.services.agents import Signatory
    from kiosk.texts import Texts

ManagerOption = Annotated[str, typer.Option(help="Manager who answers for it, by ID.")]
YesOption = Annotated[
    bool, typer.Option("--yes", help="The keys of this device are destroyed for good.")
]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(help="The life of this device.", no_args_is_help=True)
    for command in (decommission, transfer, rescue, copy_locked, open_locked):
        group.command(command.__name__.replace("_", "-"))(command)
    app.add_typer(group, name="device")


def decommission(
    manager: ManagerOption,
    yes: YesOption = False,
    data: DataOption = None,
    json: JsonOption = False,
) -> None:
    """Send everything, close the journal, then destroy the keys; the device knows nothing more."""
    texts = texts_of(data)
    _require_yes(texts, yes=yes)
    closed = _closed(data, manager, "decommission", texts)
    if json:
        say_json({"closed": closed[0], "journal": closed[1]})
    else:
        say(texts("cli.device.closed", device=closed[0], file=closed[1]))


def transfer(
    code: Annotated[str, typer.Argument(metavar="CODE", help="Enrolment code of the new office.")],
    manager: ManagerOption,
    yes: YesOption = False,
    data: DataOption = None,
    first_manager: Annotated[
        str, typer.Option(help="Badge of the first manager there: prints a one-time code.")
    ] = "",
    first_manager_name: Annotated[str, typer.Option(help="Short name of that manager.")] = "",
    json: JsonOption = False,
) -> None:
    """Close this device and enrol the machine for another office: new keys, a new journal.

    The agents of the new office are invited there; those of the old one are gone with its keys. The
    side that the code names must answer before anything is closed.
    """
    from kiosk.bootstrap.joining import join

    texts = texts_of(data)
    parse_code(code)
    if first_manager:
        require_badge(AgentId(first_manager))
    _require_yes(texts, yes=yes)
    closed = _closed(data, manager, "transfer", texts, code)
    with kiosk_of(data) as kiosk:
        joined = join(kiosk, code, first_manager, first_manager_name)
    first = joined.manager_code
    if json:
        answer = {"device_id": joined.device_id, "office_id": joined.office_id}
        told = {"manager": first_manager, "code": first} if first else {}
        say_json({"closed": closed[0], "journal": closed[1], **answer, **told})
    else:
        say(texts("cli.device.closed", device=closed[0], file=closed[1]))
        if first:
            say(texts("cli.agent.invited", agent=first_manager, code=first, n=DEFAULT_HOURS))
        say(texts("cli.enrol.done", device=joined.device_id, office=joined.office_id))


def rescue(
    out: Annotated[Path, typer.Argument(metavar="DIR", help="New or empty folder to write to.")],
    first: Annotated[str, typer.Option(help="One of the two people, by ID.")],
    second: Annotated[str, typer.Option(help="The other one; one of them is a manager.")],
    data: DataOption = None,
    json: JsonOption = False,
) -> None:
    """Copy every sealed record and the journal off a device that cannot send any more.

    The records stay sealed: only the central side opens them. Nothing is deleted here.
    """
    from kiosk.bootstrap.rescue_folder import require_empty
    from kiosk.bootstrap.workshop import Workshop

    texts = texts_of(data)
    require_empty(out)
    with kiosk_of(data) as kiosk:
        people = [_vouched(kiosk, who, Duty.RESCUE, texts) for who in (first, second)]
        records = Workshop(kiosk).rescue(people[0], people[1], out)
    if json:
        say_json({"folder": str(out), "records": records})
    else:
        say(texts("cli.device.rescued", n=records, folder=out.name))


def copy_locked(
    out: Annotated[Path, typer.Argument(metavar="DIR", help="New or empty folder to write to.")],
    data: DataOption = None,
    json: JsonOption = False,
) -> None:
    """Copy the vault of a device whose key store is gone: an auditor's key opens the copy.

    Nothing is opened and nothing deleted here. A device that still opens is refused.
    """
    from kiosk.bootstrap.locked import copy_locked as run
    from kiosk.bootstrap.rescue_folder import require_empty

    texts = texts_of(data)
    require_empty(out)
    paths = Paths.of_device(data)
    paths.prepare()
    handler = logs.start(paths.logs)
    try:
        files = run(paths, out)
    except KioskError as exc:
        logs.error("command.failed", exc)
        raise
    finally:
        logs.stop(handler)
    if json:
        say_json({"folder": str(out), "files": list(files)})
    else:
        say(texts("cli.device.locked_copied", folder=out.name))


def open_locked(
    folder: Annotated[Path, typer.Argument(metavar="COPY", help="What copy-locked wrote.")],
    key: Annotated[Path, typer.Option(help="What the auditor's vault-key command wrote.")],
    out: Annotated[Path, typer.Option(metavar="DIR", help="New or empty folder to write to.")],
    data: DataOption = None,
    json: JsonOption = False,
) -> None:
    """Take the sealed records and the journal out of the copy of a device whose keys are gone.

    Runs on any machine. The records stay sealed: only the central side opens them.
    """
    from kiosk.audit.vault_escrow import MAX_BYTES, parse_vault_keys
    from kiosk.bootstrap.locked import open_locked as run
    from kiosk.bootstrap.rescue_folder import RECORDS, require_empty, write_out

    texts = texts_of(data)
    require_empty(out)
    try:
        with key.open("rb") as file:
            keys = parse_vault_keys(file.read(MAX_BYTES + 1).decode("ascii", "replace"))
    except (OSError, SealedRecordError) as exc:
        raise VaultKeyFileError("form") from exc
    records = sum(name.startswith(RECORDS) for name in write_out(out, run(folder, keys)))
    if json:
        say_json({"device_id": keys.device_id, "folder": str(out), "records": records})
    else:
        say(texts("cli.device.rescued", n=records, folder=out.name))


def _closed(
    data: Path | None, manager: str, why: str, texts: "Texts", code: str = ""
) -> tuple[str, str]:
    """Close and destroy; the id of the device that was, and the file of its journal.

    Args:
        data: the folder.
        manager: who answers for it.
        why: see DeviceLife.close.
        texts: of the language in force.
        code: enrolment code of the next place, ``""`` where there is none.
    """
    from kiosk.bootstrap.workshop import Workshop

    with kiosk_of(data) as kiosk:
        kiosk.require_enrolled()
        workshop = Workshop(kiosk)
        by = _vouched(kiosk, manager, Duty.CLOSE_DEVICE, texts)
        if code:
            workshop.check_code(code)
        workshop.close(by, why)
        file = kiosk.retire()
        return kiosk.device_id, file.name


def _vouched(kiosk: "Kiosk", agent_id: str, duty: Duty, texts: "Texts") -> "Signatory":
    pin = typer.prompt(texts("cli.device.pin_of", agent=agent_id), hide_input=True, err=True)
    return kiosk.sign_in.vouch(AgentId(agent_id), pin, duty)


def _require_yes(texts: "Texts", *, yes: bool) -> None:
    if not yes:
        typer.echo(texts("cli.device.sure"), err=True)
        leave(ExitCode.WRONG_USE)
