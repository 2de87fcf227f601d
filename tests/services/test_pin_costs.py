"""What a PIN try costs on a device: measured, kept, raised, never lowered."""

import time
from collections.abc import Callable, Iterator
from itertools import cycle

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.crypto.passwords import Argon2Cost
from kiosk.domain.agent import Agent, Role
from kiosk.domain.errors import DiskFullError, WrongPinError
from kiosk.domain.ids import AgentId
from kiosk.ports import UnitOfWork
from kiosk.services import pin_costs
from kiosk.services.agents import Agents, cost_of, cost_text
from kiosk.services.pin_costs import (
    CEILING,
    FASTEST_MS,
    FLOOR,
    PIN_COST,
    SLOWEST_MS,
    STANDARD,
    MeasuredCost,
    PinCosts,
    calibrated,
    is_as_dear,
    raised,
)
from kiosk.services.sign_in import SignIn
from tests.fakes.desk import CHEAP, PIN, Desk

AGENT = AgentId("a-17")


def machine(ms_of_standard: float, fixed_ms: float = 0.0) -> Callable[[Argon2Cost], float]:
    """A machine on which the usual cost takes so long; time goes with memory and passes."""
    work = STANDARD.memory_kib * STANDARD.iterations

    def measure(cost: Argon2Cost) -> float:
        share = cost.memory_kib * cost.iterations / work
        return fixed_ms + (ms_of_standard - fixed_ms) * share

    return measure


@pytest.mark.parametrize(
    ("ms", "cost"),
    [
        (1, CEILING),
        (30, CEILING),
        (120, Argon2Cost(iterations=10)),
        (213, Argon2Cost(iterations=5)),
        (400, STANDARD),
        (750, STANDARD),
        (900, Argon2Cost(memory_kib=48 * 1024)),
        (1300, Argon2Cost(memory_kib=32 * 1024)),
        (2000, Argon2Cost(memory_kib=19 * 1024)),
        (9000, FLOOR),
    ],
)
def test_a_machine_gets_what_it_can_bear(ms: float, cost: Argon2Cost) -> None:
    assert calibrated(machine(ms))[0] == cost


@given(
    st.floats(0.1, 50_000, allow_nan=False),
    st.floats(0, 1, allow_nan=False),
)
def test_a_cost_is_bounded_and_takes_as_long_as_it_should(ms: float, share: float) -> None:
    measure = machine(ms, ms * share)
    cost, took = calibrated(measure)
    assert took == measure(cost)
    assert is_as_dear(cost, FLOOR)
    assert is_as_dear(CEILING, cost)
    assert took <= SLOWEST_MS or cost == FLOOR
    assert took >= FASTEST_MS or cost == CEILING or share > 0.05 or ms > SLOWEST_MS


def test_a_busy_moment_makes_no_pin_cheaper() -> None:
    quiet = machine(213)
    busy: Iterator[float] = cycle((1.0, 9.0, 1.0))
    assert calibrated(lambda cost: quiet(cost) * next(busy)) == calibrated(quiet)


def test_the_time_of_this_thread_is_measured_and_not_that_of_others() -> None:
    began = time.thread_time()
    took = pin_costs.cpu_ms(CHEAP)
    assert 0 <= took <= (time.thread_time() - began) * 1000


@pytest.mark.parametrize(
    ("held", "wanted", "given_"),
    [
        (STANDARD, Argon2Cost(iterations=5), Argon2Cost(iterations=5)),
        (Argon2Cost(iterations=5), STANDARD, Argon2Cost(iterations=5)),
        (STANDARD, FLOOR, STANDARD),
        # Less memory and more passes: nobody can say that it is dearer.
        (STANDARD, Argon2Cost(19 * 1024, 30), STANDARD),
        (Argon2Cost(19 * 1024, 30), STANDARD, Argon2Cost(19 * 1024, 30)),
    ],
)
def test_a_cost_only_rises(held: Argon2Cost, wanted: Argon2Cost, given_: Argon2Cost) -> None:
    assert raised(held, wanted) == given_


# --- on a device ----------------------------------------------------------------------------------


class Measuring:
    """Counts what is measured."""

    def __init__(self, ms: float = 213) -> None:
        self.runs = 0
        self._measure = machine(ms)

    def __call__(self, cost: Argon2Cost) -> float:
        self.runs += 1
        return self._measure(cost)


def kdf(desk: Desk, agent: AgentId = AGENT) -> str:
    with desk.store.begin() as uow:
        row = uow.agents.get(agent)
    assert row is not None
    return row.kdf


