"""A round on the disk: no name in any byte, dark when its shift is over, gone when it is erased."""

import os
import subprocess
import sys
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from kiosk.domain.ids import AgentId
from kiosk.services import round_blobs
from kiosk.services.agents import Session
from kiosk.services.round_blobs import StoredVisit
from kiosk.vault.store import open_store
from tests.fakes.desk import Desk
from tests.vault.test_nothing_readable import KEY, canary, forms

VISITS = 30
DAY = date(2026, 11, 27)

_WORK = """
import os, signal, sys
from pathlib import Path
from kiosk.services import round_blobs
from kiosk.services.round_blobs import StoredVisit
from kiosk.vault.store import open_store
from tests.fakes.desk import Desk
from tests.vault.test_nothing_readable import KEY, canary
from tests.vault.test_round_unreadable import DAY, VISITS

desk = Desk(store=open_store(Path(sys.argv[1]), KEY))
session = desk.session()
for number in range(VISITS):
    with desk.store.begin() as uow:
        visit = StoredVisit(f"{canary('name', number)} {canary('line', number)}" * 20)
        round_blobs.put_visit(uow, session, DAY, f"v-{number}", visit)
        uow.commit()
if "erase" in sys.argv[2]:
    with desk.store.begin() as uow:
        round_blobs.erase_before(uow, DAY.replace(day=28))
        uow.commit()
print("done", flush=True)
if "close" in sys.argv[2]:
    desk.store.close()
else:
    os.kill(os.getpid(), signal.SIGKILL)
"""


def work(path: Path, end: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", _WORK, str(path), end],
        env=os.environ | {"TMPDIR": str(path.parent), "SQLITE_TMPDIR": str(path.parent)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.stdout == "done\n", done.stderr


@pytest.mark.process
@pytest.mark.parametrize("end", ["close", "kill", "erase-kill"])
def test_no_name_of_a_round_is_left_on_the_disk(tmp_path: Path, end: str) -> None:
    path = tmp_path / "vault.db"
    work(path, end)
    content = b"\0".join(file.read_bytes() for file in tmp_path.rglob("*") if file.is_file())
    assert len(content) > 16 * 1024
    found = [
        form
        for number in range(VISITS)
        for word in ("name", "line")
        for form in forms(canary(word, number))
        if form in content
    ]
    assert found == []
    store = open_store(path, KEY)
    with store.begin() as uow:
        names = uow.values.names("")
        held = b"\0".join(uow.values.get(name) or b"" for name in names)
    store.close()
    assert b"CANARY" not in held
    assert len([name for name in names if name.startswith("round/")]) == (
        0 if "erase" in end else VISITS
    )


def test_a_round_is_dark_once_its_shift_key_is_gone(tmp_path: Path) -> None:
    desk = Desk(store=open_store(tmp_path / "vault.db", KEY))
    session = desk.session()
    keep(desk, session)
    desk.sign_in.sign_out(session)
    later = desk.session()
    assert later.shift_key != session.shift_key
    with desk.store.begin() as uow:
        assert round_blobs.visits_of(uow, later, DAY) == {}
    desk.store.close()


def keep(desk: Desk, session: Session) -> None:
    with desk.store.begin() as uow:
        round_blobs.put_visit(uow, session, DAY, "v-1", StoredVisit("a.b.c"))
        uow.commit()


def test_a_blob_is_no_other_visit_nor_of_another_day() -> None:
    desk = Desk()
    session = desk.session()
    keep(desk, session)
    agent = session.agent.agent_id
    with desk.store.begin() as uow:
        sealed = uow.values.get(f"round/{agent}/{DAY.isoformat()}/v-1")
        assert sealed is not None
        uow.values.put(f"round/{agent}/{DAY.isoformat()}/v-2", sealed)
        uow.values.put(f"round/{agent}/2026-11-28/v-1", sealed)
        assert set(round_blobs.visits_of(uow, session, DAY)) == {"v-1"}
        assert round_blobs.visits_of(uow, session, date(2026, 11, 28)) == {}


def test_what_is_erased_is_the_past_or_the_agent_and_nothing_else() -> None:
    desk = Desk()
    session = desk.session()
    other = replace(session, agent=replace(session.agent, agent_id=AgentId("b-2")))
    with desk.store.begin() as uow:
        for whose in (session, other):
            for day in (DAY, date(2026, 11, 26)):
                round_blobs.put_visit(uow, whose, day, "v", StoredVisit("t"))
                round_blobs.put_etag(uow, whose, day, '"e"')
        assert round_blobs.erase_before(uow, DAY) == 4
        assert round_blobs.etag_of(uow, session, date(2026, 11, 26)) == ""
        assert round_blobs.erase_agent(uow, AgentId("b-2")) == 2
        assert set(round_blobs.visits_of(uow, session, DAY)) == {"v"}
