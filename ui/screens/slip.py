"""A slip on 80 mm paper: the words of a notice, and the number of the letter as text and QR code.

It never carries a reason that only suspicion gave, nor the restricted flag, nor a document number.
"""

from dataclasses import dataclass

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QFont, QPainter

from ui.screens.sheet_paint import ROLL, Paper
from ui.theme.theme import UI_FAMILY
from ui.widgets.qr import draw_modules

_LENGTH_MM = 150.0
_SIDE_MM = 5.0
_GAP_MM = 2.5
_QR_MM = 34.0
_MM_PER_INCH = 25.4
_ON_A_PAGE = 1.6
"""The body of 9 points is one of 14 there."""
_POINT_SIZES = {"title": 13.0, "strong": 11.0, "body": 9.0, "code": 16.0}


@dataclass(frozen=True, slots=True)
class SlipFacts:
    """Words of one slip, already in the language of the customer.

    Attributes:
        lines: style (``title``, ``strong``, ``body``, ``code``) and text, top to bottom.
        qr_text: contents of the QR code.
    """

    lines: tuple[tuple[str, str], ...]
    qr_text: str


class SlipPainter:
    """A slip on a roll; on a page it stands in the upper left corner, in larger type."""

    pages = 1
    title = "Vis-à-vis"

    def __init__(self, facts: SlipFacts, paper: Paper = ROLL) -> None:
        self._facts = facts
        self.paper = paper

    @property
    def height_mm(self) -> float:
        """Height of a page: of the paper, or of the slip on a roll."""
        return self.paper.height_mm or _LENGTH_MM

    def paint(self, painter: QPainter, _page: int, dots_per_inch: float) -> None:
        """Paint it; the painter's origin is the corner of the paper."""
        px_per_mm = dots_per_inch / _MM_PER_INCH
        painter.save()
        if self.paper.height_mm:
            painter.translate(self.paper.margin_mm * px_per_mm, self.paper.margin_mm * px_per_mm)
            painter.scale(_ON_A_PAGE, _ON_A_PAGE)
        _paint(painter, self._facts, px_per_mm)
        painter.restore()


def _paint(painter: QPainter, facts: SlipFacts, px_per_mm: float) -> None:
    left = _SIDE_MM * px_per_mm
    width = (ROLL.width_mm - 2 * _SIDE_MM) * px_per_mm
    y = _SIDE_MM * px_per_mm
    painter.setPen(Qt.GlobalColor.black)
    for style, text in facts.lines:
        painter.setFont(_font(style))
        flags = Qt.TextFlag.TextWordWrap | Qt.AlignmentFlag.AlignLeft
        room = QRectF(left, y, width, _LENGTH_MM * px_per_mm)
        box = painter.boundingRect(room, flags, text)
        painter.drawText(box, flags, text)
        y = box.bottom() + _GAP_MM * px_per_mm
    side = _QR_MM * px_per_mm
    draw_modules(painter, QRectF(left + (width - side) / 2, y, side, side), facts.qr_text)


def _font(style: str) -> QFont:
    font = QFont(UI_FAMILY)
    font.setPointSizeF(_POINT_SIZES[style])
    font.setBold(style != "body")
    return font
