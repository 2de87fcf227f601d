"""Events on their way to the case: what the agent asks for never gets lost behind the reader.

Rules, in order:

1. Printed fields come when the reader has them; nobody asked for them, and no panel looks busy.
2. What the agent asks for while they are being stored is held, and sent once they are.
3. Every other order waits for nobody: while one is on its way, the next is refused by the model.
"""

from PySide6.QtCore import QObject, Signal

from kiosk.journeys.model import CaptureRestarted, Event, FeatureExamined, PrintRead
from ui.viewmodels.journey import JourneyModel


class CaseOrders(QObject):
    """Sends events of the panels to the case.

    Signals:
        restarted(): the document is presented anew; nothing that was read of it counts.
    """

    restarted = Signal()

    def __init__(self, journey: JourneyModel, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._journey = journey
        self._only_print = False
        self._answering = False
        self._held: Event | None = None

    @property
    def only_print(self) -> bool:
        """Whether what is on its way is only what the reader has read."""
        return self._only_print

    @property
    def answering(self) -> bool:
        """Whether the last order of the agent was about a feature."""
        return self._answering

    def send(self, event: Event) -> None:
        """An order of the agent."""
        if self._only_print and self._journey.busy:
            self._held = event  # nobody asked for the print: what the agent asks for comes next
            return
        restarted = isinstance(event, CaptureRestarted)
        self._answering = isinstance(event, FeatureExamined)
        if self._journey.dispatch(event) and restarted:
            self.restarted.emit()

    def send_print(self, event: PrintRead) -> None:
        """Printed fields, as soon as they are read."""
        self._only_print = True
        self._only_print = self._journey.dispatch(event)

    def take_turn(self) -> bool:
        """The answer is being shown; whether it was to printed fields only."""
        only_print, self._only_print = self._only_print, False
        return only_print

    def send_held(self) -> None:
        """The answer is shown: what waited for it comes now."""
        held, self._held = self._held, None
        if held is not None:
            self.send(held)

    def forget(self) -> None:
        """Refused, or another case: nothing waits any more."""
        self._only_print, self._held = False, None
