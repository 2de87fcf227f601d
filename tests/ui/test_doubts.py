"""A doubt that was not ticked: told while it can be ticked, named where it bars acceptance."""

from dataclasses import replace

import pytest

from kiosk.domain.evidence import Check, Verdict
from kiosk.journeys.model import ChecksReviewed, StepKind
from tests.ui.case_pages import case_at, panel_at
from ui.steps.checks import ChecksPanel
from ui.steps.decision import DecisionPanel
from ui.viewmodels.journey import CaseView

SEAL = Check("seal.signature", Verdict.UNSURE, "list-too-old")
NAME = Check("request.surname", Verdict.UNSURE, "prefix")
EXPIRED = Check("validity.expiry", Verdict.FAIL, "expired")


@pytest.fixture
def checks(look, qtbot):
    """Opens the page of the checks with these; its events go to ``panel.told``."""

    def open_page(*found: Check) -> ChecksPanel:
        case = case_at(StepKind.CHECKS)
        panel = ChecksPanel(look, panel_at(look, StepKind.CHECKS).catalogue)
        qtbot.addWidget(panel)
        panel.told = []
        panel.happened.connect(panel.told.append)
        panel.show()
        panel.show_case(CaseView(replace(case.state, checks=found), case.journey))
        return panel

    return open_page


def test_the_first_enter_leads_to_the_open_tick_and_the_second_one_on(checks):
    panel = checks(SEAL)
    panel.go_on()
    assert panel.told == []
    assert panel.focusWidget() is panel.rows[SEAL.code].tick_button
    assert panel.banner.text == panel.look.language.tr("journey.checks.open_tick")
    panel.go_on()
    assert panel.told == [ChecksReviewed(())]


def test_each_open_tick_is_told_after_another_one_was_set(checks):
    panel = checks(SEAL, NAME)
    panel.go_on()
    first, second = (panel.rows[check.code] for check in (SEAL, NAME))
    first.tick_button.click()
    panel.go_on()
    assert panel.told == []
    assert panel.focusWidget() is second.tick_button
    second.tick_button.click()
    panel.go_on()
    assert panel.told == [ChecksReviewed((SEAL.code, NAME.code))]


def test_where_a_check_failed_no_tick_is_asked_for(checks):
    panel = checks(SEAL, EXPIRED)
    panel.go_on()
    assert panel.told == [ChecksReviewed(())]


def test_the_decision_names_what_failed_and_what_was_not_ticked(look, qtbot):
    state = replace(
        case_at(StepKind.DECISION).state, checks=(SEAL, NAME, EXPIRED), ticked=(NAME.code,)
    )
    panel = panel_at(look, StepKind.DECISION, state)
    qtbot.addWidget(panel)
    assert isinstance(panel, DecisionPanel)
    told = panel._obstacles.text().splitlines()
    tr = look.language.tr
    failed, unticked = told[:2]
    assert tr("checks.validity.expiry.label") in failed
    assert tr("checks.seal.signature.label") in unticked
    assert tr("checks.request.surname.label") not in panel._obstacles.text()
