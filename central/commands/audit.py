"""``visavis-central audit``: records opened, histories verified, and who may do it."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from central.archive.layout import Layout
from central.commands.auditors import (
    ApprovalOption,
    GroundOption,
    IdentityOption,
    KeysOption,
    OrderOption,
    ReasonOption,
    Sitting,
    answering,
    openings,
    order_approve,
    order_new,
    sit,
)
from central.commands.auditors import key_new as _key_new
from central.commands.console import (
    DEFAULT_DATA,
    NO,
    DataOption,
    JsonOption,
    system_time,
    tell,
)
from central.commands.rounds import audit_reconcile
from kiosk.domain.ids import DeviceId, RecordId

audit_app = typer.Typer(no_args_is_help=True, help="Open records and verify histories.")
audit_app.command("reconcile")(audit_reconcile)
audit_app.command("key")(_key_new)
audit_app.command("request")(order_new)
audit_app.command("approve")(order_approve)
audit_app.command("openings")(openings)


@audit_app.command("open")
def audit_open(  # noqa: PLR0913, PLR0917 - one parameter an option
    record_id: Annotated[str, typer.Argument(metavar="RECORD_ID")],
    identity: IdentityOption = None,
    data: DataOption = DEFAULT_DATA,
    device: Annotated[
        str | None, typer.Option(help="Device; needed where two announced the same record.")
    ] = None,
    key: KeysOption = None,
    order: OrderOption = None,
    approval: ApprovalOption = None,
    reason: ReasonOption = "read by the auditor",
    ground: GroundOption = "not stated",
) -> None:
    """Open one record, verify it, and print it as JSON. The opening is written down before."""
    from central.auditor.opening import Opening, opened_json
    from central.auditor.orders import Act, Subject
    from central.auditor.session import Target, require_about, session

    layout, now = Layout(data), system_time()
    subject = Subject(records=(record_id,))
    with answering({"record_id": record_id, "verified": False}):
        sitting = Sitting(layout, identity, key, order, approval)
        present, authority = sit(sitting, Act.OPEN, subject, (reason, ground), now)
        require_about(authority, Act.OPEN, RecordId(record_id))
        opening = Opening(layout, present.identity)
        found = opening.find(RecordId(record_id), DeviceId(device) if device else None)
        with session(layout, present, authority) as at_work:
            at_work.grant([Target(RecordId(record_id), found.entry.device_id)], now)
        opened = opening.read(found)
    who = [name for name, _ in present.signers]
    control = {"mode": present.control.mode.value, "by": who}
    tell(opened_json(opened) | {"control": control}, "", as_json=True)


@audit_app.command("evidence")
def audit_evidence(  # noqa: PLR0913, PLR0917 - one parameter an option
    record_id: Annotated[str, typer.Argument(metavar="RECORD_ID")],
    out: Annotated[Path, typer.Option(help="A new folder for the pack.")],
    identity: IdentityOption = None,
    data: DataOption = DEFAULT_DATA,
    device: Annotated[str | None, typer.Option(help="Where two announced the record.")] = None,
    key: KeysOption = None,
    order: OrderOption = None,
    approval: ApprovalOption = None,
    reason: ReasonOption = "",
    ground: GroundOption = "",
    unredacted: Annotated[
        bool, typer.Option("--unredacted", help="Single control: show names, too.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Make the evidence pack of one case: JSON, PDF and proofs, signed; redacted by default."""
    from central.auditor.evidence import Opening as HowOpened
    from central.auditor.evidence import evidence_of, write_pack
    from central.auditor.opening import Opening
    from central.auditor.orders import Act, Subject
    from central.auditor.session import Target, require_about, session

    layout, now = Layout(data), system_time()
    if out.exists():
        raise typer.BadParameter("the folder of the pack is there already")
    with answering({"record_id": record_id, "made": False}):
        sitting = Sitting(layout, identity, key, order, approval, unredacted=unredacted)
        subject = Subject(records=(record_id,))
        present, authority = sit(sitting, Act.EVIDENCE, subject, (reason, ground), now)
        require_about(authority, Act.EVIDENCE, RecordId(record_id))
        opening = Opening(layout, present.identity)
        found = opening.find(RecordId(record_id), DeviceId(device) if device else None)
        with session(layout, present, authority) as at_work:
            target = Target(RecordId(record_id), found.entry.device_id)
            (line,) = at_work.grant([target], now)
            opened = opening.read(found)
            how = HowOpened(authority, at_work.log, line)
            evidence = evidence_of(layout, found, opened, how, now)
        digests = write_pack(out, evidence, opened.contents.attachments, present)
    holds = all(one["result"] != "fails" for one in evidence["verified"])
    answer = {
        "record_id": record_id,
        "made": True,
        "redacted": evidence["redacted"],
        "verified": holds,
        "files": digests,
    }
    shown = "redacted" if evidence["redacted"] else "NOT redacted"
    tell(answer, f"{out}: evidence pack, {shown}", as_json=as_json)
    if not holds:
        raise typer.Exit(NO)


