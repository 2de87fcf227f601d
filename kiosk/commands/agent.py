"""``visavis agent add``: an agent who may sign in on this device.

Once the device has a manager, only a manager adds agents.
"""

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from kiosk.commands.console import DataOption, JsonOption, kiosk_of, say, say_json, texts_of
from kiosk.domain.agent import Role
from kiosk.domain.errors import ManagerNeededError
from kiosk.domain.ids import AgentId

if TYPE_CHECKING:
    from kiosk.bootstrap import Kiosk


def register(app: typer.Typer) -> None:
    """Add the command."""
    group = typer.Typer(help="Agents of this device.", no_args_is_help=True)
    group.command("add")(add)
    app.add_typer(group, name="agent")


def add(
    agent_id: Annotated[str, typer.Argument(metavar="ID", help="Badge or login, no civil name.")],
    name: Annotated[str, typer.Option(help="Short name for the screen, as in “Camille R.”.")],
    role: Annotated[Role, typer.Option(help="What they may do.")] = Role.AGENT,
    manager: Annotated[str, typer.Option(help="Manager who adds them, by ID.")] = "",
    pin_stdin: Annotated[
        bool, typer.Option("--pin-stdin", help="Read the PIN from standard input, one line.")
    ] = False,
    data: DataOption = None,
    json: JsonOption = False,
) -> None:
    """Add an agent; the PIN is asked for and never shown."""
    texts = texts_of(data)
    with kiosk_of(data) as kiosk:
        kiosk.require_enrolled()
        _require_manager(kiosk, manager, texts("cli.agent.manager_pin"))
        again = texts("cli.agent.pin_again")
        pin = _first_line() if pin_stdin else _asked(texts("cli.agent.pin"), again)
        agent = kiosk.agents.add(AgentId(agent_id), name, role, pin)
    if json:
        say_json({"agent": agent.agent_id, "role": agent.role})
    else:
        say(texts("cli.agent.added", agent=agent.agent_id))


def _first_line() -> str:
    return sys.stdin.readline().rstrip("\r\n")


def _asked(prompt: str, again: str) -> str:
    pin: str = typer.prompt(prompt, hide_input=True, confirmation_prompt=again, err=True)
    return pin


def _require_manager(kiosk: "Kiosk", manager: str, prompt: str) -> None:
    """Raises ManagerNeededError where the device has a manager and none of them vouches."""
    managers = [a.agent_id for a in kiosk.agents.all() if a.role is Role.MANAGER]
    if not managers:
        return
    if manager not in managers:
        raise ManagerNeededError
    kiosk.sign_in.sign_in(AgentId(manager), typer.prompt(prompt, hide_input=True, err=True))
