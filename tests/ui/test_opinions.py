"""A colleague at another counter: asked with one key, answered on the page of their own counter."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QPushButton

from kiosk.domain.decision import Outcome
from kiosk.domain.evidence import Verdict
from kiosk.domain.ids import AgentId, DeviceId, OfficeId
from kiosk.journeys.catalogue import JourneyCatalogue
from kiosk.journeys.model import StepKind
from kiosk.sync.questions import AnswerPost, QuestionPut
from tests.fakes.cases import JOURNEY
from tests.fakes.office import PIN, Office
from tests.fakes.office_line import OfficeSwitch, SwitchedLine
from tests.fakes.store import InMemoryStore
from tests.ui.counter import Counter
from ui.router.opinions import OpinionRouter

F6 = Qt.Key.Key_F6
SACHA = AgentId("sacha")


@pytest.fixture
def switch() -> OfficeSwitch:
    return OfficeSwitch()


@pytest.fixture
def asking(opens: Callable[..., Counter], office: Office, switch: OfficeSwitch) -> Counter:
    """A case of Camille whose acceptance waits for a colleague; nobody else is at this desk."""
    opinions = switch.join(office)
    office.proofing._catalogue = JourneyCatalogue(
        replace(JOURNEY, second_agent_for=(Outcome.ACCEPTED,))
    )
    counter = opens(opinions=opinions)
    counter.sign_in()
    counter.open_case()
    counter.read_document()
    counter.key(Qt.Key.Key_Return)
    counter.at(StepKind.CHECKS)
    counter.key(Qt.Key.Key_Return)
    counter.at(StepKind.FEATURES)
    counter.answer_features()
    counter.key(Qt.Key.Key_1)
    counter.key(Qt.Key.Key_Return)
    counter.at(StepKind.DECISION)
    counter.key(Qt.Key.Key_Return)
    counter.at(StepKind.SECOND_AGENT)
    return counter


@pytest.fixture
def other() -> Office:
    """Another counter of the office, where Sacha works."""
    office = Office(InMemoryStore())
    office.device = replace(office.device, device_id=DeviceId("dev-00000000000000ff"))
    office.session("sacha")
    return office


def press(counter: Counter, name: str) -> None:
    button = counter.router.opinions.page.findChild(QPushButton, name)
    counter.qtbot.mouseClick(button, Qt.MouseButton.LeftButton)


def asked(counter: Counter) -> str:
    """The code under which the question lies with the office."""
    panel = counter.router.case.second
    counter.key(F6)
    counter.qtbot.waitUntil(lambda: counter.router.opinions.ask.question is not None)
    code = counter.router.opinions.ask.question.code
    assert panel.sent_code.text() == f"{code[:4]}\u00a0{code[4:]}"
    assert not panel.person.pad.isVisible()
    return code


def test_the_answer_of_another_counter_takes_the_case_on(
    asking: Counter, other: Office, switch: OfficeSwitch
):
    code = asked(asking)
    desk = switch.join(other)
    (question,) = desk.questions()
    assert question.code == code
    desk.give(question, SACHA, PIN, Verdict.PASS)
    asking.router.opinions.ask.look()
    asking.at(StepKind.CONFIRM)
    assert asking.state.second_agent.agent_id == "sacha"
    assert asking.state.second_agent.voucher
    asking.key(Qt.Key.Key_Return)
    asking.on(asking.router.case.receipt)


def test_an_answer_that_is_none_is_told_and_the_office_can_be_asked_again(
    asking: Counter, other: Office, switch: OfficeSwitch
):
    """Another office's device got its answer in: it does not count."""
    asked(asking)
    desk = switch.join(other, OfficeId("069002"))
    desk.give(desk.questions()[0], SACHA, PIN, Verdict.PASS)
    panel = asking.router.case.second
    asking.router.opinions.ask.look()
    asking.qtbot.waitUntil(panel.banner.isVisible, timeout=10_000)
    assert not panel.sent_code.text()
    assert panel.person.pad.isVisible()
    assert asking.state.step is StepKind.SECOND_AGENT
    assert asking.state.second_agent is None
    switch.asked.clear()
    asked(asking)


