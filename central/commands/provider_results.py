"""``visavis-central provider queue``, ``retry`` and ``demonstrate``: results on their way."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from central.archive.layout import Layout
from central.commands.console import (
    DEFAULT_DATA,
    NO,
    DataOption,
    JsonOption,
    require_new,
    system_time,
    tell,
)
from kiosk.domain.errors import PolicyInvalidError
from kiosk.domain.ids import RecordId

if TYPE_CHECKING:
    from central.archive.database import Database

IssuerArgument = Annotated[
    str, typer.Argument(metavar="ISSUER", help="Name in its requests; 'policy show' lists them.")
]
DraftOption = Annotated[
    Path | None,
    typer.Option("--draft", help="Where several keys sign: write the next policy down here."),
]
AgainOption = Annotated[
    bool, typer.Option("--again", help="Admit it once more although it was withdrawn.")
]


@contextmanager
def database_of(data: Path) -> Iterator[Database]:
    """The database of a central side, as long as the block lasts."""
    from central.archive.storage import open_database

    layout = Layout(data)
    layout.require()
    database = open_database(layout)
    try:
        yield database
    finally:
        database.close()


def provider_queue(
    data: DataOption = DEFAULT_DATA,
    withdrawn: Annotated[
        bool, typer.Option("--withdrawn", help="Those that ended with their provider instead.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """List results that no provider has yet; ends with 1 where a person has to look."""
    from central.archive.result_rows import OVER, ResultState

    waiting = [state for state in ResultState if state not in OVER]
    states: list[ResultState] = [ResultState.WITHDRAWN] if withdrawn else [*waiting]
    with database_of(data) as database, database.reading() as ledger:
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
    with database_of(data) as database:
        queue = ResultQueue(database, load_keys(Layout(data)).root_public)
        queued = queue.again(named, system_time(), release=release)
    tell({"queued": queued}, f"{queued} queued again", as_json=as_json)
    if named and not queued:
        raise typer.Exit(NO)


def provider_demonstrate(
    issuer: IssuerArgument,
    data: DataOption = DEFAULT_DATA,
    port: Annotated[int, typer.Option(min=0, max=65535, help="0 takes a free one.")] = 8445,
    draft: DraftOption = None,
    again: AgainOption = False,
) -> None:
    """Play a provider on this machine: join it, open what comes, show where requests stand.

    Its secret key lies in the folder of the central side: for demonstrations only.
    """
    import json
    import sys
    import threading

    from central.archive.result_rows import ProviderRow
    from central.authority.drafts import write_draft
    from central.authority.providers import add_provider
    from central.provider.demonstration import DemonstrationProvider, Trusts, provider_keys

    layout, now = Layout(data), system_time()
    layout.require()
    require_new(draft)
    keys = provider_keys(layout.root / "demonstration-provider", now)
    with DemonstrationProvider(keys, system_time, port) as demonstration:
        added_at = now.isoformat(timespec="seconds")
        row = ProviderRow(issuer, demonstration.url, keys.ca_pem, None, 30, 7, added_at)
        try:
            recipient, drafting = keys.identity.recipient, draft is not None
            joined = add_provider(layout, row, recipient, now, drafting=drafting, again=again)
        except PolicyInvalidError as exc:
            raise typer.BadParameter(exc.detail) from exc
        if draft is not None and joined.draft is not None:
            write_draft(joined.draft, draft)
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
