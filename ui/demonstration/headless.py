"""The demonstration without a screen: plays, pictures, a summary on disk and on standard output.

A play that gets stuck is told, its case is abandoned, and the next one is played; the exit code
says that not everything ended as it must.
"""

import json
import logging
import shutil
import sys
import time
from collections.abc import Callable
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
    AutomaticAgent,
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
        counter = tuple(play for play in plays if not play.on_tablet)
        door = tuple(play for play in plays if play.on_tablet)
        parts = [_Performance(office, counter, folder).run()] if counter else []
        if door:
            parts.append(_Round(office, door, folder / "tablet").run())
        summary, done = _joined(parts, began)
    except StuckError as exc:
        _log_stuck(exc)
        _say_stuck(str(exc), texts)
        return _FAILED
    finally:
        office.close()
        logs.stop(handler)
    for one in summary["stuck"]:
        _say_stuck(one["why"], texts)
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
        self._played: dict[str, Played] = {}
        self._stuck: dict[str, str] = {}

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
            self._perform(window, router, stage, pictures)
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
        played = [(play, self._played[play.name]) for play in self._plays if self._ended(play)]
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
                for play, one in played
            ],
            "stuck": [
                {"name": play.name, "why": self._stuck[play.name]}
                for play in self._plays
                if not self._ended(play)
            ],
            "sealed": len(facts.rows),
            "synced": facts.stored,
            "receipts_verified": facts.stored,
            "journal": {"entries": report.entries, "verified": report.verified},
            "screenshots": [str(file) for file in pictures.files],
        }
        as_expected = all(one.outcome is play.expected for play, one in played)
        records = sum(play.records for play in self._plays)
        arrived = facts.stored == len(facts.rows) == records
        return summary, not self._stuck and as_expected and arrived and report.verified

    def _perform(self, window: Window, router: Router, stage: Stage, pictures: Pictures) -> None:
        """Play; where no next play can begin any more, the others are stuck as well."""
        try:
            self._play_all(window, router, stage, pictures)
        except StuckError as exc:
            _log_stuck(exc)
            pictures.take("stuck")
            for play in self._plays:
                if not self._ended(play):
                    self._stuck.setdefault(play.name, f"{play.name}: not played ({exc})")

    def _ended(self, play: Play) -> bool:
        return play.name in self._played

    def _attempt(self, agent: AutomaticAgent, play: Play, act: Callable[[], CaseState]) -> None:
        """One play. Raises StuckError where it is stuck so that no other can follow."""
        started = time.monotonic()
        try:
            self._played[play.name] = _played(play, act(), started)
        except StuckError as exc:
            _log_stuck(exc)
            self._stuck[play.name] = str(exc)
            agent.give_up()

    def _after_delivery(self) -> None:
        """Nothing more to do at a counter."""

    def _play_all(self, window: Window, router: Router, stage: Stage, pictures: Pictures) -> None:
        agent = StepwiseAgent(window, router, stage, pictures)
        agent.use(self._office.post, self._cable)
        agent.hear()
        agent.sign_in()
        for play in self._plays:
            code = None
            if play.procedure == ONLINE_REQUEST:
                code = self._office.central.request(stage.specimens[play.specimen])
            if play.procedure in _BY_STEPS:
                act = partial(_stepped, agent, play, code)
            elif play.procedure == COUNTER_CREATION:
                act = partial(agent.create, play)
            else:
                act = partial(agent.play, play, code)
            self._attempt(agent, play, act)

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

    def _play_all(self, window: Window, router: Router, stage: Stage, pictures: Pictures) -> None:
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
        for play, code, visit_id in zip(visited, codes, visits, strict=True):
            cancel = partial(central.cancel, code)
            self._attempt(self._agent, play, partial(self._agent.visit, play, visit_id, cancel))
        self._agent.rest()
        self._play_others(window, router, stage, pictures)

    def _play_others(
        self, window: Window, router: Router, stage: Stage, pictures: Pictures
    ) -> None:
        """What a carrier carries out beside the round."""
        others = [play for play in self._plays if play.procedure != HOME_VISIT]
        if not others:
            return
        agent = StepwiseAgent(window, router, stage, pictures)
        agent.hold(Hand.TOUCH, tablet=True)
        agent.hear()
        for play in others:
            code = None
            if play.procedure == ONLINE_REQUEST:
                code = self._office.central.request(stage.specimens[play.specimen])
            self._attempt(agent, play, partial(_stepped, agent, play, code))

    def _after_delivery(self) -> None:
        visited = [play for play in self._plays if play.procedure == HOME_VISIT]
        if any(play.conflict and self._ended(play) for play in visited):
            self._agent.read_conflict()
        if visited and all(map(self._ended, visited)) and not self._agent.all_done():
            raise StuckError("a visit of the round has no end")

    @staticmethod
    def _asked(router: Router) -> bool:
        return router.rounds is not None and router.rounds.model.facts.loaded_at is not None


def _stepped(agent: StepwiseAgent, play: Play, code: Code | None) -> CaseState:
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
    return end.state


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
        **{
            name: [one for summary in summaries for one in summary[name]]
            for name in ("procedures", "stuck")
        },
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


def _log_stuck(exc: StuckError) -> None:
    logs.event("demonstration.stuck", logging.ERROR, detail=str(exc))


def _say_stuck(why: str, texts: Texts) -> None:
    sys.stderr.write(f"{texts('demonstration.failed')} ({why})\n")


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
