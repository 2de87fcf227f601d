"""A day of a carrier: the round loaded in the morning, no network until evening, nothing lost."""

import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from central.archive.layout import Layout
from central.auditor.reconciliation import VisitState as Reconciled
from central.auditor.reconciliation import reconcile
from central.authority.policies import Policies
from central.authority.rounds import request_of
from kiosk.config import Profile
from kiosk.domain.agent import Agent, Role
from kiosk.domain.decision import Outcome, Reason
from kiosk.domain.errors import (
    SyncError,
    UnreachableError,
    VisitCancelledError,
    VisitEndedError,
    VisitUnknownError,
)
from kiosk.domain.evidence import Side
from kiosk.domain.ids import AgentId
from kiosk.domain.request import RequestVerdict
from kiosk.journeys.automatic import Script, play
from kiosk.journeys.model import SealConfirmed, StepKind, SteppedBack
from kiosk.ports import OutboxState
from kiosk.services.agents import Session
from kiosk.services.delivery import DeliverySummary
from kiosk.services.rounds import VisitState
from kiosk.sync.conflicts import ConflictKind
from tests.fakes.carrier import AGENT, CarrierFleet, Device, carrier_fleet
from tests.fakes.cases import DOCUMENT, side
from tests.fakes.office import PIN

pytestmark = pytest.mark.process
SIDES = (side(Side.FRONT), side(Side.BACK, DOCUMENT))
SCRIPT = Script(sides=SIDES)
MANAGER = AgentId("d01")


@pytest.fixture(scope="module")
def fleet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CarrierFleet]:
    with carrier_fleet(tmp_path_factory.mktemp("fleet")) as found:
        yield found


@pytest.fixture
def tablet(fleet: CarrierFleet) -> Device:
    return fleet.device()


def today() -> date:
    """Give the day of this machine, asked anew: a run of the tests may pass midnight."""
    return date.today()


def states(device: Device, session: Session) -> list[VisitState]:
    return [item.state for item in device.kiosk.rounds.today(session)]


@contextmanager
def no_network(device: Device) -> Iterator[None]:
    """The tablet drives into the valley: every new link leads nowhere."""
    links = device.kiosk.links
    opened = links.open
    object.__setattr__(links, "open", lambda side, *more: opened(replace(side, url=NOWHERE), *more))
    try:
        yield
    finally:
        object.__setattr__(links, "open", opened)


NOWHERE = "https://127.0.0.1:9"


def test_a_whole_day_without_network_ends_with_one_record_a_visit(
    fleet: CarrierFleet, tablet: Device
) -> None:
    planned = [fleet.plan(tablet) for _ in range(4)]
    ids = [item.row.visit_id for item in planned]
    session = tablet.session()
    load = tablet.kiosk.rounds.load(session)
    assert (load.visits, load.changed, load.invalid) == (4, True, 0)
    assert tablet.kiosk.rounds.load(session).changed is False
    with no_network(tablet):
        with pytest.raises(UnreachableError):
            tablet.kiosk.rounds.load(session)
        case = tablet.kiosk.visits.open(ids[0], session)
        assert case.state.step is StepKind.NOTICE
        assert case.state.visit is not None
        assert case.state.visit.visit_id == ids[0]
        assert states(tablet, session)[0] is VisitState.OPEN
        end = play(case, SCRIPT)
        assert end.decision is not None
        assert end.decision.outcome is Outcome.ACCEPTED
        for visit_id, reason in zip(
            ids[1:3], (Reason.ADDRESSEE_ABSENT, Reason.ADDRESSEE_REFUSES), strict=True
        ):
            tablet.kiosk.visits.miss(visit_id, reason, session).dispatch(SealConfirmed())
        put_off = tablet.kiosk.visits.miss(
            ids[3],
            Reason.VISIT_POSTPONED,
            session,
            date.fromisoformat(planned[3].row.day) + timedelta(days=2),
        )
        put_off.dispatch(SealConfirmed())
        assert states(tablet, session) == [VisitState.ENDED] * 4
        assert tablet.kiosk.delivery.run_once().reason == UnreachableError.code
    found = tablet.kiosk.rounds.today(session)
    assert [item.end.outcome for item in found if item.end] == [Outcome.ACCEPTED] + [
        Outcome.NO_SHOW
    ] * 3
    assert found[3].end is not None
    assert found[3].end.postponed_to == date.fromisoformat(planned[3].row.day) + timedelta(days=2)
    with pytest.raises(VisitEndedError):
        tablet.kiosk.visits.open(ids[0], session)
    assert tablet.kiosk.delivery.run_once() == DeliverySummary(sent=4, stored=4, purged=4)
    assert tablet.kiosk.conflicts.all() == ()
    day = date.fromisoformat(planned[0].row.day)
    report = reconcile(Layout(fleet.side.data), day, day)
    mine = {visit.visit_id: visit for visit in report.visits}
    assert {mine[visit_id].state for visit_id in ids} == {Reconciled.ENDED}
    assert [mine[visit_id].outcome for visit_id in ids] == ["accepted"] + ["no-show"] * 3


