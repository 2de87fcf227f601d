"""Text and icons that stand still.

A line that wraps never breaks between a number and what it counts, nor within ``2D-Doc``.
"""

import re
from typing import Final

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPalette
from PySide6.QtWidgets import QLabel, QSizePolicy, QWidget
from typing_extensions import override

from ui.theme import Size, Tone, Type
from ui.widgets.look import Look

_COUNTED: Final = re.compile(r"(?<=\d) (?=[a-zà-ÿ])")
_NBSP: Final = "\u00a0"
_SPLIT_NAME: Final = "2D-Doc"
_WHOLE_NAME: Final = "2D-\u2060Doc"
"""With a word joiner: no line break (Unicode UAX 14, class WJ), and nothing to see."""


class Label(QLabel):
    """Text in one of the styles of type and one of the inks."""

    def __init__(
        self,
        look: Look,
        text: str = "",
        style: Type = Type.BODY,
        ink: str = "ink",
        *,
        wrap: bool = False,
    ) -> None:
        super().__init__()
        self._look = look
        self._text = ""
        self._style = style
        self._ink = ink
        self.setTextFormat(Qt.TextFormat.PlainText)
        # Inside a button the role would be ButtonText, and the ink would be lost.
        self.setForegroundRole(QPalette.ColorRole.WindowText)
        self.setWordWrap(wrap)
        if wrap:
            policy = QSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Minimum)
            policy.setHeightForWidth(True)
            self.setSizePolicy(policy)
        self.setText(text)
        look.theme.changed.connect(self._restyle)
        self._restyle()

    @override
    def setText(self, text: str) -> None:
        self._text = text
        super().setText(_unbroken(text) if self.wordWrap() else text)

    @override
    def clear(self) -> None:
        self.setText("")

    @override
    def text(self) -> str:
        """The words as they were given."""
        return self._text

    @property
    def ink(self) -> str:
        """Palette name of the text."""
        return self._ink

    def set_ink(self, ink: str) -> None:
        """Another palette name for the text."""
        if ink != self._ink:
            self._ink = ink
            self._restyle()

    def set_style(self, style: Type) -> None:
        """Another style of type."""
        if style is not self._style:
            self._style = style
            self._restyle()

    def _restyle(self) -> None:
        self.setFont(self._look.theme.font(self._style))
        palette = self.palette()
        palette.setColor(QPalette.ColorRole.WindowText, self._look.theme.color(self._ink))
        self.setPalette(palette)


def _unbroken(text: str) -> str:
    """The same words, tied together where a line must not break."""
    return _COUNTED.sub(_NBSP, text).replace(_SPLIT_NAME, _WHOLE_NAME)


class IconLabel(QLabel):
    """An icon that accompanies a text; silent for screen readers, which read the text."""

    def __init__(
        self, look: Look, icon: str = "", ink: str = "ink2", size: int = Size.ICON
    ) -> None:
        super().__init__()
        self._look = look
        self._icon = icon
        self._ink = ink
        self._size = size
        look.theme.changed.connect(self._restyle)
        self._restyle()

    def show_icon(self, icon: str, ink: str) -> None:
        """Another icon or ink; an empty name shows nothing."""
        self._icon = icon
        self._ink = ink
        self._restyle()

    @override
    def sizeHint(self) -> QSize:
        side = self._look.theme.scaled(self._size)
        return QSize(side, side)

    def _restyle(self) -> None:
        side = self._look.theme.scaled(self._size)
        self.setFixedSize(side, side)
        if self._icon:
            ratio = self.devicePixelRatioF()
            self.setPixmap(self._look.theme.pixmap(self._icon, self._ink, side, ratio))
        else:
            self.clear()


class Badge(QWidget):
    """An icon on a round soft fill of its tone (square-ish where ``round_`` is False)."""

    def __init__(
        self,
        look: Look,
        icon: str,
        tone: Tone = Tone.INFO,
        size: int = Size.BADGE,
    ) -> None:
        super().__init__()
        self._look = look
        self._icon = icon
        self._tone = tone
        self._size = size
        look.theme.changed.connect(self._restyle)
        self._restyle()

    def set_size(self, size: int) -> None:
        """Another diameter, px before the text-size factor."""
        if size != self._size:
            self._size = size
            self._restyle()

    def show_icon(self, icon: str, tone: Tone) -> None:
        """Another icon or tone."""
        self._icon = icon
        self._tone = tone
        self.update()

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        theme = self._look.theme
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.color(self._tone.fill))
        painter.drawEllipse(QRectF(self.rect()))
        side = round(self.width() * 0.52)
        offset = (self.width() - side) // 2
        painter.drawPixmap(
            offset,
            offset,
            theme.pixmap(self._icon, self._tone.ink, side, self.devicePixelRatioF()),
        )
        painter.end()

    def _restyle(self) -> None:
        side = self._look.theme.scaled(self._size)
        self.setFixedSize(side, side)
        self.update()


class Initials(QWidget):
    """Initials on a round fill beside a name; decoration, the name itself is a label."""

    def __init__(self, look: Look, initials: str) -> None:
        super().__init__()
        self._look = look
        self._initials = initials
        look.theme.changed.connect(self._restyle)
        self._restyle()

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        theme = self._look.theme
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.color("primary"))
        painter.drawEllipse(QRectF(self.rect()))
        painter.setPen(theme.color("onprimary"))
        painter.setFont(theme.font(Type.LABEL_STRONG))
        painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter, self._initials)
        painter.end()

    def _restyle(self) -> None:
        side = self._look.theme.scaled(Size.BADGE)
        self.setFixedSize(side, side)
        self.update()
