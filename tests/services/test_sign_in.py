"""Sign-in: counted tries, waits, lock-out, shifts."""

from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.audit.acts import act_holds
from kiosk.audit.entries import ORIGIN_FACT, open_entry
from kiosk.crypto.passwords import Argon2Cost
from kiosk.domain.agent import Duty, Role
from kiosk.domain.errors import (
    DraftError,
    KeyStoreError,
    LockedOutError,
    NotAllowedError,
    PinPolicyError,
    SamePinError,
    SignInError,
    UnknownAgentError,
    VaultCorruptError,
    WrongPinError,
)
from kiosk.domain.ids import AgentId
from kiosk.services.agents import Session, cost_of
from kiosk.services.pins import check_pin
from kiosk.services.sign_in import MAX_FAILURES, WAITS_S, SignIn
from kiosk.services.standing_record import put_standing
from kiosk.vault.store import open_store
from tests.fakes.cases import new_case
from tests.fakes.desk import PIN, Desk

AGENT = AgentId("a-17")


def wrong(desk: Desk, agent_id: AgentId = AGENT) -> type[Exception]:
    """Try a wrong PIN; the kind of refusal."""
    with pytest.raises(SignInError) as refused:
        desk.sign_in.sign_in(agent_id, "314159")
    return type(refused.value)


def fail_times(desk: Desk, count: int) -> None:
    """Wrong PINs, each as soon as it is allowed."""
    for _ in range(count):
        desk.clock.advance(seconds=desk.sign_in.standing(AGENT).wait_s)
        wrong(desk)


def save_draft(desk: Desk, session: Session):
    with desk.store.begin() as uow:
        row = desk.drafts.save(uow, new_case(), session)
        uow.commit()
    return row


@pytest.mark.parametrize(
    "agent_id", ["", "Camille Rousset", "é", "a\n", "a" * 3000, "authority", "enrolment"]
)
def test_an_agent_is_named_by_a_badge_that_a_journal_may_hold(desk: Desk, agent_id: str):
    with pytest.raises(SignInError):
        desk.add_agent(agent_id)
    assert desk.agents.all() == ()
    assert "agent_added" not in desk.kinds()


# --- PIN ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "pin",
    [
        "",
        "12345",
        "111111",
        "123456",
        "654321",
        "890123",
        "135791",
        "121212",
        "123123",
        "112211",
        "short",
        "ninechars",
        "aaaaaaaaaaaa",
        "abababababab",
        "12 34 56",
        "१२३४५६",
        "147258",
        "112233",
        "140789",
        "071489",
        "890714",
        "290200",
        "14071989",
        "19890714",
        "07141989",
    ],
)
def test_a_trivial_or_short_pin_is_refused(pin: str):
    with pytest.raises(PinPolicyError):
        check_pin(pin)


@pytest.mark.parametrize(
    "pin", ["271828", "8402715", "99407153", "cheval agrafe pile", "été à Nîmes 42"]
)
def test_six_digits_or_a_passphrase_are_accepted(pin: str):
    assert check_pin(pin)


@given(st.text(max_size=20))
def test_any_text_is_accepted_or_refused_by_policy(pin: str):
    try:
        form = check_pin(pin)
    except PinPolicyError:
        return
    assert len(form) >= 6


def test_a_passphrase_opens_whatever_way_its_accents_were_typed(desk: Desk):
    desk.add_agent(pin="été à Nîmes 42")
    decomposed = "e\u0301te\u0301 a\u0300 Ni\u0302mes 42"
    assert desk.sign_in.sign_in(AGENT, decomposed).agent.agent_id == AGENT


def test_a_new_cost_of_the_pin_check_reaches_an_agent_at_the_next_sign_in(desk: Desk):
    session = desk.session()
    draft = save_draft(desk, session)
    dearer = Argon2Cost(memory_kib=128, iterations=2, lanes=1)
    moved = SignIn(desk.store, desk.keys, desk.clock, dearer, desk.journal)
    again = moved.sign_in(AGENT, PIN)
    assert again == session
    assert desk.drafts.load(draft, again) == new_case()
    with desk.store.begin() as uow:
        row = uow.agents.get(AGENT)
    assert row is not None
    assert row.kdf == "argon2id m=128 t=2 p=1"
    assert moved.sign_in(AGENT, PIN) == session
    assert wrong(desk) is WrongPinError
    assert desk.sign_in.sign_in(AGENT, PIN) == session


@pytest.mark.parametrize(
    "text", ["", "argon2id", "argon2id m=0 t=1 p=1", "argon2id m=99999999 t=1 p=1", "scrypt n=1"]
)
def test_a_cost_that_makes_no_sense_is_damage(text: str):
    with pytest.raises(VaultCorruptError):
        cost_of(text)


