"""The device secret replaced: lazily, one agent after the other, and nobody is kept out."""

from dataclasses import replace
from datetime import timedelta

import pytest

from kiosk.audit.entries import EntryKind, open_entry
from kiosk.domain.agent import Agent, Role
from kiosk.domain.errors import (
    DiskFullError,
    KeyStoreError,
    LastManagerError,
    OneTimeCodeError,
    SecretChangeError,
    StrandedKeysError,
    VaultError,
    WrongPinError,
)
from kiosk.domain.ids import AgentId
from kiosk.services.agents import DEVICE_SECRET, DEVICE_SECRET_PAST
from kiosk.services.drafts import Drafts
from kiosk.services.secret_change import MAX_DAYS, SecretChange
from kiosk.services.sightings import DOCUMENT_SEEN, MAX_PAST_KEYS, PAST_KEYS, keep_past_key
from tests.fakes.cases import DOCUMENT, new_case
from tests.fakes.desk import PIN, Desk
from tests.services.test_sealing import REFUSED, decided
from tests.services.test_sightings import codes, days

BOSS, AGENT, GONE = AgentId("m-1"), AgentId("a-17"), AgentId("a-3")
OLD = b"device secret of thirty-two byte"


@pytest.fixture
def office(desk: Desk) -> Desk:
    desk.add_agent(BOSS, Role.MANAGER)
    desk.add_agent(AGENT)
    desk.add_agent(GONE)
    return desk


def change_of(desk: Desk) -> SecretChange:
    return SecretChange(desk.store, desk.keys, desk.journal, desk.clock)


def told(desk: Desk) -> list[dict]:
    """Facts of the entries about the device secret."""
    entries = (open_entry(row.jws, desk.device_key.public) for row in desk.entries())
    return [dict(e.facts) for e in entries if e.kind == EntryKind.KEYS_CHANGED]


def wrong(desk: Desk, agent_id: AgentId) -> type[Exception]:
    with pytest.raises(Exception, match="SIGNIN") as refused:
        desk.sign_in.sign_in(agent_id, "314159")
    return type(refused.value)


def test_every_agent_signs_in_with_the_same_pin_and_the_past_secret_goes_with_the_last(
    office: Desk,
):
    change = change_of(office)
    assert change.begin().awaited == (AGENT, GONE, BOSS)
    assert office.keys.get(DEVICE_SECRET) not in (OLD, None)
    assert office.keys.get(DEVICE_SECRET_PAST) == OLD
    office.session(AGENT)
    office.session(BOSS)
    assert change.standing().awaited == (GONE,)
    assert office.keys.get(DEVICE_SECRET_PAST) == OLD
    office.session(GONE)
    assert change.standing().awaited == ()
    assert office.keys.get(DEVICE_SECRET_PAST) is None
    for name in (BOSS, AGENT, GONE):
        office.session(name)
        assert wrong(office, name) is WrongPinError
    assert told(office) == [
        {"key": DEVICE_SECRET, "awaited": 3, "days": 30},
        {"key": DEVICE_SECRET_PAST, "awaited": 0, "void": 0},
    ]
    assert office.verify().verified


def test_the_old_wrapping_opens_nothing_once_the_agent_came(office: Desk):
    change_of(office).begin()
    office.session(AGENT)
    office.keys.put(DEVICE_SECRET, OLD)
    assert wrong(office, AGENT) is WrongPinError
    with pytest.raises(WrongPinError):
        office.sign_in.sign_in(AGENT, PIN)


def test_an_open_shift_and_its_case_survive(office: Desk):
    session = office.session(AGENT)
    with office.store.begin() as uow:
        row = office.drafts.save(uow, new_case(), session)
        uow.commit()
    change_of(office).begin()
    again = office.session(AGENT)
    assert again.shift_key == session.shift_key
    assert Drafts.load(row, again) == new_case()
    assert office.session(AGENT).shift_key == session.shift_key


