"""What the operator has to say, on the home page: one sentence at a time, in a band of few lines.

The sentences are the operator's own words: plain text, in no language of ours. A band that showed
all of them would push the work off a low window; a button goes on to the next one.
"""

from PySide6.QtCore import QRectF
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QWidget
from typing_extensions import override

from ui.theme import Radius, Size, Space, Stroke, Tone, Type
from ui.widgets.announce import announce
from ui.widgets.button import Button, ButtonKind
from ui.widgets.label import IconLabel, Label
from ui.widgets.look import Look
from ui.widgets.paint import draw_box


class Notices(QWidget):
    """Hidden while there is none."""

    def __init__(self, look: Look) -> None:
        super().__init__()
        self.setObjectName("notices")
        self._look = look
        self._notices: tuple[str, ...] = ()
        self._at = 0
        self.text = Label(look, "", Type.BODY, wrap=True)
        self.next = Button(look, "", kind=ButtonKind.QUIET, icon="arrow-right")
        self.next.setObjectName("next-notice")
        self.next.set_height(Size.TARGET_BAR)
        self.next.clicked.connect(self._go_on)
        row = QHBoxLayout(self)
        row.setContentsMargins(Space.XL, Space.S, Space.S, Space.S)
        row.setSpacing(Space.M)
        row.addWidget(IconLabel(look, "info-circle", "primary", Size.ICON))
        row.addWidget(self.text, 1)
        row.addWidget(self.next)
        look.theme.changed.connect(self.update)
        look.language.changed.connect(self._write)
        self.hide()

    def show_notices(self, notices: tuple[str, ...]) -> None:
        """Show these; the one that is read stays where they are the same."""
        if notices != self._notices:
            self._notices, self._at = notices, 0
        self._write()
        self.setVisible(bool(notices))

    def _go_on(self) -> None:
        self._at = (self._at + 1) % len(self._notices)
        self._write()
        announce(self, self.text.text())

    def _write(self) -> None:
        if not self._notices:
            return
        tr, count = self._look.language.tr, len(self._notices)
        self.text.setText(self._notices[self._at])
        self.next.setText(f"{self._at + 1}/{count}")
        self.next.setAccessibleName(tr("home.next_notice", n=self._at + 1, total=count))
        self.next.setVisible(count > 1)
        self.next.updateGeometry()

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        theme = self._look.theme
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        fill, line = theme.color(Tone.INFO.fill), theme.color(Tone.INFO.ink)
        draw_box(painter, QRectF(self.rect()), Radius.BUTTON, fill, line, Stroke.BAND)
        painter.end()
