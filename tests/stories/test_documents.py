"""Whole cases with the real rules of documents: what each kind of document ends in, and why."""

from dataclasses import replace
from datetime import UTC, date, datetime
from random import Random

import pytest

from kiosk.bootstrap import read_documents
from kiosk.domain.decision import Decision, Outcome, Reason
from kiosk.domain.errors import EventRefusedError
from kiosk.domain.evidence import DocumentKind, PartialDate, PrintedValue, Side, Verdict
from kiosk.journeys.automatic import Script, play
from kiosk.paths import RESOURCES
from kiosk.services.examination import CatalogueExamination, DocumentRules
from tests.fakes.cases import DOCUMENT, OLD_CARD, PASSPORT, new_case, numbered, side
from tests.fakes.clock import FakeClock
from tests.fakes.office import Office
from tests.fakes.store import InMemoryStore

TODAY = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)
CHANCE = Random(7)  # noqa: S311 - a test wants the same chance each time
ACCEPTED = frozenset(
    {DocumentKind.FR_ID_CARD_2021, DocumentKind.FR_ID_CARD_1988, DocumentKind.FR_PASSPORT}
)


@pytest.fixture(scope="module")
def documents():
    return read_documents(RESOURCES / "documents")


@pytest.fixture
def desk(documents):
    """Plays one case with the given document, request and answers; says how it ended."""

    def played(sides, request=None, rules=None, **script):
        clock = FakeClock(wall=TODAY)
        examination = CatalogueExamination(
            documents, lambda: rules or DocumentRules(ACCEPTED), clock, CHANCE
        )
        office = Office(InMemoryStore(), clock=clock, examination=examination)
        case = office.proofing.open_case("online-request", office.session())
        code = office.code(**(request or {}))
        return play(case, Script(codes=(code,), sides=sides, **script))

    return played


def card(**changes):
    return (numbered(Side.FRONT), side(Side.BACK, replace(DOCUMENT, **changes)))


def passport(**changes):
    return (side(Side.FRONT, replace(PASSPORT, **changes)),)


FOR_PASSPORT = {"document_kind": DocumentKind.FR_PASSPORT, "document_number": "07CD12304"}


def test_a_good_card_is_accepted_with_three_features_of_different_kinds(desk):
    end = desk(card())
    assert end.decision == Decision(Outcome.ACCEPTED)
    assert len({item.kind for item in end.features}) >= 2


def test_a_good_passport_needs_one_side(desk):
    end = desk(passport(), FOR_PASSPORT)
    assert end.decision == Decision(Outcome.ACCEPTED)
    assert [item.side for item in end.sides] == [Side.FRONT]


@pytest.mark.parametrize(
    ("sides", "request_changes", "reason"),
    [
        (card(expiry_date=date(2026, 11, 24)), {}, Reason.EXPIRED),
        (card(surname="MOREAU"), {}, Reason.NAME_DIFFERS),
        (card(given_names=("JULIE",)), {}, Reason.NAME_DIFFERS),
        (card(birth_date=PartialDate(1988, 3, 10)), {}, Reason.BIRTH_DATE_DIFFERS),
        (card(document_number="X4RTBPFW4"), {}, Reason.NUMBER_DIFFERS),
        (passport(), {}, Reason.NUMBER_DIFFERS),
        (
            card(birth_date=PartialDate(2010, 3, 9)),
            {"birth_date": PartialDate(2010, 3, 9)},
            Reason.NOT_ADULT,
        ),
        (
            card(kind=DocumentKind.FR_RESIDENCE_PERMIT),
            {"document_kind": DocumentKind.FR_RESIDENCE_PERMIT},
            Reason.TYPE_NOT_ACCEPTED,
        ),
    ],
)
def test_a_document_that_does_not_do_is_refused_for_its_reason(
    desk, sides, request_changes, reason
):
    end = desk(sides, request_changes)
    assert end.decision is not None
    assert end.decision.outcome is Outcome.REFUSED
    assert reason in end.decision.reasons
    assert end.record is not None


def test_a_document_is_valid_on_its_last_day(desk):
    assert desk(card(expiry_date=date(2026, 11, 25))).decision == Decision(Outcome.ACCEPTED)


@pytest.mark.parametrize("ticked", [True, False])
def test_sides_that_nothing_joins_are_accepted_by_a_tick_alone(desk, ticked):
    end = desk((side(Side.FRONT), side(Side.BACK, DOCUMENT)), tick_near_matches=ticked)
    assert end.decision is not None
    assert end.decision.outcome is (Outcome.ACCEPTED if ticked else Outcome.SUSPENDED)
    assert end.ticked == (("document.sides_match",) if ticked else ())
    if not ticked:
        assert Reason.MRZ_PRINT_DIFFER in end.decision.reasons


def test_the_front_of_one_card_and_the_back_of_another_end_in_no_accepted_case(desk):
    front = numbered(Side.FRONT, replace(DOCUMENT, document_number="X4RTBPFW4"))
    name = PrintedValue("surname", "MARTIN", sure=False)
    facts = replace(front.facts, printed=(*front.facts.printed, name))
    end = desk((replace(front, facts=facts), side(Side.BACK, DOCUMENT)))
    assert end.decision is not None
    assert end.decision.outcome is Outcome.REFUSED
    assert end.decision.reasons == (Reason.MRZ_PRINT_DIFFER,)


@pytest.mark.parametrize("ticked", [True, False])
def test_a_truncated_name_is_accepted_with_a_tick_and_suspended_without(desk, ticked):
    long_name = {"surname": "Roussel-Vandenbroucke"}
    end = desk(card(surname_truncated=True), long_name, tick_near_matches=ticked)
    assert end.decision is not None
    expected = Outcome.ACCEPTED if ticked else Outcome.SUSPENDED
    assert end.decision.outcome is expected
    assert end.ticked == (("request.surname",) if ticked else ())


def test_a_card_extended_by_law_is_accepted_where_the_policy_says_so(desk):
    issued = replace(OLD_CARD, issue_month=date(2012, 6, 1), issue_date=date(2012, 6, 15))
    sides = (side(Side.FRONT, issued), side(Side.BACK))
    request = {"document_kind": DocumentKind.FR_ID_CARD_1988, "document_number": "120675K01234"}
    typed = {"expiry_date": date(2022, 6, 14)}
    for accept, outcome in ((True, Outcome.ACCEPTED), (False, Outcome.REFUSED)):
        rules = DocumentRules(ACCEPTED, accept_extended=accept)
        end = desk(sides, request, rules, typed=typed)
        assert end.decision is not None
        assert end.decision.outcome is outcome, [c for c in end.checks if c.verdict != "pass"]


def test_cannot_tell_draws_from_the_catalogue_until_it_has_no_more(desk, documents):
    known = documents.features_of(DocumentKind.FR_ID_CARD_2021)
    doubts = {feature.feature_id: Verdict.UNSURE for feature in known}
    end = desk(card(), features=doubts)
    assert end.decision is not None
    assert end.decision.outcome is Outcome.SUSPENDED
    assert Reason.TOO_FEW_FEATURES in end.decision.reasons
    assert len(end.features) == len({item.feature_id for item in end.features})


def test_without_a_document_there_is_nothing_to_examine(documents):
    rules = DocumentRules(ACCEPTED)
    examination = CatalogueExamination(documents, lambda: rules, FakeClock(wall=TODAY), CHANCE)
    with pytest.raises(EventRefusedError):
        examination.checks(new_case())
    assert examination.features(new_case(), 3) == ()
