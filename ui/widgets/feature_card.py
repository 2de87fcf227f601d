"""A drawn document that shows where to look, touch or tilt. No real document is pictured."""

from dataclasses import dataclass
from enum import StrEnum

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPainterPath, QPaintEvent, QPen
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSizePolicy, QVBoxLayout, QWidget
from typing_extensions import override

from ui.theme import Radius, Size, Space, Tone, Type
from ui.widgets.chip import Chip
from ui.widgets.label import Label
from ui.widgets.look import Look
from ui.widgets.paint import draw_box


class Gesture(StrEnum):
    """What the agent does."""

    LOOK = "look"
    TOUCH = "touch"
    TILT = "tilt"


GESTURE_ICONS = {Gesture.LOOK: "eye", Gesture.TOUCH: "hand-finger", Gesture.TILT: "rotate-3d"}
_ASPECTS = {"card": 85.6 / 53.98, "passport": 125.0 / 88.0}
"""Width over height: ID-1 (ISO/IEC 7810) and the data page of a passport (ID-3)."""


@dataclass(frozen=True, slots=True)
class FeatureView:
    """A security feature as shown.

    Attributes:
        title: its name in plain words.
        instruction: what to do and what should be seen.
        gesture: look, touch or tilt.
        box: x, y, width, height in 0..1 of the document; None where it has no one place.
        side: ``front`` or ``back``.
        shape: ``card`` or ``passport``.
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
        card = self._card_rect(_ASPECTS[self._view.shape])
        painter.translate(card.center())
        if self._view.gesture is Gesture.TILT:
            painter.shear(-0.10, 0.04)
            painter.scale(0.95, 0.93)
        painter.translate(-card.center())
        self._paint_card(painter, card)
        if self._view.box is not None:
            self._paint_place(painter, card, self._view.box)
        painter.end()

    def _card_rect(self, aspect: float) -> QRectF:
        room = QRectF(self.rect()).adjusted(Space.WIDE, Space.WIDE, -Space.WIDE, -Space.WIDE)
        width = min(room.width(), room.height() * aspect)
        height = width / aspect
        return QRectF(room.center().x() - width / 2, room.center().y() - height / 2, width, height)

    def _paint_card(self, painter: QPainter, card: QRectF) -> None:
        theme = self._look.theme
        view = self._view
        paper = theme.color("onrail")
        line = theme.color("onrail2")
        if line == paper:  # the high contrast has no greys: lines would vanish
            line = theme.color("railhi")
        draw_box(painter, card, card.width() * 0.035, paper)
        clip = QPainterPath()
        clip.addRoundedRect(card, card.width() * 0.035, card.width() * 0.035)
        painter.save()
        painter.setClipPath(clip)
        band = QRectF(card.x(), card.y(), card.width(), card.height() * 0.13)
        painter.fillRect(band, line)
        front = view is not None and view.side == "front"
        if front:
            self._paint_portrait(painter, _part(card, (0.05, 0.22, 0.26, 0.52)))
        left = 0.36 if front else 0.05
        for row in range(4):
            width = (0.42, 0.34, 0.46, 0.28)[row]
            bar = _part(card, (left, 0.24 + row * 0.12, width, 0.045))
            draw_box(painter, bar, bar.height() / 2, line)
        self._paint_zone(painter, card)
        painter.restore()

    def _paint_portrait(self, painter: QPainter, box: QRectF) -> None:
        theme = self._look.theme
        soft = theme.color("onrail2")
        soft.setAlphaF(0.5)
        draw_box(painter, box, Radius.KEY, soft)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.color("onrail2"))
        head = box.width() * 0.24
        painter.drawEllipse(
            QPointF(box.center().x(), box.y() + box.height() * 0.38), head, head * 1.15
        )
        painter.save()
        painter.setClipRect(box)
        shoulders = QPointF(box.center().x(), box.bottom() + box.height() * 0.04)
        painter.drawEllipse(shoulders, box.width() * 0.42, box.height() * 0.34)
        painter.restore()

    def _paint_zone(self, painter: QPainter, card: QRectF) -> None:
        """The machine-readable lines, as dashes."""
        theme = self._look.theme
        view = self._view
        if view is None or (view.shape == "card" and view.side == "front"):
            return
        pen = QPen(theme.color("onrail2"), card.height() * 0.035)
        pen.setDashPattern([0.7, 0.45])
        painter.setPen(pen)
        rows = 3 if view.shape == "card" else 2
        for row in range(rows):
            y = card.y() + card.height() * (0.78 + row * 0.07)
            painter.drawLine(
                QPointF(card.x() + card.width() * 0.05, y),
                QPointF(card.x() + card.width() * 0.95, y),
            )

    def _paint_place(
        self, painter: QPainter, card: QRectF, box: tuple[float, float, float, float]
    ) -> None:
        theme = self._look.theme
        place = _part(card, box)
        glow = theme.color("thread")
        glow.setAlphaF(0.35)
        draw_box(painter, place, Radius.KEY, glow, theme.color("thread"), float(Space.XS))
        if self._view is None:
            return
        side = float(Size.BADGE)
        seal = QRectF(place.right() - side / 2, place.top() - side / 2, side, side)
        draw_box(painter, seal, side / 2, theme.color("thread"))
        icon = int(Size.ICON_LARGE)
        pixmap = theme.pixmap(
            GESTURE_ICONS[self._view.gesture], "onaccent", icon, self.devicePixelRatioF()
        )
        offset = (side - icon) / 2
        painter.drawPixmap(QPointF(seal.x() + offset, seal.y() + offset), pixmap)


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


def _part(card: QRectF, box: tuple[float, float, float, float]) -> QRectF:
    x, y, width, height = box
    return QRectF(
        card.x() + x * card.width(),
        card.y() + y * card.height(),
        width * card.width(),
        height * card.height(),
    )
