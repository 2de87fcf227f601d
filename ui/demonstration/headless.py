"""The demonstration without a screen: plays, pictures, a summary on disk and on standard output."""

import json
import logging
import shutil
import sys
import time
from pathlib import Path
from typing import Any

from PySide6.QtCore import QSize

from kiosk import logs
from kiosk.texts import Texts
from ui.demonstration.automatic import (
    AutomaticAgent,
    Pictures,
    Played,
    StuckError,
    wait_until,
)
from ui.demonstration.office import DemonstrationOffice
from ui.demonstration.plays import Play, chosen
from ui.demonstration.stage import Stage
from ui.router import Router
from ui.router.services import services_of
from ui.router.window import COUNTER, Window

_DELIVERY_S = 90.0
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
        summary, done = _Performance(office, plays, folder).run(began)
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

    def run(self, began: float) -> tuple[dict[str, Any], bool]:
        """The summary, and whether everything ended as it must."""
        kiosk = self._office.open()
        stage = Stage()
        window = Window(kiosk.config.screen.language, "light")
        window.show(QSize(COUNTER))
        window.open_soon(lambda: services_of(kiosk, stage.open_camera))
        wait_until(lambda: window.router is not None, "window")
        router = window.router
        if router is None:
            raise StuckError("window")
        pictures = Pictures(window.shell, self._folder)
        try:
            played = self._play(AutomaticAgent(window, router, stage, pictures), stage)
            self._deliver(router)
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
                    "outcome": one.outcome.value,
                    "record_id": one.record_id,
                    "elapsed_s": round(one.elapsed_s, 2),
                }
                for one in played
            ],
            "sealed": len(facts.rows),
            "synced": facts.stored,
            "receipts_verified": facts.stored,
            "journal": {"entries": report.entries, "verified": report.verified},
            "screenshots": [str(file) for file in pictures.files],
            "elapsed_s": round(time.monotonic() - began, 2),
        }
        as_expected = [one.outcome for one in played] == [play.expected for play in self._plays]
        records = sum(play.records for play in self._plays)
        arrived = facts.stored == len(facts.rows) == records
        return summary, as_expected and arrived and report.verified

    def _play(self, agent: AutomaticAgent, stage: Stage) -> list[Played]:
        agent.sign_in()
        played = []
        for play in self._plays:
            specimen = stage.specimens[play.specimen]
            code = None if play.letter else self._office.central.request(specimen)
            started = time.monotonic()
            state = agent.play(play, code)
            if state.record is None or state.decision is None:
                raise StuckError(f"{play.name}: no record")
            elapsed = time.monotonic() - started
            played.append(
                Played(play.name, state.decision.outcome, state.record.record_id, elapsed)
            )
        return played

    @staticmethod
    def _deliver(router: Router) -> None:
        router.delivery.send()
        wait_until(
            lambda: not router.delivery.facts.sending and router.delivery.facts.waiting == 0,
            "delivery",
            _DELIVERY_S,
        )


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
