"""Cards: white paper on the desk, with a line and a soft shadow."""

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget
from typing_extensions import override

from ui.theme import Radius, Space, Stroke, ThemeName, Type
from ui.widgets.label import Label
from ui.widgets.look import Look
from ui.widgets.paint import draw_box


class Card(QWidget):
    """A box with an optional title; put content into ``body``."""

    def __init__(self, look: Look, title: str = "", *, trailing: QWidget | None = None) -> None:
        super().__init__()
        self._look = look
        outer = QVBoxLayout(self)
        self._outer = outer
        self._head = QHBoxLayout()
        self._head.setSpacing(Space.M)
        self.title = Label(look, title, Type.H2)
        self.title.setParent(self)  # without one it would be shown as a window of its own
        self.title.setVisible(bool(title))
        self._head.addWidget(self.title)
        self._head.addStretch(1)
        if trailing is not None:
            self._head.addWidget(trailing)
        if title or trailing is not None:
            outer.addLayout(self._head)
        self.body = QVBoxLayout()
        self.body.setSpacing(Space.M)
        outer.addLayout(self.body, 1)
        look.theme.changed.connect(self._restyle)
        self._restyle()

    def set_title(self, title: str) -> None:
        """Other words in the title."""
        self.title.setText(title)
        self.title.setVisible(bool(title))

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        theme = self._look.theme
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        rect = QRectF(self.rect()).adjusted(0, 0, 0, -float(Space.HAIR))
        if theme.name is not ThemeName.CONTRAST:
            painter.setPen(Qt.PenStyle.NoPen)
            for step, alpha in ((2.0, 0.05), (1.0, 0.07)):
                shadow = theme.color("shadow")
                shadow.setAlphaF(alpha)
                draw_box(painter, rect.translated(0, step), Radius.CARD, shadow)
        draw_box(
            painter, rect, Radius.CARD, theme.color("surface"), theme.color("line"), Stroke.CARD
        )
        painter.end()

    def _restyle(self) -> None:
        tablet = self._look.theme.tablet
        side = Space.XL if tablet else Space.XXL
        foot = Space.L if self._look.theme.low else side
        self._outer.setContentsMargins(side, foot, side, foot)
        self._outer.setSpacing(Space.M if tablet else Space.L)
        self.update()
