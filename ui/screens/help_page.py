"""Help: whom to call and whether they answer now, and answers found as one types.

The page holds no rule: numbers come as :class:`HelpNow`, words from a :class:`HelpBook`.
"""

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QFocusEvent, QHideEvent, QKeyEvent, QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget
from typing_extensions import override

from kiosk.advice.helpline import HelpNow
from kiosk.advice.questions import Topic
from ui.screens.help_lines import HelpLines
from ui.screens.page import Page
from ui.theme import Size, Space, Tone, Type
from ui.viewmodels.help import HelpBook, HelpLink
from ui.widgets.action_bar import ActionBar
from ui.widgets.announce import announce
from ui.widgets.button import Button, ButtonKind
from ui.widgets.card import Card
from ui.widgets.empty import EmptyState
from ui.widgets.label import IconLabel, Label
from ui.widgets.line_edit import LineEdit
from ui.widgets.list_row import RowItem, RowList
from ui.widgets.look import Look

TOPIC_ICONS = {
    Topic.TRAINING: "book",
    Topic.DISCOVER: "eye",
    Topic.CREATE: "plus",
    Topic.MANAGE: "settings",
    Topic.USE: "key",
    Topic.HELP: "help-circle",
}
_TICK_MS = 20_000


class HelpScreen(Page):
    """Numbers at the left; search, topics, lists and answers at the right.

    Signals:
        tick(): some seconds passed while the page is seen; the numbers should be judged again.
        back_requested(): back to the case that is open behind it.
    """

    tick = Signal()
    back_requested = Signal()

    def __init__(self, look: Look, *, over_case: bool = False) -> None:
        """``over_case``: the page lies over an open case, and has a button back to it."""
        super().__init__(look)
        self.setObjectName("help")
        self._book: HelpBook | None = None
        self._lines: tuple[HelpNow, ...] = ()
        self._topic: Topic | None = None
        self._open = ""
        self.lines = HelpLines(look)
        self.search = LineEdit(look)
        self.search.setObjectName("help-search")
        self.clear = Button(look, "", kind=ButtonKind.QUIET, icon="arrow-left")
        self.clear.setObjectName("help-clear")
        self.clear.set_height(Size.TARGET_BAR)
        self._card = Card(look, " ")
        self.topics = RowList(look, clickable=True)
        self.list = RowList(look, clickable=True)
        self._none = EmptyState(look, "help-circle", "")
        self._answer = QWidget()
        self._answer_column = QVBoxLayout(self._answer)
        self._timer = QTimer(self)
        self._timer.setInterval(_TICK_MS)
        self._timer.timeout.connect(self.tick)
        self.back = Button(look, "", kind=ButtonKind.QUIET, icon="arrow-left")
        if over_case:
            # Printed only: the page itself listens, since Esc leaves an answer before the help.
            self.back.set_key("Esc", bind=False)
        self.back.setObjectName("help-back")
        self.bar = ActionBar(look, back=self.back) if over_case else None
        self._build()
        self._bind()
        self.retranslate()

    def _build(self) -> None:
        head = QHBoxLayout()
        head.setSpacing(Space.M)
        head.addWidget(IconLabel(self.look, "zoom-in", "ink2", Size.ICON_LARGE))
        head.addWidget(self.search, 1)
        self._card.body.addLayout(head)
        self._card.body.addWidget(self.clear, 0, Qt.AlignmentFlag.AlignLeft)
        for part in (self.topics, self.list, self._none, self._answer):
            self._card.body.addWidget(part)
        self._card.body.addStretch(1)
        self._answer_column.setContentsMargins(Space.NONE, Space.S, Space.NONE, Space.NONE)
        self._answer_column.setSpacing(Space.L)
        side = QVBoxLayout()
        side.addWidget(self.lines)
        side.addStretch(1)
        row = QHBoxLayout()
        row.setSpacing(Space.XXL)
        row.addLayout(side, 4)
        row.addWidget(self._card, 6)
        self.body.addLayout(row, 1)

    def _bind(self) -> None:
        self.search.textChanged.connect(self._search)
        self.search.returnPressed.connect(self._open_first)
        self.clear.clicked.connect(self.step_back)
        self.topics.chosen.connect(self._choose_topic)
        self.list.chosen.connect(self.read)
        self.back.clicked.connect(self.back_requested)

    # --- orders -------------------------------------------------------------------------------

    def show_lines(self, lines: tuple[HelpNow, ...]) -> None:
        """Numbers as they are now."""
        self._lines = lines
        self.lines.show_lines(lines)

    def show_book(self, book: HelpBook) -> None:
        """Questions and answers; where the page stood stays, in the book's language."""
        self._book = book
        self._write()

    def forget(self) -> None:
        """Another visit: nothing that was typed or opened is there."""
        self._topic, self._open = None, ""
        self.search.clear()
        self._write()

    def read(self, name: str) -> None:
        """Open a question or a course."""
        self._open = name
        self._write()
        if self._book is not None:
            text = self._book.read(name)
            announce(self, ". ".join((text.title, *text.paragraphs)))

    def step_back(self) -> None:
        """From an answer to its list, from a list to the topics."""
        if self._open:
            self._open = ""
        elif self.search.text():
            self.search.clear()
        else:
            self._topic = None
        self._write()
        self.search.setFocus()

    # --- Qt -----------------------------------------------------------------------------------

    @override
    def focusInEvent(self, event: QFocusEvent) -> None:
        """One types at once. A tablet's own keyboard comes only where the field is touched."""
        super().focusInEvent(event)
        if not self.look.theme.tablet:
            self.search.setFocus()

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape and self._deep:
            self.step_back()
        elif event.key() == Qt.Key.Key_Escape and self.bar is not None:
            self.back_requested.emit()
        elif event.text().isprintable() and event.text().strip():
            self.search.setFocus()
            self.search.insert(event.text())
        else:
            super().keyPressEvent(event)

    @override
    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._timer.start()

    @override
    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self._timer.stop()

    @override
    def retranslate(self) -> None:
        tr = self.look.language.tr
        self.title.setText(tr("help_page.title"))
        self.hint.setText(tr("help_page.hint"))
        self.search.setPlaceholderText(tr("help_page.search"))
        self.search.setAccessibleName(tr("help_page.search"))
        self.back.setText(tr("help_page.back_to_case"))
        self.back.updateGeometry()
        self.lines.show_lines(self._lines)
        self._write()

    # --- what is shown ------------------------------------------------------------------------

    @property
    def _deep(self) -> bool:
        return bool(self._open or self.search.text() or self._topic)

    def _search(self, _text: str) -> None:
        self._open = ""
        self._write()

    def _open_first(self) -> None:
        links = self._links()
        if links and not self._open:
            self.read(links[0].name)

    def _choose_topic(self, name: str) -> None:
        self._topic = Topic(name)
        self._write()

    def _links(self) -> tuple[HelpLink, ...]:
        if self._book is None:
            return ()
        if self.search.text().strip():
            return self._book.search(self.search.text())
        return self._book.about(self._topic) if self._topic else ()

    def _write(self) -> None:
        tr = self.look.language.tr
        book = self._book
        typed = bool(self.search.text().strip())
        links = self._links()
        at_topics = not (self._open or typed or self._topic)
        self._card.set_title(self._heading(typed))
        self.clear.setText(tr("help_page.to_list" if self._open else "help_page.to_topics"))
        self.clear.updateGeometry()
        self.clear.setVisible(self._deep)
        self.topics.setVisible(at_topics and book is not None and not book.empty)
        if book is not None:
            self.topics.show_items(tuple(self._topic_row(topic) for topic in book.topics()))
        self.list.show_items(tuple(self._row(link) for link in links))
        self.list.setVisible(bool(links) and not self._open)
        nothing = (typed and not links and not self._open) or (book is not None and book.empty)
        self._none.setVisible(nothing)
        empty = book is not None and book.empty
        self._none.show_text(
            tr("help_page.no_facts" if empty else "help_page.none"),
            tr("help_page.no_facts_hint" if empty else "help_page.none_hint"),
        )
        self._write_answer()

    def _heading(self, typed: bool) -> str:
        tr = self.look.language.tr
        if typed:
            return tr("help_page.results")
        if self._topic:
            return tr(f"help_page.topic.{self._topic.value}.title")
        return tr("help_page.topics")

    def _topic_row(self, topic: Topic) -> RowItem:
        tr = self.look.language.tr
        key = f"help_page.topic.{topic.value}"
        return RowItem(topic.value, tr(f"{key}.title"), tr(f"{key}.hint"), TOPIC_ICONS[topic])

    def _row(self, link: HelpLink) -> RowItem:
        tr = self.look.language.tr
        if link.steps:
            detail = tr("help_page.steps", n=link.steps)
            return RowItem(link.name, link.title, detail, "list-check", Tone.INFO)
        words = ", ".join(link.matched[:4])
        detail = tr("help_page.matched", words=words) if words else tr("help_page.question")
        return RowItem(link.name, link.title, detail, "help-circle", Tone.NEUTRAL)

    def _write_answer(self) -> None:
        while (item := self._answer_column.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        self._answer.setVisible(bool(self._open))
        if not self._open or self._book is None:
            return
        text = self._book.read(self._open)
        self._answer_column.addWidget(Label(self.look, text.title, Type.H2, wrap=True))
        for number, paragraph in enumerate(text.paragraphs, 1):
            words = f"{number}. {paragraph}" if text.numbered else paragraph
            self._answer_column.addWidget(Label(self.look, words, Type.BODY, wrap=True))
