"""The table of roles in the guide is what the program does."""

import os
from pathlib import Path

from kiosk.domain.agent import Duty, Role, may

PAGE = Path(__file__).parents[2] / "docs" / "operator" / "agents.md"
WORDS = {
    Duty.VERIFY: "open, decide and seal cases",
    Duty.SECOND: "sign a colleague's decision as the second agent",
    Duty.INVITE: "make one-time codes",
    Duty.UNLOCK: "lift a lock-out",
    Duty.END_SHIFT: "end the shift of somebody who left",
    Duty.TAKE_OVER: "take over the cases of somebody absent",
    Duty.DIAGNOSE: "run the tests of the hardware",
    Duty.TEND: "see the state of the device, change its keys",
    Duty.RESCUE: "be one of the two who rescue the queue",
    Duty.CLOSE_DEVICE: "transfer or decommission the device",
}
BEGIN = "<!-- roles: written from kiosk/domain/agent.py, held to it by a test -->\n"
END = "<!-- end of roles -->"


def drawn() -> str:
    roles = tuple(Role)
    lines = [
        f"| what | {' | '.join(role.value for role in roles)} |",
        "|---|" + "---|" * len(roles),
    ]
    for duty in Duty:
        answers = ("yes" if may(role, duty) else "no" for role in roles)
        lines.append(f"| {WORDS[duty]} | {' | '.join(answers)} |")
    return "\n".join(lines) + "\n"


def test_the_table_of_roles_is_not_stale():
    page = PAGE.read_text("utf-8")
    before, _, rest = page.partition(BEGIN)
    table, _, after = rest.partition(END)
    if os.environ.get("VISAVIS_DRAW") == "1":
        PAGE.write_text(f"{before}{BEGIN}{drawn()}{END}{after}", encoding="utf-8")
        table = drawn()
    assert table == drawn(), "write it again: VISAVIS_DRAW=1"
