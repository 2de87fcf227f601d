"""The demonstration as a visitor starts it: real processes, no display, a record that arrives.

What seldom happens to it is brought about in this process: a stage that empties slowly, an agent
who loses patience.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from kiosk.devices import specimen_camera
from kiosk.domain.decision import Outcome, Reason
from kiosk.domain.evidence import Side
from kiosk.journeys.endings import Ending
from kiosk.journeys.model import StepKind
from kiosk.journeys.procedure import Form
from kiosk.journeys.procedures import ONLINE_REQUEST
from ui.demonstration import headless, stepwise
from ui.demonstration.automatic import Pictures, StuckError, wait_until
from ui.demonstration.causes import CARD, PASSPORT, Cause
from ui.demonstration.hands import Hand, Visit
from ui.demonstration.office import DemonstrationOffice
from ui.demonstration.plays import chosen
from ui.demonstration.stage import Stage
from ui.demonstration.stepwise import StepwiseAgent
from ui.router.services import services_of
from ui.router.window import COUNTER, Window

ROOT = Path(__file__).parents[2]


def demo(tmp_path, procedure):
    done = subprocess.run(
        [
            *(sys.executable, "-m", "ui", "demo", "--headless", "--json"),
            *("--procedure", procedure),
            *("--data", str(tmp_path / "data"), "--out", str(tmp_path / "out")),
        ],
        cwd=ROOT,
        env=os.environ | {"QT_QPA_PLATFORM": "offscreen"},
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    summary = json.loads(done.stdout)
    assert summary["journal"]["verified"] is True
    assert all(Path(file).is_file() for file in summary["screenshots"])
    assert not list((tmp_path / "data").glob("office-*"))
    return summary


@pytest.mark.process
@pytest.mark.parametrize(
    "procedure", ["accepted", "old-card", "creation", "creation-offline", "home-visit-conflict"]
)
def test_headless_demonstration_ends_with_a_verified_record_on_the_central_side(
    tmp_path, procedure
):
    summary = demo(tmp_path, procedure)
    assert [one["outcome"] for one in summary["procedures"]] == ["accepted"]
    assert summary["sealed"] == summary["synced"] == summary["receipts_verified"] == 1


@pytest.mark.process
@pytest.mark.parametrize("procedure", ["welcome", "paper-file"])
def test_an_act_that_verifies_nobody_leaves_one_record_each_that_arrives(tmp_path, procedure):
    summary = demo(tmp_path, procedure)
    played = summary["procedures"]
    assert {one["procedure"] for one in played} == {procedure}
    assert {one["outcome"] for one in played} == {"advised"}
    assert summary["sealed"] == summary["synced"] == summary["receipts_verified"] == len(played)
    ends = {one["name"]: one["ends_on"] for one in played}
    assert set(ends.values()) == ({"receipt", "help"} if procedure == "welcome" else {"receipt"})


@pytest.fixture
def office(qapp, tmp_path):
    office = DemonstrationOffice(tmp_path / "data")
    yield office
    office.close()


@pytest.fixture
def counter(office, tmp_path):
    """An agent at a counter whose camera is a real one's stage: its window, and the stage."""
    kiosk, stage = office.open(), Stage()
    window = Window("fr", "light")
    window.show(COUNTER)
    window.open_soon(lambda: services_of(kiosk, stage.open_camera))
    wait_until(lambda: window.router is not None, "window")
    agent = StepwiseAgent(
        window, window.router, stage, Pictures(window.shell, tmp_path / "pictures")
    )
    agent.hold(Hand.TOUCH, quick=True)
    agent.hear()
    agent.sign_in()
    yield agent, window, stage
    window.close()


def half_seen(stage):
    """A card with a 2D-Doc was taken away, and the camera closed before it had left."""
    stage.camera.start()
    stage.lay(CARD, Side.BACK)
    wait_until(lambda: stage.camera.read() and len(stage.camera.truth.corners) > 0, "the card")
    for _ in range(60):
        stage.camera.read()
    stage.clear()
    stage.camera.read()
    stage.camera.stop()


@pytest.mark.process
def test_the_card_of_the_customer_before_is_never_the_request_of_the_next(
    counter, office, monkeypatch
):
    agent, _window, stage = counter
    monkeypatch.setattr(specimen_camera, "LEAVE_SHARE", 60.0)
    half_seen(stage)
    monkeypatch.setattr(specimen_camera, "LEAVE_SHARE", 0.6)
    ending = Ending(ONLINE_REQUEST, Form.COUNTER, Outcome.ACCEPTED)
    code = office.central.request(stage.specimens[PASSPORT])
    end = agent.perform(Visit("next", ending, Cause(PASSPORT), code))
    assert end.state.decision.outcome is Outcome.ACCEPTED
    assert end.state.request_problem is None
    assert end.page == "receipt"


@pytest.mark.process
def test_a_request_that_is_not_accepted_ends_only_the_plays_that_want_it(counter, office):
    agent, window, stage = counter
    elsewhere = office.central.request(stage.specimens[PASSPORT], office="069002")
    accepted = Ending(ONLINE_REQUEST, Form.COUNTER, Outcome.ACCEPTED)
    with pytest.raises(StuckError, match="hopeful: request wrong-office"):
        agent.perform(Visit("hopeful", accepted, Cause(PASSPORT), elsewhere))
    stop = window.router.case.stop
    with pytest.raises(StuckError, match="no accepted on step-request, which offers"):
        agent.choose(stop.choices, "accepted")
    agent.give_up()
    assert window.shell.page is agent.ground
    refused = Ending(ONLINE_REQUEST, Form.COUNTER, Outcome.REFUSED, Reason.WRONG_OFFICE)
    end = agent.perform(Visit("refused", refused, Cause(PASSPORT), elsewhere))
    assert end.found
    assert end.steps[0] is StepKind.REQUEST


@pytest.mark.process
def test_a_play_that_gets_stuck_is_told_and_the_next_one_is_played(
    qapp, tmp_path, monkeypatch, capsys
):
    plays = (*chosen("welcome-advised"), *chosen("paper-file-complete"))
    monkeypatch.setattr(headless, "chosen", lambda _name: plays)
    monkeypatch.setattr(stepwise, "MOST_ACTS", 3)  # enough for a file of papers, not for counsel
    code = headless.run(tmp_path / "data", "both", tmp_path / "out", as_json=True)
    said = capsys.readouterr()
    summary = json.loads(said.out)
    assert code == 3
    assert summary["stuck"] == [{"name": "welcome-advised", "why": "welcome-advised: does not end"}]
    assert [one["name"] for one in summary["procedures"]] == ["paper-file-complete"]
    assert "welcome-advised: does not end" in said.err
    assert summary["sealed"] == summary["synced"] == 2  # the stuck one is an abandoned case
    assert any(file.endswith("welcome-advised-stuck.png") for file in summary["screenshots"])
