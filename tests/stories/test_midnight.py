"""Rules that change at midnight while a device is off line and a case is open.

The rules of the day of the decision count; the record names what was used; the day is that of the
office, by signed time where it is known.
"""

import time
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from random import SystemRandom

import msgspec
import pytest

from kiosk.bootstrap.membership import Membership, SignedClock
from kiosk.crypto.digests import b64u
from kiosk.domain.decision import Decision, Outcome, Reason
from kiosk.domain.evidence import DocumentKind, Side, Verdict
from kiosk.domain.ids import OfficeId
from kiosk.journeys.automatic import Script, play
from kiosk.journeys.model import DecisionTaken, RulesUsed, StepKind, SteppedBack
from kiosk.services.coming_policy import (
    drop_coming,
    in_force,
    is_coming,
    keep_coming,
    promote,
    tokens_coming,
)
from kiosk.services.examination import CatalogueExamination, DocumentRules
from kiosk.services.fleet import IDENTITY, POLICY, DeviceIdentity
from kiosk.services.record import build_record
from kiosk.services.time_call import TIME, SignedTime
from kiosk.sync.policy import sign_policy
from tests.documents.test_packs import later, packs
from tests.fakes.cases import DOCUMENT, side
from tests.fakes.clock import FakeClock
from tests.fakes.membership import NOWHERE, POLICY_IN_FORCE, ROOT
from tests.fakes.office import Office
from tests.fakes.store import InMemoryStore

ACCEPTED = frozenset(DocumentKind)
CHANCE = SystemRandom()
EVE = datetime(2026, 12, 31, 22, 50, tzinfo=UTC)  # 23:50 in Paris
NEW_YEAR = date(2027, 1, 1)
PACKS = packs(("series", later("series", "2027-01-01", "2027-01")))


@pytest.fixture
def zone(monkeypatch):
    """Choose the office's zone; the machine's own comes back afterwards."""

    def choose(name: str) -> None:
        monkeypatch.setenv("TZ", name)
        time.tzset()

    choose("Europe/Paris")
    yield choose
    monkeypatch.undo()
    time.tzset()


@pytest.fixture
def opened(zone):
    """A case at the decision, ten minutes before midnight in the office."""

    def made(document=DOCUMENT, rules=lambda: DocumentRules(ACCEPTED), at=EVE):
        clock = FakeClock(wall=at)
        examination = CatalogueExamination(PACKS, rules, clock, CHANCE)
        office = Office(InMemoryStore(), clock=clock, examination=examination)
        session = office.session()
        case = office.proofing.open_case("online-request", session)
        sides = (side(Side.FRONT), side(Side.BACK, document))
        script = Script(codes=(office.code(),), sides=sides)
        play(case, script, until=StepKind.DECISION)
        return office, session, case, script

    return made


def checks_of(case):
    return {check.code: check.verdict for check in case.state.checks}


def test_a_card_that_expires_at_midnight_is_not_accepted_after_it(opened):
    office, _, case, script = opened(replace(DOCUMENT, expiry_date=date(2026, 12, 31)))
    office.clock.advance(seconds=20 * 60)
    state = case.dispatch(DecisionTaken(Decision(Outcome.ACCEPTED)))
    assert state.step is StepKind.CHECKS, "the agent sees what has changed"
    assert state.decision is None
    assert Verdict.FAIL in checks_of(case).values()
    assert state.rules.day == NEW_YEAR
    end = play(case, script)
    assert end.decision.outcome is Outcome.REFUSED


def test_before_midnight_it_is(opened):
    _, _, case, script = opened(replace(DOCUMENT, expiry_date=date(2026, 12, 31)))
    assert play(case, script).decision.outcome is Outcome.ACCEPTED


def test_where_nothing_differs_midnight_costs_the_agent_nothing(opened):
    office, _, case, _ = opened()
    office.clock.advance(seconds=20 * 60)
    state = case.dispatch(DecisionTaken(Decision(Outcome.ACCEPTED)))
    assert state.step is StepKind.CONFIRM
    assert state.rules.day == NEW_YEAR
    assert dict(state.rules.packs)["series"] == "2027-01"


def test_a_decision_of_yesterday_is_sealed_after_midnight_by_the_rules_it_was_taken_by(opened):
    office, _, case, script = opened(replace(DOCUMENT, expiry_date=date(2026, 12, 31)))
    case.dispatch(DecisionTaken(Decision(Outcome.ACCEPTED)))
    office.clock.advance(seconds=20 * 60)
    end = play(case, script)
    assert end.decision.outcome is Outcome.ACCEPTED
    assert end.rules.day == date(2026, 12, 31)


def test_a_case_put_aside_and_taken_up_the_next_day_is_checked_anew(opened):
    office, session, case, script = opened(replace(DOCUMENT, expiry_date=date(2026, 12, 31)))
    case.dispatch(DecisionTaken(Decision(Outcome.ACCEPTED)))
    office.clock.advance(seconds=20 * 60)
    again = office.proofing.resume(case.state.case_id, session)
    assert again.state.step is StepKind.CHECKS
    assert again.state.decision is None
    assert play(again, script).decision.outcome is Outcome.REFUSED


