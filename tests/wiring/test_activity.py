"""An agent's own activity is proven by the script that shares nothing with the program."""

import json
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kiosk.audit.entries import entry_leaf, lost_entry
from kiosk.crypto.canonical import canonical_json
from kiosk.crypto.digests import b64u
from kiosk.domain.agent import Role
from kiosk.domain.ids import AgentId
from kiosk.services.activity import Activity
from kiosk.services.agents import Session
from tests.fakes.desk import DEVICE, Desk
from tests.services.test_sealing import decided
from tests.wiring.test_journal_export import VERIFIER, faults_or_refusal


def worked() -> tuple[Desk, Session]:
    """A day with a colleague, a lock-out lifted by a manager, and two cases."""
    desk = Desk()
    manager, session = desk.session("m-1", Role.MANAGER), desk.session()
    desk.session("a-18")
    for number in range(2):
        desk.sealing.seal(decided(case=f"{number:032x}"), session)
    desk.sign_in.unlock(AgentId("a-17"), manager)
    desk.sign_in.unlock(AgentId("a-18"), manager)
    return desk, session


def exported(desk: Desk, who: Session) -> str:
    activity = Activity(desk.store, desk.journal, DEVICE.device_id, desk.device_key)
    return activity.export(who, "collector.example")


DESK, SESSION = worked()
TRUE = exported(DESK, SESSION)
KEY = DESK.device_key


def test_own_entries_are_there_and_those_of_others_only_by_their_hash():
    about, *lines = TRUE.splitlines()
    own = [line for line in lines if not line.startswith("#")]
    assert json.loads(about)["own_entries"] == len(own) == 5
    assert len(lines) == len(DESK.entries())
    assert VERIFIER.prove(TRUE, KEY.public) == []
    kinds = [VERIFIER.opened(line, KEY.public)["kind"] for line in own]
    assert kinds == ["agent_added", "shift_open", "verify_close", "verify_close", "lockout"]
    assert "a-18" not in "".join(str(VERIFIER.opened(line, KEY.public)) for line in own)


def test_an_entry_that_was_lost_stands_there_by_the_hash_that_is_left():
    desk, who = worked()
    whole = exported(desk, who).splitlines()
    leaf = entry_leaf(desk.entries()[-1].jws)
    with desk.store.begin() as uow:
        journal = uow.tables().journal
        journal[-1] = replace(journal[-1], jws=lost_entry(leaf))
        uow.commit()
    text = exported(desk, who)
    assert text.splitlines()[1:] == [*whole[1:-1], f"#{b64u(leaf)}"]
    assert VERIFIER.prove(text, desk.device_key.public) == []


def signed_again(**changes: object) -> str:
    """The first line as the agent would sign it with other words."""
    first, rest = TRUE.split("\n", 1)
    about = {**json.loads(first), **changes}
    del about["signature"]
    signature = b64u(SESSION.signing_key.sign(canonical_json(about)))
    return canonical_json(about | {"signature": signature}).decode() + "\n" + rest


def test_an_entry_cannot_be_hidden_swapped_or_added():
    lines = TRUE.splitlines(keepends=True)
    own = next(i for i, line in enumerate(lines) if i and not line.startswith("#"))
    row = DESK.entries()[own - 1]
    leaf = VERIFIER.digest(b"\x00" + row.jws.encode())
    hidden = [*lines[:own], f"#{VERIFIER.b64u(leaf)}\n", *lines[own + 1 :]]
    assert "agent: entries were left out or added" in faults_or_refusal("".join(hidden))
    assert faults_or_refusal("".join([*lines[:own], *lines[own + 1 :]]))
    other = next(i for i, line in enumerate(lines) if line.startswith("#"))
    shown = [*lines[:other], DESK.entries()[other - 1].jws + "\n", *lines[other + 1 :]]
    assert "agent: an entry of somebody else" in faults_or_refusal("".join(shown))


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"agent": "a-18"}, "agent: this key was not announced for them"),
        ({"own_entries": 4}, "agent: entries were left out or added"),
        ({"agent_key": "A" * 43}, "agent: signature"),
    ],
)
def test_the_first_line_holds_only_what_the_journal_says(changes: dict, fault: str):
    assert fault in faults_or_refusal(signed_again(**changes))


def test_a_whole_journal_has_no_hashes():
    lines = TRUE.splitlines(keepends=True)
    about = json.loads(lines[0])
    whole = {"format": "visavis-journal/1"} | {
        name: about[name] for name in ("device_id", "checkpoint")
    }
    text = canonical_json(whole).decode() + "\n" + "".join(lines[1:])
    assert "a whole journal has no entry by its hash alone" in faults_or_refusal(text)


@settings(max_examples=300, deadline=None)
@given(st.integers(0, len(TRUE) - 1), st.characters(codec="utf-8"))
def test_no_character_can_be_changed(position: int, character: str):
    edited = TRUE[:position] + character + TRUE[position + 1 :]
    if edited != TRUE:
        assert faults_or_refusal(edited)