def test_a_visit_that_ends_in_no_entry_is_listed(fleet: CarrierFleet, tablet: Device) -> None:
    row = fleet.plan(tablet).row
    silent, day = row.visit_id, date.fromisoformat(row.day)
    report = reconcile(Layout(fleet.side.data), day, day)
    assert silent in {visit.visit_id for visit in report.silent}
    fleet.planner.cancel(silent, datetime.now(UTC))
    report = reconcile(Layout(fleet.side.data), day, day)
    assert silent not in {visit.visit_id for visit in report.silent}


def test_what_was_missed_may_be_undone_before_the_seal_and_taken_up_again_after(
    fleet: CarrierFleet, tablet: Device
) -> None:
    visit_id = fleet.plan(tablet).row.visit_id
    session = tablet.session()
    tablet.kiosk.rounds.load(session)
    case = tablet.kiosk.visits.miss(visit_id, Reason.ADDRESSEE_ABSENT, session)
    assert case.state.step is StepKind.CONFIRM
    undone = case.dispatch(SteppedBack())
    assert (undone.step, undone.decision) == (StepKind.VISIT, None)
    again = tablet.kiosk.visits.miss(visit_id, Reason.ADDRESSEE_MOVED, session)
    assert again.state.case_id == case.state.case_id
    again.dispatch(SealConfirmed())
    (ended,) = tablet.kiosk.rounds.today(session)
    assert ended.end is not None
    assert ended.end.reasons == (Reason.ADDRESSEE_MOVED,)
    assert ended.may_open
    later = tablet.kiosk.visits.open(visit_id, session)
    assert later.state.step is StepKind.NOTICE


def test_absent_is_also_said_after_the_visit_was_opened(
    fleet: CarrierFleet, tablet: Device
) -> None:
    visit_id = fleet.plan(tablet).row.visit_id
    session = tablet.session()
    tablet.kiosk.rounds.load(session)
    opened = tablet.kiosk.visits.open(visit_id, session)
    missed = tablet.kiosk.visits.miss(visit_id, Reason.ADDRESSEE_ABSENT, session)
    assert missed.state.case_id == opened.state.case_id
    assert missed.state.step is StepKind.CONFIRM


@pytest.mark.parametrize("days", [None, 0, -1])
def test_a_visit_is_put_off_to_a_later_day_only(
    fleet: CarrierFleet, tablet: Device, days: int | None
) -> None:
    session = tablet.session()
    new_day = None if days is None else today() + timedelta(days=days)
    with pytest.raises(ValueError, match="later day"):
        tablet.kiosk.visits.miss("any", Reason.VISIT_POSTPONED, session, new_day)


# --- what may go wrong ---


