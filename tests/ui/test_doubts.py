"""A doubt that was not ticked: told while it can be ticked, named where it bars acceptance."""

from dataclasses import replace

import pytest
from PySide6.QtCore import Qt

from kiosk.domain.evidence import Check, Verdict
from kiosk.journeys.automatic import Script, play
from kiosk.journeys.blocks import Terms
from kiosk.journeys.model import ChecksReviewed, DecisionTaken, StepKind, SteppedBack
from kiosk.journeys.procedure import Form
from kiosk.journeys.procedures import procedures
from kiosk.journeys.reasons import reasons_of
from tests.fakes.cases import CARD_SIDES, SIDES, PaperCase
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


def test_each_doubt_is_ticked_by_its_digit(checks, qtbot):
    panel = checks(NAME, SEAL)
    panel.activateWindow()
    qtbot.waitUntil(panel.isActiveWindow)
    keys = [row.tick_button.key for row in panel.rows.values() if row.tick_button]
    assert keys == ["1", "2"]
    qtbot.keyClick(panel, Qt.Key.Key_2)
    assert panel.ticked == (SEAL.code,)


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


def test_from_the_decision_one_key_leads_to_the_tick_that_is_missing(look, qtbot):
    state = replace(case_at(StepKind.DECISION).state, checks=(SEAL, NAME), ticked=())
    panel = panel_at(look, StepKind.DECISION, state)
    qtbot.addWidget(panel)
    told = []
    panel.happened.connect(told.append)
    qtbot.addWidget(panel.bar)
    panel.bar.show()
    panel.bar.activateWindow()
    qtbot.waitUntil(panel.bar.isActiveWindow)
    qtbot.keyClick(panel.bar, Qt.Key.Key_F5)
    assert told == [SteppedBack(StepKind.CHECKS)]


def test_no_way_to_a_tick_is_offered_where_none_would_help(look, qtbot):
    for checks, ticked in (((SEAL,), (SEAL.code,)), ((SEAL, EXPIRED), ())):
        state = replace(case_at(StepKind.DECISION).state, checks=checks, ticked=ticked)
        panel = panel_at(look, StepKind.DECISION, state)
        qtbot.addWidget(panel)
        assert panel.to_checks.isHidden()


@pytest.mark.parametrize("form", Form)
def test_every_case_can_be_decided_at_every_step_for_every_reason_of_its_procedure(
    look, qtbot, form
):
    panel = DecisionPanel(look, panel_at(look, StepKind.DECISION).catalogue)
    qtbot.addWidget(panel)
    script = Script(codes=("valid",), sides=CARD_SIDES)
    for journey in procedures(Terms(SIDES, form=form)):
        for step in journey.steps:
            if all(way.on is not DecisionTaken for way in step.ways):
                continue
            case = PaperCase(journey)
            play(case, script, until=step.kind)
            panel.forget()
            panel.show_case(CaseView(case.state, journey))
            stopped = panel._why_not.text() == look.language.tr("journey.decision.stopped")
            assert stopped == (step.kind is not StepKind.DECISION)
            assert not panel._obstacles.text()
            offered = {reason for reason in reasons_of(journey) if has(panel, reason.value)}
            brought_up = set(reasons_of(journey)) - offered
            assert {reason.value for reason in brought_up} <= {"name-differs"}


def has(panel: DecisionPanel, value: str) -> bool:
    try:
        panel.reasons.button(value)
    except KeyError:
        return False
    return True
