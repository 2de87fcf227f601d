"""``audit person``, ``access``, ``erase``, ``hold``, ``release`` and ``reapply``."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

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
    control_of,
    sit,
)
from central.commands.console import (
    DEFAULT_DATA,
    NO,
    DataOption,
    JsonOption,
    system_time,
    tell,
)
from central.commands.subjects import (
    FirstDayOption,
    LastDayOption,
    OfficeOption,
    RecordsOption,
    RequestsOption,
    subject_of,
)

if TYPE_CHECKING:
    from central.auditor.erasure import Erasures
    from central.auditor.orders import Act

RecordsArgument = Annotated[list[str], typer.Argument(metavar="RECORD_ID...")]


def person_new(
    out: Annotated[Path, typer.Option(help="New file about the person; keep it with the case.")],
    surname: Annotated[str, typer.Option(help="Birth surname.")] = "",
    given_name: Annotated[str, typer.Option(help="First given name.")] = "",
    birth_date: Annotated[str, typer.Option(help="Like 1984-03-22.")] = "",
    document_number: Annotated[str, typer.Option(help="Number of the document.")] = "",
    as_json: JsonOption = False,
) -> None:
    """Write down whom an access request is about; orders name only the digest of this file."""
    from central.auditor.person import new_person

    try:
        person = new_person(out, surname, given_name, birth_date, document_number)
    except ValueError as exc:
        raise typer.BadParameter(str(exc)) from exc
    tell({"digest": person.digest}, f"{out}: digest {person.digest}", as_json=as_json)


def audit_access(  # noqa: PLR0913, PLR0917 - one parameter an option
    out: Annotated[Path, typer.Option(help="A new folder for the copy.")],
    record: RecordsOption = None,
    request_id: RequestsOption = None,
    office: OfficeOption = "",
    first: FirstDayOption = "",
    last: LastDayOption = "",
    person: Annotated[Path | None, typer.Option(help="Whom to look for.")] = None,
    identity: IdentityOption = None,
    key: KeysOption = None,
    order: OrderOption = None,
    approval: ApprovalOption = None,
    reason: ReasonOption = "",
    ground: GroundOption = "",
    data: DataOption = DEFAULT_DATA,
    as_json: JsonOption = False,
) -> None:
    """Copy a person's own data out of the sealed records, for that person."""
    from central.auditor.access import find_access, write_access
    from central.auditor.opening import Opening
    from central.auditor.orders import Act
    from central.auditor.person import read_person
    from central.auditor.session import require_about, session

    layout, now = Layout(data), system_time()
    if out.exists():
        raise typer.BadParameter("the folder of the copy is there already")
    try:
        whom = None if person is None else read_person(person)
    except ValueError as exc:
        raise typer.BadParameter(str(exc)) from exc
    about = subject_of(record, request_id, (office, first, last), person)
    with answering({"made": False}):
        sitting = Sitting(layout, identity, key, order, approval, unredacted=True)
        present, authority = sit(sitting, Act.ACCESS, about, (reason, ground), now)
        require_about(authority, Act.ACCESS)
        with session(layout, present, authority) as at_work:
            opening = Opening(layout, *present.identities)
            access = find_access(layout, opening, at_work, whom, now)
            if access.copied:
                write_access(out, access, at_work, now)
    answer = {
        "made": bool(access.copied),
        "records": len(access.copied),
        "looked": access.looked,
        "untold": list(access.untold),
        "unreadable": list(access.unreadable),
        "not_here": list(access.closed),
    }
    text = (
        f"{len(access.copied)} records of {access.looked} opened; {len(access.untold)} that tell "
        f"nobody, {len(access.unreadable)} that do not verify, {len(access.closed)} not here"
    )
    tell(answer, text, as_json=as_json)
    if not access.copied:
        raise typer.Exit(NO)


