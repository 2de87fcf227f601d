"""Pages that are worked through at a glance: on the windows of the counter nothing scrolls."""

import pytest
from PySide6.QtWidgets import QAbstractScrollArea, QApplication, QWidget

from tests.ui import samples
from tests.ui.advice_pages import PAPER_FILE, panel
from ui.widgets.label import Label


def scrolled(window: QWidget) -> list[int]:
    """How far each area of a window can be scrolled, px; those that show all are left out."""
    for _ in range(20):
        QApplication.processEvents()
    areas = [area for area in window.findChildren(QAbstractScrollArea) if area.isVisible()]
    reach = [area.verticalScrollBar().maximum() for area in areas]
    return [far for far in reach if far]


@pytest.mark.parametrize(
    ("name", "size"),
    [
        ("step-features", (1280, 800)),
        ("step-features", (1600, 1000)),
        ("step-document-settling", (1600, 1000)),
        ("step-document-settling", (1280, 800)),
    ],
)
def test_a_page_is_shown_whole(look, qtbot, name, size):
    shell = samples.window(look, name, *size)
    qtbot.addWidget(shell)
    assert scrolled(shell) == []


def test_a_paper_file_of_which_all_is_missing_is_shown_whole(look, qtbot):
    shell = samples.window(look, "step-paper-file", 1280, 800)
    qtbot.addWidget(shell)
    page = panel(look, journey=PAPER_FILE)
    shell.set_page(page, page.bar)
    assert len(page.sheet().blocks[0].lines) == 8
    assert scrolled(shell) == []


def test_no_line_breaks_between_a_number_and_what_it_counts(look, qtbot):
    for words in ("Il reste 4 dossiers", "Cachet 2D-Doc"):
        label = Label(look, words, wrap=True)
        qtbot.addWidget(label)
        last = words.rpartition(" ")[2] if "2D" in words else "4 dossiers"
        ink = label.fontMetrics().horizontalAdvance(last)
        # As narrow as what must stay together: a break within it would need less.
        assert label.minimumSizeHint().width() >= ink
        assert label.text() == words
