"""``visavis-central vault-key``: what opens the vault of a device that lost its key store."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from central.archive.layout import FolderError, Layout
from central.commands.console import DEFAULT_DATA, NO, DataOption, JsonOption, system_time, tell
from kiosk.domain.errors import AuditError


def vault_key(
    escrow: Annotated[Path, typer.Argument(metavar="FILE", help="vault.db.escrow of the device.")],
    identity: Annotated[Path, typer.Option(help="The auditor's age identity file.")],
    out: Annotated[Path, typer.Option(help="New file for the key, in the clear.")],
    data: DataOption = DEFAULT_DATA,
    as_json: JsonOption = False,
) -> None:
    """Open the key of a vault, for ``visavis device open-locked``. The opening is written down."""
    from central.auditor.opening import read_identity
    from central.auditor.vault_keys import open_vault_key

    try:
        keys = open_vault_key(Layout(data), read_identity(identity), escrow, system_time())
    except AuditError as exc:
        why = f"{exc.code} {exc.detail}"
        tell({"opened": False, "why": why}, f"not opened: {why}", as_json=as_json)
        raise typer.Exit(NO) from exc
    try:
        handle = os.open(out, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w", encoding="ascii") as file:
            file.write(keys.text())
    except OSError as exc:
        raise FolderError(f"{out.name}: cannot be written, or is there already") from exc
    tell(
        {"opened": True, "device_id": keys.device_id},
        f"{keys.device_id}: key written to {out.name}; delete it once the records are in",
        as_json=as_json,
    )
