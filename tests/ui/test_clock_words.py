"""What the page of the device says of a clock that is wrong: how far it is off, and the year."""

from dataclasses import replace
from datetime import timedelta

import pytest

from tests.ui.device_pages import CALM, Here
from ui.router.device_words import StateWords


def clock(look, **state):
    looked = replace(CALM, state=replace(CALM.state, **state))
    return next(
        row for row in StateWords(look.language, Here(), looked).rows() if row.name == "clock"
    )


@pytest.mark.parametrize(
    ("drift", "told"),
    [
        (timedelta(minutes=-47), "En retard de 47\u00a0min"),
        (timedelta(minutes=119), "En avance de 119\u00a0min"),
        (timedelta(hours=-1, minutes=-60), "En retard de 2\u00a0h"),
        (timedelta(days=1), "En avance de 24\u00a0h"),
        (timedelta(days=365), "En avance de 365\u00a0jours"),
        (timedelta(days=-3652), "En retard de 3\u00a0652\u00a0jours"),
    ],
)
def test_how_far_a_clock_is_off_is_told_in_a_unit_that_one_can_grasp(look, drift, told):
    assert clock(look, drift=drift).detail.startswith(f"{told} sur le service central.")


def test_a_clock_that_cannot_be_right_is_told_with_its_year(look):
    detail = clock(look, clock_plausible=False).detail
    assert detail.startswith("Lundi 23 novembre 2026, ")
