"""Values of a case for tests: a request, a document, readings. Invented persons only."""

from dataclasses import replace
from datetime import UTC, date, datetime

from kiosk.domain.evidence import (
    Check,
    DocumentKind,
    IdentityDocument,
    PartialDate,
    PrintedValue,
    Side,
    Verdict,
)
from kiosk.domain.ids import AgentId, CaseId, KeyId, OfficeId, RecordId, RequestId
from kiosk.domain.request import RequestVerdict, VerificationRequest
from kiosk.journeys.blocks import Terms
from kiosk.journeys.engine import advance, opened
from kiosk.journeys.model import (
    CaseState,
    ChecksComputed,
    ComputeChecks,
    DrawFeatures,
    Event,
    FeatureResult,
    FeaturesDrawn,
    RecordSealed,
    RequestPresented,
    SealedFacts,
    SealRecord,
    SideCaptured,
    SideFacts,
)
from kiosk.journeys.procedure import Journey
from kiosk.journeys.procedures import online_request

OPENED_AT = datetime(2026, 11, 25, 9, 0, tzinfo=UTC)
SIDES = {
    DocumentKind.FR_ID_CARD_2021: (Side.FRONT, Side.BACK),
    DocumentKind.FR_ID_CARD_1988: (Side.FRONT, Side.BACK),
    DocumentKind.FR_PASSPORT: (Side.FRONT,),
}
JOURNEY = online_request(Terms(SIDES))

REQUEST = VerificationRequest(
    request_id=RequestId("req-1"),
    issuer="https://idp.test",
    service="cpf",
    not_before=datetime(2026, 11, 20, tzinfo=UTC),
    expires_at=datetime(2026, 12, 20, tzinfo=UTC),
    surname="Roussel",
    given_names=("Maëlle", "Anne"),
    birth_date=PartialDate(1988, 3, 9),
    document_kind=DocumentKind.FR_ID_CARD_2021,
    document_number="D2H6862M2",
    office_id=OfficeId("075012"),
    key_id=KeyId("00112233445566aa"),
)
DOCUMENT = IdentityDocument(
    kind=DocumentKind.FR_ID_CARD_2021,
    layout="TD1",
    mrz=("IDFRAD2H6862M28<<<<<<<<<<<<<<<", "8803095F3204124FRA<<<<<<<<<<<8"),
    document_code="ID",
    issuer="FRA",
    nationality="FRA",
    surname="ROUSSEL",
    given_names=("MAELLE", "ANNE"),
    document_number="D2H6862M2",
    birth_date=PartialDate(1988, 3, 9),
    sex="F",
    expiry_date=date(2032, 4, 12),
)
OLD_CARD = replace(
    DOCUMENT,
    kind=DocumentKind.FR_ID_CARD_1988,
    layout="FR-ID",
    nationality="",
    document_number="120675K01234",
    expiry_date=None,
)
PASSPORT = replace(
    DOCUMENT, kind=DocumentKind.FR_PASSPORT, layout="TD3", document_number="07CD12304"
)
PASSED = (Check("validity.expiry", Verdict.PASS), Check("request.surname", Verdict.PASS, "equal"))
FEATURES = (
    FeatureResult("engraving", "touch"),
    FeatureResult("hologram", "tilt"),
    FeatureResult("guilloche", "look"),
)
SPARE_FEATURE = FeatureResult("edge", "touch")
SEALED = SealedFacts(RecordId("a" * 32), 7, "3F7K9QRD", OPENED_AT)


def side(which: Side, document: IdentityDocument | None = None) -> SideCaptured:
    """A side as the reader reports it, no print read."""
    checks = (Check("mrz.composite", Verdict.PASS),) if document else ()
    return SideCaptured(SideFacts(which, 3, by_hand=False, sharpness=0.9), document, checks)


def numbered(which: Side, document: IdentityDocument = DOCUMENT) -> SideCaptured:
    """A side without a zone, on which the number of ``document`` was read."""
    number = PrintedValue("document_number", document.document_number, sure=False)
    plain = side(which)
    return replace(plain, facts=replace(plain.facts, printed=(number,)))


CARD_SIDES = (side(Side.FRONT), side(Side.BACK, DOCUMENT))


def new_case(journey: Journey = JOURNEY) -> CaseState:
    """A case that was just opened."""
    return opened(journey, CaseId("c" * 32), AgentId("a-17"), OfficeId("075012"), OPENED_AT)


class PaperCase:
    """A case without vault: the engine, and services that answer as they are told.

    Attributes:
        records: how many records were sealed.
        checks: answer to the next ``ComputeChecks``.
        features: answers to ``DrawFeatures``, one after the other.
    """

    def __init__(
        self,
        journey: Journey = JOURNEY,
        checks: tuple[Check, ...] = PASSED,
        features: tuple[FeatureResult, ...] = (*FEATURES, SPARE_FEATURE),
    ) -> None:
        self.journey = journey
        self.state = new_case(journey)
        self.records = 0
        self.saved: list[CaseState] = []
        self.checks = checks
        self._features = features

    def dispatch(self, event: Event) -> CaseState:
        answer = advance(self.journey, self.state, event)
        self.state = answer.state
        for effect in answer.effects:
            match effect:
                case ComputeChecks():
                    self.dispatch(ChecksComputed(self.checks))
                case DrawFeatures(count=count):
                    drawn = {item.feature_id for item in self.state.features}
                    left = [f for f in self._features if f.feature_id not in drawn]
                    self.dispatch(FeaturesDrawn(tuple(left[:count])))
                case SealRecord():
                    self.records += 1
                    self.dispatch(RecordSealed(SEALED))
                case _:
                    self.saved.append(self.state)
        return self.state

    def present_code(self, text: str) -> CaseState:
        """Codes are named after the verdict they get."""
        verdict = RequestVerdict(text)
        request = REQUEST if verdict is RequestVerdict.VALID else None
        return self.dispatch(RequestPresented(verdict, request))
