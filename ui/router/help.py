"""The help page: a section like the others, and a page over an open case that leads back to it."""

from datetime import date

from PySide6.QtCore import QObject, Signal

from kiosk.advice.helpline import HelpNow
from kiosk.domain.errors import DayRangeError
from ui.router.services import Services
from ui.screens.help_lines import opening_text
from ui.screens.help_page import HelpScreen
from ui.shell import Shell
from ui.viewmodels.help import HelpBook
from ui.widgets.look import Look


class HelpRouter(QObject):
    """Keeps the page true: numbers by the minute, answers by the day and the language.

    Signals:
        left(): back to the case behind the page.
    """

    left = Signal()

    def __init__(
        self, look: Look, shell: Shell, services: Services, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._look = look
        self._shell = shell
        self._services = services
        self._book_of: tuple[str, date] | None = None
        self.page = HelpScreen(look)
        self.over_case = HelpScreen(look, over_case=True)
        for page in (self.page, self.over_case):
            page.tick.connect(self.write)
        self.over_case.back_requested.connect(self.left)
        look.language.changed.connect(self._change_language)

    def lines(self) -> tuple[HelpNow, ...]:
        """The numbers now; none where the clock is too far off to say."""
        try:
            return self._services.service.help_now(self._services.now())
        except DayRangeError:
            return ()

    def sentences(self) -> tuple[str, ...]:
        """The numbers now, one sentence each."""
        language = self._look.language
        return tuple(
            f"{language.tr(f'help_page.audience.{now.audience.value}.title')}\u00a0: "
            f"{now.number}. {opening_text(now, language)}"
            for now in self.lines()
        )

    def show_over_case(self) -> None:
        """The page over a case: its button leads back."""
        page = self.over_case
        page.forget()
        self.write()
        self._shell.set_page(page, page.bar)
        self._shell.set_title(self._look.language.tr("common.section.help"))
        page.setFocus()

    def write(self) -> None:
        """Judge the numbers again; open the book of the day and language where it is another."""
        pages, lines = (self.page, self.over_case), self.lines()
        for page in pages:
            page.show_lines(lines)
        service, language = self._services.service, self._look.language
        today = service.today(self._services.now())
        if self._book_of != (language.code, today):
            self._book_of = language.code, today
            book = HelpBook(service, language, today)
            for page in pages:
                page.show_book(book)

    def _change_language(self) -> None:
        if self._book_of is not None:
            self.write()
