"""A picture that fills its box, with the outline of the document found in it."""

from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QImage, QPainter, QPainterPath, QPaintEvent, QPen, QPolygonF, QResizeEvent
from PySide6.QtWidgets import QLabel, QSizePolicy
from typing_extensions import override

from ui.theme import Radius, Size, Space
from ui.widgets.look import Look

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


class PictureView(QLabel):
    """The picture area. It fills its box: the picture is cropped, never distorted.

    Signals:
        resized(int, int): new size in device pixels; a picture of that size is drawn 1:1.
    """

    resized = Signal(int, int)

    def __init__(
        self, look: Look, *, contain: bool = False, crop: float = 1.0, ground: str = "stage"
    ) -> None:
        """With ``contain`` the whole picture is shown, rounded by itself; its ground stands empty.

        ``crop`` is how much larger than whole it may be drawn to fill its box nonetheless.
        """
        super().__init__()
        self._look = look
        self._contain = contain
        self._crop = crop
        self._ground = ground
        self._zoom = 1.0
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
        if self._image is None or not self._contain:
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
            whole, full = min(across, down), max(across, down)
            scale = min(full, whole * self._crop) if self._contain else full
            scale *= self._zoom
            dx, dy = self._offset(image.width() * scale, image.height() * scale)
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        target = QRectF(dx, dy, image.width() * scale, image.height() * scale)
        if self._contain:  # the frame goes round the picture, not round the room for it
            painter.setClipPath(_rounded(target.intersected(QRectF(self.rect()))))
        painter.drawImage(target, image)
        if self._outline:
            points = [QPointF(x * scale + dx, y * scale + dy) for x, y in self._outline]
            self._paint_outline(painter, points)

    def _offset(self, width: float, height: float) -> tuple[float, float]:
        """Left and top of a picture drawn so large: in the middle."""
        return (self.width() - width) / 2, (self.height() - height) / 2

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
        return _rounded(rect)


def _rounded(rect: QRectF) -> QPainterPath:
    path = QPainterPath()
    radius = min(float(Radius.CARD), rect.height() / 8)
    path.addRoundedRect(rect, radius, radius)
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
