"""Lays a sheet of advice out: what to bring, what is missing, why not and what else.

Drawn from words only, black on white. Everything is laid out at one resolution; a device only
scales. So the sheet breaks its lines at the same places on every device.
"""

from html import escape
from typing import Final

from PySide6.QtCore import QRectF, QSizeF, Qt, QUrl
from PySide6.QtGui import (
    QAbstractTextDocumentLayout,
    QColor,
    QFont,
    QImage,
    QPainter,
    QPalette,
    QTextDocument,
)

from ui.screens.sheet_paint import A4, Paper
from ui.theme.theme import UI_FAMILY
from ui.viewmodels.sheet import AdviceSheet, SheetBlock
from ui.widgets.qr import draw_modules, modules_of

_MARGIN_MM: Final = 18.0
"""On a page; a roll keeps its own."""
_DPI: Final = 150
_POINTS: Final = 12.0
_POINTS_ROLL: Final = 9.5
_QR_MM: Final = 38.0
_QR_CELLS_PX: Final = 12
_MM_PER_INCH: Final = 25.4
_PX_PER_MM: Final = _DPI / _MM_PER_INCH
_PX_PER_M: Final = round(_DPI * 1000 / _MM_PER_INCH)
_QR_NAME: Final = "qr"
_BOX: Final = "\u2610"


def html_of(sheet: AdviceSheet) -> str:
    """The sheet as a page; every word is escaped."""
    parts = [f"<h1>{escape(sheet.title)}</h1>"]
    parts += [_block_html(block) for block in sheet.blocks]
    if sheet.address:
        side = round(_QR_MM * _PX_PER_MM)
        parts.append(
            f'<p><img src="{_QR_NAME}" width="{side}" height="{side}"><br>'
            f"<b>{escape(sheet.short_address)}</b></p>"
        )
    parts += [f"<p><small>{escape(line)}</small></p>" for line in sheet.foot]
    return "".join(parts)


def _block_html(block: SheetBlock) -> str:
    mark = f"{_BOX} " if block.listed else ""
    lines = "<br>".join(f"{mark}{escape(line)}" for line in block.lines)
    return f"<h2>{escape(block.heading)}</h2><p>{lines}</p>"


class AdvicePainter:
    """A sheet of advice on a paper. Usable in the thread that made it."""

    def __init__(self, sheet: AdviceSheet, paper: Paper = A4) -> None:
        self.title = sheet.title
        self.paper = paper
        page = paper.height_mm > 0
        self._margin_mm = _MARGIN_MM if page else paper.margin_mm
        self._ground = QImage(1, 1, QImage.Format.Format_RGB32)
        self._ground.setDotsPerMeterX(_PX_PER_M)
        self._ground.setDotsPerMeterY(_PX_PER_M)
        font = QFont(UI_FAMILY)
        font.setPointSizeF(_POINTS if page else _POINTS_ROLL)
        font.setHintingPreference(QFont.HintingPreference.PreferNoHinting)
        self._document = QTextDocument()
        self._document.setDefaultFont(font)
        self._document.documentLayout().setPaintDevice(self._ground)
        if sheet.address:
            kind = QTextDocument.ResourceType.ImageResource.value
            self._document.addResource(kind, QUrl(_QR_NAME), _picture(sheet.address))
        self._document.setHtml(html_of(sheet))
        width = (paper.width_mm - 2 * self._margin_mm) * _PX_PER_MM
        self._high = (paper.height_mm - 2 * self._margin_mm) * _PX_PER_MM
        if page:
            self._document.setPageSize(QSizeF(width, self._high))
        else:
            self._document.setTextWidth(width)
            self._high = self._document.size().height()
        self._width = width

    @property
    def pages(self) -> int:
        """How many pages."""
        return self._document.pageCount() if self.paper.height_mm else 1

    @property
    def height_mm(self) -> float:
        """Height of a page: of the paper, or of the text on a roll."""
        return self._high / _PX_PER_MM + 2 * self._margin_mm

    def paint(self, painter: QPainter, page: int, dots_per_inch: float) -> None:
        """Paint one page; the painter's origin is the corner of the paper."""
        context = QAbstractTextDocumentLayout.PaintContext()
        # The palette of the screen may be a dark one.
        context.palette.setColor(QPalette.ColorRole.Text, QColor(Qt.GlobalColor.black))
        part = QRectF(0, page * self._high, self._width, self._high)
        painter.save()
        painter.scale(dots_per_inch / _DPI, dots_per_inch / _DPI)
        margin = self._margin_mm * _PX_PER_MM
        painter.translate(margin, margin - part.top())
        painter.setClipRect(part)
        context.clip = part
        self._document.documentLayout().draw(painter, context)
        painter.restore()


def _picture(text: str) -> QImage:
    side = len(modules_of(text)) * _QR_CELLS_PX
    image = QImage(side, side, QImage.Format.Format_RGB32)
    painter = QPainter(image)
    draw_modules(painter, QRectF(image.rect()), text)
    painter.end()
    return image