def keep(desk: Desk, cost: Argon2Cost) -> None:
    kept = MeasuredCost(cost.memory_kib, cost.iterations, cost.lanes, 400, desk.clock.now())
    with desk.store.begin() as uow:
        uow.values.put(PIN_COST, msgspec.json.encode(kept))
        uow.commit()


def sign_in_of(desk: Desk) -> SignIn:
    return SignIn(desk.store, desk.keys, desk.clock, PinCosts(desk.store, desk.clock), desk.journal)


def test_the_first_agent_waits_for_the_measuring_and_nobody_after(desk: Desk) -> None:
    measure = Measuring()
    costs = PinCosts(desk.store, desk.clock, measure)
    assert (costs.measured(), costs.current()) == (None, STANDARD)
    agents = Agents(desk.store, desk.keys, desk.journal, costs)
    row, _ = agents.made(Agent(AGENT, "A", Role.AGENT), PIN)
    assert cost_of(row.kdf) == Argon2Cost(iterations=5)
    runs = measure.runs
    assert runs > 0
    again = PinCosts(desk.store, desk.clock, measure)
    Agents(desk.store, desk.keys, desk.journal, again).made(Agent(AGENT, "A", Role.AGENT), PIN)
    assert measure.runs == runs
    kept = again.measured()
    assert kept is not None
    assert (kept.cost, kept.ms, kept.at) == (Argon2Cost(iterations=5), 355, desk.clock.now())


def test_a_device_with_agents_measures_after_a_delivery_and_only_then(desk: Desk) -> None:
    measure = Measuring()
    costs = PinCosts(desk.store, desk.clock, measure)
    costs.try_settle()
    assert measure.runs == 0, "nobody is here yet"
    desk.add_agent()
    sign_in = SignIn(desk.store, desk.keys, desk.clock, costs, desk.journal)
    sign_in.sign_in(AGENT, PIN)
    assert measure.runs == 0, "nobody waits at sign-in"
    costs.try_settle()
    costs.try_settle()
    assert measure.runs == 6
    assert costs.current() == Argon2Cost(iterations=5)


def test_what_cannot_be_kept_is_measured_another_time(desk: Desk, monkeypatch) -> None:
    desk.add_agent()
    costs = PinCosts(desk.store, desk.clock, Measuring())
    whole = desk.store.begin

    def full() -> UnitOfWork:
        raise DiskFullError("vault")

    monkeypatch.setattr(desk.store, "begin", full)
    costs.try_settle()
    monkeypatch.setattr(desk.store, "begin", whole)
    assert costs.measured() is None
    costs.try_settle()
    assert costs.measured() is not None


def test_agents_move_up_at_their_next_right_pin_and_never_down(desk: Desk) -> None:
    session = desk.session()
    keep(desk, FLOOR)
    sign_in = sign_in_of(desk)
    with pytest.raises(WrongPinError):
        sign_in.sign_in(AGENT, "314159")
    assert kdf(desk) == cost_text(CHEAP), "a wrong PIN moves nothing"
    assert sign_in.sign_in(AGENT, PIN) == session
    assert kdf(desk) == cost_text(FLOOR)
    dearer = Argon2Cost(19 * 1024, 3)
    keep(desk, dearer)
    assert sign_in.vouch(AGENT, PIN).signing_key == session.signing_key
    assert kdf(desk) == cost_text(dearer)
    keep(desk, FLOOR)
    assert sign_in.sign_in(AGENT, PIN) == session
    sign_in.change_pin(session, PIN, "846201")
    assert kdf(desk) == cost_text(dearer)
    assert sign_in.sign_in(AGENT, "846201") == session


@pytest.mark.parametrize(
    "value",
    [
        b"",
        b"{}",
        b"\xff",
        msgspec.json.encode({"memory_kib": 64, "iterations": 1, "lanes": 1, "ms": 1, "at": "x"}),
        *(
            msgspec.json.encode(
                {
                    "memory_kib": kib,
                    "iterations": passes,
                    "lanes": lanes,
                    "ms": 400,
                    "at": "2026-11-27T08:00:00Z",
                }
            )
            for kib, passes, lanes in (
                (64, 1, 1),
                (19 * 1024, 1, 1),
                (65536, 33, 1),
                (2**30, 3, 1),
                (65536, 3, 4),
            )
        ),
    ],
)
def test_what_no_measuring_left_counts_for_nothing(desk: Desk, value: bytes) -> None:
    with desk.store.begin() as uow:
        uow.values.put(PIN_COST, value)
        uow.commit()
    costs = PinCosts(desk.store, desk.clock, Measuring())
    assert (costs.measured(), costs.current()) == (None, STANDARD)
    assert costs.settled() == Argon2Cost(iterations=5)
