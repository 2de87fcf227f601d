"""The meter counts what arrives, the model adds the published operators, brisk answers go on."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLineEdit, QPushButton, QVBoxLayout, QWidget

from kiosk.domain.evidence import Check, Verdict
from kiosk.journeys.model import StepKind
from tests.fakes.cases import PASSED
from tests.fakes.office import office_on_disk
from tests.ui.counter import Counter
from ui.demonstration.effort import OPERATORS_S, Action, ActionKind, Meter, modelled_s


@pytest.fixture
def meter(qapp):
    meter = Meter()
    qapp.installEventFilter(meter)
    yield meter
    qapp.removeEventFilter(meter)


@pytest.fixture
def page(qtbot):
    page = QWidget()
    column = QVBoxLayout(page)
    page.field, page.button = QLineEdit(), QPushButton("x")
    column.addWidget(page.field)
    column.addWidget(page.button)
    qtbot.addWidget(page)
    page.show()
    qtbot.waitExposed(page)
    page.activateWindow()
    return page


def test_keys_and_clicks_are_counted_once_each(qtbot, page, meter):
    page.button.setFocus()
    qtbot.keyClick(page.button, Qt.Key.Key_Return)
    qtbot.mouseClick(page.button, Qt.MouseButton.LeftButton)
    meter.presented("code")
    kinds = [action.kind for action in meter.actions]
    assert kinds == [ActionKind.KEY, ActionKind.CLICK, ActionKind.SCAN]
    effort = meter.effort()
    assert (effort.actions, effort.keys, effort.clicks, effort.scans) == (3, 1, 1, 1)


def test_what_is_typed_is_counted_and_never_kept(qtbot, page, meter):
    page.field.setFocus()
    qtbot.keyClicks(page.field, "Lefevre")
    assert meter.effort().keys == 7
    assert {action.what for action in meter.actions} == {"typed"}


def test_what_the_customer_does_on_the_own_screen_is_not_the_agents(qtbot, page, meter):
    qtbot.mouseClick(page.field, Qt.MouseButton.LeftButton)
    meter.customer_window = page
    qtbot.mouseClick(page.button, Qt.MouseButton.LeftButton)
    effort = meter.effort()
    assert (effort.clicks, effort.customer) == (1, 1)
    meter.begin()
    assert meter.effort().customer == 0


def test_a_key_that_was_held_back_counts_once(qtbot, page, meter):
    meter.replayed = lambda: True
    qtbot.keyClick(page.button, Qt.Key.Key_1)
    assert meter.actions == []


def test_the_model_adds_the_operators_of_its_source():
    key, click = Action(ActionKind.KEY, "Key_Return"), Action(ActionKind.CLICK, "x")
    k, p, b, h, m = (OPERATORS_S[name] for name in "KPBHM")
    assert modelled_s([key]) == pytest.approx(m + k)
    assert modelled_s([key, key]) == pytest.approx(2 * (m + k))
    assert modelled_s([key, click]) == pytest.approx(m + k + h + m + p + 2 * b)
    typed = [Action(ActionKind.KEY, "typed", typed=True)] * 6
    assert modelled_s(typed) == pytest.approx(m + 6 * k)
    assert modelled_s([Action(ActionKind.SCAN, "front")]) == pytest.approx(h + m)


# --- answers that leave nothing open --------------------------------------------------------------


@pytest.fixture
def office(tmp_path):
    office = office_on_disk(tmp_path)
    office.session()
    yield office
    office.store.close()


@pytest.fixture
def counter(qtbot, look, office, tmp_path):
    counter = Counter(qtbot, look, office, tmp_path / "slips", brisk=True)
    yield counter
    counter.close()


def to_features(counter: Counter) -> None:
    counter.sign_in()
    counter.open_case()
    counter.read_document()
    counter.key(Qt.Key.Key_Return)


def answer(counter: Counter, key: Qt.Key, number: int) -> None:
    counter.key(key)
    counter.qtbot.waitUntil(
        lambda: sum(f.verdict is not None for f in counter.state.features) >= number,
        timeout=10_000,
    )


def test_clear_checks_conform_features_and_the_same_person_ask_one_key_less_each(counter):
    to_features(counter)
    counter.at(StepKind.FEATURES)
    for number in range(len(counter.state.features)):
        answer(counter, Qt.Key.Key_1, number + 1)
    counter.at(StepKind.PERSON)
    counter.key(Qt.Key.Key_1)
    counter.key(Qt.Key.Key_Return)
    counter.at(StepKind.CONFIRM)
    assert counter.state.record is None, "the seal asks"


def test_one_doubt_stops_at_the_checks(counter, office):
    office.examination.verdicts = (*PASSED, Check("request.surname", Verdict.UNSURE, "near"))
    to_features(counter)
    counter.at(StepKind.CHECKS)


def test_a_feature_that_does_not_conform_waits_for_the_agent(counter):
    to_features(counter)
    counter.at(StepKind.FEATURES)
    count = len(counter.state.features)
    for number in range(count):
        answer(counter, Qt.Key.Key_2 if number == count - 1 else Qt.Key.Key_1, number + 1)
    counter.at(StepKind.FEATURES)


def test_somebody_else_leads_to_the_decision(counter):
    to_features(counter)
    counter.at(StepKind.FEATURES)
    for number in range(len(counter.state.features)):
        answer(counter, Qt.Key.Key_1, number + 1)
    counter.at(StepKind.PERSON)
    counter.key(Qt.Key.Key_2)
    counter.key(Qt.Key.Key_Return)
    counter.at(StepKind.DECISION)


def test_every_page_that_was_passed_is_reached_by_going_back(counter):
    to_features(counter)
    counter.at(StepKind.FEATURES)
    counter.key(Qt.Key.Key_Escape)
    counter.at(StepKind.CHECKS)
    counter.key(Qt.Key.Key_Return)
    counter.at(StepKind.FEATURES)


def test_the_key_of_the_next_customer_works_on_the_receipt(counter):
    to_features(counter)
    counter.at(StepKind.FEATURES)
    for number in range(len(counter.state.features)):
        answer(counter, Qt.Key.Key_1, number + 1)
    counter.at(StepKind.PERSON)
    counter.key(Qt.Key.Key_1)
    counter.key(Qt.Key.Key_Return)
    counter.at(StepKind.CONFIRM)
    counter.key(Qt.Key.Key_Return)
    counter.on(counter.router.case.receipt)
    before = counter.state.case_id
    counter.reader.code = ""
    counter.key(Qt.Key.Key_N)
    counter.at(StepKind.REQUEST)
    assert counter.state.case_id != before
