"""A case that does not go on now: put aside (F3), interrupted (F8), decided early, handed over.

Rules, in order: what is stored stays, and what is only in memory is said to be lost; a key that is
pressed while an order is on its way waits its turn; a case that was handed over leaves nothing.
"""

from collections.abc import Callable
from functools import partial

from PySide6.QtCore import QObject, QTimer, Signal
from PySide6.QtGui import QKeySequence, QShortcut

from kiosk.domain.agent import Agent
from kiosk.domain.ids import AgentId
from kiosk.journeys.model import CaseState
from ui.router.frame import CaseFrame
from ui.router.lens import CaseLens
from ui.router.orders import CaseOrders
from ui.router.panels import CasePanels
from ui.shell import Shell
from ui.viewmodels.journey import JourneyModel
from ui.widgets.look import Look

ASIDE_KEY = "F3"
"""Puts a case aside, from every step."""


class Interruptions(QObject):
    """Leads out of a case before its seal.

    Signals:
        finished(): the case is put aside or handed over; go home.
    """

    finished = Signal()

    def __init__(  # noqa: PLR0913, PLR0917 - one for each thing that it joins
        self,
        look: Look,
        shell: Shell,
        orders: CaseOrders,
        journey: JourneyModel,
        panels: CasePanels,
        frame: CaseFrame,
        lens: CaseLens,
        leave: Callable[[], None],
        parent: QObject | None = None,
    ) -> None:
        """Leave: nothing of the case stays on the screen."""
        super().__init__(parent)
        self._look = look
        self._shell = shell
        self._orders = orders
        self._journey = journey
        self._stop, self._decision = panels.stop, panels.decision
        self._frame = frame
        self._lens = lens
        self._leave = leave
        self._aside_waits = False
        self._aside_key = QShortcut(QKeySequence(ASIDE_KEY), shell)
        self._aside_key.activated.connect(self._aside_by_key)
        for panel in panels.all:
            panel.stop_requested.connect(partial(orders.act, self._interrupt))
        self._stop.aside_requested.connect(partial(orders.act, self.put_aside))
        self._stop.decide_requested.connect(self._decide_now)
        self._stop.hand_requested.connect(self._hand_over)
        journey.colleagues_known.connect(self._stop.show_colleagues)
        journey.handed.connect(self._handed)
        journey.busy_changed.connect(self._try_again)
        journey.left.connect(self._drop_wish)

    def put_aside(self) -> None:
        """Keep the draft, go home; what is not kept is said."""
        if self._journey.busy:
            return
        view = self._journey.view
        pictured = view is not None and was_pictured(view.state)
        self._leave()
        self._shell.toast(self._look.language.tr("aside.pictures" if pictured else "journey.aside"))
        self.finished.emit()

    def _aside_by_key(self) -> None:
        """One key from every step; pressed while an order is on its way, it waits its turn."""
        self._drop_wish()
        view = self._journey.view
        if view is None or view.state.closed or not self._frame.uncovered:
            return
        self._aside_waits = self._journey.busy
        self.put_aside()

    def _drop_wish(self) -> None:
        """The key was meant for this case as it is now, not for a later one."""
        self._aside_waits = False

    def _try_again(self, busy: bool) -> None:
        if not busy and self._aside_waits:
            # After the answer was shown: the case is put aside as it is stored now.
            QTimer.singleShot(0, self, self._aside_by_key)

    def _interrupt(self) -> None:
        view = self._journey.view
        if view is None or self._journey.busy:
            return
        self._lens.off()
        self._stop.show_case(view)
        self._stop.begin()
        self._journey.ask_colleagues()
        self._frame.put(self._stop)

    def _decide_now(self) -> None:
        """The page of the decision, at an earlier step: refusal and suspension only."""
        view = self._journey.view
        if view is not None:
            self._decision.show_case(view)
            self._decision.back.setEnabled(True)
            self._frame.put(self._decision)

    def _hand_over(self, agent_id: str) -> None:
        self._orders.act(partial(self._journey.hand_over, AgentId(agent_id)))

    def _handed(self, agent: Agent) -> None:
        """The case is a colleague's now: nothing of it stays here."""
        self._leave()
        self._shell.toast(self._look.language.tr("people.handed", name=agent.display_name))
        self.finished.emit()


def was_pictured(state: CaseState) -> bool:
    """Whether a side was read by the camera: its picture is in memory only."""
    return any(not side.by_hand for side in state.sides)
