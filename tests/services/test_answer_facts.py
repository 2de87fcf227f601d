"""What the customer is told: never the suspicion, always how firm it is."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from kiosk.domain.decision import VISIT_REASONS, Decision, Outcome, Reason
from kiosk.journeys.model import StepKind
from kiosk.journeys.service_steps import (
    AdviceFacts,
    ContactChannel,
    ContactFacts,
    ContactStatus,
    Presence,
    PresenceFacts,
    Purpose,
    PurposeChosen,
    Situation,
)
from kiosk.ports import OutboxState
from kiosk.services.answer_facts import (
    WORDS_OF,
    Standing,
    answer_of,
    code_of,
    confirmed,
    words_of,
)
from kiosk.services.past_answers import PastAnswers
from tests.fakes.cases import CARD_SIDES, OPENED_AT, REQUEST, SEALED, new_case
from tests.fakes.office import OFFICE, Office, office_on_disk


@pytest.fixture
def office(tmp_path):
    office = office_on_disk(tmp_path)
    yield office
    office.store.close()


def sealed_case(decision, **changes):
    return replace(new_case(), request=REQUEST, decision=decision, record=SEALED, **changes)


@pytest.mark.parametrize("reason", [r for r in Reason if r not in VISIT_REASONS])
def test_a_suspicion_changes_nothing_that_the_customer_is_told(reason):
    plain = answer_of(sealed_case(Decision(Outcome.REFUSED, (reason,))))
    flagged = answer_of(sealed_case(Decision(Outcome.REFUSED, (reason,), fraud_suspected=True)))
    assert flagged == plain


@pytest.mark.parametrize(
    ("service", "purpose", "elected"),
    [
        ("cpf", None, False),
        ("dife", None, True),
        ("cpf", Purpose.ELECTED_ACCOUNT, True),
        ("cpf", Purpose.TRAINING_ACCOUNT, False),
    ],
)
def test_an_elected_member_is_known_by_what_they_came_for(service, purpose, elected):
    chosen = None if purpose is None else PurposeChosen(purpose, Situation.NEW)
    state = replace(sealed_case(Decision(Outcome.ACCEPTED)), purpose=chosen)
    state = replace(state, request=replace(REQUEST, service=service))
    assert answer_of(state).elected is elected


def test_the_counsel_of_a_welcome_reaches_the_sheet():
    advice = AdviceFacts("paper", alternative="paper-procedure", letter_about=date(2026, 12, 21))
    facts = answer_of(sealed_case(Decision(Outcome.ADVISED), advice=advice))
    assert (facts.alternative, facts.letter_about) == ("paper-procedure", date(2026, 12, 21))


def test_every_reason_has_a_word_and_forgers_learn_nothing():
    assert set(WORDS_OF) == set(Reason)
    forged = (Reason.SEAL_INVALID, Reason.MRZ_CHECK_DIGIT, Reason.FEATURE_NOT_CONFORM)
    assert words_of(forged) == ("document-checks",)
    assert words_of((Reason.PERSON_DIFFERS, Reason.EXPIRED)) == ("expired", "person-not-concluded")


def test_an_acceptance_is_provisional_until_the_central_side_holds_it():
    facts = answer_of(sealed_case(Decision(Outcome.ACCEPTED)))
    assert facts.standing is Standing.PROVISIONAL
    assert confirmed(facts, OPENED_AT).standing is Standing.CONFIRMED


def test_a_deferred_address_keeps_an_acceptance_provisional():
    contacts = (
        ContactFacts(ContactChannel.EMAIL, "a@b.test", ContactStatus.CONFIRMED),
        ContactFacts(ContactChannel.MOBILE, "+33600000000", ContactStatus.DEFERRED),
    )
    facts = answer_of(sealed_case(Decision(Outcome.ACCEPTED), contacts=contacts))
    assert facts.contacts_open == (ContactChannel.MOBILE,)
    assert confirmed(facts, OPENED_AT).standing is Standing.PROVISIONAL
    assert "+33600000000" not in repr(facts)


def test_codes_follow_only_where_the_addresses_were_sealed_for_the_contact_service():
    contacts = (ContactFacts(ContactChannel.MOBILE, "+33600000000", ContactStatus.DEFERRED),)
    case = sealed_case(Decision(Outcome.ACCEPTED), contacts=contacts)
    assert not answer_of(case).codes_follow
    case = replace(case, record=replace(SEALED, codes_follow=True))
    assert answer_of(case).codes_follow


@pytest.mark.parametrize("outcome", [Outcome.REFUSED, Outcome.SUSPENDED])
def test_only_an_acceptance_waits_for_anybody(outcome):
    facts = answer_of(sealed_case(Decision(outcome, (Reason.EXPIRED,))))
    assert facts.standing is Standing.FINAL


def test_a_request_that_was_not_used_up_can_be_presented_again():
    stopped = answer_of(sealed_case(Decision(Outcome.ABANDONED)))
    assert stopped.request_until == REQUEST.expires_at
    refused = answer_of(sealed_case(Decision(Outcome.REFUSED, (Reason.EXPIRED,))))
    assert refused.request_until is None
    assert refused.has_request


def test_the_last_day_of_a_letter_is_told():
    decision = Decision(Outcome.NO_SHOW, (Reason.ADDRESSEE_ABSENT,))
    presence = PresenceFacts(Presence.ABSENT, date(2026, 11, 25))
    facts = answer_of(sealed_case(decision, presence=presence))
    assert facts.kept_until == date(2026, 11, 25)


def test_two_linked_records_are_both_named():
    linked = replace(SEALED, seq=8, slip_code="ABCD2345")
    facts = answer_of(
        sealed_case(Decision(Outcome.ACCEPTED)), linked=(code_of(linked, "distribution"),)
    )
    assert [(item.seq, item.about) for item in facts.records] == [
        (7, "record"),
        (8, "distribution"),
    ]


def test_a_case_that_was_not_sealed_has_no_answer():
    with pytest.raises(ValueError, match="record"):
        answer_of(replace(new_case(), decision=Decision(Outcome.ABANDONED)))


def test_an_old_act_is_answered_from_the_journal_alone(office: Office):
    session = office.session()
    case = office.proofing.open_case("online-request", session)
    case.present_code(office.code())
    office.sealing.seal_open_drafts(session)
    past = PastAnswers(office.store, office.device_key.public, OFFICE)
    with office.store.begin() as uow:
        last = uow.journal.size() - 1
    facts = past.answer(last)
    assert facts is not None
    assert (facts.procedure, facts.outcome) == ("online-request", Outcome.ABANDONED)
    assert facts.words == ()
    assert len(facts.records[0].slip_code) == 8
    assert past.answer(last - 1) is None
    assert past.answer(last + 1) is None


def test_an_old_act_is_confirmed_once_its_receipt_was_verified(office: Office):
    session = office.session()
    office.proofing.open_case("online-request", session)
    office.sealing.seal_open_drafts(session)
    past = PastAnswers(office.store, office.device_key.public, OFFICE)
    with office.store.begin() as uow:
        last = uow.journal.size() - 1
        row = uow.outbox.get(last)
        at = row.updated_at + timedelta(hours=2)
        uow.outbox.put(replace(row, state=OutboxState.STORED, updated_at=at))
        uow.commit()
    assert past.answer(last).confirmed_at == at


def test_the_step_has_no_part_in_it():
    decision = Decision(Outcome.SUSPENDED, (Reason.DAMAGED,))
    early = sealed_case(decision, step=StepKind.DOCUMENT)
    late = sealed_case(decision, step=StepKind.RECEIPT, sides=(CARD_SIDES[0].facts,))
    assert answer_of(early) == answer_of(late)
