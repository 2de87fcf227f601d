"""Put aside by one key at any step, serve somebody else, come back to the same place."""

import threading
from datetime import timedelta

import pytest
from PySide6.QtCore import Qt

from kiosk.domain.decision import Outcome
from kiosk.domain.evidence import Side
from kiosk.journeys.model import StepKind
from tests.fakes.cases import DOCUMENT
from tests.fakes.office import office_on_disk
from tests.ui.counter import Counter

STEPS = (
    StepKind.REQUEST,
    StepKind.NOTICE,
    StepKind.DOCUMENT,
    StepKind.CHECKS,
    StepKind.FEATURES,
    StepKind.PERSON,
    StepKind.DECISION,
    StepKind.CONFIRM,
)


@pytest.fixture
def office(tmp_path):
    office = office_on_disk(tmp_path)
    office.session()
    yield office
    office.store.close()


@pytest.fixture
def counter(qtbot, look, office, tmp_path):
    counter = Counter(qtbot, look, office, tmp_path / "slips")
    yield counter
    counter.close()


def walk_to(counter: Counter, step: StepKind, request_id: str = "req-1") -> None:
    """From home to a step, as an agent goes."""
    counter.reader.code = ""
    counter.open_case()
    if step is StepKind.REQUEST:
        return
    counter.reader.code = counter.office.code(request_id)
    counter.at(StepKind.NOTICE)
    if step is StepKind.NOTICE:
        return
    counter.key(Qt.Key.Key_Return)
    counter.at(StepKind.DOCUMENT)
    if step is StepKind.DOCUMENT:
        return
    counter.reader.sides = {Side.FRONT: None, Side.BACK: DOCUMENT}
    counter.qtbot.waitUntil(lambda: not counter.state.sides_expected, timeout=10_000)
    for here in STEPS[3:]:
        if here is not StepKind.PERSON:
            counter.key(Qt.Key.Key_Return)
        counter.at(here)
        if here is step:
            return
        if here is StepKind.FEATURES:
            counter.answer_features()
        if here is StepKind.PERSON:
            counter.key(Qt.Key.Key_1)


def aside(counter: Counter) -> None:
    counter.key(Qt.Key.Key_F3)
    counter.on(counter.router.sections.home)
    counter.qtbot.waitUntil(lambda: counter.router.desk.idle, timeout=10_000)


def resume(counter: Counter, case_id: str, step: StepKind) -> None:
    home = counter.router.sections.home
    rows = {row.objectName(): row for row in home._drafts.rows}
    counter.qtbot.mouseClick(rows[f"row-{case_id}"], Qt.MouseButton.LeftButton)
    counter.at(step)


@pytest.mark.parametrize("step", STEPS)
def test_one_key_puts_a_case_aside_and_it_comes_back_as_it_was(counter, step):
    counter.sign_in()
    walk_to(counter, step)
    before = counter.state
    aside(counter)
    assert counter.router.journey.view is None
    resume(counter, before.case_id, step)
    assert counter.state == before


def test_the_next_customer_is_served_meanwhile(counter, office):
    counter.sign_in()
    walk_to(counter, StepKind.CHECKS)
    first = counter.state
    aside(counter)
    counter.reader.sides = {}
    walk_to(counter, StepKind.CONFIRM, "req-2")
    counter.key(Qt.Key.Key_Return)
    counter.on(counter.router.case.receipt)
    assert counter.state.decision.outcome is Outcome.ACCEPTED
    counter.key(Qt.Key.Key_Return)
    counter.on(counter.router.sections.home)
    counter.qtbot.waitUntil(lambda: counter.router.desk.idle, timeout=10_000)
    resume(counter, first.case_id, StepKind.CHECKS)
    assert counter.state == first


def test_what_is_lost_is_said(counter):
    counter.sign_in()
    walk_to(counter, StepKind.CHECKS)
    case_id = counter.state.case_id
    tr = counter.look.language.tr
    said = []
    counter.shell.toast = lambda text, *_: said.append(text)
    aside(counter)
    assert said == [tr("aside.pictures")]
    resume(counter, case_id, StepKind.CHECKS)
    assert said[-1] == tr("aside.lost")


