"""Values of a journey: steps, state of a case, events that move it, effects they ask for.

Rules, in order:

1. A case is always at exactly one step. Only :func:`kiosk.journeys.engine.advance` moves it.
2. Events are facts in the past tense; effects are orders to the services. Neither decides anything.
3. The state holds everything that a draft must bring back after a crash, and no picture.
4. Every way out of a case ends in one sealed record.
"""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from kiosk.documents.printed_checks import FieldSource
from kiosk.domain.decision import Decision, Reason
from kiosk.domain.evidence import Check, IdentityDocument, PrintedValue, Side, Verdict
from kiosk.domain.ids import AgentId, CaseId, OfficeId, RecordId
from kiosk.domain.request import RequestVerdict, VerificationRequest
from kiosk.journeys.service_steps import (
    AdviceFacts,
    ContactFacts,
    EligibilityFacts,
    IdentityFacts,
    ItemFacts,
    LookupFacts,
    PaperFileFacts,
    PresenceFacts,
    PurposeChosen,
    SecondAgentFacts,
    ServiceEvent,
    SignatureFacts,
    VisitFacts,
)


class StepKind(StrEnum):
    """Kinds of step; a screen panel exists for each."""

    PURPOSE = "purpose"
    ELIGIBILITY = "eligibility"
    CHANNEL = "channel"
    PAPER_FILE = "paper-file"
    VISIT = "visit"
    ITEM = "item"
    PRESENCE = "presence"
    REQUEST = "request"
    NOTICE = "notice"
    CONTACT = "contact"
    DOCUMENT = "document"
    IDENTITY = "identity"
    CHECKS = "checks"
    FEATURES = "features"
    PERSON = "person"
    DECISION = "decision"
    SECOND_AGENT = "second-agent"
    SIGNATURE = "signature"
    CONFIRM = "confirm"
    RECEIPT = "receipt"


# --- facts kept in the state ---------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class SideFacts:
    """One side of the document, as captured.

    Attributes:
        side: which one.
        frames_agreeing: how many frames gave the same reading.
        by_hand: the zone was typed, not read.
        sharpness: 0 to 1, measured on the zone.
        seal: verdict of a 2D-Doc found on this side (value of ``documents.twoddoc.SealVerdict``)
            or ``""``.
        seen_as: what the words of its heading name (value of ``documents.series.Family``), or
            ``""``.
        printed: fields of its printed zone that were read clearly.
    """

    side: Side
    frames_agreeing: int
    by_hand: bool
    sharpness: float
    seal: str = ""
    seen_as: str = ""
    printed: tuple[PrintedValue, ...] = ()


@dataclass(frozen=True, slots=True)
class TypedField:
    """Where the value of a field that the zone does not hold came from."""

    name: str
    source: FieldSource


@dataclass(frozen=True, slots=True)
class FeatureResult:
    """One security feature drawn for examination, and the agent's answer (None: not answered)."""

    feature_id: str
    kind: str
    verdict: Verdict | None = None


@dataclass(frozen=True, slots=True)
class PersonFacts:
    """The agent's comparison of the person with the portrait.

    Attributes:
        verdict: PASS same person, FAIL not the same, UNSURE cannot decide.
        zones: parts of the face that were compared (keys of the texts).
        questions_asked: how many short questions; the answers are never kept.
        questions_consistent: whether the answers agreed, None when none was asked.
    """

    verdict: Verdict
    zones: tuple[str, ...] = ()
    questions_asked: int = 0
    questions_consistent: bool | None = None


@dataclass(frozen=True, slots=True)
class RulesUsed:
    """The rules that checks were made by.

    Attributes:
        day: of the act, in the local time of the office.
        packs: names and versions of the data that held on that day.
        policy_version: of the fleet's policy in force; 0 before the first one.
    """

    day: date
    packs: tuple[tuple[str, str], ...] = ()
    policy_version: int = 0


@dataclass(frozen=True, slots=True)
class LinkedRecord:
    """A record that was sealed with another one, in the same transaction.

    Attributes:
        record_id: the record.
        seq: its number in the device's journal.
        slip_code: eight characters of the journal's checkpoint at that entry.
    """

    record_id: RecordId
    seq: int
    slip_code: str


