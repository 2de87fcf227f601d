"""How long a case has lain: by what is known to have passed, not by what a clock was set to."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from kiosk.domain.ids import AgentId, CaseId
from kiosk.ports import DraftRow
from kiosk.services.lying_time import (
    BELIEVED,
    KnownClock,
    lain,
    lain_for,
    note_touch,
    put_touch,
    touch_of,
)
from kiosk.services.time_call import TIME, SignedTime
from tests.fakes.clock import FakeClock
from tests.fakes.store import InMemoryStore

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
CASE = CaseId("case-1")


@dataclass
class Machine:
    """A device with cases on it, and the time that really passes around it."""

    clock: FakeClock = field(default_factory=FakeClock)
    store: InMemoryStore = field(default_factory=InMemoryStore)
    true: datetime = datetime(2026, 11, 25, 9, 0, tzinfo=UTC)
    touched_at: datetime = datetime(2026, 11, 25, 9, 0, tzinfo=UTC)

    def touch(self, case_id: CaseId = CASE) -> None:
        self.touched_at = self.clock.now()
        with self.store.begin() as uow:
            note_touch(uow, self.clock, case_id)
            uow.commit()

    def age(self, case_id: CaseId = CASE) -> timedelta:
        row = DraftRow(case_id, AgentId("camille"), 1, "request", self.touched_at, b"")
        with self.store.begin() as uow:
            age = lain(uow, self.clock, [row])[case_id]
            assert lain_for(uow, self.clock, [row], age) == [row]
            assert lain_for(uow, self.clock, [row], age + HOUR) == []
            uow.commit()
        return age

    def runs(self, time: timedelta) -> None:
        self.clock.advance(seconds=time.total_seconds())
        self.true += time

    def is_off(self, time: timedelta, shows: timedelta | None = None) -> None:
        """``shows``: by how much its wall clock goes on meanwhile, where it is not the truth."""
        self.clock.reboot()
        self.clock.wall += time if shows is None else shows
        self.true += time

    def hears(self) -> None:
        """Signed time."""
        clock = self.clock
        told = SignedTime(self.true, clock.now(), clock.monotonic_ms(), clock.boot_id)
        with self.store.begin() as uow:
            uow.values.put(TIME, msgspec.json.encode(told))
            uow.commit()


@pytest.fixture
def machine() -> Machine:
    machine = Machine()
    machine.touch()
    return machine


@pytest.mark.parametrize("days", [-36_500, -1, 1, 365, 36_500])
def test_a_clock_that_is_set_while_the_machine_runs_counts_nothing(machine: Machine, days: int):
    machine.runs(HOUR)
    machine.clock.wall += timedelta(days=days) if days > -36_500 else -timedelta(days=20_000)
    machine.runs(HOUR)
    assert machine.age() == 2 * HOUR


def test_setting_it_back_again_and_again_keeps_nothing_open(machine: Machine):
    for _ in range(13):
        machine.runs(HOUR)
        machine.clock.wall -= HOUR
        machine.age()
    assert machine.age() == 13 * HOUR


@pytest.mark.parametrize("off", [HOUR, 14 * HOUR, 86 * HOUR, BELIEVED])
def test_a_night_and_a_long_weekend_count_as_the_clock_says(machine: Machine, off: timedelta):
    machine.runs(HOUR)
    machine.age()
    machine.is_off(off)
    assert abs(machine.age() - off - HOUR) < timedelta(seconds=1)


@pytest.mark.parametrize("shows", [365 * DAY, BELIEVED + HOUR, -HOUR, -20_000 * DAY])
def test_what_cannot_have_passed_counts_nothing_but_running_time_ends_the_case(
    machine: Machine, shows: timedelta
):
    machine.is_off(HOUR, shows)
    assert machine.age() < timedelta(seconds=1)
    machine.runs(12 * HOUR)
    assert machine.age() >= 12 * HOUR
    assert machine.age() < 13 * HOUR


def test_signed_time_on_both_sides_says_how_long_the_machine_was_off(machine: Machine):
    machine.hears()
    machine.runs(HOUR)
    machine.age()
    machine.is_off(21 * DAY)
    assert machine.age() < 2 * HOUR
    machine.runs(HOUR)
    machine.hears()
    assert abs(machine.age() - 21 * DAY - 2 * HOUR) < timedelta(seconds=2)


def test_signed_time_heard_after_the_last_look_counts_too(machine: Machine):
    machine.runs(HOUR)
    machine.hears()
    machine.is_off(21 * DAY, -DAY)
    machine.age()
    machine.hears()
    assert abs(machine.age() - 21 * DAY - HOUR) < timedelta(seconds=2)


def test_a_case_begun_after_the_long_pause_is_no_older_for_it(machine: Machine):
    machine.hears()
    machine.age()
    machine.is_off(21 * DAY)
    machine.touch(CaseId("case-2"))
    machine.runs(HOUR)
    machine.hears()
    assert machine.age() > 21 * DAY
    assert machine.age(CaseId("case-2")) == HOUR


def test_a_run_without_signed_time_ages_by_what_came_after_it(machine: Machine):
    """Three weeks, a morning without network, and then the network: the morning's case is young."""
    machine.hears()
    machine.age()
    machine.is_off(21 * DAY)
    machine.touch(CaseId("case-2"))
    machine.is_off(HOUR)
    machine.age()
    machine.hears()
    assert machine.age() > 21 * DAY
    assert abs(machine.age(CaseId("case-2")) - HOUR) < timedelta(seconds=2)


