"""Small pills that state something: online, waiting, which side."""

from PySide6.QtCore import QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFontMetrics, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QLabel, QSizePolicy
from typing_extensions import override

from ui.theme import Size, Space, Stroke, ThemeName, Tone, Type
from ui.widgets.look import Look
from ui.widgets.paint import draw_box


class Chip(QLabel):
    """A pill with an icon and a few words; it is a QLabel, so it is read as text.

    On the dark bar of the tablet (``on_rail``) the fill is the bar's own lighter blue.

    Signals:
        pressed(): a chip that was made pressable was clicked or touched; a key does the same.
    """

    pressed = Signal()

    def __init__(
        self,
        look: Look,
        text: str = "",
        *,
        icon: str = "",
        tone: Tone = Tone.INFO,
        on_rail: bool = False,
    ) -> None:
        super().__init__(text)
        self._look = look
        self._icon = icon
        self._tone = tone
        self._on_rail = on_rail
        self._brief = False
        self._hint = ""
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        look.theme.changed.connect(self._restyle)
        self._restyle()

    def show_text(self, text: str, tone: Tone, icon: str = "") -> None:
        """Other words, tone and icon."""
        self._tone = tone
        self._icon = icon
        self.setText(text)
        self._restyle()

    def set_on_rail(self, on_rail: bool) -> None:
        """Whether the chip lies on the dark bar."""
        self._on_rail = on_rail
        self._restyle()

    def set_brief(self, brief: bool) -> None:
        """Where room is short: the icon alone; the words are its tooltip, and are read aloud."""
        self._brief = brief
        self.setToolTip(self._hint or (self.text() if brief else ""))
        self._restyle()

    def make_pressable(self, hint: str) -> None:
        """From now on a click counts; the tooltip says what it does."""
        self._hint = hint
        self.setToolTip(hint)
        self.setCursor(Qt.CursorShape.PointingHandCursor)

    @override
    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        super().mouseReleaseEvent(event)
        if self._hint and self.rect().contains(event.position().toPoint()):
            self.pressed.emit()

    @override
    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Taken, so that the release comes here too."""
        if self._hint:
            event.accept()
        else:
            super().mousePressEvent(event)

    @override
    def sizeHint(self) -> QSize:
        return QSize(self.width_at(brief=self._brief), self._look.theme.scaled(Size.CHIP))

    def width_at(self, *, brief: bool) -> int:
        """Width wanted with words or, ``brief``, without, in pixels."""
        theme = self._look.theme
        icon = theme.scaled(Size.ICON_SMALL) if self._icon else 0
        if brief and icon:
            return icon + 2 * Space.M
        width = QFontMetrics(theme.font(Type.LABEL_STRONG)).horizontalAdvance(self.text())
        return width + 2 * Space.L + (icon + Space.S if icon else 0)

    @override
    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        theme = self._look.theme
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        fill = "railhi" if self._on_rail else self._tone.fill
        ink = self._tone.ink
        if self._on_rail:
            ink = "railaccent" if self._tone in (Tone.WARN, Tone.BAD) else "onrail"
        line = theme.color(ink) if theme.name is ThemeName.CONTRAST else None
        draw_box(
            painter, QRectF(self.rect()), self.height() / 2, theme.color(fill), line, Stroke.BAND
        )
        bare = self._brief and bool(self._icon)
        x = int(Space.M if bare else Space.L)
        if self._icon:
            side = theme.scaled(Size.ICON_SMALL)
            painter.drawPixmap(
                x,
                (self.height() - side) // 2,
                theme.pixmap(self._icon, ink, side, self.devicePixelRatioF()),
            )
            x += side + Space.S
        if not bare:
            painter.setFont(theme.font(Type.LABEL_STRONG))
            painter.setPen(theme.color(ink))
            painter.drawText(
                QRect(x, 0, self.width() - x, self.height()),
                Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft,
                self.text(),
            )
        painter.end()

    def _restyle(self) -> None:
        self.setFont(self._look.theme.font(Type.LABEL_STRONG))
        self.setFixedSize(self.sizeHint())
        self.update()
