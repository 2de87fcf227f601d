"""The lease, the closing and the rescue of a device."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import timedelta

import msgspec
import pytest

from kiosk.audit.acts import act_holds
from kiosk.audit.entries import open_entry
from kiosk.crypto.canonical import parse_json
from kiosk.crypto.digests import sha256
from kiosk.domain.agent import Role
from kiosk.domain.errors import (
    ActStoppedError,
    DeviceClosedError,
    LeaseExpiredError,
    ManagerNeededError,
    NotAllowedError,
    NotAllSentError,
    OpenWorkError,
    SamePersonError,
)
from kiosk.ports import OutboxState
from kiosk.services.delivery import DeliveryStep, DeliverySummary, Progress
from kiosk.services.device_life import DeviceLife, Watch
from kiosk.services.lease import Lease
from kiosk.services.result import result_name
from kiosk.services.time_call import TIME, SignedTime
from kiosk.sync.outbox import OutboxRow
from tests.fakes.cases import new_case
from tests.fakes.desk import Desk
from tests.fakes.office import Office
from tests.fakes.store import InMemoryStore
from tests.services.test_sealing import decided

DAY_S = 86_400


def contact(desk) -> None:
    """The central side answered just now."""
    clock = desk.clock
    signed = SignedTime(clock.now(), clock.now(), clock.monotonic_ms(), clock.boot_id)
    with desk.store.begin() as uow:
        uow.values.put(TIME, msgspec.json.encode(signed))
        uow.commit()


@pytest.fixture
def lease(desk: Desk) -> Lease:
    contact(desk)
    return Lease(desk.store, desk.journal, desk.clock, lambda: 3)


# --- lease ----------------------------------------------------------------------------------------


def test_a_device_goes_dark_after_the_days_of_the_policy_and_contact_opens_it(desk, lease):
    desk.clock.advance(seconds=3 * DAY_S)
    lease.require()
    desk.clock.advance(seconds=1)
    with pytest.raises(LeaseExpiredError):
        lease.require()
    contact(desk)
    lease.require()


def test_going_dark_is_told_once_for_each_contact(desk, lease):
    desk.clock.advance(seconds=4 * DAY_S)
    for _ in range(5):
        assert lease.is_over()
    contact(desk)
    assert not lease.is_over()
    desk.clock.advance(seconds=4 * DAY_S)
    assert lease.is_over()
    assert desk.kinds().count("lease_expired") == 2


def test_a_clock_set_back_gives_nothing_back(desk, lease):
    desk.clock.advance(seconds=4 * DAY_S)
    assert lease.is_over()
    desk.clock.reboot()
    desk.clock.set_wall(desk.clock.wall - timedelta(days=4))
    assert lease.is_over()


def test_time_counts_by_the_clock_that_nobody_sets(desk, lease):
    desk.clock.advance(seconds=4 * DAY_S)
    desk.clock.set_wall(desk.clock.wall - timedelta(days=4))
    assert lease.is_over()


def test_days_before_a_clock_was_set_back_still_count(desk, lease):
    for _ in range(5):
        desk.clock.advance(seconds=DAY_S // 2)
        assert not lease.is_over()
    desk.clock.reboot()
    desk.clock.set_wall(desk.clock.wall - timedelta(days=2))
    desk.clock.advance(seconds=DAY_S)
    assert not lease.is_over()
    desk.clock.advance(seconds=2 * DAY_S)
    assert lease.is_over()


def test_no_days_no_lease(desk: Desk):
    free = Lease(desk.store, desk.journal, desk.clock, lambda: 0)
    desk.clock.advance(seconds=1000 * DAY_S)
    free.require()
    assert "lease_expired" not in desk.kinds()


def test_a_device_that_was_never_heard_of_counts_from_its_first_entry(desk: Desk):
    desk.session()
    lease = Lease(desk.store, desk.journal, desk.clock, lambda: 3)
    assert not lease.is_over()
    desk.clock.advance(seconds=4 * DAY_S)
    assert lease.is_over()


def test_while_dark_no_case_is_shown_begun_or_resumed_and_the_shift_still_ends():
    office = Office(InMemoryStore())
    session = office.session()
    case = office.proofing.open_case("online-request", session)
    contact(office)
    office.proofing._lease = Lease(office.store, office.journal, office.clock, lambda: 1)
    assert len(office.proofing.drafts(session)) == 1
    office.clock.advance(seconds=2 * DAY_S)
    assert office.proofing.is_dark()
    assert office.proofing.drafts(session) == ()
    for attempt in (
        lambda: office.proofing.open_case("online-request", session),
        lambda: office.proofing.resume(case.state.case_id, session),
    ):
        with pytest.raises(LeaseExpiredError):
            attempt()
    office.sign_in.sign_out(office.session())
    assert len(office.outbox()) == 1


# --- closing --------------------------------------------------------------------------------------


@dataclass
class ScriptedSending:
    """Sends everything, or names an obstacle."""

    desk: Desk
    reason: str = ""
    stored: bool = True
    runs: list[int] = field(default_factory=list)
    meanwhile: Callable[[], object] = lambda: None

    def run_once(
        self, progress=None, cancelled=None, *, metered: bool | None = None
    ) -> DeliverySummary:
        progress(Progress(DeliveryStep.JOURNAL))
        self.meanwhile()
        if cancelled():
            return DeliverySummary()
        assert metered is False, "a device that ends leaves nothing for later"
        self.runs.append(len(self.desk.entries()))
        if self.stored and not self.reason:
            with self.desk.store.begin() as uow:
                for row in uow.outbox.all():
                    values = {name: getattr(row, name) for name in OutboxRow.__slots__}
                    uow.outbox.put(OutboxRow(**{**values, "state": OutboxState.STORED}))
                uow.commit()
        return DeliverySummary(reason=self.reason)


def life_of(desk: Desk, **how: object) -> tuple[DeviceLife, ScriptedSending]:
    sending = ScriptedSending(desk, **how)
    return DeviceLife(desk.store, desk.journal, desk.clock, sending), sending


def test_a_device_is_closed_by_a_manager_once_everything_arrived(desk: Desk):
    manager, session = desk.session("m-1", Role.MANAGER), desk.session()
    desk.sealing.seal(decided(), session)
    life, sending = life_of(desk)
    life.close(manager, "decommission")
    last = open_entry(desk.entries()[-1].jws, desk.device_key.public)
    assert (last.kind, last.facts["why"]) == ("device_closed", "decommission")
    assert act_holds(last, "by", manager.signing_key.public)
    assert sending.runs[-1] == len(desk.entries())  # the last entry was sent too
    lease = Lease(desk.store, desk.journal, desk.clock, lambda: 0)
    with pytest.raises(DeviceClosedError):
        lease.require()
    life.close(manager, "decommission")
    assert desk.kinds().count("device_closed") == 1


@pytest.mark.parametrize("how", [{"reason": "SYNC-001"}, {"stored": False}])
def test_nothing_is_closed_while_something_waits(desk: Desk, how: dict):
    manager = desk.session("m-1", Role.MANAGER)
    desk.sealing.seal(decided(), desk.session())
    with pytest.raises(NotAllSentError):
        life_of(desk, **how)[0].close(manager, "transfer")
    assert "device_closed" not in desk.kinds()


def test_nothing_is_closed_over_an_open_case_or_by_anybody(desk: Desk):
    manager, session = desk.session("m-1", Role.MANAGER), desk.session()
    with desk.store.begin() as uow:
        desk.drafts.save(uow, new_case(), session)
        uow.commit()
    life, _ = life_of(desk)
    with pytest.raises(OpenWorkError):
        life.close(manager, "decommission")
    with pytest.raises(NotAllowedError):
        life.close(session, "decommission")
    assert "device_closed" not in desk.kinds()


def test_a_case_that_was_begun_while_everything_was_sent_keeps_the_device_open(desk: Desk):
    manager, session = desk.session("m-1", Role.MANAGER), desk.session()
    life, sending = life_of(desk)

    def begin() -> None:
        with desk.store.begin() as uow:
            desk.drafts.save(uow, new_case(), session)
            uow.commit()

    sending.meanwhile = begin
    with pytest.raises(OpenWorkError):
        life.close(manager, "decommission")
    assert "device_closed" not in desk.kinds()


def test_closing_can_be_stopped_until_the_last_entry_stands_and_not_after(desk: Desk):
    manager = desk.session("m-1", Role.MANAGER)
    life, sending = life_of(desk)
    steps, stop = [], [False]
    sending.meanwhile = lambda: stop.__setitem__(0, True)
    watch = Watch(steps.append, lambda: stop[0])
    with pytest.raises(ActStoppedError):
        life.close(manager, "transfer", watch)
    assert steps
    assert "device_closed" not in desk.kinds()
    stop[0], runs = False, []
    sending.meanwhile = lambda: stop.__setitem__(0, len(runs) > 0) or runs.append(1)
    life.close(manager, "transfer", watch)
    assert (stop[0], desk.kinds().count("device_closed")) == (True, 1)


# --- rescue ---------------------------------------------------------------------------------------


def test_two_people_rescue_what_is_sealed_and_both_sign(desk: Desk):
    manager, technician = (
        desk.session("m-1", Role.MANAGER),
        desk.session("t-1", Role.TECHNICIAN),
    )
    sealed = desk.sealing.seal(decided(), desk.session())
    life, _ = life_of(desk)
    assert life.rescue(technician, manager) == 1
    entry = open_entry(desk.entries()[-1].jws, desk.device_key.public)
    assert entry.facts["records"] == 1
    assert act_holds(entry, "by", technician.signing_key.public)
    assert act_holds(entry, "with", manager.signing_key.public)
    files = {file.name: file.data for file in life.rescued_files("dev-1", "journal\n")}
    about = parse_json(files["rescue.json"].rstrip(b"\n"))
    (listed,) = about["records"]
    assert listed["seq"] == sealed.seq
    assert sha256(files[listed["file"]]).hex() == listed["sha256"]
    assert files[listed["file"]].startswith(b"age-encryption.org/v1\n")
    assert files["journal.txt"] == b"journal\n"
    with desk.store.begin() as uow:
        assert uow.blobs.get(sealed.seq) is not None


def test_no_file_of_a_rescue_is_bigger_than_was_told_before_it(desk: Desk):
    """The room on the medium is looked for by these: records, envelopes, journal and list."""
    manager, technician = (
        desk.session("m-1", Role.MANAGER),
        desk.session("t-1", Role.TECHNICIAN),
    )
    for number in range(12):
        seq = desk.sealing.seal(replace(decided(), case_id=f"{number:032x}"), desk.session()).seq
        with desk.store.begin() as uow:
            uow.values.put(result_name(seq), bytes(18_000))
            uow.commit()
    life, _ = life_of(desk)

    def journal() -> str:
        return "".join(f"{row.jws}\n" for row in desk.entries())

    told = life.rescue_sizes(len(journal().encode()))
    life.rescue(technician, manager)
    *files, last, listed = [len(f.data) for f in life.rescued_files("dev-1", journal())]
    assert sorted(files) == sorted(told[:-2])
    assert len(files) == 24
    assert (last <= told[-2], listed <= told[-1]) == (True, True)


def test_one_person_alone_or_two_without_a_manager_rescue_nothing(desk: Desk):
    manager = desk.session("m-1", Role.MANAGER)
    one, two = desk.session("t-1", Role.TECHNICIAN), desk.session("t-2", Role.TECHNICIAN)
    life, _ = life_of(desk)
    with pytest.raises(SamePersonError):
        life.rescue(manager, manager)
    with pytest.raises(ManagerNeededError):
        life.rescue(one, two)
    with pytest.raises(NotAllowedError):
        life.rescue(manager, desk.session("a-17"))
    assert "outbox_rescued" not in desk.kinds()
