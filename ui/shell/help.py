"""The help panel of F1: the keys, and whom to call."""

from dataclasses import dataclass

from PySide6.QtCore import QEvent, QRect, Qt, Signal
from PySide6.QtGui import QKeyEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSizePolicy, QVBoxLayout, QWidget
from typing_extensions import override

from ui.theme import Size, Space, Stroke, Type
from ui.widgets.button import Button
from ui.widgets.label import IconLabel, Label
from ui.widgets.look import Look
from ui.widgets.paint import draw_key_cap, key_cap_width
from ui.widgets.scroll import ScrollArea


@dataclass(frozen=True, slots=True)
class HelpEntry:
    """One key and what it does."""

    key: str
    text: str


@dataclass(frozen=True, slots=True)
class HelpFacts:
    """What the panel shows: keys of the page, whom to turn to, and the help of the service.

    ``numbers`` are sentences; with ``more`` a button leads to the page of the help.
    """

    entries: tuple[HelpEntry, ...] = ()
    line: str = ""
    numbers: tuple[str, ...] = ()
    more: bool = False


class KeyCap(QLabel):
    """A key cap as text."""

    def __init__(self, look: Look, key: str) -> None:
        super().__init__(look.language.key_name(key))
        self._look = look
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.setFixedSize(key_cap_width(look.theme, self.text()), look.theme.scaled(Size.KEY_CAP))

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        theme = self._look.theme
        where = QRect(0, 0, self.width(), self.height()).adjusted(1, 1, -1, -1)
        draw_key_cap(painter, where, self.text(), theme, theme.color("ink2"))
        painter.end()


class HelpPanel(QWidget):
    """Lies over the right side of the window; the work behind it goes on.

    Signals:
        closed(): by its button, F1 or Esc.
        more_requested(): the page of the help is wanted.
    """

    closed = Signal()
    more_requested = Signal()

    def __init__(self, parent: QWidget, look: Look) -> None:
        super().__init__(parent)
        self._parent = parent
        self._look = look
        self._facts = HelpFacts()
        self._title = Label(look, "", Type.H2)
        self._close = Button(look, "")
        self._close.set_key("Esc", bind=False)
        self._close.setObjectName("help-close")
        self._close.set_height(Size.TARGET_BAR)
        self._close.clicked.connect(self.dismiss)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(Space.GUTTER, Space.XXL, Space.GUTTER, Space.GUTTER)
        outer.setSpacing(Space.XL)
        head = QHBoxLayout()
        head.addWidget(self._title, 1)
        head.addWidget(self._close)
        outer.addLayout(head)
        self._scroll = ScrollArea(look)
        outer.addWidget(self._scroll, 1)
        look.theme.changed.connect(self._write)
        look.language.changed.connect(self._write)
        self._write()
        self.hide()

    def set_facts(self, facts: HelpFacts) -> None:
        """Show these keys and this line."""
        if facts != self._facts:
            self._facts = facts
            self._write()

    def reveal(self) -> None:
        """Come in at the right side of the window."""
        self.place()
        self.show()
        self.raise_()
        self._close.setFocus()

    def place(self) -> None:
        """Fit the window's size."""
        parent = self._parent
        width = min(self._look.theme.scaled(Size.SIDE_PANEL), parent.width())
        self.setGeometry(parent.width() - width, 0, width, parent.height())

    def dismiss(self) -> None:
        """Go away."""
        self.hide()
        self.closed.emit()

    @override
    def event(self, event: QEvent) -> bool:
        """Esc closes the panel and is not passed on to the page, where it means “back”."""
        if (
            event.type() == QEvent.Type.ShortcutOverride
            and isinstance(event, QKeyEvent)
            and event.key() == Qt.Key.Key_Escape
        ):
            event.accept()
            return True
        return super().event(event)

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Escape, Qt.Key.Key_F1):
            self.dismiss()
        else:
            super().keyPressEvent(event)

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        theme = self._look.theme
        painter = QPainter(self)
        painter.fillRect(self.rect(), theme.color("surface"))
        painter.setPen(QPen(theme.color("line2"), Stroke.BAND))
        painter.drawLine(self.rect().topLeft(), self.rect().bottomLeft())
        painter.end()

    def _write(self) -> None:
        tr = self._look.language.tr
        self._title.setText(tr("help.title"))
        self._close.setText(tr("help.close"))
        inner = QWidget()
        column = QVBoxLayout(inner)
        column.setContentsMargins(Space.NONE, Space.NONE, Space.M, Space.NONE)
        column.setSpacing(Space.M)
        parts = [self._write_keys, self._write_line, self._write_service]
        if self._look.theme.tablet:  # who has no keyboard at hand looks for somebody to call
            parts = parts[1:] + parts[:1]
        for part in parts:
            part(column)
        column.addStretch(1)
        self._scroll.setWidget(inner)

    def _write_keys(self, column: QVBoxLayout) -> None:
        self._head(column, "help.keys")
        for entry in self._facts.entries:
            row = QHBoxLayout()
            row.setSpacing(Space.L)
            row.addWidget(Label(self._look, entry.text, Type.BODY, wrap=True), 1)
            row.addWidget(KeyCap(self._look, entry.key))
            column.addLayout(row)

    def _write_line(self, column: QVBoxLayout) -> None:
        if not self._facts.line:
            return
        self._head(column, "help.line")
        line = QHBoxLayout()
        line.addWidget(IconLabel(self._look, "info-circle", "primary"))
        line.addWidget(Label(self._look, self._facts.line, Type.BODY, wrap=True), 1)
        column.addLayout(line)

    def _head(self, column: QVBoxLayout, key: str) -> None:
        if column.count():
            column.addSpacing(Space.L)
        column.addWidget(Label(self._look, self._look.language.tr(key), Type.H3))

    def _write_service(self, column: QVBoxLayout) -> None:
        tr = self._look.language.tr
        if self._facts.numbers:
            self._head(column, "help_page.panel_line")
        for number in self._facts.numbers:
            column.addWidget(Label(self._look, number, Type.BODY, wrap=True))
        if self._facts.more:
            more = Button(self._look, tr("help_page.panel_button"), icon="help-circle")
            more.setObjectName("help-more")
            more.clicked.connect(self._ask_more)
            column.addWidget(more)

    def _ask_more(self) -> None:
        self.dismiss()
        self.more_requested.emit()
