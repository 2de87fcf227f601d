"""Facts and events of the steps around a verification: counsel, contact, visit, letter, sign-off.

The steps of the verification itself (document, checks, features, person) stand in
:mod:`kiosk.journeys.model`. What is kept here is the least that the act needs: the answers of a
welcome name nobody, a code that belongs to the customer is never held, and a signature is kept as
strokes because a draft holds no picture (``docs/decisions/0007``).

Source: ``domain.md`` 1.2 to 1.7, 5.8.
"""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from kiosk.domain.evidence import Verdict
from kiosk.domain.ids import AgentId

# --- welcome (1.7 A) ------------------------------------------------------------------------------


class Purpose(StrEnum):
    """What the customer wants to reach in the end."""

    TRAINING_ACCOUNT = "cpf"
    ELECTED_ACCOUNT = "dife"
    OTHER_SERVICE = "franceconnect"
    REGISTERED_LETTER = "registered-letter"
    QUESTION = "question"


class Situation(StrEnum):
    """Where the customer stands; everything but NEW leads to another procedure, or to the help."""

    NEW = "new"
    STARTED_ONLINE = "started-online"
    HAS_LETTER = "has-letter"
    PAPER_FILE = "paper-file"
    ONLY_A_QUESTION = "only-a-question"


@dataclass(frozen=True, slots=True)
class PurposeChosen:
    """The customer said what for, and where they stand. Kept as it is."""

    purpose: Purpose
    situation: Situation


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer of the eligibility: codes of the room of advice, never words of the customer."""

    question: str
    answer: str


@dataclass(frozen=True, slots=True)
class EligibilityFacts:
    """Answers so far, and what they come to.

    Attributes:
        answers: in the order given; a question answered again replaces everything after it.
        eligible: None while questions are open.
        obstacle: code of the first condition that is not met, or ``""``.
    """

    answers: tuple[Answer, ...] = ()
    eligible: bool | None = None
    obstacle: str = ""


@dataclass(frozen=True, slots=True)
class EligibilityAnswered:
    """The customer answered; the room of advice judged the answers as a whole."""

    facts: EligibilityFacts


@dataclass(frozen=True, slots=True)
class AdviceFacts:
    """What the customer leaves with.

    Attributes:
        channel: code of the channel proposed, or ``""``.
        ready_by: when that channel will have an answer, aware, or None.
        next_procedure: procedure to open next, or ``""``.
        alternative: code of the nearest other way of who does not meet the conditions, or ``""``.
        letter_about: estimated day of the registered letter of that channel, or None.
    """

    channel: str = ""
    ready_by: datetime | None = None
    next_procedure: str = ""
    alternative: str = ""
    letter_about: date | None = None


@dataclass(frozen=True, slots=True)
class AdviceGiven:
    """The customer was told; the case can be closed."""

    facts: AdviceFacts


# --- paper file (1.7 I, 1.6) ----------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class PaperFileFacts:
    """What of a paper file is there; codes of the checklist only, nothing read or kept of it.

    Attributes:
        present: codes ticked.
        missing: codes not ticked.
        letter_about: when the registered letter may arrive, None while something is missing.
    """

    present: tuple[str, ...]
    missing: tuple[str, ...]
    letter_about: date | None = None


@dataclass(frozen=True, slots=True)
class PaperFileChecked:
    """The agent went through the checklist."""

    facts: PaperFileFacts


# --- contact and identity of a creation (1.7 B, 1.3) ----------------------------------------------


class ContactChannel(StrEnum):
    """Ways to reach a customer that the service confirms by a code."""

    EMAIL = "email"
    MOBILE = "mobile"


class ContactStatus(StrEnum):
    """How far a way is confirmed."""

    TYPED = "typed"
    SENT = "sent"
    CONFIRMED = "confirmed"
    DEFERRED = "deferred"


@dataclass(frozen=True, slots=True)
class ContactFacts:
    """One way to reach the customer.

    Attributes:
        channel: which.
        address: e-mail address, or mobile number in E.164.
        status: TYPED, then SENT, then CONFIRMED; DEFERRED where there is no network today.
        challenge_id: of the code that was sent last, or ``""``.
        expires_at: of that code, aware UTC.
        sent: how many codes were sent to this address.
        statement: the central side's signed word that the code was typed right, or ``""``.
    """

    channel: ContactChannel
    address: str
    status: ContactStatus = ContactStatus.TYPED
    challenge_id: str = ""
    expires_at: datetime | None = None
    sent: int = 0
    statement: str = ""


@dataclass(frozen=True, slots=True)
class ContactTyped:
    """An address was typed, or corrected: what was confirmed of another one counts no more."""

    channel: ContactChannel
    address: str


@dataclass(frozen=True, slots=True)
class ContactChallenged:
    """The central side sent a code to the address."""

    channel: ContactChannel
    challenge_id: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class ContactConfirmed:
    """The customer typed the code. ``statement`` is the central side's signed word; verified."""

    channel: ContactChannel
    statement: str


@dataclass(frozen=True, slots=True)
class ContactDeferred:
    """No network: the address will be confirmed later, and the answer says so."""

    channel: ContactChannel


@dataclass(frozen=True, slots=True)
class ContactsFinished:
    """The agent goes on from the contacts."""


