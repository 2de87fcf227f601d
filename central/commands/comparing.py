"""``visavis-central audit compare``: the same document at several counters, by an order."""

from __future__ import annotations

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
    sit,
)
from central.commands.console import DEFAULT_DATA, NO, DataOption, JsonOption, system_time, tell
from central.commands.subjects import (
    FirstDayOption,
    LastDayOption,
    OfficeOption,
    RecordsOption,
    RequestsOption,
    subject_of,
)


def audit_compare(  # noqa: PLR0913, PLR0917 - one parameter an option
    record: RecordsOption = None,
    request_id: RequestsOption = None,
    office: OfficeOption = "",
    first: FirstDayOption = "",
    last: LastDayOption = "",
    identity: IdentityOption = None,
    key: KeysOption = None,
    order: OrderOption = None,
    approval: ApprovalOption = None,
    reason: ReasonOption = "",
    ground: GroundOption = "",
    data: DataOption = DEFAULT_DATA,
    as_json: JsonOption = False,
) -> None:
    """Tell which of some records are about the same document; exit status 1 where any are.

    Each record is written down before it is opened, and counts against the quota. Neither documents
    nor persons are named in the answer.
    """
    from central.auditor.comparison import compare_documents, comparison_json, comparison_lines
    from central.auditor.opening import Opening
    from central.auditor.orders import Act, Subject
    from central.auditor.session import require_about, session

    layout, now = Layout(data), system_time()
    about = subject_of(record, request_id, (office, first, last))
    if order is None and about == Subject():
        raise typer.BadParameter("name records, requests, or an office with its days")
    with answering({"compared": False}):
        sitting = Sitting(layout, identity, key, order, approval)
        present, authority = sit(sitting, Act.COMPARE, about, (reason, ground), now)
        require_about(authority, Act.COMPARE)
        with session(layout, present, authority) as at_work:
            opening = Opening(layout, *present.identities)
            found = compare_documents(layout, opening, at_work, now)
    answer = {"compared": True, **comparison_json(found)}
    tell(answer, "\n".join(comparison_lines(found)), as_json=as_json)
    if found.same:
        raise typer.Exit(NO)
