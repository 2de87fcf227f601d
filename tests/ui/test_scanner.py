"""A scanner that types like a keyboard is heard on every page; a person's typing is left alone."""

from collections.abc import Iterator

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit, QPushButton, QVBoxLayout, QWidget

from kiosk.domain.evidence import Side
from kiosk.domain.request import RequestVerdict
from kiosk.journeys.model import StepKind
from tests.fakes.cases import DOCUMENT
from tests.ui.counter import Pace
from ui.router.scanner import Scanner

ADDRESS = "https://shop.example/offer?id=4711"


class Form(QWidget):
    """A field and a button with a shortcut, behind a scanner filter."""

    def __init__(self, qapp) -> None:
        super().__init__()
        self.edit = QLineEdit()
        self.button = QPushButton("N")
        column = QVBoxLayout(self)
        column.addWidget(self.edit)
        column.addWidget(self.button)
        self.pressed = 0
        self.shortcuts = 0
        self.returned = 0
        self.button.clicked.connect(self._press)
        self.shortcut = QShortcut(QKeySequence("N"), self.button)
        self.shortcut.activated.connect(self._short)
        self.edit.returnPressed.connect(self._return)
        self.scans: list[str] = []
        self.problems: list[str] = []
        self.pace = Pace()
        self.scanner = Scanner(self)
        self.scanner.time_of = self.pace
        self.scanner.scanned.connect(self._hear)
        self.scanner.start(qapp)

    def _press(self) -> None:
        self.pressed += 1

    def _short(self) -> None:
        self.shortcuts += 1

    def _return(self) -> None:
        self.returned += 1

    def _hear(self, answer) -> None:
        (self.problems if answer.problem else self.scans).append(answer.problem or answer.scan)

    def type(self, text: str, gap_ms: int) -> None:
        self.pace.gap_ms = gap_ms
        QTest.keyClicks(self.focusWidget() or self, text)

    def enter(self) -> None:
        QTest.keyClick(self.focusWidget() or self, Qt.Key.Key_Return)


@pytest.fixture
def form(qtbot, qapp) -> Iterator[Form]:
    form = Form(qapp)
    qtbot.addWidget(form)
    form.show()
    form.activateWindow()
    qtbot.waitUntil(form.isActiveWindow)
    form.edit.setFocus()
    yield form
    form.scanner.stop(qapp)


def settled(qtbot, form: Form) -> None:
    qtbot.waitUntil(lambda: not form.scanner.pending)


def test_ordinary_typing_is_untouched(form, qtbot):
    form.type("zoe.martin+12@laposte.example", 120)
    settled(qtbot, form)
    assert form.edit.text() == "zoe.martin+12@laposte.example"
    assert form.scans == []


def test_a_fast_typist_keeps_the_order_and_enter(form, qtbot):
    form.type("bonjour", 40)
    form.enter()
    assert form.edit.text() == "bonjour"
    assert form.returned == 1
    assert form.scans == []


def test_one_key_held_down_is_typing(form, qtbot):
    form.pace.gap_ms = 30
    plain = Qt.KeyboardModifier.NoModifier
    for place in range(30):
        QTest.simulateEvent(form.edit, True, Qt.Key.Key_A, plain, "a", place > 0)
    settled(qtbot, form)
    assert form.edit.text() == "a" * 30
    assert form.scans == []


def test_a_short_code_presses_nothing_where_no_field_has_the_focus(form, qtbot):
    form.button.setFocus()
    form.type("n1234567", 20)
    form.enter()
    settled(qtbot, form)
    assert form.scans == ["n1234567"]
    assert (form.pressed, form.shortcuts) == (0, 0)


def test_a_code_of_one_character_is_a_scan(form):
    form.button.setFocus()
    form.type("11111111111", 20)
    form.enter()
    assert form.scans == ["11111111111"]


def test_keys_that_type_nothing_keep_their_place_among_those_that_do(form, qtbot):
    form.type("ab", 40)
    QTest.keyClick(form.edit, Qt.Key.Key_Left)
    form.type("c", 40)
    settled(qtbot, form)
    assert form.edit.text() == "acb"


def test_a_burst_reaches_neither_field_nor_enter(form):
    form.type("before", 120)
    form.pace.now_ms += 500
    form.type(ADDRESS, 5)
    form.enter()
    assert form.edit.text() == "before"
    assert form.returned == 0
    assert form.scans == [ADDRESS]


def test_a_burst_presses_no_button_and_no_shortcut(form, qtbot):
    form.button.setFocus()
    form.type("NNOTE 4711 NOVEMBRE N", 8)
    form.enter()
    QTest.keyClick(form.button, Qt.Key.Key_Return)
    assert form.scans == ["NNOTE 4711 NOVEMBRE N"]
    assert (form.pressed, form.shortcuts) == (0, 0)


