"""Buttons: one blue one for what to do next, the key that does the same printed on it."""

from enum import StrEnum

from PySide6.QtCore import QEvent, QPoint, QRect, QRectF, QSize, Qt, QTimer
from PySide6.QtGui import (
    QColor,
    QEnterEvent,
    QFontMetrics,
    QKeyEvent,
    QKeySequence,
    QPainter,
    QPaintEvent,
    QPen,
    QShortcut,
)
from PySide6.QtWidgets import QPushButton, QSizePolicy
from typing_extensions import override

from ui.theme import Radius, Size, Space, Stroke, Type
from ui.widgets.look import Look
from ui.widgets.paint import draw_box, draw_focus, draw_key_cap, key_cap_width

_BUSY_STEP_MS = 40


class ButtonKind(StrEnum):
    """What a button is for."""

    PRIMARY = "primary"
    SECONDARY = "secondary"
    QUIET = "quiet"
    DANGER = "danger"
    RAIL = "rail"


class Button(QPushButton):
    """A button with icon, text and key cap; the key works wherever the focus is in its window.

    While busy it turns a ring, keeps its size and answers to nothing, so that a second press
    cannot send a second order.
    """

    def __init__(
        self,
        look: Look,
        text: str = "",
        *,
        kind: ButtonKind = ButtonKind.SECONDARY,
        key: str = "",
        icon: str = "",
        trailing: str = "",
        short: str = "",
    ) -> None:
        super().__init__(text)
        self._look = look
        self._kind = kind
        self._key = key
        self._icon_name = icon
        self._trailing = trailing
        self._short = short
        self._height: int | None = None
        self._height_scaled = True
        self._type = Type.BUTTON
        self._busy = False
        self._turn = 0
        self._tightness = 0
        self._timer = QTimer(self)
        self._timer.setInterval(_BUSY_STEP_MS)
        self._timer.timeout.connect(self._spin)
        self._shortcut = QShortcut(self)
        # A key that is held down, or that something lies on, does not go on from page to page.
        self._shortcut.setAutoRepeat(False)
        self._shortcut.activated.connect(self._press)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Minimum, QSizePolicy.Policy.Fixed)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        look.theme.changed.connect(self._restyle)
        look.language.changed.connect(self._restyle)
        self.set_key(key)

    @property
    def kind(self) -> ButtonKind:
        """What this button is for."""
        return self._kind

    @property
    def busy(self) -> bool:
        """Whether an order given by this button is under way."""
        return self._busy

    @property
    def shown_text(self) -> str:
        """What is drawn: the short form where room is short, if there is one."""
        brief = self._look.theme.tablet or self._tightness > 0
        return self._short if self._short and brief else self.text()

    def set_texts(self, text: str, short: str = "") -> None:
        """Other words, with a short form for the tablet; the long one is what is read aloud."""
        self._short = short
        self.setText(text)
        self._restyle()

    def set_kind(self, kind: ButtonKind) -> None:
        """Another kind."""
        self._kind = kind
        self.updateGeometry()  # a quiet button has less air
        self.update()

    def set_icon(self, icon: str) -> None:
        """Another icon before the text."""
        self._icon_name = icon
        self._restyle()

    def set_key(self, key: str, *, bind: bool = True) -> None:
        """Bind and print another key; ``""`` for none. ``Return`` also binds the keypad's Enter.

        With ``bind`` False the key is only printed: whoever holds the button listens for it.
        """
        self._key = key
        keys = [QKeySequence(key)] if key and bind else []
        if keys and key == "Return":
            keys.append(QKeySequence(Qt.Key.Key_Enter))
        self._shortcut.setKeys(keys)
        self._restyle()

    def set_height(self, height: int, *, scaled: bool = True) -> None:
        """A height of its own (a ``Size`` token), times the text-size factor if ``scaled``."""
        self._height = height
        self._height_scaled = scaled
        self._restyle()

    def set_type(self, style: Type) -> None:
        """Another style of type (the digits of a keypad are larger)."""
        self._type = style
        self._restyle()

    def set_tightness(self, tightness: int) -> None:
        """Where room is short: 1 takes short words and little air, 2 gives up the icons as well."""
        if tightness != self._tightness:
            self._tightness = tightness
            self._restyle()

    def width_at(self, tightness: int) -> int:
        """Width wanted at this tightness, in pixels."""
        kept, self._tightness = self._tightness, tightness
        try:
            return self.sizeHint().width()
        finally:
            self._tightness = kept

    def set_busy(self, busy: bool) -> None:
        """Turn the ring and refuse presses, or stop."""
        self._busy = busy
        if busy:
            self._timer.start()
        else:
            self._timer.stop()
        self.setAccessibleDescription(self._look.language.tr("common.busy") if busy else "")
        self._shortcut.setEnabled(not busy)
        self.update()

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        if self._busy:
            event.ignore()
        else:
            super().keyPressEvent(event)

    @override
    def hitButton(self, pos: QPoint) -> bool:
        return not self._busy and super().hitButton(pos)

    @override
    def sizeHint(self) -> QSize:
        theme = self._look.theme
        width = 2 * self._padding + QFontMetrics(theme.font(self._type)).horizontalAdvance(
            self.shown_text
        )
        icon = theme.scaled(Size.ICON)
        if self._leading:
            width += icon + (Space.M if self.shown_text else 0)
        if self._following:
            width += icon + Space.M
        if self._cap:
            width += key_cap_width(theme, self._cap) + Space.L
        return QSize(width, self._own_height)

    @override
    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    @override
    def enterEvent(self, event: QEnterEvent) -> None:
        self.update()
        super().enterEvent(event)

    @override
    def leaveEvent(self, event: QEvent) -> None:
        self.update()
        super().leaveEvent(event)

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        theme = self._look.theme
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        fill, line, ink = self._colors()
        rect = QRectF(self.rect())
        inset = Size.FOCUS_WIDTH + Size.FOCUS_GAP if self.hasFocus() else 0
        radius = min(float(Radius.BUTTON), rect.height() / 2)
        box = rect.adjusted(inset, inset, -inset, -inset)
        draw_box(painter, box, radius - inset / 2, fill, line, Stroke.CONTROL)
        if self.hasFocus():
            ground = "rail" if self._kind is ButtonKind.RAIL else "surface"
            draw_focus(painter, rect, radius, theme, ground)
        if self._busy:
            self._paint_busy(painter, ink)
        else:
            self._paint_content(painter, ink)
        painter.end()

    def _paint_content(self, painter: QPainter, ink: QColor) -> None:
        theme = self._look.theme
        ratio = self.devicePixelRatioF()
        icon = theme.scaled(Size.ICON)
        content = self.sizeHint().width() - 2 * self._padding
        x = (self.width() - content) // 2
        role = self._ink_role()
        middle = (self.height() - icon) // 2
        if self._leading:
            painter.drawPixmap(x, middle, theme.pixmap(self._leading, role, icon, ratio))
            x += icon + Space.M
        painter.setFont(theme.font(self._type))
        painter.setPen(ink)
        width = QFontMetrics(painter.font()).horizontalAdvance(self.shown_text)
        flags = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft
        painter.drawText(QRect(x, 0, width + Space.XS, self.height()), flags, self.shown_text)
        x += width
        if self._following:
            x += Space.M
            painter.drawPixmap(x, middle, theme.pixmap(self._following, role, icon, ratio))
            x += icon
        if self._cap:
            x += Space.L
            cap = theme.scaled(Size.KEY_CAP)
            rect = QRect(x, (self.height() - cap) // 2, key_cap_width(theme, self._cap), cap)
            draw_key_cap(painter, rect, self._cap, theme, ink)

    def _paint_busy(self, painter: QPainter, ink: QColor) -> None:
        side = self._look.theme.scaled(Size.ICON_LARGE)
        box = QRectF((self.width() - side) / 2, (self.height() - side) / 2, side, side)
        pen = QPen(ink, float(Space.XS) * 0.75)
        pen.setCapStyle(Qt.PenCapStyle.RoundCap)
        painter.setPen(pen)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawArc(box, -self._turn * 16, 270 * 16)

    def _colors(self) -> tuple[QColor | None, QColor | None, QColor]:
        color = self._look.theme.color
        ink = color(self._ink_role())
        if not self.isEnabled():
            return color("sunken"), color("line"), ink
        under = self.underMouse()
        match self._kind:
            case ButtonKind.PRIMARY:
                fill = "pressed" if self.isDown() else "hover" if under else "primary"
                return color(fill), None, ink
            case ButtonKind.DANGER:
                return color("badsoft" if under or self.isDown() else "surface"), ink, ink
            case ButtonKind.RAIL:
                return color("railhi"), None, ink
            case ButtonKind.QUIET:
                return (color("psoft") if under or self.isDown() else None), None, ink
            case _:
                fill = "sunken" if self.isDown() else "psoft" if under else "surface"
                return color(fill), color("line2"), ink

    def _ink_role(self) -> str:
        if not self.isEnabled():
            return "ink3"
        return {
            ButtonKind.PRIMARY: "onprimary",
            ButtonKind.DANGER: "bad",
            ButtonKind.QUIET: "primary",
            ButtonKind.RAIL: "onrail",
        }.get(self._kind, "ink")

    @property
    def _cap(self) -> str:
        if not self._key or self._look.theme.tablet:
            return ""
        return self._look.language.key_name(self._key)

    @property
    def _leading(self) -> str:
        """Icon before the words; the last thing to go, and never where it stands alone."""
        return "" if self._tightness > 1 and self.shown_text else self._icon_name

    @property
    def _following(self) -> str:
        return "" if self._tightness > 0 else self._trailing

    @property
    def _padding(self) -> int:
        quiet = self._kind is ButtonKind.QUIET or not self.shown_text
        return int(Space.L if quiet or self._tightness > 0 else Space.XXL)

    @property
    def _own_height(self) -> int:
        theme = self._look.theme
        if self._height is None:
            return theme.target
        return theme.scaled(self._height) if self._height_scaled else self._height

    def _spin(self) -> None:
        self._turn = (self._turn + 18) % 360
        self.update()

    def _press(self) -> None:
        if self.isEnabled() and not self._busy:
            self.click()

    def _restyle(self) -> None:
        self.setMinimumHeight(self._own_height)
        self.updateGeometry()
        self.update()
