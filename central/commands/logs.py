"""Commands about the collector's log: its state, a copy for others, another key, and a restore.

What the last two state is the next version of the policy: published at once where one key at hand
is the root, or written down with ``--out`` for several people to sign (``policy sign``, ``policy
combine``, ``policy publish``).
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from central.archive.layout import Layout
from central.authority.logs import Logs
from central.commands.console import DEFAULT_DATA, NO, DataOption, JsonOption, system_time, tell
from kiosk.audit.witnesses import Quorum
from kiosk.crypto.cosignatures import parse_cosigner
from kiosk.crypto.digests import unb64u
from kiosk.crypto.notes import parse_verifier_key
from kiosk.domain.errors import PolicyInvalidError
from kiosk.sync.policy import Policy
from kiosk.sync.receipts import LogKey

log_app = typer.Typer(no_args_is_help=True, help="The log whose receipts let devices delete.")
DraftOption = Annotated[
    Path | None,
    typer.Option("--out", help="Write a draft for several people to sign, and publish nothing."),
]


@log_app.command("show")
def log_show(data: DataOption = DEFAULT_DATA, as_json: JsonOption = False) -> None:
    """Show the log as it lies here: its key, its tree, and those that ended."""
    state = Logs(Layout(data)).state()
    ended = [
        {"log_key": one.log_key, "size": one.size, "at": one.at.isoformat(), "why": one.why}
        for one in state.ended
    ]
    answer = {
        "log_key": state.log_key,
        "former": list(state.former),
        "size": state.size,
        "root": state.root,
        "ended": ended,
    }
    lines = [state.log_key, f"{state.size} leaves, root {state.root}"]
    lines += [f"before: {key}" for key in state.former]
    lines += [
        f"ended at {one.size} leaves on {one.at:%Y-%m-%d %H:%M} UTC: {one.log_origin} ({one.why})"
        for one in state.ended
    ]
    tell(answer, "\n".join(lines), as_json=as_json)


@log_app.command("new-key")
def log_new_key(
    out: DraftOption = None, data: DataOption = DEFAULT_DATA, as_json: JsonOption = False
) -> None:
    """Give the log another key, the tree going on; then start the collector anew."""
    logs, now = Logs(Layout(data)), system_time()
    if out is None:
        _require_single(logs)
    try:
        contents = logs.new_key(now)
    except PolicyInvalidError as exc:
        raise typer.BadParameter(exc.detail) from exc
    _bring_out(logs, contents, now, out, as_json=as_json)


@log_app.command("announce-restored")
def log_announce_restored(
    why: Annotated[str, typer.Option(help="In words, for those who sign and for the auditor.")],
    size: Annotated[
        int | None,
        typer.Option(min=0, help="Leaves of the backup, where the collector ran since."),
    ] = None,
    out: DraftOption = None,
    data: DataOption = DEFAULT_DATA,
    as_json: JsonOption = False,
) -> None:
    """Tell the fleet that this log was put back to a backup; it goes on under another name.

    Only after the backup lies here whole, with the collector stopped: what the log holds now is
    what the root will say that it was put back to. Where the collector ran since the backup was put
    back, --size says how many leaves the backup held. A policy of a coming day is not brought on by
    this: what it said has to be published again, and the answer says so.
    """
    if not why.strip():
        raise typer.BadParameter("say why")
    logs, now = Logs(Layout(data)), system_time()
    if out is None:
        _require_single(logs)
    waiting = logs.waiting(now)
    try:
        contents = logs.restored(why.strip(), now, size)
    except PolicyInvalidError as exc:
        raise typer.BadParameter(exc.detail) from exc
    _bring_out(logs, contents, now, out, waiting, as_json=as_json)


@log_app.command("publish")
def log_publish(
    folder: Annotated[
        Path, typer.Argument(metavar="FOLDER", help="Where the copy lies, or is to.")
    ],
    data: DataOption = DEFAULT_DATA,
    as_json: JsonOption = False,
) -> None:
    """Bring a copy of the log up to date that anybody can verify: static files (tlog-tiles).

    For a timer, beside the running collector. Nothing in it opens a record or names a person. It
    refuses a folder that holds another log, or another history of this one.
    """
    from central.archive.reader import open_reader
    from central.collector.keys import PolicyShelf
    from central.collector.log_copy import publish

    layout = Layout(data)
    layout.require()
    shelf = PolicyShelf(unb64u(layout.root_public.read_text("ascii").strip()))
    reader = open_reader(layout)
    try:
        with reader.reading() as reading:
            done = publish(reading.ledger, shelf, folder, system_time())
    finally:
        reader.close()
    answer = {"size": done.size, "before": done.before, "files": done.files}
    text = f"{folder}: {done.size} leaves, {done.size - done.before} of them new"
    tell(answer, text, as_json=as_json)


@log_app.command("check-copy")
def log_check_copy(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="A copy of the log.")],
    key: Annotated[
        list[str], typer.Option(help="Verifier key of the log; its former ones too, repeated.")
    ],
    witness: Annotated[
        list[str] | None, typer.Option(help="Verifier key of a witness; may be repeated.")
    ] = None,
    quorum: Annotated[int, typer.Option(min=0, help="So many of them must have cosigned.")] = 0,
    seen: Annotated[
        list[Path] | None, typer.Option(help="A checkpoint that was kept before; may be repeated.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Verify a copy of the log with its key alone: no central side, no network; 1 where it fails.

    Obtain the keys elsewhere than with the copy.
    """
    from central.auditor.log_copy import verify_copy

    log, witnesses = _log_key(key), _quorum(witness or [], quorum)
    try:
        notes = [path.read_text("utf-8", "replace") for path in seen or ()]
    except OSError as exc:
        raise typer.BadParameter("a checkpoint that was kept cannot be read") from exc
    report = verify_copy(folder, log, witnesses, notes)
    answer = {"verified": not report.problems, "size": report.size, "problems": report.problems}
    lines = [f"WRONG {problem}" for problem in report.problems]
    lines.append("NOT verified" if report.problems else f"verified, {report.size} leaves")
    tell(answer, "\n".join(lines), as_json=as_json)
    if report.problems:
        raise typer.Exit(NO)


