"""Events on their way to the case: what the agent asks for never gets lost behind another.

Rules, in order:

1. Printed fields come when the reader has them, and the language when the customer chooses it; the
   agent asked for neither, and no panel looks busy.
2. What the agent asks for while they are being stored is held, and done once they are: an event,
   a code that is presented, the word of a second agent, a hand-over, an interruption. The last one
   counts.
3. Every other order waits for nobody: while one is on its way, the next is refused by the model.
"""

from collections.abc import Callable
from functools import partial

from PySide6.QtCore import QObject, Signal

from kiosk.journeys.model import CaptureRestarted, Event, FeatureExamined, LanguageChosen, PrintRead
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
        self._quiet = False
        self._answering = False
        self._held: Callable[[], object] | None = None

    @property
    def quiet(self) -> bool:
        """Whether what is on its way was not asked for by the agent."""
        return self._quiet

    @property
    def answering(self) -> bool:
        """Whether the last order of the agent was about a feature."""
        return self._answering

    def send(self, event: Event) -> None:
        """An event that the agent asks for."""
        self.act(partial(self._send, event))

    def act(self, order: Callable[[], object]) -> None:
        """Any order of the agent: given now, or once what nobody asked for is stored."""
        if self._quiet and self._journey.busy:
            self._held = order
        else:
            order()

    def _send(self, event: Event) -> None:
        restarted = isinstance(event, CaptureRestarted)
        self._answering = isinstance(event, FeatureExamined)
        if self._journey.dispatch(event) and restarted:
            self.restarted.emit()

    def send_quietly(self, event: PrintRead | LanguageChosen) -> None:
        """What the agent did not ask for: printed fields, or the customer's language."""
        self._quiet = True
        self._quiet = self._journey.dispatch(event)

    def take_turn(self) -> bool:
        """The answer is being shown; whether it was to what the agent did not ask for."""
        quiet, self._quiet = self._quiet, False
        return quiet

    def send_held(self) -> None:
        """The answer is shown: what waited for it comes now, unless another one came before."""
        if self._journey.busy:
            return
        held, self._held = self._held, None
        if held is not None:
            held()

    def forget(self) -> None:
        """Refused, not kept, or another case: nothing waits any more."""
        self._quiet, self._held = False, None
