"""What the camera leaves open is the agent's: one key a character, and nothing by itself."""

from dataclasses import replace
from datetime import date

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from kiosk.capture.doubt import OpenCharacter
from kiosk.documents.mrz import parse
from kiosk.documents.zone_places import DigitState
from kiosk.domain.evidence import Side, Verdict
from kiosk.journeys.model import StepKind
from tests.ui.case_pages import CARD_LINES, open_reading
from tests.ui.counter import Counter
from ui.steps.settling import SettlingPanel, keys_of
from ui.viewmodels.settling import Settling

DOCUMENT = parse(CARD_LINES, date(2026, 11, 25)).document


@pytest.fixture
def panel(look, qtbot) -> SettlingPanel:
    panel = SettlingPanel(look)
    qtbot.addWidget(panel)
    panel.retranslate()
    panel.show()
    panel.begin(open_reading())
    return panel


@pytest.fixture
def doubtful(counter) -> Counter:
    """At the document's back, of which the camera leaves two characters open."""
    counter.sign_in()
    counter.open_case()
    counter.to_document()
    counter.reader.sides = {Side.FRONT: None}
    counter.reader.open_reading = open_reading()
    counter.reader.truth = (CARD_LINES, DOCUMENT)
    counter.qtbot.waitUntil(lambda: counter.router.case.document.settles, timeout=10_000)
    return counter


def test_nothing_is_settled_until_a_person_chose(panel):
    assert panel.text == ()
    assert panel.question.text().startswith("Caractère 5 du numéro")
    QTest.keyClick(panel, "b")
    assert panel.text == ()
    assert panel.question.text().startswith("Chiffre de contrôle du numéro")
    QTest.keyClick(panel, "6")
    assert panel.text == CARD_LINES


def test_a_number_key_chooses_the_candidate_that_bears_it(panel):
    QTest.keyClick(panel, "1")
    QTest.keyClick(panel, "1")
    assert panel.text == CARD_LINES


def test_wrong_choices_are_not_confirmed_where_a_digit_is_wrong(panel):
    QTest.keyClick(panel, "r")
    QTest.keyClick(panel, "6")
    assert panel.text == ()
    assert panel.note.text() == panel._look.language.tr("settling.digit_wrong")


def test_backspace_takes_back_and_arrows_move(panel):
    QTest.keyClick(panel, "r")
    QTest.keyClick(panel, "6")
    QTest.keyClick(panel, Qt.Key.Key_Left)
    QTest.keyClick(panel, Qt.Key.Key_Backspace)
    assert panel.text == ()
    QTest.keyClick(panel, "b")
    assert panel.text == CARD_LINES


def test_what_is_no_candidate_changes_nothing(panel):
    before = panel.question.text()
    QTest.keyClick(panel, "z")
    QTest.keyClick(panel, "9")
    assert panel.question.text() == before


def test_a_press_on_the_picture_takes_that_character_in_hand(panel, qtbot):
    line = panel.lines[0]
    where = line.rect().center()
    where.setX(round(line.width() * 14.5 / 30))
    qtbot.mouseClick(line, Qt.MouseButton.LeftButton, pos=where)
    assert panel.question.text().startswith("Chiffre de contrôle")
    panel.findChild(type(panel._candidates[0]), "candidate-6").click()
    assert panel.question.text().startswith("Caractère 5 du numéro")


def test_a_digit_among_the_candidates_means_itself():
    assert keys_of("6G") == ("1", "2")
    assert keys_of("I1") == ("I", "1")
    reading = replace(open_reading(), open=(OpenCharacter(0, 9, "IB1"),))
    model = Settling(reading)
    assert model.choose("1")
    assert model.lines[0][9] == "1"


def test_a_check_digit_is_open_while_something_that_it_covers_is():
    model = Settling(open_reading())
    states = {digit.name: digit.state for digit in model.digits}
    assert states["document_number"] is states["composite"] is DigitState.OPEN
    assert states["birth_date"] is DigitState.RIGHT


def test_settled_text_goes_through_the_camera_into_the_case(doubtful):
    panel = doubtful.router.case.document
    assert doubtful.focused is panel.settling
    doubtful.key(Qt.Key.Key_Return)
    assert doubtful.reader.asked == []
    doubtful.type("b")
    doubtful.qtbot.waitUntil(lambda: panel.settling.question.text().startswith("Chiffre"))
    doubtful.type("6")
    doubtful.qtbot.waitUntil(panel.primary.isEnabled)
    doubtful.key(Qt.Key.Key_Return)
    doubtful.qtbot.waitUntil(lambda: doubtful.state.document is not None, timeout=10_000)
    assert doubtful.reader.asked == [CARD_LINES]
    assert not panel.settles
    (check,) = doubtful.state.reading_checks
    assert (check.code, check.verdict) == ("reading.settled", Verdict.UNSURE)
    doubtful.key(Qt.Key.Key_Return)
    doubtful.at(StepKind.CHECKS)
    row = doubtful.router.case.panels[StepKind.CHECKS].rows["reading.settled"]
    assert row.tick_button is not None


def test_a_text_that_the_camera_refuses_is_told_and_leaves_the_case_alone(doubtful):
    panel = doubtful.router.case.document
    doubtful.reader.truth = None
    doubtful.type("b")
    doubtful.type("6")
    doubtful.qtbot.waitUntil(panel.primary.isEnabled)
    doubtful.key(Qt.Key.Key_Return)
    refused = panel.look.language.tr("settling.refused")
    doubtful.qtbot.waitUntil(lambda: panel.settling.note.text() == refused, timeout=10_000)
    assert panel.settles
    assert doubtful.state.document is None


@pytest.mark.parametrize("key", [Qt.Key.Key_Escape, Qt.Key.Key_F5])
def test_the_camera_can_look_again(doubtful, key):
    panel = doubtful.router.case.document
    doubtful.reader.open_reading = None
    turn = doubtful.router.capture._thread.turn
    doubtful.key(key)
    assert not panel.settles
    assert doubtful.router.capture._thread.turn > turn
    assert doubtful.router.case.open_step is StepKind.DOCUMENT


def test_a_reading_that_becomes_sure_goes_on_by_itself(doubtful):
    doubtful.reader.sides[Side.BACK] = DOCUMENT
    doubtful.reader.open_reading = None
    doubtful.qtbot.waitUntil(lambda: doubtful.state.document is not None, timeout=10_000)
    assert not doubtful.router.case.document.settles


def test_the_focus_is_not_taken_from_a_person_who_types(look, qtbot, panel):
    edit = panel.take_back.parent()  # any line of text in the same window
    from ui.steps.entries import Entry

    entry = Entry(look)
    entry.setParent(edit)
    entry.show()
    panel.activateWindow()
    entry.edit.setFocus()
    qtbot.waitUntil(entry.edit.hasFocus)
    panel.begin(open_reading())
    assert entry.edit.hasFocus()
