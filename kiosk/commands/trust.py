"""``visavis trust import|show``: the list of those who may seal documents (2D-Doc)."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from kiosk.commands.console import (
    DataOption,
    ExitCode,
    JsonOption,
    kiosk_of,
    leave,
    say,
    say_json,
    texts_of,
)

if TYPE_CHECKING:
    from datetime import date

    from kiosk.documents.trust_list import TrustState
    from kiosk.texts import Texts

_MAX_FILE_BYTES = 16 * 1024 * 1024
_MAX_FILES = 500


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(help="Who may seal documents (2D-Doc).", no_args_is_help=True)
    group.command("import")(import_)
    group.command("show")(show)
    app.add_typer(group, name="trust")


def import_(
    files: Annotated[
        list[Path], typer.Argument(help="Signed list, certificates, revocation lists.")
    ],
    signer_sha256: Annotated[
        str, typer.Option(help="SHA-256 of the list's signer, at the first import.")
    ] = "",
    data: DataOption = None,
    json: JsonOption = False,
) -> None:
    """Verify the files together and keep them; the first import pins the signer of the list."""
    from kiosk.crypto.tsl import is_fingerprint
    from kiosk.services import trust

    texts = texts_of(data)
    contents = contents_of(files, texts)
    signer = signer_sha256.replace(":", "").replace(" ", "").lower()
    if signer and not is_fingerprint(signer):
        raise typer.BadParameter(texts("cli.trust.pin"))
    with kiosk_of(data) as kiosk:
        if not signer and not trust.pinned_signer(kiosk.store):
            raise typer.BadParameter(texts("cli.trust.pin"))
        state = trust.import_files(kiosk.store, contents, signer)
        today = kiosk.clock.now().date()
    if json:
        say_json(_as_json(state, today))
        return
    say(texts("cli.trust.imported"))
    _say(state, today, texts)


def show(data: DataOption = None, json: JsonOption = False) -> None:
    """The list in force and its age; exit code 1 where there is none or it is too old."""
    from kiosk.services import trust

    texts = texts_of(data)
    with kiosk_of(data) as kiosk:
        state = trust.load_state(kiosk.store)
        today = kiosk.clock.now().date()
    if state is None:
        if json:
            say_json({"list": None})
        else:
            say(texts("cli.trust.none"))
        leave(ExitCode.NO)
        return
    if json:
        say_json(_as_json(state, today))
    else:
        _say(state, today, texts)
    if state.too_old(today):
        leave(ExitCode.NO)


def contents_of(files: list[Path], texts: "Texts") -> dict[str, bytes]:
    """What files hold, by their names. Raises typer.BadParameter where one cannot be read."""
    if len(files) > _MAX_FILES:
        raise typer.BadParameter(str(len(files)))
    contents = {}
    for file in files:
        if file.is_dir():
            raise typer.BadParameter(texts("cli.trust.folder", file=file.name or str(file)))
        content = _content(file)
        if content is None:
            raise typer.BadParameter(texts("cli.trust.missing", file=file.name))
        contents[str(file)] = content
    return contents


def _content(file: Path) -> bytes | None:
    """What a file holds; None where it is missing, unreadable or far too long."""
    try:
        if not file.is_file() or file.stat().st_size > _MAX_FILE_BYTES:
            return None
        return file.read_bytes()
    except OSError:
        return None


def _as_json(state: "TrustState", today: "date") -> dict[str, object]:
    return {
        "list": {
            "sequence": state.sequence,
            "issued": state.issued.isoformat(),
            "next_update": state.next_update.isoformat() if state.next_update else None,
            "age_days": state.age_days(today),
            "too_old": state.too_old(today),
            "signer_sha256": state.signer_sha256,
            "withheld_providers": state.withheld,
        },
        "authorities": list(state.authorities),
        "signers": [
            {
                "ca_id": c.ca_id,
                "certificate_id": c.certificate_id,
                "not_before": c.not_before.isoformat(),
                "not_after": c.not_after.isoformat(),
                "revoked": c.revoked.isoformat() if c.revoked else None,
                "key_in_doubt": c.key_in_doubt,
            }
            for c in state.trust.certificates
        ],
        "refused": state.refused,
        "without_revocation_list": state.unchecked,
        "unused_revocation_lists": state.unused_revocations,
    }


def _say(state: "TrustState", today: "date", texts: "Texts") -> None:
    following = state.next_update.isoformat() if state.next_update else texts("cli.trust.next_none")
    say(
        texts(
            "cli.trust.list",
            sequence=state.sequence,
            issued=state.issued.isoformat(),
            days=state.age_days(today),
            next=following,
        )
    )
    say(texts("cli.trust.signer", signer=state.signer_sha256))
    say(texts("cli.trust.authorities", names=", ".join(state.authorities)))
    values = {"unchecked": state.unchecked, "refused": state.refused}
    say(texts("cli.trust.signers", n=len(state.trust.certificates), **values))
    if state.too_old(today):
        say(texts("cli.trust.old"))
