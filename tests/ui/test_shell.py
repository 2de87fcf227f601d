"""The frame: two layouts, one way out, help, and keys that lead from place to place."""

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QApplication, QLabel, QVBoxLayout, QWidget

from tests.ui.samples import CHIPS, window
from ui.shell import (
    USUAL_SECTIONS,
    HelpEntry,
    HelpFacts,
    Section,
    Shell,
)
from ui.theme import Density, Tone
from ui.widgets.action_bar import ActionBar
from ui.widgets.announce import TOAST_MS, Toast
from ui.widgets.button import Button, ButtonKind
from ui.widgets.look import Look
from ui.widgets.steps import StepBar, StepItem

STEPS = tuple(StepItem(title, "détail") for title in ("Demande", "Pièce", "Reçu"))


@pytest.fixture
def shell(look: Look, qtbot) -> Shell:
    shell = Shell(look)
    qtbot.addWidget(shell)
    shell.resize(1920, 1080)
    shell.show_navigation(Section.HOME)
    shell.show()
    shell.activateWindow()
    qtbot.waitUntil(shell.isActiveWindow)
    return shell


@pytest.mark.parametrize(
    ("width", "height", "density"),
    [
        (1920, 1080, Density.COUNTER),
        (1500, 960, Density.COUNTER),
        (1499, 1080, Density.TABLET),
        (1920, 959, Density.TABLET),
        (1366, 768, Density.TABLET),
        (1280, 800, Density.TABLET),
    ],
)
def test_layout_is_chosen_by_the_size_of_the_window(
    shell: Shell, look: Look, width, height, density
):
    shell.resize(width, height)
    assert (shell.width(), shell.height()) == (width, height)
    assert look.theme.density is density
    assert shell.rail.isVisible() == (density is Density.COUNTER)


@pytest.mark.parametrize("size", [(1920, 1080), (1280, 800)])
def test_alt_and_a_number_lead_to_each_section(shell: Shell, qtbot, size):
    shell.resize(*size)
    sections = (Section.HOME, Section.ROUND, *USUAL_SECTIONS[1:])
    shell.set_sections(sections)
    for number, section in enumerate(sections):
        with qtbot.waitSignal(shell.section_chosen) as chosen:
            key = Qt.Key(Qt.Key.Key_1 + number)
            qtbot.keyClick(shell, key, Qt.KeyboardModifier.AltModifier)
        assert chosen.args == [section.value]


@pytest.mark.parametrize("size", [(1920, 1080), (1280, 800)])
def test_ctrl_l_locks_and_f1_helps_in_both_layouts(shell: Shell, qtbot, size):
    shell.resize(*size)
    shell.set_help(HelpFacts((HelpEntry("F5", "Reprendre la photo"),), "Appelez le 3631."))
    with qtbot.waitSignal(shell.lock_requested):
        qtbot.keyClick(shell, Qt.Key.Key_L, Qt.KeyboardModifier.ControlModifier)
    qtbot.keyClick(shell, Qt.Key.Key_F1)
    shown = [label.text() for label in shell.findChildren(QLabel) if label.isVisible()]
    assert {"Reprendre la photo", "F5", "Appelez le 3631."} <= set(shown)
    qtbot.keyClick(shell.focusWidget(), Qt.Key.Key_Escape)
    shown = [label.text() for label in shell.findChildren(QLabel) if label.isVisible()]
    assert "Reprendre la photo" not in shown


@pytest.mark.parametrize(("size", "first"), [((1920, 1080), "keys"), ((1280, 800), "line")])
def test_who_has_no_keyboard_finds_first_whom_to_call(shell: Shell, look: Look, qtbot, size, first):
    shell.resize(*size)
    shell.set_help(HelpFacts((HelpEntry("F5", "Reprendre la photo"),), "Appelez le 3631."))
    shell.toggle_help()
    heads = {key: look.language.tr(f"help.{key}") for key in ("keys", "line")}
    found = {label.text(): label for label in shell._help.findChildren(QLabel)}

    def in_order() -> bool:
        at = {key: found[text].mapTo(shell, QPoint(0, 0)).y() for key, text in heads.items()}
        return min(at, key=at.__getitem__) == first and len(set(at.values())) > 1

    qtbot.waitUntil(in_order, timeout=3000)


def test_a_short_word_goes_away_by_itself(shell: Shell):
    shell.toast("Dossier scellé.")
    toast = shell.findChild(Toast)
    assert toast.isVisible()
    assert shell.rect().contains(toast.geometry())
    toast.finish()
    assert not toast.isVisible()


@pytest.mark.parametrize("width", [811, 1280])
def test_a_long_word_stays_within_the_window_and_is_whole(shell: Shell, look: Look, width):
    shell.resize(width, 800)
    text = f"{look.language.tr('aside.rejoined')} {look.language.tr('aside.lost')}"
    shell.toast(text)
    toast = shell.findChild(Toast)
    assert shell.rect().contains(toast.geometry())
    label = next(one for one in toast.findChildren(QLabel) if one.text() == text)
    assert label.heightForWidth(label.width()) <= label.height()
    assert toast._timer.interval() > TOAST_MS  # it takes longer to read


def test_a_word_about_one_customer_goes_away_before_the_next(shell: Shell):
    shell.toast("Remettez la lettre.")
    shell.quiet()
    assert not shell.findChild(Toast).isVisible()


