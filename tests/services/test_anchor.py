"""The anchor of the journal outside the vault."""

import pytest

from kiosk.audit.entries import EntryKind, entry_leaf, lost_entry
from kiosk.services.anchor import ANCHOR, Anchor
from tests.fakes.desk import Desk


@pytest.fixture
def desk() -> Desk:
    desk = Desk()
    for _ in range(5):
        desk.journal.record(EntryKind.BOOT)
    return desk


def anchor(desk: Desk) -> Anchor:
    return Anchor(desk.store, desk.keys, desk.journal, desk.device_key.public)


def test_a_journal_that_grew_on_its_anchor_holds(desk: Desk):
    assert anchor(desk).check(), "never anchored"
    anchor(desk).keep()
    assert anchor(desk).check()
    for _ in range(4):
        desk.journal.record(EntryKind.BOOT)
        assert anchor(desk).check()
    assert "restore_detected" not in desk.kinds()


def test_a_shorter_and_another_journal_say_so_once(desk: Desk):
    anchor(desk).keep()
    other = Desk(keys=desk.keys)
    other.journal.record(EntryKind.BOOT)
    assert not anchor(other).check()
    assert other.kinds()[-1] == "restore_detected"
    assert anchor(other).check()
    longer = Desk(keys=desk.keys)
    for _ in range(9):
        longer.journal.record(EntryKind.SHIFT_OPEN)
    assert not anchor(longer).check()


def test_an_entry_lost_to_a_damage_is_no_restore(desk: Desk):
    anchor(desk).keep()
    for _ in range(3):
        desk.journal.record(EntryKind.BOOT)
    with desk.store.begin() as uow:
        rows = uow.tables().journal
        rows[5] = type(rows[5])(
            5, "lost", None, rows[5].wall_claimed, lost_entry(entry_leaf(rows[5].jws))
        )
        uow.commit()
    assert anchor(desk).check()


@pytest.mark.parametrize("kept", [b"", b"{}", b'{"size":-1,"root":""}', b"nonsense"])
def test_an_anchor_that_makes_no_sense_stops_nothing(desk: Desk, kept: bytes):
    desk.keys.put(ANCHOR, kept)
    anchor(desk).check()
    desk.keys.locked = True
    assert anchor(desk).check()
    anchor(desk).keep()
