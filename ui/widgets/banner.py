"""A band above the work that says what happened and, where possible, offers to undo it."""

from PySide6.QtCore import QRect, QRectF, QTimer, Signal
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QWidget
from typing_extensions import override

from ui.theme import UNDO_MS, Radius, Size, Space, Stroke, Tone, Type
from ui.widgets.announce import TONE_ICONS, announce
from ui.widgets.button import Button, ButtonKind
from ui.widgets.label import IconLabel, Label
from ui.widgets.look import Look
from ui.widgets.paint import draw_box


class Banner(QWidget):
    """Hidden until it has something to say.

    Signals:
        shown(): it has something to say now.
        undone(): the offer to undo was taken (button or Ctrl+Z).
        closed(): the banner went away, by itself or by its button.
    """

    shown = Signal()
    undone = Signal()
    closed = Signal()

    def __init__(self, look: Look) -> None:
        super().__init__()
        self._look = look
        self._tone = Tone.INFO
        row = QHBoxLayout(self)
        row.setContentsMargins(Space.XL, Space.S, Space.S, Space.S)
        row.setSpacing(Space.M)
        self._icon = IconLabel(look, "info-circle", "primary", Size.ICON)
        self._text = Label(look, "", Type.STRONG, wrap=True)
        self._undo = Button(look, "", kind=ButtonKind.QUIET, icon="arrow-back-up", key="Ctrl+Z")
        self._undo.set_height(Size.TARGET_BAR)
        self._undo.clicked.connect(self._take_back)
        row.addWidget(self._icon)
        row.addWidget(self._text, 1)
        row.addWidget(self._undo)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self.dismiss)
        look.theme.changed.connect(self.update)
        self.setMinimumHeight(look.theme.scaled(Size.TARGET_COUNTER))
        self.hide()

    def lie_in(self, line: QRect, head: QRect) -> None:
        """Lie over the words of a page, for a page that gives it no place of its own.

        Args:
            line: the room of the instruction alone; taken where that is enough.
            head: the room of all words above the work; taken whole, so that no word is cut.
        """
        layout = self.layout()
        if layout is None or self.isHidden():
            return
        self.setMinimumHeight(0)
        enough = layout.totalHeightForWidth(line.width()) <= line.height()
        place = line if enough else head
        height = max(place.height(), layout.totalHeightForWidth(place.width()))
        self.setGeometry(place.left(), place.top(), place.width(), height)
        self.raise_()

    def add_action(self, button: Button) -> None:
        """A button of the holder's own, at the end of the band."""
        row = self.layout()
        if row is not None:
            row.addWidget(button)

    @property
    def text(self) -> str:
        """The sentence shown."""
        return self._text.text()

    def show_message(
        self, text: str, tone: Tone = Tone.INFO, undo: str = "", ms: int = UNDO_MS
    ) -> None:
        """Show a sentence; ``undo`` is the word of the undo button; ``ms`` 0 stays for good."""
        self._tone = tone
        self._icon.show_icon(TONE_ICONS[tone], tone.ink)
        self._text.setText(text)
        self._undo.setText(undo)
        self._undo.setVisible(bool(undo))
        self._undo.updateGeometry()
        self._timer.stop()
        if ms > 0:
            self._timer.start(ms)
        self.show()
        self.shown.emit()
        self.update()
        announce(self, text, assertive=tone in (Tone.WARN, Tone.BAD))

    def dismiss(self) -> None:
        """Go away."""
        self._timer.stop()
        self.hide()
        self.closed.emit()

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        theme = self._look.theme
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        fill, line = theme.color(self._tone.fill), theme.color(self._tone.ink)
        draw_box(painter, QRectF(self.rect()), Radius.BUTTON, fill, line, Stroke.BAND)
        painter.end()

    def _take_back(self) -> None:
        self.undone.emit()
        self.dismiss()
