"""The journal writer: chain, ratchet, clocks, all in the caller's unit of work."""

import re
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.audit.entries import ClockState, EntryKind, next_ratchet, open_entry, ratchet_holds
from kiosk.audit.tree import leaf_hash, root_of
from kiosk.crypto import age
from kiosk.crypto.canonical import parse_json
from kiosk.crypto.digests import unb64u
from kiosk.domain.errors import JournalBrokenError
from kiosk.services.journal import RATCHET, RATCHET_ORIGIN
from tests.fakes.desk import ESCROW, OPS, Desk


def headers(desk: Desk):
    return [open_entry(row.jws, desk.device_key.public) for row in desk.entries()]


def test_entries_are_numbered_chained_and_verify(desk: Desk):
    numbers = [desk.journal.record(EntryKind.BOOT, {"n": n}) for n in range(9)]
    assert numbers == list(range(9))
    report = desk.verify()
    assert report.verified
    assert report.entries == 9


def test_the_slip_code_is_of_the_journal_that_ends_with_the_entry(desk: Desk):
    desk.journal.record(EntryKind.BOOT)
    with desk.store.begin() as uow:
        _, code = desk.journal.append(uow, EntryKind.BOOT)
        uow.commit()
    assert re.fullmatch(r"[0-9A-HJKMNP-TV-Z]{8}", code)
    root = root_of(leaf_hash(row.jws.encode()) for row in desk.entries())
    number = int.from_bytes(root[:5], "big")
    alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
    expected = "".join(alphabet[(number >> shift) & 31] for shift in range(35, -1, -5))
    assert code == expected


def test_an_entry_of_a_unit_of_work_that_is_dropped_never_was(desk: Desk):
    desk.journal.record(EntryKind.BOOT)
    with desk.store.begin() as uow:
        desk.journal.append(uow, EntryKind.SHIFT_OPEN)
    desk.journal.record(EntryKind.BOOT)
    assert desk.kinds() == ["boot", "boot"]
    assert desk.verify().verified


@pytest.mark.parametrize("before_the_policy", [0, 3])
def test_the_auditor_checks_every_mac_from_the_sealed_origin(desk: Desk, before_the_policy: int):
    recipients = desk.terms.recipients
    desk.set_terms(recipients=())
    for _ in range(before_the_policy):
        desk.journal.record(EntryKind.BOOT)
    desk.set_terms(recipients=recipients)
    for _ in range(5):
        desk.journal.record(EntryKind.BOOT)
    with desk.store.begin() as uow:
        sealed = uow.values.get(RATCHET_ORIGIN)
        current = uow.values.get(RATCHET)
    assert sealed is not None
    origin = parse_json(age.decrypt(sealed, OPS))
    assert parse_json(age.decrypt(sealed, ESCROW)) == origin
    assert origin["seq"] == before_the_policy
    key = unb64u(origin["key"])
    for header in headers(desk)[before_the_policy:]:
        assert ratchet_holds(header, key)
        assert not ratchet_holds(header, next_ratchet(key))
        key = next_ratchet(key)
    assert current == key, "the device keeps the key of the next entry only"


def test_a_journal_whose_ratchet_key_is_gone_does_not_start_a_new_one(desk: Desk):
    desk.journal.record(EntryKind.BOOT)
    with desk.store.begin() as uow:
        uow.values.delete(RATCHET)
        uow.commit()
    with pytest.raises(JournalBrokenError):
        desk.journal.record(EntryKind.BOOT)


def test_a_frontier_that_does_not_fit_stops_the_journal(desk: Desk):
    desk.journal.record(EntryKind.BOOT)
    with desk.store.begin() as uow:
        uow.journal.put_frontier([bytes(32), bytes(32)])
        uow.commit()
    with pytest.raises(JournalBrokenError):
        desk.journal.record(EntryKind.BOOT)


def test_each_entry_names_the_policy_in_force_when_it_was_made(desk: Desk):
    desk.journal.record(EntryKind.BOOT)
    desk.set_terms(policy_version=4)
    desk.journal.record(EntryKind.POLICY_APPLIED)
    assert [header.policy_v for header in headers(desk)] == [3, 4]


# --- clocks ---------------------------------------------------------------------------------------


def test_ordinary_time_leaves_no_jump(desk: Desk):
    desk.journal.record(EntryKind.BOOT)
    desk.clock.advance(days=2)
    desk.journal.record(EntryKind.SHIFT_OPEN)
    desk.clock.reboot()
    desk.clock.advance(days=1)
    desk.journal.record(EntryKind.BOOT)
    assert desk.kinds() == ["boot", "shift_open", "boot"]
    assert {header.clock_state for header in headers(desk)} == {ClockState.UNVERIFIED}


@pytest.mark.parametrize("years", [-56, -10, 10, 73])
def test_a_clock_that_jumps_is_told_once_and_marked_until_the_next_boot(desk: Desk, years: int):
    desk.journal.record(EntryKind.BOOT)
    desk.clock.set_wall(desk.clock.wall.replace(year=desk.clock.wall.year + years))
    desk.journal.record(EntryKind.SHIFT_OPEN)
    desk.clock.advance(seconds=5)
    desk.journal.record(EntryKind.SHIFT_CLOSE)
    found = headers(desk)
    assert [h.kind for h in found] == ["boot", "clock_jump", "shift_open", "shift_close"]
    states = [h.clock_state for h in found]
    assert states == [ClockState.UNVERIFIED, *[ClockState.JUMPED] * 3]
    jump = found[1].facts["jump_s"]
    assert isinstance(jump, int)
    assert abs(jump / (365.25 * 86400) - years) < 0.01
    assert desk.verify().verified


def test_a_clock_that_went_back_over_a_restart_is_told(desk: Desk):
    desk.journal.record(EntryKind.BOOT)
    desk.clock.reboot()
    desk.clock.set_wall(desk.clock.wall - timedelta(hours=1))
    desk.journal.record(EntryKind.BOOT)
    assert desk.kinds() == ["boot", "clock_jump", "boot"]
    assert headers(desk)[1].facts == {"jump_s": -3600}


@given(st.lists(st.tuples(st.integers(-(10**9), 10**9), st.booleans()), max_size=8))
def test_whatever_the_clock_does_the_journal_verifies(moves: list[tuple[int, bool]]):
    desk = Desk()
    for seconds, boots in moves:
        if boots:
            desk.clock.reboot()
        desk.clock.advance(seconds=3)
        desk.clock.set_wall(desk.clock.wall + timedelta(seconds=seconds))
        desk.journal.record(EntryKind.BOOT)
    report = desk.verify()
    assert report.verified, report.problems
