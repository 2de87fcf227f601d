"""``visavis-central contact confirm-later`` and ``contact later``."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from central.archive.layout import Layout
from central.commands.console import (
    DEFAULT_DATA,
    DataOption,
    JsonOption,
    require_new,
    system_time,
    tell,
)
from kiosk.domain.errors import PolicyInvalidError


def contact_confirm_later(
    data: DataOption = DEFAULT_DATA,
    draft: Annotated[
        Path | None,
        typer.Option("--draft", help="Where several keys sign: write the next policy down here."),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Have addresses that were deferred at the counter confirmed once the record is here.

    Makes the key of the contact service, and signs or drafts the policy that names it. Restart
    'serve'.
    """
    from central.authority.contact_service import open_contact_service
    from central.authority.drafts import write_draft
    from central.contact.settings import load_settings

    layout = Layout(data)
    if not load_settings(layout.contact_settings).page_url:
        raise typer.BadParameter("contact.toml has no [page]: nobody could type a code")
    require_new(draft)
    try:
        opened = open_contact_service(layout, system_time(), drafting=draft is not None)
    except PolicyInvalidError as exc:
        raise typer.BadParameter(exc.detail) from exc
    answer: dict[str, Any] = {"policy_version": opened.policy_version, "kid": opened.kid}
    text = f"addresses are sealed to {opened.kid} from policy {opened.policy_version} on"
    if draft is not None and opened.draft is not None:
        write_draft(opened.draft, draft)
        answer["draft"] = str(draft)
        text += f", once it is signed and published: {draft}"
    tell(answer, f"{text}; restart 'serve'", as_json=as_json)


def contact_later(data: DataOption = DEFAULT_DATA, as_json: JsonOption = False) -> None:
    """List addresses that were deferred at the counter, by record: what became of each."""
    from central.archive.storage import open_database
    from central.contact.later import later_lines

    layout = Layout(data)
    layout.require()
    database = open_database(layout)
    try:
        with database.reading() as ledger:
            found = later_lines(ledger)
    finally:
        database.close()
    lines = [f"{one.record_id}  {one.channel or '-'}  {one.state}  {one.since}" for one in found]
    answer = {"later": [asdict(one) for one in found]}
    tell(answer, "\n".join(lines) or "nothing was deferred", as_json=as_json)