@dataclass(frozen=True, slots=True)
class IdentityFacts:
    """Identity as the customer confirmed it, read aloud, beside the document.

    Attributes:
        surname: birth name, with accents.
        given_names: all, in order.
        used_name: name used, or ``""``.
        birth_place: INSEE code of the commune, 5 characters; ``""`` for a birth abroad.
        birth_country: INSEE code, 5 digits (``99100`` is France).
        birth_place_name: as said.
        corrected: names of the fields that differ from what was read.
    """

    surname: str
    given_names: tuple[str, ...]
    used_name: str = ""
    birth_place: str = ""
    birth_country: str = ""
    birth_place_name: str = ""
    corrected: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class IdentityConfirmed:
    """The customer confirmed the identity data."""

    facts: IdentityFacts


# --- home visit (1.7 D) ---------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class VisitFacts:
    """Which stop of the round this case is.

    Attributes:
        visit_id: given by the central side.
        planned_on: day of the round.
        position: number in the round, from 1.
        postponed_to: the day that customer and carrier agreed on, for a visit that is put off.
    """

    visit_id: str
    planned_on: date
    position: int
    postponed_to: date | None = None


@dataclass(frozen=True, slots=True)
class VisitBegun:
    """The carrier stands at the door."""

    facts: VisitFacts


# --- registered letter (1.7 H, 5.8) ---------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ItemFacts:
    """The registered item.

    Attributes:
        number: without spaces.
        scheme: code of the format of the number (``s10`` ...), or ``"other"``.
        by_hand: typed, not scanned.
    """

    number: str
    scheme: str
    by_hand: bool = False


@dataclass(frozen=True, slots=True)
class ItemScanned:
    """The number of the item was scanned or typed, and judged."""

    facts: ItemFacts


class Presence(StrEnum):
    """Who is there to take the item."""

    IN_PERSON = "in-person"
    PROXY = "proxy"
    ABSENT = "absent"
    REFUSES = "refuses"


@dataclass(frozen=True, slots=True)
class PresenceFacts:
    """Who is there, and until when the item is kept where it could not be handed over.

    Attributes:
        presence: who.
        kept_until: last day of keeping.
        fetch_by: the day before it on which the office is open last, where it is shut on that day.
    """

    presence: Presence
    kept_until: date | None = None
    fetch_by: date | None = None


@dataclass(frozen=True, slots=True)
class AddresseeMet:
    """The agent said who is there."""

    facts: PresenceFacts


@dataclass(frozen=True, slots=True)
class SignatureFacts:
    """A signature by hand, as strokes: a proof of distribution must bear one.

    Attributes:
        strokes: each a list of (x, y), in tenths of a millimetre from the top left of the pad.
        width / height: of the pad, same unit.
        unable: the person cannot sign; there are no strokes, and the agent witnesses it.
    """

    strokes: tuple[tuple[tuple[int, int], ...], ...]
    width: int
    height: int
    unable: bool = False


@dataclass(frozen=True, slots=True)
class SignatureGiven:
    """The person signed, or cannot."""

    facts: SignatureFacts


# --- examination (1.7 E, 5.7) ---------------------------------------------------------------------


class LookupStatus(StrEnum):
    """Whether a document is reported lost or stolen; the program itself asks nobody."""

    NOT_AVAILABLE = "not-available"
    CLEAR = "clear"
    HIT = "hit"


class Consulted(StrEnum):
    """Who was asked about a document."""

    SUPERVISOR = "supervisor"
    HELPLINE = "helpline"
    AUTHORITY = "authority"


@dataclass(frozen=True, slots=True)
class LookupFacts:
    """What was learnt elsewhere about a document reported lost or stolen.

    Attributes:
        status: the answer.
        consulted: who was asked; None where nobody could be.
    """

    status: LookupStatus
    consulted: Consulted | None = None


@dataclass(frozen=True, slots=True)
class DocumentLookedUp:
    """The agent asked elsewhere whether the document is reported, or could not."""

    facts: LookupFacts


@dataclass(frozen=True, slots=True)
class SignsNoted:
    """The agent ticked signs of damage or alteration; codes of the catalogue, all of them anew."""

    signs: tuple[str, ...]


# --- second agent (1.7 F and G) -------------------------------------------------------------------


class SignOff(StrEnum):
    """What a second agent is asked for."""

    PERSON = "person"
    DECISION = "decision"


@dataclass(frozen=True, slots=True)
class SecondAgentFacts:
    """The word of a second agent.

    Attributes:
        agent_id: who; never the agent of the case.
        about: whether the person is the same, or whether the decision stands.
        verdict: of the comparison (about PERSON), else PASS agrees and FAIL does not.
        statement: the word signed with the second agent's own key (compact JWS).
        voucher: of the device that they answered on (:mod:`kiosk.audit.colleagues`); ``""`` where
            it was this one.
    """

    agent_id: AgentId
    about: SignOff
    verdict: Verdict
    statement: str
    voucher: str = ""


@dataclass(frozen=True, slots=True)
class SecondAgentAsked:
    """The agent is in doubt about the person and asks a colleague."""


@dataclass(frozen=True, slots=True)
class SecondAgentAnswered:
    """A second agent answered; the signature was verified."""

    facts: SecondAgentFacts


ServiceEvent = (
    PurposeChosen
    | EligibilityAnswered
    | AdviceGiven
    | PaperFileChecked
    | ContactTyped
    | ContactChallenged
    | ContactConfirmed
    | ContactDeferred
    | ContactsFinished
    | IdentityConfirmed
    | VisitBegun
    | ItemScanned
    | AddresseeMet
    | SignatureGiven
    | DocumentLookedUp
    | SignsNoted
    | SecondAgentAsked
    | SecondAgentAnswered
)
