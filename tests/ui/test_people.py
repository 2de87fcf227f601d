"""People at the desk: first sign-in, unlocking, the team, hand-over, and the next agent."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QPushButton, QWidget

from kiosk.domain.agent import Role
from kiosk.domain.decision import Outcome
from kiosk.domain.evidence import Side
from kiosk.domain.ids import AgentId
from kiosk.journeys.catalogue import JourneyCatalogue
from kiosk.journeys.model import StepKind
from kiosk.services.lease import Lease
from kiosk.services.owed import Owed
from kiosk.services.sign_in import MAX_FAILURES
from tests.fakes.cases import DOCUMENT, JOURNEY
from tests.fakes.office import PIN, Office, office_on_disk
from tests.ui.counter import Counter
from ui.demonstration.network import NothingSent
from ui.screens.sign_in import SignInScreen
from ui.shell import Section
from ui.steps.decision import ASK_KEY
from ui.steps.second_agent import SecondAgentPanel

GOOD = "884422917"


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    office = office_on_disk(tmp_path)
    office.session()
    office.session("dominique", Role.MANAGER)
    yield office
    office.store.close()


@pytest.fixture
def counter(qtbot, look, office: Office, tmp_path: Path) -> Iterator[Counter]:
    counter = Counter(qtbot, look, office, tmp_path / "slips")
    yield counter
    counter.close()


def press(counter: Counter, page: QWidget, name: str) -> None:
    button = page.findChild(QPushButton, name)
    counter.qtbot.mouseClick(button, Qt.MouseButton.LeftButton)


def sign_in(counter: Counter, agent: str, pin: str = PIN) -> None:
    screen: SignInScreen = counter.router.sign_in
    counter.on(screen)
    counter.qtbot.waitUntil(lambda: screen.findChild(QPushButton, f"choice-{agent}") is not None)
    press(counter, screen, f"choice-{agent}")
    counter.type(pin)
    counter.key(Qt.Key.Key_Return)


def settled(counter: Counter) -> None:
    counter.qtbot.waitUntil(lambda: counter.router.desk.idle, timeout=10_000)


def words_on(counter: Counter) -> str:
    """Everything that can be read on the page and around it."""
    shown = [label for label in counter.shell.findChildren(QLabel) if label.isVisible()]
    buttons = [b for b in counter.shell.findChildren(QPushButton) if b.isVisible()]
    texts = [label.text() for label in shown] + [b.accessibleName() for b in buttons]
    return "\n".join([*texts, counter.shell.windowTitle()])


def home(counter: Counter) -> QWidget:
    page = counter.router.sections.home
    counter.on(page)
    settled(counter)
    return page


# --- first sign-in --------------------------------------------------------------------------------


def test_a_manager_makes_a_code_and_the_agent_comes_in_with_it(counter: Counter, office: Office):
    sign_in(counter, "dominique")
    home(counter)
    counter.router.sections.show(Section.SETTINGS, counter.router.session.session)
    press(counter, counter.router.sections.settings, "open-team")
    team = counter.router.people.team
    counter.on(team)
    settled(counter)
    assert counter.focused is not None
    press(counter, team, "add-agent")
    counter.qtbot.keyClicks(team.badge, "a-19")
    counter.qtbot.keyClicks(team.name, "Alex N.")
    press(counter, team, "make-code")
    counter.qtbot.waitUntil(lambda: bool(team.code.text()), timeout=10_000)
    code = team.code.text()
    settled(counter)
    press(counter, team, "back")
    assert team.code.text() == ""
    counter.router.switch_agent()
    press(counter, counter.router.sign_in, "join")
    join = counter.router.people.join
    counter.on(join)
    counter.qtbot.keyClicks(join.proof, code)
    for field in (join.pin, join.again):
        counter.qtbot.keyClicks(field, "140789")
    counter.key(Qt.Key.Key_Return)
    error = join.findChild(QLabel, "pin-error")
    counter.qtbot.waitUntil(lambda: "date" in error.text(), timeout=10_000)
    assert join.proof.text() == code
    for field in (join.pin, join.again):
        counter.qtbot.keyClicks(field, GOOD)
    counter.key(Qt.Key.Key_Return)
    counter.on(counter.router.sign_in)
    sign_in(counter, "a-19", GOOD)
    home(counter)
    assert counter.router.session.agent.display_name == "Alex N."
    assert "agent_invited" in office.journal_kinds()


def test_two_different_new_codes_are_noticed_before_anything_is_sent(counter: Counter):
    press(counter, counter.router.sign_in, "join")
    join = counter.router.people.join
    counter.on(join)
    counter.qtbot.keyClicks(join.proof, "0000-0000")
    counter.qtbot.keyClicks(join.pin, GOOD)
    counter.qtbot.keyClicks(join.again, "884422918")
    counter.key(Qt.Key.Key_Return)
    assert "mêmes" in join.findChild(QLabel, "pin-error").text()
    counter.key(Qt.Key.Key_Escape)
    counter.on(counter.router.sign_in)


def test_only_a_manager_finds_the_team(counter: Counter):
    sign_in(counter, "camille")
    home(counter)
    counter.router.sections.show(Section.SETTINGS, counter.router.session.session)
    settings = counter.router.sections.settings
    assert not settings.findChild(QWidget, "open-team").isVisible()
    assert settings.findChild(QWidget, "change-pin").isVisible()
    press(counter, settings, "export-activity")
    counter.qtbot.waitUntil(lambda: counter.exported == ["camille"], timeout=10_000)


def test_an_agent_changes_their_own_code(counter: Counter, office: Office):
    sign_in(counter, "camille")
    home(counter)
    counter.router.sections.show(Section.SETTINGS, counter.router.session.session)
    press(counter, counter.router.sections.settings, "change-pin")
    page = counter.router.people.change
    counter.on(page)
    for field, text in ((page.proof, PIN), (page.pin, GOOD), (page.again, GOOD)):
        counter.qtbot.keyClicks(field, text)
    counter.key(Qt.Key.Key_Return)
    counter.on(counter.router.sections.settings)
    assert page.pin.text() == ""
    assert office.sign_in.sign_in(AgentId("camille"), GOOD)


def test_a_technician_is_offered_no_verification(counter: Counter, office: Office):
    office.session("tech", Role.TECHNICIAN)
    counter.router.session.list_agents()
    settled(counter)
    sign_in(counter, "tech")
    page = home(counter)
    assert not page.starts.isVisible()
    counter.key(Qt.Key.Key_Q)
    settled(counter)
    assert counter.shell.page is page
    assert "verify_open" not in office.journal_kinds()


# --- lock-out -------------------------------------------------------------------------------------


def block(office: Office, agent: str = "camille") -> None:
    for _ in range(MAX_FAILURES):
        office.clock.advance(seconds=office.sign_in.standing(AgentId(agent)).wait_s)
        with pytest.raises(Exception, match="SIGNIN"):
            office.sign_in.sign_in(AgentId(agent), "314159")


def test_a_manager_unlocks_an_agent_on_the_sign_in_page(counter: Counter, office: Office):
    block(office)
    sign_in(counter, "camille")
    button = counter.router.sign_in.findChild(QPushButton, "unlock")
    counter.qtbot.waitUntil(button.isVisible, timeout=10_000)
    press(counter, counter.router.sign_in, "unlock")
    page = counter.router.people.unlock
    counter.on(page)
    assert page.person.selected == "dominique"
    counter.type("314159")
    counter.key(Qt.Key.Key_Return)
    counter.qtbot.waitUntil(lambda: bool(page.person.pad.error), timeout=10_000)
    counter.type(PIN)
    counter.key(Qt.Key.Key_Return)
    counter.on(counter.router.sign_in)
    assert not button.isVisible()
    sign_in(counter, "camille")
    home(counter)


def test_the_wait_of_one_agent_does_not_keep_a_colleague_out(counter: Counter, office: Office):
    for _ in range(4):
        with pytest.raises(Exception, match="SIGNIN"):
            office.sign_in.sign_in(AgentId("camille"), "314159")
    sign_in(counter, "camille")
    field = counter.router.sign_in.pad.field
    counter.qtbot.waitUntil(lambda: not field.isEnabled(), timeout=10_000)
    sign_in(counter, "dominique")
    home(counter)
    assert counter.router.session.agent.agent_id == "dominique"


# --- the next agent -------------------------------------------------------------------------------


def test_the_next_agent_comes_in_from_any_page_and_sees_nothing_of_the_case(counter: Counter):
    sign_in(counter, "camille")
    home(counter)
    counter.open_case()
    counter.to_document()
    case_id = counter.state.case_id
    assert "ROUSSEL" in words_on(counter).upper()
    counter.key(Qt.Key.Key_F9)
    counter.on(counter.router.sign_in)
    assert counter.router.journey.view is None
    assert counter.router.session.session is None
    assert "ROUSSEL" not in words_on(counter).upper()
    sign_in(counter, "dominique")
    page = home(counter)
    assert "ROUSSEL" not in words_on(counter).upper()
    assert page.findChild(QPushButton, f"row-{case_id}") is not None  # a manager may take it over
    counter.key(Qt.Key.Key_F9)
    sign_in(counter, "camille")
    page = home(counter)
    press(counter, page, f"row-{case_id}")
    counter.at(StepKind.DOCUMENT)
    assert counter.state.case_id == case_id


def test_a_colleague_at_the_lock_never_gets_the_case_and_the_owner_gets_it_back(
    counter: Counter, office: Office
):
    office.session("sacha")
    counter.router.session.list_agents()
    settled(counter)
    sign_in(counter, "camille")
    home(counter)
    counter.open_case()
    counter.to_document()
    case_id = counter.state.case_id
    counter.router.session.lock()
    counter.on(counter.router.sign_in)
    assert "ROUSSEL" not in words_on(counter).upper()
    sign_in(counter, "sacha")
    page = home(counter)
    assert counter.router.journey.view is None
    assert page.findChild(QPushButton, f"row-{case_id}") is None
    assert "ROUSSEL" not in words_on(counter).upper()
    counter.router.session.lock()
    sign_in(counter, "camille")
    page = home(counter)
    press(counter, page, f"row-{case_id}")
    counter.at(StepKind.DOCUMENT)


def test_the_same_agent_comes_back_to_the_very_page_after_a_lock(counter: Counter):
    sign_in(counter, "camille")
    home(counter)
    counter.open_case()
    counter.to_document()
    case_id = counter.state.case_id
    counter.router.idle.expired.emit()
    counter.on(counter.router.sign_in)
    counter.type(PIN)
    counter.key(Qt.Key.Key_Return)
    counter.at(StepKind.DOCUMENT)
    assert counter.state.case_id == case_id


# --- hand-over ------------------------------------------------------------------------------------


def test_a_case_is_handed_to_a_colleague_who_finds_it_at_home(counter: Counter, office: Office):
    office.session("sacha")
    counter.router.session.list_agents()
    settled(counter)
    sign_in(counter, "camille")
    home(counter)
    counter.open_case()
    counter.to_document()
    case_id = counter.state.case_id
    counter.key(Qt.Key.Key_F8)
    stop = counter.router.case.stop
    counter.on(stop)
    settled(counter)
    press(counter, stop, "choice-hand")
    assert not stop.primary.isEnabled()
    press(counter, stop, "choice-sacha")
    counter.key(Qt.Key.Key_Return)
    page = home(counter)
    assert page.findChild(QPushButton, f"row-{case_id}") is None
    counter.key(Qt.Key.Key_F9)
    sign_in(counter, "sacha")
    page = home(counter)
    assert "Confié par Camille R." in words_on(counter)
    press(counter, page, f"row-{case_id}")
    counter.at(StepKind.DOCUMENT)
    assert counter.state.agent_id == "sacha"
    assert office.journal_kinds().count("case_taken") == 1


def test_a_manager_takes_over_from_home_what_somebody_absent_left(counter: Counter, office: Office):
    sign_in(counter, "camille")
    home(counter)
    counter.open_case()
    counter.to_document()
    case_id = counter.state.case_id
    counter.key(Qt.Key.Key_F9)
    sign_in(counter, "dominique")
    page = home(counter)
    press(counter, page, f"row-{case_id}")
    counter.at(StepKind.DOCUMENT)
    assert counter.state.agent_id == "dominique"


def test_a_manager_ends_the_shift_of_somebody_who_left(counter: Counter, office: Office):
    sign_in(counter, "dominique")
    home(counter)
    counter.router.people.show_team(counter.router.session.session)
    team = counter.router.people.team
    settled(counter)
    press(counter, team, "row-camille")
    press(counter, team, "end-agent")
    counter.qtbot.waitUntil(lambda: "shift_close" in office.journal_kinds(), timeout=10_000)
    settled(counter)
    assert not team.findChild(QPushButton, "end-agent").isVisible()


# --- a device that nobody hears of ----------------------------------------------------------------


def test_a_dark_device_says_so_and_shows_no_case(counter: Counter, office: Office):
    sign_in(counter, "camille")
    home(counter)
    counter.open_case()
    counter.to_document()
    counter.key(Qt.Key.Key_F8)
    counter.on(counter.router.case.stop)
    press(counter, counter.router.case.stop, "choice-aside")
    counter.key(Qt.Key.Key_Return)
    page = home(counter)
    assert not page.alarm.isVisible()
    days = [0]
    office.proofing._lease = Lease(office.store, office.journal, office.clock, lambda: days[0])
    office.clock.advance(seconds=2 * 86_400)
    days[0] = 1
    counter.router.sections.refresh()
    counter.qtbot.waitUntil(page.alarm.isVisible, timeout=10_000)
    assert "sans contact" in page.alarm.text
    assert "ROUSSEL" not in words_on(counter).upper()
    counter.key(Qt.Key.Key_Q)
    counter.on(counter.router.fault)
    assert "DEVICE-001" in words_on(counter)


def test_a_lost_device_says_so_and_begins_nothing(counter: Counter, office: Office):
    sign_in(counter, "camille")
    page = home(counter)
    lost = [False]
    office.proofing._lease = Lease(
        office.store, office.journal, office.clock, lambda: 0, lambda: lost[0]
    )
    lost[0] = True
    counter.router.sections.refresh()
    counter.qtbot.waitUntil(page.alarm.isVisible, timeout=10_000)
    assert "déclaré perdu" in page.alarm.text
    counter.key(Qt.Key.Key_Q)
    counter.on(counter.router.fault)
    assert "DEVICE-020" in words_on(counter)


def test_a_copy_of_the_device_is_told_in_a_sentence(counter: Counter):
    sign_in(counter, "camille")
    page = home(counter)
    counter.router.delivery._delivery = Forked()
    counter.router.delivery.send()
    counter.qtbot.waitUntil(page.alarm.isVisible, timeout=10_000)
    assert "copié" in page.alarm.text


class Forked:
    """A delivery to a central side that knows another history of this device."""

    def run_once(self, *_watch: object, **_link: object) -> NothingSent:
        return NothingSent(reason="SYNC-004")

    def owed(self) -> Owed:
        return Owed()

    def is_metered(self) -> bool:
        return False

    def status(self) -> tuple[()]:
        return ()


# --- four eyes ------------------------------------------------------------------------------------


def strict(office: Office) -> None:
    """Every acceptance needs a second agent."""
    journey = replace(JOURNEY, second_agent_for=(Outcome.ACCEPTED,))
    office.proofing._catalogue = JourneyCatalogue(journey)


def to_decision(counter: Counter, person: Qt.Key = Qt.Key.Key_1) -> None:
    counter.to_document()
    counter.reader.sides = {Side.FRONT: None, Side.BACK: DOCUMENT}
    counter.qtbot.waitUntil(lambda: not counter.state.sides_expected, timeout=10_000)
    counter.key(Qt.Key.Key_Return)
    counter.at(StepKind.CHECKS)
    counter.key(Qt.Key.Key_Return)
    counter.at(StepKind.FEATURES)
    counter.answer_features()
    counter.key(person)
    counter.key(Qt.Key.Key_Return)
    counter.at(StepKind.DECISION)


def to_second(counter: Counter) -> SecondAgentPanel:
    to_decision(counter)
    counter.key(Qt.Key.Key_Return)
    counter.at(StepKind.SECOND_AGENT)
    return counter.router.case.second


def test_a_colleague_signs_on_the_page_and_the_session_goes_on(counter: Counter, office: Office):
    strict(office)
    sign_in(counter, "camille")
    home(counter)
    counter.open_case()
    panel = to_second(counter)
    assert panel.person.selected == "dominique"
    counter.type(PIN)
    counter.key(Qt.Key.Key_Return)
    assert "réponse" in panel.person.pad.error
    press(counter, panel, "choice-pass")
    counter.type("314159")
    counter.key(Qt.Key.Key_Return)
    counter.qtbot.waitUntil(lambda: "incorrect" in panel.person.pad.error, timeout=10_000)
    assert counter.state.step is StepKind.SECOND_AGENT
    counter.type(PIN)
    counter.key(Qt.Key.Key_Return)
    counter.at(StepKind.CONFIRM)
    assert counter.router.session.agent.agent_id == "camille"
    assert counter.state.second_agent.agent_id == "dominique"
    assert panel.person.pad.field.text() == ""
    counter.key(Qt.Key.Key_Return)
    counter.on(counter.router.case.receipt)
    assert office.journal_kinds().count("second_signed") == 1


def test_a_colleague_who_does_not_agree_sends_the_decision_back(counter: Counter, office: Office):
    strict(office)
    sign_in(counter, "camille")
    home(counter)
    counter.open_case()
    panel = to_second(counter)
    press(counter, panel, "choice-fail")
    counter.type(PIN)
    counter.key(Qt.Key.Key_Return)
    counter.at(StepKind.DECISION)
    assert counter.state.decision is None


def test_a_colleague_is_asked_about_the_person_by_one_key(counter: Counter):
    sign_in(counter, "camille")
    home(counter)
    counter.open_case()
    to_decision(counter, person=Qt.Key.Key_3)
    assert counter.router.case.decision.ask.isVisible()
    counter.key(Qt.Key(getattr(Qt.Key, f"Key_{ASK_KEY}")))
    counter.at(StepKind.SECOND_AGENT)
    press(counter, counter.router.case.second, "choice-pass")
    counter.type(PIN)
    counter.key(Qt.Key.Key_Return)
    counter.at(StepKind.DECISION)
    assert counter.state.second_opinion is not None
