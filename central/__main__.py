"""Command line of the central side: ``visavis-central``.

Exit status: 0 done, 1 the answer is no, 2 wrong use, 3 it failed. With ``--json`` the answer is one
JSON object on standard output; messages for people go to standard error.
"""

from __future__ import annotations

import logging
import sys
from dataclasses import asdict
from datetime import timedelta
from pathlib import Path
from typing import Annotated

import typer

from central.archive.faults import StoreError
from central.archive.layout import FolderError, Layout
from central.commands.audit import audit_app
from central.commands.console import (
    DEFAULT_DATA,
    FAILED,
    NO,
    DataOption,
    JsonOption,
    system_time,
)
from central.commands.console import tell as _tell
from central.commands.contact import contact_app
from central.commands.courier import courier_app
from central.commands.devices import device_app
from central.commands.logs import log_app
from central.commands.operations import operations, operator_app
from central.commands.policies import policy_app, root_app
from central.commands.providers import provider_app
from central.commands.requests import DEFAULT_PORT, enrol_code, request_app
from central.commands.rounds import round_app
from central.commands.scrub import scrub
from central.commands.witnesses import witness_app
from kiosk.domain.errors import KioskError
from kiosk.domain.ids import AgentId, DeviceId

app = typer.Typer(
    name="visavis-central",
    help="The central side of Vis-à-vis: collector, authority, auditor.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
app.add_typer(request_app, name="request")
app.add_typer(round_app, name="round")
app.add_typer(courier_app, name="courier")
app.add_typer(policy_app, name="policy")
app.add_typer(root_app, name="root")
app.add_typer(device_app, name="device")
app.add_typer(audit_app, name="audit")
app.add_typer(witness_app, name="witness")
app.add_typer(log_app, name="log")
app.add_typer(contact_app, name="contact")
app.add_typer(operator_app, name="operator")
app.add_typer(provider_app, name="provider")


@app.command("init")
def init(  # noqa: PLR0913, PLR0917 - one parameter an option
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="An empty or new folder.")],
    host: Annotated[
        list[str] | None, typer.Option(help="Name or address of the server; may be repeated.")
    ] = None,
    issuer: Annotated[str, typer.Option(help="Who issues verification requests.")] = (
        "identite-numerique"
    ),
    demonstration: Annotated[
        bool, typer.Option("--demonstration", help="The fleet's screens say that it is one.")
    ] = False,
    database: Annotated[
        str, typer.Option(help="postgresql://user@host/name; left out: one embedded file.")
    ] = "",
    objects: Annotated[
        str, typer.Option(help="s3://bucket/prefix for sealed payloads; left out: files.")
    ] = "",
    objects_endpoint: Annotated[
        str, typer.Option(help="Base address of an object store that is not Amazon's.")
    ] = "",
    objects_region: Annotated[str, typer.Option(help="Where the object store lies.")] = "",
    auditor: Annotated[
        list[Path] | None,
        typer.Option(help="Public half of an auditor's key (see 'audit key'); two or more."),
    ] = None,
    single_auditor: Annotated[
        bool, typer.Option("--single-auditor", help="One person alone may open records.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Make every key, the server's certificate and the first policy.

    Records are opened by two auditors together, unless one alone is asked for in so many words.
    """
    from central.archive.control import keep_single
    from central.archive.storage import Storage
    from central.auditor.keys import dual_keeper, read_public
    from central.authority.founding import LOCAL_HOSTS, found

    alone = single_auditor or (demonstration and not auditor)
    if alone == bool(auditor):
        raise typer.BadParameter(
            "name two auditors with --auditor (made by 'audit key'), or say --single-auditor"
        )
    keeper = keep_single if alone else dual_keeper([read_public(path) for path in auditor or []])

    hosts = list(dict.fromkeys([*(host or []), *LOCAL_HOSTS]))
    storage = Storage(database, objects, objects_endpoint, objects_region)
    founded = found(
        Layout(folder),
        hosts,
        issuer,
        system_time(),
        demonstration=demonstration,
        storage=storage,
        keeper=keeper,
    )
    answer = {
        "data": str(folder),
        "origin": founded.origin,
        "ca_sha256": founded.ca_sha256,
        "root_key_id": founded.root_key_id,
        "recipient_key_id": founded.recipient_key_id,
        "issuer_key_id": founded.issuer_key_id,
        "policy_version": founded.policy_version,
        "control": "single" if alone else "dual",
    }
    holders = (
        "ONE auditor alone opens records: auditor/identity.txt, move it offline"
        if alone
        else "two auditors together open records; the key lies nowhere in clear"
    )
    text = (
        f"Central side made in {folder}\n"
        f"  log            {founded.origin}\n"
        f"  policy root    {founded.root_key_id}\n"
        f"  records go to  {founded.recipient_key_id}  ({holders})\n"
        f"  policy         version {founded.policy_version}; read it with 'policy show'"
    )
    _tell(answer, text, as_json=as_json)


@app.command("serve")
def serve_command(
    data: DataOption = DEFAULT_DATA,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="0 takes a free one.")] = DEFAULT_PORT,
    metrics: Annotated[
        int | None,
        typer.Option(min=1, max=65535, help="Loopback port of the figures for Prometheus."),
    ] = None,
) -> None:
    """Run the collector until SIGTERM; prints one JSON line when it is ready.

    Several processes may serve one central side behind a balancer.
    """
    from central.collector.server import serve
    from central.serving.listening import Address

    logging.basicConfig(
        stream=sys.stderr,
        level=logging.INFO,
        format="%(asctime)s %(levelname)s %(name)s %(message)s",
    )
    # It would write the address of every call that leaves, the SMS gateway's included.
    logging.getLogger("httpx").setLevel(logging.WARNING)
    serve(Layout(data), Address(host, port), system_time, metrics)


app.command("operations")(operations)
app.command("scrub")(scrub)
app.command("enrol-code")(enrol_code)


@app.command("alerts")
def alerts_command(data: DataOption = DEFAULT_DATA, as_json: JsonOption = False) -> None:
    """List suspected frauds that devices told of (policy ``fraud_alert``); names nobody."""
    from central.archive.storage import open_database
    from central.collector.alerts import alerts

    layout = Layout(data)
    layout.require()
    database = open_database(layout)
    try:
        with database.reading() as ledger:
            found = alerts(ledger)
    finally:
        database.close()
    lines = [
        f"{one.at}  office {one.office_id}  {one.device_id}  case {one.case_id}" for one in found
    ]
    answer = {"alerts": [asdict(one) for one in found]}
    _tell(answer, "\n".join(lines) or "no alert", as_json=as_json)


@app.command("unlock")
def unlock(
    device: Annotated[str, typer.Option(help="Number of the device, dev-…")],
    agent: Annotated[str, typer.Option(help="Badge of the agent who is locked out.")],
    data: DataOption = DEFAULT_DATA,
    hours: Annotated[int, typer.Option(min=1, max=72, help="How long the order is good.")] = 24,
    as_json: JsonOption = False,
) -> None:
    """Sign an order that lifts a lock-out on a device where no manager can; used once."""
    from central.authority.unlocking import new_order

    order = new_order(
        Layout(data), DeviceId(device), AgentId(agent), system_time(), timedelta(hours=hours)
    )
    _tell({"device_id": device, "agent": agent, "order": order}, order, as_json=as_json)


@app.command("rescue")
def rescue(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="What was carried here.")],
    data: DataOption = DEFAULT_DATA,
    as_json: JsonOption = False,
) -> None:
    """Take in the journal and the sealed records that two people carried off a device."""
    from central.archive.storage import open_database, open_payloads
    from central.collector.rescues import Rescues
    from central.collector.server import load_keys

    layout = Layout(data)
    layout.require()
    database = open_database(layout)
    try:
        rescues = Rescues(database, open_payloads(layout), load_keys(layout))
        report = rescues.take_in(folder, system_time())
    finally:
        database.close()
    taken = f"{report.taken} records taken in, {report.already} were here"
    lines = [
        f"{report.device_id}: {report.entries} entries, {taken}",
        *(f"REFUSED {what}" for what in report.refused),
    ]
    _tell(asdict(report), "\n".join(lines), as_json=as_json)
    if report.refused:
        raise typer.Exit(NO)


def main() -> None:
    """Run, and translate what went wrong into an exit status."""
    try:
        app()
    except (KioskError, FolderError, StoreError, OSError) as exc:
        sys.stderr.write(f"visavis-central: {exc}\n")
        sys.exit(FAILED)
    except Exception as exc:  # noqa: BLE001 - the edge: nothing may leave as a trace
        sys.stderr.write(f"visavis-central: failed ({type(exc).__name__})\n")
        sys.exit(FAILED)


if __name__ == "__main__":
    main()
