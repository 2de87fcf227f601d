"""Two halves of a page: side by side, or one below the other where the width is short."""

from PySide6.QtCore import QEvent, QSize
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QWidget
from typing_extensions import override

from ui.theme import Space

_BESIDE = QBoxLayout.Direction.LeftToRight
_BELOW = QBoxLayout.Direction.TopToBottom


class Halves(QWidget):
    """Asks for the width of its wider half only, so that the narrow form can come."""

    def __init__(self, left: QWidget, right: QWidget, *, least: int = 0) -> None:
        """Least: px below which a half goes under the other, however narrow it could be."""
        super().__init__()
        self._least = least
        self._halves = (left, right)
        self._row = QBoxLayout(_BESIDE, self)
        self._row.setContentsMargins(Space.NONE, Space.NONE, Space.NONE, Space.NONE)
        self._row.setSpacing(Space.XXL)
        for half in self._halves:
            self._row.addWidget(half, 1)

    @override
    def minimumSizeHint(self) -> QSize:
        width = max(half.minimumSizeHint().width() for half in self._halves)
        return QSize(width, self._row.minimumSize().height())

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._arrange()

    @override
    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.LayoutRequest:
            self._arrange()
        return super().event(event)

    def _arrange(self) -> None:
        wanted = sum(max(half.minimumSizeHint().width(), self._least) for half in self._halves)
        fits = wanted + self._row.spacing() <= self.width()
        self._row.setDirection(_BESIDE if fits else _BELOW)
