"""Every piece on every paper: all of its words, inside of the page, dark on white in every look."""

import re
from datetime import date

import pypdfium2
import pytest
from PySide6.QtCore import QBuffer, QIODevice
from PySide6.QtGui import QPdfWriter

from kiosk.domain.ids import OfficeId
from tests.ui import advice_pages
from ui.screens.absence import absence_notice
from ui.screens.sheet_paint import A4, ROLL, draw_pages, set_page
from ui.screens.sheet_print import layout_of
from ui.theme import ThemeName

NUMBER = "RR123456785FR"


def printed(piece, paper) -> pypdfium2.PdfDocument:
    layout = layout_of(piece, paper)
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    writer = QPdfWriter(buffer)
    writer.setResolution(203)
    set_page(writer, layout)
    assert draw_pages(layout, writer)
    del writer
    return pypdfium2.PdfDocument(bytes(buffer.data().data()))


def words_of(document: pypdfium2.PdfDocument) -> str:
    (page,) = document
    text = page.get_textpage()
    width, height = page.get_size()
    for index in range(text.count_chars()):
        left, bottom, right, top = text.get_charbox(index)
        assert left >= 0
        assert bottom >= 0
        assert right <= width
        assert top <= height
    return packed(text.get_text_range())


def packed(text: str) -> str:
    """Letters and digits. A reader of PDF finds spaces of its own, and for the plain ``A`` of our
    typeface Qt writes no character into a PDF, only the drawing.
    """
    return re.sub(r"[^0-9B-Za-z\u00c0-\u00ff]", "", text)


@pytest.mark.parametrize("paper", [A4, ROLL], ids=["page", "roll"])
def test_a_notice_stands_whole_on_its_paper(look, paper):
    days = date(2026, 12, 10), date(2026, 12, 25), date(2026, 12, 24)
    notice = absence_notice(NUMBER, days, OfficeId("075012"), look.language)
    assert "24" in notice.lines[5][1]
    words = words_of(printed(notice, paper))
    for _, text in notice.lines:
        assert packed(text) in words


@pytest.mark.parametrize("paper", [A4, ROLL], ids=["page", "roll"])
@pytest.mark.parametrize("page", [advice_pages.channel, advice_pages.paper, advice_pages.minor])
def test_advice_stands_whole_on_its_paper(look, qtbot, page, paper):
    panel = page(look)
    qtbot.addWidget(panel)
    sheet = panel.sheet()
    words = words_of(printed(sheet, paper))
    said = [sheet.title, *(b.heading for b in sheet.blocks), *sheet.foot, sheet.short_address]
    for text in (*said, *(line for block in sheet.blocks for line in block.lines)):
        assert packed(text) in words


@pytest.mark.parametrize("paper", [A4, ROLL], ids=["page", "roll"])
def test_ink_is_dark_in_the_dark_look(look, qapp, qtbot, paper):
    look.theme.choose(ThemeName.DARK)
    look.theme.apply(qapp)
    panel = advice_pages.minor(look)
    qtbot.addWidget(panel)
    (page,) = printed(panel.sheet(), paper)
    grey = page.render(scale=1, grayscale=True).to_numpy()
    assert grey.min() < 60
    assert grey.max() == 255
    look.theme.choose(ThemeName.LIGHT)
    look.theme.apply(qapp)