# --- tries ----------------------------------------------------------------------------------------


def test_the_right_pin_opens_a_session(desk: Desk):
    desk.add_agent()
    session = desk.sign_in.sign_in(AGENT, PIN)
    assert session.agent in desk.sign_in.agents()
    with desk.store.begin() as uow:
        row = uow.agents.get(AGENT)
    assert row is not None
    assert session.signing_key.public == row.public_key
    assert len(session.shift_key) == 32


def test_an_unknown_agent_is_told_apart(desk: Desk):
    with pytest.raises(UnknownAgentError):
        desk.sign_in.sign_in(AgentId("nobody"), PIN)


def test_a_wrong_pin_is_counted_and_journalled(desk: Desk):
    desk.add_agent()
    assert wrong(desk) is WrongPinError
    assert desk.sign_in.standing(AGENT).failures == 1
    header = open_entry(desk.entries()[-1].jws, desk.device_key.public)
    assert header.kind == "login_fail"
    assert header.facts == {"agent": "a-17", "failures": 1}


def test_the_same_pin_without_the_device_secret_opens_nothing(desk: Desk):
    desk.add_agent()
    desk.keys.put("device-secret", bytes(32))
    with pytest.raises(WrongPinError):
        desk.sign_in.sign_in(AGENT, PIN)


def test_success_starts_the_count_again(desk: Desk):
    desk.add_agent()
    fail_times(desk, 3)
    desk.sign_in.sign_in(AGENT, PIN)
    assert desk.sign_in.standing(AGENT).failures == 0


def test_waits_grow_as_the_rule_says(desk: Desk):
    desk.add_agent()
    waits = []
    for _ in range(MAX_FAILURES - 1):
        fail_times(desk, 1)
        waits.append(desk.sign_in.standing(AGENT).wait_s)
    assert waits == [0, 0, 0, 30, 60, 300, 900, 3600, 3600]
    assert tuple(waits) == WAITS_S


def test_even_the_right_pin_waits(desk: Desk):
    desk.add_agent()
    fail_times(desk, 4)
    desk.clock.advance(seconds=29)
    with pytest.raises(LockedOutError) as refused:
        desk.sign_in.sign_in(AGENT, PIN)
    assert refused.value.detail == "wait 1 s"
    desk.clock.advance(seconds=1)
    assert desk.sign_in.sign_in(AGENT, PIN)


def test_a_try_that_came_too_early_is_not_counted(desk: Desk):
    desk.add_agent()
    fail_times(desk, 4)
    for _ in range(50):
        assert wrong(desk) is LockedOutError
    assert desk.sign_in.standing(AGENT).failures == 4


def test_setting_the_clock_forward_does_not_shorten_the_wait(desk: Desk):
    desk.add_agent()
    fail_times(desk, 4)
    desk.clock.set_wall(desk.clock.wall + timedelta(days=3650))
    assert wrong(desk) is LockedOutError
    assert desk.sign_in.standing(AGENT).wait_s == 30


def test_setting_the_clock_back_starts_the_wait_again_and_no_longer(desk: Desk):
    desk.add_agent()
    fail_times(desk, 4)
    desk.clock.advance(seconds=25)
    desk.clock.set_wall(desk.clock.wall - timedelta(days=3650))
    assert wrong(desk) is LockedOutError
    desk.clock.advance(seconds=29)
    assert wrong(desk) is LockedOutError
    desk.clock.advance(seconds=1)
    assert desk.sign_in.sign_in(AGENT, PIN)


def test_a_restart_starts_the_wait_again_even_with_the_clock_set_forward(desk: Desk):
    desk.add_agent()
    fail_times(desk, 4)
    desk.clock.advance(seconds=25)
    desk.clock.reboot()
    desk.clock.set_wall(desk.clock.wall + timedelta(days=1))
    assert wrong(desk) is LockedOutError
    desk.clock.advance(seconds=29)
    assert wrong(desk) is LockedOutError
    desk.clock.advance(seconds=1)
    assert desk.sign_in.sign_in(AGENT, PIN)


def test_pulling_the_plug_between_count_and_check_never_gives_more_tries(desk: Desk):
    """The key store fails at the moment of the check: as a power cut there would."""
    desk.add_agent()
    reached = 0
    desk.keys.locked = True
    for _ in range(1000):
        desk.clock.advance(seconds=3600)
        try:
            desk.sign_in.sign_in(AGENT, PIN)
        except KeyStoreError:
            reached += 1
        except LockedOutError:
            pass
    assert reached == MAX_FAILURES
    desk.keys.locked = False
    with pytest.raises(LockedOutError):
        desk.sign_in.sign_in(AGENT, PIN)


# --- lock-out -------------------------------------------------------------------------------------


