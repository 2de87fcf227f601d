"""What a document is examined for: the rules of its procedure, tools at hand, what was seen."""

from dataclasses import replace
from datetime import date
from random import Random

import pytest

from kiosk.bootstrap import read_documents
from kiosk.documents.catalogue import FeatureKind
from kiosk.documents.items import ADDRESSEE
from kiosk.domain.decision import Decision, Outcome, Reason
from kiosk.domain.evidence import Check, DocumentKind, Verdict
from kiosk.journeys.blocks import Terms
from kiosk.journeys.guards import checks_clear
from kiosk.journeys.model import CaseState
from kiosk.journeys.procedures import registered_letter
from kiosk.journeys.reasons import suggested_reasons
from kiosk.journeys.service_steps import ItemFacts, Presence, PresenceFacts
from kiosk.paths import RESOURCES
from kiosk.services.examination import CatalogueExamination, DocumentRules
from kiosk.services.sightings import DOCUMENT_SEEN
from tests.fakes.cases import DOCUMENT, SIDES
from tests.fakes.desk import Desk
from tests.services.test_sealing import decided

DOCUMENTS = read_documents(RESOURCES / "documents")
EVERYTHING = DocumentRules(frozenset(DocumentKind))
LETTER = registered_letter(Terms(SIDES))


def examination(desk: Desk, rules: DocumentRules = EVERYTHING, **more: object):
    chance = Random(7)  # noqa: S311 - a draw that a test can repeat
    return CatalogueExamination(DOCUMENTS, lambda: rules, desk.clock, chance, **more)


def case_of(procedure: str, **document: object) -> CaseState:
    value = replace(DOCUMENT, expiry_date=date(2035, 1, 1), **document)
    return replace(decided(), procedure=procedure, document=value, request=None)


def accepted(desk: Desk, state: CaseState, rules: DocumentRules = EVERYTHING) -> bool:
    checks = {check.code: check for check in examination(desk, rules).checks(state)}
    return checks["document.kind_accepted"].verdict is Verdict.PASS


@pytest.mark.parametrize(
    ("kind", "issuer", "taken"),
    [
        (DocumentKind.FR_ID_CARD_2021, "FRA", True),
        (DocumentKind.FR_ID_CARD_1988, "FRA", True),
        (DocumentKind.FR_PASSPORT, "FRA", True),
        (DocumentKind.PASSPORT, "MAR", True),
        (DocumentKind.FR_RESIDENCE_PERMIT, "FRA", True),
        (DocumentKind.EU_ID_CARD, "BEL", True),
        (DocumentKind.EU_ID_CARD, "CHE", True),
        (DocumentKind.EU_ID_CARD, "IRL", False),
        (DocumentKind.EU_ID_CARD, "CYP", False),
        (DocumentKind.OTHER, "FRA", False),
    ],
)
def test_the_letter_takes_the_documents_of_the_paper_procedure(desk: Desk, kind, issuer, taken):
    assert accepted(desk, case_of("registered-letter", kind=kind, issuer=issuer)) is taken


@pytest.mark.parametrize(
    "procedure", ["online-request", "counter-creation", "home-visit", "registered-letter"]
)
def test_every_procedure_that_verifies_says_what_it_takes(desk: Desk, procedure):
    assert accepted(desk, case_of(procedure))
    none = DocumentRules(frozenset({DocumentKind.FR_PASSPORT}))
    assert not accepted(desk, case_of(procedure), none)


@pytest.mark.parametrize(
    ("presence", "asked"), [(Presence.IN_PERSON, True), (Presence.PROXY, False)]
)
def test_the_name_on_a_letter_is_compared_by_the_agent(desk: Desk, presence, asked):
    state = replace(
        case_of("registered-letter"),
        item=ItemFacts("RR123456785FR", "s10"),
        presence=PresenceFacts(presence),
    )
    found = [check for check in examination(desk).checks(state) if check.code == ADDRESSEE]
    assert [check.verdict for check in found] == [Verdict.UNSURE] * asked


def test_who_bears_another_name_than_the_letter_is_no_addressee(desk: Desk):
    state = replace(
        case_of("registered-letter"),
        item=ItemFacts("RR123456785FR", "s10"),
        presence=PresenceFacts(Presence.IN_PERSON),
        checks=(Check(ADDRESSEE, Verdict.UNSURE),),
    )
    assert not checks_clear(LETTER, state)
    assert suggested_reasons(state) == (Reason.PROXY_PRESENTED,)
    assert checks_clear(LETTER, replace(state, ticked=(ADDRESSEE,)))


def test_other_procedures_have_no_addressee(desk: Desk):
    found = examination(desk).checks(case_of("online-request"))
    assert ADDRESSEE not in {check.code for check in found}


def test_a_procedure_that_says_nothing_takes_nothing(desk: Desk):
    assert not accepted(desk, case_of("made-up"))


def test_a_feature_that_needs_a_lamp_is_drawn_only_where_there_is_one(desk: Desk):
    state = case_of("registered-letter")
    every = len(DOCUMENTS.features)
    bare = {item.kind for item in examination(desk).features(state, every)}
    assert not bare & {"uv", "magnifier"}
    lamp = examination(desk, tools=(FeatureKind.UV,))
    assert "uv" in {item.kind for item in lamp.features(state, every)}


def test_what_was_seen_lately_is_among_the_checks(desk: Desk):
    desk.set_terms(sightings_days=30)
    remembering = examination(desk, sightings=desk.sightings)
    again = replace(decided(case="9" * 32), procedure="online-request")
    assert DOCUMENT_SEEN not in {check.code for check in remembering.checks(again)}
    refused = Decision(Outcome.REFUSED, (Reason.DAMAGED,))
    desk.sealing.seal(decided(refused), desk.session())
    assert DOCUMENT_SEEN in {check.code for check in remembering.checks(again)}
