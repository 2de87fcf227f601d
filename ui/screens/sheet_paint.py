"""Paints the customer's sheet: the same picture on a printer, in a PDF and on a screen.

Rules, in order:

1. Everything is laid out in twentieths of a millimetre; a device only scales. So the sheet breaks
   its lines at the same places on every device.
2. Large print is at least 18 points everywhere, easy reading at least 14 (accessibility of print:
   ``docs/user/answers.md``).
3. A heading never stands alone at the end of a page; the card with the code is never cut.
4. Nothing is said by colour alone: the sign beside the verdict has a shape of its own.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final, Protocol

from PySide6.QtCore import QByteArray, QMarginsF, QRectF, QSizeF, Qt
from PySide6.QtGui import (
    QColor,
    QFont,
    QFontMetricsF,
    QImage,
    QPagedPaintDevice,
    QPageLayout,
    QPageSize,
    QPainter,
    QPen,
)
from PySide6.QtSvg import QSvgRenderer

from kiosk.paths import RESOURCES
from ui.screens.sheet_words import Line, Part, Sheet, Variant
from ui.theme import PALETTES, ThemeName, Tone
from ui.theme.theme import MONO_FAMILY, UI_FAMILY
from ui.widgets.outcome import OUTCOME_LOOKS
from ui.widgets.paint import draw_mark
from ui.widgets.qr import draw_modules

UNITS_PER_MM: Final = 20
_MM_PER_POINT: Final = 25.4 / 72
_MM_PER_INCH: Final = 25.4
_INKS: Final = PALETTES[ThemeName.LIGHT]
_WRAP: Final = Qt.TextFlag.TextWordWrap | Qt.AlignmentFlag.AlignLeft


@dataclass(frozen=True, slots=True)
class Paper:
    """A paper; ``height_mm`` 0 for a roll, which ends where the text ends."""

    width_mm: float
    height_mm: float
    margin_mm: float


class Layout(Protocol):
    """Something laid out on a paper, ready to be painted page by page."""

    @property
    def title(self) -> str:
        """Of the file."""

    @property
    def paper(self) -> Paper:
        """What it is laid out on."""

    @property
    def pages(self) -> int:
        """How many pages."""

    @property
    def height_mm(self) -> float:
        """Height of a page: of the paper, or of what stands on a roll."""

    def paint(self, painter: QPainter, page: int, dots_per_inch: float, /) -> None:
        """Paint one page; the painter's origin is the corner of the paper."""


A4: Final = Paper(210.0, 297.0, 16.0)
ROLL: Final = Paper(80.0, 0.0, 4.0)


@dataclass(frozen=True, slots=True)
class Points:
    """Sizes of type, points."""

    verdict: float
    heading: float
    body: float
    date: float
    code: float
    small: float


_ON_A4: Final = {
    Variant.NORMAL: Points(26, 17, 14, 18, 24, 11),
    Variant.ENGLISH: Points(26, 17, 14, 18, 24, 11),
    Variant.EASY: Points(28, 19, 16, 19, 26, 14),
    Variant.LARGE: Points(32, 22, 18.5, 23, 30, 18),
}
_ON_A_ROLL: Final = {
    Variant.NORMAL: Points(14, 11, 9.5, 12, 16, 8.5),
    Variant.ENGLISH: Points(14, 11, 9.5, 12, 16, 8.5),
    Variant.EASY: Points(18, 15, 14, 16, 20, 14),
    Variant.LARGE: Points(22, 20, 18, 20, 22, 18),
}


def points_of(variant: Variant, paper: Paper) -> Points:
    """Sizes of type of a variant on a paper."""
    return (_ON_A4 if paper.height_mm else _ON_A_ROLL)[variant]


@dataclass(frozen=True, slots=True)
class _Box:
    """A piece that is not cut: its height, and how it is painted at a top edge, in units."""

    height: float
    paint: Callable[[QPainter, float], None]
    with_next: bool = False