def test_ten_failures_lock_until_a_second_person_opens(desk: Desk):
    desk.add_agent()
    fail_times(desk, MAX_FAILURES)
    assert desk.sign_in.standing(AGENT).locked
    assert desk.kinds()[-2:] == ["login_fail", "lockout"]
    desk.clock.advance(days=365)
    with pytest.raises(LockedOutError) as refused:
        desk.sign_in.sign_in(AGENT, PIN)
    assert refused.value.detail == "second person"
    manager = desk.session("m-1", Role.MANAGER)
    desk.sign_in.unlock(AGENT, manager)
    assert desk.sign_in.sign_in(AGENT, PIN)
    lifted = open_entry(desk.entries()[-2].jws, desk.device_key.public)
    told = {name: fact for name, fact in lifted.facts.items() if name in ("agent", "lifted", "by")}
    assert told == {"agent": "a-17", "lifted": True, "by": "m-1"}
    assert act_holds(lifted, "by", manager.signing_key.public)


def test_only_another_person_who_is_a_manager_can_unlock(desk: Desk):
    desk.add_agent()
    fail_times(desk, MAX_FAILURES)
    with pytest.raises(SignInError):
        desk.sign_in.unlock(AGENT, desk.session("a-18"))
    manager = desk.session("m-1", Role.MANAGER)
    with pytest.raises(SignInError):
        desk.sign_in.unlock(AgentId("m-1"), manager)


@pytest.mark.parametrize("stands", [True, False])
def test_a_lock_out_seals_what_was_open_and_deletes_nothing(desk: Desk, stands: bool):
    row = save_draft(desk, desk.session())
    if not stands:  # as a draft that an earlier version wrote
        with desk.store.begin() as uow:
            put_standing(uow, row.case_id, None)
            uow.commit()
    fail_times(desk, MAX_FAILURES - 1)
    with desk.store.begin() as uow:
        assert len(uow.drafts.all()) == 1
    fail_times(desk, 1)
    with desk.store.begin() as uow:
        assert len(uow.drafts.all()) == 1 - stands
    records = [desk.open_record(sent.seq).record["visavis"] for sent in desk.outbox()]
    assert [record["decision"]["outcome"] for record in records] == ["abandoned"] * stands
    closed = [row for row in desk.entries() if row.kind == "verify_close"]
    told = [open_entry(row.jws, desk.device_key.public).facts["why"] for row in closed]
    assert told == ["lockout"] * stands


def test_a_lock_out_touches_no_other_agent(desk: Desk):
    desk.add_agent()
    fail_times(desk, MAX_FAILURES)
    assert desk.session("a-18")


# --- shifts ---------------------------------------------------------------------------------------


def test_signing_in_again_during_a_shift_opens_the_drafts_again(desk: Desk):
    first = desk.session()
    row = save_draft(desk, first)
    again = desk.sign_in.sign_in(AGENT, PIN)
    assert desk.drafts.load(row, again) == new_case()
    assert desk.kinds().count("shift_open") == 1


def test_signing_out_ends_the_shift_and_the_next_one_has_another_key(desk: Desk):
    first = desk.session()
    row = save_draft(desk, first)
    desk.sign_in.sign_out(first)
    second = desk.sign_in.sign_in(AGENT, PIN)
    assert second.shift_key != first.shift_key
    with pytest.raises(DraftError):
        desk.drafts.load(row, second)
    assert desk.kinds() == [
        "agent_added",
        "shift_open",
        "verify_close",
        "shift_close",
        "shift_open",
    ]


def test_signing_out_seals_open_drafts_as_abandoned(desk: Desk):
    session = desk.session()
    save_draft(desk, session)
    desk.sign_in.sign_out(session)
    (row,) = desk.outbox()
    record = desk.open_record(row.seq).record
    assert record["visavis"]["decision"]["outcome"] == "abandoned"
    with desk.store.begin() as uow:
        assert uow.drafts.all() == ()


@pytest.mark.parametrize("stands", [True, False])
def test_a_draft_that_nobody_can_open_is_accounted_for_at_the_end_of_the_shift(
    desk: Desk, stands: bool
):
    session = desk.session()
    row = save_draft(desk, session)
    with desk.store.begin() as uow:
        uow.drafts.put(
            type(row)(row.case_id, row.agent_id, row.revision, row.step, row.updated_at, b"\x01bad")
        )
        if not stands:  # as a draft that an earlier version wrote
            put_standing(uow, row.case_id, None)
        uow.commit()
    desk.sign_in.sign_out(session)
    closed = open_entry(desk.entries()[-2].jws, desk.device_key.public)
    assert closed.kind == "verify_close"
    told = {
        "case": "c" * 32,
        "agent": AGENT,
        "outcome": "abandoned",
        "sealed": stands,
        "why": "shift-end",
    }
    assert {name: closed.facts.get(name) for name in told} == told
    assert len(desk.outbox()) == stands
    with desk.store.begin() as uow:
        assert uow.drafts.all() == ()


