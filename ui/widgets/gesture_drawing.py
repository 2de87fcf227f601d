"""What the agent does, drawn over the plan of a document: eye, finger, tilt, lamp, magnifier."""

from collections.abc import Callable
from enum import StrEnum
from math import atan2, cos, degrees, hypot, pi, radians, sin
from typing import Final

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPen

from ui.theme import Radius, Size, Space, Theme
from ui.widgets.paint import draw_box


class Gesture(StrEnum):
    """What the agent does."""

    LOOK = "look"
    TOUCH = "touch"
    TILT = "tilt"
    LIGHT = "light"
    UV = "uv"
    MAGNIFIER = "magnifier"


GESTURE_ICONS: Final = {
    Gesture.LOOK: "eye",
    Gesture.TOUCH: "hand-finger",
    Gesture.TILT: "rotate-3d",
    Gesture.LIGHT: "sun",
    Gesture.UV: "sparkles",
    Gesture.MAGNIFIER: "zoom-in",
}
_LINE = 2.0


def draw_place(painter: QPainter, place: QRectF, theme: Theme) -> None:
    """Where to look: a glowing frame."""
    glow = theme.color("thread")
    glow.setAlphaF(0.30)
    draw_box(painter, place, Radius.KEY, glow, theme.color("thread"), float(Space.XS))


def draw_gesture(
    painter: QPainter, gesture: Gesture, card: QRectF, place: QRectF | None, theme: Theme
) -> None:
    """Draw the gesture at its place, or at the whole document where it has no one place."""
    _DRAWN[gesture](painter, card, place or _middle(card), theme)


def _middle(card: QRectF) -> QRectF:
    """A place of its own for what is felt or seen all over the document."""
    width, height = card.width() * 0.30, card.height() * 0.34
    return QRectF(card.center().x() - width / 2, card.center().y() - height / 2, width, height)


def _pens(theme: Theme) -> tuple[QColor, QColor]:
    return theme.color("thread"), theme.color("onaccent")


def _draw_look(painter: QPainter, _card: QRectF, place: QRectF, theme: Theme) -> None:
    """An eye at the corner of the place."""
    fill, ink = _pens(theme)
    side = float(Size.BADGE)
    center = QPointF(place.right(), place.top())
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(fill)
    painter.drawEllipse(center, side / 2, side / 2)
    painter.setPen(QPen(ink, _LINE))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    half, rise = side * 0.30, side * 0.19
    path = QPainterPath(QPointF(center.x() - half, center.y()))
    path.quadTo(center.x(), center.y() - 2 * rise, center.x() + half, center.y())
    path.quadTo(center.x(), center.y() + 2 * rise, center.x() - half, center.y())
    painter.drawPath(path)
    painter.setBrush(ink)
    painter.drawEllipse(center, side * 0.09, side * 0.09)


def _draw_touch(painter: QPainter, card: QRectF, place: QRectF, theme: Theme) -> None:
    """A finger whose tip lies on the place and strokes it from side to side."""
    fill, ink = _pens(theme)
    tip = place.center()
    width = card.height() * 0.13
    length = card.height() * 0.62
    painter.save()
    painter.translate(tip)
    painter.rotate(-28)
    finger = QPainterPath()
    finger.addRoundedRect(QRectF(-width / 2, -width * 0.35, width, length), width / 2, width / 2)
    painter.setPen(QPen(ink, _LINE))
    painter.setBrush(fill)
    painter.drawPath(finger)
    nail = QRectF(-width * 0.28, -width * 0.18, width * 0.56, width * 0.62)
    draw_box(painter, nail, width * 0.25, None, ink, _LINE)
    painter.setPen(QPen(ink, _LINE))
    for row in (0.46, 0.52):
        y = length * row
        painter.drawLine(QPointF(-width * 0.28, y), QPointF(width * 0.28, y))
    painter.restore()
    reach = min(place.width() * 0.42, card.width() * 0.16)
    for sign in (-1, 1):
        _arrow(
            painter, tip + QPointF(sign * width, 0), tip + QPointF(sign * (width + reach), 0), ink
        )


def _draw_tilt(painter: QPainter, card: QRectF, _place: QRectF, theme: Theme) -> None:
    """Two bent arrows at the edges: the document is moved, the eye stays."""
    fill, _ink = _pens(theme)
    painter.setPen(QPen(fill, _LINE * 2))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    radius = card.height() * 0.30
    for sign in (-1, 1):
        middle = card.center().x() + sign * (card.width() / 2 - radius * 0.15)
        box = QRectF(middle - radius, card.center().y() - radius, 2 * radius, 2 * radius)
        start = -42 if sign > 0 else 138
        path = QPainterPath()
        path.arcMoveTo(box, start)
        path.arcTo(box, start, 84)
        painter.drawPath(path)
        for angle in (start, start + 84):
            turn = radians(angle)
            end = QPointF(
                box.center().x() + radius * cos(turn), box.center().y() - radius * sin(turn)
            )
            way = 1 if angle == start else -1
            _head(painter, end, QPointF(way * sin(turn), way * cos(turn)), fill, radius * 0.20)