class SheetPainter:
    """Lays a sheet out on a paper and paints its pages. Usable in any one thread."""

    def __init__(self, sheet: Sheet, paper: Paper = A4) -> None:
        self._sheet = sheet
        self.title = sheet.title
        self.paper = paper
        self._points = points_of(sheet.variant, paper)
        self._left = paper.margin_mm * UNITS_PER_MM
        self._width = (paper.width_mm - 2 * paper.margin_mm) * UNITS_PER_MM
        self._pages = self._paged([*self._boxes()])

    @property
    def pages(self) -> int:
        """How many pages."""
        return len(self._pages)

    @property
    def height_mm(self) -> float:
        """Height of a page: of the paper, or of the text on a roll."""
        if self.paper.height_mm:
            return self.paper.height_mm
        text = sum(box.height for box in self._pages[0])
        return text / UNITS_PER_MM + 2 * self.paper.margin_mm

    def paint(self, painter: QPainter, page: int, dots_per_inch: float) -> None:
        """Paint one page; the painter's origin is the corner of the paper."""
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        scale = dots_per_inch / _MM_PER_INCH / UNITS_PER_MM
        painter.scale(scale, scale)
        y = self.paper.margin_mm * UNITS_PER_MM
        for box in self._pages[page]:
            box.paint(painter, y)
            y += box.height
        painter.restore()

    # --- pages --------------------------------------------------------------------------------

    def _paged(self, boxes: list[_Box]) -> list[list[_Box]]:
        if not self.paper.height_mm:
            return [boxes]
        room = (self.paper.height_mm - 2 * self.paper.margin_mm) * UNITS_PER_MM
        pages: list[list[_Box]] = [[]]
        used = 0.0
        for number, box in enumerate(boxes):
            kept = box.height
            if box.with_next and number + 1 < len(boxes):
                kept += boxes[number + 1].height
            if pages[-1] and used + kept > room:
                pages.append([])
                used = 0.0
            pages[-1].append(box)
            used += box.height
        return pages

    # --- pieces -------------------------------------------------------------------------------

    def _boxes(self) -> Iterator[_Box]:
        yield self._head()
        yield self._verdict()
        for line in self._sheet.lines:
            yield self._line(line)
        yield self._code_card()
        for text in self._sheet.foot:
            yield self._words(text, self._points.small, ink="ink2", above=2.0)

    def _head(self) -> _Box:
        """Whose sheet this is, where and when; a thin yellow thread under it."""
        sheet, points = self._sheet, self._points
        name = _font(points.heading, bold=True)
        small = _font(points.small)
        side = self._height("Vis-à-vis", name, self._width)
        gap = _mm(2.5)
        place = f"{sheet.place}\n{sheet.moment}"
        beside = self.paper.height_mm > 0
        wide = self._width / 2 if beside else self._width
        high = self._height(place, small, wide)
        total = (max(side, high) if beside else side + gap + high) + _mm(9)

        def paint(painter: QPainter, y: float) -> None:
            mark = QRectF(self._left, y, side, side)
            draw_mark(painter, mark, _ink("primary"), _ink("accent"))
            self._text(painter, QRectF(self._left + side + gap, y, wide, side), "Vis-à-vis", name)
            top = y if beside else y + side + gap
            box = QRectF(self._left + self._width - wide, top, wide, high)
            align = Qt.AlignmentFlag.AlignRight if beside else Qt.AlignmentFlag.AlignLeft
            self._text(painter, box, place, small, "ink2", Qt.TextFlag.TextWordWrap | align)
            thread = QRectF(self._left, y + total - _mm(6), self._width, _mm(0.8))
            painter.fillRect(thread, _ink("accent"))

        return _Box(total, paint)

    def _verdict(self) -> _Box:
        """The sign, what was decided, and how firm it is."""
        sheet, points = self._sheet, self._points
        icon, tone = OUTCOME_LOOKS[sheet.outcome]
        if not sheet.firm:
            icon, tone = "clock", Tone.WARN
        large, body = _font(points.verdict, bold=True), _font(points.body)
        sign = _mm(points.verdict * _MM_PER_POINT * 1.75)
        gap = _mm(4 if self.paper.height_mm else 2)
        wide = self._width - sign - gap
        first = self._height(sheet.verdict, large, wide)
        second = self._height(sheet.standing, body, wide) if sheet.standing else 0.0
        between = _mm(2) if second else 0.0
        total = max(sign, first + between + second) + _mm(6)

        def paint(painter: QPainter, y: float) -> None:
            _draw_icon(painter, QRectF(self._left, y, sign, sign), icon, tone.ink)
            left = self._left + sign + gap
            top = y + max(0.0, (sign - first) / 2) if not second else y
            self._text(painter, QRectF(left, top, wide, first), sheet.verdict, large)
            if second:
                under = QRectF(left, y + first + between, wide, second)
                self._text(painter, under, sheet.standing, body, "ink2")

        return _Box(total, paint)

    def _line(self, line: Line) -> _Box:
        points = self._points
        match line.part:
            case Part.HEADING:
                return self._words(line.text, points.heading, bold=True, above=5.0, with_next=True)
            case Part.DATE:
                return self._date(line)
            case Part.REASON:
                return self._words(line.text, points.body, above=1.8, sign="–")
            case Part.STEP:
                return self._words(line.text, points.body, above=2.2, sign="→")
            case Part.NUMBER:
                return self._words(line.text, points.date, bold=True, above=2.0)
            case Part.SMALL:
                return self._words(line.text, points.small, ink="ink2", above=1.5)
            case _:
                return self._words(line.text, points.body, above=1.8)

    def _words(
        self,
        text: str,
        size: float,
        *,
        bold: bool = False,
        ink: str = "ink",
        above: float = 0.0,
        sign: str = "",
        with_next: bool = False,
    ) -> _Box:
        """A paragraph, a sign hanging at its left."""
        font = _font(size, bold=bold)
        indent = _mm(size * _MM_PER_POINT * 1.5) if sign else 0.0
        wide = self._width - indent
        high = self._height(text, font, wide)
        space = _mm(above)

        def paint(painter: QPainter, y: float) -> None:
            top = y + space
            if sign:
                hang = QRectF(self._left, top, indent, high)
                self._text(painter, hang, sign, _font(size, bold=True), "primary")
            box = QRectF(self._left + indent, top, wide, high)
            self._text(painter, box, text, font, ink)

        return _Box(space + high, paint, with_next)

    def _date(self, line: Line) -> _Box:
        """A day to keep, in a quiet box."""
        points = self._points
        label, day = _font(points.small), _font(points.date, bold=True)
        inset, above = _mm(4), _mm(4)
        wide = self._width - 2 * inset
        text = line.text[:1].upper() + line.text[1:]
        first, second = self._height(line.label, label, wide), self._height(text, day, wide)
        high = first + second + 2 * _mm(3)

        def paint(painter: QPainter, y: float) -> None:
            box = QRectF(self._left, y + above, self._width, high)
            painter.fillRect(box, _ink("asoft"))
            painter.fillRect(QRectF(box.left(), box.top(), _mm(1.2), high), _ink("accent"))
            top = box.top() + _mm(3)
            left = self._left + inset
            self._text(painter, QRectF(left, top, wide, first), line.label, label, "ink2")
            self._text(painter, QRectF(left, top + first, wide, second), text, day)

        return _Box(above + high, paint)

    def _code_card(self) -> _Box:
        """The QR code, and beside it the codes as text."""
        sheet, points = self._sheet, self._points
        above, inset = _mm(7), _mm(5 if self.paper.height_mm else 3)
        qr = _mm(38 if self.paper.height_mm else 30)
        beside = bool(self.paper.height_mm)
        wide = self._width - 2 * inset - (qr + _mm(6) if beside else 0)
        rows = [
            part
            for code in sheet.codes
            for part in (
                (code.label, _font(points.small), "ink2"),
                (code.code, _font(points.code, bold=True, mono=True), "ink"),
                (code.line, _font(points.small), "ink2"),
            )
        ]
        rows.append((sheet.code_hint, _font(points.small), "ink2"))
        heights = [self._height(text, font, wide) for text, font, _ in rows]
        gap = _mm(1.2)
        words = sum(heights) + gap * (len(rows) - 1)
        inner = max(qr, words) if beside else qr + _mm(3) + words
        high = inner + 2 * inset

        def paint(painter: QPainter, y: float) -> None:
            box = QRectF(self._left, y + above, self._width, high)
            painter.setPen(QPen(_ink("line2"), _mm(_HAIR_MM)))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(box, _mm(3), _mm(3))
            left, top = box.left() + inset, box.top() + inset
            across = left if beside else left + (self._width - 2 * inset - qr) / 2
            painter.setRenderHint(QPainter.RenderHint.Antialiasing, on=False)
            draw_modules(painter, QRectF(across, top, qr, qr), sheet.qr_text)
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            x = left + qr + _mm(6) if beside else left
            at = top + (max(0.0, inner - words) / 2 if beside else qr + _mm(3))
            for (text, font, ink), height in zip(rows, heights, strict=True):
                self._text(painter, QRectF(x, at, wide, height), text, font, ink)
                at += height + gap

        return _Box(above + high, paint)

    # --- text ---------------------------------------------------------------------------------

    @staticmethod
    def _height(text: str, font: QFont, wide: float) -> float:
        room = QRectF(0, 0, wide, _ENDLESS)
        return QFontMetricsF(font).boundingRect(room, _WRAP, text).height()

    @staticmethod
    def _text(
        painter: QPainter,
        box: QRectF,
        text: str,
        font: QFont,
        ink: str = "ink",
        flags: Qt.AlignmentFlag | Qt.TextFlag = _WRAP,
    ) -> None:
        painter.setFont(font)
        painter.setPen(_ink(ink))
        # A little more room than measured: a rounding must not break a line anew.
        painter.drawText(box.adjusted(0, 0, 1, 1), flags, text)


