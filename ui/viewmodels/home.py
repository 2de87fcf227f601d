"""What waits for the agent: cases to resume, and what colleagues left."""

from functools import partial

from PySide6.QtCore import QObject, Signal

from kiosk.domain.ids import CaseId
from kiosk.services.agents import Session
from kiosk.services.hand_over import ColleagueDraft
from kiosk.services.proofing import DraftSummary, Proofing
from ui.workers.desk import Desk

_Answer = tuple[tuple[DraftSummary, ...], tuple[ColleagueDraft, ...], str]


class HomeModel(QObject):
    """Cases in progress of the agent who is signed in, and those a manager may take over.

    Signals:
        changed(): drafts were read again.
        taken(str): this case is the agent's now.
        failed(object): a :class:`~ui.workers.desk.Failure`.
    """

    changed = Signal()
    taken = Signal(str)
    failed = Signal(object)

    def __init__(self, proofing: Proofing, desk: Desk, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._proofing = proofing
        self._desk = desk
        self._drafts: tuple[DraftSummary, ...] = ()
        self._colleagues: tuple[ColleagueDraft, ...] = ()
        self._darkness = ""

    @property
    def dark(self) -> bool:
        """Whether the device was without contact for too long, or is lost, as last read."""
        return bool(self._darkness)

    @property
    def darkness(self) -> str:
        """Code of what keeps the device dark, as last read; ``""`` where nothing does."""
        return self._darkness

    @property
    def drafts(self) -> tuple[DraftSummary, ...]:
        """Newest first, as last read."""
        return self._drafts

    @property
    def colleagues(self) -> tuple[ColleagueDraft, ...]:
        """Cases of others that this agent may take over, as last read."""
        return self._colleagues

    def refresh(self, session: Session) -> None:
        """Read again."""
        task = self._desk.submit(partial(self._read_all, session))
        task.done.connect(self._read)
        task.failed.connect(self.failed)

    def take_over(self, case_id: CaseId, session: Session) -> None:
        """Make the case of somebody absent the agent's own."""
        task = self._desk.submit(partial(self._proofing.take_over, case_id, session))
        task.done.connect(partial(self._took, case_id))
        task.failed.connect(self.failed)

    def forget(self) -> None:
        """Nobody is signed in: show nothing."""
        self._drafts = ()
        self._colleagues = ()
        self.changed.emit()

    def _read_all(self, session: Session) -> _Answer:
        """In the vault's thread."""
        proofing = self._proofing
        return proofing.drafts(session), proofing.of_colleagues(session), proofing.darkness()

    def _read(self, answer: _Answer) -> None:
        self._drafts, self._colleagues, self._darkness = answer
        self.changed.emit()

    def _took(self, case_id: CaseId, _nothing: object) -> None:
        self.taken.emit(case_id)
