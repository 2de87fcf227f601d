"""A cover over the whole window: a tablet that lies about at a door shows nobody's address.

It is no lock: a touch takes it away, and that touch does nothing else. The lock comes later, by
itself, and asks for the code.
"""

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QVBoxLayout, QWidget
from typing_extensions import override

from ui.theme import Size, Space, Tone, Type
from ui.widgets.label import Badge, Label
from ui.widgets.look import Look


class PrivacyCover(QWidget):
    """Covers its parent until it is touched."""

    def __init__(self, parent: QWidget, look: Look) -> None:
        super().__init__(parent)
        self._window = parent
        self._look = look
        self.setObjectName("privacy-cover")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self._title = Label(look, "", Type.H1)
        self._hint = Label(look, "", Type.BODY, "ink2")
        column = QVBoxLayout(self)
        column.setSpacing(Space.L)
        column.addStretch(1)
        badge = Badge(look, "eye", Tone.NEUTRAL, Size.BADGE_LARGE)
        column.addWidget(badge, 0, Qt.AlignmentFlag.AlignHCenter)
        for label in (self._title, self._hint):
            label.setAlignment(Qt.AlignmentFlag.AlignCenter)
            column.addWidget(label)
        column.addStretch(1)
        self._focus_before: QWidget | None = None
        parent.installEventFilter(self)
        look.language.changed.connect(self.retranslate)
        look.theme.changed.connect(self.update)
        self.retranslate()
        self.hide()

    def cover(self) -> None:
        """Hide what is on the screen; keys and touches reach nothing below."""
        if self.isVisible():
            return
        self._focus_before = self._window.focusWidget()
        self.setGeometry(self._window.rect())
        self.raise_()
        self.show()
        self.setFocus()

    def uncover(self) -> None:
        """Show again what was there."""
        if not self.isVisible():
            return
        self.hide()
        before, self._focus_before = self._focus_before, None
        if before is not None and before.isVisible():
            before.setFocus()

    def retranslate(self) -> None:
        """Write the words again."""
        self._title.setText(self._look.language.tr("privacy.title"))
        self._hint.setText(self._look.language.tr("privacy.hint"))
        self.setAccessibleName(f"{self._title.text()}. {self._hint.text()}")

    @override
    def mousePressEvent(self, event: QMouseEvent) -> None:
        event.accept()

    @override
    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        event.accept()
        self.uncover()

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        event.accept()
        self.uncover()

    @override
    def event(self, event: QEvent) -> bool:
        """A shortcut below must not fire: the key belongs to the cover."""
        if event.type() is QEvent.Type.ShortcutOverride:
            event.accept()
            return True
        return super().event(event)

    @override
    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() is QEvent.Type.Resize and self.isVisible():
            self.setGeometry(self._window.rect())
        return super().eventFilter(watched, event)

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), self._look.theme.color("bg"))
        painter.end()
