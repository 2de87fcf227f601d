"""Commands about the statement of control: after other keys took over, they sign it anew.

A draft is written where the central side is, carried to each signer (``policy sign``, which shows
the auditors and the quotas) and put in place; nobody believes the old one meanwhile.
"""

from __future__ import annotations

from central.archive.layout import Layout
from central.commands.console import DEFAULT_DATA, DataOption, JsonOption, system_time, tell
from central.commands.policies import OutOption, Signatures


def control_draft(
    out: OutOption, data: DataOption = DEFAULT_DATA, as_json: JsonOption = False
) -> None:
    """Write down what the statement says now, to be looked at and signed by the root in force."""
    from central.archive.control import renewed_control
    from central.authority.drafts import control_draft, write_draft

    layout = Layout(data)
    layout.require()
    control = renewed_control(layout, system_time().isoformat())
    write_draft(control_draft(control), out)
    answer = {"draft": str(out), "serial": control.serial}
    tell(answer, f"{out}: every signer runs: policy sign {out}", as_json=as_json)


def control_publish(
    files: Signatures, data: DataOption = DEFAULT_DATA, as_json: JsonOption = False
) -> None:
    """Put a statement in place that enough keys of the root in force signed."""
    from central.archive.control import keep_control
    from central.authority.drafts import control_token, merged, read_draft
    from central.authority.publishing import Publishing

    layout = Layout(data)
    single = not Publishing(layout).newest().policy.root
    token = control_token(merged([read_draft(path) for path in files]), single=single)
    control = keep_control(layout, token)
    tell({"serial": control.serial}, f"statement {control.serial} holds", as_json=as_json)
