"""Commands about the statement of control: who opens records, and how many.

Two auditors agree on other auditors or quotas (``control-change``), or the statement is written
down as it is (``control-draft``: after other keys of the root took over, they sign it anew). The
draft is carried to each signer (``policy sign``, which shows the auditors and the quotas) and put
in place (``control-publish``); nobody believes it before.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from central.archive.layout import Layout
from central.commands.auditors import (
    AddOption,
    ApprovalOption,
    DayOption,
    GroundOption,
    HourOption,
    IdentityOption,
    KeysOption,
    OrderOption,
    ReasonOption,
    Sitting,
    WithdrawOption,
    answering,
    change_of,
    sit,
)
from central.commands.console import DEFAULT_DATA, DataOption, JsonOption, system_time, tell
from central.commands.policies import OutOption, Signatures

STILL_OPEN = (
    "what was shared stays shared: records sealed before the new policy open to whoever kept "
    "auditor/shares from before, with one more auditor of then and a copy of the record. "
    "Delete it from every backup; a new header would break the proofs of the record."
)
"""What no withdrawal can take back, said where it is done."""


def control_change(  # noqa: PLR0913, PLR0917 - one parameter an option
    out: Annotated[Path, typer.Option(help="A new draft; FILE.recipients beside it, if needed.")],
    add: AddOption = None,
    withdraw: WithdrawOption = None,
    per_hour: HourOption = None,
    per_day: DayOption = None,
    identity: IdentityOption = None,
    key: KeysOption = None,
    order: OrderOption = None,
    approval: ApprovalOption = None,
    reason: ReasonOption = "",
    ground: GroundOption = "",
    data: DataOption = DEFAULT_DATA,
    as_json: JsonOption = False,
) -> None:
    """Agree on other auditors or quotas; it counts once the policy root has signed the draft."""
    from central.auditor.changes import agree
    from central.auditor.orders import Act, Subject
    from central.auditor.session import require_about, session
    from central.authority.drafts import control_draft, write_draft

    layout, now = Layout(data), system_time()
    change = change_of(add, withdraw, per_hour, per_day)
    recipients = out.with_name(f"{out.name}.recipients")
    if out.exists() or recipients.exists():
        raise typer.BadParameter("the draft is there already")
    with answering({"agreed": False}):
        sitting = Sitting(layout, identity, key, order, approval)
        subject = Subject(change=change.words)
        present, authority = sit(sitting, Act.AUDITORS, subject, (reason, ground), now)
        require_about(authority, Act.AUDITORS)
        with session(layout, present, authority) as at_work:
            agreed = agree(layout, at_work, change, now)
            write_draft(control_draft(agreed.control), out)
            if agreed.recipients:
                recipients.write_text("\n".join(agreed.recipients) + "\n", "ascii")
    answer = {"agreed": True, "draft": str(out), "serial": agreed.control.serial}
    lines = [f"{out}: every signer of the root runs: policy sign {out}; then audit control-publish"]
    if agreed.recipients:
        answer["recipients"] = str(recipients)
        lines.append(f"then at once, or the one who goes can read on: recipients=@{recipients}")
    if change.withdraw:
        answer["still_open"] = STILL_OPEN
        lines.append(STILL_OPEN)
    tell(answer, "\n".join(lines), as_json=as_json)


def control_draft(
    out: OutOption, data: DataOption = DEFAULT_DATA, as_json: JsonOption = False
) -> None:
    """Write down what the statement says now, to be looked at and signed by the root in force."""
    from central.archive.control import renewed_control
    from central.auditor.opening_log import held
    from central.authority.drafts import control_draft, write_draft

    layout = Layout(data)
    layout.require()
    control = renewed_control(layout, system_time().isoformat())
    with answering({"draft": None}), held(layout, control):
        write_draft(control_draft(control), out)
    answer = {"draft": str(out), "serial": control.serial}
    tell(answer, f"{out}: every signer runs: policy sign {out}", as_json=as_json)


def control_publish(
    files: Signatures, data: DataOption = DEFAULT_DATA, as_json: JsonOption = False
) -> None:
    """Put a statement in place that enough keys of the root in force signed.

    Where it says something else than the one before, the log of openings must say that the auditors
    agreed on it. Shares that it does not use are taken away.
    """
    from central.auditor.changes import put_in_place
    from central.authority.drafts import control_token, merged, read_draft
    from central.authority.publishing import Publishing

    layout = Layout(data)
    single = not Publishing(layout).newest().policy.root
    token = control_token(merged([read_draft(path) for path in files]), single=single)
    with answering({"serial": None}):
        control = put_in_place(layout, token)
    lines = [f"statement {control.serial} holds"]
    if len(control.auditors) > 1 and layout.identity.exists():
        lines.append(
            f"erase {layout.identity} and its copies: it still opens what was sealed before"
        )
    tell({"serial": control.serial}, "\n".join(lines), as_json=as_json)
