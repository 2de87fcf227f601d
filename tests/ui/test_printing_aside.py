"""Printing beside the work: the screen never waits, and each piece is answered where it belongs."""

import pytest
from PySide6.QtCore import Qt

from kiosk.journeys.blocks import Terms
from kiosk.journeys.model import StepKind
from kiosk.journeys.procedures import procedures
from tests.fakes.cases import SIDES
from tests.fakes.office import office_on_disk
from tests.ui.counter import Counter
from tests.ui.printers import SlowPrinter
from ui.screens.slip import SlipFacts
from ui.viewmodels.sheet import AdviceSheet

FIRST, SECOND = "RR123456785FR", "1A12345678901"
CONTROL = Qt.KeyboardModifier.ControlModifier


@pytest.fixture
def printer():
    return SlowPrinter()


@pytest.fixture
def counter(qtbot, look, printer, tmp_path):
    office = office_on_disk(tmp_path, journeys=procedures(Terms(SIDES)))
    office.session()
    counter = Counter(qtbot, look, office, tmp_path / "slips", printing=printer)
    counter.sign_in()
    yield counter
    printer.paper.set()
    counter.close()
    office.store.close()


def absent(counter: Counter, number: str) -> int:
    """Nobody is there for a letter: its receipt. The line of the journal."""
    counter.scan(number)
    counter.at(StepKind.PRESENCE)
    counter.key(Qt.Key.Key_3)
    counter.at(StepKind.CONFIRM)
    counter.key(Qt.Key.Key_Return)
    counter.on(counter.router.case.receipt)
    return counter.state.record.seq


def press(counter: Counter, *keys: Qt.Key) -> None:
    """Press keys as a person does, each answered before the next."""
    for key in keys:
        counter.key(key)
        counter.qtbot.waitUntil(lambda: not counter.router.scanner.pending, timeout=10_000)
        counter.qtbot.waitUntil(lambda: not counter.router.journey.busy, timeout=10_000)


def advised(counter: Counter):
    """A minor asks for another service: the page that says why there is no way."""
    key = Qt.Key
    press(counter, key.Key_N, key.Key_3, key.Key_1, key.Key_2)
    counter.at(StepKind.CHANNEL)
    return counter.router.case.panels[StepKind.CHANNEL]


def printed(counter: Counter) -> None:
    counter.qtbot.waitUntil(lambda: counter.router.case.sheets.desk.idle, timeout=10_000)


def note(counter: Counter) -> str:
    return counter.router.case.receipt._note.text()


def test_the_seal_of_a_letter_does_not_wait_for_the_notice(counter, printer, look):
    sealed = []
    counter.router.case.sealed.connect(lambda: sealed.append(True))
    absent(counter, FIRST)
    counter.qtbot.waitUntil(lambda: sealed == [True], timeout=10_000)
    assert printer.pieces == []
    assert note(counter) == look.language.tr("absence.print.printing")
    printer.paper.set()
    printed(counter)
    assert note(counter) == look.language.tr("absence.print.printed")


def test_a_notice_that_is_not_printed_is_answered_and_the_next_key_prints_it(counter, printer):
    sealed = []
    counter.router.case.sealed.connect(lambda: sealed.append(True))
    printer.broken = True
    printer.paper.set()
    absent(counter, FIRST)
    counter.qtbot.waitUntil(lambda: "PRINT-002" in note(counter), timeout=10_000)
    assert sealed == [True]
    printer.broken = False
    counter.key(Qt.Key.Key_P, CONTROL)
    printed(counter)
    counter.key(Qt.Key.Key_P, CONTROL)
    printed(counter)
    assert [isinstance(piece, SlipFacts) for piece in printer.pieces] == [True, False]


def test_a_notice_that_no_disk_takes_is_answered_on_the_receipt(counter, printer, tmp_path):
    (tmp_path / "slips").write_text("a file where the folder should be")
    counter.router.case.sheets.keep_shown()  # nothing is shown yet: nothing is kept
    absent(counter, FIRST)
    printer.paper.set()
    printed(counter)
    counter.key(Qt.Key.Key_S, CONTROL)
    counter.qtbot.waitUntil(lambda: "PRINT-003" in note(counter), timeout=10_000)


def test_what_became_of_a_notice_is_not_told_on_the_receipt_of_another(counter, printer):
    lost = []
    counter.router.case.sheets.notice_lost.connect(lost.append)
    line = absent(counter, FIRST)
    counter.key(Qt.Key.Key_Return)
    counter.on(counter.router.sections.home)
    absent(counter, SECOND)
    before = note(counter)
    printer.broken = True
    with counter.qtbot.waitSignal(counter.router.case.sheets.notice_lost):
        printer.paper.set()
    assert (len(lost), str(line) in lost[0]) == (1, True)
    assert "PRINT-002" not in before
    printed(counter)
    assert str(counter.state.record.seq) in note(counter)


def test_a_sheet_that_is_asked_for_while_the_printer_waits_stands_in_line(counter, printer):
    absent(counter, FIRST)
    counter.key(Qt.Key.Key_P, CONTROL)
    counter.key(Qt.Key.Key_Return)
    counter.on(counter.router.sections.home)
    absent(counter, SECOND)
    counter.key(Qt.Key.Key_P, CONTROL)
    assert printer.pieces == []
    printer.paper.set()
    printed(counter)
    kinds = [type(piece).__name__ for piece in printer.pieces]
    assert kinds == ["SlipFacts", "Sheet", "SlipFacts", "Sheet"]
    assert len({piece.qr_text for piece in printer.pieces}) == 4


def test_a_key_that_is_pressed_again_and_again_asks_for_one_sheet(counter, printer):
    absent(counter, FIRST)
    for _ in range(3):
        counter.key(Qt.Key.Key_P, CONTROL)
    printer.paper.set()
    printed(counter)
    assert [type(piece).__name__ for piece in printer.pieces] == ["SlipFacts", "Sheet"]


def test_sheets_in_line_are_printed_before_the_program_ends(counter, printer):
    absent(counter, FIRST)
    counter.key(Qt.Key.Key_P, CONTROL)
    printer.paper.set()
    counter.router.close()
    assert len(printer.pieces) == 2


def test_advice_is_printed_beside_the_work_and_answered_on_its_page(counter, printer, look):
    panel = advised(counter)
    counter.key(Qt.Key.Key_P, CONTROL)
    assert panel.banner.text == look.language.tr("answer_sheet.printing")
    counter.key(Qt.Key.Key_P, CONTROL)
    printer.paper.set()
    printed(counter)
    assert [isinstance(piece, AdviceSheet) for piece in printer.pieces] == [True]
    assert panel.banner.text == look.language.tr("answer_sheet.printed")


def test_advice_that_is_not_printed_is_answered_with_a_code(counter, printer):
    printer.broken = True
    printer.paper.set()
    panel = advised(counter)
    counter.key(Qt.Key.Key_P, CONTROL)
    printed(counter)
    assert "PRINT-002" in panel.banner.text


def test_what_became_of_advice_is_not_told_on_the_page_of_another_case(counter, printer):
    panel = advised(counter)
    counter.key(Qt.Key.Key_P, CONTROL)
    press(counter, Qt.Key.Key_F3)
    counter.on(counter.router.sections.home)
    assert advised(counter) is panel
    printer.paper.set()
    printed(counter)
    assert panel.banner.isHidden()
