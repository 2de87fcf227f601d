"""Widgets answer to keyboard and mouse, and say what they show."""

import numpy as np
import pytest
from PySide6.QtCore import QPointF, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel, QVBoxLayout, QWidget

from kiosk.domain.evidence import Verdict
from ui.theme import PALETTES, Density, Size, ThemeName, Tone
from ui.widgets.action_bar import ActionBar
from ui.widgets.banner import Banner
from ui.widgets.button import Button, ButtonKind
from ui.widgets.check_row import CheckRow
from ui.widgets.choices import Choice, ChoiceGroup
from ui.widgets.feature_card import FeatureCard, FeatureView, Gesture
from ui.widgets.field import FieldState, ReadList, ReadRow
from ui.widgets.list_row import RowItem, RowList
from ui.widgets.look import Look
from ui.widgets.picture import corner_paths
from ui.widgets.pin_pad import PinPad
from ui.widgets.portrait import PortraitCompare
from ui.widgets.preview import Preview
from ui.widgets.steps import StepBar, StepItem, StepRail


@pytest.fixture
def show(qtbot):
    """Puts widgets into an active window and waits until it is there."""
    kept = []

    def _show(*widgets: QWidget, width: int = 800, height: int = 600) -> QWidget:
        window = QWidget()
        column = QVBoxLayout(window)
        for widget in widgets:
            column.addWidget(widget)
        window.resize(width, height)
        qtbot.addWidget(window)
        kept.append(window)
        window.show()
        window.activateWindow()
        qtbot.waitUntil(window.isActiveWindow)
        return window

    return _show


def words(widget: QWidget) -> list[str]:
    return [label.text() for label in widget.findChildren(QLabel) if label.isVisible()]


# --- button -----------------------------------------------------------------------------------


def test_button_is_pressed_by_its_key_wherever_the_focus_is(look: Look, show, qtbot):
    button = Button(look, "Continuer", kind=ButtonKind.PRIMARY, key="Return")
    other = Button(look, "Retour")
    window = show(button, other)
    other.setFocus()
    with qtbot.waitSignal(button.clicked):
        qtbot.keyClick(window, Qt.Key.Key_Return)
    with qtbot.waitSignal(button.clicked):
        qtbot.keyClick(window, Qt.Key.Key_Enter)


def test_a_key_that_is_held_down_presses_once(look: Look, show, qtbot):
    button = Button(look, "Imprimer", key="Ctrl+P")
    window = show(button)
    pressed = []
    button.clicked.connect(lambda: pressed.append(1))
    control = Qt.KeyboardModifier.ControlModifier
    for repeat in (False, True, True):
        QTest.simulateEvent(window, True, Qt.Key.Key_P, control, "", repeat)
    assert pressed == [1]


def test_busy_button_answers_neither_to_mouse_nor_key(look: Look, show, qtbot):
    button = Button(look, "Sceller", key="F5")
    window = show(button)
    pressed = []
    button.clicked.connect(lambda: pressed.append(1))
    button.set_busy(True)
    qtbot.keyClick(window, Qt.Key.Key_F5)
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    button.setFocus()
    qtbot.keyClick(button, Qt.Key.Key_Space)
    assert pressed == []
    button.set_busy(False)
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    assert len(pressed) == 1


def test_button_of_a_hidden_page_keeps_its_key_to_itself(look: Look, show, qtbot):
    hidden, shown = Button(look, "a", key="N"), Button(look, "b", key="N")
    window = show(hidden, shown)
    hidden.hide()
    with qtbot.assertNotEmitted(hidden.clicked), qtbot.waitSignal(shown.clicked):
        qtbot.keyClick(window, Qt.Key.Key_N)


def test_button_uses_its_short_words_on_a_tablet(look: Look, show):
    button = Button(look, "Saisir à la main", key="F4", short="Saisir")
    show(button)
    wide = button.sizeHint().width()
    look.theme.set_density(Density.TABLET)
    assert button.shown_text == "Saisir"
    assert button.text() == "Saisir à la main"
    assert button.sizeHint().width() < wide


