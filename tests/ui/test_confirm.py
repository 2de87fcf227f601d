"""The last page before the seal: no value is shown as good that a check calls wrong."""

from dataclasses import replace

import pytest

from kiosk.domain.evidence import Check, PrintedValue, Verdict
from kiosk.journeys.model import StepKind
from tests.ui.case_pages import case_at, panel_at
from ui.i18n import NBSP
from ui.widgets.field import Field, FieldState
from ui.widgets.look import Look


def fields(look: Look, qtbot, state) -> dict[str, tuple[str, FieldState]]:
    panel = panel_at(look, StepKind.CONFIRM, state)
    qtbot.addWidget(panel)
    shown = panel.findChildren(Field)
    return {f.objectName().removeprefix("field-"): (f.value, f.state) for f in shown}


@pytest.mark.parametrize(
    ("code", "row"),
    [
        ("request.surname", "name"),
        ("request.given_names", "name"),
        ("request.birth_date", "birth"),
        ("request.number", "number"),
        ("document.announced_kind", "kind"),
        ("validity.expiry", "expiry"),
    ],
)
def test_a_value_that_differs_is_not_shown_as_good(look, qtbot, code, row):
    state = case_at(StepKind.CONFIRM).state
    others = tuple(check for check in state.checks if check.code != code)

    def shown(verdict: Verdict, ticked: tuple[str, ...] = ()) -> FieldState:
        checks = (*others, Check(code, verdict))
        found = fields(look, qtbot, replace(state, checks=checks, ticked=ticked))
        return found[row][1]

    assert shown(Verdict.PASS) is FieldState.OK
    assert shown(Verdict.FAIL) is FieldState.ERROR
    assert shown(Verdict.UNSURE) is FieldState.WARN
    assert shown(Verdict.UNSURE, (code,)) is FieldState.OK


def test_names_are_spelled_as_printed(look, qtbot):
    state = case_at(StepKind.CONFIRM).state
    surname = state.document.surname
    printed = (PrintedValue("surname", surname.title(), sure=True),)
    sides = (replace(state.sides[0], printed=printed), *state.sides[1:])
    name = fields(look, qtbot, replace(state, sides=sides))["name"][0]
    assert name.startswith(surname.title() + " ")


def test_figures_stay_beside_their_words(look, qtbot):
    value = fields(look, qtbot, case_at(StepKind.CONFIRM).state)["checks"][0]
    assert value.count(f":{NBSP}") == 3
