"""The mark and the name of the product."""

from PySide6.QtCore import QRectF, QSize
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QWidget
from typing_extensions import override

from ui.theme import Size, Space, Type
from ui.widgets.label import Label
from ui.widgets.look import Look
from ui.widgets.paint import draw_mark


class Mark(QWidget):
    """Two facing arcs with a dot each; ``left`` and ``right`` are palette names."""

    def __init__(
        self, look: Look, left: str = "onrail", right: str = "railaccent", size: int = Size.MARK
    ) -> None:
        super().__init__()
        self._look = look
        self._left = left
        self._right = right
        self._size = size
        self.setFixedSize(self.sizeHint())
        look.theme.changed.connect(self.update)

    @override
    def sizeHint(self) -> QSize:
        return QSize(self._size, self._size)

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        theme = self._look.theme
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        draw_mark(painter, QRectF(self.rect()), theme.color(self._left), theme.color(self._right))
        painter.end()


class Wordmark(QWidget):
    """The mark and the name beside it."""

    def __init__(self, look: Look, ink: str = "onrail") -> None:
        super().__init__()
        row = QHBoxLayout(self)
        row.setContentsMargins(Space.NONE, Space.NONE, Space.NONE, Space.NONE)
        row.setSpacing(Space.M)
        left = "onrail" if ink == "onrail" else "primary"
        right = "railaccent" if ink == "onrail" else "accent"
        row.addWidget(Mark(look, left, right))
        self._word = Label(look, "Vis-à-vis", Type.WORDMARK, ink)
        row.addWidget(self._word)
        row.addStretch(1)

    def set_brief(self, brief: bool) -> None:
        """Where room is short: the mark alone."""
        self._word.setVisible(not brief)