def test_without_a_line_the_page_says_so_and_the_key_works_again(
    asking: Counter, switch: OfficeSwitch
):
    switch.down = True
    panel = asking.router.case.second
    asking.key(F6)
    asking.qtbot.waitUntil(lambda: not panel.banner.isHidden(), timeout=10_000)
    assert panel.person.pad.isVisible()
    switch.down = False
    asked(asking)


def test_a_cut_line_is_no_answer_and_the_question_stays(asking: Counter, switch: OfficeSwitch):
    asked(asking)
    model: OpinionRouter = asking.router.opinions
    switch.down = True
    model.ask.look()
    asking.qtbot.waitUntil(lambda: model.line.idle, timeout=10_000)
    assert model.ask.question is not None
    assert asking.state.step is StepKind.SECOND_AGENT


def test_who_goes_back_takes_the_question_back(asking: Counter):
    asked(asking)
    asking.key(Qt.Key.Key_Escape)
    asking.at(StepKind.DECISION)
    assert asking.router.opinions.ask.question is None
    assert not asking.router.case.second.sent_code.text()


def test_the_same_key_takes_it_back_for_somebody_who_comes_here(asking: Counter):
    asked(asking)
    asking.key(F6)
    assert asking.router.opinions.ask.question is None
    assert asking.router.case.second.person.pad.isVisible()


@pytest.mark.parametrize("cover", [Qt.Key.Key_F8, Qt.Key.Key_F1])
def test_an_answer_waits_until_its_page_is_on_the_screen_again(
    asking: Counter, other: Office, switch: OfficeSwitch, cover: Qt.Key
):
    """No key that was meant for the page above may meet the next step."""
    asked(asking)
    desk, ask = switch.join(other), asking.router.opinions.ask
    desk.give(desk.questions()[0], SACHA, PIN, Verdict.PASS)
    asking.key(cover)
    if cover == Qt.Key.Key_F1:
        asking.router._open_help()
    above = asking.shell.page
    assert above is not asking.router.case.second
    ask.look()
    asking.qtbot.waitUntil(lambda: asking.router.opinions.line.idle, timeout=10_000)
    assert asking.shell.page is above
    assert asking.state.step is StepKind.SECOND_AGENT
    asking.router.case.show_again()
    ask.look()
    asking.at(StepKind.CONFIRM)


def test_an_answer_on_its_way_when_a_page_covers_waits_too(
    asking: Counter, other: Office, switch: OfficeSwitch
):
    asked(asking)
    desk, ask = switch.join(other), asking.router.opinions.ask
    desk.give(desk.questions()[0], SACHA, PIN, Verdict.PASS)
    switch.gate.clear()
    ask.look()
    asking.key(Qt.Key.Key_F8)
    asking.on(asking.router.case.stop)
    switch.gate.set()
    asking.qtbot.waitUntil(lambda: asking.router.opinions.line.idle, timeout=10_000)
    ask.look()
    asking.on(asking.router.case.stop)
    assert asking.state.step is StepKind.SECOND_AGENT
    asking.router.case.show_again()
    ask.look()
    asking.at(StepKind.CONFIRM)


def test_a_locked_desk_asks_and_answers_nothing(asking: Counter):
    asked(asking)
    asking.key(Qt.Key.Key_L, Qt.KeyboardModifier.ControlModifier)
    asking.on(asking.router.sign_in)
    assert asking.router.opinions.ask.question is None


@pytest.fixture
def answering(opens: Callable[..., Counter], other: Office, switch: OfficeSwitch) -> Counter:
    """The counter of Sacha, on the page where opinions are given; Camille asks elsewhere."""
    put = QuestionPut(case="0" * 31 + "1", agent="camille", about="decision", seen="A" * 43)
    SwitchedLine(switch, DeviceId("dev-0000000000000001")).put("1" * 32, put)
    counter = opens(office=other, opinions=switch.join(other))
    counter.sign_in()
    counter.key(F6)
    counter.on(counter.router.opinions.page)
    return counter


