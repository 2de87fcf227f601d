"""One outcome looks the same wherever it is shown; only the customer's own screen is softer."""

from datetime import UTC, datetime

import pytest

from kiosk.domain.decision import Outcome
from kiosk.services.rounds import PlannedVisit, VisitState
from kiosk.services.visit_ends import VisitEnd
from tests.sync.test_rounds import VISIT
from ui.screens.round import RoundPageFacts, RoundScreen
from ui.theme import Tone
from ui.widgets.outcome import OUTCOME_LOOKS, customer_look

ENDS = [outcome for outcome in Outcome if outcome is not Outcome.ADVISED]
"""Of a visit: nobody is advised at a door."""


@pytest.mark.parametrize("outcome", ENDS)
def test_an_ended_visit_bears_the_sign_of_its_outcome(qtbot, look, outcome):
    screen = RoundScreen(look)
    qtbot.addWidget(screen)
    end = VisitEnd(outcome, (), 7)
    visit = PlannedVisit(VISIT, VisitState.ENDED, end=end)
    screen.show_facts(RoundPageFacts((visit,), datetime(2026, 11, 26, 9, tzinfo=UTC)))
    (row,) = screen.rows._items
    assert (row.icon, row.tone) == OUTCOME_LOOKS[outcome]


def test_the_customer_sees_the_same_signs_and_two_softer_tones():
    softer = {}
    for outcome, (icon, tone) in OUTCOME_LOOKS.items():
        assert customer_look(outcome)[0] == icon
        if customer_look(outcome)[1] is not tone:
            softer[outcome] = customer_look(outcome)[1]
    assert softer == {Outcome.REFUSED: Tone.WARN, Outcome.SUSPENDED: Tone.INFO}


def test_every_outcome_has_a_look():
    assert set(OUTCOME_LOOKS) == set(Outcome)
