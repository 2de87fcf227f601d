"""One-time codes: made by a manager, good once and for a while, with keys of the agent's own."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.audit.acts import act_holds
from kiosk.audit.entries import open_entry
from kiosk.crypto.digests import unb64u
from kiosk.domain.agent import Agent, Role
from kiosk.domain.errors import (
    CodeTriesError,
    ManagerNeededError,
    NotAllowedError,
    OneTimeCodeError,
    PinPolicyError,
    SamePersonError,
    SignInError,
)
from kiosk.domain.ids import AgentId
from kiosk.services.onboarding import MAX_TRIES, shown
from tests.fakes.cases import new_case
from tests.fakes.desk import PIN, Desk

NEW = Agent(AgentId("a-17"), "Camille R.", Role.AGENT)
GOOD = "884422917"


def header(desk: Desk, kind: str):
    row = [row for row in desk.entries() if row.kind == kind][-1]
    return open_entry(row.jws, desk.device_key.public)


def invited(desk: Desk, agent: Agent = NEW, hours: int = 24) -> str:
    return desk.onboarding.invite(agent, desk.session("m-1", Role.MANAGER), hours)


def test_an_agent_comes_in_with_a_code_and_a_pin_of_their_own(desk: Desk):
    manager = desk.session("m-1", Role.MANAGER)
    code = desk.onboarding.invite(NEW, manager)
    assert desk.onboarding.redeem(shown(code), GOOD) == NEW
    session = desk.sign_in.sign_in(NEW.agent_id, GOOD)
    assert session.agent == NEW
    made, used = header(desk, "agent_invited"), header(desk, "agent_added")
    assert act_holds(made, "by", manager.signing_key.public)
    assert act_holds(used, "agent", session.signing_key.public)
    assert unb64u(str(used.facts["public_key"])) == session.signing_key.public
    assert (used.facts["by"], used.facts["anew"]) == ("m-1", False)
    assert NEW.display_name not in " ".join(row.jws for row in desk.entries())
    assert desk.onboarding.waiting() == ()


@pytest.mark.parametrize("typed", ["{} ", " {}", "{low}", "{a} {b}", "{a}-{b}"])
def test_a_code_may_be_typed_as_people_type(desk: Desk, typed: str):
    code = invited(desk)
    text = typed.format(code, low=code.lower(), a=code[:4], b=code[4:])
    assert desk.onboarding.redeem(text, GOOD) == NEW


def test_a_code_works_once(desk: Desk):
    code = invited(desk)
    desk.onboarding.redeem(code, GOOD)
    with pytest.raises(OneTimeCodeError):
        desk.onboarding.redeem(code, GOOD)


def test_a_bad_pin_does_not_use_up_the_code(desk: Desk):
    code = invited(desk)
    for pin in ("123456", "000000", "140789", "12345"):
        with pytest.raises(PinPolicyError):
            desk.onboarding.redeem(code, pin)
    assert desk.onboarding.redeem(code, GOOD) == NEW


def test_a_code_ends_by_either_clock(desk: Desk):
    code = invited(desk, hours=2)
    desk.clock.advance(seconds=7201)
    with pytest.raises(OneTimeCodeError):
        desk.onboarding.redeem(code, GOOD)
    code = invited(desk, hours=2)
    desk.clock.advance(seconds=7201)
    desk.clock.set_wall(desk.clock.wall - timedelta(hours=2))
    with pytest.raises(OneTimeCodeError):
        desk.onboarding.redeem(code, GOOD)


def test_a_clock_set_back_ends_a_code(desk: Desk):
    code = invited(desk)
    desk.clock.set_wall(desk.clock.wall - timedelta(days=1))
    assert desk.onboarding.waiting() == ()
    with pytest.raises(OneTimeCodeError):
        desk.onboarding.redeem(code, GOOD)


def test_ten_wrong_codes_void_the_right_one(desk: Desk):
    code = invited(desk)
    wrong = "0" * 8 if code != "0" * 8 else "1" * 8
    for count in range(MAX_TRIES):
        with pytest.raises(CodeTriesError if count == MAX_TRIES - 1 else OneTimeCodeError):
            desk.onboarding.redeem(wrong, GOOD)
    with pytest.raises(CodeTriesError):
        desk.onboarding.redeem(code, GOOD)
    assert header(desk, "agent_invited").facts == {"void": 1}
    again = invited(desk)
    assert desk.onboarding.redeem(again, GOOD) == NEW


def test_a_try_counts_before_it_is_looked_at(desk: Desk):
    """The store fails right after the count, as a power cut there would."""
    code = invited(desk)
    wrong = "0" * 8 if code != "0" * 8 else "1" * 8
    reached = 0
    for _ in range(100):
        original = desk.onboarding._read
        desk.onboarding._read = lambda *_: (_ for _ in ()).throw(KeyboardInterrupt)
        try:
            desk.onboarding.redeem(wrong, GOOD)
        except KeyboardInterrupt:
            reached += 1
        except CodeTriesError:
            pass
        finally:
            desk.onboarding._read = original
    assert reached == MAX_TRIES


@given(st.text(max_size=20))
def test_any_text_is_a_code_or_refused(text: str):
    with pytest.raises(SignInError):
        Desk().onboarding.redeem(text, GOOD)


def test_only_a_manager_makes_codes_and_not_for_themselves(desk: Desk):
    manager = desk.session("m-1", Role.MANAGER)
    with pytest.raises(NotAllowedError):
        desk.onboarding.invite(NEW, desk.session("a-18"))
    with pytest.raises(NotAllowedError):
        desk.onboarding.invite(NEW, desk.session("t-1", Role.TECHNICIAN))
    with pytest.raises(SamePersonError):
        desk.onboarding.invite(manager.agent, manager)
    with pytest.raises(SignInError):
        desk.onboarding.invite(Agent(AgentId("Camille Rousset"), "Camille"), manager)
    assert "agent_invited" not in desk.kinds()


def test_the_first_manager_comes_with_the_enrolment_and_no_second_one(desk: Desk):
    code = desk.onboarding.invite_first(AgentId("m-1"), "Dominique L.")
    assert header(desk, "agent_invited").facts["by"] == "enrolment"
    assert desk.onboarding.redeem(code, GOOD).role is Role.MANAGER
    with pytest.raises(ManagerNeededError):
        desk.onboarding.invite_first(AgentId("m-2"), "Sacha T.")


def test_a_new_code_voids_the_older_one_of_the_same_agent(desk: Desk):
    first, second = invited(desk), invited(desk)
    with pytest.raises(OneTimeCodeError):
        desk.onboarding.redeem(first, GOOD)
    assert [one.agent for one in desk.onboarding.waiting()] == [NEW]
    assert desk.onboarding.redeem(second, GOOD) == NEW


def test_a_forgotten_pin_means_new_keys_and_what_the_old_ones_opened_is_accounted_for(desk: Desk):
    before = desk.session("a-17")
    with desk.store.begin() as uow:
        desk.drafts.save(uow, new_case(), before)
        uow.commit()
    desk.onboarding.redeem(invited(desk), GOOD)
    after = desk.sign_in.sign_in(NEW.agent_id, GOOD)
    assert after.signing_key.public != before.signing_key.public
    assert after.shift_key != before.shift_key
    assert header(desk, "agent_added").facts["anew"] is True
    assert header(desk, "verify_close").facts["sealed"] is True
    assert {"shift_close"} <= set(desk.kinds())
    with desk.store.begin() as uow:
        assert uow.drafts.all() == ()
        assert uow.values.names("case-hands/") == ()
    with pytest.raises(SignInError):
        desk.sign_in.sign_in(NEW.agent_id, PIN)


def test_a_code_does_not_stand_in_the_vault(desk: Desk):
    code = invited(desk)
    with desk.store.begin() as uow:
        values = [(name, uow.values.get(name)) for name in uow.values.names("")]
    assert all(code not in name and code.encode() not in (data or b"") for name, data in values)
    assert not any(code in row.jws for row in desk.entries())