def test_a_burst_without_enter_ends_by_silence(form, qtbot):
    form.type(ADDRESS, 5)
    qtbot.waitUntil(lambda: form.scans == [ADDRESS])
    assert form.edit.text() == ""


def test_keys_that_have_no_name_in_qt_are_typing_too(form, qtbot):
    for sign in "Жњ":
        plain = Qt.KeyboardModifier.NoModifier
        QTest.simulateEvent(form.edit, True, ord(sign), plain, sign, False)
    settled(qtbot, form)
    assert form.edit.text() == "Жњ"


def test_a_shortcut_typed_by_a_person_still_works(form, qtbot):
    form.button.setFocus()
    form.type("n", 120)
    qtbot.waitUntil(lambda: form.shortcuts == 1)


def test_a_click_comes_after_what_was_typed_before_it(form, qtbot):
    form.type("abc", 30)
    qtbot.mouseClick(form.button, Qt.MouseButton.LeftButton)
    assert form.edit.text() == "abc"
    assert form.pressed == 1


# --- at the counter -------------------------------------------------------------------------------


def test_a_scan_at_the_pin_signs_nobody_in(counter, look):
    screen = counter.router.sign_in
    counter.qtbot.waitUntil(lambda: bool(screen.selected), timeout=10_000)
    counter.scan("271828271828")
    counter.scan(ADDRESS)
    assert screen.pad.field.text() == ""
    assert counter.router.session.session is None
    assert counter.shell.notice.text == look.language.tr("scan.locked")
    counter.sign_in()
    assert counter.shell.notice.text == ""


def test_nothing_moves_the_keys_of_the_code(counter, look):
    screen = counter.router.sign_in
    counter.qtbot.waitUntil(lambda: bool(screen.selected), timeout=10_000)
    key = screen.pad.erase_button

    def place():
        QApplication.processEvents()
        return key.mapTo(counter.shell, key.rect().topLeft())

    before = place()
    counter.scan(ADDRESS)
    assert counter.shell.notice.isVisible()
    assert place() == before
    screen.show_wrong_pin(3)
    assert place() == before


def test_a_notice_lies_over_the_head_of_the_page_and_moves_nothing(counter):
    counter.sign_in()
    notice, page = counter.shell.notice, counter.shell.page

    def place():
        QApplication.processEvents()
        return page.mapTo(counter.shell, page.rect().topLeft())

    before = place()
    counter.scan(ADDRESS)
    assert place() == before
    assert notice.isVisible()
    assert notice.mapTo(counter.shell, notice.rect().topLeft()).y() == before.y()


def test_the_code_can_be_typed_wherever_the_focus_is(counter, look):
    screen = counter.router.sign_in
    counter.qtbot.waitUntil(lambda: bool(screen.selected), timeout=10_000)
    for target in (screen.pad.erase_button, screen):
        target.setFocus()
        QTest.keyClick(target, Qt.Key.Key_2)
        counter.qtbot.waitUntil(lambda: not counter.router.scanner.pending)
        assert screen.pad.field.text() == "2"
        assert screen.pad.field.hasFocus()
        target.setFocus()
        QTest.keyClick(target, Qt.Key.Key_Backspace)
        assert screen.pad.field.text() == ""


def test_a_request_scanned_at_home_opens_a_case(counter, office):
    counter.sign_in()
    counter.scan(office.code())
    counter.at(StepKind.NOTICE)
    assert counter.state.request is not None


def test_a_request_scanned_at_its_step_joins_the_case(counter, office):
    counter.sign_in()
    counter.open_case()
    case_id = counter.state.case_id
    counter.key(Qt.Key.Key_F4)
    counter.scan(office.code())
    counter.at(StepKind.NOTICE)
    assert counter.state.case_id == case_id
    assert counter.router.case.request.entry.edit.text() == ""


def test_a_foreign_code_is_named_and_not_opened(counter, look):
    counter.sign_in()
    counter.scan(ADDRESS)
    name = look.language.tr("scan.name.web-address")
    assert counter.shell.notice.text == look.language.tr("scan.foreign", name=name)
    assert counter.router.journey.view is None
    counter.open_case()
    counter.scan(ADDRESS)
    counter.qtbot.waitUntil(lambda: counter.state.request_problem is RequestVerdict.FOREIGN)


def test_another_request_is_offered_and_leaves_the_case_alone(counter, office):
    counter.sign_in()
    counter.open_case()
    counter.to_document()
    before = counter.state
    counter.reader.code = ""
    counter.scan(office.code(request_id="other"))
    notice = counter.shell.notice
    assert notice.offer.isVisible()
    assert counter.state == before
    counter.key(Qt.Key.Key_F2)
    counter.at(StepKind.NOTICE)
    assert counter.state.case_id != before.case_id
    assert notice.isHidden()


