"""Cases that were left lying end by themselves while the program runs.

Rules, in order: looked for now and then, whoever is signed in or nobody; who touched the screen
within the hour is at work, and keeps their own cases; a page of a case that has ended here is put
away, since nothing can be done on it any more; what cannot be closed now (a full disk) is tried
again at the next look.
"""

from collections.abc import Collection
from functools import partial

from PySide6.QtCore import QObject, QTimer, Signal

from kiosk.domain.errors import PolicyInvalidError, VaultError
from kiosk.domain.ids import AgentId, CaseId
from ui.router.services import Services
from ui.viewmodels.journey import JourneyModel
from ui.viewmodels.session import SessionModel
from ui.workers.desk import Desk
from ui.workers.ticks import IdleWatch

EVERY_MS = 10 * 60 * 1000
AT_WORK_S = 60 * 60


class LateCases(QObject):
    """Looks for cases whose time is over.

    Signals:
        ended(object): cases that are not open any more, a set of ids; never an empty one.
    """

    ended = Signal(object)

    def __init__(
        self,
        services: Services,
        session: SessionModel,
        journey: JourneyModel,
        idle: IdleWatch,
        desk: Desk,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._services = services
        self._session = session
        self._journey = journey
        self._idle = idle
        self._desk = desk
        self._timer = QTimer(self)
        self._timer.setInterval(EVERY_MS)
        self._timer.timeout.connect(self.look)

    def start(self) -> None:
        """Look from now on; the start of the program has looked already."""
        self._timer.start()

    def stop(self) -> None:
        """No more looks."""
        self._timer.stop()

    def look(self) -> None:
        """Close what is late, in the vault's thread; and see whether what is shown is open."""
        view = self._journey.view
        shown = None if view is None or view.state.closed else view.state.case_id
        task = self._desk.submit(partial(self._close, self._present(), shown))
        task.done.connect(self._closed)

    def _present(self) -> AgentId | None:
        agent = None if self._session.is_locked else self._session.agent
        at_work = agent is not None and self._idle.quiet_s < AT_WORK_S
        return agent.agent_id if agent is not None and at_work else None

    def _close(self, present: AgentId | None, shown: CaseId | None) -> Collection[CaseId]:
        services = self._services
        try:
            ended = services.hand_over.expire(services.draft_age(), present)
            if shown is not None and not services.proofing.is_open(shown):
                ended |= {shown}  # by a lock-out, say, or as its agent came back too late
        except (VaultError, PolicyInvalidError):
            return ()
        return ended

    def _closed(self, cases: Collection[CaseId]) -> None:
        if cases:
            self.ended.emit(cases)