def test_focus_ring_has_a_gap_of_the_ground_inside(look: Look, show, qtbot):
    button = Button(look, "Continuer", kind=ButtonKind.PRIMARY)
    show(button)
    button.setFocus()
    image = button.grab().toImage()
    palette = PALETTES[ThemeName.LIGHT]
    middle = button.height() // 2
    column = [image.pixelColor(x, middle).name().upper() for x in range(Size.FOCUS_WIDTH + 4)]
    assert column[1] == palette.focus
    assert column[Size.FOCUS_WIDTH] == palette.surface
    assert column[-1] == palette.primary


# --- PIN pad ----------------------------------------------------------------------------------


def test_pin_is_typed_on_the_keyboard_and_never_shown(look: Look, show, qtbot):
    pad = PinPad(look)
    window = show(pad)
    pad.setFocus()
    qtbot.keyClicks(pad.field, "271828")
    assert pad.field.displayText() != "271828"
    with qtbot.waitSignal(pad.entered) as entered:
        qtbot.keyClick(window, Qt.Key.Key_Return)
    assert entered.args == ["271828"]


def test_pin_is_typed_on_the_keypad(look: Look, show, qtbot):
    pad = PinPad(look)
    show(pad)
    for digit in "2719":
        qtbot.mouseClick(pad.findChild(Button, f"pin-{digit}"), Qt.MouseButton.LeftButton)
    qtbot.mouseClick(pad.erase_button, Qt.MouseButton.LeftButton)
    assert pad.field.text() == "271"


def test_pin_is_sent_once_while_it_is_being_checked(look: Look, show, qtbot):
    pad = PinPad(look)
    window = show(pad)
    sent = []
    pad.entered.connect(sent.append)
    qtbot.keyClicks(pad.field, "111222")
    qtbot.keyClick(window, Qt.Key.Key_Return)
    qtbot.keyClick(window, Qt.Key.Key_Return)
    assert sent == ["111222"]
    pad.show_error("Code refusé.")
    assert pad.field.text() == ""
    assert pad.error == "Code refusé."
    qtbot.keyClicks(pad.field, "333444")
    qtbot.keyClick(window, Qt.Key.Key_Return)
    assert sent == ["111222", "333444"]
    pad.set_busy(False)


@pytest.mark.parametrize("beside", ["NoModifier", "KeypadModifier", "ShiftModifier"])
def test_the_key_of_a_page_is_no_part_of_a_code(look: Look, show, qtbot, beside):
    pad = PinPad(look)
    show(pad)
    pad.field.setFocus()
    modifiers = Qt.KeyboardModifier.AltModifier | Qt.KeyboardModifier[beside]
    qtbot.keyClick(pad.field, Qt.Key.Key_2, modifiers)
    qtbot.keyClick(pad, Qt.Key.Key_2, modifiers)
    assert pad.field.text() == ""
    qtbot.keyClick(pad.field, Qt.Key.Key_2)
    assert pad.field.text() == "2"


def test_empty_pin_is_not_sent(look: Look, show, qtbot):
    pad = PinPad(look)
    window = show(pad)
    with qtbot.assertNotEmitted(pad.entered):
        qtbot.keyClick(window, Qt.Key.Key_Return)


def test_locked_pad_takes_nothing(look: Look, show, qtbot):
    pad = PinPad(look)
    show(pad)
    pad.set_locked(True)
    qtbot.keyClicks(pad.field, "1")
    qtbot.mouseClick(pad.findChild(Button, "pin-1"), Qt.MouseButton.LeftButton)
    assert pad.field.text() == ""


# --- choices and checks -----------------------------------------------------------------------

VERDICTS = (
    Choice("pass", "Conforme", tone=Tone.OK),
    Choice("unsure", "Je ne suis pas sûr", tone=Tone.WARN),
    Choice("fail", "Non conforme", tone=Tone.BAD),
)