def test_the_count_of_wrong_pins_stays_and_a_try_counts_once(office: Desk):
    wrong(office, AGENT)
    change_of(office).begin()
    assert office.sign_in.standing(AGENT).failures == 1
    wrong(office, AGENT)
    assert office.sign_in.standing(AGENT).failures == 2


def test_a_second_person_and_a_changed_pin_count_as_having_come(office: Desk):
    session, change = office.session(AGENT), change_of(office)
    change.begin()
    office.sign_in.vouch(BOSS, PIN)
    assert change.standing().awaited == (AGENT, GONE)
    office.sign_in.change_pin(session, PIN, "141421")
    assert change.standing().awaited == (GONE,)
    assert office.sign_in.sign_in(AGENT, "141421").shift_key == session.shift_key
    assert office.sign_in.vouch(BOSS, PIN).agent.agent_id == BOSS


def test_a_shift_of_somebody_who_only_vouched_stays_open(office: Desk):
    session = office.session(BOSS)
    change_of(office).begin()
    office.sign_in.vouch(BOSS, PIN)
    assert office.session(BOSS).shift_key == session.shift_key


def test_whoever_does_not_come_in_time_needs_a_code_and_is_told_so(office: Desk):
    change = change_of(office)
    change.begin(days=5)
    boss = office.session(BOSS)
    office.session(AGENT)
    days(office, 5)
    change.settle()
    assert office.keys.get(DEVICE_SECRET_PAST) == OLD
    days(office, 1)
    change.settle()
    assert office.keys.get(DEVICE_SECRET_PAST) is None
    standing = change.standing()
    assert (standing.awaited, standing.stranded, standing.until) == ((), (GONE,), None)
    with pytest.raises(StrandedKeysError):
        office.sign_in.sign_in(GONE, PIN)
    assert told(office)[-1] == {"key": DEVICE_SECRET_PAST, "awaited": 1, "void": 0}
    code = office.onboarding.invite(Agent(GONE, "Gone", Role.AGENT), boss)
    office.onboarding.redeem(code, "141421")
    assert change.standing().stranded == ()
    assert office.sign_in.sign_in(GONE, "141421").agent.agent_id == GONE


def test_a_second_change_does_not_wait_for_whoever_missed_the_first(office: Desk):
    change = change_of(office)
    change.begin()
    office.session(BOSS)
    office.session(AGENT)
    change.finish()
    standing = change.begin()
    assert (standing.awaited, standing.stranded) == ((AGENT, BOSS), (GONE,))
    with pytest.raises(StrandedKeysError):
        office.sign_in.sign_in(GONE, PIN)
    office.session(BOSS)
    office.session(AGENT)
    assert office.keys.get(DEVICE_SECRET_PAST) is None
    assert change.standing().stranded == (GONE,)


def test_one_change_at_a_time(office: Desk):
    change = change_of(office)
    change.begin()
    with pytest.raises(SecretChangeError):
        change.begin()
    assert office.keys.get(DEVICE_SECRET_PAST) == OLD


def test_the_past_secret_stays_while_no_manager_could_sign_in_without_it(office: Desk):
    change = change_of(office)
    change.begin(days=1)
    office.session(AGENT)
    with pytest.raises(LastManagerError):
        change.finish()
    days(office, MAX_DAYS)
    change.settle()
    assert office.keys.get(DEVICE_SECRET_PAST) == OLD
    office.session(BOSS)
    change.settle()
    assert office.keys.get(DEVICE_SECRET_PAST) is None


