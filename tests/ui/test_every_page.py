"""Every page can be read and pressed in each look, language, text size and layout."""

import pytest
from PySide6.QtGui import QAccessible, QFontMetrics, QKeySequence, QShortcut
from PySide6.QtWidgets import QAbstractButton, QLabel, QLineEdit, QWidget

from tests.ui import letter_pages
from tests.ui.samples import ADVICE_PAGES, CASE_PAGES, PAGES, STEP_PAGES, window
from ui.router.interruptions import ASIDE_KEY
from ui.shell.rail import NavButton
from ui.theme import Size, TextSize, ThemeName
from ui.widgets.button import Button
from ui.widgets.chip import Chip
from ui.widgets.label import Label
from ui.widgets.look import Look
from ui.widgets.tile import Tile

ALL_PAGES = [*PAGES, *CASE_PAGES, *STEP_PAGES, *ADVICE_PAGES, *letter_pages.PAGES]
SIZES = [(1920, 1080), (1280, 800)]


def too_narrow(label: QLabel) -> bool:
    """Whether a one-line text is wider than its box (1 px for rounding)."""
    if label.wordWrap() or not label.text():
        return False
    return QFontMetrics(label.font()).horizontalAdvance(label.text()) > label.width() + 1


def too_low(label: QLabel) -> bool:
    """Whether wrapped text needs more height than its box has (1 px for rounding)."""
    if not label.wordWrap() or not label.text():
        return False
    return label.heightForWidth(label.width()) > label.height() + 1


def visible(root: QWidget, *kinds: type[QWidget]) -> list[QWidget]:
    return [widget for kind in kinds for widget in root.findChildren(kind) if widget.isVisible()]


def faults(root: QWidget) -> list[str]:
    found = []
    for label in visible(root, QLabel):
        if too_narrow(label):
            found.append(f"too narrow: {label.text()!r} in {label.width()}")
        if too_low(label):
            found.append(f"too low: {label.text()!r} in {label.size()}")
    found.extend(
        f"too small: {control.objectName() or control.text()!r}"
        for control in visible(root, QAbstractButton, QLineEdit)
        if min(control.width(), control.height()) < Size.TARGET_MIN
    )
    found.extend(
        f"cut: {painted.text()!r}"
        for painted in visible(root, Button, Tile, NavButton, Chip)
        if painted.width() < painted.sizeHint().width()
    )
    return found


@pytest.mark.parametrize("name", ALL_PAGES)
@pytest.mark.parametrize("size", SIZES, ids=["counter", "tablet"])
@pytest.mark.parametrize("code", ["fr", "en"])
@pytest.mark.parametrize("text_size", [TextSize.NORMAL, TextSize.LARGEST])
def test_nothing_is_cut_off_in_any_look(look: Look, qtbot, name, size, code, text_size):
    look.language.choose(code)
    look.theme.set_text_size(text_size)
    shell = window(look, name, *size)
    qtbot.addWidget(shell)
    for theme in ThemeName:
        look.theme.choose(theme)
        qtbot.waitUntil(lambda: not faults(shell), timeout=2000)
        assert shell.page.width() <= shell.width()


@pytest.mark.parametrize("name", ALL_PAGES)
@pytest.mark.parametrize("text_size", [TextSize.NORMAL, TextSize.LARGEST])
def test_no_page_runs_off_the_right_edge(look: Look, qtbot, name, text_size):
    look.theme.set_text_size(text_size)
    shell = window(look, name, 1517, 900)
    qtbot.addWidget(shell)
    qtbot.waitUntil(lambda: not faults(shell), timeout=2000)
    page = shell.page
    assert page.mapTo(shell, page.rect().topRight()).x() < shell.width()


def test_strips_of_both_dates_stand_below_one_another(look: Look, qtbot):
    shell = window(look, "step-document-printed-early", 1517, 900)
    qtbot.addWidget(shell)
    strips = [strip for strip in visible(shell, QLabel) if strip.objectName() == "printed-strip"]
    qtbot.waitUntil(lambda: not faults(shell), timeout=2000)
    assert len(strips) == 2
    assert (
        len({(strip.mapTo(shell, strip.rect().topLeft()).x(), strip.width()) for strip in strips})
        == 1
    )


