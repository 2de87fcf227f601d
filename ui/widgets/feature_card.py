"""A drawn document that shows where to look, touch or tilt. No real document is pictured."""

from dataclasses import dataclass

from PySide6.QtCore import QRectF, QSize
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSizePolicy, QVBoxLayout, QWidget
from typing_extensions import override

from ui.theme import Radius, Size, Space, Tone, Type
from ui.widgets.chip import Chip
from ui.widgets.document_drawing import draw_document, part_of, plan_of
from ui.widgets.gesture_drawing import GESTURE_ICONS, Gesture, draw_gesture, draw_place
from ui.widgets.label import Label
from ui.widgets.look import Look
from ui.widgets.paint import draw_box

__all__ = ["GESTURE_ICONS", "FeatureCard", "FeatureView", "Gesture", "Silhouette"]


@dataclass(frozen=True, slots=True)
class FeatureView:
    """A security feature as shown.

    Attributes:
        title: its name in plain words.
        instruction: what to do and what should be seen.
        gesture: look, touch, tilt, or with a light, a lamp or a magnifier.
        box: x, y, width, height in 0..1 of the document; None where it has no one place.
        side: ``front`` or ``back``.
        shape: name of a plan of :mod:`ui.widgets.document_drawing`.
    """

    title: str
    instruction: str
    gesture: Gesture
    box: tuple[float, float, float, float] | None = None
    side: str = "front"
    shape: str = "card"


class Silhouette(QLabel):
    """The drawn document with the place to look."""

    def __init__(self, look: Look) -> None:
        super().__init__()
        self._look = look
        self._view: FeatureView | None = None
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        look.theme.changed.connect(self.update)

    def show_feature(self, view: FeatureView) -> None:
        """Draw this one."""
        self._view = view
        self.update()

    @override
    def sizeHint(self) -> QSize:
        return QSize(Size.SIDE_PANEL, Size.SIDE_PANEL * 2 // 3)

    @override
    def minimumSizeHint(self) -> QSize:
        return QSize(Size.PICTURE_MIN * 3 // 2, Size.PICTURE_MIN)

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        if self._view is None:
            return
        theme = self._look.theme
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        draw_box(painter, QRectF(self.rect()), Radius.CARD, theme.color("rail"))
        view = self._view
        plan = plan_of(view.shape, view.side)
        card = self._card_rect(plan.aspect)
        painter.translate(card.center())
        if view.gesture is Gesture.TILT:
            painter.shear(-0.10, 0.04)
            painter.scale(0.88, 0.86)
        painter.translate(-card.center())
        draw_document(painter, card, plan, theme)
        place = None if view.box is None else part_of(card, view.box)
        if place is not None:
            draw_place(painter, place, theme)
        draw_gesture(painter, view.gesture, card, place, theme)
        painter.end()

    def _card_rect(self, aspect: float) -> QRectF:
        room = QRectF(self.rect()).adjusted(Space.WIDE, Space.WIDE, -Space.WIDE, -Space.WIDE)
        width = min(room.width(), room.height() * aspect)
        height = width / aspect
        return QRectF(room.center().x() - width / 2, room.center().y() - height / 2, width, height)


class FeatureCard(QWidget):
    """What to do and what should be seen, above the drawing: words stay in view on a low screen."""

    def __init__(self, look: Look) -> None:
        super().__init__()
        self._look = look
        self._view: FeatureView | None = None
        column = QVBoxLayout(self)
        column.setContentsMargins(Space.NONE, Space.NONE, Space.NONE, Space.NONE)
        column.setSpacing(Space.L)
        self._drawing = Silhouette(look)
        head = QHBoxLayout()
        head.setSpacing(Space.M)
        self._title = Label(look, "", Type.H2, wrap=True)
        self._gesture = Chip(look)
        self._side = Chip(look)
        head.addWidget(self._title, 1)
        head.addWidget(self._gesture)
        head.addWidget(self._side)
        column.addLayout(head)
        self._instruction = Label(look, "", Type.BODY, "ink2", wrap=True)
        column.addWidget(self._instruction)
        column.addWidget(self._drawing, 1)
        look.language.changed.connect(self._write)

    def show_feature(self, view: FeatureView) -> None:
        """Show one feature."""
        self._view = view
        self._write()

    def _write(self) -> None:
        view = self._view
        if view is None:
            return
        tr = self._look.language.tr
        self._drawing.show_feature(view)
        self._drawing.setAccessibleName(tr("common.feature_drawing", title=view.title))
        self._title.setText(view.title)
        self._instruction.setText(view.instruction)
        gesture = tr(f"common.gesture.{view.gesture.value}")
        self._gesture.show_text(gesture, Tone.INFO, GESTURE_ICONS[view.gesture])
        self._side.show_text(tr(f"common.side.{view.side}"), Tone.INFO, "id")
