"""How a device stands, as its page and its technician see it."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from kiosk.domain.agent import Role
from kiosk.domain.errors import DeviceLostError, LeaseExpiredError, ReceiptUnwitnessedError
from kiosk.ports import OutboxState
from kiosk.services.device_life import DeviceLife
from kiosk.services.device_state import DeviceState, Queue, StateReader
from kiosk.services.lease import Lease
from kiosk.services.time_call import TIME, SignedTime
from tests.fakes.cases import new_case
from tests.fakes.desk import Desk
from tests.services.test_device_life import DAY_S, ScriptedSending, contact
from tests.services.test_sealing import decided


class Fleet:
    """Days and losses as a policy would say them."""

    days = 3
    lost = False


def reader_of(desk: Desk, fleet: Fleet | None = None) -> StateReader:
    fleet = fleet or Fleet()
    lease = Lease(desk.store, desk.journal, desk.clock, lambda: fleet.days, lambda: fleet.lost)
    return StateReader(desk.store, desk.clock, lease, lambda: None)


def test_nothing_is_guessed_about_a_device_that_was_never_heard_of(desk: Desk):
    state = reader_of(desk).read()
    assert (state.enrolled_at, state.contact_at, state.drift, state.policy_version) == (None,) * 4
    assert (state.quorum, state.coming, state.queue) == (0, None, Queue())
    assert state.free_bytes == desk.store.free_bytes()


def test_what_is_left_of_the_lease_runs_down_and_is_given_back_by_contact(desk: Desk):
    contact(desk)
    reader = reader_of(desk)
    assert reader.read().lease_left == timedelta(days=3)
    desk.clock.advance(seconds=2 * DAY_S + 1)
    state = reader.read()
    assert state.lease_left == timedelta(seconds=DAY_S - 1)
    assert (state.lease_near, state.darkness) == (True, "")
    desk.clock.advance(seconds=2 * DAY_S)
    state = reader.read()
    assert (state.lease_left, state.darkness) == (timedelta(), LeaseExpiredError.code)
    desk.clock.reboot()
    desk.clock.set_wall(desk.clock.wall - timedelta(days=4))
    assert reader.read().lease_left == timedelta(), "a clock set back gives nothing back"
    contact(desk)
    assert reader.read().lease_left == timedelta(days=3)


def test_looking_writes_no_entry_while_the_lease_holds(desk: Desk):
    contact(desk)
    before = desk.kinds()
    reader_of(desk).read()
    assert desk.kinds() == before


def test_a_lost_device_and_one_without_a_lease_say_so(desk: Desk):
    fleet = Fleet()
    fleet.days, fleet.lost = 0, True
    state = reader_of(desk, fleet).read()
    assert (state.darkness, state.lease_left) == (DeviceLostError.code, None)


def test_cases_and_records_are_only_counted(desk: Desk):
    session = desk.session()
    sealed = [desk.sealing.seal(decided(case=f"{n:032x}"), session) for n in range(3)]
    with desk.store.begin() as uow:
        desk.drafts.save(uow, new_case(), session)
        rows = [uow.outbox.get(one.seq) for one in sealed]
        uow.outbox.put(replace(rows[0], state=OutboxState.REFUSED))
        uow.outbox.put(
            replace(rows[1], state=OutboxState.UNCONFIRMED, reason=ReceiptUnwitnessedError.code)
        )
        uow.outbox.put(replace(rows[2], state=OutboxState.STORED))
        uow.commit()
    state = reader_of(desk).read()
    assert state.open_cases == 1
    assert state.queue == Queue(waiting=2, stuck=1, unwitnessed=1, stored=1, held=1)


@pytest.mark.parametrize(("minutes", "drifts"), [(0, False), (5, False), (6, True), (-6, True)])
def test_a_clock_far_from_signed_time_is_told(desk: Desk, minutes: int, drifts: bool):
    clock = desk.clock
    at = clock.now() - timedelta(minutes=minutes)
    with desk.store.begin() as uow:
        signed = SignedTime(at, clock.now(), clock.monotonic_ms(), clock.boot_id)
        uow.values.put(TIME, msgspec.json.encode(signed))
        uow.commit()
    state = reader_of(desk).read()
    assert (state.contact_at, state.drift) == (at, timedelta(minutes=minutes))
    assert state.drifts is drifts


def test_a_clock_that_cannot_be_right_is_told_without_any_contact(desk: Desk):
    desk.clock.set_wall(datetime(2001, 1, 1, tzinfo=UTC))
    assert reader_of(desk).read().drifts
    assert not DeviceState().drifts


def test_a_closed_device_says_since_when(desk: Desk):
    manager = desk.session("m-1", Role.MANAGER)
    DeviceLife(desk.store, desk.journal, desk.clock, ScriptedSending(desk)).close(
        manager, "decommission"
    )
    assert reader_of(desk).read().closed_at == desk.clock.now()