@pytest.mark.parametrize("back_to", [StepKind.CHECKS, StepKind.DOCUMENT, StepKind.NOTICE])
@pytest.mark.parametrize("how", ["resumed", "a refusal taken back"])
def test_checks_of_yesterday_never_pass_for_those_of_today(opened, back_to, how):
    office, session, case, script = opened(replace(DOCUMENT, expiry_date=date(2026, 12, 31)))
    while case.state.step is not back_to:
        case.dispatch(SteppedBack())
    office.clock.advance(seconds=20 * 60)
    if how == "resumed":
        case = office.proofing.resume(case.state.case_id, session)
        assert case.state.step is back_to
    else:
        case.dispatch(DecisionTaken(Decision(Outcome.REFUSED, (Reason.NOT_ORIGINAL,))))
        case.dispatch(SteppedBack())
    assert case.state.rules.day == NEW_YEAR
    assert Verdict.FAIL in checks_of(case).values()
    assert play(case, script).decision.outcome is Outcome.REFUSED


def test_a_case_stopped_before_its_checks_keeps_its_decision_and_the_rules_of_its_day(opened):
    office, session, case, script = opened(replace(DOCUMENT, expiry_date=date(2026, 12, 31)))
    while case.state.step is not StepKind.DOCUMENT:
        case.dispatch(SteppedBack())
    refused = Decision(Outcome.REFUSED, (Reason.NOT_ORIGINAL,))
    case.dispatch(DecisionTaken(refused))
    office.clock.advance(seconds=20 * 60)
    again = office.proofing.resume(case.state.case_id, session)
    assert (again.state.step, again.state.decision) == (StepKind.CONFIRM, refused)
    assert again.state.rules.day == date(2026, 12, 31)
    again.dispatch(SteppedBack())
    assert play(again, script).decision.outcome is Outcome.REFUSED


def test_somebody_comes_of_age_at_midnight(opened):
    office, _, case, _ = opened()
    born = replace(DOCUMENT.birth_date, year=2009, month=1, day=1)
    young = replace(DOCUMENT, birth_date=born)
    office.clock.set_wall(EVE)
    state = replace(case.state, document=young)
    before = office.examination.checks(state)
    office.clock.advance(seconds=20 * 60)
    after = office.examination.checks(state)
    adult = (
        {c.verdict for c in before if "adult" in c.code},
        {c.verdict for c in after if "adult" in c.code},
    )
    assert adult == ({Verdict.FAIL}, {Verdict.PASS})


def test_a_policy_that_comes_into_force_between_is_noticed_too(opened):
    rules = [DocumentRules(ACCEPTED, policy_version=1)]
    office, _, case, script = opened(rules=lambda: rules[0])
    rules[0] = DocumentRules(frozenset({DocumentKind.FR_PASSPORT}), policy_version=2)
    state = case.dispatch(DecisionTaken(Decision(Outcome.ACCEPTED)))
    assert state.step is StepKind.CHECKS
    assert state.rules.policy_version == 2
    assert play(case, script).decision.outcome is Outcome.REFUSED
    assert office.outbox()


def test_the_record_names_the_packs_and_the_day(opened):
    office, _, case, script = opened()
    end = play(case, script)
    record = build_record(
        end, end.record.record_id, end.record.sealed_at, office.device, office.terms()
    )
    part = record["visavis"]
    assert part["rules"] == {"day": "2026-12-31", "policy_version": 0}
    assert set(part["catalogues"]) >= {"documents", "features", "series"}


@pytest.mark.parametrize(
    ("zone_name", "at", "day"),
    [
        ("Europe/Paris", datetime(2026, 12, 31, 22, 59, 59, tzinfo=UTC), date(2026, 12, 31)),
        ("Europe/Paris", datetime(2026, 12, 31, 23, 0, tzinfo=UTC), NEW_YEAR),
        # Clocks go forward on 28 March 2027 and back on 31 October 2027.
        ("Europe/Paris", datetime(2027, 3, 27, 22, 59, tzinfo=UTC), date(2027, 3, 27)),
        ("Europe/Paris", datetime(2027, 3, 28, 21, 59, tzinfo=UTC), date(2027, 3, 28)),
        ("Europe/Paris", datetime(2027, 3, 28, 22, 0, tzinfo=UTC), date(2027, 3, 29)),
        ("Europe/Paris", datetime(2027, 10, 30, 22, 0, tzinfo=UTC), date(2027, 10, 31)),
        ("Europe/Paris", datetime(2027, 10, 31, 22, 59, tzinfo=UTC), date(2027, 10, 31)),
        ("Europe/Paris", datetime(2028, 2, 28, 23, 0, tzinfo=UTC), date(2028, 2, 29)),
        ("Indian/Reunion", datetime(2026, 12, 31, 20, 0, tzinfo=UTC), NEW_YEAR),
        ("America/Cayenne", datetime(2027, 1, 1, 2, 59, tzinfo=UTC), date(2026, 12, 31)),
    ],
)
def test_the_day_is_that_of_the_office(zone, zone_name, at, day):
    zone(zone_name)
    clock = FakeClock(wall=at)
    examination = CatalogueExamination(PACKS, lambda: DocumentRules(ACCEPTED), clock, CHANCE)
    assert examination.rules_now().day == day


