"""Commands about the policy and its root: by one key at hand, or by several people with files.

With a root of several keys nobody's machine holds them all: a draft is written where the central
side is (``policy draft``, ``root draft``), carried to each signer (``policy sign``, which needs no
central side and shows what is signed), brought together (``combine``) and published.
"""

from __future__ import annotations

import json
import sys
from datetime import datetime
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from central.archive.layout import Layout
from central.commands.console import DEFAULT_DATA, NO, DataOption, JsonOption, system_time, tell
from kiosk.domain.errors import PolicyInvalidError

policy_app = typer.Typer(no_args_is_help=True, help="The policy of the fleet.")
root_app = typer.Typer(no_args_is_help=True, help="Who may sign the policy: the policy root.")

OutOption = Annotated[Path, typer.Option("--out", help="A new file.")]
Signatures = Annotated[list[Path], typer.Argument(metavar="FILE...", help="Draft and signatures.")]
PassphraseOption = Annotated[
    Path | None,
    typer.Option("--passphrase-file", help="Holds the passphrase; left out: it is asked for."),
]


def _named(changes: list[str]) -> dict[str, str]:
    pairs = [change.partition("=") for change in changes]
    if not all(equals for _, equals, _ in pairs):
        raise typer.BadParameter("write NAME=VALUE")
    return {name: value for name, _, value in pairs}


def _passphrase(path: Path | None, *, confirm: bool = False) -> str:
    if path is not None:
        return path.read_text("utf-8").removesuffix("\n")
    asked: str = typer.prompt("Passphrase", hide_input=True, confirmation_prompt=confirm, err=True)
    return asked


@policy_app.command("show")
def policy_show(data: DataOption = DEFAULT_DATA, as_json: JsonOption = False) -> None:
    """Show the newest policy, each line explained; ``valid_from`` says from when it holds."""
    from central.authority.explaining import explained
    from central.authority.policies import Policies
    from kiosk.sync.policy import policy_json

    policy = Policies(Layout(data)).in_force()
    tell(json.loads(policy_json(policy)), explained(policy), as_json=as_json)


@policy_app.command("set")
def policy_set(
    changes: Annotated[list[str], typer.Argument(metavar="NAME=VALUE...")],
    data: DataOption = DEFAULT_DATA,
    as_json: JsonOption = False,
) -> None:
    """Change the policy: the next version is signed with the key at hand, and published."""
    from central.authority.policies import Policies

    try:
        policy = Policies(Layout(data)).change(_named(changes), system_time())
    except PolicyInvalidError as exc:
        raise typer.BadParameter(exc.detail) from exc
    tell({"version": policy.version}, f"policy version {policy.version}", as_json=as_json)


@policy_app.command("draft")
def policy_draft(
    out: OutOption,
    changes: Annotated[list[str] | None, typer.Argument(metavar="NAME=VALUE...")] = None,
    root: Annotated[
        Path | None, typer.Option(help="A combined new root, which takes over with this policy.")
    ] = None,
    data: DataOption = DEFAULT_DATA,
    as_json: JsonOption = False,
) -> None:
    """Write the next version down for several people to sign."""
    from central.authority.drafts import read_draft, write_draft
    from central.authority.publishing import Publishing, policy_of

    following = None if root is None else read_draft(root)
    try:
        draft = Publishing(Layout(data)).draft_policy(
            _named(changes or []), system_time(), following
        )
    except PolicyInvalidError as exc:
        raise typer.BadParameter(exc.detail) from exc
    write_draft(draft, out)
    version = policy_of(draft).version
    tell({"version": version, "draft": str(out)}, f"version {version} in {out}", as_json=as_json)