def _log_key(keys: list[str]) -> LogKey:
    """The log of these keys, the newest first. Raises BadParameter."""
    try:
        (name, public), *former = (parse_verifier_key(one) for one in keys)
    except ValueError as exc:
        raise typer.BadParameter("not the verifier key of a log") from exc
    if any(other != name for other, _ in former):
        raise typer.BadParameter("these keys are of several logs")
    return LogKey(name, public, former=tuple(one for _, one in former))


def _quorum(witnesses: list[str], needed: int) -> Quorum:
    """So many of these witnesses. Raises BadParameter."""
    try:
        cosigners = tuple(parse_cosigner(one) for one in witnesses)
    except ValueError as exc:
        raise typer.BadParameter("not the verifier key of a witness") from exc
    if needed > len(cosigners):
        raise typer.BadParameter("a quorum is at most as many as there are witnesses")
    return Quorum(cosigners, needed)


def _require_single(logs: Logs) -> None:
    try:
        logs.require_single()
    except PolicyInvalidError as exc:
        raise typer.BadParameter(exc.detail) from exc


def _bring_out(
    logs: Logs,
    contents: Policy,
    now: datetime,
    out: Path | None,
    waiting: Policy | None = None,
    *,
    as_json: bool,
) -> None:
    from central.authority.drafts import write_draft

    try:
        if out is None:
            logs.publish(contents, now)
        else:
            write_draft(logs.draft(contents), out)
    except PolicyInvalidError as exc:
        raise typer.BadParameter(exc.detail) from exc
    terms, ended = contents.collector, contents.restored[-1:]
    answer = {
        "version": contents.version,
        "log_key": terms.log_key,
        "published": out is None,
        "draft": "" if out is None else str(out),
        "ended_at": ended[0].size if ended else None,
        "publish_again": None if waiting is None else waiting.version,
    }
    where = "published" if out is None else f"to be signed: {out}"
    text = f"policy version {contents.version}, {where}\n  the log goes on as {terms.log_key}"
    if waiting is not None:
        text += (
            f"\n  version {waiting.version}, of {waiting.valid_from}, is overtaken by this: "
            f"publish what it said once more (policy set NAME=VALUE valid_from="
            f"{waiting.valid_from})"
        )
    if ended:
        text += (
            f"\n  every device that ever showed a policy version above {contents.version} refuses "
            "this one: see the guide, step 3"
        )
    tell(answer, text, as_json=as_json)
