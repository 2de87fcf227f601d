"""``visavis-central audit``: records opened, histories verified, and who may do it."""

from __future__ import annotations

import sys
from dataclasses import asdict
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from central.archive.layout import Layout
from central.commands.auditors import (
    ApprovalOption,
    GroundOption,
    IdentityOption,
    KeysOption,
    OrderOption,
    ReasonOption,
    SeenOption,
    Sitting,
    answering,
    auditors,
    control_of,
    openings,
    order_approve,
    order_new,
    sit,
)
from central.commands.auditors import key_new as _key_new
from central.commands.comparing import audit_compare
from central.commands.console import (
    DEFAULT_DATA,
    NO,
    DataOption,
    JsonOption,
    system_time,
    tell,
)
from central.commands.control import control_change, control_draft, control_publish
from central.commands.rights import (
    audit_access,
    audit_erase,
    audit_hold,
    audit_reapply,
    audit_release,
    person_new,
)
from central.commands.rounds import audit_reconcile
from central.commands.vault_keys import vault_key
from kiosk.domain.ids import DeviceId, RecordId

if TYPE_CHECKING:
    from central.auditor.histories import Progress
    from kiosk.crypto.age import Identity

audit_app = typer.Typer(no_args_is_help=True, help="Open records and verify histories.")
audit_app.command("reconcile")(audit_reconcile)
audit_app.command("key")(_key_new)
audit_app.command("request")(order_new)
audit_app.command("approve")(order_approve)
audit_app.command("openings")(openings)
audit_app.command("auditors")(auditors)
audit_app.command("control-draft")(control_draft)
audit_app.command("control-change")(control_change)
audit_app.command("control-publish")(control_publish)
audit_app.command("vault-key")(vault_key)
audit_app.command("person")(person_new)
audit_app.command("access")(audit_access)
audit_app.command("compare")(audit_compare)
audit_app.command("erase")(audit_erase)
audit_app.command("hold")(audit_hold)
audit_app.command("release")(audit_release)
audit_app.command("reapply")(audit_reapply)


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
        opening = Opening(layout, *present.identities)
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
        opening = Opening(layout, *present.identities)
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
def audit_verify(  # noqa: PLR0913, PLR0917 - one parameter an option
    data: DataOption = DEFAULT_DATA,
    identity: Annotated[
        Path | None, typer.Option(help="The auditor's age identity file: follows ratchets too.")
    ] = None,
    device: Annotated[str | None, typer.Option(help="This device only.")] = None,
    key: KeysOption = None,
    order: OrderOption = None,
    approval: ApprovalOption = None,
    seen: SeenOption = None,
    as_json: JsonOption = False,
) -> None:
    """Verify every history: entries, trees, checkpoints, records, receipts, visits.

    At a terminal it tells how far it is; Ctrl+C ends it, and nothing is proven then.
    """
    from central.auditor.histories import Histories
    from central.auditor.opening_log import held, read_state
    from central.auditor.orders import Act, Subject
    from central.auditor.session import require_about, session

    layout, now = Layout(data), system_time()
    opened: tuple[Identity, ...] = ()
    if identity is not None or key:
        sitting = Sitting(layout, identity, key, order, approval)
        with answering({"verified": False}):
            why = ("ratchets of every device", "verification of the journals")
            present, authority = sit(sitting, Act.RATCHETS, Subject(), why, now)
            require_about(authority, Act.RATCHETS)
            with session(layout, present, authority) as at_work:
                at_work.grant([], now)
            opened = present.identities
    if seen:
        with answering({"verified": False}), held(layout, control_of(layout)) as log:
            for path in seen:
                log.require_extends(read_state(path), path.name)
    only = None if device is None else DeviceId(device)
    try:
        report = Histories(layout).verify(
            now, opened[0] if opened else None, _told_at_a_terminal(), only, retired=opened[1:]
        )
    except KeyboardInterrupt as exc:
        tell({"verified": False, "why": "stopped"}, "stopped: nothing is proven", as_json=as_json)
        raise typer.Exit(NO) from exc
    if only is not None and not report.devices and not report.problems:
        raise typer.BadParameter("no such device")
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


@audit_app.command("signals")
def audit_signals(
    data: DataOption = DEFAULT_DATA,
    last: Annotated[str, typer.Option("--last", help="Last day, UTC; today when left out.")] = "",
    days: Annotated[int, typer.Option(min=1, max=400, help="How many days back.")] = 31,
    language: Annotated[str, typer.Option(help="fr or en.")] = "fr",
    as_json: JsonOption = False,
) -> None:
    """List what in the journals is worth a question to somebody; a signal is never proof."""
    from central.auditor.signals import find_signals, report_json
    from kiosk.texts import LANGUAGES, Texts

    if language not in LANGUAGES:
        raise typer.BadParameter("fr or en")
    try:
        day = date.fromisoformat(last) if last else system_time().date()
    except ValueError as exc:
        raise typer.BadParameter("a day is written 2026-11-27") from exc
    until = datetime.combine(day + timedelta(days=1), time(), UTC)
    report = find_signals(Layout(data), until - timedelta(days=days), until)
    tr = Texts.load(language)
    answer = report_json(report, tr)
    lines = []
    for one in answer["signals"]:
        lines += [f"{one['who']}  {one['office']}  {one['title']}", f"  {one['counted']}"]
        if one["chance"] is not None:
            lines.append(f"  {tr('signals.chance', chance=format(one['chance'], '.1g'))}")
        lines.append(f"  {tr('signals.may_be')} {one['innocent']}")
    lines = lines or [tr("signals.none")]
    lines += ["", *answer["not_computed"].values()]
    lines.append(
        tr(
            "signals.looked",
            agents=report.agents,
            devices=report.devices,
            compared=report.compared,
        )
    )
    lines.append(answer["caution"])
    tell(answer, "\n".join(lines), as_json=as_json)


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


def _told_at_a_terminal() -> Progress | None:
    """Writes how far a verification is, where somebody sits before it."""
    if not sys.stderr.isatty():
        return None

    def told(done: int, whole: int) -> None:
        sys.stderr.write(f"\r{done:,} of {whole:,} entries" + ("\n" if done >= whole else ""))
        sys.stderr.flush()

    return told
