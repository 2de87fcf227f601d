"""At the door: who is to be met, and what to do when nobody can be verified."""

from collections.abc import Callable
from datetime import date

from PySide6.QtCore import Signal
from typing_extensions import override

from kiosk.documents.catalogue import DocumentCatalogue
from kiosk.domain.request import RequestVerdict
from kiosk.journeys.model import RequestPresented
from ui.steps.panel import StepPanel
from ui.steps.words import full_name, partial_day
from ui.theme import Type
from ui.widgets.card import Card
from ui.widgets.field import ReadList, ReadRow
from ui.widgets.label import Label
from ui.widgets.look import Look
from ui.widgets.missed import MissedVisit


class VisitPanel(StepPanel):
    """The person of the request, what stands against it, and the four reasons at the foot.

    Signals:
        missed(str, str, object): visit, value of the reason, the new day or None.
        begin_requested(str): somebody is there after all: the request of this visit comes in.

    Attributes:
        place_of: the lines that say where a visit is; from whoever holds the round.
    """

    missed = Signal(str, str, object)
    begin_requested = Signal(str)
    name = "visit"
    keeps_hint = True

    def __init__(self, look: Look, catalogue: DocumentCatalogue) -> None:
        super().__init__(look, catalogue)
        self._card = Card(look, " ")
        self._place = Label(look, "", Type.TILE, wrap=True)
        self._verdict = Label(look, "", Type.STRONG, "warn", wrap=True)
        self._way_on = Label(look, "", Type.BODY, "ink2", wrap=True)
        self._rows = ReadList(look)
        self._foot = Card(look, " ")
        self.choices = MissedVisit(look)
        for widget in (self._place, self._verdict, self._way_on, self._rows):
            self._card.body.addWidget(widget)
        self._foot.body.addWidget(self.choices)
        self.body.addWidget(self._card)
        self.body.addStretch(1)
        self.body.addWidget(self._foot)
        self.place_of: Callable[[str], tuple[str, ...]] = lambda _visit: ()
        self.choices.missed.connect(self._miss)

    @override
    def set_today(self, today: date) -> None:
        """The days that a visit may be put off to follow this one."""
        self.choices.set_today(today)

    @override
    def forget(self) -> None:
        super().forget()
        self._rows.show_rows(())
        self._place.clear()
        self.choices.begin()

    @override
    def set_busy(self, busy: bool) -> None:
        super().set_busy(busy)
        self.choices.set_usable(not busy and self._visit_id != "")

    @override
    def go_on(self) -> None:
        state = self.view.state if self.view else None
        if state is None or state.request_problem is not None:
            return
        if state.request is not None:
            self.happened.emit(RequestPresented(RequestVerdict.VALID, state.request))
        elif self._visit_id:
            self.begin_requested.emit(self._visit_id)

    @property
    def _visit_id(self) -> str:
        visit = self.view.state.visit if self.view else None
        return "" if visit is None else visit.visit_id

    @override
    def refresh(self) -> None:
        if self.view is None:
            return
        state = self.view.state
        language = self.look.language
        request, problem = state.request, state.request_problem
        number = "" if state.visit is None else state.visit.position
        self._card.set_title(self.tr_("card", number=number) if number else self.tr_("person"))
        self._foot.set_title(self.tr_("missed"))
        words = ("", "")
        if state.visit is None:
            words = (self.tr_("unknown"), "")
        elif problem is not None:
            key = f"journey.request.verdict.{problem.value}"
            words = (language.tr(f"{key}.what"), language.tr(f"{key}.do"))
        place = "\n".join(self.place_of(self._visit_id))
        labels = (self._place, self._verdict, self._way_on)
        for label, text in zip(labels, (place, *words), strict=True):
            label.setText(text)
            label.setVisible(bool(text))
        rows: tuple[ReadRow, ...] = ()
        if request is not None:
            tr = language.tr
            name = full_name(request.surname, request.given_names)
            born = partial_day(request.birth_date, language)
            rows = (
                ReadRow("name", tr("journey.request.name"), name),
                ReadRow("birth", tr("journey.request.birth"), born),
            )
        self._rows.show_rows(rows)
        self._rows.setVisible(bool(rows))
        self.primary.setEnabled(problem is None and self._visit_id != "")
        self.choices.set_usable(self._visit_id != "")

    def _miss(self, reason: str, new_day: date | None) -> None:
        if self._visit_id:
            self.choices.begin()
            self.missed.emit(self._visit_id, reason, new_day)
