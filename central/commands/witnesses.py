"""Commands about witnesses: whom the collector asks, how they are, what they vouched for."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from central.archive.layout import Layout
from central.archive.storage import open_database
from central.commands.console import DEFAULT_DATA, NO, DataOption, JsonOption, tell
from kiosk.crypto.digests import unb64u

witness_app = typer.Typer(
    no_args_is_help=True, help="Witnesses: second parties that cosign the collector's log."
)


@witness_app.command("add")
def witness_add(
    key: Annotated[str, typer.Argument(metavar="KEY", help="Verifier key of the witness.")],
    url: Annotated[str, typer.Option(help="Its address; /add-checkpoint is called below it.")],
    data: DataOption = DEFAULT_DATA,
    ca: Annotated[
        str, typer.Option(help="PEM file beside witnesses.toml; left out: public authorities.")
    ] = "",
    as_json: JsonOption = False,
) -> None:
    """Ask another witness, from the next start of the collector; the policy says who counts."""
    from central.collector.witness_settings import WitnessAddress, add_witness

    layout = Layout(data)
    layout.require()
    try:
        address = WitnessAddress(key=key, url=url, ca=ca)
        name = address.cosigner.name
    except ValueError as exc:
        raise typer.BadParameter("not the verifier key of a witness") from exc
    add_witness(layout.witness_settings, address)
    tell({"witness": name, "url": url}, f"{name} at {url}", as_json=as_json)


@witness_app.command("log")
def witness_log(data: DataOption = DEFAULT_DATA, as_json: JsonOption = False) -> None:
    """Print the verifier key of the collector's log: what a witness is told to watch."""
    from central.authority.policies import Policies

    key = Policies(Layout(data)).in_force().collector.log_key
    tell({"log_key": key}, key, as_json=as_json)


@witness_app.command("list")
def witness_list(data: DataOption = DEFAULT_DATA, as_json: JsonOption = False) -> None:
    """List the witnesses: asked or not, counted or not, what they cosigned, what is wrong."""
    from central.authority.policies import Policies
    from central.collector.witness_settings import load_witnesses

    layout = Layout(data)
    terms = Policies(layout).in_force().witnesses
    asked = {address.key: address.url for address in load_witnesses(layout.witness_settings)}
    database = open_database(layout)
    try:
        with database.reading() as ledger:
            state = ledger.log()
            rows = [ledger.witnesses.newest_of(key) for key in dict.fromkeys((*asked, *terms.keys))]
    finally:
        database.close()
    size = 0 if state is None else state.size
    witnesses = [
        {
            "key": row.witness,
            "url": asked.get(row.witness, ""),
            "counts": row.witness in terms.keys,
            "size": row.size,
            "trouble": row.trouble,
            "since": row.told_at if row.trouble else "",
        }
        for row in rows
    ]
    lines = [f"quorum {terms.quorum} of {len(terms.keys)}, log of {size} leaves"]
    for row in rows:
        url = asked.get(row.witness)
        lines.append(
            f"{row.witness.partition('+')[0]}: {row.size} leaves"
            + ("" if row.witness in terms.keys else ", not in the policy")
            + (f", {url}" if url else ", NOT ASKED (no address)")
            + (f", {row.trouble} since {row.told_at}" if row.trouble else "")
        )
    answer = {"quorum": terms.quorum, "log_size": size, "witnesses": witnesses}
    tell(answer, "\n".join(lines), as_json=as_json)


@witness_app.command("check")
def witness_check(
    note: Annotated[Path, typer.Argument(help="What a witness's operator handed over.")],
    data: DataOption = DEFAULT_DATA,
    as_json: JsonOption = False,
) -> None:
    """Hold a cosigned checkpoint against the log as it lies here; 1 where they disagree."""
    from central.archive.policy_chain import PolicyChain
    from central.auditor.cosignatures import (
        known_witnesses,
        note_problem,
        opened_state,
        roots_of,
    )
    from central.authority.policies import Policies
    from kiosk.audit.witnesses import Quorum
    from kiosk.domain.errors import AuditError

    layout = Layout(data)
    policy = Policies(layout).in_force()
    root_public = unb64u(layout.root_public.read_text("ascii").strip())
    text = note.read_text("utf-8", "replace")
    database = open_database(layout)
    try:
        with database.reading() as ledger:
            known = known_witnesses(PolicyChain(root_public).read(ledger))
            leaves = ledger.leaf_hashes()
    finally:
        database.close()
    try:
        size = opened_state(text, policy)[0].size
    except AuditError:
        size = -1  # told in words below
    why = note_problem(text, policy, Quorum(known, 1), roots_of(leaves, {size}))
    answer = {"agrees": not why, "size": max(size, 0), "why": why}
    tell(answer, f"NO: {why}" if why else f"agrees at {size} leaves", as_json=as_json)
    if why:
        raise typer.Exit(NO)
