"""A colleague gives their opinion at this counter about a case of another one.

What the office asks on the left, the answer and the colleague's own code on the right. The case
itself is on the other screen, with the person and the document: the colleague was there and
compares the short code. No answer is preselected.
"""

from dataclasses import dataclass

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QHideEvent, QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QHBoxLayout
from typing_extensions import override

from kiosk.domain.evidence import Verdict
from ui.i18n import spaced_code
from ui.screens.page import Page
from ui.theme import Space, Tone, Type
from ui.widgets.answers import answer_choices
from ui.widgets.banner import Banner
from ui.widgets.button import Button, ButtonKind
from ui.widgets.card import Card
from ui.widgets.choices import Choice, ChoiceGroup, initials_of
from ui.widgets.empty import EmptyState
from ui.widgets.label import Label
from ui.widgets.list_row import RowItem, RowList
from ui.widgets.look import Look
from ui.widgets.person_pin import PersonPin


@dataclass(frozen=True, slots=True)
class AskedItem:
    """A question as the page shows it.

    Attributes:
        name: told back when it is answered.
        agent: who asks, by badge.
        about: ``person`` or ``decision``.
        code: stands on the other screen too.
        minutes: since it was asked.
    """

    name: str
    agent: str
    about: str
    code: str
    minutes: int


@dataclass(frozen=True, slots=True)
class Colleague:
    """Who may answer."""

    agent_id: str
    name: str
    role: str


