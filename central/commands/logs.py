"""Commands about the collector's log: its state, another key, and a restore that is announced.

What they state is the next version of the policy: published at once where one key at hand is the
root, or written down with ``--out`` for several people to sign (``policy sign``, ``policy
combine``, ``policy publish``).
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from central.archive.layout import Layout
from central.authority.logs import Logs
from central.commands.console import DEFAULT_DATA, DataOption, JsonOption, system_time, tell
from kiosk.domain.errors import PolicyInvalidError
from kiosk.sync.policy import Policy

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
