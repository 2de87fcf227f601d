"""How the auditor's PDFs look: A4, the house typeface, one accent, tables that breathe.

Rules, in order: the same data give the same bytes (no date of making, no random identifier); the
typeface is embedded; every page says which record it is, whether it is redacted, and which page of
how many; what is masked is a grey block with the word, never a blank.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import Any, Final
from xml.sax.saxutils import escape

from reportlab.lib.colors import HexColor
from reportlab.lib.enums import TA_LEFT
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import (
    BaseDocTemplate,
    Frame,
    KeepTogether,
    PageTemplate,
    Paragraph,
    Spacer,
    Table,
)

_FONTS: Final = Path(__file__).resolve().parents[2] / "resources" / "fonts"
_REGULAR, _BOLD, _MONO = "House", "House-Bold", "House-Mono"
INK, QUIET, LINE = HexColor("#141c33"), HexColor("#4a5670"), HexColor("#d9e0eb")
ACCENT, SOFT, MASK = HexColor("#1f3fae"), HexColor("#f3f5f9"), HexColor("#c9ced6")
GOOD, BAD, DOUBT = HexColor("#0b7446"), HexColor("#b3221b"), HexColor("#8a4b00")
MARGIN: Final = 18 * mm
WIDTH: Final = A4[0] - 2 * MARGIN
_TOP, _FOOT = 17 * mm, 16 * mm


@cache
def _fonts() -> None:
    for name, file in (
        (_REGULAR, "AtkinsonHyperlegibleNext-Regular.ttf"),
        (_BOLD, "AtkinsonHyperlegibleNext-SemiBold.ttf"),
        (_MONO, "AtkinsonHyperlegibleMono-Regular.ttf"),
    ):
        pdfmetrics.registerFont(TTFont(name, str(_FONTS / file)))
    pdfmetrics.registerFontFamily(_REGULAR, _REGULAR, _BOLD, _REGULAR, _BOLD)


def _style(name: str, font: str, size: float, **more: Any) -> ParagraphStyle:
    leading = more.pop("leading", size * 1.34)
    given = {"textColor": INK, "alignment": TA_LEFT, **more}
    return ParagraphStyle(name, fontName=font, fontSize=size, leading=leading, **given)


BODY = _style("body", _REGULAR, 9.5)
SMALL = _style("small", _REGULAR, 8.2, textColor=QUIET)
LABEL = _style("label", _REGULAR, 9, textColor=QUIET)
STRONG = _style("strong", _BOLD, 9.5)
HEAD = _style("head", _BOLD, 12.5, textColor=ACCENT, spaceBefore=11, spaceAfter=4)
TITLE = _style("title", _BOLD, 23, leading=27)
SUBTITLE = _style("subtitle", _REGULAR, 11, textColor=QUIET)
# Long digests break anywhere: they have no spaces.
CODE = _style("code", _MONO, 7.6, wordWrap="CJK")
COLUMN = _style("column", _BOLD, 8.4, textColor=QUIET)
TONES: Final = {"good": GOOD, "bad": BAD, "doubt": DOUBT, "quiet": QUIET}


def text(value: str, style: ParagraphStyle = BODY) -> Paragraph:
    """Text as text: nothing in it is interpreted."""
    return Paragraph(escape(value).replace("\n", "<br/>"), style)


def toned(value: str, tone: str) -> Paragraph:
    """A word in the colour of its meaning; the word says it too."""
    return text(value, ParagraphStyle(f"tone-{tone}", parent=STRONG, textColor=TONES[tone]))


def masked(word: str) -> Paragraph:
    """What stands in place of a masked value."""
    style = ParagraphStyle("masked", parent=SMALL, backColor=MASK, borderPadding=(1, 4, 1, 4))
    return Paragraph(escape(word), style)


def heading(value: str) -> Paragraph:
    """Heading of a part."""
    return text(value, HEAD)


def pairs(rows: Sequence[tuple[str, Any]], label_mm: float = 48) -> Table:
    """Names and values, one under the other; a value is text or a flowable."""
    data = [
        [text(name, LABEL), text(value) if isinstance(value, str) else value]
        for name, value in rows
    ]
    table = Table(data, colWidths=[label_mm * mm, WIDTH - label_mm * mm], hAlign="LEFT")
    table.setStyle(
        [
            ("VALIGN", (0, 0), (-1, -1), "TOP"),
            ("LEFTPADDING", (0, 0), (-1, -1), 0),
            ("RIGHTPADDING", (0, 0), (-1, -1), 6),
            ("TOPPADDING", (0, 0), (-1, -1), 2.4),
            ("BOTTOMPADDING", (0, 0), (-1, -1), 2.4),
            ("LINEBELOW", (0, 0), (-1, -2), 0.4, LINE),
        ]
    )
    return table


def grid(columns: Sequence[str], rows: Sequence[Sequence[Any]], widths: Sequence[float]) -> Table:
    """A table with a heading that comes again on each page; widths are parts of the whole."""
    whole = sum(widths)
    data = [[text(name, COLUMN) for name in columns]]
    data += [[text(cell) if isinstance(cell, str) else cell for cell in row] for row in rows]
    table = Table(
        data, colWidths=[WIDTH * width / whole for width in widths], repeatRows=1, hAlign="LEFT"
    )
    table.setStyle(
        [
            ("VALIGN", (0, 0), (-1, -1), "TOP"),
            ("BACKGROUND", (0, 0), (-1, 0), SOFT),
            ("LINEBELOW", (0, 0), (-1, -1), 0.4, LINE),
            ("LEFTPADDING", (0, 0), (-1, -1), 5),
            ("RIGHTPADDING", (0, 0), (-1, -1), 5),
            ("TOPPADDING", (0, 0), (-1, -1), 3),
            ("BOTTOMPADDING", (0, 0), (-1, -1), 3),
        ]
    )
    return table


def together(*parts: Any) -> KeepTogether:
    """Parts that are not torn apart by a page."""
    return KeepTogether(list(parts))


def gap(height_mm: float) -> Spacer:
    """Empty space."""
    return Spacer(1, height_mm * mm)


def banner(word: str, hint: str, *, loud: bool) -> Table:
    """The band that says whether names are to be read here."""
    fill = BAD if loud else ACCENT
    white = ParagraphStyle("band", parent=STRONG, textColor=HexColor("#ffffff"), fontSize=10.5)
    pale = ParagraphStyle("hint", parent=SMALL, textColor=HexColor("#ffffff"), fontSize=9)
    table = Table([[[text(word, white), text(hint, pale)]]], colWidths=[WIDTH], hAlign="LEFT")
    table.setStyle(
        [
            ("BACKGROUND", (0, 0), (-1, -1), fill),
            ("LEFTPADDING", (0, 0), (-1, -1), 9),
            ("TOPPADDING", (0, 0), (-1, -1), 6),
            ("BOTTOMPADDING", (0, 0), (-1, -1), 7),
            ("ROUNDEDCORNERS", [3, 3, 3, 3]),
        ]
    )
    return table


class _Numbered(Canvas):  # type: ignore[misc]  # reportlab ships no types: its class is Any
    """Writes the foot of each page once the number of pages is known."""

    def __init__(
        self, *arguments: Any, foot: Callable[[int, int], tuple[str, str]], **more: Any
    ) -> None:
        super().__init__(*arguments, **more)
        self._foot = foot
        self._pages: list[dict[str, Any]] = []

    def showPage(self) -> None:  # noqa: N802 - the library's name
        self._pages.append(dict(self.__dict__))
        self._startPage()

    def save(self) -> None:
        for number, page in enumerate(self._pages, 1):
            self.__dict__.update(page)
            left, right = self._foot(number, len(self._pages))
            self.setFont(_REGULAR, 8)
            self.setFillColor(QUIET)
            self.setStrokeColor(LINE)
            self.line(MARGIN, _FOOT - 3 * mm, A4[0] - MARGIN, _FOOT - 3 * mm)
            self.drawString(MARGIN, _FOOT - 8 * mm, left)
            self.drawRightString(A4[0] - MARGIN, _FOOT - 8 * mm, right)
            super().showPage()
        super().save()


def build(
    story: list[Any], title: str, foot: Callable[[int, int], tuple[str, str]], language: str
) -> bytes:
    """The PDF of a story; the same story gives the same bytes.

    Args:
        story: flowables, top to bottom.
        title: of the document, without anything personal.
        foot: left and right words of a page's foot, by its number and the number of pages.
        language: of the words, for programs that read pages aloud.
    """
    out = io.BytesIO()
    document = BaseDocTemplate(
        out,
        pagesize=A4,
        title=title,
        author="Vis-à-vis",
        invariant=1,
        lang=language,
        pageTemplates=[
            PageTemplate(
                "page",
                [
                    Frame(
                        MARGIN,
                        _FOOT,
                        WIDTH,
                        A4[1] - _TOP - _FOOT,
                        leftPadding=0,
                        rightPadding=0,
                        topPadding=0,
                        bottomPadding=0,
                    )
                ],
            )
        ],
    )

    def canvas(*arguments: Any, **more: Any) -> _Numbered:
        return _Numbered(*arguments, foot=foot, **more)

    document.build(story, canvasmaker=canvas)
    return out.getvalue()


def ready() -> None:
    """Make the typeface known; to be called before anything is laid out."""
    _fonts()
