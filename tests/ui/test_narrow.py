"""Narrow windows, and windows that become wide and narrow again: nothing is cut or overlaps."""

from itertools import pairwise

import pytest
from PySide6.QtWidgets import QApplication, QLabel, QWidget

from tests.ui import letter_pages
from tests.ui.samples import ADVICE_PAGES, PAGES, STEP_PAGES, window
from ui.theme import Density
from ui.widgets.button import Button
from ui.widgets.label import Label
from ui.widgets.list_row import RowList
from ui.widgets.look import Look
from ui.widgets.scroll import ScrollArea

SIZES = ((820, 1180), (1517, 1000), (820, 1180), (1920, 1080), (1280, 800), (1517, 860))


def settle() -> None:
    for _ in range(4):  # a layout may ask for another one
        QApplication.processEvents()


@pytest.mark.parametrize("page", ["step-request", "step-document", "step-person", "step-confirm"])
def test_no_word_of_a_button_is_cut(look: Look, qtbot, page):
    shell = window(look, page, *SIZES[0])
    qtbot.addWidget(shell)
    for size in SIZES:
        shell.resize(*size)
        settle()
        for button in shell.findChildren(Button):
            if button.isVisible():
                assert button.width() >= button.sizeHint().width(), (size, button.text())


@pytest.mark.parametrize("size", [(1920, 1080), (1517, 1056), (1600, 1000), (1500, 960)])
def test_home_of_a_counter_does_not_scroll_by_a_sliver(look: Look, qtbot, size):
    shell = window(look, "home", 1920, 1080)
    qtbot.addWidget(shell)
    shell.resize(*size)
    settle()
    assert shell._scroll.verticalScrollBar().maximum() == 0
    words = [label.text() for label in shell.page.findChildren(QLabel) if label.isVisible()]
    assert look.language.tr("home.figure.to_send") in words


@pytest.mark.parametrize(
    ("page", "size"),
    [
        ("home", (800, 1280)),
        ("opinion", (1280, 800)),
        ("device-troubled", (1280, 720)),
        ("device-troubled", (800, 1280)),
    ],
)
def test_rows_grow_with_their_words(look: Look, qtbot, page, size):
    look.theme.set_density(Density.TABLET)
    shell = window(look, page, *size)
    qtbot.addWidget(shell)
    settle()
    wrapped = 0
    for rows in shell.page.findChildren(RowList):
        for label in (label for row in rows.rows for label in row.findChildren(Label)):
            if label.isVisible():
                assert label.height() >= label.heightForWidth(label.width()), label.text()
                wrapped += label.heightForWidth(label.width()) > label.heightForWidth(2000)
    assert wrapped


@pytest.mark.parametrize("page", ["opinion", "sign_in", "device-sign"])
@pytest.mark.parametrize("size", [(1280, 720), (1280, 800), (1366, 768), (800, 1280)])
def test_a_personal_code_is_confirmed_without_scrolling(look: Look, qtbot, page, size):
    look.theme.set_density(Density.TABLET)
    shell = window(look, page, *SIZES[3])
    qtbot.addWidget(shell)
    shell.resize(*size)
    settle()
    assert shell._scroll.verticalScrollBar().maximum() == 0


@pytest.mark.parametrize("page", ["home", "step-person", "sign_in"])
def test_nothing_overlaps_in_the_top_bar(look: Look, qtbot, page):
    shell = window(look, page, *SIZES[0])
    qtbot.addWidget(shell)
    for size in SIZES:
        shell.resize(*size)
        settle()
        top = shell.top
        shown = [w for w in top.findChildren(QWidget) if w.parent() is top and w.isVisible()]
        edges = sorted((w.x(), w.x() + w.width()) for w in shown if w.height() < top.height())
        titles = {w.x() for w in shown if w not in top.chips}
        for (_, end), (start, _) in pairwise(edges):
            assert end <= start or start in titles, size
        assert max(end for _, end in edges) <= top.width()
        for chip in top.chips:
            assert chip.width() >= chip.sizeHint().width()


