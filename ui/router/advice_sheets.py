"""Sheets of advice on their way to paper: each is answered on the page that asked for it.

Rules, in order: the very same sheet is not sent twice while it is under way; what became of one is
told on the page of the case that asked, and nowhere once that page is gone.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject

from ui.router.sheets import SheetRouter
from ui.screens.sheet_print import Kept
from ui.steps.panel import StepPanel
from ui.steps.words import failure_words
from ui.theme import Tone
from ui.viewmodels.sheet import AdviceSheet
from ui.widgets.look import Look
from ui.workers.desk import Failure


@dataclass(frozen=True, slots=True)
class Page:
    """A panel, while it shows a certain case."""

    panel: StepPanel
    case_id: str


@dataclass(frozen=True, slots=True)
class _Order:
    page: Page
    sheet: AdviceSheet


class AdviceSheets(QObject):
    """Sends sheets of advice and tells what became of them."""

    def __init__(
        self,
        look: Look,
        sheets: SheetRouter,
        folder: Path,
        page: Callable[[], Page | None],
        parent: QObject | None = None,
    ) -> None:
        """Folder: for PDFs. Page: what is on the screen now."""
        super().__init__(parent)
        self._look = look
        self._sheets = sheets
        self._folder = folder
        self._page = page
        self._under_way: list[_Order] = []

    def send(self, sheet: AdviceSheet) -> None:
        """Print a sheet for the page that is on the screen, or keep it as a PDF."""
        page = self._page()
        if page is None:
            return
        order = _Order(page, sheet)
        if order in self._under_way:
            return  # a second press is impatience, not a second sheet
        self._under_way.append(order)
        self._tell(page, self._look.language.tr("answer_sheet.printing"), Tone.INFO)
        task = self._sheets.send(sheet, self._folder / f"visavis-{sheet.name}.pdf")
        task.done.connect(partial(self._done, order))
        task.failed.connect(partial(self._failed, order))

    def _done(self, order: _Order, kept: Kept) -> None:
        self._under_way.remove(order)
        key, name = ("printed", "") if kept.file is None else ("no_printer", kept.file.name)
        words = self._look.language.tr(f"answer_sheet.{key}", file=name)
        self._tell(order.page, words, Tone.OK)

    def _failed(self, order: _Order, failure: Failure) -> None:
        self._under_way.remove(order)
        self._tell(order.page, failure_words(failure, self._look.language), Tone.BAD)

    def _tell(self, page: Page, text: str, tone: Tone) -> None:
        if page == self._page():
            page.panel.show_problem(text, tone)