@audit_app.command("verify")
def audit_verify(
    data: DataOption = DEFAULT_DATA,
    identity: Annotated[
        Path | None, typer.Option(help="The auditor's age identity file: follows ratchets too.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Verify every history: entries, trees, checkpoints, records, receipts, visits."""
    from central.auditor.histories import Histories
    from central.auditor.opening import read_identity

    opened = None if identity is None else read_identity(identity)
    report = Histories(Layout(data)).verify(system_time(), opened)
    lines = [
        f"{device.device_id}: {device.entries} entries, {device.records} records, "
        f"{device.stored} stored, {len(device.missing)} awaited"
        + "".join(f"\n  WRONG {problem}" for problem in device.problems)
        + "".join(f"\n  ASK   {question}" for question in device.questions)
        for device in report.devices
    ]
    lines += [f"WRONG {problem}" for problem in (*report.problems, *report.witnesses.problems)]
    lines += [f"ASK   {question}" for question in report.witnesses.questions]
    lines.append("verified" if report.verified else "NOT verified")
    answer = {"verified": report.verified, "complete": report.complete, **asdict(report)}
    tell(answer, "\n".join(lines), as_json=as_json)
    if not report.verified:
        raise typer.Exit(NO)


@audit_app.command("gaps")
def audit_gaps(data: DataOption = DEFAULT_DATA, as_json: JsonOption = False) -> None:
    """List what a person must be asked about: open visits, overdue records, alarms of devices."""
    from central.auditor.histories import Histories

    report = Histories(Layout(data)).verify(system_time())
    gaps = {device.device_id: device.questions for device in report.devices if device.questions}
    if report.witnesses.questions:
        gaps["log"] = report.witnesses.questions
    lines = [f"{device}: {question}" for device, asked in gaps.items() for question in asked]
    answer = {"complete": report.complete, "gaps": gaps}
    tell(answer, "\n".join(lines) or "nothing to ask", as_json=as_json)
    if gaps:
        raise typer.Exit(NO)


@audit_app.command("slip")
def audit_slip(
    code: Annotated[str, typer.Argument(metavar="CODE", help="Eight characters of a slip.")],
    data: DataOption = DEFAULT_DATA,
    as_json: JsonOption = False,
) -> None:
    """Find the journal entry that gave a client's slip its code; none found is an alarm."""
    from central.auditor.histories import Histories

    found = Histories(Layout(data)).find_slip(code)
    lines = [f"{device}: entry {seq}" for device, seq in found]
    answer = {"code": code, "found": [{"device_id": d, "seq": n} for d, n in found]}
    tell(answer, "\n".join(lines) or "NO journal here gave that code", as_json=as_json)
    if not found:
        raise typer.Exit(NO)