@policy_app.command("sign")
@root_app.command("sign")
def sign(
    draft: Annotated[Path, typer.Argument(help="A draft: policy, root or control.")],
    key: Annotated[Path, typer.Option(help="Key file of the signer.")],
    out: OutOption,
    passphrase_file: PassphraseOption = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask before signing.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Show a draft and sign it; needs nothing but the draft and the key."""
    from central.authority.drafts import DraftKind, read_draft, write_draft
    from central.authority.explaining import explained
    from central.authority.key_files import read_key_file
    from central.authority.publishing import describe, policy_of

    read = read_draft(draft)
    is_policy = read.kind is DraftKind.POLICY
    shown = explained(policy_of(read)) if is_policy else "\n".join(describe(read))
    sys.stderr.write(f"{shown}\n")
    if not yes:
        typer.confirm("Sign this?", abort=True, err=True)
    signer = read_key_file(key, lambda: _passphrase(passphrase_file))
    write_draft(read.signed(signer), out)
    answer = {"key_id": signer.key_id, "signature": str(out)}
    tell(answer, f"signed by {signer.key_id}", as_json=as_json)


@policy_app.command("combine")
def policy_combine(
    files: Signatures,
    out: OutOption,
    root: Annotated[Path | None, typer.Option(help="The new root that it names.")] = None,
    data: DataOption = DEFAULT_DATA,
    as_json: JsonOption = False,
) -> None:
    """Bring signatures together; 1 while there are too few."""
    from central.authority.drafts import merged, read_draft
    from central.authority.publishing import Publishing, ThresholdError

    following = None if root is None else read_draft(root)
    try:
        token = Publishing(Layout(data)).combine(merged([read_draft(f) for f in files]), following)
    except ThresholdError as exc:
        _too_few(exc.whose, exc.there, exc.needed, as_json=as_json)
    with out.open("x", encoding="ascii") as file:
        file.write(token + "\n")
    tell({"complete": True, "policy": str(out)}, f"complete: {out}", as_json=as_json)


@policy_app.command("publish")
def policy_publish(
    policy: Annotated[Path, typer.Argument(help="What 'policy combine' wrote.")],
    data: DataOption = DEFAULT_DATA,
    as_json: JsonOption = False,
) -> None:
    """Publish a complete policy; devices fetch it at their next sync."""
    from central.authority.publishing import Publishing

    token = policy.read_text("ascii", "replace").strip()
    published = Publishing(Layout(data)).publish(token, system_time().date())
    version = published.version
    tell({"version": version}, f"policy version {version}", as_json=as_json)


@root_app.command("key")
def root_key(
    path: Annotated[Path, typer.Argument(help="A new file; FILE.pub is written beside it.")],
    passphrase_file: PassphraseOption = None,
    bare: Annotated[bool, typer.Option("--bare", help="Without a passphrase.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Make a key of the root, on a machine of its own."""
    from central.authority.key_files import make_key, public_path

    if bare and passphrase_file is not None:
        raise typer.BadParameter("with a passphrase, or bare")
    words = "" if bare else _passphrase(passphrase_file, confirm=True)
    if not bare and not words:
        raise typer.BadParameter("an empty passphrase protects nothing: --bare says so")
    key = make_key(path, words)
    answer = {"key_id": key.key_id, "public": str(public_path(path))}
    tell(answer, f"{key.key_id}: {path}, {public_path(path)}", as_json=as_json)


@root_app.command("show")
def root_show(data: DataOption = DEFAULT_DATA, as_json: JsonOption = False) -> None:
    """Show who must sign the next policy."""
    from central.authority.drafts import root_draft
    from central.authority.publishing import Publishing, describe

    root = Publishing(Layout(data)).newest().root
    answer = {
        "version": root.version,
        "threshold": root.threshold,
        "keys": list(root.by_id),
        "expires": root.expires.isoformat() if root.expires else None,
    }
    tell(answer, "\n".join(describe(root_draft(root))), as_json=as_json)


@root_app.command("draft")
def root_draft_command(
    key: Annotated[list[Path], typer.Option(help="A public half (.pub); repeated.")],
    threshold: Annotated[int, typer.Option(min=1, max=16, help="How many must sign.")],
    out: OutOption,
    expires: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d"], help="Last day on which it takes policies in."),
    ] = None,
    data: DataOption = DEFAULT_DATA,
    as_json: JsonOption = False,
) -> None:
    """Write the next root down: so many of these keys. The keys before must sign it as well."""
    from central.authority.drafts import write_draft
    from central.authority.key_files import read_public
    from central.authority.publishing import Publishing, describe

    day = None if expires is None else expires.date()
    publics = tuple(read_public(path) for path in key)
    try:
        draft = Publishing(Layout(data)).draft_root(publics, threshold, system_time(), day)
    except PolicyInvalidError as exc:
        raise typer.BadParameter(exc.detail) from exc
    write_draft(draft, out)
    tell({"draft": str(out)}, "\n".join(describe(draft)), as_json=as_json)


@root_app.command("combine")
def root_combine(
    files: Signatures,
    out: OutOption,
    data: DataOption = DEFAULT_DATA,
    as_json: JsonOption = False,
) -> None:
    """Bring signatures on a root together; 1 while there are too few of the old or the new keys."""
    from central.authority.drafts import merged, read_draft, write_draft
    from central.authority.publishing import Publishing, ThresholdError

    root = merged([read_draft(path) for path in files])
    try:
        Publishing(Layout(data)).require_root(root)
    except ThresholdError as exc:
        _too_few(exc.whose, exc.there, exc.needed, as_json=as_json)
    write_draft(root, out)
    text = f"complete: {out}; it takes over with a policy: policy draft --root {out}"
    tell({"complete": True, "root": str(out)}, text, as_json=as_json)


def _too_few(whose: str, there: int, needed: int, *, as_json: bool) -> NoReturn:
    answer = {"complete": False, "whose": whose, "signatures": there, "needed": needed}
    tell(answer, f"not complete: {whose}, {there} of {needed} signatures", as_json=as_json)
    raise typer.Exit(NO)
