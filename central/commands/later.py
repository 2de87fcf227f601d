"""``visavis-central contact confirm-later`` and ``contact later``."""

from __future__ import annotations

from dataclasses import asdict

import typer

from central.archive.layout import Layout
from central.commands.console import DEFAULT_DATA, DataOption, JsonOption, system_time, tell


def contact_confirm_later(data: DataOption = DEFAULT_DATA, as_json: JsonOption = False) -> None:
    """Have addresses that were deferred at the counter confirmed once the record is here.

    Makes the key of the contact service, and signs the policy that names it. Restart 'serve'.
    """
    from central.authority.contact_service import open_contact_service
    from central.contact.settings import load_settings

    layout = Layout(data)
    if not load_settings(layout.contact_settings).page_url:
        raise typer.BadParameter("contact.toml has no [page]: nobody could type a code")
    version, kid = open_contact_service(layout, system_time())
    text = f"addresses are sealed to {kid} from policy {version} on; restart 'serve'"
    tell({"policy_version": version, "kid": kid}, text, as_json=as_json)


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
