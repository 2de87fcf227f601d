"""``visavis agent add|invite|join|unlock|list|activity``: who may sign in on this device.

Once the device has a manager, only a manager adds, invites and unlocks. A PIN is asked for and
never shown; a one-time code is shown once, to the manager.
"""

import sys
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
from kiosk.domain.agent import Agent, Duty, Role
from kiosk.domain.errors import ConfigError, ManagerNeededError
from kiosk.domain.ids import AgentId

if TYPE_CHECKING:
    from kiosk.bootstrap import Kiosk
    from kiosk.services.agents import Signatory
    from kiosk.texts import Texts

PinOption = Annotated[
    bool, typer.Option("--pin-stdin", help="Read the PIN from standard input, one line.")
]
ManagerOption = Annotated[str, typer.Option(help="Manager who does it, by ID.")]
AgentArgument = Annotated[str, typer.Argument(metavar="ID", help="Badge or login, no civil name.")]
NameOption = Annotated[str, typer.Option(help="Short name for the screen, as in “Camille R.”.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(help="Agents of this device.", no_args_is_help=True)
    for command in (add, invite, join, unlock, activity):
        group.command(command.__name__)(command)
    group.command("list")(list_agents)
    app.add_typer(group, name="agent")


def add(
    agent_id: AgentArgument,
    name: NameOption,
    role: Annotated[Role, typer.Option(help="What they may do.")] = Role.AGENT,
    manager: ManagerOption = "",
    pin_stdin: PinOption = False,
    data: DataOption = None,
    json: JsonOption = False,
) -> None:
    """Add an agent; the PIN is asked for and never shown."""
    texts = texts_of(data)
    with kiosk_of(data) as kiosk:
        kiosk.require_enrolled()
        _require_manager(kiosk, manager, texts("cli.agent.manager_pin"))
        pin = _new_pin(texts, from_input=pin_stdin)
        agent = kiosk.agents.add(AgentId(agent_id), name, role, pin)
    if json:
        say_json({"agent": agent.agent_id, "role": agent.role})
    else:
        say(texts("cli.agent.added", agent=agent.agent_id))


def invite(
    agent_id: AgentArgument,
    name: NameOption,
    role: Annotated[Role, typer.Option(help="What they may do.")] = Role.AGENT,
    manager: ManagerOption = "",
    hours: Annotated[int, typer.Option(min=1, max=72, help="How long the code is good.")] = 24,
    data: DataOption = None,
    json: JsonOption = False,
) -> None:
    """Make a one-time code: the agent types it at the device and chooses a PIN.

    For an agent who is here already, the code replaces a forgotten PIN. Without --manager: the
    first manager of a device that has none.
    """
    from kiosk.services.onboarding import shown

    texts = texts_of(data)
    with kiosk_of(data) as kiosk:
        kiosk.require_enrolled()
        if not manager and role is Role.MANAGER and not _managers(kiosk):
            code = kiosk.onboarding.invite_first(AgentId(agent_id), name)
        else:
            by = _vouched(kiosk, manager, Duty.INVITE, texts("cli.agent.manager_pin"))
            code = kiosk.onboarding.invite(Agent(AgentId(agent_id), name, role), by, hours)
    if json:
        say_json({"agent": agent_id, "role": role, "code": shown(code), "hours": hours})
    else:
        say(texts("cli.agent.invited", agent=agent_id, code=shown(code), n=hours))


def join(
    code: Annotated[str, typer.Argument(metavar="CODE", help="The one-time code.")],
    pin_stdin: PinOption = False,
    data: DataOption = None,
    json: JsonOption = False,
) -> None:
    """Use a one-time code and choose a PIN, as on the sign-in page."""
    texts = texts_of(data)
    with kiosk_of(data) as kiosk:
        agent = kiosk.onboarding.redeem(code, _new_pin(texts, from_input=pin_stdin))
    if json:
        say_json({"agent": agent.agent_id, "role": agent.role})
    else:
        say(texts("cli.agent.added", agent=agent.agent_id))


def unlock(
    agent_id: AgentArgument,
    manager: ManagerOption = "",
    order: Annotated[
        str, typer.Option(help="Order of the central side, where no manager can help.")
    ] = "",
    data: DataOption = None,
    json: JsonOption = False,
) -> None:
    """Lift the lock-out of an agent after ten wrong PINs; the PIN stays."""
    texts = texts_of(data)
    with kiosk_of(data) as kiosk:
        if order:
            agent_id = kiosk.unlock_orders.obey(order)
        else:
            by = _vouched(kiosk, manager, Duty.UNLOCK, texts("cli.agent.manager_pin"))
            kiosk.sign_in.unlock(AgentId(agent_id), by)
    if json:
        say_json({"agent": agent_id, "unlocked_by": "authority" if order else manager})
    else:
        say(texts("cli.agent.unlocked", agent=agent_id))


def list_agents(data: DataOption = None, json: JsonOption = False) -> None:
    """The agents of this device, what they may do, and codes that still wait."""
    texts = texts_of(data)
    with kiosk_of(data) as kiosk:
        agents = kiosk.agents.all()
        locked = {a.agent_id for a in agents if kiosk.sign_in.standing(a.agent_id).locked}
        waiting = [one.agent for one in kiosk.onboarding.waiting()]
    if json:
        say_json(
            {
                "agents": [
                    {"agent": a.agent_id, "role": a.role, "locked": a.agent_id in locked}
                    for a in agents
                ],
                "invited": [{"agent": a.agent_id, "role": a.role} for a in waiting],
            }
        )
        return
    for agent in agents:
        state = texts("cli.agent.locked") if agent.agent_id in locked else ""
        role = texts(f"common.role.{agent.role.value}")
        say(f"{agent.agent_id:<16} {role:<14} {state}".rstrip())
    for agent in waiting:
        role = texts(f"common.role.{agent.role.value}")
        say(f"{agent.agent_id:<16} {role:<14} {texts('cli.agent.waiting')}")


def activity(
    agent_id: AgentArgument,
    out: Annotated[Path, typer.Option("--out", metavar="FILE", help="File to write.")],
    data: DataOption = None,
    json: JsonOption = False,
) -> None:
    """Write an agent's own entries of the journal, with their PIN, for their own proof.

    The file is proven by ``packaging/verify/journal_verifier.py``. Entries of others are there by
    their hash alone.
    """
    texts = texts_of(data)
    if out.exists():
        typer.echo(texts("cli.journal.exists", file=out.name), err=True)
        leave(ExitCode.WRONG_USE)
    with kiosk_of(data) as kiosk:
        pin = typer.prompt(texts("cli.agent.own_pin"), hide_input=True, err=True)
        text = kiosk.activity_of(kiosk.sign_in.vouch(AgentId(agent_id), pin))
        public = kiosk.device_key.public
    try:
        with out.open("x", encoding="utf-8", newline="\n") as file:
            file.write(text)
    except OSError as exc:
        raise ConfigError("activity file") from exc
    entries = sum(not line.startswith("#") for line in text.splitlines()[1:])
    if json:
        say_json({"file": str(out), "entries": entries, "public_key": public.hex()})
    else:
        say(texts("cli.agent.activity", n=entries, file=out.name))


def _new_pin(texts: "Texts", *, from_input: bool) -> str:
    if from_input:
        return sys.stdin.readline().rstrip("\r\n")
    pin: str = typer.prompt(
        texts("cli.agent.pin"),
        hide_input=True,
        confirmation_prompt=texts("cli.agent.pin_again"),
        err=True,
    )
    return pin


def _managers(kiosk: "Kiosk") -> list[AgentId]:
    return [agent.agent_id for agent in kiosk.agents.all() if agent.role is Role.MANAGER]


def _vouched(kiosk: "Kiosk", manager: str, duty: Duty, prompt: str) -> "Signatory":
    """The manager, once their PIN is right. Raises ManagerNeededError where none is named."""
    if AgentId(manager) not in _managers(kiosk):
        raise ManagerNeededError
    pin = typer.prompt(prompt, hide_input=True, err=True)
    return kiosk.sign_in.vouch(AgentId(manager), pin, duty)


def _require_manager(kiosk: "Kiosk", manager: str, prompt: str) -> None:
    """Raises ManagerNeededError where the device has a manager and none of them vouches."""
    if _managers(kiosk):
        _vouched(kiosk, manager, Duty.INVITE, prompt)
