"""``visavis-central provider``: who hears how its requests ended, from when, and until when."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from central.archive.layout import FolderError, Layout
from central.commands.console import (
    DEFAULT_DATA,
    NO,
    DataOption,
    JsonOption,
    require_new,
    system_time,
    tell,
)
from central.commands.provider_results import (
    AgainOption,
    DraftOption,
    IssuerArgument,
    database_of,
    provider_demonstrate,
    provider_queue,
    provider_retry,
)
from kiosk.domain.errors import PolicyInvalidError

if TYPE_CHECKING:
    from central.authority.drafts import Draft
    from central.provider.directory import Listed

provider_app = typer.Typer(no_args_is_help=True, help="Results for identity providers.")


def _text_of(file: Path, what: str) -> str:
    try:
        return file.read_text("ascii").strip()
    except (OSError, ValueError) as exc:
        raise FolderError(f"{what}: cannot be read") from exc


def _written(draft: Draft | None, path: Path | None) -> Path | None:
    """Where the draft was written; None where nothing is left to sign."""
    from central.authority.drafts import write_draft

    if draft is None or path is None:
        return None
    write_draft(draft, path)
    return path


@provider_app.command("add")
def provider_add(  # noqa: PLR0913, PLR0917 - one parameter an option
    issuer: IssuerArgument,
    recipient: Annotated[Path, typer.Option(help="File with its public key, age1pq1...")],
    data: DataOption = DEFAULT_DATA,
    url: Annotated[str, typer.Option(help="https address that results are posted to.")] = "",
    ca: Annotated[
        Path | None, typer.Option(help="Authority of that server, PEM; the system's without.")
    ] = None,
    pull_key: Annotated[
        str, typer.Option(help="Ed25519 key that signs its calls, base64url; none fetches.")
    ] = "",
    keep_days: Annotated[
        int, typer.Option(min=0, max=3650, help="Days an envelope is kept once it has it.")
    ] = 30,
    give_up_days: Annotated[
        int, typer.Option(min=1, max=90, help="Days that an envelope is tried.")
    ] = 7,
    draft: DraftOption = None,
    again: AgainOption = False,
    as_json: JsonOption = False,
) -> None:
    """Let a provider hear how its requests end; said again, replaces what was said before.

    Devices seal results to its key from the policy on that this command signs, or drafts: then
    all of it takes effect when 'policy publish' has what the signers signed.
    """
    from central.archive.result_rows import ProviderRow
    from central.authority.providers import add_provider
    from kiosk.crypto.digests import b64u, unb64u

    now = system_time()
    require_new(draft)
    try:
        provider = ProviderRow(
            issuer=issuer,
            url=url,
            ca_pem="" if ca is None else _text_of(ca, "authority"),
            pull_key=unb64u(pull_key) if pull_key else None,
            keep_days=keep_days,
            give_up_days=give_up_days,
            added_at=now.isoformat(timespec="seconds"),
        )
        sealed_to, drafting = _text_of(recipient, "recipient"), draft is not None
        joined = add_provider(
            Layout(data), provider, sealed_to, now, drafting=drafting, again=again
        )
    except PolicyInvalidError as exc:
        raise typer.BadParameter(exc.detail) from exc
    except ValueError as exc:
        raise typer.BadParameter(str(exc)) from exc
    written = _written(joined.draft, draft)
    answer: dict[str, Any] = {
        "issuer": issuer,
        "kid": joined.kid,
        "policy_version": joined.policy_version,
        "webhook_key": b64u(joined.webhook_public),
        "enrolment_keys": {key.kid: key.public_key for key in joined.enrolment_keys},
    }
    text = (
        f"{issuer} hears of its requests from policy {joined.policy_version} on\n"
        f"  results are sealed to          {joined.kid}\n"
        f"  it checks what is posted with  {b64u(joined.webhook_public)}\n"
        + "\n".join(f"  and devices with  {k.public_key}" for k in joined.enrolment_keys)
    )
    if written is not None:
        answer["draft"] = str(written)
        text += f"\nonce it is signed and published: {written}"
    tell(answer, text, as_json=as_json)


@provider_app.command("remove")
def provider_remove(
    issuer: IssuerArgument,
    data: DataOption = DEFAULT_DATA,
    draft: DraftOption = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask before it ends.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Withdraw a provider: nothing is sealed, posted or handed to it any more.

    Results that wait for it end, and their envelopes are erased: nothing brings them back. Records
    and requests stay as they are. It takes effect with the policy that this command signs or
    drafts, and stays written down also when the provider is admitted once more.
    """
    from central.authority.providers import remove_provider

    require_new(draft)
    if not yes:
        waiting = _one(issuer, data).waiting
        typer.confirm(f"{waiting} results wait for {issuer} and end. Go on?", abort=True, err=True)
    try:
        left = remove_provider(Layout(data), issuer, system_time(), drafting=draft is not None)
    except PolicyInvalidError as exc:
        raise typer.BadParameter(exc.detail) from exc
    written = _written(left.draft, draft)
    answer: dict[str, Any] = {"issuer": issuer, "policy_version": left.policy_version}
    if written is not None:
        answer |= {"removed": False, "draft": str(written)}
        text = f"{issuer} goes with policy {left.policy_version}, once it is signed: {written}"
    else:
        answer |= {"removed": True, "ended": left.ended}
        text = f"{issuer} is withdrawn from policy {left.policy_version} on, {left.ended} ended"
    tell(answer, text, as_json=as_json)


