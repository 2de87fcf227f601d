"""Tells screen readers what changed, and shows a short word that goes away by itself."""

from PySide6.QtCore import QRectF, Qt, QTimer
from PySide6.QtGui import (
    QAccessible,
    QAccessibleAnnouncementEvent,
    QFontMetrics,
    QPainter,
    QPaintEvent,
)
from PySide6.QtWidgets import QHBoxLayout, QWidget
from typing_extensions import override

from ui.theme import Radius, Size, Space, Stroke, Tone, Type
from ui.widgets.label import IconLabel, Label
from ui.widgets.look import Look
from ui.widgets.paint import draw_box

TOAST_MS = 4000
"""The least time that a word stays."""
_READING_MS = 60
"""For each character more of a long one: a slow reader's pace."""
TONE_ICONS = {
    Tone.NEUTRAL: "info-circle",
    Tone.INFO: "info-circle",
    Tone.OK: "circle-check",
    Tone.WARN: "alert-triangle",
    Tone.BAD: "alert-triangle",
}


def announce(widget: QWidget, text: str, *, assertive: bool = False) -> None:
    """Have a screen reader say ``text``; ``assertive`` interrupts what it is saying."""
    event = QAccessibleAnnouncementEvent(widget, text)
    if assertive:
        event.setPoliteness(QAccessible.AnnouncementPoliteness.Assertive)
    QAccessible.updateAccessibility(event)


class Toast(QWidget):
    """A short word at the foot of its parent; never the only place where something is said.

    One that is too long for a line of a narrow window stands in several, and stays longer.
    """

    def __init__(self, parent: QWidget, look: Look) -> None:
        super().__init__(parent)
        self._parent = parent
        self._look = look
        row = QHBoxLayout(self)
        row.setContentsMargins(Space.XL, Space.M, Space.XL, Space.M)
        row.setSpacing(Space.M)
        self._icon = IconLabel(look, "circle-check", "live", Size.ICON)
        self._text = Label(look, "", Type.STRONG, "onstrip", wrap=True)
        row.addWidget(self._icon)
        row.addWidget(self._text, 1)
        self._row = row
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self.finish)
        self.hide()

    def show_text(self, text: str, tone: Tone = Tone.OK, ms: int = 0) -> None:
        """Show and announce ``text`` for ``ms``; for as long as it takes to read where 0."""
        ink = {Tone.OK: "live", Tone.WARN: "thread", Tone.BAD: "thread"}.get(tone, "onstrip")
        self._icon.show_icon(TONE_ICONS[tone], ink)
        self._text.setText(text)
        parent = self._parent
        self._fit(parent.width() - 2 * Space.XXL)
        x = (parent.width() - self.width()) // 2
        self.move(x, parent.height() - self.height() - Size.BOTTOM_BAR - Space.XXL)
        self.show()
        self.raise_()
        self._timer.start(ms or max(TOAST_MS, _READING_MS * len(text)))
        announce(self, text)

    def _fit(self, room: int) -> None:
        """As wide as the words, but no wider than ``room`` pixels."""
        edges = self._row.contentsMargins()
        words = QFontMetrics(self._text.font()).horizontalAdvance(self._text.text()) + Space.S
        icon = self._icon.sizeHint().width() + self._row.spacing()
        width = min(room, words + icon + edges.left() + edges.right())
        self.resize(width, self._row.totalHeightForWidth(width))

    def finish(self) -> None:
        """Go away now."""
        self._timer.stop()
        self.hide()

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        theme = self._look.theme
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        line = theme.color("line2")
        draw_box(
            painter, QRectF(self.rect()), Radius.BUTTON, theme.color("strip"), line, Stroke.CARD
        )
        painter.end()
