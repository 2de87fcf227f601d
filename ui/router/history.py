"""The history of the day: lines of the journal, its verification, and answers to old acts.

Earlier days show the closed acts whose sheet is still kept (:mod:`kiosk.services.past_days`); the
page comes back to today whenever it is opened anew, and when nobody is signed in.
"""

from collections.abc import Mapping
from datetime import date, timedelta
from functools import partial

from PySide6.QtCore import QObject, Signal

from kiosk.audit.entries import EntryKind
from kiosk.audit.verify import JournalReport
from kiosk.ports import JournalRow
from kiosk.services.answer_facts import AnswerFacts
from kiosk.services.day_figures import mean_duration
from kiosk.services.past_days import PastDay
from ui.router.services import Services
from ui.screens.history import HistoryFacts, HistoryItem, HistoryScreen
from ui.screens.receipt import ReceiptScreen
from ui.shell import Shell
from ui.steps.entries import typed_day
from ui.theme import Tone
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
        self._look = look
        self._services = services
        self._desk = desk
        self._past_day: PastDay | None = None
        self._oldest = False
        self._journal: tuple[JournalRow, ...] = ()
        self._mean: tuple[list[JournalRow], timedelta | None] | None = None
        self._verified: bool | None = None
        self._verifying = False
        self.page = HistoryScreen(look)
        self.past = ReceiptScreen(look, past=True)
        self.past.figures = services.sheet_figures
        self.page.verify_requested.connect(self._verify)
        self.page.answer_chosen.connect(self._find_answer)
        self.page.days.earlier_requested.connect(self._go_back)
        self.page.days.later_requested.connect(self._go_on)
        self.page.days.day_typed.connect(self._go_typed)

    def refresh(self) -> None:
        """Read the journal again."""
        task = self._desk.submit(self._services.journal_rows)
        task.done.connect(self._read)
        task.failed.connect(self.failed)
        days, past = self._services.past_days, self._past_day
        if days is not None and past is not None:
            again = self._desk.submit(partial(days.on, past.day))
            again.done.connect(self._read_again)
            again.failed.connect(self.failed)

    def to_today(self) -> None:
        """The page is opened anew, or nobody is signed in."""
        self._past_day, self._oldest = None, False
        self.page.days.edit.clear()

    def write(self, conflicts: Mapping[int, str]) -> None:
        """Show the lines of the day; conflicts: kind by number of the entry."""
        past = self._past_day
        rows = tuple(reversed(self._today())) if past is None else past.acts
        items = tuple(
            HistoryItem(row.seq, row.kind, row.wall_claimed, conflicts.get(row.seq, ""))
            for row in rows
        )
        self.page.show_facts(
            HistoryFacts(
                items,
                self._verified,
                self._verifying,
                day=None if past is None else past.day,
                oldest=self._oldest,
                days=self._services.past_days is not None,
            )
        )

    @property
    def closed_today(self) -> int:
        """Verifications that ended today."""
        return sum(row.kind == EntryKind.VERIFY_CLOSE.value for row in self._today())

    @property
    def duration_today(self) -> str:
        """How long the cases that ended today took on average, in words; ``""`` without one."""
        today = self._today()
        if self._mean is None or self._mean[0] != today:
            self._mean = (today, mean_duration(today))
        mean = self._mean[1]
        return "" if mean is None else self._look.language.duration(mean)

    # --- the day ------------------------------------------------------------------------------

    @property
    def _day(self) -> date:
        """Today, by the clock that the entries were written by."""
        return self._services.clock.now().astimezone().date()

    def _go_back(self) -> None:
        days = self._services.past_days
        if days is not None:
            day = self._day if self._past_day is None else self._past_day.day
            task = self._desk.submit(partial(days.before, day))
            task.done.connect(self._went_back)
            task.failed.connect(self.failed)

    def _went_back(self, found: PastDay | None) -> None:
        if found is None:
            self._oldest = True
            self._tell("history.day.oldest")
            self.changed.emit()
        else:
            self._show_day(found)

    def _go_on(self) -> None:
        days, past = self._services.past_days, self._past_day
        if days is not None and past is not None:
            task = self._desk.submit(partial(days.after, past.day, self._day))
            task.done.connect(self._show_day)
            task.failed.connect(self.failed)

    def _go_typed(self, text: str) -> None:
        day = typed_day(text)
        if day is None:
            self._tell("history.day.wrong")
        else:
            self.page.days.edit.clear()
            self.page.setFocus()
            self._go_to(day)

    def _go_to(self, day: date) -> None:
        days = self._services.past_days
        if days is None:
            return
        if day >= self._day:
            self._show_day(None)
            return
        task = self._desk.submit(partial(days.on, day))
        task.done.connect(self._show_day)
        task.failed.connect(self.failed)

    def _show_day(self, found: PastDay | None) -> None:
        """None: today."""
        is_past = found is not None and found.day < self._day
        self._past_day, self._oldest = found if is_past else None, False
        self.changed.emit()

    def _read_again(self, found: PastDay) -> None:
        """The day that is shown, read anew; the agent may have gone to another one meanwhile."""
        past = self._past_day
        if past is not None and past.day == found.day and past != found:
            self._past_day = found
            self.changed.emit()

    def _tell(self, key: str) -> None:
        self._shell.toast(self._look.language.tr(key), Tone.INFO)

    # --- the journal --------------------------------------------------------------------------

    def _today(self) -> list[JournalRow]:
        today = self._day
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
        if self._shell.page is not self.page:
            return
        if facts is None:
            self._tell("history.no_sheet")
            return
        self.answer_opening.emit()
        self.past.show_facts(facts)
        self._shell.set_page(self.past, self.past.bar)
        self.past.setFocus()  # no button may hold it: Enter leads back