@dataclass(frozen=True, slots=True)
class SealedFacts:
    """What the vault answered once record, journal entry and outbox row were committed.

    Attributes:
        record_id: the sealed record.
        seq: its number in the device's journal.
        slip_code: eight characters of the journal's checkpoint, for the client's slip.
        sealed_at: device time, aware UTC.
        distribution: the proof of distribution sealed with it, None where nothing was handed over.
        codes_follow: addresses were sealed for the contact service, which sends their codes later.
    """

    record_id: RecordId
    seq: int
    slip_code: str
    sealed_at: datetime
    distribution: LinkedRecord | None = None
    codes_follow: bool = False


@dataclass(frozen=True, slots=True)
class CaseState:
    """Everything known of one case; immutable, replaced by each accepted event.

    Attributes:
        case_id: this case.
        procedure: name of the journey in the catalogue.
        step: where the case is.
        agent_id: the agent in charge.
        office_id: office of the device.
        opened_at: device time, aware UTC.
        request: the request once accepted.
        request_problem: last answer to a scanned code that was not acceptable, None if none.
        request_office: office that the code of that answer was for, ``""`` where it is not about
            the office.
        notice_version: version of the information notice that was shown.
        consent: True given, False refused, None not asked yet.
        document: what was read, merged over the sides.
        sides: sides captured so far.
        sides_expected: sides still to present, in order.
        typed_fields: names of document fields entered by hand, or read in print and confirmed.
        field_sources: where each of them came from.
        reading_checks: check digits and agreement, from reading.
        checks: verdicts of the automatic checks.
        ticked: codes of near matches that the agent confirmed by a tick.
        features: security features drawn and their answers.
        person: result of the comparison.
        decision: the decision taken (also for abandoned cases).
        record: set once sealed; the case is then closed.
        purpose: what for, and where the customer stands (welcome).
        eligibility: answers and what they come to (welcome).
        advice: what the customer leaves with (welcome).
        paper_file: what of the file is there.
        contacts: ways to reach the customer, at most one of each channel (creation).
        identity: as the customer confirmed it (creation).
        visit: which stop of the round.
        item: the registered item.
        presence: who is there to take it.
        signature: of the person who took it.
        lookup: what was learnt elsewhere about a document reported lost or stolen.
        signs: signs of damage or alteration that the agent ticked (codes of the catalogue).
        second_agent: the word of a colleague about the decision that stands, and about no other.
        second_opinion: the word of a colleague about the person.
        rules: what the checks were made by, None before they were made.
        trail: steps walked through to come here, oldest first; going back takes the last.
        language: code of the language that the customer chose to read, ``""`` while none was
            chosen; what is said and sent to the customer is written in it.
    """

    case_id: CaseId
    procedure: str
    step: StepKind
    agent_id: AgentId
    office_id: OfficeId
    opened_at: datetime
    request: VerificationRequest | None = None
    request_problem: RequestVerdict | None = None
    notice_version: str = ""
    consent: bool | None = None
    document: IdentityDocument | None = None
    sides: tuple[SideFacts, ...] = ()
    sides_expected: tuple[Side, ...] = ()
    typed_fields: tuple[str, ...] = ()
    field_sources: tuple[TypedField, ...] = ()
    reading_checks: tuple[Check, ...] = ()
    checks: tuple[Check, ...] = ()
    ticked: tuple[str, ...] = ()
    features: tuple[FeatureResult, ...] = ()
    person: PersonFacts | None = None
    decision: Decision | None = None
    record: SealedFacts | None = None
    trail: tuple[StepKind, ...] = ()
    purpose: PurposeChosen | None = None
    eligibility: EligibilityFacts | None = None
    advice: AdviceFacts | None = None
    paper_file: PaperFileFacts | None = None
    contacts: tuple[ContactFacts, ...] = ()
    identity: IdentityFacts | None = None
    visit: VisitFacts | None = None
    item: ItemFacts | None = None
    presence: PresenceFacts | None = None
    signature: SignatureFacts | None = None
    second_agent: SecondAgentFacts | None = None
    rules: RulesUsed | None = None
    lookup: LookupFacts | None = None
    signs: tuple[str, ...] = ()
    second_opinion: SecondAgentFacts | None = None
    language: str = ""
    request_office: OfficeId = OfficeId("")  # noqa: RUF009 - a NewType, not a call

    @property
    def closed(self) -> bool:
        """Whether the case is sealed: nothing moves it any more."""
        return self.record is not None


# --- events: what happened ------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class RequestPresented:
    """A code was scanned or typed and judged.

    Attributes:
        verdict: what it is.
        request: set when the verdict is VALID.
        meant_for: the office chosen in a genuine request that is for another one, else ``""``.
    """

    verdict: RequestVerdict
    request: VerificationRequest | None = None
    meant_for: OfficeId = OfficeId("")  # noqa: RUF009 - a NewType, not a call


