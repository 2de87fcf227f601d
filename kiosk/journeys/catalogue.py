"""The procedures that this program knows.

Source: ``domain.md`` 1.7 C with E (document), F (person) and G (decision).
"""

from collections.abc import Mapping
from typing import Final

from kiosk.domain.errors import JourneyInvalidError
from kiosk.domain.evidence import DocumentKind, Side
from kiosk.journeys.model import (
    CaptureRestarted,
    ChecksComputed,
    ChecksReviewed,
    ComputeChecks,
    ConsentAnswered,
    DecisionTaken,
    DocumentConfirmed,
    DrawFeatures,
    FeatureExamined,
    FeaturesDrawn,
    FeaturesFinished,
    FieldTyped,
    PersonCompared,
    PrintRead,
    RecordSealed,
    RequestPresented,
    SealConfirmed,
    SideCaptured,
    StepKind,
)
from kiosk.journeys.procedure import Journey, Order, Step, Way

ONLINE_REQUEST: Final = "online-request"

# A case may be refused or suspended at any step: the agent need not go on with a false document.
_STOP = Way(DecisionTaken, StepKind.CONFIRM, "decision_stops")
_DOCUMENT_FIELDS = ("document", "sides", "typed_fields", "reading_checks")


def online_request(
    sides: Mapping[DocumentKind, tuple[Side, ...]], feature_count: int = 3
) -> Journey:
    """Face-to-face verification of a request that was started online.

    Args:
        sides: sides to present for each kind of document, from the catalogue of documents.
        feature_count: how many security features must conform (the fleet's policy).
    """
    return Journey(
        name=ONLINE_REQUEST,
        start=StepKind.REQUEST,
        steps=(*_welcome(), *_evidence(feature_count), *_answer()),
        accept_when=(
            "request_accepted",
            "consent_given",
            "document_complete",
            "checks_clear",
            "features_conform",
            "person_same",
        ),
        feature_count=feature_count,
        sides=tuple(sides.items()),
    )


class JourneyCatalogue:
    """Procedures by name."""

    def __init__(self, *journeys: Journey) -> None:
        """Journeys: those offered on this device."""
        self._journeys = {journey.name: journey for journey in journeys}

    def names(self) -> tuple[str, ...]:
        """Names, in the order they were given."""
        return tuple(self._journeys)

    def get(self, name: str) -> Journey:
        """A procedure by name. Raises JourneyInvalidError where there is none."""
        try:
            return self._journeys[name]
        except KeyError as exc:
            raise JourneyInvalidError("unknown procedure") from exc


def _welcome() -> tuple[Step, ...]:
    return (
        Step(
            kind=StepKind.REQUEST,
            instruction="journey.request.instruction",
            done_when="request_accepted",
            ways=(
                Way(RequestPresented, StepKind.REQUEST, "request_not_accepted"),
                Way(RequestPresented, StepKind.NOTICE, "request_accepted"),
                _STOP,
            ),
            back=False,
            abandon_to=StepKind.CONFIRM,
            keeps=("request", "request_problem"),
        ),
        Step(
            kind=StepKind.NOTICE,
            instruction="journey.notice.instruction",
            done_when="consent_given",
            ways=(
                Way(ConsentAnswered, StepKind.DOCUMENT, "consent_given"),
                Way(ConsentAnswered, StepKind.CONFIRM, "consent_refused"),
                _STOP,
            ),
            abandon_to=StepKind.CONFIRM,
            keeps=("notice_version", "consent"),
        ),
    )


def _evidence(feature_count: int) -> tuple[Step, ...]:
    return (
        Step(
            kind=StepKind.DOCUMENT,
            instruction="journey.document.instruction",
            done_when="document_complete",
            ways=(
                Way(SideCaptured, StepKind.DOCUMENT),
                Way(PrintRead, StepKind.DOCUMENT),
                Way(FieldTyped, StepKind.DOCUMENT),
                Way(CaptureRestarted, StepKind.DOCUMENT),
                Way(DocumentConfirmed, StepKind.CHECKS, "document_complete"),
                _STOP,
            ),
            abandon_to=StepKind.CONFIRM,
            keeps=_DOCUMENT_FIELDS,
        ),
        Step(
            kind=StepKind.CHECKS,
            instruction="journey.checks.instruction",
            done_when="checks_known",
            ways=(
                Way(ChecksComputed, StepKind.CHECKS),
                # The agent was faster than the reader: the checks are computed anew.
                Way(PrintRead, StepKind.CHECKS),
                Way(ChecksReviewed, StepKind.DECISION, "checks_failed"),
                Way(ChecksReviewed, StepKind.FEATURES, "checks_known"),
                _STOP,
            ),
            abandon_to=StepKind.CONFIRM,
            keeps=("checks", "ticked"),
            orders=(Order(ComputeChecks(), unless="checks_known"),),
        ),
        Step(
            kind=StepKind.FEATURES,
            instruction="journey.features.instruction",
            done_when="features_answered",
            ways=(
                Way(FeaturesDrawn, StepKind.FEATURES),
                Way(FeatureExamined, StepKind.FEATURES),
                Way(FeaturesFinished, StepKind.PERSON, "features_answered"),
                _STOP,
            ),
            abandon_to=StepKind.CONFIRM,
            keeps=("features",),
            orders=(Order(DrawFeatures(feature_count), unless="features_drawn"),),
        ),
        Step(
            kind=StepKind.PERSON,
            instruction="journey.person.instruction",
            done_when="person_compared",
            ways=(Way(PersonCompared, StepKind.DECISION, "person_compared"), _STOP),
            abandon_to=StepKind.CONFIRM,
            keeps=("person",),
        ),
    )


def _answer() -> tuple[Step, ...]:
    return (
        Step(
            kind=StepKind.DECISION,
            instruction="journey.decision.instruction",
            done_when="decision_permitted",
            ways=(Way(DecisionTaken, StepKind.CONFIRM, "decision_permitted"),),
            abandon_to=StepKind.CONFIRM,
            keeps=("decision",),
        ),
        Step(
            kind=StepKind.CONFIRM,
            instruction="journey.confirm.instruction",
            done_when="sealed",
            ways=(
                Way(SealConfirmed, StepKind.CONFIRM, "decided"),
                Way(RecordSealed, StepKind.RECEIPT, "sealed"),
            ),
            abandon_to=StepKind.CONFIRM,
            keeps=("record",),
        ),
        Step(
            kind=StepKind.RECEIPT,
            instruction="receipt.code_hint",
            done_when="sealed",
            back=False,
        ),
    )
