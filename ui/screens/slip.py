"""The customer's slip on 80 mm paper: outcome, what next, control code as text and QR.

It never carries a reason that only suspicion gave, nor the restricted flag, nor a document number.
"""

from dataclasses import dataclass
from pathlib import Path

import segno
from PySide6.QtCore import QMarginsF, QRectF, QSizeF, Qt
from PySide6.QtGui import QFont, QPagedPaintDevice, QPageLayout, QPageSize, QPainter, QPdfWriter
from PySide6.QtPrintSupport import QPrinter, QPrinterInfo

from kiosk.domain.errors import DiskFullError
from ui.theme.theme import UI_FAMILY

PAPER_MM = 80.0
_LENGTH_MM = 150.0
_SIDE_MM = 5.0
_GAP_MM = 2.5
_QR_MM = 34.0
_DPI = 203
_MM_PER_INCH = 25.4
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


def qr_modules(text: str) -> tuple[tuple[bool, ...], ...]:
    """Rows of a QR code with its quiet zone, True for dark."""
    code = segno.make_qr(text, error="m")
    return tuple(tuple(bool(cell) for cell in row) for row in code.matrix_iter(border=2))


def write_pdf(facts: SlipFacts, file: Path) -> None:
    """Write the slip as a PDF of 80 mm. Raises DiskFullError when it cannot be written."""
    writer = QPdfWriter(str(file))
    writer.setResolution(_DPI)
    writer.setTitle("Vis-à-vis")
    writer.setPageSize(QPageSize(QSizeF(PAPER_MM, _LENGTH_MM), QPageSize.Unit.Millimeter, "slip"))
    writer.setPageMargins(QMarginsF(0, 0, 0, 0), QPageLayout.Unit.Millimeter)
    if not draw(facts, writer) or not file.is_file():
        raise DiskFullError("slip")


def draw(facts: SlipFacts, device: QPagedPaintDevice) -> bool:
    """Draw the slip; whether the device took it."""
    painter = QPainter()
    if not painter.begin(device):
        return False
    try:
        _paint(painter, facts, device.logicalDpiX() / _MM_PER_INCH)
    finally:
        ended = painter.end()
    return ended


def _paint(painter: QPainter, facts: SlipFacts, px_per_mm: float) -> None:
    left = _SIDE_MM * px_per_mm
    width = (PAPER_MM - 2 * _SIDE_MM) * px_per_mm
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
    draw_qr(painter, QRectF(left + (width - side) / 2, y, side, side), facts.qr_text)


def draw_qr(painter: QPainter, box: QRectF, text: str) -> None:
    """Draw a QR code, black on white, into a square."""
    modules = qr_modules(text)
    cell = box.width() / len(modules)
    painter.fillRect(box, Qt.GlobalColor.white)
    for row, cells in enumerate(modules):
        for column, dark in enumerate(cells):
            if dark:
                painter.fillRect(
                    QRectF(box.x() + column * cell, box.y() + row * cell, cell, cell),
                    Qt.GlobalColor.black,
                )


def _font(style: str) -> QFont:
    font = QFont(UI_FAMILY)
    font.setPointSizeF(_POINT_SIZES[style])
    font.setBold(style != "body")
    return font


def keep_slip(facts: SlipFacts, file: Path) -> Path | None:
    """Print the slip where a printer is; else write a PDF.

    Returns:
        The PDF, or None when it was printed.

    Raises:
        DiskFullError: neither was possible.
    """
    if QPrinterInfo.availablePrinterNames():
        printer = QPrinter()
        if draw(facts, printer):
            return None
    file.parent.mkdir(parents=True, exist_ok=True)
    write_pdf(facts, file)
    return file