def _draw_light(painter: QPainter, card: QRectF, place: QRectF, theme: Theme) -> None:
    """A light behind the document: its rays come out around the place."""
    fill, ink = _pens(theme)
    center, radius = place.center(), min(card.height() * 0.20, place.height() * 0.9)
    soft = QColor(fill)
    soft.setAlphaF(0.45)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(soft)
    painter.drawEllipse(center, radius * 1.5, radius * 1.5)
    painter.setBrush(fill)
    painter.setPen(QPen(ink, _LINE))
    painter.drawEllipse(center, radius * 0.62, radius * 0.62)
    painter.setPen(QPen(ink, _LINE * 1.5))
    for number in range(12):
        turn = number * pi / 6
        way = QPointF(cos(turn), sin(turn))
        painter.drawLine(center + way * radius * 0.85, center + way * radius * 1.35)


def _draw_uv(painter: QPainter, card: QRectF, place: QRectF, theme: Theme) -> None:
    """A lamp held over the document: its cone ends on the place."""
    fill, ink = _pens(theme)
    lamp = QPointF(card.right() - card.width() * 0.10, card.y() + card.height() * 0.02)
    soft = QColor(fill)
    soft.setAlphaF(0.35)
    cone = QPainterPath(lamp)
    cone.lineTo(place.bottomLeft())
    cone.lineTo(place.topLeft() if place.center().x() < lamp.x() else place.bottomRight())
    cone.closeSubpath()
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(soft)
    painter.drawPath(cone)
    painter.save()
    painter.translate(lamp)
    way = place.center() - lamp
    painter.rotate(_degrees(way))
    size = card.height() * 0.13
    painter.setPen(QPen(ink, _LINE))
    painter.setBrush(fill)
    painter.drawRoundedRect(
        QRectF(-size * 2.6, -size * 0.4, size * 2.1, size * 0.8), size * 0.2, size * 0.2
    )
    head = QPainterPath(QPointF(-size * 0.5, -size * 0.4))
    for x, y in ((size * 0.3, -size * 0.7), (size * 0.3, size * 0.7), (-size * 0.5, size * 0.4)):
        head.lineTo(x, y)
    head.closeSubpath()
    painter.drawPath(head)
    painter.restore()


def _draw_magnifier(painter: QPainter, card: QRectF, place: QRectF, theme: Theme) -> None:
    """A glass over the place; in it, lines that are letters."""
    fill, ink = _pens(theme)
    center, radius = place.center(), card.height() * 0.22
    painter.setPen(QPen(ink, radius * 0.34, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap))
    grip = QPointF(0.72, 0.70)
    painter.drawLine(center + grip * radius, center + grip * radius * 2.0)
    painter.setPen(QPen(fill, radius * 0.22))
    painter.setBrush(theme.color("onrail"))
    painter.drawEllipse(center, radius, radius)
    pen = QPen(ink, radius * 0.11)
    pen.setDashPattern([0.8, 0.7])
    painter.setPen(pen)
    for row in (-0.36, 0.0, 0.36):
        half = radius * (0.55 if row else 0.72)
        y = center.y() + row * radius
        painter.drawLine(QPointF(center.x() - half, y), QPointF(center.x() + half, y))


_DRAWN: Final[dict[Gesture, Callable[[QPainter, QRectF, QRectF, Theme], None]]] = {
    Gesture.LOOK: _draw_look,
    Gesture.TOUCH: _draw_touch,
    Gesture.TILT: _draw_tilt,
    Gesture.LIGHT: _draw_light,
    Gesture.UV: _draw_uv,
    Gesture.MAGNIFIER: _draw_magnifier,
}


def _arrow(painter: QPainter, start: QPointF, end: QPointF, ink: QColor) -> None:
    painter.setPen(QPen(ink, _LINE * 1.5))
    painter.drawLine(start, end)
    way = end - start
    length = max(hypot(way.x(), way.y()), 1.0)
    _head(painter, end, way / length, ink, 9.0)


def _head(painter: QPainter, tip: QPointF, way: QPointF, ink: QColor, size: float) -> None:
    """An arrow head at ``tip`` that points along ``way`` (length 1)."""
    across = QPointF(-way.y(), way.x())
    path = QPainterPath(tip + way * size * 0.5)
    path.lineTo(tip - way * size * 0.5 + across * size * 0.55)
    path.lineTo(tip - way * size * 0.5 - across * size * 0.55)
    path.closeSubpath()
    painter.save()
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(ink)
    painter.drawPath(path)
    painter.restore()


def _degrees(way: QPointF) -> float:
    return degrees(atan2(way.y(), way.x()))
