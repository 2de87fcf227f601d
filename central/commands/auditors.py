"""Auditors at the command line: their keys, requests, approvals, and the log of openings.

A passphrase is asked for at the terminal. Where there is none, standard input gives one line a key,
in the order of ``--key``.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from central.archive.layout import FolderError, Layout
from central.commands.console import (
    DEFAULT_DATA,
    NO,
    DataOption,
    JsonOption,
    system_time,
    tell,
)
from kiosk.domain.errors import AuditError

if TYPE_CHECKING:
    from central.archive.control import Control
    from central.auditor.changes import Change
    from central.auditor.orders import Act, Authority, Order, Subject
    from central.auditor.session import Present

IdentityOption = Annotated[
    Path | None, typer.Option("--identity", help="Identity file; under single control.")
]
KeysOption = Annotated[
    list[Path] | None, typer.Option("--key", help="An auditor's key file; two of them.")
]
OrderOption = Annotated[
    Path | None, typer.Option("--order", help="The request, made by 'audit request'.")
]
ApprovalOption = Annotated[
    Path | None, typer.Option("--approval", help="Its approval, made by 'audit approve'.")
]
ReasonOption = Annotated[str, typer.Option("--reason", help="Why; nothing personal.")]
GroundOption = Annotated[str, typer.Option("--ground", help="The legal ground.")]
SeenOption = Annotated[
    list[Path] | None,
    typer.Option("--seen", help="KEY.seen, or a checkpoint kept: the log must be it, grown."),
]
WhatOption = Annotated[
    str,
    typer.Argument(
        metavar="ACT",
        help="open, evidence, access, compare, erase, hold, release, ratchets, vault-key "
        "or auditors.",
    ),
]
AddOption = Annotated[
    list[Path] | None, typer.Option("--add", help="Public half of a new auditor; repeated.")
]
WithdrawOption = Annotated[
    list[str] | None, typer.Option("--withdraw", help="Name of an auditor who goes; repeated.")
]
HourOption = Annotated[
    int | None, typer.Option("--per-hour", min=1, help="Openings an hour at most, from then on.")
]
DayOption = Annotated[int | None, typer.Option("--per-day", min=1, help="The same of a day.")]


@dataclass(frozen=True, slots=True)
class Sitting:
    """What was given on the command line about who sits there and why."""

    layout: Layout
    identity: Path | None
    keys: list[Path] | None
    order: Path | None
    approval: Path | None
    unredacted: bool = False


@contextmanager
def answering(told: dict[str, Any]) -> Iterator[None]:
    """Answer with ``told`` and why, and end with 1, where an act is refused or does not hold."""
    from central.auditor.opening import RecordUnknownError
    from central.auditor.refusal import AuditRefusedError

    try:
        yield
    except (RecordUnknownError, AuditRefusedError) as exc:
        detail = getattr(exc, "detail", "")
        more = {"detail": detail} if detail else {}
        tell(told | {"why": exc.why} | more, "", as_json=True)
        raise typer.Exit(NO) from exc
    except AuditError as exc:
        tell(told | {"why": f"{exc.code} {exc.detail}"}, "", as_json=True)
        raise typer.Exit(NO) from exc


def passphrase_of(path: Path) -> str:
    """The passphrase of a key file, asked for once."""
    if sys.stdin.isatty():
        asked: str = typer.prompt(f"passphrase of {path.name}", hide_input=True, err=True)
        return asked
    return sys.stdin.readline().rstrip("\r\n")


def _text(path: Path | None, what: str) -> str:
    if path is None:
        raise typer.BadParameter(f"{what} is needed under dual control")
    try:
        return path.read_text("ascii").strip()
    except (OSError, UnicodeDecodeError) as exc:
        raise FolderError(f"{what} cannot be read") from exc


def present_of(sitting: Sitting, now: datetime) -> Present:
    """Who sits there. Raises AuditRefusedError, FolderError."""
    from central.auditor.keys import open_key
    from central.auditor.opening import read_identity
    from central.auditor.session import present_alone, present_two

    if sitting.identity is not None:
        return present_alone(sitting.layout, read_identity(sitting.identity), now)
    files = sitting.keys or []
    if len(files) != 2:
        raise typer.BadParameter("give --identity, or --key twice")
    one, other = (open_key(path, passphrase_of(path)) for path in files)
    return present_two(sitting.layout, (one, other), (files[0], files[1]))


def sit(
    sitting: Sitting, act: Act, about: Subject, why: tuple[str, str], now: datetime
) -> tuple[Present, Authority]:
    """Who sits there, and the order they act under. Raises AuditRefusedError, FolderError."""
    from central.archive.control import Mode
    from central.auditor.session import both_agree, own_order

    present = present_of(sitting, now)
    if sitting.layout.control.exists():
        control_of(sitting.layout)
    if present.control.mode is Mode.SINGLE:
        own = own_order(present, act, about, why, now, unredacted=sitting.unredacted)
        return present, own
    order, approval = _text(sitting.order, "--order"), _text(sitting.approval, "--approval")
    return present, both_agree(present, order, approval)


def key_new(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Badge: a-z, 0-9, dot, dash.")],
    out: Annotated[Path, typer.Option(help="New key file; FILE.pub beside it is handed over.")],
    as_json: JsonOption = False,
) -> None:
    """Make an auditor's own key file, under a passphrase of twelve characters at least."""
    from central.auditor.keys import make_key
    from central.auditor.refusal import AuditRefusedError

    phrase = passphrase_of(out)
    if sys.stdin.isatty() and phrase != passphrase_of(out):
        raise typer.BadParameter("the two passphrases differ")
    try:
        key, public = make_key(out, name, phrase)
    except AuditRefusedError as exc:
        raise typer.BadParameter(exc.detail) from exc
    except ValueError as exc:
        raise typer.BadParameter("a name is 2 to 32 signs of a-z, 0-9, dot, dash") from exc
    answer = {"name": key.name, "key_id": key.signing.key_id, "public": str(public)}
    text = f"{public}: hand it over, and say by another way: {key.signing.key_id}"
    tell(answer, text, as_json=as_json)