def _ordered(
    act: Act, records: list[str], sitting: Sitting, why: tuple[str, str], now: datetime
) -> Erasures:
    from central.auditor.erasure import erase, hold, release
    from central.auditor.orders import Act, Subject
    from central.auditor.session import require_about, session
    from kiosk.domain.ids import RecordId

    subject = Subject(records=tuple(records))
    present, authority = sit(sitting, act, subject, why, now)
    for one in records:
        require_about(authority, act, RecordId(one))
    if set(records) != set(authority.order.about.records):
        raise typer.BadParameter("name every record of the order")
    with session(sitting.layout, present, authority) as at_work:
        work = {Act.ERASE: erase, Act.HOLD: hold, Act.RELEASE: release}[act]
        return work(sitting.layout, at_work, now)


def _told(done: Erasures) -> tuple[dict[str, Any], str]:
    words = [
        f"{one.record_id}  "
        + ("held" if one.held else "erased" if one.erased else "erased when it arrives")
        for one in done.records
    ]
    if not done.rewritten:
        words.append("old rows are left in the tables of the database: see the guide")
    if not done.forgotten:
        words.append("traces may be left in the database's own log: see the guide")
    return asdict(done), "\n".join(words)


def audit_erase(  # noqa: PLR0913, PLR0917 - one parameter an option
    records: RecordsArgument,
    identity: IdentityOption = None,
    key: KeysOption = None,
    order: OrderOption = None,
    approval: ApprovalOption = None,
    reason: ReasonOption = "",
    ground: GroundOption = "",
    data: DataOption = DEFAULT_DATA,
    as_json: JsonOption = False,
) -> None:
    """Destroy the key of records, also of ones that are still on a tablet. There is no way back."""
    from central.auditor.orders import Act

    sitting = Sitting(Layout(data), identity, key, order, approval)
    with answering({"erased": False}):
        done = _ordered(Act.ERASE, records, sitting, (reason, ground), system_time())
    answer, text = _told(done)
    tell(answer, text, as_json=as_json)


def audit_hold(  # noqa: PLR0913, PLR0917 - one parameter an option
    records: RecordsArgument,
    identity: IdentityOption = None,
    key: KeysOption = None,
    order: OrderOption = None,
    approval: ApprovalOption = None,
    reason: ReasonOption = "",
    ground: GroundOption = "",
    data: DataOption = DEFAULT_DATA,
    as_json: JsonOption = False,
) -> None:
    """Keep records from being erased (a dispute, an inquiry), until they are released."""
    from central.auditor.orders import Act

    sitting = Sitting(Layout(data), identity, key, order, approval)
    with answering({"held": 0}):
        done = _ordered(Act.HOLD, records, sitting, (reason, ground), system_time())
    count = len(done.records)
    tell({"held": count}, f"{count} records are held", as_json=as_json)


def audit_release(  # noqa: PLR0913, PLR0917 - one parameter an option
    records: RecordsArgument,
    identity: IdentityOption = None,
    key: KeysOption = None,
    order: OrderOption = None,
    approval: ApprovalOption = None,
    reason: ReasonOption = "",
    ground: GroundOption = "",
    data: DataOption = DEFAULT_DATA,
    as_json: JsonOption = False,
) -> None:
    """Release legal holds; an erasure that waited behind one follows at once."""
    from central.auditor.orders import Act

    sitting = Sitting(Layout(data), identity, key, order, approval)
    with answering({"released": False}):
        done = _ordered(Act.RELEASE, records, sitting, (reason, ground), system_time())
    answer, text = _told(done)
    tell(answer, text or "released", as_json=as_json)


def audit_reapply(data: DataOption = DEFAULT_DATA, as_json: JsonOption = False) -> None:
    """Carry out again every erasure and hold of the log: after a backup was put back."""
    from central.auditor.erasure import reapply
    from central.auditor.opening_log import held

    layout = Layout(data)
    with answering({"applied": False}), held(layout, control_of(layout)) as log:
        done = reapply(layout, log, system_time())
    answer, text = _told(done)
    tell(answer, text or "nothing was ordered", as_json=as_json)