class OpinionScreen(Page):
    """Questions, the answer, and who answers.

    Signals:
        chosen(str): this question is to be answered.
        given(str, str, str, object): question, agent id, PIN, and a ``Verdict``.
        returned(): back to home.
        covered(): another page took its place, however that came.
    """

    chosen = Signal(str)
    given = Signal(str, str, str, object)
    returned = Signal()
    covered = Signal()

    def __init__(self, look: Look) -> None:
        super().__init__(look)
        self.setObjectName("opinion")
        self._asked: tuple[AskedItem, ...] = ()
        self._people: tuple[Colleague, ...] = ()
        self._chosen = ""
        self.back = Button(look, "", kind=ButtonKind.QUIET, icon="arrow-left", key="Esc")
        self.back.setObjectName("back")
        self.banner = Banner(look)
        self._list_card = Card(look, " ")
        self.questions = RowList(look, clickable=True)
        self.questions.setObjectName("questions")
        self._empty = EmptyState(look, "users", "")
        self._list_card.body.addWidget(self.questions)
        self._list_card.body.addWidget(self._empty, 1)
        self._list_card.body.addStretch(1)
        self._card = Card(look, " ")
        self._code = Label(look, "", Type.FIGURE, "primary")
        self._code.setObjectName("code")
        self._compare = Label(look, "", Type.LABEL, "ink2", wrap=True)
        self.answers = ChoiceGroup(look, keys=False, columns=2)
        self.answers.setObjectName("answers")
        # Beside each other: what signs the opinion must not be below the edge of a low screen.
        compared = QHBoxLayout()
        compared.setSpacing(Space.L)
        compared.addWidget(self._code)
        compared.addWidget(self._compare, 1)
        self._card.body.addLayout(compared)
        self._card.body.addWidget(self.answers)
        self.person = PersonPin(look, "opinion.primary", self._card)
        self.corner.addWidget(self.back, 0, Qt.AlignmentFlag.AlignTop)
        self.body.addWidget(self.banner)
        self._columns = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        self._columns.setSpacing(Space.XXL)
        self._columns.addWidget(self._list_card, 2)
        self._columns.addWidget(self.person, 5)
        self.body.addLayout(self._columns, 1)
        self.back.clicked.connect(self.returned)
        self.questions.chosen.connect(self._choose)
        self.person.given.connect(self._give)
        self.retranslate()

    @property
    def selected(self) -> str:
        """The question that is being answered, or ``""``."""
        return self._chosen

    def show_asked(self, asked: tuple[AskedItem, ...]) -> None:
        """What the office asks; the only question is chosen already."""
        if asked == self._asked and (self._chosen or not asked):
            return
        self._asked = asked
        names = [item.name for item in asked]
        if self._chosen not in names:
            self._chosen = ""
            self.answers.select()
            self.person.reset()
            if len(names) == 1:
                self._chosen = names[0]
                self.chosen.emit(names[0])
        self.retranslate()

    def show_people(self, people: tuple[Colleague, ...]) -> None:
        """Who may answer the chosen question."""
        self._people = people
        self.retranslate()

    def show_problem(self, text: str, tone: Tone = Tone.WARN) -> None:
        """A sentence above the work."""
        self.person.pad.set_busy(False)
        self.banner.show_message(text, tone, ms=0)

    def show_refusal(self, text: str) -> None:
        """The code was not accepted."""
        self.person.pad.set_busy(False)
        self.person.show_error(text)

    def forget(self) -> None:
        """Nothing stays of a question or of a code."""
        self._asked, self._people, self._chosen = (), (), ""
        self.answers.select()
        self.person.reset()
        self.person.pad.set_busy(False)
        self.person.pad.field.clear()
        self.banner.dismiss()
        self.retranslate()

    @override
    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        if not event.spontaneous():  # a window that is made small still shows this page
            self.covered.emit()

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._arrange()

    def _arrange(self) -> None:
        """Where both do not fit beside each other, the questions stand above the answer."""
        around = self.parentWidget()
        room = self.width() if around is None else around.width()
        parts = (self._list_card, self.person)
        needed = sum(part.minimumSizeHint().width() for part in parts)
        needed += Space.XXL + 2 * self.look.theme.gutter
        ways = QBoxLayout.Direction
        below = room < self.height() or needed > room
        self._columns.setDirection(ways.TopToBottom if below else ways.LeftToRight)

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Whatever has the focus on this page, digits, Backspace and Enter belong to the code."""
        if not self._chosen or not self.person.pad.take_key(event):
            super().keyPressEvent(event)

    @override
    def retranslate(self) -> None:
        tr = self.look.language.tr
        self.title.setText(tr("opinion.title"))
        self.hint.setText(tr("opinion.hint"))
        self.back.setText(tr("common.back"))
        self.back.updateGeometry()
        self._list_card.set_title(tr("opinion.asked"))
        self.questions.show_items(tuple(self._row(item) for item in self._asked))
        self.questions.setVisible(bool(self._asked))
        self._empty.setVisible(not self._asked)
        self._empty.show_text(tr("opinion.none"), tr("opinion.none_hint"))
        item = next((one for one in self._asked if one.name == self._chosen), None)
        self.person.setVisible(item is not None)
        if item is None:
            return
        key = "journey.second-agent"
        self._card.set_title(tr(f"{key}.question.{item.about}"))
        self._code.setText(spaced_code(item.code))
        self._compare.setText(tr("opinion.compare"))
        kept = self.answers.selected
        self.answers.show_choices(answer_choices(self.look, item.about))
        self.answers.select(*kept)
        self.person.show_people(
            tuple(
                Choice(
                    one.agent_id,
                    one.name,
                    tr(f"common.role.{one.role}"),
                    initials=initials_of(one.name),
                )
                for one in self._people
            ),
            tr("opinion.who"),
            (tr("opinion.nobody"), tr("opinion.nobody_hint")),
        )
        self._arrange()

    def _row(self, item: AskedItem) -> RowItem:
        tr = self.look.language.tr
        return RowItem(
            item.name,
            tr("opinion.from", agent=item.agent),
            tr("opinion.since", n=item.minutes) if item.minutes else tr("opinion.now"),
            "users",
            Tone.INFO if item.name == self._chosen else Tone.NEUTRAL,
            spaced_code(item.code),
        )

    def _choose(self, name: str) -> None:
        if name != self._chosen:
            self._chosen = name
            self.answers.select()
            self.person.reset()
            self.banner.dismiss()
            self.chosen.emit(name)
            self.retranslate()

    def _give(self, agent_id: str, pin: str) -> None:
        picked = self.answers.selected
        if not picked:
            self.person.ask_first(self.look.language.tr("opinion.answer_first"))
            return
        self.banner.dismiss()
        self.person.pad.set_busy(True)
        self.given.emit(self._chosen, agent_id, pin, Verdict(picked[0]))
        self.person.pad.field.clear()
