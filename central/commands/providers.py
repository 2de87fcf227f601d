"""``visavis-central provider``: identity providers, and the results on their way to them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
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
from kiosk.domain.errors import PolicyInvalidError
from kiosk.domain.ids import RecordId

if TYPE_CHECKING:
    from central.archive.database import Database

provider_app = typer.Typer(no_args_is_help=True, help="Results for identity providers.")

IssuerArgument = Annotated[
    str, typer.Argument(metavar="ISSUER", help="Name in its requests; 'policy show' lists them.")
]


@contextmanager
def _database(data: Path) -> Iterator[Database]:
    from central.archive.storage import open_database

    layout = Layout(data)
    layout.require()
    database = open_database(layout)
    try:
        yield database
    finally:
        database.close()


def _text_of(file: Path, what: str) -> str:
    try:
        return file.read_text("ascii").strip()
    except (OSError, ValueError) as exc:
        raise FolderError(f"{what}: cannot be read") from exc


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
    as_json: JsonOption = False,
) -> None:
    """Let a provider hear how its requests end; said again, replaces what was said before.

    Devices seal results to its key from the policy on that this command signs.
    """
    from central.archive.result_rows import ProviderRow
    from central.authority.providers import add_provider
    from kiosk.crypto.digests import b64u, unb64u

    now = system_time()
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
        joined = add_provider(Layout(data), provider, _text_of(recipient, "recipient"), now)
    except PolicyInvalidError as exc:
        raise typer.BadParameter(exc.detail) from exc
    except ValueError as exc:
        raise typer.BadParameter(str(exc)) from exc
    answer = {
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
    tell(answer, text, as_json=as_json)


@provider_app.command("list")
def provider_list(data: DataOption = DEFAULT_DATA, as_json: JsonOption = False) -> None:
    """List providers, and how many results of each are in which state."""
    with _database(data) as database, database.reading() as ledger:
        providers, counts = ledger.results.providers(), ledger.results.counts()
    told: list[dict[str, Any]] = [
        {
            "issuer": one.issuer,
            "url": one.url,
            "fetches": one.pull_key is not None,
            "results": {state: n for (issuer, state), n in counts.items() if issuer == one.issuer},
        }
        for one in providers
    ]
    lines = [
        f"{one['issuer']}  {one['url'] or '(fetches)'}  "
        + (", ".join(f"{n} {state}" for state, n in one["results"].items()) or "no result yet")
        for one in told
    ]
    tell({"providers": told}, "\n".join(lines) or "no provider", as_json=as_json)


@provider_app.command("queue")
def provider_queue(data: DataOption = DEFAULT_DATA, as_json: JsonOption = False) -> None:
    """List results that no provider has yet; ends with 1 where a person has to look."""
    from central.archive.result_rows import OVER, ResultState

    states = [state for state in ResultState if state not in OVER]
    with _database(data) as database, database.reading() as ledger:
        rows = ledger.results.in_state(*states, limit=10_000)
    told = [
        {
            "record_id": row.record_id,
            "issuer": row.issuer,
            "device_id": row.device_id,
            "state": row.state,
            "reason": row.reason,
            "since": row.arrived_at or row.announced_at,
            "attempts": row.attempts,
            "next_at": row.next_at,
        }
        for row in rows
    ]
    lines = [
        f"{one['record_id']}  {one['issuer']}  {one['state']}"
        + (f" ({one['reason']})" if one["reason"] else "")
        + f"  since {one['since']}  {one['attempts']} tries"
        for one in told
    ]
    tell({"results": told}, "\n".join(lines) or "nothing waits", as_json=as_json)
    asking = (ResultState.WITHHELD, ResultState.DEAD, ResultState.LOST)
    if any(row.state in asking for row in rows):
        raise typer.Exit(NO)


@provider_app.command("retry")
def provider_retry(
    records: Annotated[
        list[str] | None, typer.Argument(metavar="RECORD_ID...", help="All dead ones without.")
    ] = None,
    data: DataOption = DEFAULT_DATA,
    release: Annotated[
        bool, typer.Option("--release", help="Withheld ones too: you have looked at why.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Queue results again that were given up; with --release, named ones that are withheld."""
    from central.collector.server import load_keys
    from central.provider.queue import ResultQueue

    named = [RecordId(record) for record in records or ()]
    if release and not named:
        raise typer.BadParameter("name the records that you have looked at")
    with _database(data) as database:
        queue = ResultQueue(database, load_keys(Layout(data)).root_public)
        queued = queue.again(named, system_time(), release=release)
    tell({"queued": queued}, f"{queued} queued again", as_json=as_json)
    if named and not queued:
        raise typer.Exit(NO)


@provider_app.command("demonstrate")
def provider_demonstrate(
    issuer: IssuerArgument,
    data: DataOption = DEFAULT_DATA,
    port: Annotated[int, typer.Option(min=0, max=65535, help="0 takes a free one.")] = 8445,
) -> None:
    """Play a provider on this machine: join it, open what comes, show where requests stand.

    Its secret key lies in the folder of the central side: for demonstrations only.
    """
    import json
    import sys
    import threading

    from central.archive.result_rows import ProviderRow
    from central.authority.providers import add_provider
    from central.provider.demonstration import DemonstrationProvider, Trusts, provider_keys

    layout, now = Layout(data), system_time()
    layout.require()
    keys = provider_keys(layout.root / "demonstration-provider", now)
    with DemonstrationProvider(keys, system_time, port) as demonstration:
        added_at = now.isoformat(timespec="seconds")
        row = ProviderRow(issuer, demonstration.url, keys.ca_pem, None, 30, 7, added_at)
        try:
            joined = add_provider(layout, row, keys.identity.recipient, now)
        except PolicyInvalidError as exc:
            raise typer.BadParameter(exc.detail) from exc
        enrolment = {key.kid: key.public for key in joined.enrolment_keys}
        demonstration.trust(Trusts(issuer, joined.webhook_public, enrolment))
        pages = demonstration.url.removesuffix("/results")
        told = {"ready": True, "url": pages, "policy_version": joined.policy_version}
        sys.stdout.write(f"{json.dumps(told)}\n")
        sys.stdout.flush()
        try:
            threading.Event().wait()
        except KeyboardInterrupt:
            return