def test_an_item_number_is_told_what_it_is(counter, look):
    counter.sign_in()
    counter.open_case()
    counter.to_document()
    counter.scan("RR123456785FR")
    assert counter.shell.notice.text == look.language.tr("scan.item")


def test_a_scanner_set_to_another_keyboard_is_told(counter, look):
    counter.sign_in()
    counter.scan("RR&é\"'(-è_(FR")
    told = look.language.tr("scan.problem.other-layout")
    assert counter.shell.notice.text == told


def test_a_short_code_opens_no_case(counter, look):
    counter.sign_in()
    counter.scan("q1234567")
    assert counter.router.journey.view is None
    assert counter.shell.notice.text


def test_a_driving_licence_is_named_where_a_reader_typed_its_line(counter, look):
    counter.sign_in()
    counter.open_case()
    counter.to_document()
    counter.scan("D1FRA13AA000021231028MARTIN<<9")
    kind = look.language.tr("document_families.driving-licence")
    assert counter.shell.notice.text == look.language.tr("scan.other_paper", kind=kind)


def test_a_document_reader_fills_the_zone_where_it_is_typed(counter, look):
    counter.sign_in()
    counter.open_case()
    counter.to_document()
    lines = (
        "P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<",
        "L898902C36UTO7408122F1204159ZE184226B<<<<<10",
    )
    counter.scan(lines[0])
    assert counter.shell.notice.text == look.language.tr("scan.zone")
    counter.key(Qt.Key.Key_F4)
    zone = counter.router.case.document.typed.zone
    for line in lines:
        counter.scan(line)
    assert zone.texts == lines
    assert zone.accepted is not None
    counter.scan("".join(lines))
    assert zone.texts == lines


def test_a_scan_takes_no_decision(counter):
    """Digits choose answers and Enter goes on: a code full of both must do neither."""
    counter.sign_in()
    counter.open_case()
    counter.to_document()
    counter.reader.sides = {Side.FRONT: None, Side.BACK: DOCUMENT}
    counter.qtbot.waitUntil(lambda: not counter.state.sides_expected, timeout=10_000)
    counter.key(Qt.Key.Key_Return)
    counter.at(StepKind.CHECKS)
    counter.key(Qt.Key.Key_Return)
    counter.at(StepKind.FEATURES)
    before = counter.state
    for code in ("111213111213", "11111111111"):
        counter.scan(code)
        assert counter.state == before
    assert counter.shell.notice.text


def heard(counter, look, *, in_case):
    """Scan a code full of digits, of letters that are shortcuts, and Enter: told, nothing else."""
    page, view = counter.shell.page, counter.router.journey.view
    state = counter.state if in_case else None
    if in_case:
        counter.scan("RR123456785FR")  # at home it opens the case of a letter
    counter.scan(ADDRESS)
    counter.qtbot.waitUntil(lambda: not counter.router.scanner.pending)
    name = look.language.tr("scan.name.web-address")
    assert counter.shell.notice.text == look.language.tr("scan.foreign", name=name), page
    assert counter.shell.page is page
    assert counter.router.journey.view is view
    assert not in_case or counter.state == state
    counter.shell.notice.dismiss()
    return page


def test_a_scanner_is_heard_on_every_page_and_changes_none(counter, look):
    counter.sign_in()
    pages = set()
    for section in range(1, 6):
        counter.key(getattr(Qt.Key, f"Key_{section}"), Qt.KeyboardModifier.AltModifier)
        counter.qtbot.waitUntil(lambda: counter.router.desk.idle)
        pages.add(heard(counter, look, in_case=False))
    assert len(pages) >= 4


def test_a_scanner_is_heard_at_every_step_and_changes_no_case(counter, look):
    counter.sign_in()
    counter.open_case()
    counter.reader.code = counter.office.code()
    counter.at(StepKind.NOTICE)
    heard(counter, look, in_case=True)
    counter.key(Qt.Key.Key_Return)
    counter.at(StepKind.DOCUMENT)
    heard(counter, look, in_case=True)
    counter.reader.sides = {Side.FRONT: None, Side.BACK: DOCUMENT}
    counter.qtbot.waitUntil(lambda: not counter.state.sides_expected, timeout=10_000)
    for step in (StepKind.CHECKS, StepKind.FEATURES):
        counter.key(Qt.Key.Key_Return)
        counter.at(step)
        heard(counter, look, in_case=True)
    counter.answer_features()
    heard(counter, look, in_case=True)
    counter.key(Qt.Key.Key_1)
    for step in (StepKind.DECISION, StepKind.CONFIRM):
        counter.key(Qt.Key.Key_Return)
        counter.at(step)
        heard(counter, look, in_case=True)