def test_home_tells_who_where_and_since_when(counter, office):
    counter.sign_in()
    walk_to(counter, StepKind.NOTICE)
    office.clock.advance(seconds=300)
    aside(counter)
    (row,) = counter.router.sections.home._drafts.rows
    assert "Roussel" in row.accessibleName()
    assert "5 minutes" in row.accessibleName()
    office.clock.advance(seconds=10.5 * 3600)
    counter.router.sections.refresh()
    counter.qtbot.waitUntil(
        lambda: "Expire à" in counter.router.sections.home._drafts.rows[0].accessibleName(),
        timeout=10_000,
    )


def test_a_request_that_is_open_already_comes_back_from_home(counter, office):
    counter.sign_in()
    walk_to(counter, StepKind.DOCUMENT)
    before = counter.state
    aside(counter)
    counter.scan(office.code("req-1"))
    counter.at(StepKind.DOCUMENT)
    assert counter.state == before
    assert len(office.proofing.drafts(counter.router.session.session)) == 1


def test_a_request_that_is_open_already_comes_back_from_a_fresh_case(counter, office):
    counter.sign_in()
    walk_to(counter, StepKind.DOCUMENT)
    before = counter.state
    aside(counter)
    counter.reader.code = ""
    counter.open_case()
    fresh = counter.state.case_id
    counter.reader.code = office.code("req-1")
    counter.at(StepKind.DOCUMENT)
    assert counter.state == before
    assert office.sealing.sealed_as(fresh) is Outcome.ABANDONED, "no case without a record"
    drafts = office.proofing.drafts(counter.router.session.session)
    assert [draft.case_id for draft in drafts] == [before.case_id]


def test_another_request_opens_another_case(counter, office):
    counter.sign_in()
    walk_to(counter, StepKind.DOCUMENT)
    first = counter.state.case_id
    aside(counter)
    walk_to(counter, StepKind.NOTICE, "req-2")
    assert counter.state.case_id != first


def test_the_key_does_nothing_where_no_case_is_open(counter):
    counter.sign_in()
    counter.key(Qt.Key.Key_F3)
    assert counter.shell.page is counter.router.sections.home


def test_the_key_waits_for_an_answer_that_is_on_its_way(counter):
    counter.sign_in()
    walk_to(counter, StepKind.NOTICE)
    case_id = counter.state.case_id
    counter.qtbot.keyClick(counter.focused, Qt.Key.Key_Return)
    counter.qtbot.keyClick(counter.focused, Qt.Key.Key_F3)
    counter.on(counter.router.sections.home)
    counter.qtbot.waitUntil(lambda: counter.router.desk.idle, timeout=10_000)
    (draft,) = counter.office.proofing.drafts(counter.router.session.session)
    assert (draft.case_id, draft.step) == (case_id, StepKind.DOCUMENT)


def test_the_key_during_a_seal_leaves_the_next_customer_alone(counter):
    counter.sign_in()
    walk_to(counter, StepKind.CONFIRM)
    receipt = counter.router.case.receipt
    gate = threading.Event()
    counter.router.desk.submit(lambda: gate.wait(60))
    counter.qtbot.keyClick(counter.focused, Qt.Key.Key_Return)
    assert counter.router.journey.busy
    counter.qtbot.keyClick(counter.focused, Qt.Key.Key_F3)
    gate.set()
    counter.on(receipt)
    counter.key(Qt.Key.Key_Return)
    counter.on(counter.router.sections.home)
    walk_to(counter, StepKind.NOTICE, "req-2")
    counter.key(Qt.Key.Key_Return)
    counter.at(StepKind.DOCUMENT)


def test_a_draft_knows_when_it_was_opened(counter, office):
    counter.sign_in()
    walk_to(counter, StepKind.NOTICE)
    opened_at = counter.state.opened_at
    office.clock.advance(seconds=60)
    aside(counter)
    (draft,) = office.proofing.drafts(counter.router.session.session)
    assert draft.opened_at == opened_at
    assert draft.updated_at - draft.opened_at <= timedelta(seconds=60)
