"""A pad to sign on: mouse, pen or finger; strokes in tenths of a millimetre.

Rules, in order:

1. The pad is 90 by 30 mm, whatever its size on the screen: a signature is the same on every device.
2. One hand signs: while a stroke is drawn, a second finger or the ball of the hand draws nothing.
3. A point is kept where the hand has moved on; the drawing is never smoothed or improved.
4. There is never more than a hand can make; what lies outside the pad is cut at its edge.
"""

from collections.abc import Sequence
from itertools import pairwise
from math import dist

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QMouseEvent,
    QPainter,
    QPainterPath,
    QPaintEvent,
    QPen,
    QTabletEvent,
    QTouchEvent,
)
from PySide6.QtWidgets import QSizePolicy, QWidget
from typing_extensions import override

from kiosk.journeys.service_facts import MAX_POINTS, MAX_STROKES
from ui.theme import Radius, Size, Space, Stroke, Type
from ui.widgets.look import Look
from ui.widgets.paint import draw_box, draw_focus

PAD_WIDTH = 900
PAD_HEIGHT = 300
"""Of the pad, tenths of a millimetre."""
LEAST_INK = 80
"""Length of the shortest signature, tenths of a millimetre: a touch by chance is none."""
_STEP = 3
_LINE_AT = 0.78
_PEN = 6.0

Strokes = tuple[tuple[tuple[int, int], ...], ...]


