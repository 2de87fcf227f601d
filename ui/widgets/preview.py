"""The live picture: the document in its corners, all else dimmed, and one sentence under it."""

from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QImage,
    QPainter,
    QPainterPath,
    QPaintEvent,
    QPen,
    QPolygonF,
    QResizeEvent,
)
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSizePolicy, QVBoxLayout, QWidget
from typing_extensions import override

from ui.theme import Radius, Size, Space, Type
from ui.widgets.announce import announce
from ui.widgets.label import IconLabel, Label
from ui.widgets.look import Look
from ui.widgets.paint import draw_ring

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Picture = npt.NDArray[np.uint8]

_DIM = 0.34
"""How much the surroundings of a found document are darkened."""


def qimage_of(image: "Picture") -> QImage:
    """A QImage over the array's own memory: (h, w, 3) uint8 BGR, C-contiguous. Keep the array."""
    height, width = image.shape[:2]
    return QImage(image.data, width, height, image.strides[0], QImage.Format.Format_BGR888)


class Ring(QWidget):
    """A progress ring; empty when there is nothing to wait for."""

    def __init__(self, look: Look) -> None:
        super().__init__()
        self._look = look
        self._progress = 0.0
        self.setFixedSize(Size.RING, Size.RING)

    def set_progress(self, progress: float) -> None:
        """0..1."""
        self._progress = progress
        self.update()

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        draw_ring(painter, QRectF(self.rect()), self._progress, self._look.theme)
        painter.end()


class PictureView(QLabel):
    """The picture area. It fills its box: the picture is cropped, never distorted.

    Signals:
        resized(int, int): new size in device pixels; a picture of that size is drawn 1:1.
    """

    resized = Signal(int, int)

    def __init__(self, look: Look, *, contain: bool = False, ground: str = "stage") -> None:
        """With ``contain`` the whole picture is shown and its ground may be seen beside it."""
        super().__init__()
        self._look = look
        self._contain = contain
        self._ground = ground
        self._array: Picture | None = None
        self._image: QImage | None = None
        self._outline: tuple[tuple[float, float], ...] = ()
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumHeight(Size.PICTURE_MIN)
        self.setAlignment(Qt.AlignmentFlag.AlignCenter)
        look.theme.changed.connect(self.update)

    @property
    def device_size(self) -> tuple[int, int]:
        """Width and height in device pixels."""
        ratio = self.devicePixelRatioF()
        return round(self.width() * ratio), round(self.height() * ratio)

    @property
    def has_picture(self) -> bool:
        """Whether a picture is shown."""
        return self._image is not None

    def show_picture(self, image: "Picture | None", outline: "npt.ArrayLike | None" = None) -> None:
        """Image: (h, w, 3) uint8 BGR, kept until the next one; outline: (4, 2) in its pixels."""
        self._array = image
        self._image = None if image is None else qimage_of(image)
        self._outline = ()
        if outline is not None:
            import numpy as np

            points = np.asarray(outline, dtype=float).reshape(-1, 2)
            self._outline = tuple((float(x), float(y)) for x, y in points)
        self.update()

    @override
    def sizeHint(self) -> QSize:
        return QSize(Size.PICTURE_MIN * 16 // 9, Size.PICTURE_MIN)

    @override
    def minimumSizeHint(self) -> QSize:
        return QSize(Size.PICTURE_MIN, Size.PICTURE_MIN)

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.resized.emit(*self.device_size)

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        theme = self._look.theme
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setClipPath(self._clip())
        painter.fillRect(self.rect(), theme.color(self._ground))
        if self._image is not None:
            self._paint_image(painter, self._image)
        painter.end()

    def _paint_image(self, painter: QPainter, image: QImage) -> None:
        ratio = self.devicePixelRatioF()
        wide, high = self.device_size
        if (image.width(), image.height()) == (wide, high):
            scale, dx, dy = 1 / ratio, 0.0, 0.0
        else:
            across, down = self.width() / image.width(), self.height() / image.height()
            scale = min(across, down) if self._contain else max(across, down)
            dx = (self.width() - image.width() * scale) / 2
            dy = (self.height() - image.height() * scale) / 2
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        target = QRectF(dx, dy, image.width() * scale, image.height() * scale)
        painter.drawImage(target, image)
        if self._outline:
            points = [QPointF(x * scale + dx, y * scale + dy) for x, y in self._outline]
            self._paint_outline(painter, points)

    def _paint_outline(self, painter: QPainter, points: list[QPointF]) -> None:
        theme = self._look.theme
        around = QPainterPath()
        around.addRect(QRectF(self.rect()))
        inside = QPainterPath()
        inside.addPolygon(QPolygonF([*points, points[0]]))
        shade = theme.color("strip")
        shade.setAlphaF(_DIM)
        painter.fillPath(around.subtracted(inside), shade)
        pen = QPen(theme.color("thread"), float(Size.CORNER_WIDTH))
        pen.setCapStyle(Qt.PenCapStyle.RoundCap)
        pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
        painter.setPen(pen)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for corner in corner_paths(points, float(Size.CORNER), float(Space.S)):
            painter.drawPath(corner)

    def _clip(self) -> QPainterPath:
        rect = QRectF(self.rect())
        if not self._contain:
            rect.adjust(0, 0, 0, float(Radius.CARD))
        path = QPainterPath()
        path.addRoundedRect(rect, Radius.CARD, Radius.CARD)
        return path


def corner_paths(points: list[QPointF], length: float, outset: float) -> list[QPainterPath]:
    """Four rounded corners a little outside a quadrilateral, arms along its edges."""
    center = QPointF(sum(p.x() for p in points) / 4, sum(p.y() for p in points) / 4)
    paths = []
    moved = [_away(point, center, outset * 1.4) for point in points]
    for index, corner in enumerate(moved):
        before = moved[index - 1]
        after = moved[(index + 1) % len(moved)]
        path = QPainterPath(_toward(corner, before, length))
        path.lineTo(_toward(corner, before, float(Radius.BUTTON)))
        path.quadTo(corner, _toward(corner, after, float(Radius.BUTTON)))
        path.lineTo(_toward(corner, after, length))
        paths.append(path)
    return paths


def _toward(start: QPointF, end: QPointF, distance: float) -> QPointF:
    dx, dy = end.x() - start.x(), end.y() - start.y()
    length = max((dx * dx + dy * dy) ** 0.5, 1.0)
    part = min(distance, length * 0.4) / length
    return QPointF(start.x() + dx * part, start.y() + dy * part)


def _away(point: QPointF, center: QPointF, distance: float) -> QPointF:
    dx, dy = point.x() - center.x(), point.y() - center.y()
    length = max((dx * dx + dy * dy) ** 0.5, 1.0)
    return QPointF(point.x() + dx / length * distance, point.y() + dy / length * distance)


class _Strip(QWidget):
    """The band under the picture."""

    def __init__(self, look: Look) -> None:
        super().__init__()
        self._look = look
        look.theme.changed.connect(self.update)

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        path = QPainterPath()
        rect = QRectF(self.rect()).adjusted(0, -float(Radius.CARD), 0, 0)
        path.addRoundedRect(rect, Radius.CARD, Radius.CARD)
        painter.setClipRect(self.rect())
        painter.fillPath(path, self._look.theme.color("strip"))
        painter.end()


class Dot(QWidget):
    """The small light that says the picture is live."""

    def __init__(self, look: Look) -> None:
        super().__init__()
        self._look = look
        self.setFixedSize(Size.DOT, Size.DOT)

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self._look.theme.color("live"))
        painter.drawEllipse(self.rect())
        painter.end()


