"""The round of the day, for one hand: the next visit first, what to do with it at the foot.

The same page lists the appointments of a counter. At a door no name stands here before the visit
is opened: whoever looks over a carrier's shoulder learns an address that the letter box tells too.
"""

from dataclasses import dataclass
from datetime import date, datetime

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QHBoxLayout, QVBoxLayout, QWidget
from typing_extensions import override

from kiosk.domain.decision import Outcome
from kiosk.services.rounds import PlannedVisit, VisitState
from kiosk.sync.rounds import window_over
from ui.screens.page import Page
from ui.theme import Size, Space, Tone, Type
from ui.widgets.button import Button, ButtonKind
from ui.widgets.card import Card
from ui.widgets.chip import Chip
from ui.widgets.empty import EmptyState
from ui.widgets.label import Label
from ui.widgets.list_row import RowItem, RowList
from ui.widgets.look import Look
from ui.widgets.missed import MissedVisit
from ui.widgets.outcome import OUTCOME_LOOKS


@dataclass(frozen=True, slots=True)
class RoundPageFacts:
    """What the page shows.

    Attributes:
        visits: of today, in order.
        now: local time, aware.
        loading: a load is under way.
        loaded_at: when the round was last loaded, or None.
        reason: stable code of what kept the last load from being answered, or ``""``.
        invalid: visits that came and were not valid.
    """

    visits: tuple[PlannedVisit, ...]
    now: datetime
    loading: bool = False
    loaded_at: datetime | None = None
    reason: str = ""
    invalid: int = 0


_WIDE = 1000
"""Width of the page from which the list stands beside the chosen visit, in pixels."""


class RoundBar(QWidget):
    """The foot of the page: reasons above, the one way on below, as wide as the hand is lazy."""

    def __init__(self, look: Look) -> None:
        super().__init__()
        self._look = look
        self.missed = MissedVisit(look)
        self.primary = Button(
            look, "", kind=ButtonKind.PRIMARY, key="Return", trailing="arrow-right"
        )
        self.primary.setObjectName("round-open")
        self._column = QVBoxLayout(self)
        self._row = QHBoxLayout()
        self._row.addStretch(1)
        self._row.addWidget(self.primary)
        self._column.addWidget(self.missed)
        self._column.addLayout(self._row)
        look.theme.changed.connect(self._restyle)
        self._restyle()

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), self._look.theme.color("surface"))
        painter.end()

    def _restyle(self) -> None:
        side = self._look.theme.gutter
        self._column.setContentsMargins(side, Space.L, side, Space.L)
        self._column.setSpacing(Space.M)
        # At a counter a mouse finds it at the right, as on every page.
        tablet = self._look.theme.tablet
        self._row.setStretch(0, 0 if tablet else 1)
        self._row.setStretch(1, 1 if tablet else 0)
        self.primary.set_height(Size.TARGET_TABLET if tablet else Size.TARGET_COUNTER)
        self.update()