def control_of(layout: Layout, key: Path | None = None) -> Control:
    """The folder's statement, no older than the log of openings has seen.

    Rows of erasures and holds that say otherwise than that log are told on standard error.

    Args:
        layout: the folder.
        key: key file of an auditor, beside which lies what that one saw last.

    Raises:
        FolderError: there is none, or it is not signed by the root in force.
        AuditRefusedError: ``statement``: it was put back; ``log``.
    """
    from central.archive.control import read_control
    from central.auditor.opening_log import held, read_seen, seen_beside
    from central.auditor.order_rows import problems_of

    layout.require()
    control = read_control(layout)
    if control is None:
        raise FolderError("this central side is older than statements of control")
    with held(layout, control) as log:
        if key is not None:
            log.require_extends(read_seen(seen_beside(key)), key.name)
        for found in problems_of(layout, log):
            typer.echo(f"WRONG orders: {found}", err=True)
    return control


def change_of(
    add: list[Path] | None, withdraw: list[str] | None, per_hour: int | None, per_day: int | None
) -> Change:
    """A change of auditors and quotas as options name it. Raises FolderError."""
    from central.auditor.changes import Change
    from central.auditor.keys import read_public

    publics = tuple(read_public(path) for path in add or ())
    return Change(publics, tuple(withdraw or ()), per_hour, per_day)


def order_new(  # noqa: PLR0913, PLR0917 - one parameter an option
    act: WhatOption,
    key: Annotated[Path, typer.Option(help="Key file of the auditor who asks.")],
    reason: ReasonOption,
    ground: GroundOption,
    out: Annotated[Path, typer.Option(help="Where the request goes.")],
    record: Annotated[list[str] | None, typer.Option(help="A record; may be repeated.")] = None,
    request_id: Annotated[
        list[str] | None, typer.Option(help="A request, as ISSUER:ID; may be repeated.")
    ] = None,
    office: Annotated[str, typer.Option(help="Office, with --first and --last.")] = "",
    first: Annotated[str, typer.Option(help="First day, like 2026-11-01.")] = "",
    last: Annotated[str, typer.Option(help="Last day.")] = "",
    person: Annotated[
        Path | None, typer.Option(help="Whom to look for (see the guide); only its digest goes in.")
    ] = None,
    device: Annotated[str, typer.Option(help="Device whose vault is to be opened.")] = "",
    add: AddOption = None,
    withdraw: WithdrawOption = None,
    per_hour: HourOption = None,
    per_day: DayOption = None,
    unredacted: Annotated[bool, typer.Option("--unredacted", help="Show names, too.")] = False,
    data: DataOption = DEFAULT_DATA,
    as_json: JsonOption = False,
) -> None:
    """Ask for an act: a signed request that another auditor must approve."""
    from central.auditor.keys import open_key
    from central.auditor.orders import Act, Subject, new_order, sign_order
    from central.auditor.refusal import AuditRefusedError

    layout, now = Layout(data), system_time()
    try:
        about = Subject(
            records=tuple(record or ()),
            request_keys=request_keys(request_id or []),
            office=office,
            first=first,
            last=last,
            criteria=criteria_of(person),
            device=device,
            change=change_of(add, withdraw, per_hour, per_day).words,
        )
        mine = open_key(key, passphrase_of(key))
        order = new_order(
            control_of(layout, key), Act(act), about, (reason, ground), mine.name, now
        )
        token = sign_order(replace(order, unredacted=unredacted), mine.signing)
    except AuditRefusedError as exc:
        tell({"made": False, "why": exc.why, "detail": exc.detail}, str(exc), as_json=as_json)
        raise typer.Exit(NO) from exc
    except ValueError as exc:
        raise typer.BadParameter(str(exc)) from exc
    out.write_text(f"{token}\n", "ascii")
    answer = {"made": True, "order_id": order.order_id, "expires_at": order.expires_at.isoformat()}
    tell(
        answer,
        f"{out}: request {order.order_id}, until {order.expires_at:%d %b %H:%M} UTC",
        as_json=as_json,
    )


