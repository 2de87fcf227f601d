"""Steps that several procedures share, made once."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from kiosk.domain.decision import Outcome
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
    SealRecord,
    SideCaptured,
    StepKind,
)
from kiosk.journeys.procedure import Form, Order, Step, Way
from kiosk.journeys.service_steps import (
    DocumentLookedUp,
    SecondAgentAnswered,
    SecondAgentAsked,
    SignsNoted,
)

# A case may be refused or suspended at any step: the agent need not go on with a false document.
STOP: Final = (
    Way(DecisionTaken, StepKind.SECOND_AGENT, "stop_needs_second"),
    Way(DecisionTaken, StepKind.CONFIRM, "decision_stops"),
)
DOCUMENT_FIELDS: Final = ("document", "sides", "typed_fields", "reading_checks")
ACCEPT_WHEN: Final = (
    "consent_given",
    "document_complete",
    "checks_clear",
    "not_reported",
    "features_conform",
    "unaltered",
    "person_same",
)


@dataclass(frozen=True, slots=True)
class Terms:
    """What fleet and place decide about every procedure.

    Attributes:
        sides: sides to present for each kind of document, from the catalogue of documents.
        feature_count: how many security features must conform.
        form: at the counter or at the customer's door.
        second_agent_for: outcomes that need a second agent.
        proxy_allowed: registered items may be handed to a proxy.
    """

    sides: Mapping[DocumentKind, tuple[Side, ...]]
    feature_count: int = 3
    form: Form = Form.COUNTER
    second_agent_for: tuple[Outcome, ...] = ()
    proxy_allowed: bool = False


def request_step(kind: StepKind, *more: Way, keeps: tuple[str, ...] = ()) -> Step:
    """Takes in a verification request; ``more`` ways of its own come first."""
    return Step(
        kind=kind,
        instruction=f"journey.{kind}.instruction",
        done_when="request_accepted",
        ways=(
            *more,
            Way(RequestPresented, kind, "request_not_accepted"),
            Way(RequestPresented, StepKind.NOTICE, "request_accepted"),
            *STOP,
        ),
        back=False,
        abandon_to=StepKind.CONFIRM,
        keeps=("request", "request_problem", "request_office", *keeps),
    )


def notice_step(to: StepKind = StepKind.DOCUMENT) -> Step:
    """The information notice, and the customer's agreement."""
    return Step(
        kind=StepKind.NOTICE,
        instruction="journey.notice.instruction",
        done_when="consent_given",
        ways=(
            Way(ConsentAnswered, to, "consent_given"),
            Way(ConsentAnswered, StepKind.CONFIRM, "consent_refused"),
            *STOP,
        ),
        abandon_to=StepKind.CONFIRM,
        keeps=("notice_version", "consent"),
    )


def document_step(to: StepKind = StepKind.CHECKS) -> Step:
    """Reads the document."""
    return Step(
        kind=StepKind.DOCUMENT,
        instruction="journey.document.instruction",
        done_when="document_complete",
        ways=(
            Way(SideCaptured, StepKind.DOCUMENT),
            Way(PrintRead, StepKind.DOCUMENT),
            Way(FieldTyped, StepKind.DOCUMENT),
            Way(CaptureRestarted, StepKind.DOCUMENT),
            Way(DocumentConfirmed, to, "document_complete"),
            *STOP,
        ),
        abandon_to=StepKind.CONFIRM,
        keeps=DOCUMENT_FIELDS,
    )


