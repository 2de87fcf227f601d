"""Sheets for the customer on A4: what to bring, what is missing, why not and what else.

Drawn from words only, black on white; printed where a printer is, else kept as a PDF.
"""

from html import escape
from pathlib import Path

from PySide6.QtCore import QMarginsF, QRectF, QSizeF, QUrl
from PySide6.QtGui import (
    QFont,
    QImage,
    QPageLayout,
    QPageSize,
    QPainter,
    QPdfWriter,
    QTextDocument,
)
from PySide6.QtPrintSupport import QPrinter, QPrinterInfo

from kiosk.domain.errors import DiskFullError
from ui.theme.theme import UI_FAMILY
from ui.viewmodels.sheet import Sheet, SheetBlock
from ui.widgets.qr import draw_modules, modules_of

_MARGIN_MM = 18.0
_DPI = 150
_POINTS = 12.0
_QR_MM = 38.0
_QR_CELLS_PX = 12
_MM_PER_INCH = 25.4
_QR_NAME = "qr"
_BOX = "\u2610"


def html_of(sheet: Sheet) -> str:
    """The sheet as a page; every word is escaped."""
    parts = [f"<h1>{escape(sheet.title)}</h1>"]
    parts += [_block_html(block) for block in sheet.blocks]
    if sheet.address:
        side = round(_QR_MM / _MM_PER_INCH * _DPI)
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


def document_of(sheet: Sheet) -> QTextDocument:
    """The sheet, ready to be printed."""
    document = QTextDocument()
    font = QFont(UI_FAMILY)
    font.setPointSizeF(_POINTS)
    document.setDefaultFont(font)
    if sheet.address:
        document.addResource(
            QTextDocument.ResourceType.ImageResource.value, QUrl(_QR_NAME), _picture(sheet.address)
        )
    document.setHtml(html_of(sheet))
    return document


def _picture(text: str) -> QImage:
    side = len(modules_of(text)) * _QR_CELLS_PX
    image = QImage(side, side, QImage.Format.Format_RGB32)
    painter = QPainter(image)
    draw_modules(painter, QRectF(image.rect()), text)
    painter.end()
    return image


def write_sheet(sheet: Sheet, file: Path) -> None:
    """Write the sheet as a PDF of one A4 page or more. Raises DiskFullError."""
    writer = QPdfWriter(str(file))
    writer.setResolution(_DPI)
    writer.setTitle(sheet.title)
    writer.setPageSize(QPageSize(QPageSize.PageSizeId.A4))
    margins = QMarginsF(_MARGIN_MM, _MARGIN_MM, _MARGIN_MM, _MARGIN_MM)
    writer.setPageMargins(margins, QPageLayout.Unit.Millimeter)
    document = document_of(sheet)
    document.documentLayout().setPaintDevice(writer)
    document.setPageSize(QSizeF(writer.width(), writer.height()))
    document.print_(writer)
    del writer  # the file is complete once the writer is gone
    if not file.is_file() or not file.stat().st_size:
        raise DiskFullError("sheet")


def keep_sheet(sheet: Sheet, folder: Path) -> Path | None:
    """Print the sheet where a printer is; else write a PDF.

    Returns:
        The PDF, or None when it was printed.

    Raises:
        DiskFullError: neither was possible.
    """
    if QPrinterInfo.availablePrinterNames():
        printer = QPrinter()
        if printer.isValid():
            document_of(sheet).print_(printer)
            return None
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as exc:
        raise DiskFullError("sheet") from exc
    file = folder / f"visavis-{sheet.name}.pdf"
    write_sheet(sheet, file)
    return file
