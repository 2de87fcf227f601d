"""``visavis-central request`` and ``enrol-code``: what the authority hands out as a QR code."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Annotated, Final

import typer

from central.archive.layout import Layout
from central.commands.console import DEFAULT_DATA, DataOption, JsonOption, system_time, tell
from central.commands.rounds import request_cancel
from kiosk.domain.errors import EnrolmentError
from kiosk.domain.evidence import DocumentKind
from kiosk.domain.ids import OfficeId

request_app = typer.Typer(no_args_is_help=True, help="Verification requests.")

DEFAULT_PORT: Final = 8443


_CODE_REFUSED: Final = {
    "address": "--url: devices reach the collector by https://NAME:PORT, and by nothing else",
    "office": "--office: an office is written like 075012",
}


def enrol_code(
    office: Annotated[str, typer.Option(help="Office or depot of the device, like 075012.")],
    data: DataOption = DEFAULT_DATA,
    url: Annotated[
        str, typer.Option(help="Where devices reach the collector.")
    ] = f"https://localhost:{DEFAULT_PORT}",
    hours: Annotated[int, typer.Option(min=1, max=720, help="How long it may be used.")] = 24,
    png: Annotated[
        Path | None, typer.Option(help="Also write the QR code here, .png or .svg for print.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Make a one-time code that enrols one device."""
    from central.authority.codes import new_code
    from central.authority.qr_codes import terminal_code, write_png

    validity = timedelta(hours=hours)
    now = system_time()
    try:
        code = new_code(Layout(data), url, OfficeId(office), now, validity)
    except EnrolmentError as exc:
        raise typer.BadParameter(_CODE_REFUSED.get(exc.detail, exc.detail)) from exc
    if png is not None:
        write_png(code.text(), png)
    answer = {"code": code.text(), "office": office, "expires_at": (now + validity).isoformat()}
    tell(answer, f"{terminal_code(code.text())}\n{code.text()}", as_json=as_json)


@request_app.command("new")
def request_new(  # noqa: PLR0913, PLR0917 - one parameter an option
    surname: Annotated[str, typer.Option(help="Birth surname, with accents.")],
    given_names: Annotated[str, typer.Option(help="Given names in order, comma between them.")],
    birth_date: Annotated[str, typer.Option(help="1990-07-13; XX for an unknown part.")],
    data: DataOption = DEFAULT_DATA,
    document_kind: Annotated[
        DocumentKind | None, typer.Option(help="Announced kind of document.")
    ] = None,
    document_number: Annotated[str, typer.Option(help="Announced number.")] = "",
    service: Annotated[str, typer.Option(help="cpf, dife or fc-plus.")] = "cpf",
    office: Annotated[str, typer.Option(help="Office chosen; any when left out.")] = "",
    hours: Annotated[int, typer.Option(min=1, max=8760, help="Validity.")] = 24 * 30,
    not_before_hours: Annotated[
        int, typer.Option(help="Hours from now until it becomes valid; negative for the past.")
    ] = 0,
    png: Annotated[Path | None, typer.Option(help="Also write the QR code here.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Issue a verification request, as a signed token in a QR code."""
    from central.authority.policies import Policies
    from central.authority.qr_codes import terminal_code, write_png
    from central.authority.requests import Announced, new_request, parse_birth_date

    try:
        announced = Announced(
            surname=surname,
            given_names=tuple(n.strip() for n in given_names.split(",") if n.strip()),
            birth_date=parse_birth_date(birth_date),
            service=service,
            document_kind=document_kind,
            document_number=document_number,
            office_id=OfficeId(office),
        )
        not_before = system_time() + timedelta(hours=not_before_hours)
        layout = Layout(data)
        policy = Policies(layout).of_day(not_before.astimezone().date())
        request, token = new_request(layout, policy, announced, not_before, timedelta(hours=hours))
    except ValueError as exc:
        raise typer.BadParameter(str(exc)) from exc
    if png is not None:
        write_png(token, png)
    answer = {
        "request_id": request.request_id,
        "issuer": request.issuer,
        "not_before": request.not_before.isoformat(),
        "expires_at": request.expires_at.isoformat(),
        "token": token,
        "png": str(png) if png else None,
    }
    tell(answer, f"{terminal_code(token)}\n{token}", as_json=as_json)


request_app.command("cancel")(request_cancel)