def test_choice_is_made_by_its_number(look: Look, show, qtbot):
    group = ChoiceGroup(look)
    group.show_choices(VERDICTS)
    window = show(group)
    with qtbot.waitSignal(group.changed) as changed:
        qtbot.keyClick(window, Qt.Key.Key_2)
    assert changed.args == [("unsure",)]
    qtbot.keyClick(window, Qt.Key.Key_3)
    assert group.selected == ("fail",)


def test_the_same_answer_twice_stays_chosen(look: Look, show, qtbot):
    group = ChoiceGroup(look)
    group.show_choices(VERDICTS)
    show(group)
    for _ in range(2):
        qtbot.mouseClick(group.button("pass"), Qt.MouseButton.LeftButton)
    assert group.selected == ("pass",)


def test_several_choices_can_be_taken_back(look: Look, show, qtbot):
    group = ChoiceGroup(look, multiple=True)
    group.show_choices(VERDICTS)
    show(group)
    for value in ("fail", "pass", "fail"):
        group.button(value).setFocus()
        qtbot.keyClick(group.button(value), Qt.Key.Key_Space)
    assert group.selected == ("pass",)


def test_choices_in_another_language_keep_the_answer(look: Look, show):
    group = ChoiceGroup(look)
    group.show_choices(VERDICTS)
    group.select("fail")
    group.show_choices(tuple(Choice(c.value, c.value) for c in VERDICTS))
    assert group.selected == ("fail",)


def test_near_match_is_confirmed_by_a_tick(look: Look, show, qtbot):
    row = CheckRow(look, "Le prénom est abrégé.", Verdict.UNSURE, tick="J’ai comparé")
    show(row)
    with qtbot.waitSignal(row.ticked_changed) as changed:
        qtbot.mouseClick(row.tick_button, Qt.MouseButton.LeftButton)
    assert changed.args == [True]
    assert row.ticked


def test_verdict_is_said_in_words_not_by_colour_alone(look: Look, show):
    row = CheckRow(look, "La pièce est expirée.", Verdict.FAIL)
    show(row)
    names = [label.accessibleName() for label in row.findChildren(QLabel)]
    assert "Non conforme. La pièce est expirée." in names


# --- fields -----------------------------------------------------------------------------------

EXPIRY = ReadRow("expiry", "Date d’expiration", "11 02 2030", FieldState.WARN, "Reflet.", True)


def test_reason_is_shown_beside_the_field_in_doubt(look: Look, show):
    rows = ReadList(look)
    rows.show_rows((ReadRow("surname", "Nom", "MARTIN"), EXPIRY))
    show(rows)
    assert {"Nom", "MARTIN", "Reflet."} <= set(words(rows))


def test_field_is_corrected_by_keyboard(look: Look, show, qtbot):
    rows = ReadList(look)
    rows.show_rows((EXPIRY,))
    show(rows)
    field = rows.field("expiry")
    field.begin_edit()
    edit = field.focusWidget()
    qtbot.keyClicks(edit, "12 03 2031")
    with qtbot.waitSignal(rows.edited) as edited:
        qtbot.keyClick(edit, Qt.Key.Key_Return)
    assert edited.args == ["expiry", "12 03 2031"]


def test_escape_leaves_the_value_as_it_was(look: Look, show, qtbot):
    rows = ReadList(look)
    rows.show_rows((EXPIRY,))
    back = Button(look, "Retour", key="Esc")
    show(rows, back)
    field = rows.field("expiry")
    field.begin_edit()
    qtbot.keyClicks(field.focusWidget(), "x")
    with (
        qtbot.waitSignal(field.edit_cancelled),
        qtbot.assertNotEmitted(rows.edited),
        qtbot.assertNotEmitted(back.clicked),
    ):
        qtbot.keyClick(field.focusWidget(), Qt.Key.Key_Escape)
    assert field.value == "11 02 2030"


