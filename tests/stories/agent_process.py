"""An agent at work in a process of their own, to be killed without warning.

Run as ``python -m tests.stories.agent_process FOLDER [ACTS] [MOMENT]``: sign in, take up the case
(or open one of the procedure in VISAVIS_PROCEDURE), say the state, do ACTS acts saying the state
after each, then wait for the end. With MOMENT ``before`` or ``after`` the process kills itself at
the next commit, just before or just after it became durable.
"""

import base64
import os
import signal
import sys
from pathlib import Path

from kiosk.devices.clock import SystemClock
from kiosk.journeys.automatic import CodePresented, Script, next_act
from kiosk.journeys.codec import encode
from kiosk.journeys.model import CaseState
from kiosk.vault.store import SqlUnitOfWork, open_store
from tests.fakes.cases import CARD_SIDES
from tests.fakes.office import Office


def say(word: str, state: CaseState) -> None:
    line = f"{word} {state.step} {base64.b64encode(encode(state)).decode()}\n"
    sys.stdout.write(line)
    sys.stdout.flush()


def die_at_commit(moment: str) -> None:
    commit = SqlUnitOfWork.commit

    def dying(self: SqlUnitOfWork) -> None:
        if moment == "after":
            commit(self)
        os.kill(os.getpid(), signal.SIGKILL)

    SqlUnitOfWork.commit = dying


def main() -> None:
    folder, acts = Path(sys.argv[1]), int(sys.argv[2])
    office = Office(open_store(folder / "vault.db", bytes(range(32))), clock=SystemClock())
    session = office.session()
    drafts = office.proofing.drafts(session)
    if drafts:
        case = office.proofing.resume(drafts[0].case_id, session)
    else:
        procedure = os.environ.get("VISAVIS_PROCEDURE", "online-request")
        case = office.proofing.open_case(procedure, session)
    say("found", case.state)
    if len(sys.argv) > 3:
        die_at_commit(sys.argv[3])
    script = Script(codes=(office.code(),), sides=CARD_SIDES)
    for _ in range(acts):
        act = next_act(case.journey, case.state, script)
        if isinstance(act, CodePresented):
            case.present_code(act.text)
        else:
            case.dispatch(act)
        say("did", case.state)
    sys.stdin.read()


if __name__ == "__main__":
    main()
