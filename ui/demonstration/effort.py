"""What a procedure costs an agent: actions counted on the real screens, time modelled.

Rules, in order:

1. An action is what a hand does once: a key pressed, a click, a thing put before the camera (a
   telephone, a side of a document). Typing a value is one action a key.
2. Actions are counted where they arrive, at the window and at the camera; the agent who makes them
   is not asked.
3. Time is that of the keystroke-level model: K for a key, P and B for a click, H where the hand
   changes between keys, mouse and papers, M before each act that must be thought of.
4. A run of the same key is thought of once for each question that it answers; what is typed as one
   value, once.
5. What the customer does on the own screen is counted apart: it costs the agent nothing but time.
6. A tap of a finger is taken for a click of the mouse: the model has no other operator for it.
7. Looking at a feature or a face, and talking, are no operators of that model: they are left out,
   and the result says so.

Source: S. K. Card, T. P. Moran, A. Newell, "The Keystroke-Level Model for User Performance Time
with Interactive Systems", Communications of the ACM 23(7), 1980: K 0.28 s (average non-secretary
typist, 40 words a minute), P 1.1 s, H 0.4 s, M 1.35 s. B 0.1 s: D. Kieras, "Using the
Keystroke-Level Model to Estimate Execution Times", University of Michigan, 2001.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QAbstractButton, QApplication, QLineEdit, QWidget
from typing_extensions import override

from ui.widgets.signature_pad import SignaturePad

OPERATORS_S: Final = {"K": 0.28, "P": 1.1, "B": 0.1, "H": 0.4, "M": 1.35}
"""Seconds of each operator; see the source above."""
PRESENTING_S: Final = 2.0
"""Taking a card or a telephone and putting it under the camera: an assumption of ours, stated with
the result; the camera's own time is measured beside it."""


_PRESSED = (QAbstractButton, QLineEdit, SignaturePad)
"""What a click is for; a press beside them does nothing."""


class ActionKind(StrEnum):
    """What a hand did."""

    KEY = "key"
    CLICK = "click"
    SCAN = "scan"


@dataclass(frozen=True, slots=True)
class Action:
    """One action.

    Attributes:
        kind: which.
        what: the key, the object pressed, or what was presented; nothing that was typed.
        typed: part of a value that is typed, not a command.
    """

    kind: ActionKind
    what: str
    typed: bool = False


@dataclass(frozen=True, slots=True)
class Effort:
    """What one procedure cost.

    Attributes:
        keys / clicks / scans: actions of each kind.
        modelled_s: time of the agent by the keystroke-level model.
        presenting_s: handling of cards and telephones (``PRESENTING_S`` each).
        camera_s: from presenting to taken, measured in this run.
        customer: actions of the customer, on the own screen.
    """

    keys: int
    clicks: int
    scans: int
    modelled_s: float
    presenting_s: float
    camera_s: float
    customer: int = 0

    @property
    def actions(self) -> int:
        """All of them."""
        return self.keys + self.clicks + self.scans

    @property
    def total_s(self) -> float:
        """Time of the agent, capture included."""
        return self.modelled_s + self.presenting_s + self.camera_s


class Meter(QObject):
    """Counts what arrives at the windows of this program (rules 2 and 5); an event filter.

    ``replayed``: whether the key at hand was held back, and comes a second time.
    """

    def __init__(self) -> None:
        super().__init__()
        self.replayed: Callable[[], bool] = lambda: False
        self.customer_window: QWidget | None = None
        """Window of the customer; what is done there is not the agent's."""
        self.actions: list[Action] = []
        self.camera_s = 0.0
        self._customer = 0

    def begin(self) -> None:
        """Nothing was done yet."""
        self.actions = []
        self.camera_s = 0.0
        self._customer = 0

    def presented(self, what: str) -> None:
        """Something was put before the camera."""
        self.actions.append(Action(ActionKind.SCAN, what))

    def effort(self) -> Effort:
        """What was done since ``begin``."""
        count = {kind: sum(a.kind is kind for a in self.actions) for kind in ActionKind}
        return Effort(
            keys=count[ActionKind.KEY],
            clicks=count[ActionKind.CLICK],
            scans=count[ActionKind.SCAN],
            modelled_s=round(modelled_s(self.actions), 2),
            presenting_s=PRESENTING_S * count[ActionKind.SCAN],
            camera_s=round(self.camera_s, 2),
            customer=self._customer,
        )

    @override
    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if isinstance(event, QKeyEvent) and isinstance(watched, QWidget):
            # Each key asks for shortcuts first, at the widget that has the focus.
            asks = event.type() is QEvent.Type.ShortcutOverride and not event.isAutoRepeat()
            asks = asks and not self.replayed()
            if asks and watched is _focused(watched.window()):
                self._key(event)
        elif event.type() is QEvent.Type.MouseButtonPress and isinstance(watched, _PRESSED):
            if watched.window() is self.customer_window:
                self._customer += 1
            else:
                self.actions.append(Action(ActionKind.CLICK, watched.objectName()))
        return False

    def _key(self, event: QKeyEvent) -> None:
        field = isinstance(QApplication.focusWidget(), QLineEdit)
        typed = field and event.text().isprintable() and bool(event.text())
        name = "typed" if typed else Qt.Key(event.key()).name
        self.actions.append(Action(ActionKind.KEY, name, typed))


def _focused(window: QWidget) -> QWidget:
    widget: QWidget | None = window.focusWidget()  # None, whatever its stub says
    return window if widget is None else widget


def modelled_s(actions: Sequence[Action]) -> float:
    """Seconds by the keystroke-level model (rules 3 and 4)."""
    total, hand = 0.0, ActionKind.KEY
    before: Action | None = None
    for action in actions:
        if action.kind is not hand:
            total += OPERATORS_S["H"]
            hand = action.kind
        anticipated = action.typed and before is not None and before.typed
        if not anticipated:
            total += OPERATORS_S["M"]
        if action.kind is ActionKind.KEY:
            total += OPERATORS_S["K"]
        elif action.kind is ActionKind.CLICK:
            total += OPERATORS_S["P"] + 2 * OPERATORS_S["B"]
        before = action
    return total