def test_new_readings_do_not_take_away_what_is_being_typed(look: Look, show, qtbot):
    rows = ReadList(look)
    rows.show_rows((EXPIRY,))
    show(rows)
    rows.field("expiry").begin_edit()
    edit = rows.field("expiry").focusWidget()
    qtbot.keyClicks(edit, "12")
    rows.show_rows((ReadRow("expiry", "Date d’expiration", "11 02 2031", FieldState.OK, "", True),))
    assert edit.text() == "12"
    assert edit.isVisible()


def test_missing_value_is_a_dash(look: Look, show):
    rows = ReadList(look)
    rows.show_rows((ReadRow("issue", "Délivrée le", "", FieldState.EMPTY),))
    show(rows)
    assert "\u2013" in words(rows)


# --- steps ------------------------------------------------------------------------------------

STEPS = tuple(StepItem(title, "détail") for title in ("Demande", "Pièce d’identité", "Reçu"))


@pytest.mark.parametrize("kind", [StepRail, StepBar])
def test_steps_say_where_the_case_stands(look: Look, show, kind):
    steps = kind(look)
    steps.show_steps(STEPS, 1)
    show(steps)
    names = [label.accessibleName() for label in steps.findChildren(QLabel)]
    assert "Étape 1 sur 3, terminée\u00a0: Demande" in names
    assert "Étape 2 sur 3, en cours\u00a0: Pièce d’identité" in names
    assert "Étape 3 sur 3, à venir\u00a0: Reçu" in names


def test_step_bar_without_room_keeps_the_words_of_the_current_step(look: Look, show):
    bar = StepBar(look)
    bar.show_steps(tuple(StepItem(f"Points à examiner {n}") for n in range(8)), 3)
    show(bar, width=900)
    shown = [text for text in words(bar) if text]
    assert "4. Points à examiner 3" in shown
    assert "5" in shown
    assert "5. Points à examiner 4" not in shown


# --- picture ----------------------------------------------------------------------------------