def test_chips_keep_their_words_while_they_are_icons(look: Look, qtbot):
    shell = window(look, "step-person", 820, 1180)
    qtbot.addWidget(shell)
    settle()
    widths = [chip.width() for chip in shell.top.chips]
    assert [chip.toolTip() for chip in shell.top.chips] == [c.text() for c in shell.top.chips]
    shell.resize(1920, 1080)
    settle()
    wide = [chip.width() for chip in shell.top.chips]
    assert all(narrow < full for narrow, full in zip(widths, wide, strict=True))
    assert not any(chip.toolTip() for chip in shell.top.chips)


def test_the_answers_about_a_face_never_scroll_sideways(look: Look, qtbot):
    shell = window(look, "step-person", *SIZES[0])
    qtbot.addWidget(shell)
    for size in SIZES:
        shell.resize(*size)
        settle()
        for area in shell.findChildren(ScrollArea):
            if area.isVisible():
                assert area.widget().width() <= area.viewport().width(), size


@pytest.mark.parametrize("size", [(800, 1280), (1280, 720)])
def test_state_and_acts_of_a_device_stand_beside_or_below_and_never_over_one_another(
    look: Look, qtbot, size
):
    look.theme.set_density(Density.TABLET)
    shell = window(look, "device", *size)
    qtbot.addWidget(shell)
    settle()
    state, acts = (rows.parentWidget() for rows in shell.page.findChildren(RowList)[:2])
    first, second = (
        card.rect().translated(card.mapTo(shell, card.rect().topLeft())) for card in (state, acts)
    )
    assert not first.intersects(second)
    assert (first.bottom() < second.top()) is (size[0] == 800)


LOW_SIZES = ((1280, 800), (1280, 720))
LONG = {
    "settings",
    "device",
    "device-troubled",
    "device-transfer",
    "deliveries",
    "history",
    "help",
    "help-course",
    "team",
    "step-document-read",
    "step-document-typing",
    "step-document-plain",
    "step-paper-file",
    "step-decision-doubt",
    "step-decision-refused",
    "letter-decision-proxy",
}
"""Pages that may scroll at 1280 x 720: lists and forms that grow with what they hold."""
LONG_AT_800 = {
    "device",
    "device-troubled",
    "step-document-typing",
}
"""Those of them that scroll at 1280 x 800 too."""


@pytest.mark.parametrize("page", [*PAGES, *STEP_PAGES, *ADVICE_PAGES, *letter_pages.PAGES], ids=str)
def test_a_page_scrolls_on_a_low_screen_only_where_it_is_known_to(look: Look, qtbot, page):
    shell = window(look, page, *LOW_SIZES[0])
    qtbot.addWidget(shell)
    for size, long in zip(LOW_SIZES, (LONG_AT_800, LONG), strict=True):
        shell.resize(*size)
        if page not in long:
            bar = shell._scroll.verticalScrollBar()
            qtbot.waitUntil(lambda bar=bar: bar.maximum() == 0, timeout=3000)


def test_a_low_window_gives_the_air_of_its_frame_to_the_work_and_takes_it_back(look: Look, qtbot):
    shell = window(look, "step-second-agent", 1280, 800)
    qtbot.addWidget(shell)
    settle()
    assert look.theme.low
    low = shell._scroll.viewport().height()
    shell.resize(1280, 900)
    settle()
    assert not look.theme.low
    assert shell._scroll.viewport().height() < low + 100
    words = [label.text() for label in shell.page.findChildren(QLabel) if label.isVisible()]
    sentence = look.language.tr("journey.second-agent.instruction")
    assert sentence in words
    shell.resize(1280, 720)
    settle()
    words = [label.text() for label in shell.page.findChildren(QLabel) if label.isVisible()]
    # The two sentences stand together now: both speak to the colleague.
    assert not any(sentence in text for text in words)
    own = look.language.tr("journey.second-agent.own_code")
    assert any(text.endswith(own) for text in words)
