"""``visavis enrol CODE``: make this device one of the fleet."""

from typing import Annotated

import typer

from kiosk.commands.console import DataOption, JsonOption, kiosk_of, say, say_json, texts_of
from kiosk.services.onboarding import DEFAULT_HOURS


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("enrol")(enrol)


def enrol(
    code: Annotated[str, typer.Argument(metavar="CODE", help="The code that the manager shows.")],
    manager: Annotated[
        str, typer.Option(help="Badge of the first manager: prints a one-time code for them.")
    ] = "",
    manager_name: Annotated[str, typer.Option(help="Short name of the first manager.")] = "",
    data: DataOption = None,
    json: JsonOption = False,
) -> None:
    """Use an enrolment code; the keys of the device are made here and never leave it."""
    from kiosk.bootstrap.joining import join

    with kiosk_of(data) as kiosk:
        joined = join(kiosk, code, manager, manager_name)
    first = joined.manager_code
    if json:
        answer = {"device_id": joined.device_id, "office_id": joined.office_id}
        say_json(answer | ({"manager": manager, "code": first} if first else {}))
    else:
        texts = texts_of(data)
        if first:
            say(texts("cli.agent.invited", agent=manager, code=first, n=DEFAULT_HOURS))
        say(texts("cli.enrol.done", device=joined.device_id, office=joined.office_id))
