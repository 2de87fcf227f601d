"""``kill -9`` at every step, real process, real vault: nothing lost, nothing doubled."""

import base64
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from kiosk.audit.verify import verify_journal
from kiosk.journeys.codec import decode
from kiosk.journeys.model import CaseState, StepKind
from tests.fakes.cases import JOURNEY
from tests.fakes.office import Office, office_on_disk

ROOT = Path(__file__).parents[2]
pytestmark = [
    pytest.mark.process,
    pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGKILL"),
]


def parsed(line: str) -> tuple[str, CaseState]:
    word, _, state = line.split()
    return word, decode(base64.b64decode(state))


def work_and_be_killed(folder: Path, acts: int = 1) -> list[CaseState]:
    """States that the process said, up to the moment it was killed."""
    process = start(folder, acts)
    assert process.stdout is not None
    said = [parsed(process.stdout.readline()) for _ in range(acts + 1)]
    process.kill()
    process.communicate()
    assert process.returncode == -signal.SIGKILL
    return [state for _, state in said]


def killed_at_commit(folder: Path, moment: str) -> CaseState:
    """The state that the process found; it then dies inside its next act."""
    process = start(folder, 1, moment)
    output, _ = process.communicate()
    assert process.returncode == -signal.SIGKILL
    (line,) = output.splitlines()
    return parsed(line)[1]


@pytest.fixture(params=["online-request", "registered-letter"])
def procedure(request, monkeypatch) -> str:
    monkeypatch.setenv("VISAVIS_PROCEDURE", request.param)
    return request.param


# Records that a case of each procedure leaves: all of them or none.
RECORDS = {"online-request": 1, "registered-letter": 2}


def start(folder: Path, acts: int, *moment: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "tests.stories.agent_process", str(folder), str(acts)]
    return subprocess.Popen(
        [*command, *moment],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def closed_cases(office: Office) -> list[str]:
    return [kind for kind in office.journal_kinds() if kind == "verify_close"]


def journal_is_whole(office: Office) -> bool:
    with office.store.begin() as uow:
        entries = [row.jws for row in uow.journal.range(0, uow.journal.size())]
    return verify_journal(entries, office.device.device_id, office.device_key.public).verified


def test_killed_after_every_act_it_resumes_at_the_same_step_with_the_same_data(tmp_path, procedure):
    steps = []
    last = None
    for _ in range(40):
        found, did = work_and_be_killed(tmp_path)
        assert last is None or found == last
        steps.append(did.step)
        last = did
        if did.closed:
            break
    assert last is not None
    assert last.closed
    office = office_on_disk(tmp_path)
    journey = office.letter if procedure == office.letter.name else JOURNEY
    skipped = {journey.start, StepKind.SECOND_AGENT}
    assert set(steps) == {step.kind for step in journey.steps} - skipped
    assert len(office.outbox()) == RECORDS[procedure]
    assert len(closed_cases(office)) == 1
    assert office.proofing.drafts(office.session()) == ()
    assert journal_is_whole(office)
    office.store.close()


@pytest.mark.parametrize("acts_before", [0, 1, 2, 5, 10])
@pytest.mark.parametrize("moment", ["before", "after"])
def test_killed_inside_a_commit_the_act_happened_wholly_or_not_at_all(
    tmp_path, acts_before, moment
):
    work_and_be_killed(tmp_path, acts_before)
    found = killed_at_commit(tmp_path, moment)
    (again,) = work_and_be_killed(tmp_path, 0)
    assert again.case_id == found.case_id
    if moment == "before":
        assert again == found
    else:
        assert again != found


@pytest.mark.parametrize(("moment", "sealed"), [("before", False), ("after", True)])
def test_killed_inside_the_seal_there_are_all_records_of_the_case_or_none(
    tmp_path, procedure, moment, sealed
):
    acts = 1
    while work_and_be_killed(tmp_path, acts)[-1].step is not StepKind.CONFIRM:
        acts = 1
    before = killed_at_commit(tmp_path, moment)
    assert before.step is StepKind.CONFIRM
    office = office_on_disk(tmp_path)
    session = office.session()
    assert len(office.outbox()) == (RECORDS[procedure] if sealed else 0)
    drafts = office.proofing.drafts(session)
    assert len(drafts) == int(not sealed)
    if drafts:
        assert office.proofing.resume(drafts[0].case_id, session).state == before
    assert journal_is_whole(office)
    office.store.close()
