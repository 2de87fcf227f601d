"""A QR code on the screen: always dark on white, whatever the look, so that cameras read it."""

import segno
from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QLabel, QSizePolicy
from typing_extensions import override

from ui.theme import Radius, Size, Space
from ui.widgets.look import Look
from ui.widgets.paint import draw_box

_BORDER = 2
"""Quiet zone in modules; the white ground around it is wider still."""


def modules_of(text: str) -> tuple[tuple[bool, ...], ...]:
    """Rows of a QR code with its quiet zone, True for dark."""
    code = segno.make_qr(text, error="m")
    return tuple(tuple(bool(cell) for cell in row) for row in code.matrix_iter(border=_BORDER))


def draw_modules(painter: QPainter, box: QRectF, text: str) -> None:
    """Draw a QR code, dark on white, into a square."""
    rows = modules_of(text)
    cell = box.width() / len(rows)
    painter.fillRect(box, Qt.GlobalColor.white)
    for row, cells in enumerate(rows):
        for column, dark in enumerate(cells):
            if dark:
                where = QRectF(box.x() + column * cell, box.y() + row * cell, cell, cell)
                painter.fillRect(where, Qt.GlobalColor.black)


class QrCode(QLabel):
    """One code; its accessible name says where it leads."""

    def __init__(self, look: Look, *, fixed_px: int = 0, radius: int = Radius.BUTTON) -> None:
        """With ``fixed_px`` it is as large in every look; else it grows with the text."""
        super().__init__()
        self._look = look
        self._fixed_px = fixed_px
        self._radius = radius
        self._text = ""
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        look.theme.changed.connect(self._restyle)
        self._restyle()

    @property
    def payload(self) -> str:
        """What the code holds."""
        return self._text

    def set_side(self, side_px: int) -> None:
        """Another size, the same in every look."""
        if side_px != self._fixed_px:
            self._fixed_px = side_px
            self._restyle()

    def show_code(self, text: str, name: str) -> None:
        """Another code."""
        self._text = text
        self.setAccessibleName(name)
        self.update()

    @override
    def sizeHint(self) -> QSize:
        side = self._fixed_px or self._look.theme.scaled(Size.QR)
        return QSize(side, side)

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        if not self._text:
            return
        painter = QPainter(self)
        box = QRectF(self.rect())
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        draw_box(painter, box, self._radius, QColor(Qt.GlobalColor.white))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, on=False)
        inset = float(Space.S)
        draw_modules(painter, box.adjusted(inset, inset, -inset, -inset), self._text)
        painter.end()

    def _restyle(self) -> None:
        self.setFixedSize(self.sizeHint())
