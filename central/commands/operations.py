"""``visavis-central operations`` and ``visavis-central operator``."""

from __future__ import annotations

import logging
import sys
from pathlib import Path
from typing import Annotated

import typer

from central.archive.layout import Layout
from central.commands.console import (
    DEFAULT_DATA,
    NO,
    DataOption,
    JsonOption,
    system_time,
    tell,
)

DEFAULT_PORT = 8453
operator_app = typer.Typer(no_args_is_help=True, help="Who may sign in to the operations pages.")


def operations(
    data: DataOption = DEFAULT_DATA,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="0 takes a free one.")] = DEFAULT_PORT,
    certificate: Annotated[
        Path | None, typer.Option(help="PEM; the collector's own when left out.")
    ] = None,
    key: Annotated[Path | None, typer.Option(help="Its private key, PEM.")] = None,
    time_zone: Annotated[str, typer.Option(help="In which times are shown.")] = "Europe/Paris",
) -> None:
    """Serve the pages for the people who run the fleet, until SIGTERM; they change nothing.

    Prints one JSON line when it is ready. Who may sign in: 'operator add'.
    """
    from central.operations.server import Serving, serve
    from central.serving.listening import Address, Credentials

    if (certificate is None) != (key is None):
        raise typer.BadParameter("give both --certificate and --key, or none")
    logging.basicConfig(
        stream=sys.stderr,
        level=logging.INFO,
        format="%(asctime)s %(levelname)s %(name)s %(message)s",
    )
    layout = Layout(data)
    credentials = Credentials(certificate or layout.server_certificate, key or layout.server_key)
    serve(layout, Serving(Address(host, port), credentials, time_zone), system_time)


@operator_app.command("add")
def operator_add(
    name: Annotated[str, typer.Argument(help="Small letters, digits, '.', '_', '-'.")],
    data: DataOption = DEFAULT_DATA,
    from_stdin: Annotated[
        bool, typer.Option("--password-stdin", help="The password is the first line of input.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Let an operator sign in, or give one another password; asks for it twice."""
    from central.operations.deeds import Deed, Deeds
    from central.operations.operators import OperatorError, Operators, new_operator

    layout = Layout(data)
    layout.require()
    if from_stdin:
        password = sys.stdin.readline().rstrip("\r\n")
    else:
        password = typer.prompt("Password", hide_input=True, confirmation_prompt=True)
    now = system_time()
    try:
        operator = new_operator(name, password, now)
    except OperatorError as exc:
        raise typer.BadParameter(str(exc)) from exc
    new = Operators(layout).put(operator)
    Deeds(layout).write(now, Deed.OPERATOR_ADDED if new else Deed.PASSWORD_CHANGED, about=name)
    text = f"{name} may sign in" if new else f"{name} has another password; sessions are ended"
    tell({"operator": name, "new": new}, text, as_json=as_json)


@operator_app.command("remove")
def operator_remove(
    name: Annotated[str, typer.Argument()],
    data: DataOption = DEFAULT_DATA,
    as_json: JsonOption = False,
) -> None:
    """Let an operator sign in no more; open sessions end with the next call."""
    from central.operations.deeds import Deed, Deeds
    from central.operations.operators import Operators

    layout = Layout(data)
    layout.require()
    removed = Operators(layout).remove(name)
    if removed:
        Deeds(layout).write(system_time(), Deed.OPERATOR_REMOVED, about=name)
    text = f"{name} may sign in no more" if removed else f"no operator {name}"
    tell({"operator": name, "removed": removed}, text, as_json=as_json)
    if not removed:
        raise typer.Exit(NO)


@operator_app.command("list")
def operator_list(data: DataOption = DEFAULT_DATA, as_json: JsonOption = False) -> None:
    """List who may sign in."""
    from central.operations.operators import Operators

    layout = Layout(data)
    layout.require()
    found = Operators(layout).all()
    answer = {"operators": [{"name": one.name, "added_at": one.added_at} for one in found]}
    lines = [f"{one.name}  since {one.added_at}" for one in found]
    tell(answer, "\n".join(lines) or "nobody", as_json=as_json)
