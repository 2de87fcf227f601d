"""``visavis enrol CODE``: make this device one of the fleet."""

from typing import Annotated

import typer

from kiosk.commands.console import DataOption, JsonOption, kiosk_of, say, say_json, texts_of


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("enrol")(enrol)


def enrol(
    code: Annotated[str, typer.Argument(metavar="CODE", help="The code that the manager shows.")],
    data: DataOption = None,
    json: JsonOption = False,
) -> None:
    """Use an enrolment code; the keys of the device are made here and never leave it."""
    with kiosk_of(data) as kiosk:
        identity = kiosk.enrolment.enrol(code)
    if json:
        say_json({"device_id": identity.device_id, "office_id": identity.office_id})
    else:
        texts = texts_of(data)
        say(texts("cli.enrol.done", device=identity.device_id, office=identity.office_id))