def examination_steps(feature_count: int) -> tuple[Step, ...]:
    """Automatic checks, security features, comparison of the person (1.7 E and F)."""
    return (
        Step(
            kind=StepKind.CHECKS,
            instruction="journey.checks.instruction",
            done_when="checks_known",
            ways=(
                Way(ChecksComputed, StepKind.CHECKS),
                Way(DocumentLookedUp, StepKind.CHECKS),
                # The agent was faster than the reader: the checks are computed anew.
                Way(PrintRead, StepKind.CHECKS),
                Way(ChecksReviewed, StepKind.DECISION, "checks_failed"),
                Way(ChecksReviewed, StepKind.DECISION, "document_reported"),
                Way(ChecksReviewed, StepKind.FEATURES, "checks_known"),
                *STOP,
            ),
            abandon_to=StepKind.CONFIRM,
            keeps=("checks", "ticked", "lookup"),
            orders=(Order(ComputeChecks(), unless="checks_known"),),
        ),
        Step(
            kind=StepKind.FEATURES,
            instruction="journey.features.instruction",
            done_when="features_answered",
            ways=(
                Way(FeaturesDrawn, StepKind.FEATURES),
                Way(FeatureExamined, StepKind.FEATURES),
                Way(SignsNoted, StepKind.FEATURES),
                Way(FeaturesFinished, StepKind.PERSON, "features_answered"),
                *STOP,
            ),
            abandon_to=StepKind.CONFIRM,
            keeps=("features", "signs"),
            orders=(Order(DrawFeatures(feature_count), unless="features_drawn"),),
        ),
        Step(
            kind=StepKind.PERSON,
            instruction="journey.person.instruction",
            done_when="person_compared",
            ways=(Way(PersonCompared, StepKind.DECISION, "person_compared"), *STOP),
            abandon_to=StepKind.CONFIRM,
            keeps=("person",),
        ),
    )


def answer_steps(*, signature: Step | None = None) -> tuple[Step, ...]:
    """Decision, the second agent where one is needed, the seal, the receipt (1.7 G).

    Args:
        signature: step that a case goes through before it is sealed where an item is handed over.
    """
    wanted = () if signature is None else ((signature.kind, "signature_wanted"),)
    return (
        Step(
            kind=StepKind.DECISION,
            instruction="journey.decision.instruction",
            done_when="decision_permitted",
            ways=(
                Way(SecondAgentAsked, StepKind.SECOND_AGENT, "person_unsure"),
                Way(DecisionTaken, StepKind.SECOND_AGENT, "second_agent_needed"),
                *(Way(DecisionTaken, to, when) for to, when in wanted),
                Way(DecisionTaken, StepKind.CONFIRM, "decision_permitted"),
            ),
            abandon_to=StepKind.CONFIRM,
            keeps=("decision",),
        ),
        Step(
            kind=StepKind.SECOND_AGENT,
            instruction="journey.second-agent.instruction",
            done_when="second_agent_signed",
            ways=(
                *(Way(SecondAgentAnswered, to, when) for to, when in wanted),
                Way(SecondAgentAnswered, StepKind.CONFIRM, "second_agent_signed"),
                Way(SecondAgentAnswered, StepKind.DECISION),
            ),
            abandon_to=StepKind.CONFIRM,
            keeps=("second_agent", "second_opinion"),
        ),
        *(() if signature is None else (signature,)),
        Step(
            kind=StepKind.CONFIRM,
            instruction="journey.confirm.instruction",
            done_when="sealed",
            ways=(
                Way(SealConfirmed, StepKind.CONFIRM, "nothing_open"),
                Way(RecordSealed, StepKind.RECEIPT, "sealed"),
            ),
            abandon_to=StepKind.CONFIRM,
            keeps=("record",),
        ),
        receipt_step(),
    )


def receipt_step() -> Step:
    """The end: nothing is left to do."""
    return Step(
        kind=StepKind.RECEIPT,
        instruction="receipt.code_hint",
        done_when="sealed",
        back=False,
    )


def closing_steps() -> tuple[Step, ...]:
    """The end of an act that verifies nobody: it seals by itself, nothing is left to confirm."""
    return (
        Step(
            kind=StepKind.CONFIRM,
            instruction="journey.confirm.instruction",
            done_when="sealed",
            ways=(Way(RecordSealed, StepKind.RECEIPT, "sealed"),),
            back=False,
            abandon_to=StepKind.CONFIRM,
            keeps=("decision", "record"),
            orders=(Order(SealRecord(), unless="sealed"),),
        ),
        receipt_step(),
    )
