"""The ground of the panels that advise: they ask the room of advice, and say so when it cannot."""

from abc import abstractmethod
from datetime import datetime

from PySide6.QtCore import Signal
from typing_extensions import override

from kiosk.advice.service import help_figures
from kiosk.documents.catalogue import DocumentCatalogue
from kiosk.domain.errors import AdviceError
from kiosk.journeys.model import CaseState
from kiosk.journeys.service_steps import Purpose
from ui.i18n import Language
from ui.steps.panel import StepPanel
from ui.viewmodels.advice import AdviceDesk
from ui.viewmodels.sheet import AdviceSheet
from ui.widgets.button import Button
from ui.widgets.look import Look

PRINT_KEY = "Ctrl+P"


class AdvicePanel(StepPanel):
    """A panel over :class:`AdviceDesk`.

    Signals:
        sheet_requested(object): print this :class:`AdviceSheet`, or keep it as a PDF.
    """

    sheet_requested = Signal(object)

    def __init__(self, look: Look, catalogue: DocumentCatalogue, desk: AdviceDesk) -> None:
        self.desk = desk
        self.print_button = Button(look, "", icon="printer", key=PRINT_KEY)
        self.print_button.setObjectName("print-sheet")
        super().__init__(look, catalogue)
        self.print_button.clicked.connect(self._print)

    @override
    def refresh(self) -> None:
        if self.view is None:
            return
        try:
            self.show_state(self.view.state)
        except AdviceError as exc:
            tr = self.look.language.tr
            self.show_problem(f"{tr(f'errors.{exc.code}.what')} {tr(f'errors.{exc.code}.do')}")
            self.primary.setEnabled(False)

    @abstractmethod
    def show_state(self, state: CaseState) -> None:
        """Show the case. May raise AdviceError."""

    def sheet(self) -> AdviceSheet | None:
        """What the customer may take along, None where there is nothing yet."""
        return None

    @property
    def paper_language(self) -> Language:
        """Of what the customer takes along: the one chosen, the screen's where none was."""
        chosen = self.view.state.language if self.view is not None else ""
        return self.look.language.speaking(chosen) if chosen else self.look.language

    def figure(self, key: str, language: Language | None = None, **values: object) -> str:
        """Text of a whole key, dated figures filled in; the screen's language when left out.

        Raises:
            NoFactError: no such figure holds today.
        """
        language = language or self.look.language
        figures = self.desk.service.figures(self.desk.today, language.code)
        line = help_figures(figures, elected=self._elected)
        return language.tr(key, **figures | line | values)

    @property
    def _elected(self) -> bool:
        """The customer comes for the account of an elected member, who has a help line."""
        chosen = self.view.state.purpose if self.view is not None else None
        return chosen is not None and chosen.purpose is Purpose.ELECTED_ACCOUNT

    def foot(self) -> tuple[str, ...]:
        """Last lines of a sheet: whom to call, where and when it was made. Raises NoFactError.

        Elected members have an adviser of their own.
        """
        language = self.paper_language
        tr = language.tr
        number, hours = (self.figure(f"sheet.{name}", language) for name in ("number", "hours"))
        key = "sheet.help_elected" if self._elected else "sheet.help"
        return (
            tr(key, number=number, hours=hours),
            tr("sheet.made", day=language.day(self.desk.today), office=self.desk.office),
            tr("sheet.nobody"),
        )

    def _print(self) -> None:
        sheet = self.sheet()
        if sheet is not None:
            self.sheet_requested.emit(sheet)


def moment_within(moment: datetime, language: Language) -> str:
    """A moment in its own zone, within a sentence: ``lundi 23 novembre à 15 h 00``."""
    day, clock = language.weekday_within(moment.date()), language.wall_time(moment)
    return language.tr("sheet.moment", day=day, time=clock)
