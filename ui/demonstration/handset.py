"""The customer's telephone, drawn: the messages that the post of the demonstration took in.

It is the visitor who plays the customer: the code is read here and typed on the customer's screen.
"""

from PySide6.QtCore import QRectF, QTimer
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QVBoxLayout, QWidget
from typing_extensions import override

from kiosk.domain.contact import spaced
from kiosk.sync.contact import EMAIL
from ui.demonstration.post import Post, Received
from ui.theme import Radius, Space, Stroke, Type
from ui.widgets.button import Button
from ui.widgets.card import Card
from ui.widgets.label import Label
from ui.widgets.look import Look
from ui.widgets.paint import draw_box

_LOOK_MS = 400
_SHOWN = 3


class _Bubble(QWidget):
    """One message."""

    def __init__(self, look: Look, head: str, text: str) -> None:
        super().__init__()
        self._look = look
        column = QVBoxLayout(self)
        column.setContentsMargins(Space.M, Space.S, Space.M, Space.S)
        column.setSpacing(Space.XS)
        column.addWidget(Label(look, head, Type.LABEL_STRONG, wrap=True))
        column.addWidget(Label(look, text, Type.LABEL, wrap=True))
        look.theme.changed.connect(self.update)

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        theme = self._look.theme
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        fill, line = theme.color("psoft"), theme.color("line2")
        draw_box(painter, QRectF(self.rect()), Radius.BUTTON, fill, line, Stroke.BAND)
        painter.end()


class Handset(Card):
    """The newest messages, newest first."""

    def __init__(self, look: Look, post: Post) -> None:
        super().__init__(look, " ")
        self._post = post
        self._shown: tuple[Received, ...] | None = None
        self._nothing = Label(look, "", Type.LABEL, "ink2", wrap=True)
        self._bubbles = QVBoxLayout()
        self._bubbles.setSpacing(Space.S)
        self.clear_button = Button(look, "", icon="x")
        self.body.addWidget(self._nothing)
        self.body.addLayout(self._bubbles)
        self.body.addWidget(self.clear_button)
        self.clear_button.clicked.connect(self._clear)
        self._tick = QTimer(self)
        self._tick.setInterval(_LOOK_MS)
        self._tick.timeout.connect(self.refresh)
        self._tick.start()
        look.language.changed.connect(self.retranslate)
        self.retranslate()

    def stop(self) -> None:
        """Look no more."""
        self._tick.stop()

    def refresh(self) -> None:
        """Draw what came in since."""
        messages = self._post.messages
        if messages == self._shown:
            return
        self._shown = messages
        while (item := self._bubbles.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        for message in reversed(messages[-_SHOWN:]):
            self._bubbles.addWidget(
                _Bubble(self._look, self._heading(message), message.text.strip())
            )
        self._nothing.setVisible(not messages)
        self.clear_button.setVisible(bool(messages))

    def retranslate(self) -> None:
        """Write every word again; the messages are in the customer's own."""
        tr = self._look.language.tr
        self.set_title(tr("demonstration.handset.title"))
        self._nothing.setText(tr("demonstration.handset.nothing"))
        self.clear_button.setText(tr("demonstration.handset.clear"))
        self.clear_button.updateGeometry()
        self._shown = None
        self.refresh()

    def _heading(self, message: Received) -> str:
        address = message.address if message.channel == EMAIL else spaced(message.address)
        word = "email" if message.channel == EMAIL else "mobile"
        return self._look.language.tr(f"demonstration.handset.{word}", address=address)

    def _clear(self) -> None:
        self._post.clear()
        self.refresh()