def test_a_code_that_waits_is_good_until_the_past_secret_goes(office: Desk):
    boss = office.session(BOSS)
    first = office.onboarding.invite(Agent(AgentId("n-1"), "Nina", Role.AGENT), boss)
    second = office.onboarding.invite(Agent(AgentId("n-2"), "Noé", Role.AGENT), boss)
    change = change_of(office)
    change.begin()
    later = office.onboarding.invite(Agent(AgentId("n-3"), "Nour", Role.AGENT), boss)
    office.onboarding.redeem(first, PIN)
    office.session(BOSS)
    change.finish()
    assert told(office)[-1] == {"key": DEVICE_SECRET_PAST, "awaited": 2, "void": 1}
    with pytest.raises(OneTimeCodeError):
        office.onboarding.redeem(second, PIN)
    office.onboarding.redeem(later, PIN)
    assert [one.agent.agent_id for one in office.onboarding.waiting()] == []
    assert office.session("n-1").agent.agent_id == "n-1"


def test_a_document_seen_under_the_past_secret_is_a_doubt_until_its_day(office: Desk):
    office.set_terms(sightings_days=30)
    office.sealing.seal(decided(REFUSED, "1" * 32), office.session(AGENT))
    change = change_of(office)
    change.begin()
    for name in (BOSS, AGENT, GONE):
        office.session(name)
    assert office.keys.get(DEVICE_SECRET_PAST) is None
    assert codes(office) == [DOCUMENT_SEEN]
    days(office, 30)
    change.settle()
    assert codes(office) == [DOCUMENT_SEEN]
    days(office, 1)
    assert codes(office) == []
    change.settle()
    assert office.keys.get(PAST_KEYS) is None


def test_what_was_seen_after_a_change_that_came_no_further_is_remembered_as_long(office: Desk):
    office.set_terms(sightings_days=30)
    other = replace(decided(REFUSED, "2" * 32), document=replace(DOCUMENT, document_number="X1"))
    office.sealing.seal(other, office.session(AGENT))
    today = office.clock.now().astimezone().date()
    keep_past_key(office.store, office.keys, OLD, today)  # and the power goes
    days(office, 20)
    office.sealing.seal(decided(REFUSED, "3" * 32), office.session(AGENT))
    change = change_of(office)
    change.begin()
    days(office, 29)
    change.settle()
    assert codes(office) == [DOCUMENT_SEEN]


def test_sightings_of_several_past_secrets_are_found_and_their_keys_stay_few(office: Desk):
    office.set_terms(sightings_days=30)
    change = change_of(office)
    for number in range(MAX_PAST_KEYS + 2):
        session = office.session(AGENT)
        state = replace(decided(REFUSED, f"{number:032x}"), document=None)
        if number == 2:
            state = decided(REFUSED, f"{number:032x}")
        office.sealing.seal(state, session)
        change.begin()
        for name in (BOSS, AGENT, GONE):
            office.session(name)
        if number >= 2:
            assert codes(office) == [DOCUMENT_SEEN]
    assert len(office.keys.get(PAST_KEYS)) < 1024


def test_without_room_or_with_a_store_that_refuses_nothing_changes(office: Desk):
    change = change_of(office)
    office.store.free = 1024
    with pytest.raises(DiskFullError):
        change.begin()
    office.store.free = 10**9
    office.keys.locked = True
    with pytest.raises(KeyStoreError):
        change.begin()
    office.keys.locked = False
    assert (office.keys.get(DEVICE_SECRET), office.keys.get(DEVICE_SECRET_PAST)) == (OLD, None)
    assert told(office) == []


def test_a_vault_that_refuses_keeps_everybody_able_to_sign_in(office: Desk):
    change = change_of(office)
    office.store.full = True
    with pytest.raises(VaultError):
        change.begin()
    office.store.full = False
    office.session(AGENT)
    change.settle()
    assert change.standing().awaited == (AGENT, GONE, BOSS)
    for name in (BOSS, AGENT, GONE):
        office.session(name)
    assert office.keys.get(DEVICE_SECRET_PAST) is None


def test_a_device_without_agents_waits_for_nobody(desk: Desk):
    assert change_of(desk).begin().until is None
    assert desk.keys.get(DEVICE_SECRET_PAST) is None
    desk.session()


def test_the_last_day_is_told(office: Desk):
    today = office.clock.now().astimezone().date()
    assert change_of(office).begin(days=7).until == today + timedelta(days=7)