@pytest.mark.parametrize("name", ALL_PAGES)
@pytest.mark.parametrize("size", SIZES, ids=["counter", "tablet"])
def test_inks_are_those_of_the_look_in_force(look: Look, qtbot, name, size):
    shell = window(look, name, *size)
    qtbot.addWidget(shell)
    for theme in (ThemeName.DARK, ThemeName.CONTRAST, ThemeName.LIGHT):
        look.theme.choose(theme)
        for label in shell.findChildren(Label):
            drawn = label.palette().color(label.foregroundRole())
            assert drawn == look.theme.color(label.ink), label.text()


@pytest.mark.parametrize("name", ALL_PAGES)
@pytest.mark.parametrize("size", SIZES, ids=["counter", "tablet"])
def test_screen_readers_find_a_name_and_a_role_everywhere(look: Look, qtbot, name, size):
    shell = window(look, name, *size)
    qtbot.addWidget(shell)
    nameless = []
    for widget in shell.findChildren(QWidget):
        if not widget.isVisible():
            continue
        node = QAccessible.queryAccessibleInterface(widget)
        role = node.role()
        named = bool(node.text(QAccessible.Text.Name))
        if isinstance(widget, (QAbstractButton, QLineEdit)) and not named:
            nameless.append(widget)
        if isinstance(widget, QLabel) and widget.text():
            assert role == QAccessible.Role.StaticText
    assert nameless == []


@pytest.mark.parametrize("name", ALL_PAGES)
def test_every_control_is_reached_by_tab(look: Look, qtbot, name):
    shell = window(look, name, 1920, 1080)
    qtbot.addWidget(shell)
    shell.activateWindow()
    qtbot.waitUntil(shell.isActiveWindow)
    wanted = {
        control
        for kind in (QAbstractButton, QLineEdit)
        for control in shell.findChildren(kind)
        if control.isVisible()
        and control.isEnabled()
        and not control.objectName().startswith("pin-")
    }
    reached = set()
    for _ in range(80):
        shell.focusNextChild()
        reached.add(shell.focusWidget())
    assert wanted <= reached


def keys_of(shell: QWidget) -> list[str]:
    """Keys that do something on this page now; a key of two is a key of none."""
    found = [QKeySequence(ASIDE_KEY).toString()]  # of the case, on every page of it
    for shortcut in shell.findChildren(QShortcut):
        owner = shortcut.parent()
        here = not isinstance(owner, QWidget) or owner.isVisible()
        bound = shortcut.keys() if shortcut.isEnabled() and here else []
        found.extend(keys.toString() for keys in bound)
    return found


@pytest.mark.parametrize("name", ALL_PAGES)
def test_no_key_means_two_things_on_one_page(look: Look, qtbot, name):
    shell = window(look, name, 1920, 1080)
    qtbot.addWidget(shell)
    keys = keys_of(shell)
    assert {key for key in keys if keys.count(key) > 1} == set()


def test_a_key_of_two_is_noticed(look: Look, qtbot):
    shell = window(look, "step-decision", 1920, 1080)
    qtbot.addWidget(shell)
    QShortcut(QKeySequence("F8"), shell)
    assert keys_of(shell).count("F8") == 2


def test_a_cut_text_and_a_small_target_are_noticed(look: Look, qtbot):
    box = QWidget()
    qtbot.addWidget(box)
    cut = Label(look, "Bande de lecture contrôlée")
    low = Label(look, "Bande de lecture contrôlée, sans erreur", wrap=True)
    small = Button(look, "Oui")
    for widget in (cut, low, small):
        widget.setParent(box)
    cut.setFixedWidth(80)
    low.setFixedSize(100, 20)
    small.setMinimumHeight(0)
    small.setFixedSize(40, 40)
    box.show()
    assert [fault.split(":")[0] for fault in faults(box)] == [
        "too narrow",
        "too low",
        "too small",
        "cut",
    ]