_HAIR_MM: Final = 0.3
_ENDLESS: Final = 100_000.0


def _mm(value: float) -> float:
    return value * UNITS_PER_MM


def _ink(role: str) -> QColor:
    return QColor(getattr(_INKS, role))


def _font(points: float, *, bold: bool = False, mono: bool = False) -> QFont:
    font = QFont()
    font.setFamilies([MONO_FAMILY if mono else UI_FAMILY, UI_FAMILY])
    font.setPixelSize(round(points * _MM_PER_POINT * UNITS_PER_MM))
    font.setWeight(QFont.Weight.Bold if bold else QFont.Weight.Normal)
    font.setHintingPreference(QFont.HintingPreference.PreferNoHinting)
    return font


def _draw_icon(painter: QPainter, box: QRectF, icon: str, role: str) -> None:
    data = (RESOURCES / "icons" / f"{icon}.svg").read_bytes()
    colour = _ink(role).name().encode()
    QSvgRenderer(QByteArray(data.replace(b"currentColor", colour))).render(painter, box)


def image_of(sheet: Sheet, width_px: int, paper: Paper = A4, page: int = 0) -> QImage:
    """One page as a picture, ``width_px`` wide, black on white."""
    layout = SheetPainter(sheet, paper)
    per_mm = width_px / paper.width_mm
    image = QImage(width_px, round(layout.height_mm * per_mm), QImage.Format.Format_RGB32)
    image.fill(Qt.GlobalColor.white)
    painter = QPainter(image)
    layout.paint(painter, page, per_mm * _MM_PER_INCH)
    painter.end()
    return image


def set_page(device: QPagedPaintDevice, layout: Layout) -> None:
    """Give a paged device the size of the sheet's paper, without margins of its own."""
    size = QSizeF(layout.paper.width_mm, layout.height_mm)
    device.setPageSize(QPageSize(size, QPageSize.Unit.Millimeter, "sheet"))
    device.setPageMargins(QMarginsF(0, 0, 0, 0), QPageLayout.Unit.Millimeter)


def draw_pages(layout: Layout, device: QPagedPaintDevice) -> bool:
    """Draw every page; whether the device took them."""
    painter = QPainter()
    if not painter.begin(device):
        return False
    drawn = True
    for page in range(layout.pages):
        if page:
            drawn = device.newPage() and drawn
        layout.paint(painter, page, device.logicalDpiX())
    return painter.end() and drawn
