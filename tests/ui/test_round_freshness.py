"""A round is asked for again every quarter of an hour, however seldom records leave."""

from __future__ import annotations

from datetime import timedelta
from types import SimpleNamespace

import pytest

from kiosk.domain.errors import UnreachableError
from kiosk.services.rounds import RoundLoad
from tests.fakes.clock import FakeClock
from ui.viewmodels.round import EVERY_MS, FRESH, RoundModel
from ui.workers.desk import Desk


class CountedRounds:
    """Rounds without a visit, that count how often they were asked for."""

    def __init__(self) -> None:
        self.loads = 0
        self.away = False

    def today(self, _session: object) -> tuple[()]:
        return ()

    def load(self, _session: object) -> RoundLoad:
        self.loads += 1
        if self.away:
            raise UnreachableError("tried")
        return RoundLoad(0, changed=False)


@pytest.fixture
def desk(qtbot):
    desk = Desk("test")
    yield desk
    desk.close()


@pytest.mark.parametrize(("away", "loads"), [(False, 4), (True, 4)])
def test_a_round_is_asked_for_every_quarter_of_an_hour(qtbot, desk, away, loads):
    rounds, clock = CountedRounds(), FakeClock()
    rounds.away = away
    model = RoundModel(rounds, desk, desk, clock)
    model.begin(SimpleNamespace(shift_key=b"k"))
    qtbot.waitUntil(lambda: desk.idle and not model.facts.loading)
    rounds.loads = 0
    for _ in range(round(timedelta(minutes=66) / timedelta(milliseconds=EVERY_MS))):
        clock.advance(seconds=EVERY_MS / 1000)
        model._tick()
        qtbot.waitUntil(lambda: desk.idle and not model.facts.loading)
    assert timedelta(minutes=15) == FRESH
    assert rounds.loads == loads
    model.forget()
