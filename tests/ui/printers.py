"""Printers of tests: one that waits for paper, and may be broken when it comes."""

from pathlib import Path
from threading import Event

from kiosk.domain.errors import PrinterFailedError
from ui.screens.sheet_print import Kept, Piece


class SlowPrinter:
    """Stands in for :class:`ui.screens.sheet_print.Printing`.

    Attributes:
        paper: set when there is some.
        pieces: what it took, in order.
        broken: it takes nothing.
    """

    def __init__(self) -> None:
        self.paper = Event()
        self.pieces: list[Piece] = []
        self.broken = False

    def print_or_keep(self, piece: Piece, _file: Path) -> Kept:
        self.paper.wait(60)
        if self.broken:
            raise PrinterFailedError("no paper")
        self.pieces.append(piece)
        return Kept()
