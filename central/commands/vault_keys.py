"""``visavis-central audit vault-key``: what opens the vault of a device that lost its key store."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from central.archive.layout import FolderError, Layout
from central.commands.auditors import (
    ApprovalOption,
    GroundOption,
    IdentityOption,
    KeysOption,
    OrderOption,
    ReasonOption,
    Sitting,
    answering,
    sit,
)
from central.commands.console import DEFAULT_DATA, DataOption, JsonOption, system_time, tell


def vault_key(  # noqa: PLR0913, PLR0917 - one parameter an option
    escrow: Annotated[Path, typer.Argument(metavar="FILE", help="vault.db.escrow of the device.")],
    device: Annotated[str, typer.Option(help="The device whose vault it is.")],
    out: Annotated[Path, typer.Option(help="New file for the key, in the clear.")],
    identity: IdentityOption = None,
    data: DataOption = DEFAULT_DATA,
    key: KeysOption = None,
    order: OrderOption = None,
    approval: ApprovalOption = None,
    reason: ReasonOption = "the device lost its keys",
    ground: GroundOption = "not stated",
    as_json: JsonOption = False,
) -> None:
    """Open the key of a vault, for ``visavis device open-locked``; written down before."""
    from central.auditor.orders import Act, Subject
    from central.auditor.session import require_about, session
    from central.auditor.vault_keys import open_vault_key

    layout, now = Layout(data), system_time()
    with answering({"opened": False, "device_id": device}):
        sitting = Sitting(layout, identity, key, order, approval)
        subject = Subject(device=device)
        present, authority = sit(sitting, Act.VAULT_KEY, subject, (reason, ground), now)
        require_about(authority, Act.VAULT_KEY)
        # The order counts once: the file is there before it is spent.
        with _new_file(out) as write:
            with session(layout, present, authority) as at_work:
                keys = open_vault_key(at_work, escrow, now)
            write(keys.text())
    tell(
        {"opened": True, "device_id": keys.device_id},
        f"{keys.device_id}: key written to {out.name}; delete it once the records are in",
        as_json=as_json,
    )


@contextmanager
def _new_file(path: Path) -> Iterator[Callable[[str], None]]:
    """What writes a new file, for its owner alone; gone again where the block fails.

    Raises:
        FolderError: it cannot be written, or is there already.
    """
    trouble = f"{path.name}: cannot be written, or is there already"
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as exc:
        raise FolderError(trouble) from exc

    def write(text: str) -> None:
        try:
            with os.fdopen(handle, "w", encoding="ascii", closefd=False) as file:
                file.write(text)
        except OSError as exc:
            raise FolderError(trouble) from exc

    kept = False
    try:
        yield write
        kept = True
    finally:
        os.close(handle)
        if not kept:
            path.unlink(missing_ok=True)
