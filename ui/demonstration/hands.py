"""Hands of the automatic agent: keys at a counter, a finger on a tablet, clicks where time counts.

Rules, in order:

1. Only what is shown and can be pressed is pressed; anything else ends the play.
2. A quick hand clicks everywhere and types without pauses: keys that type are held back by the
   program until they are known to be no scanner's, and a scanner is known by its pace.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLineEdit, QPushButton, QWidget
from typing_extensions import override

from kiosk.documents.wedge import GAP_MS
from kiosk.journeys.endings import Ending
from ui.demonstration.automatic import StuckError, wait_until
from ui.demonstration.causes import ORDINARY, Cause
from ui.demonstration.creation import CreatingAgent
from ui.demonstration.network import Cable
from ui.demonstration.office import Code
from ui.router.rounds import RoundRouter
from ui.steps.panel import StepPanel
from ui.widgets.choices import ChoiceGroup

_SHOWN_S = 10.0
"""Longest time until a button is shown and can be pressed."""


class Hand(StrEnum):
    """How things are pressed."""

    KEYS = "keys"
    TOUCH = "touch"


@dataclass(frozen=True, slots=True)
class Visit:
    """One customer to play.

    Attributes:
        name: for messages and pictures.
        ending: how it must end.
        cause: what is different from an ordinary customer.
        code: the request, None where there is none.
        visit_id: stop of the round, ``""`` where it is none.
        offline: the network is cut while addresses are written down.
    """

    name: str
    ending: Ending
    cause: Cause = ORDINARY
    code: Code | None = None
    visit_id: str = ""
    offline: bool = True


@dataclass
class _Pace:
    """Time stamps of keys as slow as a person types, however fast they come."""

    now_ms: int = 0

    def __call__(self, key: QKeyEvent) -> int:
        if key.type() is QEvent.Type.KeyPress:
            self.now_ms += 2 * GAP_MS
            return self.now_ms
        return self.now_ms + 2 * GAP_MS


class HandyAgent(CreatingAgent):
    """Presses things, as the place wants them pressed."""

    tablet = False
    """Whether work begins and ends on the page of the round."""
    hand = Hand.KEYS
    quick = False
    pictured = True
    """Whether pictures are taken on the way."""

    def use_cable(self, cable: Cable) -> None:
        """The network that is cut while addresses are written down."""
        self._cable = cable

    def hold(self, hand: Hand, *, tablet: bool = False, quick: bool = False) -> None:
        """Press with this hand; ``quick``: type without pauses."""
        self.hand, self.tablet, self.quick = hand, tablet, quick
        self.pictured = not quick
        if quick:
            self._router.scanner.time_of = _Pace()

    @property
    @override
    def ground(self) -> QWidget:
        return self.rounds.screen if self.tablet else self._router.sections.home

    @property
    def rounds(self) -> RoundRouter:
        """The round of this device. Raises StuckError where there is none."""
        rounds = self._router.rounds
        if rounds is None:
            raise StuckError("no round on this device")
        return rounds

    def wait_round(self) -> None:
        """Wait until the round was asked for: from then on visits can be sealed to this device."""
        model = self.rounds.model
        self.until(lambda: model.facts.loaded_at is not None, "first round")

    def load(self, visits: int) -> None:
        """Ask for the round until it holds so many visits more. Raises StuckError."""
        model = self.rounds.model
        self.until(lambda: not model.facts.loading, "first load")
        known = len(model.facts.visits)
        self.push(self.rounds.screen.reload)
        self.until(lambda: len(model.facts.visits) >= known + visits, "round")

    # --- pressing -----------------------------------------------------------------------------

    def push(self, button: QPushButton) -> None:
        """A finger on a button. Raises StuckError where it cannot be pressed."""
        self._uncover()
        wait_until(
            lambda: not self._router.journey.busy and button.isVisible() and button.isEnabled(),
            f"{self._play}: {button.objectName()}",
            _SHOWN_S,
        )
        QTest.mouseClick(button, Qt.MouseButton.LeftButton, pos=button.rect().center())

    def way_on(self, panel: StepPanel) -> None:
        """Enter, or the blue button."""
        if self.hand is Hand.KEYS:
            wait_until(panel.primary.isEnabled, f"{self._play}: the way on")
            self._press(Qt.Key.Key_Return)
        else:
            self.push(panel.primary)

    def choose(self, group: ChoiceGroup, value: str) -> None:
        """An option, by its number where it has one. Raises StuckError where it is not offered."""
        button = self._option(group, value)
        if self.hand is Hand.KEYS and button.key and button.isVisible():
            self._press(Qt.Key(ord(button.key)))
        else:
            self.push(button)

    def type_in(self, edit: QLineEdit, text: str) -> None:
        """Write a line anew."""
        self._uncover()
        self._reach(edit)
        if edit.text():
            edit.selectAll()
        if self.quick:
            QTest.keyClicks(edit, text)
            wait_until(lambda: not self._router.scanner.pending, f"{self._play}: typing")
        else:
            self._type(edit, text)

    @override
    def _type(self, edit: QLineEdit, text: str) -> None:
        self._reach(edit)
        super()._type(edit, text)

    @staticmethod
    def _reach(edit: QLineEdit) -> None:
        """A hand goes to a line where the page has not."""
        if not edit.hasFocus():
            QTest.mouseClick(edit, Qt.MouseButton.LeftButton, pos=edit.rect().center())

    def until(self, holds: Callable[[], bool], what: str) -> None:
        """Wait. Raises StuckError."""
        wait_until(holds, f"{self._play}: {what}")

    @override
    def _picture_of_code(self, _text: str) -> None:
        if self.pictured:
            super()._picture_of_code(_text)

    @override
    def _picture_of_side(self, _event: object) -> None:
        if self.pictured:
            super()._picture_of_side(_event)

    @override
    def _take(self, name: str) -> None:
        if self.pictured:
            super()._take(name)

    @override
    def _press(self, key: Qt.Key) -> None:
        self._uncover()
        super()._press(key)

    def _uncover(self) -> None:
        """A screen that covered itself meanwhile is touched first."""
        cover = self._router.cover
        if cover.isVisible():
            QTest.mouseClick(cover, Qt.MouseButton.LeftButton)
