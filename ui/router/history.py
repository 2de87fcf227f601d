"""The history of the day: lines of the journal, its verification, and answers to old acts."""

from collections.abc import Mapping

from PySide6.QtCore import QObject, Signal

from kiosk.audit.entries import EntryKind
from kiosk.audit.verify import JournalReport
from kiosk.ports import JournalRow
from kiosk.services.answer_facts import AnswerFacts
from ui.router.services import Services
from ui.screens.history import HistoryFacts, HistoryItem, HistoryScreen
from ui.screens.receipt import ReceiptScreen
from ui.shell import Shell
from ui.widgets.look import Look
from ui.workers.desk import Desk, Failure


class HistoryRouter(QObject):
    """Reads the journal, and shows what a line of it led to.

    Signals:
        changed(): the journal was read again, or verified.
        answer_opening(): another old act is about to be shown.
        failed(object): a :class:`Failure`.
    """

    changed = Signal()
    answer_opening = Signal()
    failed = Signal(object)

    def __init__(
        self,
        look: Look,
        shell: Shell,
        services: Services,
        desk: Desk,
        parent: QObject | None = None,
    ) -> None:
        """Desk: the vault's."""
        super().__init__(parent)
        self._shell = shell
        self._services = services
        self._desk = desk
        self._journal: tuple[JournalRow, ...] = ()
        self._verified: bool | None = None
        self._verifying = False
        self.page = HistoryScreen(look)
        self.past = ReceiptScreen(look, past=True)
        self.past.figures = services.sheet_figures
        self.page.verify_requested.connect(self._verify)
        self.page.answer_chosen.connect(self._find_answer)

    def refresh(self) -> None:
        """Read the journal again."""
        task = self._desk.submit(self._services.journal_rows)
        task.done.connect(self._read)
        task.failed.connect(self.failed)

    def write(self, conflicts: Mapping[int, str]) -> None:
        """Show the lines of today; conflicts: kind by number of the entry."""
        items = tuple(
            HistoryItem(row.seq, row.kind, row.wall_claimed, conflicts.get(row.seq, ""))
            for row in reversed(self._today())
        )
        self.page.show_facts(HistoryFacts(items, self._verified, self._verifying))

    @property
    def closed_today(self) -> int:
        """Verifications that ended today."""
        return sum(row.kind == EntryKind.VERIFY_CLOSE.value for row in self._today())

    def _today(self) -> list[JournalRow]:
        today = self._services.clock.now().astimezone().date()
        return [row for row in self._journal if row.wall_claimed.astimezone().date() == today]

    def _read(self, rows: tuple[JournalRow, ...]) -> None:
        self._journal = rows
        self.changed.emit()

    def _verify(self) -> None:
        if self._verifying:
            return
        self._verifying = True
        self.changed.emit()
        task = self._desk.submit(self._services.verify_journal)
        task.done.connect(self._was_verified)
        task.failed.connect(self._verify_failed)

    def _was_verified(self, report: JournalReport) -> None:
        self._verifying = False
        self._verified = report.verified
        self.changed.emit()

    def _verify_failed(self, failure: Failure) -> None:
        self._verifying = False
        self._verified = False
        self.changed.emit()
        self.failed.emit(failure)

    def _find_answer(self, seq: int) -> None:
        task = self._desk.submit(lambda: self._services.past_answer(seq))
        task.done.connect(self._show_answer)
        task.failed.connect(self.failed)

    def _show_answer(self, facts: AnswerFacts | None) -> None:
        if facts is None or self._shell.page is not self.page:
            return
        self.answer_opening.emit()
        self.past.show_facts(facts)
        self._shell.set_page(self.past, self.past.bar)
        self.past.setFocus()  # no button may hold it: Enter leads back
