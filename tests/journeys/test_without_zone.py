"""A document that has no zone: typed, complete without a date of expiry, ticked before accepted."""

from dataclasses import replace

import pytest

from kiosk.documents.checks import automatic_checks
from kiosk.domain.errors import EventRefusedError
from kiosk.domain.evidence import Check, DocumentKind, Side, Verdict
from kiosk.domain.request import RequestVerdict
from kiosk.journeys.codec import decode, encode
from kiosk.journeys.guards import near_matches
from kiosk.journeys.model import (
    ConsentAnswered,
    DocumentConfirmed,
    SideCaptured,
    SideFacts,
    StepKind,
)
from tests.fakes.cases import DOCUMENT, OPENED_AT, PaperCase

TYPED = Check("reading.typed", Verdict.UNSURE)
PLAIN = replace(
    DOCUMENT,
    kind=DocumentKind.EU_ID_CARD,
    layout="",
    mrz=(),
    issuer="GRC",
    sex="",
    expiry_date=None,
)


def by_hand(side: Side) -> SideFacts:
    return SideFacts(side, frames_agreeing=0, by_hand=True, sharpness=0.0)


@pytest.fixture
def case() -> PaperCase:
    case = PaperCase()
    case.present_code(RequestVerdict.VALID)
    case.dispatch(ConsentAnswered("2026-11", given=True))
    return case


def typed(case: PaperCase, document=PLAIN) -> None:
    case.dispatch(SideCaptured(by_hand(Side.FRONT), document, (TYPED,)))
    case.dispatch(SideCaptured(by_hand(Side.BACK), None))


def test_a_typed_document_is_complete_without_a_date_of_expiry(case):
    typed(case)
    case.dispatch(DocumentConfirmed())
    assert case.state.step is StepKind.CHECKS


def test_a_zone_without_a_date_of_expiry_is_not_complete(case):
    typed(case, replace(DOCUMENT, expiry_date=None))
    with pytest.raises(EventRefusedError):
        case.dispatch(DocumentConfirmed())


def test_typed_data_ask_for_a_tick_and_an_unknown_expiry_for_another(case):
    typed(case)
    checks = automatic_checks(
        None,
        PLAIN,
        today=OPENED_AT.date(),
        accepted_kinds=(DocumentKind.EU_ID_CARD,),
        accept_extended=True,
        reading_checks=case.state.reading_checks,
    )
    state = replace(case.state, checks=checks)
    assert {check.code for check in near_matches(state)} == {"reading.typed", "validity.expiry"}
    summary = next(check for check in checks if check.code == "mrz.summary")
    assert summary.verdict is Verdict.NOT_DONE


def test_a_draft_brings_the_typed_document_back(case):
    typed(case)
    assert decode(encode(case.state)) == case.state
