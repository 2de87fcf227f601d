"""A picture that can be looked at from nearer, in steps, and moved under the glass."""

from PySide6.QtCore import QPointF, Qt, Signal
from PySide6.QtGui import QMouseEvent
from typing_extensions import override

from ui.widgets.look import Look
from ui.widgets.picture import PictureView

STEPS = (1.0, 1.5, 2.0, 3.0, 4.0)
"""How many times larger than whole."""
_EYES = (0.5, 0.42)
"""Point of a portrait that stays in sight: between the eyes, as shares of width and height."""
_SHIFT = 0.12
"""Share of the picture that an arrow moves."""


class ZoomView(PictureView):
    """Enlarged by steps around the face; where it is larger than its box it is dragged or moved.

    Signals:
        zoomed(float): the factor in force.
    """

    zoomed = Signal(float)

    def __init__(self, look: Look, *, crop: float = 1.0, ground: str = "sunken") -> None:
        super().__init__(look, contain=True, crop=crop, ground=ground)
        self._step = 0
        self._middle = QPointF(*_EYES)
        self._dragged: QPointF | None = None
        self._size = (0.0, 0.0)

    @property
    def factor(self) -> float:
        """The factor in force."""
        return STEPS[self._step]

    def zoom(self, steps: int) -> None:
        """Nearer (1) or farther (-1); stops at both ends."""
        self._step = min(max(self._step + steps, 0), len(STEPS) - 1)
        self._zoom = self.factor
        if not self._step:
            self._middle = QPointF(*_EYES)
        self.setCursor(Qt.CursorShape.OpenHandCursor if self._step else Qt.CursorShape.ArrowCursor)
        self.zoomed.emit(self.factor)
        self.update()

    def reset(self) -> None:
        """Whole again."""
        self.zoom(-len(STEPS))

    def shift(self, across: int, down: int) -> None:
        """Look further to the right (1) or left (-1), further down (1) or up (-1)."""
        self._move(across * _SHIFT / self.factor, down * _SHIFT / self.factor)

    @override
    def mousePressEvent(self, ev: QMouseEvent) -> None:
        self._dragged = ev.position()

    @override
    def mouseMoveEvent(self, ev: QMouseEvent) -> None:
        before, now = self._dragged, ev.position()
        wide, high = self._size
        if before is None or not self._step or not wide or not high:
            return
        self._move((before.x() - now.x()) / wide, (before.y() - now.y()) / high)
        self._dragged = now

    @override
    def mouseReleaseEvent(self, ev: QMouseEvent) -> None:
        self._dragged = None

    def _move(self, across: float, down: float) -> None:
        x = min(max(self._middle.x() + across, 0.0), 1.0)
        y = min(max(self._middle.y() + down, 0.0), 1.0)
        self._middle = QPointF(x, y)
        self.update()

    @override
    def _offset(self, width: float, height: float) -> tuple[float, float]:
        self._size = (width, height)
        if not self._step:
            return super()._offset(width, height)
        left = self.width() / 2 - self._middle.x() * width
        top = self.height() / 2 - self._middle.y() * height
        # No empty ground beside a picture that is larger than its box.
        return _held(left, width, self.width()), _held(top, height, self.height())


def _held(start: float, length: float, room: float) -> float:
    if length <= room:
        return (room - length) / 2
    return min(0.0, max(start, room - length))