_DIES = """
import os, signal, sys
from pathlib import Path
from kiosk.config import Profile
from kiosk.journeys.automatic import play
from kiosk.journeys.model import StepKind
from tests.fakes.carrier import Device
from tests.stories.test_rounds import SCRIPT

device = Device(Path(sys.argv[1]), Profile.CARRIER)
case = device.kiosk.visits.open(sys.argv[2], device.session())
play(case, SCRIPT, until=StepKind.FEATURES)
print(case.state.case_id, flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="signals are POSIX")
def test_a_kill_during_a_visit_loses_nothing_and_opens_no_second_case(
    fleet: CarrierFleet, tablet: Device
) -> None:
    visit_id = fleet.plan(tablet).row.visit_id
    tablet.kiosk.rounds.load(tablet.session())
    tablet.kiosk.close()
    command = [sys.executable, "-c", _DIES, str(tablet.folder), visit_id]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == -signal.SIGKILL, done.stderr
    tablet.reopen()
    session = tablet.session()
    with no_network(tablet):
        resumed = tablet.kiosk.visits.open(visit_id, session)
        assert resumed.state.case_id == done.stdout.strip()
        assert resumed.state.step is StepKind.FEATURES
        play(resumed, SCRIPT)
    assert states(tablet, session) == [VisitState.ENDED]
    assert len(tablet.kiosk.delivery.status()) == 1


def test_a_lost_answer_costs_nothing(fleet: CarrierFleet, tablet: Device) -> None:
    fleet.plan(tablet)
    session = tablet.session()
    links, opened = tablet.kiosk.links, tablet.kiosk.links.open

    class Swallowing:
        def __init__(self, link):
            self.link = link
            self.close = link.close

        def call(self, method, path, *rest, **more):
            self.link.call(method, path, *rest, **more)
            raise UnreachableError("swallowed")

    object.__setattr__(links, "open", lambda side, key: Swallowing(opened(side, key)))
    with pytest.raises(SyncError):
        tablet.kiosk.rounds.load(session)
    object.__setattr__(links, "open", opened)
    assert tablet.kiosk.rounds.today(session) == ()
    assert tablet.kiosk.rounds.load(session).visits == 1


def test_what_is_taken_out_of_the_round_is_shown_as_such(
    fleet: CarrierFleet, tablet: Device
) -> None:
    kept, gone = (fleet.plan(tablet).row.visit_id for _ in range(2))
    session = tablet.session()
    tablet.kiosk.rounds.load(session)
    assert fleet.planner.cancel(gone, datetime.now(UTC)) is True
    assert fleet.planner.cancel(gone, datetime.now(UTC)) is False
    assert tablet.kiosk.rounds.load(session).visits == 1
    assert states(tablet, session) == [VisitState.PLANNED, VisitState.CANCELLED]
    with pytest.raises(VisitCancelledError):
        tablet.kiosk.visits.open(gone, session)
    tablet.kiosk.visits.open(kept, session)


def test_a_visit_taken_back_while_it_is_open_says_so_and_can_be_ended(
    fleet: CarrierFleet, tablet: Device
) -> None:
    visit_id = fleet.plan(tablet).row.visit_id
    session = tablet.session()
    tablet.kiosk.rounds.load(session)
    case = tablet.kiosk.visits.open(visit_id, session)
    fleet.planner.cancel(visit_id, datetime.now(UTC))
    tablet.kiosk.rounds.load(session)
    (shown,) = tablet.kiosk.rounds.today(session)
    assert (shown.state, shown.cancelled) == (VisitState.OPEN, True)
    play(case, SCRIPT)
    tablet.kiosk.delivery.run_once()
    (conflict,) = tablet.kiosk.conflicts.all()
    assert conflict.kind == ConflictKind.VISIT_CANCELLED


def test_a_round_is_for_its_device_only(fleet: CarrierFleet, tablet: Device) -> None:
    other = fleet.device()
    fleet.plan(tablet)
    assert other.kiosk.rounds.load(other.session()).visits == 0


# --- the end of shift and day ---


def test_the_round_goes_with_the_shift(fleet: CarrierFleet, tablet: Device) -> None:
    visit_id = fleet.plan(tablet).row.visit_id
    session = tablet.session()
    tablet.kiosk.rounds.load(session)
    tablet.kiosk.sign_in.sign_out(session)
    with tablet.kiosk.store.begin() as uow:
        assert uow.values.names("round") == ()
    session = tablet.session()
    with no_network(tablet):
        assert tablet.kiosk.rounds.today(session) == ()
        with pytest.raises(VisitUnknownError):
            tablet.kiosk.visits.open(visit_id, session)
    assert tablet.kiosk.rounds.load(session).visits == 1


def shift_ended_by_a_manager(device: Device) -> None:
    agents, sign_in = device.kiosk.agents, device.kiosk.sign_in
    if all(agent.agent_id != MANAGER for agent in agents.all()):
        agents.add(MANAGER, "Dominique L.", Role.MANAGER, PIN)
    device.kiosk.hand_over.end_shift_of(AGENT, sign_in.sign_in(MANAGER, PIN))


def invited_anew(device: Device) -> None:
    agents, sign_in = device.kiosk.agents, device.kiosk.sign_in
    agents.add(MANAGER, "Dominique L.", Role.MANAGER, PIN)
    again = Agent(AGENT, "Farid B.", Role.AGENT)
    code = device.kiosk.onboarding.invite(again, sign_in.sign_in(MANAGER, PIN))
    device.kiosk.onboarding.redeem(code, PIN)


@pytest.mark.parametrize("ended", [shift_ended_by_a_manager, invited_anew])
def test_a_shift_that_somebody_else_ended_costs_nobody_the_round_of_the_day(
    fleet: CarrierFleet, tablet: Device, ended: Callable[[Device], None]
) -> None:
    visit_id = fleet.plan(tablet).row.visit_id
    tablet.kiosk.rounds.load(tablet.session())
    ended(tablet)
    with tablet.kiosk.store.begin() as uow:
        assert uow.values.names("round") == ()
    session = tablet.session()
    assert tablet.kiosk.rounds.load(session).visits == 1
    assert tablet.kiosk.visits.open(visit_id, session).state.step is StepKind.NOTICE


def test_a_version_of_another_shift_is_no_reason_to_ask_for_nothing(
    fleet: CarrierFleet, tablet: Device
) -> None:
    fleet.plan(tablet)
    session = tablet.session()
    tablet.kiosk.rounds.load(session)
    with tablet.kiosk.store.begin() as uow:
        left = {name: uow.values.get(name) for name in uow.values.names("round")}
    shift_ended_by_a_manager(tablet)
    with tablet.kiosk.store.begin() as uow:
        for name, value in left.items():  # as a program that did not erase them left them
            uow.values.put(name, value or b"")
        uow.values.put("round/f12/" + today().isoformat() + "/gone", b"of that shift")
        uow.commit()
    session = tablet.session()
    assert tablet.kiosk.rounds.load(session).visits == 1
    assert tablet.kiosk.rounds.load(session).changed is False
    assert states(tablet, session) == [VisitState.PLANNED]
    with tablet.kiosk.store.begin() as uow:
        assert len(uow.values.names("round/")) == 1


def test_a_visit_that_a_colleague_began_is_taken_up_and_not_begun_again(
    fleet: CarrierFleet, tablet: Device
) -> None:
    visit_id = fleet.plan(tablet).row.visit_id
    farid = tablet.session()
    kiosk = tablet.kiosk
    kiosk.agents.add(AgentId("l07"), "Lou M.", Role.AGENT, PIN)
    lou = kiosk.sign_in.sign_in(AgentId("l07"), PIN)
    kiosk.rounds.load(farid)
    kiosk.rounds.load(lou)
    case = kiosk.visits.open(visit_id, farid)
    kiosk.hand_over.hand_over(case.state.case_id, lou.agent.agent_id, farid)
    assert states(tablet, lou) == [VisitState.OPEN]
    assert kiosk.visits.open(visit_id, lou).state.case_id == case.state.case_id


def test_a_visit_whose_issuer_was_not_known_yet_comes_with_a_later_load(
    fleet: CarrierFleet, tablet: Device, monkeypatch: pytest.MonkeyPatch
) -> None:
    fleet.plan(tablet)
    session = tablet.session()
    rounds = tablet.kiosk.rounds
    with monkeypatch.context() as strangers:
        strangers.setattr(rounds, "_issuers", dict)
        assert (rounds.load(session).visits, rounds.load(session).invalid) == (0, 1)
    assert (rounds.load(session).visits, rounds.load(session).invalid) == (1, 0)


def test_the_round_goes_with_the_day(fleet: CarrierFleet, tablet: Device) -> None:
    fleet.plan(tablet)
    session = tablet.session()
    tablet.kiosk.rounds.load(session)
    tablet.clock.advance(days=1)
    assert tablet.kiosk.rounds.today(session) == ()
    with tablet.kiosk.store.begin() as uow:
        assert uow.values.names("round") == ()


def test_a_device_that_was_off_at_midnight_erases_the_round_when_it_starts(
    fleet: CarrierFleet, tablet: Device
) -> None:
    fleet.plan(tablet)
    tablet.kiosk.rounds.load(tablet.session())
    tablet.clock.advance(days=1)
    tablet.clock.reboot()
    kiosk = tablet.reopen()
    with kiosk.store.begin() as uow:
        assert uow.values.names("round") == ()


def test_a_clock_that_is_set_neither_shows_nor_loses_a_round(
    fleet: CarrierFleet, tablet: Device
) -> None:
    fleet.plan(tablet)
    session = tablet.session()
    tablet.kiosk.delivery.run_once()  # brings signed time, which the monotonic clock carries on
    tablet.kiosk.rounds.load(session)
    for days in (-400, 400, -1, 1):
        tablet.clock.set_wall(datetime.now(UTC) + timedelta(days=days))
        assert states(tablet, session) == [VisitState.PLANNED]


# --- conflicts ---


def seal_visit_of(device: Device, visit_id: str) -> int:
    session = device.session()
    end = play(device.kiosk.visits.open(visit_id, session), SCRIPT)
    assert end.record is not None
    return end.record.seq


def test_a_request_cancelled_meanwhile_is_told_and_overwrites_nothing(
    fleet: CarrierFleet, tablet: Device
) -> None:
    token = fleet.request()
    visit_id = fleet.plan(tablet, token).row.visit_id
    tablet.kiosk.rounds.load(tablet.session())
    seq = seal_visit_of(tablet, visit_id)
    request = request_of(token, Policies(Layout(fleet.side.data)).in_force())
    assert fleet.planner.cancel_request(request, datetime.now(UTC)) == ()
    summary = tablet.kiosk.delivery.run_once()
    assert (summary.stored, summary.reason) == (1, "")
    (conflict,) = tablet.kiosk.conflicts.all()
    assert (conflict.seq, conflict.kind) == (seq, ConflictKind.REQUEST_CANCELLED)
    (row,) = tablet.kiosk.delivery.status()
    assert row.state is OutboxState.STORED
    tablet.kiosk.conflicts.mark_seen(seq)
    tablet.kiosk.delivery.run_once()
    (seen,) = tablet.reopen().conflicts.all()
    assert seen == replace(conflict, seen=True)


def test_who_comes_second_is_told_that_it_was_verified_elsewhere(
    fleet: CarrierFleet, tablet: Device
) -> None:
    token = fleet.request()
    counter = fleet.device(Profile.COUNTER)
    visit_id = fleet.plan(tablet, token).row.visit_id
    tablet.kiosk.rounds.load(tablet.session())
    seq = seal_visit_of(tablet, visit_id)
    opened = counter.kiosk.proofing.open_case("online-request", counter.session())
    play(opened, replace(SCRIPT, codes=(token,)))
    assert counter.kiosk.delivery.run_once().stored == 1
    assert tablet.kiosk.delivery.run_once().stored == 1
    (conflict,) = tablet.kiosk.conflicts.all()
    assert (conflict.seq, conflict.kind) == (seq, ConflictKind.VERIFIED_ELSEWHERE)
    counter.kiosk.delivery.run_once()
    assert counter.kiosk.conflicts.all() == ()


def test_a_cancellation_after_the_record_arrived_is_no_conflict(
    fleet: CarrierFleet, tablet: Device
) -> None:
    token = fleet.request()
    visit_id = fleet.plan(tablet, token).row.visit_id
    tablet.kiosk.rounds.load(tablet.session())
    seal_visit_of(tablet, visit_id)
    tablet.kiosk.delivery.run_once()
    request = request_of(token, Policies(Layout(fleet.side.data)).in_force())
    assert fleet.planner.cancel_request(request, datetime.now(UTC)) == ("accepted",)
    tablet.kiosk.delivery.run_once()
    assert tablet.kiosk.conflicts.all() == ()


# --- appointments and activation codes ---


def present(device: Device, session: Session, code: str) -> RequestVerdict | None:
    case = device.kiosk.proofing.open_case("online-request", session)
    state = case.present_code(code)
    return RequestVerdict.VALID if state.step is StepKind.NOTICE else state.request_problem


def test_an_activation_code_opens_the_request_of_the_appointment_offline(
    fleet: CarrierFleet,
) -> None:
    counter = fleet.device(Profile.COUNTER)
    planned = fleet.plan(None, office="075012")
    session = counter.session()
    counter.kiosk.rounds.load(session)
    with no_network(counter):
        spoken = planned.code.lower().replace("-", " ")
        case = counter.kiosk.proofing.open_case("online-request", session)
        case.present_code(spoken)
        assert case.state.step is StepKind.NOTICE
        assert case.state.request is not None
        play(case, SCRIPT)
        assert present(counter, session, planned.code) is RequestVerdict.USED_BEFORE
    found = {item.visit.visit_id: item for item in counter.kiosk.rounds.today(session)}
    assert found[planned.row.visit_id].state is VisitState.ENDED


def test_codes_that_open_nothing_say_why(fleet: CarrierFleet) -> None:
    counter = fleet.device(Profile.COUNTER)
    elsewhere = fleet.device(Profile.COUNTER, office="033000")
    there = fleet.plan(None, fleet.request(office=""), office="033000")
    soon = fleet.plan(None, fleet.request(validity=timedelta(hours=1)), office="075012")
    session = counter.session()
    counter.kiosk.rounds.load(session)
    assert present(counter, session, there.code) is RequestVerdict.UNKNOWN_CODE
    wrong = soon.code[:-1] + ("0" if soon.code[-1] != "0" else "1")
    assert present(counter, session, wrong) is RequestVerdict.MISTYPED_CODE
    del elsewhere
    if (counter.clock.now() + timedelta(hours=2)).astimezone().date() == counter.kiosk.rounds.day:
        counter.clock.advance(seconds=7200)
        assert present(counter, session, soon.code) is RequestVerdict.EXPIRED


def test_an_appointment_planned_before_a_desk_came_is_sealed_to_it_later(
    fleet: CarrierFleet,
) -> None:
    first = fleet.device(Profile.COUNTER, office="013001")
    planned = fleet.plan(None, fleet.request(office="013001"), office="013001")
    late = fleet.device(Profile.COUNTER, office="013001")
    session = late.session()
    assert late.kiosk.rounds.load(session).visits == 0
    assert fleet.planner.reseal(today()) >= 1
    assert late.kiosk.rounds.load(session).visits == 1
    assert late.kiosk.visits.open(planned.row.visit_id, session).state.procedure == (
        "online-request"
    )
    assert first.kiosk.rounds.load(first.session()).visits == 1


def test_the_agent_is_the_one_of_the_round(tablet: Device) -> None:
    assert tablet.session().agent.agent_id == AGENT


def test_no_name_of_the_round_lies_open_on_the_disk(fleet: CarrierFleet, tablet: Device) -> None:
    fleet.plan(tablet, fleet.request(surname="KESTRELCANARY"))
    session = tablet.session()
    tablet.kiosk.rounds.load(session)
    (shown,) = tablet.kiosk.rounds.today(session)
    assert "KESTRELCANARY" in shown.visit.display_name
    with tablet.kiosk.store.begin() as uow:
        names = uow.values.names("")
        held = b"\0".join((uow.values.get(name) or b"") for name in names)
    assert b"KESTREL" not in held + "\0".join(names).encode()
    tablet.kiosk.close()
    for folder in (tablet.folder, Path(fleet.side.data)):
        for file in folder.rglob("*"):
            if file.is_file():
                content = file.read_bytes()
                assert b"KESTREL" not in content, file.name
                assert b"Peupliers" not in content, file.name
    tablet.reopen()
