"""Home: start, resume, and see at a glance whether the desk is ready."""

from dataclasses import dataclass

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QHideEvent, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget
from typing_extensions import override

from kiosk.journeys.procedures import ONLINE_REQUEST
from ui.screens.page import Page
from ui.screens.starts import Starts
from ui.theme import Size, Space, Tone, Type
from ui.widgets.announce import announce
from ui.widgets.banner import Banner
from ui.widgets.button import Button, ButtonKind
from ui.widgets.card import Card
from ui.widgets.empty import EmptyState
from ui.widgets.label import Label
from ui.widgets.list_row import RowItem, RowList
from ui.widgets.look import Look
from ui.widgets.notices import Notices


@dataclass(frozen=True, slots=True)
class HomeFacts:
    """What the page shows.

    Attributes:
        name: how the agent is greeted.
        drafts: cases to resume, newest first; ``name`` is the case.
        verifications: sealed today.
        duration: average time in words, or ``""``.
        to_send: records waiting.
        hardware: state of the desk.
        open_cases: of this agent; the end of the shift closes them.
        procedures: names of those that this device carries out today.
        colleagues: cases of others that this agent may take over.
        verifies: whether the role of this agent verifies.
        opinions: whether the other counters of the office may ask this one.
        alarm: what keeps this device from being used, in words, or ``""``.
        notices: sentences of the operator, as they came with the policy.
    """

    name: str
    drafts: tuple[RowItem, ...] = ()
    verifications: int = 0
    duration: str = ""
    to_send: int = 0
    hardware: tuple[RowItem, ...] = ()
    open_cases: int = 0
    procedures: tuple[str, ...] = (ONLINE_REQUEST,)
    colleagues: tuple[RowItem, ...] = ()
    verifies: bool = True
    opinions: bool = False
    alarm: str = ""
    notices: tuple[str, ...] = ()


class _Figure(QWidget):
    """A number and what it counts."""

    def __init__(self, look: Look) -> None:
        super().__init__()
        column = QVBoxLayout(self)
        column.setContentsMargins(Space.NONE, Space.NONE, Space.NONE, Space.NONE)
        column.setSpacing(Space.NONE)
        self.value = Label(look, "", Type.FIGURE, "primary")
        self.words = Label(look, "", Type.LABEL, "ink2")
        column.addWidget(self.value)
        column.addWidget(self.words)

    def show_figure(self, value: str, words: str) -> None:
        """Read as one by screen readers."""
        self.value.setText(value)
        self.words.setText(words)
        self.value.setAccessibleName(f"{value} {words}")


class _EndCard(Card):
    """Asks once, in the page, whether the shift is to end.

    Signals:
        confirmed(): it is.
        dismissed(): it is not.
    """

    confirmed = Signal()
    dismissed = Signal()

    def __init__(self, look: Look) -> None:
        super().__init__(look, " ")
        self.setObjectName("end-of-shift")
        self.words = Label(look, "", Type.BODY, wrap=True)
        self.stay = Button(look, "")
        self.stay.setObjectName("stay")
        self.end = Button(look, "", kind=ButtonKind.PRIMARY)
        self.end.setObjectName("end-now")
        row = QHBoxLayout()
        row.setSpacing(Space.M)
        row.addWidget(self.words, 1)
        row.addWidget(self.stay)
        row.addWidget(self.end)
        self.body.addLayout(row)
        self.stay.clicked.connect(self.dismissed)
        self.end.clicked.connect(self.confirmed)
        self.hide()