@dataclass(frozen=True, slots=True)
class ConsentAnswered:
    """The information notice was shown and the person answered."""

    notice_version: str
    given: bool


@dataclass(frozen=True, slots=True)
class SideCaptured:
    """A side of the document was read (or typed) and accepted by the reader.

    Attributes:
        facts: how it was captured.
        document: what this side told, None when it holds no readable zone.
        checks: check digits and agreement of this reading.
    """

    facts: SideFacts
    document: IdentityDocument | None
    checks: tuple[Check, ...] = ()


@dataclass(frozen=True, slots=True)
class PrintRead:
    """The printed fields of a side were read: that takes longer than its zone.

    Attributes:
        side: which side, captured before.
        printed: fields of its printed zone that were read clearly.
    """

    side: Side
    printed: tuple[PrintedValue, ...]


@dataclass(frozen=True, slots=True)
class FieldTyped:
    """The agent typed a printed field (``expiry_date`` or ``issue_date``), or confirmed it.

    Attributes:
        name: which field.
        value: the date.
        source: READ only where print was read as the same date, CORRECTED where as another one.
    """

    name: str
    value: date
    source: FieldSource = FieldSource.TYPED


@dataclass(frozen=True, slots=True)
class CaptureRestarted:
    """The agent wants to present the document again: sides and readings are dropped."""


@dataclass(frozen=True, slots=True)
class DocumentConfirmed:
    """All sides are there and the agent confirms what was read."""


@dataclass(frozen=True, slots=True)
class ChecksComputed:
    """The automatic checks were made (answer to the ``ComputeChecks`` effect), by which rules."""

    checks: tuple[Check, ...]
    rules: RulesUsed | None = None


@dataclass(frozen=True, slots=True)
class ChecksReviewed:
    """The agent saw the checks; ``ticked`` are near matches confirmed one by one."""

    ticked: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class FeaturesDrawn:
    """Security features were drawn for this case (answer to the ``DrawFeatures`` effect)."""

    features: tuple[FeatureResult, ...]


@dataclass(frozen=True, slots=True)
class FeatureExamined:
    """The agent answered for one feature."""

    feature_id: str
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class FeaturesFinished:
    """The agent goes on from the features."""


@dataclass(frozen=True, slots=True)
class PersonCompared:
    """The agent compared the person with the portrait."""

    facts: PersonFacts


@dataclass(frozen=True, slots=True)
class DecisionTaken:
    """The agent decided."""

    decision: Decision


@dataclass(frozen=True, slots=True)
class SealConfirmed:
    """The agent confirmed once: seal now (answered by ``RecordSealed`` when it is durable)."""


@dataclass(frozen=True, slots=True)
class RecordSealed:
    """Record, journal entry and outbox row are committed."""

    sealed: SealedFacts


@dataclass(frozen=True, slots=True)
class SteppedBack:
    """The agent went back one step; or to the step ``to``, past those that came after it."""

    to: StepKind | None = None


@dataclass(frozen=True, slots=True)
class LanguageChosen:
    """The customer chose the language to read, at whatever step; the case does not move."""

    code: str


@dataclass(frozen=True, slots=True)
class CaseAbandoned:
    """The client leaves, or the agent stops: goes to confirmation as an abandoned case."""

    reason: Reason = Reason.CUSTOMER_WITHDRAWS


Event = (
    RequestPresented
    | ConsentAnswered
    | SideCaptured
    | PrintRead
    | FieldTyped
    | CaptureRestarted
    | DocumentConfirmed
    | ChecksComputed
    | ChecksReviewed
    | FeaturesDrawn
    | FeatureExamined
    | FeaturesFinished
    | PersonCompared
    | DecisionTaken
    | SealConfirmed
    | RecordSealed
    | SteppedBack
    | LanguageChosen
    | CaseAbandoned
    | ServiceEvent
)


# --- effects: what the services must do -----------------------------------------------------------


@dataclass(frozen=True, slots=True)
class SaveDraft:
    """Write the state durably before the screen shows it."""


@dataclass(frozen=True, slots=True)
class ComputeChecks:
    """Run the automatic checks on request and document."""


@dataclass(frozen=True, slots=True)
class DrawFeatures:
    """Draw security features for the document, partly at random."""

    count: int = 3


@dataclass(frozen=True, slots=True)
class SealRecord:
    """Seal: record, journal entry and outbox row in one transaction; then delete the draft."""


Effect = SaveDraft | ComputeChecks | DrawFeatures | SealRecord
