"""``visavis-central round``, ``request cancel`` and ``audit reconcile``."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, Annotated, Any

import typer

from central.archive.layout import Layout
from central.commands.console import (
    DEFAULT_DATA,
    NO,
    DataOption,
    JsonOption,
    system_time,
    tell,
)
from kiosk.domain.ids import DeviceId, OfficeId

if TYPE_CHECKING:
    from central.authority.rounds import Planned, Planner

round_app = typer.Typer(no_args_is_help=True, help="Rounds of carriers, appointments of offices.")

DayOption = Annotated[str, typer.Option("--day", help="Like 2026-11-27; today when left out.")]


def _planner(data: Layout) -> Planner:
    from central.authority.policies import Policies
    from central.authority.rounds import Planner

    return Planner(data, Policies(data).of_day(_today()))


def _today() -> date:
    return system_time().astimezone().date()


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text) if text else _today()
    except ValueError as exc:
        raise typer.BadParameter("a day is written 2026-11-27") from exc


def _window(text: str) -> tuple[time, time]:
    begins, _, ends = text.partition("-")
    try:
        return time.fromisoformat(begins.strip()), time.fromisoformat(ends.strip())
    except ValueError as exc:
        raise typer.BadParameter("a window is written 09:00-10:30") from exc


@round_app.command("add")
def round_add(  # noqa: PLR0913, PLR0917 - one parameter an option
    token: Annotated[str, typer.Argument(help="The request, as 'request new' made it.")],
    data: DataOption = DEFAULT_DATA,
    device: Annotated[str, typer.Option(help="Device of the carrier; an appointment without.")] = (
        ""
    ),
    office: Annotated[str, typer.Option(help="Office of the appointment.")] = "",
    day: DayOption = "",
    window: Annotated[str, typer.Option(help="Like 09:00-10:30.")] = "08:00-18:00",
    position: Annotated[
        int | None, typer.Option(help="Place in the round; next when left out.")
    ] = (None),
    line: Annotated[str, typer.Option(help="Line of address that finds the door.")] = "",
    locality: Annotated[str, typer.Option(help="Postcode and town.")] = "",
    as_json: JsonOption = False,
) -> None:
    """Give a request to a carrier's round, or to an office as an appointment.

    Prints the activation code: it is for the customer's message, and is kept nowhere.
    """
    from central.authority.rounds import Wanted

    begins, ends = _window(window)
    wanted = Wanted(
        request=token,
        day=_day(day),
        begins=begins,
        ends=ends,
        device_id=DeviceId(device) if device else None,
        office_id=OfficeId(office),
        position=position,
        line=line,
        locality=locality,
    )
    try:
        planned = _planner(Layout(data)).add(wanted, system_time())
    except ValueError as exc:
        raise typer.BadParameter(str(exc)) from exc
    answer = _answer(planned) | {"activation_code": planned.code}
    tell(answer, f"{_line(planned)}\nactivation code {planned.code}", as_json=as_json)


@round_app.command("show")
def round_show(
    data: DataOption = DEFAULT_DATA,
    day: DayOption = "",
    days: Annotated[int, typer.Option(min=1, max=366, help="How many days.")] = 1,
    as_json: JsonOption = False,
) -> None:
    """List what is planned, in the order of the rounds; what was taken back too."""
    first = _day(day)
    planned = _planner(Layout(data)).of_days(first, first + timedelta(days=days - 1))
    answer = {"visits": [_answer(item) for item in planned]}
    tell(answer, "\n".join(map(_line, planned)) or "nothing planned", as_json=as_json)


@round_app.command("cancel")
def round_cancel(
    visit_id: Annotated[str, typer.Argument(metavar="VISIT_ID")],
    data: DataOption = DEFAULT_DATA,
    as_json: JsonOption = False,
) -> None:
    """Take a visit out of its round; the request itself stays valid."""
    try:
        changed = _planner(Layout(data)).cancel(visit_id, system_time())
    except ValueError as exc:
        raise typer.BadParameter(str(exc)) from exc
    text = "taken out of the round" if changed else "was out of the round already"
    tell({"visit_id": visit_id, "changed": changed}, text, as_json=as_json)


@round_app.command("reseal")
def round_reseal(
    data: DataOption = DEFAULT_DATA, day: DayOption = "", as_json: JsonOption = False
) -> None:
    """Seal appointments to the devices of their office that asked for a round since."""
    copies = _planner(Layout(data)).reseal(_day(day))
    tell({"copies": copies}, f"{copies} copies made", as_json=as_json)


def request_cancel(
    token: Annotated[str, typer.Argument(help="The request, as 'request new' made it.")],
    data: DataOption = DEFAULT_DATA,
    as_json: JsonOption = False,
) -> None:
    """Cancel a request. A record that is on its way stands: its device is told."""
    from central.authority.policies import Policies
    from central.authority.rounds import request_of

    layout = Layout(data)
    try:
        request = request_of(token, Policies(layout).of_day(_today()))
    except ValueError as exc:
        raise typer.BadParameter(str(exc)) from exc
    before = _planner(layout).cancel_request(request, system_time())
    answer = {"request_id": request.request_id, "outcomes_before": list(before)}
    text = f"request {request.request_id} is cancelled"
    if before:
        text += f"; acts that arrived before: {', '.join(before)}"
    tell(answer, text, as_json=as_json)


def audit_reconcile(
    data: DataOption = DEFAULT_DATA,
    day: Annotated[str, typer.Option("--day", help="Last day; yesterday when left out.")] = "",
    days: Annotated[int, typer.Option(min=1, max=400, help="How many days back.")] = 31,
    as_json: JsonOption = False,
) -> None:
    """Compare what was planned with what the journals say: every visit must end in an entry."""
    from central.auditor.reconciliation import reconcile

    last = _day(day) if day else _today() - timedelta(days=1)
    report = reconcile(Layout(data), last - timedelta(days=days - 1), last)
    lines = [
        f"{visit.day} {visit.device_id or visit.office_id} no. {visit.position}: "
        f"{visit.state.value}{f' ({visit.outcome})' if visit.outcome else ''}  {visit.visit_id}"
        for visit in report.visits
    ]
    lines.append(f"{len(report.visits)} planned, {len(report.silent)} silent")
    answer = {"complete": not report.silent, **_jsonable(asdict(report))}
    tell(answer, "\n".join(lines), as_json=as_json)
    if report.silent:
        raise typer.Exit(NO)


def _answer(planned: Planned) -> dict[str, Any]:
    row, visit = planned.row, planned.visit
    answer: dict[str, Any] = {
        "visit_id": row.visit_id,
        "day": row.day,
        "position": row.position,
        "place": row.place,
        "office": row.office_id,
        "device": row.device_id,
        "cancelled_at": row.cancelled_at,
    }
    if visit is not None:
        answer |= {
            "window": f"{visit.begins:%H:%M}-{visit.ends:%H:%M}",
            "name": visit.display_name,
            "line": visit.line,
            "locality": visit.locality,
        }
    return answer


def _line(planned: Planned) -> str:
    row, visit = planned.row, planned.visit
    where = row.device_id or f"office {row.office_id}"
    words = "(not readable here)"
    if visit is not None:
        door = f", {visit.line}, {visit.locality}" if visit.line or visit.locality else ""
        words = f"{visit.begins:%H:%M}-{visit.ends:%H:%M} {visit.display_name}{door}"
    gone = "  CANCELLED" if row.cancelled_at else ""
    return f"{row.day} {where} no. {row.position}  {words}  {row.visit_id}{gone}"


def _jsonable(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _jsonable(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_jsonable(item) for item in value]
    return value.isoformat() if isinstance(value, (date, datetime)) else value
