"""What was seen lately: told as a doubt, remembered by keyed hash, forgotten on its day."""

from dataclasses import replace

import pytest

from kiosk.domain.decision import Decision, Outcome, Reason
from kiosk.domain.evidence import PartialDate, Verdict
from kiosk.services.agents import DEVICE_SECRET
from kiosk.services.sightings import DOCUMENT_SEEN, PERSON_TODAY
from tests.fakes.cases import DOCUMENT
from tests.fakes.desk import Desk
from tests.services.test_sealing import ABANDONED, REFUSED, decided


@pytest.fixture
def remembering(desk: Desk) -> Desk:
    desk.set_terms(sightings_days=30)
    return desk


def codes(desk: Desk, **changes: object) -> list[str]:
    state = replace(decided(case="9" * 32), document=replace(DOCUMENT, **changes))
    return [check.code for check in desk.sightings.checks(state)]


def days(desk: Desk, count: int) -> None:
    desk.clock.advance(seconds=count * 86_400)


def test_nothing_was_seen_before_the_first_seal(remembering: Desk):
    assert codes(remembering) == []


@pytest.mark.parametrize(
    ("decision", "person"),
    [(REFUSED, []), (ABANDONED, []), (Decision(Outcome.ACCEPTED), [PERSON_TODAY])],
)
def test_a_document_seen_again_is_a_doubt_that_says_how_it_ended(
    remembering: Desk, decision, person
):
    remembering.sealing.seal(decided(decision), remembering.session())
    check = remembering.sightings.checks(decided(case="9" * 32))[0]
    assert (check.code, check.verdict) == (DOCUMENT_SEEN, Verdict.UNSURE)
    assert check.detail == f"seen-{decision.outcome.value}"
    assert codes(remembering, document_number="OTHER1234") == person


def test_a_person_counts_as_verified_today_by_an_acceptance_only(remembering: Desk):
    session = remembering.session()
    remembering.sealing.seal(decided(REFUSED, "1" * 32), session)
    other = {"document_number": "X4RTBPFW4"}
    assert codes(remembering, **other) == []
    remembering.sealing.seal(decided(case="2" * 32), session)
    assert codes(remembering, **other) == [PERSON_TODAY]
    assert codes(remembering, **other, birth_date=PartialDate(1988, 3, 10)) == []
    days(remembering, 1)
    assert codes(remembering, **other) == []


def test_a_document_is_forgotten_on_the_day_that_the_policy_sets(remembering: Desk):
    session = remembering.session()
    remembering.sealing.seal(decided(REFUSED, "1" * 32), session)
    days(remembering, 30)
    assert codes(remembering) == [DOCUMENT_SEEN]
    days(remembering, 1)
    assert codes(remembering) == []
    other = replace(decided(REFUSED, "2" * 32), document=None)
    remembering.sealing.seal(other, session)
    with remembering.store.begin() as uow:
        assert uow.values.names("seen") == ()


def test_a_document_seen_again_is_remembered_from_then_on(remembering: Desk):
    session = remembering.session()
    remembering.sealing.seal(decided(REFUSED, "1" * 32), session)
    days(remembering, 20)
    remembering.sealing.seal(decided(REFUSED, "2" * 32), session)
    days(remembering, 20)
    remembering.sealing.seal(replace(decided(REFUSED, "3" * 32), document=None), session)
    assert codes(remembering) == [DOCUMENT_SEEN]


def test_a_policy_that_remembers_nothing_leaves_nothing(desk: Desk):
    desk.sealing.seal(decided(), desk.session())
    with desk.store.begin() as uow:
        assert uow.values.names("seen") == ()


def test_what_is_kept_names_nobody_and_needs_the_secret_of_the_device(remembering: Desk):
    remembering.sealing.seal(decided(), remembering.session())
    with remembering.store.begin() as uow:
        kept = {name: uow.values.get(name) for name in uow.values.names("seen")}
    told = repr(kept).upper()
    for word in ("ROUSSEL", "MAELLE", "D2H6862M2", "1988", "FRA"):
        assert word not in told
    remembering.keys.put(DEVICE_SECRET, b"another secret of this size here")
    assert codes(remembering) == []


def test_a_seal_that_fails_remembers_nothing(remembering: Desk):
    session = remembering.session()
    remembering.store.full = True
    with pytest.raises(Exception, match="VAULT"):
        remembering.sealing.seal(decided(), session)
    remembering.store.full = False
    assert codes(remembering) == []


def test_a_suspension_for_a_technical_failure_is_told_as_what_it_was(remembering: Desk):
    decision = Decision(Outcome.SUSPENDED, (Reason.TECHNICAL_FAILURE,))
    remembering.sealing.seal(decided(decision), remembering.session())
    (check,) = remembering.sightings.checks(decided(case="9" * 32))
    assert check.detail == "seen-suspended"
