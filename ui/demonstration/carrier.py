"""The automatic agent as a carrier: the round, the door, nobody there, and what happened elsewhere.

It begins where a carrier begins, on the page of the round, and presses what a thumb presses.
"""

from collections.abc import Callable

from PySide6.QtCore import QSize, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from typing_extensions import override

from kiosk.journeys.model import CaseState, StepKind
from kiosk.services.rounds import VisitState
from ui.demonstration.automatic import AutomaticAgent, StuckError, wait_until
from ui.demonstration.plays import Play
from ui.router.rounds import RoundRouter
from ui.screens.round import RoundScreen
from ui.shell import Section
from ui.theme import Size

_SHAPE = 8 / 5
TABLET = QSize(Size.WINDOW_MIN_WIDTH, round(Size.WINDOW_MIN_WIDTH * _SHAPE))
"""A tablet held upright."""
_LOAD_S = 30.0


class CarrierAgent(AutomaticAgent):
    """Plays visits of a round."""

    @property
    def _rounds(self) -> RoundRouter:
        rounds = self._router.rounds
        if rounds is None:
            raise StuckError("no round on this device")
        return rounds

    @property
    def ground(self) -> RoundScreen:
        """Where work begins and ends."""
        return self._rounds.screen

    def load(self, visits: int) -> None:
        """Ask for the round until it holds so many visits. Raises StuckError."""
        model = self._rounds.model

        def here() -> bool:
            return len(model.facts.visits) >= visits and self._router.desk.idle

        wait_until(lambda: not model.facts.loading, "first load", _LOAD_S)
        self._click(self.ground.reload)
        wait_until(here, "round", _LOAD_S)
        self._pictures.take("round")

    def visit(self, play: Play, visit_id: str, cancel: Callable[[], None]) -> CaseState:
        """One visit, from the round to the round. Raises StuckError.

        Args:
            play: what happens at the door.
            visit_id: which visit; the next one of the round.
            cancel: cancels the request at the central side, while the carrier is at the door.
        """
        self._play = play.name
        self._empty_stage()
        wait_until(lambda: self._next == visit_id, f"{play.name}: the next visit")
        self._take("next")
        if play.missed:
            self._click(self.ground.bar.missed.reasons[play.missed])
        else:
            self._press(Qt.Key.Key_Return)
            self._verify(play)
        if play.conflict:
            cancel()
        return self._seal()

    @property
    def _next(self) -> str:
        selected = self.ground.selected
        return "" if selected is None else selected.visit.visit_id

    def read_conflict(self) -> None:
        """Look at the page of deliveries, and say that it was read. Raises StuckError."""
        sections = self._router.sections
        wait_until(lambda: bool(sections.conflicts), f"{self._play}: conflict", _LOAD_S)
        self._shell.section_chosen.emit(Section.DELIVERIES.value)
        card = sections.deliveries.conflicts
        wait_until(card.isVisible, f"{self._play}: page of deliveries")
        self._take("to-read")
        self._click(card.seen)
        wait_until(
            lambda: all(conflict.seen for conflict in sections.conflicts), f"{self._play}: read"
        )
        self._take("read")
        self._shell.section_chosen.emit(Section.ROUND.value)
        wait_until(lambda: self._shell.page is self.ground, "round after the deliveries")

    @override
    def _press(self, key: Qt.Key) -> None:
        """A screen that covered itself meanwhile is touched first, as a carrier does."""
        cover = self._router.cover
        if cover.isVisible():
            QTest.mouseClick(cover, Qt.MouseButton.LeftButton)
        super()._press(key)

    def _verify(self, play: Play) -> None:
        self._at(StepKind.NOTICE)
        self._take("notice")
        self._press(Qt.Key.Key_Return)
        self._at(StepKind.DOCUMENT)
        self.present(play)

    def all_done(self) -> bool:
        """Whether every visit of the round has its end."""
        QApplication.processEvents()
        visits = self._rounds.model.facts.visits
        return bool(visits) and all(item.state is VisitState.ENDED for item in visits)
