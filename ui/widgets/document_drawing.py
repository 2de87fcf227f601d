"""A document as a plan: where portrait, lines, zone and seal stand. No real document is pictured.

The plans are our own, drawn from public descriptions of the formats: ID-1 and ID-3 (ISO/IEC 7810),
layouts of the zones (ICAO Doc 9303). They show an agent where to look, and nothing that could be
copied.
"""

from dataclasses import dataclass
from typing import Final

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPen

from ui.theme import Radius, Theme
from ui.widgets.paint import draw_box

Part = tuple[float, float, float, float]
"""x, y, width, height as fractions of the side."""


@dataclass(frozen=True, slots=True)
class Plan:
    """One side of a kind of document.

    Attributes:
        aspect: width over height.
        band: height of the heading.
        portrait: where it is, None where the side has none.
        ghost: a second, small portrait.
        lines: bars of writing.
        flag: a flag beside the heading.
        seal: a square seal.
        signature: where the holder signed.
        zone_rows: rows of the machine-readable zone.
        spine: a sewn edge along the top.
    """

    aspect: float
    band: float = 0.13
    portrait: Part | None = None
    ghost: Part | None = None
    lines: tuple[Part, ...] = ()
    flag: Part | None = None
    seal: Part | None = None
    signature: Part | None = None
    zone_rows: int = 0
    spine: bool = False


_ID1 = 85.6 / 53.98
_ID2 = 105.0 / 74.0
_ID3 = 125.0 / 88.0


def _writing(left: float, top: float, widths: tuple[float, ...], step: float) -> tuple[Part, ...]:
    return tuple((left, top + row * step, width, 0.045) for row, width in enumerate(widths))


_SIDE = (0.42, 0.34, 0.46, 0.28)
_BACK = _writing(0.05, 0.20, (0.50, 0.38, 0.44), 0.12)
_FRONT = _writing(0.37, 0.24, _SIDE, 0.12)
PLANS: Final[dict[tuple[str, str], Plan]] = {
    ("card", "front"): Plan(_ID1, portrait=(0.05, 0.22, 0.26, 0.52), lines=_FRONT),
    ("card", "back"): Plan(_ID1, lines=_BACK, zone_rows=3),
    ("card-2021", "front"): Plan(
        _ID1,
        portrait=(0.04, 0.19, 0.29, 0.60),
        ghost=(0.85, 0.72, 0.12, 0.24),
        lines=_writing(0.37, 0.24, (0.40, 0.30, 0.42, 0.26), 0.12),
        flag=(0.02, 0.015, 0.09, 0.10),
        signature=(0.56, 0.80, 0.22, 0.14),
    ),
    ("card-2021", "back"): Plan(_ID1, lines=_BACK, seal=(0.74, 0.18, 0.20, 0.32), zone_rows=3),
    ("card-1988", "front"): Plan(
        _ID2,
        portrait=(0.05, 0.17, 0.27, 0.48),
        lines=_writing(0.38, 0.20, (0.48, 0.40, 0.30, 0.44), 0.10),
        signature=(0.40, 0.60, 0.30, 0.14),
        zone_rows=2,
    ),
    ("card-1988", "back"): Plan(_ID2, lines=_writing(0.06, 0.22, (0.60, 0.44, 0.52, 0.3), 0.13)),
    ("permit", "front"): Plan(
        _ID1,
        portrait=(0.04, 0.19, 0.29, 0.60),
        ghost=(0.84, 0.68, 0.12, 0.26),
        lines=_writing(0.37, 0.22, (0.44, 0.30, 0.36, 0.26), 0.12),
        flag=(0.02, 0.015, 0.09, 0.10),
    ),
    ("permit", "back"): Plan(_ID1, lines=_BACK, zone_rows=3),
    ("eu-card", "front"): Plan(
        _ID1,
        portrait=(0.04, 0.19, 0.29, 0.60),
        lines=_writing(0.37, 0.24, (0.44, 0.32, 0.40, 0.26), 0.12),
        flag=(0.02, 0.015, 0.11, 0.10),
    ),
    ("eu-card", "back"): Plan(_ID1, lines=_BACK, zone_rows=3),
    ("paper", "front"): Plan(
        _ID2,
        portrait=(0.05, 0.17, 0.28, 0.52),
        lines=_writing(0.40, 0.20, (0.50, 0.42, 0.46, 0.34, 0.44), 0.12),
        signature=(0.06, 0.78, 0.30, 0.14),
    ),
    ("paper", "back"): Plan(_ID2, lines=_writing(0.08, 0.22, (0.60, 0.46, 0.52), 0.14)),
    ("passport", "front"): Plan(
        _ID3,
        portrait=(0.05, 0.17, 0.27, 0.50),
        lines=_writing(0.36, 0.20, (0.30, 0.42, 0.34, 0.46), 0.12),
        zone_rows=2,
        spine=True,
    ),
    ("passport", "back"): Plan(_ID3, lines=_BACK, spine=True),
}


