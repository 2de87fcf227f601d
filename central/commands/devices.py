"""Commands about devices: which there are, and which may do no more work."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from central.archive.layout import FolderError, Layout
from central.archive.storage import open_database
from central.commands.console import DEFAULT_DATA, DataOption, JsonOption, system_time, tell
from kiosk.domain.errors import PolicyInvalidError
from kiosk.domain.ids import DeviceId

device_app = typer.Typer(no_args_is_help=True, help="Devices: list, lost, found again.")

Device = Annotated[str, typer.Argument(metavar="DEVICE", help="Number of the device, dev-…")]
DraftOption = Annotated[
    Path | None,
    typer.Option("--draft", help="Where several keys sign: write the next policy down here."),
]


@device_app.command("list")
def device_list(
    office: Annotated[str, typer.Option(help="Only of this office.")] = "",
    data: DataOption = DEFAULT_DATA,
    as_json: JsonOption = False,
) -> None:
    """List the devices: office, day of enrolment, journal, lost or quarantined."""
    from central.authority.publishing import Publishing

    layout = Layout(data)
    lost = frozenset(Publishing(layout).newest().policy.lost)
    database = open_database(layout)
    try:
        with database.reading() as ledger:
            rows = [row for row in ledger.devices() if office in ("", row.office_id)]
    finally:
        database.close()
    devices = [
        {
            "device_id": row.device_id,
            "office": row.office_id,
            "enrolled_at": row.enrolled_at,
            "entries": row.size,
            "lost": row.device_id in lost,
            "quarantined": row.quarantined,
        }
        for row in rows
    ]
    lines = [
        f"{row.device_id}  office {row.office_id}  since {row.enrolled_at[:10]}  "
        f"{row.size} entries"
        + ("  LOST" if row.device_id in lost else "")
        + ("  QUARANTINED" if row.quarantined else "")
        for row in rows
    ]
    tell({"devices": devices}, "\n".join(lines) or "no device", as_json=as_json)


@device_app.command("lost")
def device_lost(
    device: Device,
    draft: DraftOption = None,
    data: DataOption = DEFAULT_DATA,
    as_json: JsonOption = False,
) -> None:
    """Say that a device was lost or withdrawn: it goes dark, and still sends what it sealed."""
    _mark(Layout(data), DeviceId(device), draft, lost=True, as_json=as_json)


@device_app.command("found")
def device_found(
    device: Device,
    draft: DraftOption = None,
    data: DataOption = DEFAULT_DATA,
    as_json: JsonOption = False,
) -> None:
    """Say that a device is there again: it works from its next contact on."""
    _mark(Layout(data), DeviceId(device), draft, lost=False, as_json=as_json)


def _mark(
    layout: Layout, device: DeviceId, draft: Path | None, *, lost: bool, as_json: bool
) -> None:
    """Publish the next policy with or without this device among the lost ones, or draft it."""
    from central.authority.drafts import write_draft
    from central.authority.policies import Policies
    from central.authority.publishing import Publishing

    publishing = Publishing(layout)
    held = set(publishing.newest().policy.lost)
    _require_known(layout, device)
    named = held | {device} if lost else held - {device}
    changes, now = {"lost": ",".join(sorted(named))}, system_time()
    word = "lost" if lost else "found"
    if draft is not None:
        write_draft(publishing.draft_policy(changes, now), draft)
        tell({"device_id": device, word: False, "draft": str(draft)}, str(draft), as_json=as_json)
        return
    try:
        version = Policies(layout).change(changes, now).version
    except PolicyInvalidError as exc:
        raise typer.BadParameter(exc.detail) from exc
    answer = {"device_id": device, word: True, "version": version}
    tell(answer, f"{device} {word}, policy version {version}", as_json=as_json)


def _require_known(layout: Layout, device: DeviceId) -> None:
    """Raises FolderError: no such device."""
    database = open_database(layout)
    try:
        with database.reading() as ledger:
            known = ledger.device(device) is not None
    finally:
        database.close()
    if not known:
        raise FolderError("no such device")
