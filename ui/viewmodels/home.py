"""What waits for the agent: cases to resume."""

from functools import partial

from PySide6.QtCore import QObject, Signal

from kiosk.services.agents import Session
from kiosk.services.proofing import DraftSummary, Proofing
from ui.workers.desk import Desk


class HomeModel(QObject):
    """Cases in progress of the agent who is signed in.

    Signals:
        changed(): drafts were read again.
        failed(object): a :class:`~ui.workers.desk.Failure`.
    """

    changed = Signal()
    failed = Signal(object)

    def __init__(self, proofing: Proofing, desk: Desk, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._proofing = proofing
        self._desk = desk
        self._drafts: tuple[DraftSummary, ...] = ()

    @property
    def drafts(self) -> tuple[DraftSummary, ...]:
        """Newest first, as last read."""
        return self._drafts

    def refresh(self, session: Session) -> None:
        """Read again."""
        task = self._desk.submit(partial(self._proofing.drafts, session))
        task.done.connect(self._read)
        task.failed.connect(self.failed)

    def forget(self) -> None:
        """Nobody is signed in: show nothing."""
        self._drafts = ()
        self.changed.emit()

    def _read(self, drafts: tuple[DraftSummary, ...]) -> None:
        self._drafts = drafts
        self.changed.emit()
