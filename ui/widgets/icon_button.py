"""A quiet square button that shows only an icon."""

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QPushButton
from typing_extensions import override

from ui.theme import Radius, Size
from ui.widgets.look import Look
from ui.widgets.paint import draw_box, draw_focus


class IconButton(QPushButton):
    """A quiet square button that shows only an icon; its words are the accessible name."""

    def __init__(self, look: Look, icon: str, name: str, ink: str = "ink2") -> None:
        super().__init__()
        self._look = look
        self._icon_name = icon
        self._ink = ink
        self.setAccessibleName(name)
        self.setToolTip(name)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        look.theme.changed.connect(self._restyle)
        self._restyle()

    def set_ink(self, ink: str) -> None:
        """Another palette name for the icon."""
        self._ink = ink
        self.update()

    @override
    def sizeHint(self) -> QSize:
        side = self._look.theme.scaled(Size.TARGET_MIN)
        return QSize(side, side)

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        theme = self._look.theme
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        rect = QRectF(self.rect())
        if self.isEnabled() and (self.underMouse() or self.isDown()):
            draw_box(painter, rect, Radius.BUTTON, theme.color("psoft"))
        if self.hasFocus():
            draw_focus(painter, rect, Radius.BUTTON, theme, "surface")
        icon = theme.scaled(Size.ICON)
        painter.drawPixmap(
            (self.width() - icon) // 2,
            (self.height() - icon) // 2,
            theme.pixmap(self._icon_name, self._ink, icon, self.devicePixelRatioF()),
        )
        painter.end()

    def _restyle(self) -> None:
        self.setFixedSize(self.sizeHint())
        self.update()
