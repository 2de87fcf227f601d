"""Puts what the customer takes along on paper, or in a file. Never in the thread of the screen.

Rules, in order:

1. A printer narrower than a hand prints a roll, any other one a page (A4).
2. Without a printer that is said, and the sheet is kept as a PDF.
3. A printer that does not take the sheet is an error with a code; nothing claims it was printed.
4. What is said is what is known: that the sheet went to the printer, not that paper came out.
"""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from PySide6.QtCore import QBuffer, QIODevice
from PySide6.QtGui import QPageLayout, QPdfWriter
from PySide6.QtPrintSupport import QPrinter, QPrinterInfo

from kiosk.domain.errors import NoPrinterError, PrinterFailedError, SheetFileError
from ui.screens.sheet_advice import AdvicePainter
from ui.screens.sheet_paint import A4, ROLL, Layout, Paper, SheetPainter, draw_pages, set_page
from ui.screens.sheet_words import Sheet
from ui.screens.slip import SlipFacts, SlipPainter
from ui.viewmodels.sheet import AdviceSheet

_WIDEST_ROLL_MM: Final = 120.0
_PDF_DPI: Final = 300
Piece = Sheet | AdviceSheet | SlipFacts
"""What is printed: the sheet of an act, a sheet of advice, a slip."""
_BROKEN: Final = (QPrinter.PrinterState.Error, QPrinter.PrinterState.Aborted)


@dataclass(frozen=True, slots=True)
class Kept:
    """Where a sheet went: to the printer (``file`` None), or into a file.

    Attributes:
        file: the PDF.
        no_printer: it is there because this device knows no printer.
    """

    file: Path | None = None
    no_printer: bool = False


def _printer_names() -> list[str]:
    return QPrinterInfo.availablePrinterNames()


def _default_printer() -> QPrinter:
    return QPrinter(QPrinter.PrinterMode.HighResolution)


@dataclass(frozen=True, slots=True)
class Printing:
    """Printers of this device.

    Attributes:
        names: of the printers known to the system; may wait for a print server.
        make: the printer to use.
    """

    names: Callable[[], list[str]] = _printer_names
    make: Callable[[], QPrinter] = _default_printer

    def print_sheet(self, sheet: Piece) -> None:
        """Send a sheet to the printer.

        Raises:
            NoPrinterError: this device knows none.
            PrinterFailedError: it did not take the sheet.
        """
        if not self.names():
            raise NoPrinterError
        printer = self.make()
        if not printer.isValid():
            raise PrinterFailedError("not valid")
        paper = paper_of(printer)
        layout = layout_of(sheet, paper)
        printer.setFullPage(True)
        if paper is ROLL:
            set_page(printer, layout)
        if not draw_pages(layout, printer) or printer.printerState() in _BROKEN:
            raise PrinterFailedError("not taken")

    def print_or_keep(self, sheet: Piece, file: Path) -> Kept:
        """Print; where no printer is, keep a PDF and say so.

        Raises:
            PrinterFailedError: the printer did not take the sheet.
            SheetFileError: there is no printer, and the file could not be written either.
        """
        try:
            self.print_sheet(sheet)
        except NoPrinterError:
            return Kept(keep_sheet(sheet, file), no_printer=True)
        return Kept()


def paper_of(printer: QPrinter) -> Paper:
    """What is in a printer: a roll, or pages."""
    full = printer.pageLayout().fullRect(QPageLayout.Unit.Millimeter)
    return ROLL if 0 < full.width() < _WIDEST_ROLL_MM else A4


def layout_of(sheet: Piece, paper: Paper) -> Layout:
    """A piece laid out on a paper."""
    match sheet:
        case Sheet():
            return SheetPainter(sheet, paper)
        case AdviceSheet():
            return AdvicePainter(sheet, paper)
        case SlipFacts():
            return SlipPainter(sheet, paper)


def keep_sheet(sheet: Piece, file: Path) -> Path:
    """Write a piece as a PDF, a slip as wide as a roll. Raises SheetFileError."""
    layout = layout_of(sheet, ROLL if isinstance(sheet, SlipFacts) else A4)
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
    except OSError as exc:
        raise SheetFileError("folder") from exc
    written = _pdf_of(layout)
    try:
        # Not by Qt: it says nothing of a disk that is full.
        file.write_bytes(written)
    except OSError as exc:
        with suppress(OSError):
            file.unlink(missing_ok=True)
        raise SheetFileError("file") from exc
    return file


def _pdf_of(layout: Layout) -> bytes:
    """Raises SheetFileError."""
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    writer = QPdfWriter(buffer)
    writer.setResolution(_PDF_DPI)
    writer.setTitle(layout.title)
    writer.setCreator("Vis-à-vis")
    set_page(writer, layout)
    drawn = draw_pages(layout, writer)
    del writer  # the file is complete once the writer is gone
    if not drawn:
        raise SheetFileError("drawing")
    return bytes(buffer.data().data())