def test_picture_of_the_right_size_is_drawn_one_to_one(look: Look, show):
    preview = Preview(look)
    show(preview)
    width, height = preview.picture_size
    image = np.zeros((height, width, 3), np.uint8)
    image[:, :, 0] = 200  # blue
    image[height // 2, width // 2] = (0, 0, 255)  # one red pixel
    preview.show_frame(image)
    grabbed = preview.picture.grab().toImage()
    assert grabbed.pixelColor(width // 2, height // 2).red() == 255
    assert grabbed.pixelColor(width // 2 + 1, height // 2).blue() == 200


def test_picture_survives_when_its_maker_forgets_it(look: Look, show):
    preview = Preview(look)
    show(preview)
    width, height = preview.picture_size
    preview.show_frame(np.full((height, width, 3), 77, np.uint8))
    trash = [np.full((height, width, 3), 200, np.uint8) for _ in range(3)]
    assert preview.picture.grab().toImage().pixelColor(width // 2, height // 2).red() == 77
    assert len(trash) == 3


def test_all_but_the_document_is_dimmed(look: Look, show):
    preview = Preview(look)
    show(preview)
    width, height = preview.picture_size
    outline = [[200, 120], [500, 120], [500, 300], [200, 300]]
    preview.show_frame(np.full((height, width, 3), 220, np.uint8), outline)
    image = preview.picture.grab().toImage()
    assert image.pixelColor(350, 200).red() == 220
    assert image.pixelColor(60, 60).red() < 190
    assert image.pixelColor(60, 60).red() > 60


def test_message_stands_under_the_picture(look: Look, show):
    preview = Preview(look)
    show(preview)
    preview.show_message("Ne bougez plus", 0.5)
    label = next(x for x in preview.findChildren(QLabel) if x.text() == "Ne bougez plus")
    assert label.mapTo(preview, label.rect().topLeft()).y() >= preview.picture.height()


def test_wanted_picture_size_is_told_when_the_window_changes(look: Look, show, qtbot):
    preview = Preview(look)
    window = show(preview)
    with qtbot.waitSignal(preview.picture_resized) as resized:
        window.resize(900, 700)
    assert tuple(resized.args) == preview.picture_size


def test_corners_of_a_tiny_outline_do_not_cross():
    points = [QPointF(0, 0), QPointF(20, 0), QPointF(20, 10), QPointF(0, 10)]
    for path in corner_paths(points, 60, 8):
        assert path.boundingRect().width() <= 40


def test_missing_portrait_is_said_in_words(look: Look, show):
    compare = PortraitCompare(look)
    compare.set_captions("Sur la pièce", "En face de vous")
    compare.set_missing(portrait="L’image n’a pas été gardée.", live="Regardez la personne.")
    show(compare)
    assert "L’image n’a pas été gardée." in words(compare)
    compare.show_portrait(np.zeros((40, 30, 3), np.uint8))
    assert "L’image n’a pas été gardée." not in words(compare)
    assert "Regardez la personne." in words(compare)


@pytest.mark.parametrize("shape", ["card", "passport"])
@pytest.mark.parametrize("side", ["front", "back"])
@pytest.mark.parametrize("gesture", list(Gesture))
def test_feature_drawing_marks_its_place(look: Look, show, shape, side, gesture):
    card = FeatureCard(look)
    plain = FeatureView("Image laser", "Inclinez la pièce.", gesture, None, side, shape)
    place = FeatureView(
        "Image laser", "Inclinez la pièce.", gesture, (0.6, 0.4, 0.3, 0.4), side, shape
    )
    show(card)
    card.show_feature(plain)
    before = card.grab().toImage()
    card.show_feature(place)
    assert card.grab().toImage() != before
    assert "Inclinez la pièce." in words(card)


# --- rows and banner --------------------------------------------------------------------------


def test_row_is_chosen_by_keyboard_and_named(look: Look, show, qtbot):
    rows = RowList(look, clickable=True)
    rows.show_items((RowItem("case-1", "MARTIN", "Verso à lire", "id", Tone.INFO, "Pièce"),))
    show(rows)
    row = rows.rows[0]
    row.setFocus()
    with qtbot.waitSignal(rows.chosen) as chosen:
        qtbot.keyClick(row, Qt.Key.Key_Space)
    assert chosen.args == ["case-1"]
    assert row.accessibleName() == "MARTIN. Verso à lire. Pièce"


def test_rows_that_did_not_change_stay_as_they_are(look: Look, show):
    rows = RowList(look)
    items = (RowItem("a", "A", "a", "id"),)
    rows.show_items(items)
    show(rows)
    before = rows.rows
    rows.show_items(items)
    assert rows.rows == before


def test_the_focus_stays_with_its_row_when_the_words_of_the_row_change(look: Look, show, qtbot):
    rows = RowList(look, clickable=True)
    rows.show_items(
        (RowItem("a", "A", "ouvert depuis 1 minute", "id"), RowItem("b", "B", "", "id"))
    )
    window = show(rows)
    rows.rows[0].setFocus()
    rows.show_items(
        (RowItem("a", "A", "ouvert depuis 2 minutes", "id"), RowItem("b", "B", "", "id"))
    )
    with qtbot.waitSignal(rows.chosen) as chosen:
        qtbot.keyClick(window.focusWidget(), Qt.Key.Key_Space)
    assert chosen.args == ["a"]


def test_a_row_that_says_the_same_survives_its_neighbours(look: Look, show, qtbot):
    rows = RowList(look, clickable=True)
    rows.show_items((RowItem("a", "A", "", "id"), RowItem("b", "B", "", "id")))
    show(rows)
    pressed = rows.rows[0]
    qtbot.mousePress(pressed, Qt.MouseButton.LeftButton)
    rows.show_items(
        (RowItem("new", "N", "", "id"), RowItem("a", "A", "", "id"), RowItem("c", "", "", "id"))
    )
    with qtbot.waitSignal(rows.chosen) as chosen:
        qtbot.mouseRelease(pressed, Qt.MouseButton.LeftButton)
    assert chosen.args == ["a"]
    assert [row.objectName() for row in rows.rows] == ["row-new", "row-a", "row-c"]


def test_a_row_that_goes_gives_the_focus_to_no_other_control(look: Look, show, qtbot):
    rows, other = RowList(look, clickable=True), Button(look, "Autre")
    rows.show_items((RowItem("a", "A", "", "id"),))
    window = show(rows, other)
    rows.rows[0].setFocus()
    rows.show_items(())
    assert window.focusWidget() is rows


def test_tab_goes_down_the_list_in_its_order(look: Look, show, qtbot):
    rows = RowList(look, clickable=True)
    rows.show_items((RowItem("b", "B", "", "id"), RowItem("c", "C", "", "id")))
    window = show(rows)
    rows.show_items(
        (RowItem("a", "A", "", "id"), RowItem("b", "B", "", "id"), RowItem("c", "C", "", "id"))
    )
    qtbot.waitUntil(rows.rows[0].isVisible)
    rows.rows[0].setFocus()
    order = []
    for _ in rows.rows:
        order.append(window.focusWidget().objectName())
        qtbot.keyClick(window.focusWidget(), Qt.Key.Key_Tab)
    assert order == ["row-a", "row-b", "row-c"]


def test_undo_is_offered_for_a_while(look: Look, show, qtbot):
    banner = Banner(look)
    window = show(banner)
    banner.show_message("Réponse enregistrée.", Tone.OK, undo="Annuler")
    with qtbot.waitSignal(banner.undone):
        qtbot.keyClick(window, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert banner.isHidden()


def test_banner_goes_by_itself(look: Look, show, qtbot):
    banner = Banner(look)
    show(banner)
    with qtbot.waitSignal(banner.closed):
        banner.show_message("Bref.", ms=1)
    assert banner.isHidden()


@pytest.mark.parametrize("width", [1600, 1180, 1133])
def test_no_word_is_cut_in_a_narrow_band_of_buttons(look: Look, show, qtbot, width):
    others = (
        Button(look, "Interrompre", icon="hand-stop", key="F8"),
        Button(look, "Saisir à la main", icon="keyboard", key="F4", short="Saisir"),
        Button(look, "Reprendre la photo", icon="refresh", key="F5", short="Reprendre"),
    )
    back = Button(look, "Retour", kind=ButtonKind.QUIET, icon="arrow-left", key="Esc")
    primary = Button(
        look,
        "Continuer vers le verso",
        kind=ButtonKind.PRIMARY,
        key="Return",
        trailing="arrow-right",
    )
    bar = ActionBar(look, back=back, others=others, primary=primary)
    show(bar)
    bar.setFixedWidth(width)
    buttons = (back, *others, primary)
    qtbot.waitUntil(lambda: all(b.width() >= b.sizeHint().width() for b in buttons))
    assert primary.geometry().right() <= width
    assert others[1].shown_text == ("Saisir à la main" if width == 1600 else "Saisir")


def test_the_focus_of_an_option_that_goes_does_not_wander_to_the_next_button(look, qtbot):
    page = QWidget()
    qtbot.addWidget(page)
    column = QVBoxLayout(page)
    group, back = ChoiceGroup(look), Button(look, "Retour")
    column.addWidget(group)
    column.addWidget(back)
    group.show_choices((Choice("a", "A"), Choice("b", "B")))
    page.show()
    page.activateWindow()
    qtbot.waitUntil(page.isActiveWindow)
    group.button("b").setFocus()
    group.show_choices((Choice("b", "Bis"), Choice("c", "C")))
    assert group.button("b").hasFocus()
    group.show_choices((Choice("d", "D"),))
    assert group.hasFocus()
    assert not back.hasFocus()