class SignaturePad(QWidget):
    """Where the person signs.

    Signals:
        changed(): a stroke was begun, ended, or taken away.
    """

    changed = Signal()

    def __init__(self, look: Look) -> None:
        super().__init__()
        self._look = look
        self._strokes: list[list[tuple[int, int]]] = []
        self._drawing = False
        self._finger: int | None = None
        self._hint = ""
        self.setObjectName("signature-pad")
        self.setAttribute(Qt.WidgetAttribute.WA_AcceptTouchEvents)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.CrossCursor)
        policy = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setSizePolicy(policy)
        look.theme.changed.connect(self.update)

    @property
    def strokes(self) -> Strokes:
        """What was drawn, each stroke a row of (x, y)."""
        return tuple(tuple(stroke) for stroke in self._strokes)

    @property
    def signed(self) -> bool:
        """Whether there is more than a touch by chance, and no stroke is still being drawn."""
        return not self._drawing and _length(self._strokes) >= LEAST_INK

    def set_hint(self, text: str, name: str) -> None:
        """Words under the line while nothing is drawn; ``name`` is read by screen readers."""
        self._hint = text
        self.setAccessibleName(name)
        self.update()

    def show_strokes(self, strokes: Strokes) -> None:
        """Show a signature that was given before."""
        self._strokes = [list(stroke) for stroke in strokes]
        self._drawing = False
        self.update()

    def undo(self) -> None:
        """Take the last stroke away."""
        if self._strokes:
            self._strokes.pop()
            self._drawing = False
            self.update()
            self.changed.emit()

    def clear(self) -> None:
        """Begin anew."""
        self._strokes = []
        self._drawing = False
        self.update()
        self.changed.emit()

    # --- hands --------------------------------------------------------------------------------

    @override
    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() is Qt.MouseButton.LeftButton:
            self._begin(event.position())

    @override
    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._extend(event.position())

    @override
    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if event.button() is Qt.MouseButton.LeftButton:
            self._end()

    @override
    def tabletEvent(self, event: QTabletEvent) -> None:
        kinds = {
            QEvent.Type.TabletPress: lambda: self._begin(event.position()),
            QEvent.Type.TabletMove: lambda: self._extend(event.position()),
            QEvent.Type.TabletRelease: self._end,
        }
        act = kinds.get(event.type())
        if act is not None:
            act()
            event.accept()

    @override
    def event(self, event: QEvent) -> bool:
        if isinstance(event, QTouchEvent):
            self._touch(event)
            event.accept()
            return True
        return super().event(event)

    def _touch(self, event: QTouchEvent) -> None:
        if event.type() is QEvent.Type.TouchCancel:
            self._finger = None
            self._end()
            return
        for point in event.points():
            if self._finger is None and point.state() is point.State.Pressed:
                self._finger = point.id()
                self._begin(point.position())
            elif point.id() != self._finger:
                continue
            elif point.state() is point.State.Released:
                self._finger = None
                self._end()
            else:
                self._extend(point.position())

    def _begin(self, at: QPointF) -> None:
        points = sum(len(stroke) for stroke in self._strokes)
        box = self._box()
        if self._drawing or not box.contains(at):
            return
        if len(self._strokes) >= MAX_STROKES or points >= MAX_POINTS:
            return
        self._drawing = True
        self._strokes.append([self._place(at)])
        self.update()
        self.changed.emit()

    def _extend(self, at: QPointF) -> None:
        if not self._drawing or sum(len(stroke) for stroke in self._strokes) >= MAX_POINTS:
            return
        stroke, (x, y) = self._strokes[-1], self._place(at)
        if abs(x - stroke[-1][0]) + abs(y - stroke[-1][1]) >= _STEP:
            stroke.append((x, y))
            self.update()

    def _end(self) -> None:
        if self._drawing:
            self._drawing = False
            self.update()
            self.changed.emit()

    # --- drawing ------------------------------------------------------------------------------

    @override
    def sizeHint(self) -> QSize:
        return QSize(Size.READING_WIDTH, Size.READING_WIDTH * PAD_HEIGHT // PAD_WIDTH)

    @override
    def minimumSizeHint(self) -> QSize:
        return QSize(Size.SIDE_PANEL, Size.SIDE_PANEL * PAD_HEIGHT // PAD_WIDTH)

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        theme = self._look.theme
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        box = self._box()
        line = theme.color("line2")
        draw_box(painter, box, Radius.CARD, theme.color("surface"), line, Stroke.CONTROL)
        if self.hasFocus():
            edge = float(Size.FOCUS_WIDTH + Size.FOCUS_GAP)
            draw_focus(painter, box.adjusted(-edge, -edge, edge, edge), Radius.CARD, theme, "bg")
        base = box.y() + box.height() * _LINE_AT
        inset = float(Space.HUGE)
        painter.setPen(QPen(line, Stroke.CARD, Qt.PenStyle.DashLine))
        painter.drawLine(QPointF(box.x() + inset, base), QPointF(box.right() - inset, base))
        if not self._strokes:
            painter.setFont(theme.font(Type.BODY))
            painter.setPen(theme.color("ink2"))
            room = QRectF(box.x() + inset, base, box.width() - 2 * inset, box.bottom() - base)
            painter.drawText(room, Qt.AlignmentFlag.AlignCenter, self._hint)
        self._paint_strokes(painter, box)
        painter.end()

    def _paint_strokes(self, painter: QPainter, box: QRectF) -> None:
        scale = box.width() / PAD_WIDTH
        pen = QPen(self._look.theme.color("ink"), max(_PEN * scale, Stroke.JOINT))
        pen.setCapStyle(Qt.PenCapStyle.RoundCap)
        pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
        painter.setPen(pen)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for stroke in self._strokes:
            path = QPainterPath()
            for number, (x, y) in enumerate(stroke):
                at = QPointF(box.x() + x * scale, box.y() + y * scale)
                if number:
                    path.lineTo(at)
                else:
                    path.moveTo(at)
            if len(stroke) == 1:
                path.lineTo(path.currentPosition() + QPointF(0.1, 0.0))
            painter.drawPath(path)

    def _box(self) -> QRectF:
        """The pad inside this widget, in its own proportions, with room for the focus ring."""
        edge = float(Size.FOCUS_WIDTH + Size.FOCUS_GAP)
        room = QRectF(self.rect()).adjusted(edge, edge, -edge, -edge)
        width = min(room.width(), room.height() * PAD_WIDTH / PAD_HEIGHT)
        height = width * PAD_HEIGHT / PAD_WIDTH
        return QRectF(room.center().x() - width / 2, room.center().y() - height / 2, width, height)

    def _place(self, at: QPointF) -> tuple[int, int]:
        box = self._box()
        x = round((at.x() - box.x()) * PAD_WIDTH / box.width())
        y = round((at.y() - box.y()) * PAD_HEIGHT / box.height())
        return min(max(x, 0), PAD_WIDTH), min(max(y, 0), PAD_HEIGHT)


def _length(strokes: Sequence[Sequence[tuple[int, int]]]) -> float:
    """Ink drawn, tenths of a millimetre."""
    return sum(dist(one, other) for stroke in strokes for one, other in pairwise(stroke))
