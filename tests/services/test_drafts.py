"""Drafts open in their shift, for their case and revision, and nowhere else."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.domain.errors import DraftError
from kiosk.domain.ids import CaseId
from kiosk.ports import DraftRow
from kiosk.services.agents import Session
from tests.fakes.cases import new_case
from tests.fakes.desk import Desk
from tests.services.test_sealing import decided


def saved(desk: Desk, session: Session, state=None) -> DraftRow:
    with desk.store.begin() as uow:
        row = desk.drafts.save(uow, state or decided(), session)
        uow.commit()
    return row


def test_a_draft_brings_everything_back(desk: Desk):
    session = desk.session()
    assert desk.drafts.load(saved(desk, session), session) == decided()


def test_revisions_count_up_and_the_last_one_stands(desk: Desk):
    session = desk.session()
    assert saved(desk, session, new_case()).revision == 1
    assert saved(desk, session).revision == 2
    with desk.store.begin() as uow:
        (row,) = uow.drafts.all()
    assert row.revision == 2
    assert row.step == "confirm"
    assert desk.drafts.load(row, session) == decided()


def test_a_colleague_cannot_open_it(desk: Desk):
    row = saved(desk, desk.session())
    with pytest.raises(DraftError):
        desk.drafts.load(row, desk.session("a-18"))


def test_an_old_revision_cannot_be_put_back_under_a_new_number(desk: Desk):
    session = desk.session()
    old = saved(desk, session, new_case())
    new = saved(desk, session)
    with pytest.raises(DraftError):
        desk.drafts.load(replace(new, sealed=old.sealed), session)


def test_a_draft_cannot_be_moved_to_another_case(desk: Desk):
    session = desk.session()
    with pytest.raises(DraftError):
        desk.drafts.load(replace(saved(desk, session), case_id=CaseId("d" * 32)), session)


@given(st.integers(0, 10**6), st.integers(1, 255))
def test_a_draft_with_one_altered_byte_does_not_open(position: int, mask: int):
    desk = Desk()
    session = desk.session()
    row = saved(desk, session)
    sealed = bytearray(row.sealed)
    sealed[position % len(sealed)] ^= mask
    with pytest.raises(DraftError):
        desk.drafts.load(replace(row, sealed=bytes(sealed)), session)


def test_nothing_of_the_person_is_readable_in_the_row(desk: Desk):
    row = saved(desk, desk.session())
    for word in (b"ROUSSEL", b"Roussel", b"D2H6862M2", b"IDFRA"):
        assert word not in row.sealed
