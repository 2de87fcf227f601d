"""What each procedure costs an agent: actions counted on the real screens, time modelled.

    python packaging/bench/effort.py [--play NAME] [--json]

Two sets of figures:

``plays``: the demonstration's customers of an online request, with their doubts and refusals.
``plain``: every procedure in both places, nothing in doubt: at a counter by keys, on a tablet by
taps. Each is played on a device of its own that has seen nobody yet. An acceptance where somebody
is verified, an advice that the customer takes home elsewhere.

The automatic agent plays them in a real window, with the specimen camera and the real reader; an
event filter counts what arrives. Time is that of the keystroke-level model (operators and sources
in ``ui/demonstration/effort.py``), and the camera's own time in this run. A tap is taken for a
click. Looking at features and faces, and talking, are in no figure here; neither is what the
customer types on the own screen.

The goal: a plain verification of an online request needs at most 12 actions and 90 s.
Exit code 1 where it is missed.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from PySide6.QtCore import QSize

    from kiosk.bootstrap import Kiosk
    from kiosk.journeys.endings import Ending
    from kiosk.journeys.model import CaseState
    from ui.demonstration.deft import MeteredStage
    from ui.demonstration.effort import Meter
    from ui.demonstration.hands import Visit
    from ui.demonstration.office import DemonstrationOffice
    from ui.demonstration.plays import Play
    from ui.demonstration.stepwise import StepwiseAgent
    from ui.router import Router
    from ui.router.window import Window

ROOT = Path(__file__).resolve().parents[2]
PLAIN = "plain"
"""The plain verification of an online request: nothing is in doubt. A passport: the seal of a card
cannot be checked where no list of those who seal was imported, and each doubt costs two actions
(see the play ``accepted``); the second side of a card costs one."""
PLAIN_SPECIMEN = "fr-passport-le-goff"
MOST_ACTIONS = 12
MOST_S = 90.0


def measure(only: str, folder: Path) -> dict[str, Any]:
    """Play; figures by the name of the play."""
    from ui.demonstration.effort import OPERATORS_S, PRESENTING_S
    from ui.demonstration.office import DemonstrationOffice

    office = DemonstrationOffice(folder / "data")
    try:
        figures = _played(office, only, folder / "pictures")
        plain = {
            name: _plain(office, ending, folder / "pictures")
            for name, ending in plain_endings().items()
            if only in ("all", name)
        }
    finally:
        office.close()
    return {
        "plays": figures,
        "plain": plain,
        "operators_s": OPERATORS_S,
        "presenting_s": PRESENTING_S,
        "source": "Card, Moran and Newell, CACM 23(7), 1980; B: Kieras, 2001; presenting: assumed",
        "not_included": ["examining features", "comparing the face", "talking"],
        "goal": {"play": PLAIN, "actions": MOST_ACTIONS, "agent_s": MOST_S},
    }


def _opened(kiosk: Kiosk, stage: MeteredStage, size: QSize) -> tuple[Window, Router]:
    """A window on a device; the stage hears what its camera has taken."""
    from ui.demonstration.automatic import wait_until
    from ui.router.services import services_of
    from ui.router.window import Window

    window = Window(kiosk.config.screen.language, "light")
    window.show(size)
    window.open_soon(lambda: services_of(kiosk, stage.open_camera))
    wait_until(lambda: window.router is not None, "window")
    router = window.router
    if router is None:
        raise SystemExit("no window")
    stage.watch(router)
    return window, router


def _played(office: DemonstrationOffice, only: str, pictures: Path) -> dict[str, Any]:
    from PySide6.QtCore import QSize

    from kiosk.domain.decision import Outcome
    from ui.demonstration.automatic import Pictures
    from ui.demonstration.deft import DeftAgent, MeteredStage
    from ui.demonstration.effort import Meter
    from ui.demonstration.plays import PLAYS, Play
    from ui.router.window import COUNTER, application

    wanted = [
        play
        for play in (Play(PLAIN, PLAIN_SPECIMEN, Outcome.ACCEPTED), *PLAYS)
        if only in ("all", play.name) and _at_the_counter(play)
    ]
    if not wanted:
        return {}
    app, meter = application(), Meter()
    stage = MeteredStage(meter)
    window, router = _opened(office.open(), stage, QSize(COUNTER))
    agent = DeftAgent(window, router, stage, Pictures(window.shell, pictures))
    agent.sign_in()
    meter.replayed = lambda: router.scanner.giving_back
    app.installEventFilter(meter)
    figures = {}
    try:
        for play in wanted:
            code = office.central.request(stage.specimens[play.specimen])
            meter.begin()
            figures[play.name] = _figures(agent.play(play, code), meter)
    finally:
        app.removeEventFilter(meter)
        window.close()
    return figures


def plain_endings() -> dict[str, Ending]:
    """How each procedure ends where nothing is in doubt, by procedure and place."""
    from ui.demonstration.every import every_ending, place_of

    return {
        f"{ending.procedure}-{place_of(ending)}": ending
        for ending in every_ending()
        if ending.outcome.value in ("accepted", "advised")
    }


def _plain(office: DemonstrationOffice, ending: Ending, pictures: Path) -> dict[str, Any]:
    """One procedure on a new device."""
    from PySide6.QtCore import QSize

    from kiosk.config import Profile
    from kiosk.journeys.procedure import Form
    from ui.demonstration.automatic import Pictures
    from ui.demonstration.carrier import TABLET
    from ui.demonstration.deft import MeteredStage
    from ui.demonstration.effort import Meter
    from ui.demonstration.every import name_of
    from ui.demonstration.hands import Hand
    from ui.demonstration.network import Cable
    from ui.demonstration.stepwise import StepwiseAgent
    from ui.router.window import COUNTER, application

    app, meter = application(), Meter()
    tablet = ending.form is Form.CARRIER
    profile = Profile.CARRIER if tablet else Profile.COUNTER
    stage = MeteredStage(meter)
    kiosk = office.open_more(name_of(ending), profile)
    window, router = _opened(kiosk, stage, TABLET if tablet else QSize(COUNTER))
    agent = StepwiseAgent(window, router, stage, Pictures(window.shell, pictures))
    agent.hold(Hand.TOUCH if tablet else Hand.KEYS, tablet=tablet)
    agent.pictured = False
    agent.use(office.post, Cable())
    agent.hear()
    agent.sign_in()
    visit = _visit(office, kiosk, agent, ending)
    meter.replayed = lambda: router.scanner.giving_back
    meter.customer_window = router.customer.window
    app.installEventFilter(meter)
    try:
        meter.begin()
        end = agent.perform(visit)
        figures = _figures(end.state, meter)
    finally:
        app.removeEventFilter(meter)
        window.close()
    return {"steps": len(end.steps), **figures}


def _visit(
    office: DemonstrationOffice, kiosk: Kiosk, agent: StepwiseAgent, ending: Ending
) -> Visit:
    """An ordinary customer, with a request where the procedure wants one."""
    from kiosk.devices.specimens import load_specimens
    from kiosk.journeys.procedures import HOME_VISIT, ONLINE_REQUEST
    from kiosk.paths import RESOURCES
    from ui.demonstration.causes import ORDINARY
    from ui.demonstration.every import name_of
    from ui.demonstration.hands import Visit

    code, visit_id = None, ""
    if ending.procedure in (HOME_VISIT, ONLINE_REQUEST):
        specimens = load_specimens(RESOURCES / "specimens")
        code = office.central.request(specimens[ORDINARY.specimen])
    if ending.procedure == HOME_VISIT and code is not None:
        agent.wait_round()
        visit_id = office.central.plan(kiosk.device_id, code)
        agent.load(1)
    return Visit(name_of(ending), ending, ORDINARY, code, visit_id, offline=False)


def _at_the_counter(play: Play) -> bool:
    """Whether the deft agent can play it: a request that was started online, and nothing more."""
    return play == type(play)(play.name, play.specimen, play.expected, play.person, play.abandon_at)


def _figures(state: CaseState, meter: Meter) -> dict[str, Any]:
    effort = meter.effort()
    return {
        "procedure": state.procedure,
        "outcome": state.decision.outcome.value if state.decision else "",
        "actions": effort.actions,
        "typed": sum(one.typed for one in meter.actions),
        "agent_s": round(effort.total_s, 1),
        **asdict(effort),
        "sequence": [f"{one.kind.value} {one.what}" for one in meter.actions],
    }


def table(result: dict[str, Any]) -> str:
    """The figures as lines of text."""
    head = f"{'play':26} {'procedure':18} {'outcome':10} {'steps':>5} {'actions':>7} {'keys':>5}"
    lines = [f"{head} {'typed':>5} {'clicks':>6} {'scans':>5} {'agent s':>8}"]
    for name, one in (result["plays"] | result["plain"]).items():
        lines.append(
            f"{name:26} {one['procedure']:18} {one['outcome']:10} {one.get('steps', ''):>5}"
            f" {one['actions']:7} {one['keys'] - one['typed']:5} {one['typed']:5}"
            f" {one['clicks']:6} {one['scans']:5} {one['agent_s']:8.1f}"
        )
    return "\n".join(lines)


def main() -> int:
    """Command line."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--play", default="all")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    if not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
        os.environ["QT_QPA_PLATFORM"] = "offscreen"
    sys.path.insert(0, str(ROOT))
    with tempfile.TemporaryDirectory() as folder:
        result = measure(options.play, Path(folder))
    print(json.dumps(result) if options.json else table(result))
    plain = result["plays"].get(PLAIN)
    if plain is None:
        return 0
    reached = plain["actions"] <= MOST_ACTIONS and plain["agent_s"] <= MOST_S
    return 0 if reached else 1


if __name__ == "__main__":
    sys.exit(main())
