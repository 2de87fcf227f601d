"""What each procedure costs an agent: actions counted on the real screens, time modelled.

    python packaging/bench/effort.py [--play NAME] [--json]

The automatic agent plays the demonstration's customers in a real window, with the specimen camera
and the real reader; an event filter counts what arrives. Time is that of the keystroke-level model
(operators and sources in ``ui/demonstration/effort.py``), and the camera's own time in this run.
Looking at features and faces, and talking, are in no figure here. Played are the requests that were
started online; plays that need another place or another central side are left out.

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
    from kiosk.journeys.model import CaseState
    from ui.demonstration.effort import Meter
    from ui.demonstration.office import DemonstrationOffice
    from ui.demonstration.plays import Play

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
    finally:
        office.close()
    return {
        "plays": figures,
        "operators_s": OPERATORS_S,
        "presenting_s": PRESENTING_S,
        "source": "Card, Moran and Newell, CACM 23(7), 1980; B: Kieras, 2001; presenting: assumed",
        "not_included": ["examining features", "comparing the face", "talking"],
        "goal": {"play": PLAIN, "actions": MOST_ACTIONS, "agent_s": MOST_S},
    }


def _played(office: DemonstrationOffice, only: str, pictures: Path) -> dict[str, Any]:
    from PySide6.QtCore import QSize

    from kiosk.domain.decision import Outcome
    from ui.demonstration.automatic import Pictures, wait_until
    from ui.demonstration.deft import DeftAgent, MeteredStage
    from ui.demonstration.effort import Meter
    from ui.demonstration.plays import PLAYS, Play
    from ui.router.services import services_of
    from ui.router.window import COUNTER, Window, application

    app, meter, kiosk = application(), Meter(), office.open()
    stage = MeteredStage(meter)
    window = Window(kiosk.config.screen.language, "light")
    window.show(QSize(COUNTER))
    window.open_soon(lambda: services_of(kiosk, stage.open_camera))
    wait_until(lambda: window.router is not None, "window")
    router = window.router
    if router is None:
        raise SystemExit("no window")
    stage.watch(router)
    agent = DeftAgent(window, router, stage, Pictures(window.shell, pictures))
    agent.sign_in()
    meter.replayed = lambda: router.scanner.giving_back
    app.installEventFilter(meter)
    figures = {}
    try:
        for play in (Play(PLAIN, PLAIN_SPECIMEN, Outcome.ACCEPTED), *PLAYS):
            if only in ("all", play.name) and _at_the_counter(play):
                code = office.central.request(stage.specimens[play.specimen])
                meter.begin()
                state = agent.play(play, code)
                figures[play.name] = _figures(state, meter)
    finally:
        app.removeEventFilter(meter)
        window.close()
    return figures


def _at_the_counter(play: Play) -> bool:
    """Whether the deft agent can play it: a request that was started online, and nothing more."""
    return play == type(play)(play.name, play.specimen, play.expected, play.person, play.abandon_at)


def _figures(state: CaseState, meter: Meter) -> dict[str, Any]:
    effort = meter.effort()
    return {
        "procedure": state.procedure,
        "outcome": state.decision.outcome.value if state.decision else "",
        "actions": effort.actions,
        "agent_s": round(effort.total_s, 1),
        **asdict(effort),
        "sequence": [f"{one.kind.value} {one.what}" for one in meter.actions],
    }


def table(result: dict[str, Any]) -> str:
    """The figures as lines of text."""
    head = f"{'play':12} {'procedure':18} {'outcome':10} {'actions':>7} {'keys':>5} {'clicks':>6}"
    lines = [f"{head} {'scans':>5} {'agent s':>8}"]
    lines += [
        f"{name:12} {one['procedure']:18} {one['outcome']:10} {one['actions']:7} {one['keys']:5}"
        f" {one['clicks']:6} {one['scans']:5} {one['agent_s']:8.1f}"
        for name, one in result["plays"].items()
    ]
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