def plan_of(shape: str, side: str) -> Plan:
    """The plan of a shape and side; a plain card where the shape is not known."""
    return PLANS.get((shape, side)) or PLANS["card", side]


def part_of(card: QRectF, part: Part) -> QRectF:
    """A part in the coordinates of the drawing."""
    x, y, width, height = part
    return QRectF(
        card.x() + x * card.width(),
        card.y() + y * card.height(),
        width * card.width(),
        height * card.height(),
    )


def draw_document(painter: QPainter, card: QRectF, plan: Plan, theme: Theme) -> None:
    """Draw a side into ``card``."""
    paper, line = theme.color("onrail"), theme.color("onrail2")
    if line == paper:  # the high contrast has no greys: lines would vanish
        line = theme.color("railhi")
    corner = card.width() * 0.035
    clip = QPainterPath()
    clip.addRoundedRect(card, corner, corner)
    painter.save()
    painter.setClipPath(clip)
    painter.fillPath(clip, paper)
    painter.fillRect(QRectF(card.x(), card.y(), card.width(), card.height() * plan.band), line)
    for bar in plan.lines:
        box = part_of(card, bar)
        draw_box(painter, box, box.height() / 2, line)
    for portrait in (plan.portrait, plan.ghost):
        if portrait is not None:
            _draw_portrait(painter, part_of(card, portrait), line)
    _draw_marks(painter, card, plan, line)
    _draw_zone(painter, card, plan, line)
    painter.restore()


def _draw_portrait(painter: QPainter, box: QRectF, line: QColor) -> None:
    soft = QColor(line)
    soft.setAlphaF(0.45)
    draw_box(painter, box, Radius.KEY, soft)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(line)
    head = box.width() * 0.24
    painter.drawEllipse(QPointF(box.center().x(), box.y() + box.height() * 0.38), head, head * 1.15)
    painter.save()
    painter.setClipRect(box, Qt.ClipOperation.IntersectClip)
    shoulders = QPointF(box.center().x(), box.bottom() + box.height() * 0.04)
    painter.drawEllipse(shoulders, box.width() * 0.42, box.height() * 0.34)
    painter.restore()


def _draw_marks(painter: QPainter, card: QRectF, plan: Plan, line: QColor) -> None:
    paper = QColor(line).lighter(118)
    if plan.flag is not None:
        box = part_of(card, plan.flag)
        draw_box(painter, box, Radius.KEY / 2, paper)
        painter.setBrush(line)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.drawEllipse(box.center(), box.height() * 0.22, box.height() * 0.22)
    if plan.seal is not None:
        _draw_seal(painter, part_of(card, plan.seal), line)
    if plan.signature is not None:
        box = part_of(card, plan.signature)
        pen = QPen(line, max(card.height() * 0.012, 1.0))
        painter.setPen(pen)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        path = QPainterPath(QPointF(box.x(), box.center().y()))
        for number in range(1, 7):
            x = box.x() + box.width() * number / 6
            y = box.center().y() + box.height() * (0.35 if number % 2 else -0.35) * (1 - number / 9)
            path.lineTo(x, y)
        painter.drawPath(path)
    if plan.spine:
        pen = QPen(line, max(card.height() * 0.02, 1.0))
        pen.setDashPattern([2.0, 1.5])
        painter.setPen(pen)
        y = card.y() + card.height() * plan.band + card.height() * 0.02
        painter.drawLine(QPointF(card.x(), y), QPointF(card.right(), y))


def _draw_seal(painter: QPainter, box: QRectF, line: QColor) -> None:
    side = min(box.width(), box.height())
    cells, pitch = 7, side / 7
    painter.setPen(Qt.PenStyle.NoPen)
    for row in range(cells):
        for column in range(cells):
            # The L of a Data Matrix, and dots that spell nothing.
            if column == 0 or row == cells - 1 or (row * 3 + column * 5) % 4 == 1:
                where = QRectF(box.x() + column * pitch, box.y() + row * pitch, pitch, pitch)
                painter.fillRect(where, line)


def _draw_zone(painter: QPainter, card: QRectF, plan: Plan, line: QColor) -> None:
    """The machine-readable lines, as dashes."""
    pen = QPen(line, card.height() * 0.035)
    pen.setDashPattern([0.7, 0.45])
    painter.setPen(pen)
    first = 0.78 if plan.zone_rows > 2 else 0.83
    for row in range(plan.zone_rows):
        y = card.y() + card.height() * (first + row * 0.07)
        left, right = card.x() + card.width() * 0.05, card.x() + card.width() * 0.95
        painter.drawLine(QPointF(left, y), QPointF(right, y))