def request_keys(names: list[str]) -> tuple[str, ...]:
    """Digests of requests written ISSUER:ID. Raises ValueError."""
    from kiosk.documents.requests import request_key

    pairs = [name.rpartition(":") for name in names]
    if not all(issuer and number for issuer, _, number in pairs):
        raise ValueError("a request is written ISSUER:ID")
    return tuple(request_key(issuer, number) for issuer, _, number in pairs)


def criteria_of(person: Path | None) -> str:
    """Digest of the file that says whom to look for, or ``""``. Raises ValueError."""
    from central.auditor.person import read_person

    return "" if person is None else read_person(person).digest


def order_approve(
    order: Annotated[Path, typer.Argument(metavar="REQUEST", help="The request.")],
    key: Annotated[Path, typer.Option(help="Key file of the auditor who approves.")],
    out: Annotated[Path, typer.Option(help="Where the approval goes.")],
    data: DataOption = DEFAULT_DATA,
    as_json: JsonOption = False,
) -> None:
    """Approve another auditor's request, after it was read on the screen."""
    from central.auditor.keys import open_key
    from central.auditor.orders import approve, authorise, open_order
    from central.auditor.refusal import AuditRefusedError

    token = _text(order, "the request")
    try:
        control = control_of(Layout(data), key)
        asked = open_order(token, control)
        typer.echo(told_of(asked), err=True)
        mine = open_key(key, passphrase_of(key))
        approval = approve(token, mine.name, mine.signing, system_time())
        authorise(token, approval, control)
    except AuditRefusedError as exc:
        tell({"approved": False, "why": exc.why}, str(exc), as_json=as_json)
        raise typer.Exit(NO) from exc
    out.write_text(f"{approval}\n", "ascii")
    tell({"approved": True, "order_id": asked.order_id}, f"{out}: approved", as_json=as_json)


def told_of(order: Order) -> str:
    """A request in words."""
    about = order.about
    whole = [*about.records, *(f"request {name}" for name in about.request_keys), *about.change]
    if about.office:
        whole.append(f"office {about.office}, {about.first} to {about.last}")
    shown = "UNREDACTED" if order.unredacted else "redacted"
    return (
        f"{order.by} asks for: {order.act.value} ({shown}), until "
        f"{order.expires_at:%Y-%m-%d %H:%M} UTC\n  about   {', '.join(whole) or '(everything)'}\n"
        f"  reason  {order.reason}\n  ground  {order.ground}"
    )


def openings(
    seen: SeenOption = None, data: DataOption = DEFAULT_DATA, as_json: JsonOption = False
) -> None:
    """Verify the log of openings and list it; ends with 1 where it does not hold."""
    from central.auditor.opening_log import held, read_state
    from central.auditor.refusal import AuditRefusedError

    layout = Layout(data)
    try:
        control = control_of(layout)
        with held(layout, control) as log:
            for path in seen or ():
                log.require_extends(read_state(path), path.name)
            lines, size, checkpoint = log.lines, log.size, log.checkpoint
    except AuditRefusedError as exc:
        tell({"verified": False, "why": exc.detail}, f"NOT verified: {exc.detail}", as_json=as_json)
        raise typer.Exit(NO) from exc
    shown = [
        {
            "seq": line.seq,
            "at": line.at,
            "act": line.act,
            "result": line.result,
            "why": line.why,
            "record_id": line.record_id,
            "order_id": line.order_id,
            "keys": sorted(line.signatures),
        }
        for line in lines
    ]
    text = [
        f"{one['seq']:>6}  {one['at']}  {one['act']:9} {one['result']} {one['why']} "
        f"{one['record_id']}".rstrip()
        for one in shown
    ]
    text.append(f"verified, {size} lines, {control.mode.value} control")
    answer = {
        "verified": True,
        "control": control.mode.value,
        "size": size,
        "lines": shown,
        "checkpoint": checkpoint,
    }
    tell(answer, "\n".join(text), as_json=as_json)


def auditors(data: DataOption = DEFAULT_DATA, as_json: JsonOption = False) -> None:
    """Say who may open records, with their public keys, and how many openings are allowed."""
    from central.auditor.opening_log import held

    layout = Layout(data)
    with answering({"control": ""}):
        control = control_of(layout)
        with held(layout, control) as log:
            agreed = log.agreed
    shown = [
        {"name": one.name, "key_id": one.kid, "public_key": one.public.hex()}
        for one in control.auditors
    ]
    answer = {
        "control": control.mode.value,
        "per_hour": control.per_hour,
        "per_day": control.per_day,
        "auditors": shown,
        "statement": control.serial,
        "agreed": None if agreed is None else agreed.serial,
    }
    lines = [f"{one['name']}  {one['key_id']}\n  {one['public_key']}" for one in shown]
    rule = "two of these together" if len(shown) > 1 else "this one ALONE"
    lines.append(f"{rule}; at most {control.per_hour} an hour, {control.per_day} a day")
    if agreed is not None:
        left_out = ", ".join(sorted(agreed.without)) or "nobody"
        lines.append(f"agreed and not in place yet: statement {agreed.serial}, without {left_out}")
    tell(answer, "\n".join(lines), as_json=as_json)
