"""Shapes that several widgets draw: the focus ring, a rounded box, a key cap."""

from PySide6.QtCore import QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetrics, QPainter, QPainterPath, QPen

from ui.theme import Radius, Size, Space, Stroke, Theme, Type


def draw_box(
    painter: QPainter,
    rect: QRectF,
    radius: float,
    fill: QColor | None,
    line: QColor | None = None,
    width: float = Stroke.CARD,
) -> None:
    """A rounded box whose border lies inside ``rect``."""
    half = width / 2 if line is not None else 0.0
    painter.setPen(QPen(line, width) if line is not None else Qt.PenStyle.NoPen)
    painter.setBrush(fill if fill is not None else Qt.BrushStyle.NoBrush)
    painter.drawRoundedRect(rect.adjusted(half, half, -half, -half), radius, radius)


def draw_focus(painter: QPainter, rect: QRectF, radius: float, theme: Theme, gap: str) -> None:
    """The ring of the focus along ``rect``, with a gap of the ground colour inside it.

    The gap is drawn because the ring hardly differs from the blue button (1.2 to 1.7 to 1).
    """
    width = float(Size.FOCUS_WIDTH)
    inset = width + Size.FOCUS_GAP
    ring = "railaccent" if gap == "rail" else "focus"  # the blue ring is too dim on dark blue
    inner = rect.adjusted(width, width, -width, -width)
    draw_box(painter, inner, max(radius - width, 1), None, theme.color(gap), Size.FOCUS_GAP)
    draw_box(painter, rect, radius + inset / 2, None, theme.color(ring), width)


def key_cap_width(theme: Theme, text: str) -> int:
    """Width of a key cap that holds ``text``."""
    metrics = QFontMetrics(theme.font(Type.KEY))
    return max(metrics.horizontalAdvance(text) + 2 * Space.S, theme.scaled(Size.KEY_CAP))


def draw_key_cap(painter: QPainter, rect: QRect, text: str, theme: Theme, ink: QColor) -> None:
    """A key cap: outline and name of the key."""
    line = QColor(ink)
    line.setAlphaF(0.55)
    draw_box(painter, QRectF(rect), Radius.KEY, None, line, Stroke.BAND)
    painter.setFont(theme.font(Type.KEY))
    painter.setPen(ink)
    painter.drawText(rect, Qt.AlignmentFlag.AlignCenter, text)


def draw_ring(painter: QPainter, rect: QRectF, progress: float, theme: Theme) -> None:
    """A progress ring in the thread colour over a faint full circle; ``progress`` 0..1."""
    width = float(Space.XS)
    box = rect.adjusted(width, width, -width, -width)
    faint = theme.color("onstrip2")
    faint.setAlphaF(0.35)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(QPen(faint, width))
    painter.drawEllipse(box)
    pen = QPen(theme.color("thread"), width)
    pen.setCapStyle(Qt.PenCapStyle.RoundCap)
    painter.setPen(pen)
    painter.drawArc(box, 90 * 16, -round(360 * 16 * min(max(progress, 0.0), 1.0)))


def draw_mark(painter: QPainter, rect: QRectF, left: QColor, right: QColor) -> None:
    """The mark: two facing arcs, each with its dot: two people who meet."""
    side = min(rect.width(), rect.height())
    center = rect.center()
    stroke = side * 0.115
    radius = side * 0.36
    dot = side * 0.115
    for sign, color in ((-1, left), (1, right)):
        pen = QPen(color, stroke)
        pen.setCapStyle(Qt.PenCapStyle.RoundCap)
        painter.setPen(pen)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        middle = center.x() + sign * (side * 0.07 + radius)
        box = QRectF(middle - radius, center.y() - radius, 2 * radius, 2 * radius)
        start = 180 - 62 if sign > 0 else -62
        path = QPainterPath()
        path.arcMoveTo(box, start)
        path.arcTo(box, start, 124)
        painter.drawPath(path)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(color)
        painter.drawEllipse(QPointF(center.x() + sign * side * 0.40, center.y()), dot, dot)