class RoundScreen(Page):
    """The chosen visit, the list, and what to do at the foot.

    Signals:
        open_requested(str): begin or resume this visit.
        miss_requested(str, str, object): visit, value of the reason, the new day or None.
        reload_requested(): ask the central side again.
    """

    open_requested = Signal(str)
    miss_requested = Signal(str, str, object)
    reload_requested = Signal()

    def __init__(self, look: Look, *, appointments: bool = False) -> None:
        """``appointments``: of a counter, where people come by themselves."""
        super().__init__(look)
        self.setObjectName("round")
        self._appointments = appointments
        self._words = "appointments" if appointments else "round"
        self._facts: RoundPageFacts | None = None
        self._chosen = ""
        self.reload = Button(look, "", icon="refresh", key="F5")
        self.reload.setObjectName("round-reload")
        self.bar = RoundBar(look)
        self._left = Label(look, "", Type.BODY, "ink2")
        self._note = Label(look, "", Type.STRONG, "warn", wrap=True)
        self._state = Chip(look, "", tone=Tone.INFO)
        self._head = Label(look, "", Type.LABEL_STRONG, "ink2")
        self._window = Label(look, "", Type.H2, wrap=True)
        self._line = Label(look, "", Type.TILE, wrap=True)
        self._locality = Label(look, "", Type.BODY, "ink2", wrap=True)
        self._card = Card(look)
        self._list = Card(look, " ", trailing=self._left)
        self.rows = RowList(look, clickable=True)
        self._empty = EmptyState(look, "calendar", "")
        self._split = QBoxLayout(QBoxLayout.Direction.TopToBottom)
        self._build()
        self._bind()
        self.retranslate()

    def _build(self) -> None:
        self.corner.addWidget(self.reload)
        top = QHBoxLayout()
        top.setSpacing(Space.M)
        top.addWidget(self._head, 1)
        top.addWidget(self._state)
        self._card.body.addLayout(top)
        for label in (self._window, self._line, self._locality):
            self._card.body.addWidget(label)
        self._list.body.addWidget(self.rows)
        self._list.body.addWidget(self._empty, 1)
        self._list.body.addStretch(1)
        self.body.addWidget(self._note)
        self._split.setSpacing(Space.L)
        self._split.addWidget(self._card, 2, Qt.AlignmentFlag.AlignTop)
        self._split.addWidget(self._list, 3)
        self.body.addLayout(self._split, 1)
        self.bar.missed.setVisible(not self._appointments)

    def _bind(self) -> None:
        self.reload.clicked.connect(self.reload_requested)
        self.rows.chosen.connect(self.choose)
        self.bar.primary.clicked.connect(self._open)
        self.bar.missed.missed.connect(self._miss)

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        """Beside each other where the screen is wide and low, else under each other."""
        super().resizeEvent(event)
        wide = self.width() >= _WIDE
        ways = QBoxLayout.Direction
        self._split.setDirection(ways.LeftToRight if wide else ways.TopToBottom)
        self._split.setStretch(0, 2 if wide else 0)
        self._split.setStretch(1, 3 if wide else 1)

    # --- what is shown ------------------------------------------------------------------------

    def show_facts(self, facts: RoundPageFacts) -> None:
        """Show these; a visit that was chosen stays chosen while it can be opened."""
        self._facts = facts
        self.reload.set_busy(facts.loading)
        self.bar.missed.set_today(facts.now.date())
        self.retranslate()

    def forget(self) -> None:
        """The shift is over: no address stays on a hidden page."""
        self._facts = None
        self._chosen = ""
        self.bar.missed.begin()
        self.retranslate()

    def set_orders_open(self, open_: bool) -> None:
        """Whether an order can be given: not while one is on its way."""
        self.bar.primary.set_busy(not open_)
        self.bar.missed.set_usable(open_ and self._may_miss())

    def choose(self, visit_id: str) -> None:
        """Choose another visit than the next one."""
        self._chosen = visit_id
        self.bar.missed.begin()
        self.retranslate()

    @property
    def selected(self) -> PlannedVisit | None:
        """The visit that the foot of the page is about."""
        visits = () if self._facts is None else self._facts.visits
        chosen = next((item for item in visits if item.visit.visit_id == self._chosen), None)
        return chosen or self._next()

    def _next(self) -> PlannedVisit | None:
        """A visit that was begun, or the first one to make."""
        visits = () if self._facts is None else self._facts.visits
        for state in (VisitState.OPEN, VisitState.PLANNED):
            found = next((item for item in visits if item.state is state), None)
            if found is not None:
                return found
        return None

    def _may_miss(self) -> bool:
        selected = self.selected
        return selected is not None and selected.may_open and not self._appointments

    @override
    def retranslate(self) -> None:
        language = self.look.language
        tr = language.tr
        facts = self._facts
        self.title.setText(tr(f"{self._words}.title"))
        self.hint.setText(tr(f"{self._words}.hint"))
        self.reload.setText(tr("round.reload"))
        self.reload.updateGeometry()
        self._list.set_title(tr(f"{self._words}.list"))
        visits = () if facts is None else facts.visits
        left = sum(item.state in (VisitState.PLANNED, VisitState.OPEN) for item in visits)
        loaded_at = None if facts is None else facts.loaded_at
        fresh = "" if loaded_at is None else tr("round.loaded_at", time=language.time(loaded_at))
        told = (tr(f"{self._words}.left", n=left) if visits else "", fresh)
        self._left.setText(" · ".join(filter(None, told)))
        self.rows.show_items(tuple(self._row(item) for item in visits))
        self.rows.setVisible(bool(visits))
        self._show_empty(bool(visits))
        self._show_note()
        self._show_selected()

    def _show_empty(self, any_visits: bool) -> None:
        tr = self.look.language.tr
        loaded = self._facts is not None and self._facts.loaded_at is not None
        words = "none" if loaded else "not_loaded"
        key = f"{self._words}.{words}"
        self._empty.show_text(tr(key), tr(f"{key}_hint"))
        self._empty.setVisible(not any_visits)

    def _show_note(self) -> None:
        tr = self.look.language.tr
        facts = self._facts
        words = ""
        if facts is not None and facts.invalid:
            words = tr("round.invalid", n=facts.invalid)
        elif facts is not None and facts.reason and facts.visits:
            words = tr("round.offline")
        elif facts is not None and facts.reason:
            words = tr(f"errors.{facts.reason}.what")
        self._note.setText(words)
        self._note.setVisible(bool(words))

    def _show_selected(self) -> None:
        tr = self.look.language.tr
        item, facts = self.selected, self._facts
        done = item is None and facts is not None and bool(facts.visits)
        self._card.setVisible(item is not None or done)
        self.bar.setEnabled(item is not None)
        self.bar.primary.setText(tr(f"{self._words}.open"))
        self.bar.primary.setEnabled(item is not None and item.may_open)
        self.bar.missed.set_usable(self._may_miss())
        if item is None or facts is None:
            self._state.hide()
            self._head.setText(tr(f"{self._words}.all_done"))
            self._window.setText(tr(f"{self._words}.all_done_hint"))
            for label in (self._line, self._locality):
                label.clear()
                label.hide()
            return
        visit = item.visit
        follows = item is self._next()
        what = tr(f"{self._words}.{'next' if follows else 'chosen'}")
        self._head.setText(f"{what} · {tr(f'{self._words}.position', number=visit.position)}")
        chip, _, tone = self._state_words(item)
        self._state.show_text(chip, tone)
        self._state.show()
        window = tr("round.window", begins=self._hour(visit.begins), ends=self._hour(visit.ends))
        late = item.state is VisitState.PLANNED and window_over(visit, facts.now)
        self._window.setText(f"{window}. {tr('round.late')}" if late else window)
        line = self._name_or_line(item)
        self._line.setText(line)
        self._line.setVisible(bool(line))
        self._locality.setText(visit.locality)
        self._locality.setVisible(bool(visit.locality))
        if item.state is VisitState.OPEN:
            self.bar.primary.setText(tr("round.resume"))
        elif item.end is not None and item.may_open:
            self.bar.primary.setText(tr("round.again"))

    def _row(self, item: PlannedVisit) -> RowItem:
        visit = item.visit
        chip, icon, tone = self._state_words(item)
        window = f"{self._hour(visit.begins)} – {self._hour(visit.ends)}"
        if self._appointments:
            return RowItem(visit.visit_id, visit.display_name, window, icon, tone, chip)
        title = f"{visit.position}.  {window}"
        new_day = None if item.end is None else item.end.postponed_to
        lines = [visit.locality or visit.line]
        if item.state is VisitState.ENDED and new_day is not None:
            language = self.look.language
            lines.append(language.tr("round.postponed_to", day=language.weekday_within(new_day)))
        return RowItem(visit.visit_id, title, " · ".join(lines), icon, tone, chip)

    def _name_or_line(self, item: PlannedVisit) -> str:
        """At a counter the name that is called out; at a door the line of address."""
        return item.visit.display_name if self._appointments else item.visit.line

    def _state_words(self, item: PlannedVisit) -> tuple[str, str, Tone]:
        """Word, icon and tone of where a visit stands."""
        tr = self.look.language.tr
        end = item.end
        if item.state is VisitState.OPEN and item.cancelled:
            return tr("round.state.open_cancelled"), "alert-triangle", Tone.WARN
        if item.state is VisitState.OPEN:
            return tr("round.state.open"), "player-play", Tone.INFO
        if item.state is VisitState.CANCELLED:
            return tr("round.state.cancelled"), "x", Tone.BAD
        if item.state is VisitState.ENDED and end is not None:
            icon, tone = OUTCOME_LOOKS[end.outcome]
            if end.outcome is Outcome.NO_SHOW and end.reasons:
                return tr(f"round.reason.{end.reasons[0].value}"), icon, tone
            return tr(f"round.outcome.{end.outcome.value}"), icon, tone
        if item.state is VisitState.ENDED:
            return tr("round.state.used"), "circle-check", Tone.OK
        return tr(f"{self._words}.planned"), "circle-dashed", Tone.INFO

    def _hour(self, moment: object) -> str:
        """``9 h 30`` / ``9:30`` of a local time of day."""
        text = f"{moment:%H:%M}"
        hour, minute = int(text[:2]), text[3:]
        return f"{hour}\u00a0h\u00a0{minute}" if self.look.language.code == "fr" else text

    # --- what is done -------------------------------------------------------------------------

    def _open(self) -> None:
        selected = self.selected
        if selected is not None and selected.may_open:
            self.open_requested.emit(selected.visit.visit_id)

    def _miss(self, reason: str, new_day: date | None) -> None:
        selected = self.selected
        if selected is not None and selected.may_open:
            self.bar.missed.begin()
            self.miss_requested.emit(selected.visit.visit_id, reason, new_day)
