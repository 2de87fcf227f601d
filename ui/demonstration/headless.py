"""The demonstration without a screen: plays, pictures, a summary on disk and on standard output."""

import json
import logging
import shutil
import sys
import time
from functools import partial
from pathlib import Path
from typing import Any

from PySide6.QtCore import QSize

from kiosk import logs
from kiosk.bootstrap import Kiosk
from kiosk.journeys.endings import Ending
from kiosk.journeys.model import CaseState
from kiosk.journeys.procedure import Form
from kiosk.journeys.procedures import (
    COUNTER_CREATION,
    HOME_VISIT,
    ONLINE_REQUEST,
    PAPER_FILE,
    WELCOME,
)
from kiosk.journeys.service_steps import Presence
from kiosk.texts import Texts
from ui.demonstration.automatic import (
    Pictures,
    Played,
    StuckError,
    wait_until,
)
from ui.demonstration.carrier import TABLET, CarrierAgent
from ui.demonstration.causes import Cause
from ui.demonstration.hands import Hand, Visit
from ui.demonstration.network import Cable
from ui.demonstration.office import Code, DemonstrationOffice
from ui.demonstration.plays import Play, chosen
from ui.demonstration.stage import Stage
from ui.demonstration.stepwise import StepwiseAgent
from ui.router import Router
from ui.router.services import services_of
from ui.router.window import COUNTER, Window

_DELIVERY_S = 90.0
_BY_STEPS = (WELCOME, PAPER_FILE)
"""Procedures of a counter in which nobody is verified."""
_FAILED = 3
_WRONG_USE = 2


def run(data: Path, procedure: str, out: Path | None, *, as_json: bool) -> int:
    """Play; the exit code: 0 when everything ended as it must."""
    began = time.monotonic()
    texts = Texts.load("fr")
    try:
        plays = chosen(procedure)
    except KeyError:
        sys.stderr.write(f"visavis demo: unknown procedure {procedure[:40]!r}\n")
        return _WRONG_USE
    folder = (out or data / "out").absolute()
    _fresh(folder, given=out is not None)
    if not as_json:
        _say(texts("demonstration.no_screen", folder=folder))
    handler = logs.start(folder)
    office = DemonstrationOffice(data)
    try:
        parts = []
        counter = tuple(play for play in plays if not play.on_tablet)
        door = tuple(play for play in plays if play.on_tablet)
        if counter:
            parts.append(_Performance(office, counter, folder).run())
        if door:
            parts.append(_Round(office, door, folder / "tablet").run())
        summary, done = _joined(parts, began)
    except StuckError as exc:
        logs.event("demonstration.stuck", logging.ERROR, detail=str(exc))
        sys.stderr.write(f"{texts('demonstration.failed')} ({exc})\n")
        return _FAILED
    finally:
        office.close()
        logs.stop(handler)
    text = json.dumps(summary, ensure_ascii=False, indent=None if as_json else 2)
    (folder / "summary.json").write_text(f"{text}\n", encoding="utf-8")
    if as_json:
        _say(text)
    else:
        _tell(summary, texts)
    return 0 if done else _FAILED


class _Performance:
    """One evening: the office, the window, the plays."""

    def __init__(self, office: DemonstrationOffice, plays: tuple[Play, ...], folder: Path) -> None:
        self._office = office
        self._plays = plays
        self._folder = folder
        self._cable = Cable()

    def open(self) -> tuple[Kiosk, QSize]:
        """The device that is played on, and the size of its window."""
        return self._office.open(), QSize(COUNTER)

    def run(self) -> tuple[dict[str, Any], bool]:
        """The summary, and whether everything ended as it must."""
        kiosk, size = self.open()
        stage = Stage()
        window = Window(kiosk.config.screen.language, "light")
        window.show(size)
        window.open_soon(lambda: self._cable.through(services_of(kiosk, stage.open_camera)))
        wait_until(lambda: window.router is not None, "window")
        router = window.router
        if router is None:
            raise StuckError("window")
        pictures = Pictures(window.shell, self._folder)
        try:
            played = self._play_all(window, router, stage, pictures)
            self._deliver(router)
            self._after_delivery()
            pictures.take("home-after")
            report = kiosk.verify_journal()
            facts = router.delivery.facts
        except StuckError:
            pictures.take("stuck")
            raise
        finally:
            window.close()
        summary = {
            "procedures": [
                {
                    "name": one.name,
                    "procedure": play.procedure,
                    "where": "carrier" if play.on_tablet else "counter",
                    "outcome": one.outcome.value,
                    "record_id": one.record_id,
                    "records": play.records,
                    "ends_on": play.ends_on,
                    "elapsed_s": round(one.elapsed_s, 2),
                }
                for play, one in zip(self._plays, played, strict=True)
            ],
            "sealed": len(facts.rows),
            "synced": facts.stored,
            "receipts_verified": facts.stored,
            "journal": {"entries": report.entries, "verified": report.verified},
            "screenshots": [str(file) for file in pictures.files],
        }
        as_expected = [one.outcome for one in played] == [play.expected for play in self._plays]
        records = sum(play.records for play in self._plays)
        arrived = facts.stored == len(facts.rows) == records
        return summary, as_expected and arrived and report.verified

    def _after_delivery(self) -> None:
        """Nothing more to do at a counter."""

    def _play_all(
        self, window: Window, router: Router, stage: Stage, pictures: Pictures
    ) -> list[Played]:
        agent = StepwiseAgent(window, router, stage, pictures)
        agent.use(self._office.post, self._cable)
        agent.hear()
        agent.sign_in()
        played = []
        for play in self._plays:
            code = None
            if play.procedure == ONLINE_REQUEST:
                code = self._office.central.request(stage.specimens[play.specimen])
            started = time.monotonic()
            if play.procedure in _BY_STEPS:
                played.append(_stepped(agent, play, code, started))
                continue
            creating = play.procedure == COUNTER_CREATION
            state = agent.create(play) if creating else agent.play(play, code)
            played.append(_played(play, state, started))
        return played

    @staticmethod
    def _deliver(router: Router) -> None:
        router.delivery.send()
        wait_until(
            lambda: not router.delivery.facts.sending and router.delivery.facts.waiting == 0,
            "delivery",
            _DELIVERY_S,
        )


