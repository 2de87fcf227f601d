"""Pages of which one is shown."""

from PySide6.QtCore import QEvent, QSize, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QWidget
from typing_extensions import override


class Pages(QWidget):
    """A stack that asks only for the room of the page shown, at the width it really has.

    QStackedWidget asks for the room of the tallest page, so that every page would scroll.
    """

    def __init__(self) -> None:
        super().__init__()
        self._current: QWidget | None = None

    @property
    def current(self) -> QWidget | None:
        """The page shown."""
        return self._current

    def show_page(self, page: QWidget) -> None:
        """Show this page; the others stay, hidden."""
        old = self._current
        if page.parentWidget() is not self:
            page.setParent(self)
        self._current = page
        page.setGeometry(self.rect())
        page.show()
        if old is not None and old is not page:
            old.hide()
        self.updateGeometry()

    def remove_page(self, page: QWidget) -> None:
        """Forget a page; it belongs to nobody then."""
        if page is self._current:
            self._current = None
        page.hide()
        page.setParent(None)

    def others(self) -> tuple[QWidget, ...]:
        """Pages that are kept and not shown."""
        kept = self.findChildren(QWidget, options=Qt.FindChildOption.FindDirectChildrenOnly)
        return tuple(page for page in kept if page is not self._current)

    @override
    def sizeHint(self) -> QSize:
        return self.minimumSizeHint()

    @override
    def minimumSizeHint(self) -> QSize:
        layout = None if self._current is None else self._current.layout()
        if layout is None:
            return QSize()
        least = layout.minimumSize()
        if layout.hasHeightForWidth():
            width = max(self.width(), least.width())
            least.setHeight(layout.minimumHeightForWidth(width))
        return least

    @override
    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.LayoutRequest:
            self.updateGeometry()
        return super().event(event)

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if self._current is not None:
            self._current.setGeometry(self.rect())
        if event.size().width() != event.oldSize().width():
            self.updateGeometry()  # texts wrap elsewhere: the page needs another height
