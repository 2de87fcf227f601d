"""Tiles: the few things one can start from home."""

from PySide6.QtCore import QEvent, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QEnterEvent, QFontMetrics, QKeySequence, QPainter, QPaintEvent, QShortcut
from PySide6.QtWidgets import QPushButton, QSizePolicy
from typing_extensions import override

from ui.theme import Radius, Size, Space, Stroke, Type
from ui.widgets.look import Look
from ui.widgets.paint import draw_box, draw_focus, draw_key_cap, draw_mark, key_cap_width


class Tile(QPushButton):
    """A big button: icon, title, hint, key cap. The primary one is blue and carries the mark."""

    def __init__(
        self,
        look: Look,
        title: str,
        hint: str,
        *,
        icon: str,
        key: str = "",
        primary: bool = False,
    ) -> None:
        super().__init__(title)
        self._look = look
        self._hint = hint
        self._icon_name = icon
        self._key = key
        self._primary = primary
        self._shortcut = QShortcut(self)
        self._shortcut.setAutoRepeat(False)
        if key:
            self._shortcut.setKeys([QKeySequence(key)])
        self._shortcut.activated.connect(self.click)
        self.setAccessibleDescription(hint)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        look.theme.changed.connect(self._restyle)
        self._restyle()

    def set_texts(self, title: str, hint: str) -> None:
        """Other words."""
        self.setText(title)
        self._hint = hint
        self.setAccessibleDescription(hint)
        self._restyle()

    @override
    def sizeHint(self) -> QSize:
        theme = self._look.theme
        title = QFontMetrics(theme.font(Type.TILE)).horizontalAdvance(self.text())
        hint = QFontMetrics(theme.font(Type.BODY)).horizontalAdvance(self._hint)
        height = Size.TILE_TABLET if theme.tablet else Size.TILE
        height = Size.TILE_LOW if theme.low else height
        width = max(title, hint) + 2 * Space.XXXL
        if theme.tablet:
            width += theme.scaled(Size.BADGE_LARGE) + Space.XL
        return QSize(width, theme.scaled(height))

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
        rect = QRectF(self.rect())
        inset = Size.FOCUS_WIDTH + Size.FOCUS_GAP if self.hasFocus() else 0
        box = rect.adjusted(inset, inset, -inset, -inset)
        under = self.underMouse()
        if self._primary:
            fill = "pressed" if self.isDown() else "hover" if under else "primary"
            draw_box(painter, box, Radius.CARD, theme.color(fill))
            self._paint_ornament(painter)
        else:
            fill = "sunken" if self.isDown() else "psoft" if under else "surface"
            line = theme.color("primary" if under else "line")
            draw_box(painter, box, Radius.CARD, theme.color(fill), line, Stroke.CARD)
        if self.hasFocus():
            draw_focus(painter, rect, Radius.CARD, theme, "bg")
        self._paint_icon(painter)
        self._paint_words(painter)
        painter.end()

    def _paint_ornament(self, painter: QPainter) -> None:
        theme = self._look.theme
        ghost = theme.color("onprimary")
        ghost.setAlphaF(0.13)
        side = self.height() * 1.12
        left = self.width() - side - Size.BADGE
        painter.save()
        painter.setClipRect(self.rect())
        box = QRectF(left, (self.height() - side) / 2, side, side)
        draw_mark(painter, box, ghost, ghost)
        painter.restore()

    def _paint_icon(self, painter: QPainter) -> None:
        theme = self._look.theme
        side = theme.scaled(Size.BADGE_LARGE)
        left = int(Space.XXL if theme.tablet else Space.XXXL)
        top = (self.height() - side) // 2 if theme.tablet else int(Space.XXL)
        box = QRectF(left, top, side, side)
        fill, ink = ("accent", "onaccent") if self._primary else ("psoft", "primary")
        draw_box(painter, box, Radius.TILE, theme.color(fill))
        icon = round(side * 0.5)
        offset = (side - icon) // 2
        pixmap = theme.pixmap(self._icon_name, ink, icon, self.devicePixelRatioF())
        painter.drawPixmap(left + offset, top + offset, pixmap)
        if self._key and not theme.tablet:
            name = self._look.language.key_name(self._key)
            cap = theme.scaled(Size.KEY_CAP)
            width = key_cap_width(theme, name)
            where = QRect(self.width() - Space.XXL - width, Space.GUTTER, width, cap)
            key_ink = theme.color("onprimary" if self._primary else "ink2")
            draw_key_cap(painter, where, name, theme, key_ink)

    def _paint_words(self, painter: QPainter) -> None:
        theme = self._look.theme
        title = theme.font(Type.TILE)
        hint = theme.font(Type.BODY)
        hint_height = QFontMetrics(hint).height()
        title_height = QFontMetrics(title).height()
        left = int(Space.XXXL)
        bottom = self.height() - Space.XXL
        if theme.tablet:
            left = Space.XXL + theme.scaled(Size.BADGE_LARGE) + Space.XL
            bottom = (self.height() + title_height + Space.XS + hint_height) // 2
        width = self.width() - left - Space.L
        painter.setFont(hint)
        painter.setPen(theme.color("onprimary" if self._primary else "ink2"))
        flags = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
        rect = QRect(left, bottom - hint_height, width, hint_height)
        painter.drawText(rect, flags, self._hint)
        painter.setFont(title)
        painter.setPen(theme.color("onprimary" if self._primary else "ink"))
        top = bottom - hint_height - Space.XS - title_height
        painter.drawText(QRect(left, top, width, title_height), flags, self.text())

    def _restyle(self) -> None:
        self.setMinimumHeight(self.sizeHint().height())
        self.updateGeometry()
        self.update()