@provider_app.command("list")
def provider_list(data: DataOption = DEFAULT_DATA, as_json: JsonOption = False) -> None:
    """List providers, withdrawn ones too, and how many results of each are in which state."""
    found = _directory(data)
    lines = [
        f"{one.issuer}  {one.state}  {_way(one)}  "
        + (", ".join(f"{n} {state}" for state, n in one.results.items()) or "no result yet")
        for one in found
    ]
    answer = {"providers": [one.told for one in found]}
    tell(answer, "\n".join(lines) or "no provider", as_json=as_json)


@provider_app.command("show")
def provider_show(
    issuer: IssuerArgument, data: DataOption = DEFAULT_DATA, as_json: JsonOption = False
) -> None:
    """Show one provider: its key, its way, what waits for signatures, when it was withdrawn."""
    one = _one(issuer, data)
    lines = [f"{one.issuer}  {one.state}  {_way(one)}"]
    lines += [f"  sealed to {one.kid}, since policy {one.since_policy}"] if one.kid else []
    lines += [f"  {n} {state}" for state, n in one.results.items()]
    if one.plan is not None:
        what = "goes" if one.plan.withdraws else f"sealed to {one.plan.kid}"
        lines.append(f"  waits for the signatures of policy {one.plan.version}: {what}")
    for row in one.withdrawals:
        again = f", admitted again {row.admitted_on}" if row.admitted_on else ""
        lines.append(
            f"  withdrawn {row.withdrawn_on} with policy {row.policy_version}, "
            f"{row.ended} results ended{again}"
        )
    tell(one.told, "\n".join(lines), as_json=as_json)


provider_app.command("queue")(provider_queue)
provider_app.command("retry")(provider_retry)
provider_app.command("demonstrate")(provider_demonstrate)


def _way(one: Listed) -> str:
    return one.url or ("(fetches)" if one.fetches else "-")


def _directory(data: Path) -> tuple[Listed, ...]:
    from central.archive.policy_chain import stored_policies
    from central.provider.directory import directory

    policies = stored_policies(Layout(data))
    with database_of(data) as database, database.reading() as ledger:
        return directory(ledger, policies)


def _one(issuer: str, data: Path) -> Listed:
    """One provider; ends with 1 where there is none of that name."""
    found = next((one for one in _directory(data) if one.issuer == issuer), None)
    if found is None:
        typer.echo(f"{issuer} is no provider", err=True)
        raise typer.Exit(NO)
    return found