class _Round(_Performance):
    """A carrier's day: the round loaded, every visit made, what happened elsewhere read."""

    def open(self) -> tuple[Kiosk, QSize]:
        """A tablet held upright."""
        return self._office.open_tablet(), TABLET

    def _play_all(
        self, window: Window, router: Router, stage: Stage, pictures: Pictures
    ) -> list[Played]:
        self._agent = CarrierAgent(window, router, stage, pictures)
        self._agent.sign_in()
        wait_until(lambda: self._asked(router), "first load")
        central, tablet = self._office.central, self._office.tablet
        if tablet is None:
            raise StuckError("no tablet")
        visited = [play for play in self._plays if play.procedure == HOME_VISIT]
        codes = [central.request(stage.specimens[play.specimen]) for play in visited]
        visits = [central.plan(tablet.device_id, code) for code in codes]
        if visits:
            self._agent.load(len(visits))
        played = []
        for play, code, visit_id in zip(visited, codes, visits, strict=True):
            started = time.monotonic()
            state = self._agent.visit(play, visit_id, partial(central.cancel, code))
            played.append(_played(play, state, started))
        self._agent.rest()
        return [*played, *self._play_others(window, router, stage, pictures)]

    def _play_others(
        self, window: Window, router: Router, stage: Stage, pictures: Pictures
    ) -> list[Played]:
        """What a carrier carries out beside the round."""
        others = [play for play in self._plays if play.procedure != HOME_VISIT]
        if not others:
            return []
        agent = StepwiseAgent(window, router, stage, pictures)
        agent.hold(Hand.TOUCH, tablet=True)
        agent.hear()
        played = []
        for play in others:
            code = None
            if play.procedure == ONLINE_REQUEST:
                code = self._office.central.request(stage.specimens[play.specimen])
            played.append(_stepped(agent, play, code, time.monotonic()))
        return played

    def _after_delivery(self) -> None:
        if any(play.conflict for play in self._plays):
            self._agent.read_conflict()
        if any(play.procedure == HOME_VISIT for play in self._plays) and not self._agent.all_done():
            raise StuckError("a visit of the round has no end")

    @staticmethod
    def _asked(router: Router) -> bool:
        return router.rounds is not None and router.rounds.model.facts.loaded_at is not None


def _stepped(agent: StepwiseAgent, play: Play, code: Code | None, started: float) -> Played:
    """A play of the agent who knows every step."""
    form = Form.CARRIER if play.on_tablet else Form.COUNTER
    cause = Cause(
        specimen=play.specimen,
        presence=play.letter or Presence.IN_PERSON,
        purpose=play.purpose,
        eligible=play.eligible,
        complete=play.complete,
    )
    end = agent.perform(Visit(play.name, Ending(play.procedure, form, play.expected), cause, code))
    if end.page != play.ends_on:
        raise StuckError(f"{play.name}: ends on {end.page}")
    agent.leave()
    return _played(play, end.state, started)


def _played(play: Play, state: CaseState, started: float) -> Played:
    if state.record is None or state.decision is None:
        raise StuckError(f"{play.name}: no record")
    elapsed = time.monotonic() - started
    return Played(play.name, state.decision.outcome, state.record.record_id, elapsed)


def _joined(parts: list[tuple[dict[str, Any], bool]], began: float) -> tuple[dict[str, Any], bool]:
    """One summary of what was played on each device."""
    summaries = [summary for summary, _ in parts]
    journals = [summary["journal"] for summary in summaries]
    joined: dict[str, Any] = {
        "procedures": [one for summary in summaries for one in summary["procedures"]],
        **{
            name: sum(summary[name] for summary in summaries)
            for name in ("sealed", "synced", "receipts_verified")
        },
        "journal": {
            "entries": sum(journal["entries"] for journal in journals),
            "verified": all(journal["verified"] for journal in journals),
        },
        "screenshots": [file for summary in summaries for file in summary["screenshots"]],
        "elapsed_s": round(time.monotonic() - began, 2),
    }
    return joined, all(done for _, done in parts)


def _fresh(folder: Path, *, given: bool) -> None:
    """An empty folder for pictures; one that the user named is only added to."""
    if not given:
        shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True, exist_ok=True)


def _tell(summary: dict[str, Any], texts: Texts) -> None:
    for one in summary["procedures"]:
        outcome = texts(f"outcomes.{one['outcome']}")
        _say(
            texts(
                "demonstration.played",
                name=one["name"],
                outcome=outcome,
                seconds=one["elapsed_s"],
            )
        )
    _say(
        texts(
            "demonstration.done",
            sealed=summary["sealed"],
            synced=summary["synced"],
            verified=summary["receipts_verified"],
            entries=summary["journal"]["entries"],
        )
    )


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()
