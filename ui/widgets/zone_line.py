"""A line of a machine-readable zone as it was read: its picture, and under it each character.

Rules: each character stands under its own picture; what is open has an underlined box with a
question mark under it, what was settled a bar and a check, what is in hand a thicker frame: never
colour alone.
"""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QFont,
    QFontMetricsF,
    QImage,
    QMouseEvent,
    QPainter,
    QPainterPath,
    QPaintEvent,
)
from PySide6.QtWidgets import QLabel, QSizePolicy
from typing_extensions import override

from ui.theme import Radius, Size, Space, Stroke, Type
from ui.widgets.look import Look
from ui.widgets.paint import draw_box

if TYPE_CHECKING:
    from kiosk.ports import Picture


class Mark(StrEnum):
    """What is said of a character."""

    OPEN = "open"
    HERE = "here"
    SETTLED = "settled"


def even_places(count: int) -> tuple[float, ...]:
    """Centres of ``count`` characters of one width, 0 to 1."""
    return tuple((index + 0.5) / count for index in range(count))


def grey_image(strip: "Picture") -> tuple["Picture", QImage]:
    """A strip, (h, w) grey uint8, as QImage over memory that must be kept as long."""
    import numpy as np

    kept = np.ascontiguousarray(strip)
    height, width = kept.shape[:2]
    return kept, QImage(kept.data, width, height, kept.strides[0], QImage.Format.Format_Grayscale8)


class ZoneLine(QLabel):
    """Picture and text of one line.

    Signals:
        picked(int): position of the character that was pressed.
    """

    picked = Signal(int)

    def __init__(self, look: Look) -> None:
        super().__init__()
        self._look = look
        self._array: Picture | None = None
        self._image: QImage | None = None
        self._text = ""
        self._places: tuple[float, ...] = ()
        self._marks: dict[int, Mark] = {}
        policy = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Minimum)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)
        look.theme.changed.connect(self._restyle)

    def show_line(
        self,
        strip: "Picture | None",
        text: str,
        places: Sequence[float] = (),
        marks: Mapping[int, Mark] | None = None,
    ) -> None:
        """Show a line.

        Args:
            strip: (h, w) grey uint8, upright; None: text only.
            text: of the line.
            places: centre of each character along the strip, 0 to 1; evenly spread without them.
            marks: by position.
        """
        self._array, self._image = None, None
        if strip is not None:
            self._array, self._image = grey_image(strip)
        self._text = text
        self._places = tuple(places) if len(places) == len(text) else even_places(len(text))
        self._marks = dict(marks or {})
        self.setAccessibleName(" ".join(text))
        self.updateGeometry()
        self.update()

    @override
    def hasHeightForWidth(self) -> bool:
        return True

    @override
    def heightForWidth(self, arg__1: int) -> int:
        return round(self._strip_height(arg__1) + self._row_height)

    @override
    def sizeHint(self) -> QSize:
        width = int(Size.READING_WIDTH)
        return QSize(width, self.heightForWidth(width))

    @override
    def minimumSizeHint(self) -> QSize:
        return QSize(Size.SIDE_PANEL, round(self._row_height))

    @override
    def mousePressEvent(self, ev: QMouseEvent) -> None:
        if self._places:
            where = ev.position().x() / max(self.width(), 1)
            self.picked.emit(
                min(range(len(self._places)), key=lambda n: abs(self._places[n] - where))
            )
        super().mousePressEvent(ev)

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        high = self._strip_height(self.width())
        if self._image is not None:
            strip = QRectF(0, 0, self.width(), high)
            path = QPainterPath()
            path.addRoundedRect(strip, Radius.KEY, Radius.KEY)
            painter.save()
            painter.setClipPath(path)
            painter.drawImage(strip, self._image)
            painter.restore()
        self._paint_text(painter, high)
        painter.end()

    def _paint_text(self, painter: QPainter, top: float) -> None:
        theme = self._look.theme
        pitch = self.width() / max(len(self._text), 1)
        letters = self._fitted(pitch)
        for position, (character, place) in enumerate(zip(self._text, self._places, strict=True)):
            middle = place * self.width()
            mark = self._marks.get(position)
            box = QRectF(middle - pitch / 2, top + Space.XS, pitch, self._letter_height)
            mark = self._marks.get(position)
            if mark is not None:
                self._paint_mark(painter, box, mark)
            painter.setFont(letters)
            painter.setPen(theme.color("onaccent" if mark is Mark.HERE else "ink"))
            painter.drawText(box, Qt.AlignmentFlag.AlignCenter, character)

    def _paint_mark(self, painter: QPainter, box: QRectF, mark: Mark) -> None:
        theme = self._look.theme
        side = theme.scaled(Size.ICON_SMALL)
        foot = QRectF(box.center().x() - side, box.bottom() + Space.HAIR, 2.0 * side, side)
        if mark is Mark.SETTLED:
            bar = QRectF(box.left(), box.bottom() - Space.XS, box.width(), float(Space.XS))
            draw_box(painter, bar, Space.HAIR, theme.color("ok"))
            check = theme.pixmap("check", "ok", side, self.devicePixelRatioF())
            painter.drawPixmap(QPointF(foot.left() + side / 2, foot.top()), check)
            return
        here = mark is Mark.HERE
        fill, line = theme.color("accent" if here else "warnsoft"), theme.color("warn")
        if here:
            line = theme.color("ink")
        width = Stroke.HERE if here else Stroke.CONTROL
        wide = box.adjusted(-float(Space.HAIR), 0, float(Space.HAIR), 0)
        draw_box(painter, wide, Radius.KEY, fill, line, width)
        under = box.bottom() - Space.XS
        painter.drawLine(
            QPointF(box.left() + Space.XS, under), QPointF(box.right() - Space.XS, under)
        )
        painter.setFont(theme.font(Type.LABEL_STRONG))
        painter.setPen(theme.color("ink" if here else "warn"))
        painter.drawText(foot, Qt.AlignmentFlag.AlignCenter, "?")
        if self._image is not None:  # on the strip itself, so that the eye finds the picture too
            above = QRectF(wide.left(), Space.HAIR, wide.width(), wide.top() - 2.0 * Space.XS)
            ink = theme.color("thread" if here else "warnsoft")
            draw_box(painter, above, Radius.KEY, None, theme.color("onaccent"), 2 * width)
            draw_box(painter, above, Radius.KEY, None, ink, width)

    def _fitted(self, pitch: float) -> QFont:
        """The largest style of type whose characters stand side by side."""
        theme = self._look.theme
        large = theme.font(Type.CODE_LARGE)
        if QFontMetricsF(large).horizontalAdvance("0") <= pitch:
            return large
        return theme.font(Type.CODE)

    def _strip_height(self, width: int) -> float:
        if self._image is None:
            return 0.0
        return width * self._image.height() / self._image.width()

    @property
    def _letter_height(self) -> float:
        return QFontMetricsF(self._look.theme.font(Type.CODE_LARGE)).height() + Space.S

    @property
    def _row_height(self) -> float:
        theme = self._look.theme
        foot = theme.scaled(Size.ICON_SMALL) + Space.HAIR if self._marks else 0
        return self._letter_height + foot + 2.0 * Space.XS

    def _restyle(self) -> None:
        self.updateGeometry()
        self.update()