def test_rules_made_for_a_day_survive_a_draft(opened):
    _, _, case, _ = opened()
    assert isinstance(case.state.rules, RulesUsed)
    assert case.state.rules.day == date(2026, 12, 31)


# --- policies that come ---------------------------------------------------------------------------


TOMORROW = replace(
    POLICY_IN_FORCE,
    version=5,
    valid_from=NEW_YEAR,
    accepted_documents=(DocumentKind.FR_PASSPORT,),
)
ROOT_PUBLIC = ROOT.public


def enrolled(clock) -> Office:
    office = Office(InMemoryStore(), clock=clock)
    identity = DeviceIdentity(
        office.device.device_id, OfficeId("069002"), "", NOWHERE, "", b64u(ROOT.public)
    )
    with office.store.begin() as uow:
        uow.values.put(IDENTITY, msgspec.json.encode(identity))
        uow.values.put(POLICY, sign_policy(POLICY_IN_FORCE, ROOT).encode())
        keep_coming(uow, sign_policy(TOMORROW, ROOT), TOMORROW, ROOT_PUBLIC)
        uow.commit()
    return office


def test_a_coming_policy_counts_from_its_first_midnight_without_a_network(zone):
    clock = FakeClock(wall=EVE)
    office = enrolled(clock)
    membership = Membership(office.store, OfficeId("069002"), clock)
    assert membership.policy.version == 1
    clock.advance(seconds=10 * 60)
    assert membership.policy.version == 5
    assert membership.terms().policy_version == 5


def test_the_journal_tells_when_it_took_effect_and_once(zone):
    clock = FakeClock(wall=EVE)
    office = enrolled(clock)
    membership = Membership(office.store, OfficeId("069002"), clock)
    assert promote(office.store, office.journal, membership.today) is None
    clock.advance(seconds=10 * 60)
    assert promote(office.store, office.journal, membership.today).version == 5
    assert promote(office.store, office.journal, membership.today) is None
    with office.store.begin() as uow:
        last = uow.journal.get(uow.journal.size() - 1)
        assert tokens_coming(uow) == []
    assert last.kind == "policy_applied"
    membership.reload()
    assert membership.policy.version == 5


def test_a_clock_set_ahead_brings_no_rules_of_tomorrow(zone):
    clock = FakeClock(wall=EVE)
    office = enrolled(clock)
    signed = SignedTime(EVE, clock.now(), clock.monotonic_ms(), clock.boot_id)
    with office.store.begin() as uow:
        uow.values.put(TIME, msgspec.json.encode(signed))
        uow.commit()
    membership = Membership(office.store, OfficeId("069002"), clock)
    clock.set_wall(EVE + timedelta(days=400))
    assert membership.policy.version == 1
    assert SignedClock(clock, membership).now() == EVE
    clock.advance(seconds=11 * 60)
    assert membership.policy.version == 5, "true time went on"


def test_a_clock_set_back_keeps_no_rules_of_yesterday(zone):
    clock = FakeClock(wall=EVE + timedelta(hours=1))
    office = enrolled(clock)
    signed = SignedTime(clock.now(), clock.now(), clock.monotonic_ms(), clock.boot_id)
    with office.store.begin() as uow:
        uow.values.put(TIME, msgspec.json.encode(signed))
        uow.commit()
    membership = Membership(office.store, OfficeId("069002"), clock)
    clock.set_wall(EVE - timedelta(days=3))
    assert membership.policy.version == 5


@pytest.mark.parametrize(
    ("day", "version"), [(date(2026, 12, 31), 1), (NEW_YEAR, 5), (date(2027, 2, 1), 7)]
)
def test_the_highest_version_that_is_due_counts(day, version):
    later_one = replace(TOMORROW, version=7, valid_from=date(2027, 2, 1))
    overtaken = replace(TOMORROW, version=4, valid_from=date(2027, 1, 15))
    assert in_force(POLICY_IN_FORCE, (overtaken, TOMORROW, later_one), day).version == version


def test_what_a_newer_policy_overtakes_is_forgotten():
    office = enrolled(FakeClock(wall=EVE))
    with office.store.begin() as uow:
        drop_coming(uow, 6, ROOT_PUBLIC)
        assert tokens_coming(uow) == []
    assert is_coming(TOMORROW, date(2026, 12, 31))
    assert not is_coming(TOMORROW, NEW_YEAR)
    assert not is_coming(POLICY_IN_FORCE, date(1, 1, 1))
