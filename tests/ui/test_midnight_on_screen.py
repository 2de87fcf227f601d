"""The day changes while a case is open: the agent sees why it is back at the checks."""

from datetime import date

import pytest
from PySide6.QtCore import Qt

from kiosk.domain.evidence import Check, Verdict
from kiosk.journeys.model import RulesUsed, StepKind
from tests.fakes.cases import PASSED
from tests.fakes.office import office_on_disk
from tests.ui.counter import Counter


@pytest.fixture
def office(tmp_path):
    office = office_on_disk(tmp_path)
    office.examination.rules = RulesUsed(date(2026, 12, 31))
    office.session()
    yield office
    office.store.close()


@pytest.fixture
def counter(qtbot, look, office, tmp_path):
    counter = Counter(qtbot, look, office, tmp_path / "slips")
    yield counter
    counter.close()


def test_a_check_that_says_otherwise_after_midnight_is_shown_with_its_reason(counter, office):
    counter.sign_in()
    counter.open_case()
    counter.to_confirm()
    counter.key(Qt.Key.Key_Escape)
    counter.at(StepKind.DECISION)
    office.examination.rules = RulesUsed(date(2027, 1, 1))
    office.examination.verdicts = (*PASSED, Check("validity.expiry", Verdict.FAIL, "expired"))
    counter.key(Qt.Key.Key_Return)
    counter.at(StepKind.CHECKS)
    banner = counter.router.case.panels[StepKind.CHECKS].banner
    assert banner.isVisible()
    assert counter.state.decision is None


def test_a_midnight_that_changes_nothing_is_not_noticed(counter, office):
    counter.sign_in()
    counter.open_case()
    counter.to_confirm()
    counter.key(Qt.Key.Key_Escape)
    counter.at(StepKind.DECISION)
    office.examination.rules = RulesUsed(date(2027, 1, 1))
    counter.key(Qt.Key.Key_Return)
    counter.at(StepKind.CONFIRM)
    assert counter.state.rules.day == date(2027, 1, 1)