def test_a_word_of_success_goes_with_its_page_and_a_warning_stays(shell: Shell, qtbot):
    toast = shell.findChild(Toast)
    first, second = QWidget(), QWidget()
    shell.set_page(first)
    shell.toast("Le dossier attend.")
    shell.set_page(second)  # what was done led here: the word is read here
    assert toast.isVisible()
    qtbot.waitUntil(lambda: shell._toast_page is second)
    shell.set_page(second)
    assert toast.isVisible()
    shell.set_page(first)
    assert not toast.isVisible()
    shell.toast("La feuille n’est pas sortie.", Tone.BAD)
    QApplication.processEvents()
    shell.set_page(second)
    assert toast.isVisible()


def test_once_every_step_is_done_the_narrow_form_gives_its_room_to_the_page(shell: Shell):
    shell.resize(1280, 800)
    bar = shell.findChild(StepBar)
    shell.show_steps(STEPS, len(STEPS) - 1)
    assert bar.isVisible()
    shell.show_steps(STEPS, len(STEPS))
    assert not bar.isVisible()
    shell.show_steps(STEPS, 0)
    assert bar.isVisible()


def test_escape_closes_help_and_does_not_leave_the_page(shell: Shell, look: Look, qtbot):
    page = QWidget()
    back = Button(look, "Retour", kind=ButtonKind.QUIET, key="Esc")
    shell.set_page(page, ActionBar(look, back=back))
    shell.toggle_help()
    with qtbot.assertNotEmitted(back.clicked):
        qtbot.keyClick(shell.focusWidget(), Qt.Key.Key_Escape)
    with qtbot.waitSignal(back.clicked):
        qtbot.keyClick(shell, Qt.Key.Key_Escape)


def test_nobody_can_be_locked_out_before_signing_in(shell: Shell, qtbot):
    shell.show_bare()
    with qtbot.assertNotEmitted(shell.lock_requested):
        qtbot.keyClick(shell, Qt.Key.Key_L, Qt.KeyboardModifier.ControlModifier)
    with qtbot.assertNotEmitted(shell.section_chosen):
        qtbot.keyClick(shell, Qt.Key.Key_2, Qt.KeyboardModifier.AltModifier)


def test_sections_cannot_be_reached_inside_a_case(shell: Shell, qtbot):
    shell.show_steps(STEPS, 1)
    with qtbot.assertNotEmitted(shell.section_chosen):
        qtbot.keyClick(shell, Qt.Key.Key_1, Qt.KeyboardModifier.AltModifier)


def test_kiosk_window_refuses_to_close_until_unlocked(look: Look, qtbot):
    shell = Shell(look, kiosk=True)
    shell.show()
    with qtbot.waitSignal(shell.close_refused):
        assert not shell.close()
    assert shell.isVisible()
    shell.unlock_close()
    assert shell.close()
    shell.deleteLater()


def test_kiosk_window_covers_its_screen(look: Look, qtbot):
    shell = Shell(look, kiosk=True)
    shell.enter_kiosk()
    assert shell.geometry() == shell.screen().geometry()
    assert shell.windowFlags() & Qt.WindowType.FramelessWindowHint
    shell.unlock_close()
    shell.close()
    shell.deleteLater()


def test_each_page_brings_its_own_buttons(shell: Shell, look: Look, qtbot):
    first, second = QWidget(), QWidget()
    one = Button(look, "Un", key="Return")
    two = Button(look, "Deux", key="Return")
    shell.set_page(first, ActionBar(look, primary=one))
    shell.set_page(second, ActionBar(look, primary=two))
    with qtbot.assertNotEmitted(one.clicked), qtbot.waitSignal(two.clicked):
        qtbot.keyClick(shell, Qt.Key.Key_Return)
    shell.set_page(first)
    with qtbot.assertNotEmitted(two.clicked), qtbot.waitSignal(one.clicked):
        qtbot.keyClick(shell, Qt.Key.Key_Return)
    assert shell.page is first
    shell.remove_page(first)
    assert shell.page is None


def test_a_new_page_does_not_leave_the_focus_on_the_lock(shell: Shell, look: Look, qtbot):
    first, second = QWidget(), QWidget()
    shell.set_page(first, ActionBar(look, primary=Button(look, "Un")))
    first_button = shell.findChild(ActionBar).findChild(Button)
    first_button.setFocus()
    shell.set_page(second)
    with qtbot.assertNotEmitted(shell.lock_requested):
        qtbot.keyClick(shell.focusWidget() or shell, Qt.Key.Key_Space)
    assert shell.focusWidget() is shell


def test_page_without_buttons_has_no_bar(shell: Shell, look: Look):
    with_bar, bare = QWidget(), QWidget()
    bar = ActionBar(look, primary=Button(look, "Un"))
    shell.set_page(with_bar, bar)
    assert bar.isVisible()
    shell.set_page(bare)
    assert not bar.isVisible()


def test_a_tall_page_does_not_make_a_short_one_scroll(shell: Shell, look: Look, qtbot):
    tall, short = QWidget(), QWidget()
    QVBoxLayout(tall)
    QVBoxLayout(short)
    tall.layout().addSpacing(3000)
    shell.set_page(tall)
    qtbot.waitUntil(lambda: tall.height() >= 3000)
    shell.set_page(short)
    qtbot.waitUntil(lambda: short.height() < 1080)


def test_chips_are_read_as_text(shell: Shell):
    shell.show_chips(CHIPS)
    assert [chip.text() for chip in shell.top.chips] == [item.text for item in CHIPS]


@pytest.mark.parametrize("size", [(1920, 1080), (1280, 800)])
def test_language_switch_reaches_the_frame(look: Look, qtbot, size):
    shell = window(look, "home", *size)
    qtbot.addWidget(shell)
    look.language.choose("en")
    texts = {button.text() for button in shell.findChildren(Button) if button.isVisible()}
    assert "Lock" in texts
    assert "Verrouiller" not in texts