def test_an_opinion_is_signed_with_the_own_code_and_leads_home(
    answering: Counter, other: Office, switch: OfficeSwitch
):
    page = answering.router.opinions.page
    answering.qtbot.waitUntil(lambda: page.person.selected == "sacha", timeout=10_000)
    code = switch.asked["1" * 32].code
    assert page._code.text() == f"{code[:4]}\u00a0{code[4:]}"
    answering.type(PIN)
    answering.key(Qt.Key.Key_Return)
    assert "réponse" in page.person.pad.error
    press(answering, "choice-pass")
    answering.type("314159")
    answering.key(Qt.Key.Key_Return)
    answering.qtbot.waitUntil(lambda: "incorrect" in page.person.pad.error, timeout=10_000)
    assert not switch.answers
    answering.type(PIN)
    answering.key(Qt.Key.Key_Return)
    answering.on(answering.router.sections.home)
    assert list(switch.answers) == ["1" * 32]
    assert other.journal_kinds().count("second_signed") == 1
    assert page.person.pad.field.text() == ""


def test_a_question_that_is_answered_elsewhere_leaves_the_page(
    answering: Counter, switch: OfficeSwitch
):
    page, model = answering.router.opinions.page, answering.router.opinions.model
    answering.qtbot.waitUntil(lambda: bool(page.selected), timeout=10_000)
    switch.answers["1" * 32] = AnswerPost("x", "y")
    answering.qtbot.waitUntil(lambda: not model.busy, timeout=10_000)
    model.look()
    answering.qtbot.waitUntil(lambda: not page.selected, timeout=10_000)
    assert not page.person.isVisible()
    answering.key(Qt.Key.Key_Escape)
    answering.on(answering.router.sections.home)


def test_a_page_that_is_left_asks_no_more_and_leads_nowhere(
    answering: Counter, switch: OfficeSwitch
):
    page, model = answering.router.opinions.page, answering.router.opinions.model
    answering.qtbot.waitUntil(lambda: page.person.selected == "sacha", timeout=10_000)
    press(answering, "choice-pass")
    switch.gate.clear()
    model.look()
    answering.type(PIN)
    answering.key(Qt.Key.Key_Return)
    answering.key(Qt.Key.Key_2, Qt.KeyboardModifier.AltModifier)
    answering.on(answering.router.sections.history)
    assert not model._timer.isActive()
    assert not page.selected
    switch.gate.set()
    answering.qtbot.waitUntil(lambda: answering.router.opinions.line.idle, timeout=10_000)
    answering.on(answering.router.sections.history)


def test_a_code_that_was_typed_while_the_list_is_read_counts(
    answering: Counter, switch: OfficeSwitch
):
    page, model = answering.router.opinions.page, answering.router.opinions.model
    answering.qtbot.waitUntil(lambda: page.person.selected == "sacha", timeout=10_000)
    press(answering, "choice-pass")
    answering.qtbot.waitUntil(lambda: not model.busy, timeout=10_000)
    switch.gate.clear()
    model.look()
    answering.type(PIN)
    answering.key(Qt.Key.Key_Return)
    assert page.banner.isHidden()
    switch.gate.set()
    answering.on(answering.router.sections.home)
    assert list(switch.answers) == ["1" * 32]


def test_a_cut_line_is_said_on_the_page(answering: Counter, switch: OfficeSwitch):
    page, model = answering.router.opinions.page, answering.router.opinions.model
    answering.qtbot.waitUntil(lambda: page.person.selected == "sacha", timeout=10_000)
    answering.qtbot.waitUntil(lambda: not model.busy, timeout=10_000)
    switch.down = True
    press(answering, "choice-fail")
    answering.type(PIN)
    answering.key(Qt.Key.Key_Return)
    answering.qtbot.waitUntil(lambda: not page.banner.isHidden(), timeout=10_000)
    answering.on(page)


def test_a_device_without_a_fleet_has_neither_key(opens):
    counter = opens()
    counter.sign_in()
    assert not counter.router.sections.home.opinion.isVisible()
    assert counter.router.opinions is None
