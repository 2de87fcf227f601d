"""What the agent presses in the moment in which a customer's language is stored is not lost."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QPushButton, QWidget

from kiosk.domain.agent import Role
from kiosk.domain.decision import Outcome
from kiosk.domain.evidence import Side
from kiosk.journeys.catalogue import JourneyCatalogue
from kiosk.journeys.model import LanguageChosen, StepKind
from kiosk.services.proofing import Case
from tests.fakes.cases import DOCUMENT, JOURNEY
from tests.fakes.office import PIN, Office, office_on_disk
from tests.ui.counter import Counter
from ui.workers.desk import Failure


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    """An office of two, in which every acceptance needs a second agent."""
    office = office_on_disk(tmp_path)
    office.session()
    office.session("dominique", Role.MANAGER)
    journey = replace(JOURNEY, second_agent_for=(Outcome.ACCEPTED,))
    office.proofing._catalogue = JourneyCatalogue(journey)
    yield office
    office.store.close()


@pytest.fixture
def signed_in(counter: Counter) -> Counter:
    """A counter with a case that was just opened."""
    screen = counter.router.sign_in
    counter.on(screen)
    counter.qtbot.waitUntil(lambda: screen.findChild(QPushButton, "choice-camille") is not None)
    press(counter, screen, "choice-camille")
    counter.type(PIN)
    counter.key(Qt.Key.Key_Return)
    counter.on(counter.router.sections.home)
    counter.open_case()
    return counter


def keep_language(counter: Counter) -> None:
    """The customer turns to English; the case is still being stored when this returns."""
    counter.qtbot.waitUntil(lambda: counter.router.desk.idle, timeout=10_000)
    counter.router.customer.language.choose("en")
    assert counter.router.journey.busy


def press(counter: Counter, page: QWidget, name: str) -> None:
    counter.qtbot.mouseClick(page.findChild(QPushButton, name), Qt.MouseButton.LeftButton)


def to_decision(counter: Counter) -> None:
    counter.to_document()
    counter.reader.sides = {Side.FRONT: None, Side.BACK: DOCUMENT}
    counter.qtbot.waitUntil(lambda: not counter.state.sides_expected, timeout=10_000)
    for step in (StepKind.CHECKS, StepKind.FEATURES):
        counter.key(Qt.Key.Key_Return)
        counter.at(step)
    counter.answer_features()
    counter.key(Qt.Key.Key_1)
    counter.key(Qt.Key.Key_Return)
    counter.at(StepKind.DECISION)


def test_a_code_that_is_presented(signed_in: Counter, office: Office):
    keep_language(signed_in)
    signed_in.router.capture.code_seen.emit(office.code())
    signed_in.at(StepKind.NOTICE)
    assert signed_in.state.language == "en"


def test_the_word_of_a_second_agent(signed_in: Counter):
    to_decision(signed_in)
    signed_in.key(Qt.Key.Key_Return)
    signed_in.at(StepKind.SECOND_AGENT)
    press(signed_in, signed_in.router.case.second, "choice-pass")
    signed_in.type(PIN)
    keep_language(signed_in)
    signed_in.qtbot.keyClick(signed_in.focused, Qt.Key.Key_Return)
    signed_in.at(StepKind.CONFIRM)
    assert signed_in.state.second_agent.agent_id == "dominique"
    assert signed_in.state.language == "en"


def test_an_interruption_and_a_case_that_is_handed_over(signed_in: Counter, office: Office):
    signed_in.to_document()
    keep_language(signed_in)
    signed_in.qtbot.keyClick(signed_in.focused, Qt.Key.Key_F8)
    stop = signed_in.router.case.stop
    signed_in.on(stop)
    signed_in.qtbot.waitUntil(lambda: stop.findChild(QPushButton, "choice-hand") is not None)
    press(signed_in, stop, "choice-hand")
    press(signed_in, stop, "choice-dominique")
    signed_in.qtbot.waitUntil(lambda: signed_in.router.desk.idle, timeout=10_000)
    signed_in.router.customer.language.choose("fr")
    assert signed_in.router.journey.busy
    signed_in.qtbot.keyClick(signed_in.focused, Qt.Key.Key_Return)
    signed_in.on(signed_in.router.sections.home)
    assert office.journal_kinds().count("case_handed") == 1


def test_a_case_that_is_put_aside_on_its_page(signed_in: Counter):
    signed_in.to_document()
    signed_in.key(Qt.Key.Key_F8)
    stop = signed_in.router.case.stop
    signed_in.on(stop)
    press(signed_in, stop, "choice-aside")
    keep_language(signed_in)
    signed_in.qtbot.keyClick(signed_in.focused, Qt.Key.Key_Return)
    signed_in.on(signed_in.router.sections.home)
    assert signed_in.router.journey.view is None


def test_nothing_waits_any_more_where_the_language_could_not_be_kept(
    signed_in: Counter, monkeypatch: pytest.MonkeyPatch
):
    """A vault that fails stops the order that waited for it too: it is asked for again."""
    signed_in.to_document()
    dispatch, failed = Case.dispatch, []

    def full(case: Case, event: object) -> object:
        if isinstance(event, LanguageChosen):
            raise OSError
        return dispatch(case, event)

    monkeypatch.setattr(Case, "dispatch", full)
    signed_in.router.case.failed.connect(failed.append)
    keep_language(signed_in)
    signed_in.qtbot.keyClick(signed_in.focused, Qt.Key.Key_F8)
    signed_in.qtbot.waitUntil(lambda: bool(failed), timeout=10_000)
    assert isinstance(failed[0], Failure)
    orders = signed_in.router.case.orders
    assert not orders.quiet
    orders.send_held()
    assert signed_in.shell.page is not signed_in.router.case.stop
