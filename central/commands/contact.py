"""``visavis-central contact``: codes to customers, and what became of deferred addresses."""

from __future__ import annotations

from typing import Annotated

import typer

from central.archive.layout import Layout
from central.commands.console import DEFAULT_DATA, NO, DataOption, JsonOption, tell
from central.commands.later import contact_confirm_later, contact_later

contact_app = typer.Typer(no_args_is_help=True, help="Codes to customers.")

contact_app.command("confirm-later")(contact_confirm_later)
contact_app.command("later")(contact_later)


@contact_app.command("try")
def contact_try(
    address: Annotated[str, typer.Argument(help="E-mail address, or mobile number: +33612345678.")],
    data: DataOption = DEFAULT_DATA,
    as_json: JsonOption = False,
) -> None:
    """Send one message with a code that opens nothing, by the way that the address needs."""
    from central.contact.messages import Message, NotSentError, all_texts, senders_of
    from central.contact.settings import load_settings
    from kiosk.domain.contact import email_address, is_e164
    from kiosk.domain.errors import ContactAddressError
    from kiosk.sync.contact import EMAIL, MOBILE

    try:
        channel, to = (MOBILE, address) if is_e164(address) else (EMAIL, email_address(address))
    except ContactAddressError as exc:
        raise typer.BadParameter("neither an e-mail address nor a number with +") from exc
    sender = senders_of(load_settings(Layout(data).contact_settings)).get(channel)
    why = "not configured"
    if sender is not None:
        try:
            sender.send(to, Message(all_texts()["fr"], "000000", 10, ""))
        except NotSentError as exc:
            why = str(exc)
        else:
            tell({"sent": True, "channel": channel}, f"sent by {channel}", as_json=as_json)
            return
    tell({"sent": False, "channel": channel, "why": why}, f"not sent: {why}", as_json=as_json)
    raise typer.Exit(NO)