def test_both_clocks_a_year_on_at_once_are_not_believed_either(machine: Machine):
    machine.runs(365 * DAY)
    assert machine.age() == timedelta()
    machine.runs(12 * HOUR)
    assert machine.age() == 12 * HOUR


def test_a_monotonic_clock_that_went_back_counts_nothing_by_itself(machine: Machine):
    machine.runs(HOUR)
    machine.age()
    machine.clock.mono_ms -= 30 * 60_000
    machine.clock.wall -= HOUR
    assert machine.age() == HOUR
    machine.runs(HOUR)
    assert machine.age() == 2 * HOUR


@pytest.mark.parametrize(("ago", "age"), [(HOUR, HOUR), (365 * DAY, 0 * HOUR), (-DAY, 0 * HOUR)])
def test_a_draft_of_an_earlier_program_is_as_old_as_its_clock_is_believed(
    ago: timedelta, age: timedelta
):
    machine = Machine()
    machine.touched_at = machine.clock.now() - ago
    assert machine.age() == age
    machine.runs(HOUR)
    machine.clock.wall += 365 * DAY
    assert machine.age() == age + HOUR


def test_after_more_starts_than_are_remembered_it_is_at_least_so_old(machine: Machine):
    for _ in range(100):
        machine.is_off(HOUR)
        machine.age()
    assert 60 * HOUR < machine.age() <= 100 * HOUR


def test_a_touch_can_be_put_back_and_away(machine: Machine):
    with machine.store.begin() as uow:
        kept = touch_of(uow, CASE)
        put_touch(uow, CASE, None)
        assert touch_of(uow, CASE) is None
        put_touch(uow, CASE, kept)
        uow.commit()
    machine.runs(HOUR)
    assert machine.age() == HOUR


steps = st.one_of(
    st.tuples(st.just("runs"), st.integers(1, 90 * 60)),
    st.tuples(st.just("off"), st.integers(1, 60 * 24 * 60)),
    st.tuples(st.just("set"), st.integers(-30_000 * 24 * 60, 30_000 * 24 * 60)),
    st.tuples(st.just("hears"), st.just(0)),
)


@given(st.lists(steps, max_size=12))
@example([("set", 60), ("off", 1)])
def test_never_older_than_it_is_however_clocks_are_set_while_it_runs(told):
    """And never younger than the time for which the machine ran."""
    machine = Machine()
    machine.clock.wall = machine.true = datetime(2100, 1, 1, tzinfo=UTC)
    machine.touch()
    begun, ran, starts = machine.true, timedelta(), 0
    for step, minutes in told:
        time = timedelta(minutes=minutes)
        match step:
            case "runs":
                machine.runs(time)
                ran += time if time <= BELIEVED else timedelta()
            case "off":
                machine.is_off(time)
                starts += 1
            case "set":
                machine.clock.wall = machine.true + time
            case _:
                machine.hears()
        age = machine.age()
        slack = timedelta(seconds=starts)
        assert ran - slack <= age <= machine.true - begun + slack


def known(machine: Machine) -> timedelta:
    """By how much the moment that is known to have come is behind the truth."""
    clock = KnownClock(machine.store, machine.clock)
    assert (clock.boot_id, clock.monotonic_ms()) == (machine.clock.boot, machine.clock.mono_ms)
    return machine.true - clock.now()


def test_what_is_known_to_have_come_is_signed_time_and_what_passed_since(machine: Machine):
    machine.hears()
    assert known(machine) == timedelta()
    machine.clock.wall += 365 * DAY
    machine.runs(HOUR)
    assert known(machine) == timedelta()
    machine.is_off(14 * HOUR)
    assert abs(known(machine)) < timedelta(seconds=1)
    machine.is_off(HOUR, 365 * DAY)
    known(machine)
    machine.runs(HOUR)
    assert abs(known(machine) - HOUR) < timedelta(seconds=2)
    machine.hears()
    assert known(machine) == timedelta()


def test_without_any_signed_time_only_the_wall_clock_is_there(machine: Machine):
    machine.clock.wall += 365 * DAY
    assert known(machine) == -365 * DAY


@pytest.mark.parametrize(("shows", "behind"), [(DAY, 0 * DAY), (365 * DAY, DAY)])
def test_signed_time_of_before_an_update_is_carried_on_as_far_as_is_believed(
    shows: timedelta, behind: timedelta
):
    machine = Machine()
    machine.hears()
    machine.is_off(DAY, shows)
    assert known(machine) == behind


def test_on_a_device_that_hears_nothing_after_an_update_the_days_go_on_all_the_same():
    """One that sends on sticks alone: what is to be destroyed when its day is over, is."""
    afresh = Machine()
    afresh.hears()
    afresh.is_off(10 * DAY)
    assert known(afresh) == 10 * DAY
    for _ in range(3):
        afresh.runs(10 * HOUR)
        known(afresh)
        afresh.is_off(14 * HOUR)
    assert abs(known(afresh) - 10 * DAY) < timedelta(seconds=5)