class HomeScreen(Page):
    """Tiles above, the work to resume below, the state of the desk beside it.

    Signals:
        procedure_requested(str): start this procedure (each has its key).
        draft_chosen(str): resume this case.
        take_over_chosen(str): take over this case of a colleague.
        history_requested(): see the journal.
        opinion_requested(): give an opinion about a case of another counter (F6).
        end_confirmed(): end the shift; asked once before, in the page.
    """

    procedure_requested = Signal(str)
    draft_chosen = Signal(str)
    take_over_chosen = Signal(str)
    history_requested = Signal()
    opinion_requested = Signal()
    end_confirmed = Signal()

    def __init__(self, look: Look) -> None:
        super().__init__(look)
        self.setObjectName("home")
        self._facts = HomeFacts("")
        self.starts = Starts(look)
        self._count = Label(look, "", Type.BODY, "ink2")
        self._resume = Card(look, " ", trailing=self._count)
        self._drafts = RowList(look, clickable=True)
        self._others_title = Label(look, "", Type.H3)
        self._others = RowList(look, clickable=True)
        self._others.setObjectName("colleagues")
        self._empty = EmptyState(look, "sparkles", "")
        self._history = Button(look, "", icon="history")
        self._history.setObjectName("see-history")
        self.end = Button(look, "", kind=ButtonKind.QUIET)
        self.end.setObjectName("end-shift")
        self.opinion = self.starts.opinion
        self._ending = _EndCard(look)
        self.notices = Notices(look)
        self.alarm = Banner(look)
        self._today = Card(look, " ")
        self._figure_row = QWidget()
        self._low: bool | None = None
        self._figures = [_Figure(look) for _ in range(3)]
        self._equipment = Card(look, " ")
        self._hardware = RowList(look)
        self._build()
        self.corner.addWidget(self.end)
        self._bind()
        self.retranslate()

    def _build(self) -> None:
        self.body.addWidget(self.alarm)
        self.body.addWidget(self._ending)
        self.body.addWidget(self.notices)
        self.body.addWidget(self.starts)
        self._resume.body.addWidget(self._drafts)
        self._resume.body.addWidget(self._others_title)
        self._resume.body.addWidget(self._others)
        self._resume.body.addWidget(self._empty, 1)
        self._resume.body.addStretch(1)
        self._resume.body.addWidget(self._history, 0, Qt.AlignmentFlag.AlignLeft)
        figures = QHBoxLayout(self._figure_row)
        figures.setContentsMargins(Space.NONE, Space.NONE, Space.NONE, Space.NONE)
        figures.setSpacing(Space.XXL)
        for figure in self._figures:
            figures.addWidget(figure, 1)
        self._today.body.addWidget(self._figure_row)
        self._equipment.body.addWidget(self._hardware)
        self._equipment.body.addStretch(1)
        side = QVBoxLayout()
        side.setSpacing(Space.XXL)
        side.addWidget(self._today)
        side.addWidget(self._equipment, 1)
        row = QHBoxLayout()
        row.setSpacing(Space.XXL)
        row.addWidget(self._resume, 5)
        row.addLayout(side, 4)
        self.body.addLayout(row, 1)

    def _bind(self) -> None:
        self.starts.chosen.connect(self.procedure_requested)
        self._drafts.chosen.connect(self.draft_chosen)
        self._others.chosen.connect(self.take_over_chosen)
        self._history.clicked.connect(self.history_requested)
        self.opinion.clicked.connect(self.opinion_requested)
        self.end.clicked.connect(self._ask_end)
        self._ending.dismissed.connect(self._stay)
        self._ending.confirmed.connect(self._leave)
        self.look.theme.changed.connect(self._rearrange)
        self._rearrange()

    def show_facts(self, facts: HomeFacts) -> None:
        """Show these."""
        self._facts = facts
        self._drafts.show_items(facts.drafts)
        self._drafts.setVisible(bool(facts.drafts))
        self._others.show_items(facts.colleagues)
        for part in (self._others_title, self._others):
            part.setVisible(bool(facts.colleagues))
        self._empty.setVisible(not facts.drafts and not facts.colleagues)
        self._hardware.show_items(facts.hardware)
        self.notices.show_notices(facts.notices)
        self.starts.setVisible(facts.verifies)
        if not facts.alarm:
            self.alarm.dismiss()
        elif facts.alarm != self.alarm.text or self.alarm.isHidden():
            self.alarm.show_message(facts.alarm, Tone.BAD, ms=0)
        self.retranslate()

    def _ask_end(self) -> None:
        """The careful answer has the focus: a key pressed too early ends no shift."""
        self._ending.show()
        self._ending.stay.setFocus()
        announce(self, f"{self._ending.title.text()} {self._ending.words.text()}")

    def _stay(self) -> None:
        self._ending.hide()
        self.end.setFocus()

    def _leave(self) -> None:
        self._ending.hide()
        self.end_confirmed.emit()

    @override
    def hideEvent(self, event: QHideEvent) -> None:
        """A question that was left open does not wait for the next agent."""
        super().hideEvent(event)
        self._ending.hide()

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._rearrange()

    def _rearrange(self) -> None:
        """In a low window the figures stand beside the greeting; history has its own place there.

        Else the page would be higher than the window by a sliver, and scroll.
        """
        theme = self.look.theme
        low = theme.tablet or self.window().height() < theme.scaled(Size.HOME_HIGH)
        if not theme.tablet:
            self.body.setSpacing(Space.XL if low else Space.XXL)
        if low == self._low:
            return
        self._low = low
        if low:
            self.corner.insertWidget(0, self._figure_row)
        else:
            self._today.body.addWidget(self._figure_row)
        self._today.setVisible(not low)
        self._history.setVisible(not low)

    @override
    def retranslate(self) -> None:
        facts, language = self._facts, self.look.language
        tr = language.tr
        self.title.setText(tr("home.greeting", name=facts.name))
        self.hint.setText(tr("home.hint"))
        self.starts.retranslate()
        self.starts.offer(facts.procedures, opinions=facts.opinions)
        self._resume.set_title(tr("home.resume.title"))
        count = len(facts.drafts)
        self._count.setText(tr("home.resume.count", n=count) if count else "")
        self._others_title.setText(tr("home.others"))
        self._empty.show_text(tr("home.resume.none"), tr("home.resume.none_hint"))
        self._history.setText(tr("home.see_history"))
        self._history.updateGeometry()
        self.end.setText(tr("home.end.button"))
        self.end.updateGeometry()
        self._ending.set_title(tr("home.end.title"))
        n = facts.open_cases
        self._ending.words.setText(tr("home.end.cases", n=n) if n else tr("home.end.none"))
        self._ending.stay.setText(tr("home.end.stay"))
        self._ending.end.setText(tr("home.end.now"))
        self._today.set_title(tr("home.today"))
        self._equipment.set_title(tr("home.hardware"))
        sealed = facts.verifications
        figures = (
            (language.number(sealed), tr("home.figure.verifications", n=sealed)),
            (facts.duration, tr("home.figure.duration")),
            (language.number(facts.to_send), tr("home.figure.to_send")),
        )
        for figure, (value, words) in zip(self._figures, figures, strict=True):
            figure.show_figure(value, words)
            figure.setVisible(bool(value))
