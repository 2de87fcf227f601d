"""``kill -9`` at any moment: every acknowledged record is there, whole, once."""

import random
import subprocess
import sys
from pathlib import Path

import pytest

from kiosk.domain.ids import CaseId
from kiosk.services.result import RESULT_PREFIX, announced_by, result_name
from kiosk.services.sealing import sealed_before
from kiosk.services.used_requests import is_used
from kiosk.vault.store import open_store
from tests.fakes.cases import REQUEST
from tests.fakes.desk import WITH_PROVIDER, Desk
from tests.services.test_sealing import decided
from tests.vault.dying_process import CASE
from tests.vault.sealing_process import KEY

KILLS = 6


def seal_until_killed(path: Path, seconds: float) -> list[tuple[str, int, str]]:
    """Records that were acknowledged before the process died."""
    child = subprocess.Popen(
        [sys.executable, "-m", "tests.vault.sealing_process", str(path)],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert child.stdout is not None
    first = child.stdout.readline()
    try:
        child.wait(timeout=seconds)
    except subprocess.TimeoutExpired:
        child.kill()
    rest, _ = child.communicate(timeout=120)
    assert child.returncode == -9
    lines = (first + rest).splitlines(keepends=True)
    # A line that the kill cut short was not acknowledged to anybody.
    whole = [line.split() for line in lines if line.endswith("\n")]
    return [(case, int(seq), record) for case, seq, record in whole]


@pytest.mark.process
@pytest.mark.skipif(sys.platform == "win32", reason="kill -9 is POSIX")
def test_no_acknowledged_record_is_lost_halved_or_doubled(tmp_path: Path):
    path = tmp_path / "vault.db"
    moments = random.Random(20261125)  # noqa: S311 - moments, not secrets
    acknowledged: dict[str, tuple[int, str]] = {}
    for _ in range(KILLS):
        for case, seq, record in seal_until_killed(path, moments.uniform(0.0, 0.4)):
            assert acknowledged.setdefault(case, (seq, record)) == (seq, record)
        _check(path, acknowledged)
    assert len(acknowledged) > KILLS


def _check(path: Path, acknowledged: dict[str, tuple[int, str]]) -> None:
    store = open_store(path, KEY)
    desk = Desk(store=store, terms=WITH_PROVIDER)
    try:
        assert store.problems() == ()
        assert desk.verify().verified
        rows = desk.outbox()
        with store.begin() as uow:
            sealed = {
                name.removeprefix("sealed/"): sealed_before(
                    uow, CaseId(name.removeprefix("sealed/"))
                )
                for name in uow.values.names("sealed/")
            }
            drafts = {row.case_id for row in uow.drafts.all()}
        for case, (seq, record) in acknowledged.items():
            facts = sealed[case]
            assert facts is not None
            assert (facts.seq, facts.record_id) == (seq, record)
        _check_announced(desk)
        # What was sealed but not yet acknowledged is whole too, and nothing is there twice.
        assert len(rows) == len(sealed)
        assert not drafts & set(sealed)
        opened = [desk.open_record(row.seq).record for row in rows]
        assert [record["record_id"] for record in opened] == [row.record_id for row in rows]
        cases = [record["visavis"]["case_id"] for record in opened]
        assert sorted(cases) == sorted(sealed)
    finally:
        store.close()


def _check_announced(desk: Desk) -> None:
    """Every record that the journal announces is queued, with its blob, and no other."""
    rows = desk.outbox()
    announced = [(e.seq, e.record_id) for e in desk.entries() if e.kind == "verify_close"]
    assert announced == [(row.seq, row.record_id) for row in rows]
    with desk.store.begin() as uow:
        assert all(uow.blobs.get(row.seq) for row in rows)
        kept = {name: uow.values.get(name) for name in uow.values.names(RESULT_PREFIX)}
    # The result that an entry announces is there, whole, and no other.
    assert sorted(kept) == [result_name(row.seq) for row in rows]
    for entry in desk.entries():
        if entry.kind == "verify_close":
            announced = announced_by(entry, desk.device_key.public)
            assert announced is not None
            assert announced.fits(kept[result_name(entry.seq)])


@pytest.mark.process
@pytest.mark.skipif(sys.platform == "win32", reason="kill -9 and fork are POSIX")
def test_death_before_any_statement_of_a_seal_leaves_all_or_nothing(tmp_path: Path):
    path = tmp_path / "vault.db"
    store = open_store(path, KEY)
    desk = Desk(store=store, terms=WITH_PROVIDER)
    session = desk.session()
    desk.sealing.seal(decided(case="0" * 32), session)
    with store.begin() as uow:
        desk.drafts.save(uow, decided(case=CASE), session)
        uow.commit()
    store.close()
    done = subprocess.run(
        [sys.executable, "-m", "tests.vault.dying_process", str(path), str(tmp_path / "dead")],
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    deaths, survivor = (int(word) for word in done.stdout.split())
    assert survivor == 0
    assert deaths > 20
    states = [_state_after(tmp_path / "dead" / str(n) / "vault.db") for n in range(deaths + 1)]
    # The commit is the one moment of change: before it nothing, after it everything.
    assert states == sorted(states)
    assert set(states) == {"draft", "sealed"}


def _state_after(path: Path) -> str:
    """``draft`` or ``sealed``; then seals again, as the restarted program would."""
    store = open_store(path, KEY)
    desk = Desk(store=store, terms=WITH_PROVIDER)
    try:
        session = desk.session()
        with store.begin() as uow:
            before = sealed_before(uow, CaseId(CASE))
            drafts = uow.drafts.all()
            assert is_used(uow, REQUEST), "the first record used it"
        _check_announced(desk)
        assert len(drafts) == (1 if before is None else 0)
        assert len(desk.outbox()) == (1 if before is None else 2)
        assert desk.verify().verified
        again = desk.sealing.seal(decided(case=CASE), session)
        assert before in (None, again)
        (_, last) = desk.outbox()
        assert desk.open_record(last.seq).record["record_id"] == again.record_id
        assert desk.verify().verified
    finally:
        store.close()
    return "draft" if before is None else "sealed"