class GlyphView(QLabel):
    """One character of a strip, enlarged, with its neighbours; the one in question is framed."""

    def __init__(self, look: Look) -> None:
        super().__init__()
        self._look = look
        self._array: Picture | None = None
        self._image: QImage | None = None
        self._place = 0.5
        self._pitch = 1.0
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        look.theme.changed.connect(self._restyle)
        self._restyle()

    def show_glyph(self, strip: "Picture", place: float, pitch: float) -> None:
        """Strip: (h, w) grey uint8; the centre of the character and its width, 0 to 1."""
        self._array, self._image = grey_image(strip)
        self._place = place
        self._pitch = pitch
        self.update()

    @override
    def sizeHint(self) -> QSize:
        tablet = self._look.theme.tablet
        side = Size.TILE_TABLET if tablet else Size.TILE
        return QSize(side * 3 // 2, side)

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        if self._image is None:
            return
        theme = self._look.theme
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        box = QRectF(self.rect())
        path = QPainterPath()
        path.addRoundedRect(box, Radius.BUTTON, Radius.BUTTON)
        painter.setClipPath(path)
        scale = box.height() / self._image.height()
        wide = self._image.width() * scale
        left = box.width() / 2 - self._place * wide
        painter.fillRect(box, theme.color("sunken"))
        painter.drawImage(QRectF(left, 0, wide, box.height()), self._image)
        half = self._pitch * wide / 2 + Space.XS
        frame = QRectF(box.center().x() - half, Space.XS, 2 * half, box.height() - 2 * Space.XS)
        draw_box(painter, frame, Radius.KEY, None, theme.color("onaccent"), 2 * Stroke.HERE)
        draw_box(painter, frame, Radius.KEY, None, theme.color("thread"), Stroke.HERE)
        painter.end()

    def _restyle(self) -> None:
        self.setFixedSize(self.sizeHint())
        self.update()


class StripView(QLabel):
    """The picture of a line, stretched so that each character stands over its place below."""

    def __init__(self, look: Look) -> None:
        super().__init__()
        self._look = look
        self._array: Picture | None = None
        self._image: QImage | None = None
        self._places: tuple[float, ...] = ()
        self._first = 0.0
        self._pitch = 1.0
        self.setFixedHeight(look.theme.scaled(Size.CHIP))
        self.hide()

    def show_strip(self, strip: "Picture | None", places: Sequence[float] = ()) -> None:
        """Strip: (h, w) grey uint8, upright; places: centres of its characters, 0 to 1."""
        self._array, self._image = None, None
        if strip is not None:
            self._array, self._image = grey_image(strip)
        self._places = tuple(places)
        self.setVisible(self._image is not None and len(self._places) > 1)
        self.update()

    def align(self, first: float, pitch: float) -> None:
        """Centre of the first character below, and the distance to the next, px."""
        self._first, self._pitch = first, pitch
        self.update()

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        if self._image is None:
            return
        share = (self._places[-1] - self._places[0]) / (len(self._places) - 1)
        wide = self._pitch / max(share, 1e-6)
        target = QRectF(self._first - self._places[0] * wide, 0, wide, self.height())
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        path = QPainterPath()
        path.addRoundedRect(target.intersected(QRectF(self.rect())), Radius.KEY, Radius.KEY)
        painter.setClipPath(path)
        painter.drawImage(target, self._image)
        painter.end()