class Preview(QWidget):
    """Live picture with the message strip under it (over it, it would hide the lines to read).

    Signals:
        picture_resized(int, int): size in device pixels that the capture thread should deliver.
    """

    picture_resized = Signal(int, int)

    def __init__(self, look: Look) -> None:
        super().__init__()
        self._look = look
        self._message = ""
        column = QVBoxLayout(self)
        column.setContentsMargins(Space.NONE, Space.NONE, Space.NONE, Space.NONE)
        column.setSpacing(Space.NONE)
        self.picture = PictureView(look)
        self.picture.resized.connect(self.picture_resized)
        column.addWidget(self.picture, 1)
        self._note = Label(look, "", Type.TITLE, "onstrip", wrap=True)
        self._note.setAlignment(Qt.AlignmentFlag.AlignCenter)
        inside = QVBoxLayout(self.picture)
        inside.setContentsMargins(Space.HUGE, Space.GUTTER, Space.HUGE, Space.GUTTER)
        inside.addWidget(self._note)
        self._note.hide()
        strip = _Strip(look)
        row = QHBoxLayout(strip)
        row.setContentsMargins(Space.XL, Space.M, Space.XXL, Space.M)
        row.setSpacing(Space.M)
        self._ring = Ring(look)
        self._icon = IconLabel(look, "camera", "onstrip2", Size.ICON_LARGE)
        self._text = Label(look, "", Type.TITLE, "onstrip", wrap=True)
        self._dot = Dot(look)
        self._live = Label(look, "", Type.BODY, "onstrip2")
        row.addWidget(self._ring)
        row.addWidget(self._icon)
        row.addWidget(self._text, 1)
        row.addWidget(self._dot)
        row.addWidget(self._live)
        strip.setMinimumHeight(Size.STRIP)
        column.addWidget(strip)
        look.language.changed.connect(self.retranslate)
        self.show_message("", live=False)
        self.retranslate()

    @property
    def picture_size(self) -> tuple[int, int]:
        """Width and height of the picture area in device pixels."""
        return self.picture.device_size

    @property
    def message(self) -> str:
        """The sentence in force."""
        return self._message

    def show_frame(self, image: "Picture", outline: "npt.ArrayLike | None" = None) -> None:
        """Image: (h, w, 3) uint8 BGR, C-contiguous; outline: (4, 2) clockwise, in its pixels."""
        self._note.hide()
        self.picture.show_picture(image, outline)

    def show_note(self, text: str) -> None:
        """A sentence instead of a picture: no camera, picture not kept."""
        self.picture.show_picture(None)
        self._note.setText(text)
        self._note.show()

    def show_message(self, text: str, progress: float | None = None, *, live: bool = True) -> None:
        """The sentence under the picture; progress 0..1 of a reading, None when none runs."""
        if text and text != self._message:
            announce(self, text)
        self._message = text
        self._text.setText(text)
        self._ring.setVisible(progress is not None)
        self._icon.setVisible(progress is None)
        if progress is not None:
            self._ring.set_progress(progress)
        self._dot.setVisible(live)
        self._live.setVisible(live)

    def clear(self) -> None:
        """No picture, no sentence."""
        self._note.hide()
        self.picture.show_picture(None)
        self.show_message("", live=False)

    def retranslate(self) -> None:
        """Write the fixed words again."""
        self._live.setText(self._look.language.tr("common.live"))
        self.picture.setAccessibleName(self._look.language.tr("common.live_picture"))
