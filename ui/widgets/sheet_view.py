"""A sheet of paper on the screen, whole and undistorted."""

from PySide6.QtCore import QMargins, QRectF, QSize, Qt
from PySide6.QtGui import QImage, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QLabel, QSizePolicy
from typing_extensions import override

from ui.theme import Radius, Size, Stroke
from ui.widgets.look import Look


class SheetView(QLabel):
    """A picture of a page, fitted into its box; what it says is read by screen readers."""

    def __init__(self, look: Look) -> None:
        super().__init__()
        self._look = look
        self._page: QImage | None = None
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(self.minimumSizeHint())
        look.theme.changed.connect(self.update)

    def show_page(self, page: QImage, words: str) -> None:
        """Show a page; ``words`` is its text."""
        self._page = page
        self.setAccessibleName(words)
        self.update()

    @override
    def minimumSizeHint(self) -> QSize:
        return QSize(Size.PICTURE_MIN // 2, Size.PICTURE_MIN // 2)

    @override
    def sizeHint(self) -> QSize:
        return QSize(Size.PICTURE_MIN, Size.PICTURE_MIN)

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        if self._page is None:
            return
        ratio = self.devicePixelRatioF()
        room = self.size().shrunkBy(QMargins(1, 1, 1, 1))
        fitted = self._page.scaled(
            room * ratio,
            Qt.AspectRatioMode.KeepAspectRatio,
            Qt.TransformationMode.SmoothTransformation,
        )
        fitted.setDevicePixelRatio(ratio)
        size = fitted.deviceIndependentSize()
        box = QRectF((self.width() - size.width()) / 2, 0, size.width(), size.height())
        painter = QPainter(self)
        painter.drawImage(box.topLeft(), fitted)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(self._look.theme.color("line2"), Stroke.CARD))
        painter.drawRoundedRect(box, Radius.KEY / 2, Radius.KEY / 2)
        painter.end()