def test_the_end_of_a_shift_leaves_no_copy_of_its_key_in_the_log(tmp_path: Path):
    log = tmp_path / "vault.db-wal"
    desk = Desk(store=open_store(tmp_path / "vault.db", bytes(32)))
    session = desk.session()
    save_draft(desk, session)
    assert log.stat().st_size > 0
    desk.sign_in.sign_out(session)
    assert log.stat().st_size == 0
    assert desk.verify().verified
    desk.store.close()


def test_no_secret_shows_in_a_printed_session(desk: Desk):
    session = desk.session()
    text = repr(session)
    assert session.shift_key.hex() not in text
    assert repr(session.shift_key) not in text
    assert repr(session.signing_key.seed) not in text


def test_an_agent_is_added_once_and_the_public_key_is_announced(desk: Desk):
    desk.add_agent()
    with pytest.raises(SignInError):
        desk.add_agent()
    (row,) = desk.entries()
    facts = open_entry(row.jws, desk.device_key.public).facts
    assert set(facts) - {ORIGIN_FACT} == {"agent", "role", "public_key"}


def test_the_journal_of_a_day_verifies(desk: Desk):
    session = desk.session()
    wrong(desk)
    desk.sign_in.sign_in(AGENT, PIN)
    desk.sign_in.sign_out(session)
    assert desk.verify().verified


# --- a second person, another PIN -----------------------------------------------------------------


def test_a_second_person_signs_without_a_shift_of_their_own(desk: Desk):
    first = desk.session()
    desk.add_agent("m-1", Role.MANAGER)
    second = desk.sign_in.vouch(AgentId("m-1"), PIN, Duty.UNLOCK)
    assert second.agent.agent_id == "m-1"
    assert desk.kinds().count("shift_open") == 1
    with desk.store.begin() as uow:
        manager, agent = uow.agents.get(AgentId("m-1")), uow.agents.get(AGENT)
    assert manager is not None
    assert agent is not None
    assert manager.public_key == second.signing_key.public
    assert manager.wrapped_shift_key is None
    assert agent.wrapped_shift_key is not None
    assert desk.drafts.load(save_draft(desk, first), first) == new_case()


def test_the_tries_of_a_second_person_count_like_any_other(desk: Desk):
    desk.add_agent("m-1", Role.MANAGER)
    for _ in range(3):
        with pytest.raises(WrongPinError):
            desk.sign_in.vouch(AgentId("m-1"), "314159", Duty.UNLOCK)
    assert desk.sign_in.standing(AgentId("m-1")).failures == 3
    desk.sign_in.vouch(AgentId("m-1"), PIN, Duty.UNLOCK)
    assert desk.sign_in.standing(AgentId("m-1")).failures == 0


def test_who_lacks_the_duty_is_told_before_the_pin_is_tried(desk: Desk):
    desk.add_agent()
    with pytest.raises(NotAllowedError) as refused:
        desk.sign_in.vouch(AGENT, "314159", Duty.UNLOCK)
    assert refused.value.detail == "unlock"
    assert desk.sign_in.standing(AGENT).failures == 0


def test_another_pin_keeps_signature_shift_and_open_cases(desk: Desk):
    session = desk.session()
    row = save_draft(desk, session)
    desk.sign_in.change_pin(session, PIN, "884422917")
    assert wrong(desk) is WrongPinError
    with pytest.raises(WrongPinError):
        desk.sign_in.sign_in(AGENT, PIN)
    again = desk.sign_in.sign_in(AGENT, "884422917")
    assert again == session
    assert desk.drafts.load(row, again) == new_case()
    entry = next(row for row in desk.entries() if row.kind == "pin_changed")
    header = open_entry(entry.jws, desk.device_key.public)
    assert act_holds(header, "agent", session.signing_key.public)


@pytest.mark.parametrize(
    ("old", "new", "error"),
    [
        ("314159", "884422917", WrongPinError),
        (PIN, PIN, SamePinError),
        (PIN, "123456", PinPolicyError),
    ],
)
def test_another_pin_needs_the_old_one_and_must_be_a_good_one(desk: Desk, old, new, error):
    session = desk.session()
    with pytest.raises(error):
        desk.sign_in.change_pin(session, old, new)
    assert "pin_changed" not in desk.kinds()
    assert desk.sign_in.sign_in(AGENT, PIN)


def test_the_badge_is_no_pin(desk: Desk):
    with pytest.raises(PinPolicyError) as refused:
        desk.add_agent("840271", pin="840271")
    assert refused.value.detail == "badge"
