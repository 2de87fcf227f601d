"""What the customer's sheet says, as facts: the outcome, why, what next, by when, under which code.

Rules, in order:

1. The restricted flag is not among these facts: a sheet cannot tell what it was never told, and the
   sheet of a flagged refusal is, word for word, that of another one.
2. Reasons that would tell a forger what to mend share one neutral word (``domain.md`` 5.5: no
   detail of a suspected fraud for the customer). What an honest person can act on keeps its own.
3. An acceptance is provisional until the central side holds the record and every address of the
   customer is confirmed.
4. Nothing personal: no name, number or address of the customer is on a sheet.
5. From the journal alone (an old act) the reasons are not known: the record is sealed. The sheet
   then gives none, and makes none up.
"""

from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum
from typing import Final

from kiosk.domain.decision import Outcome, Reason
from kiosk.domain.ids import OfficeId, RecordId
from kiosk.journeys.model import CaseState, SealedFacts
from kiosk.journeys.service_steps import ContactChannel, ContactStatus, Purpose
from kiosk.services.used_requests import USING_UP

WORDS_OF: Final = {
    Reason.NOT_ADULT: "not-adult",
    Reason.TYPE_NOT_ACCEPTED: "type-not-accepted",
    Reason.NOT_ORIGINAL: "not-original",
    Reason.EXPIRED: "expired",
    Reason.DAMAGED: "damaged",
    Reason.MRZ_CHECK_DIGIT: "document-checks",
    Reason.MRZ_PRINT_DIFFER: "document-checks",
    Reason.SEAL_INVALID: "document-checks",
    Reason.SEAL_DIFFERS: "document-checks",
    Reason.FEATURE_NOT_CONFORM: "document-checks",
    Reason.TOO_FEW_FEATURES: "document-checks",
    Reason.REPORTED_LOST_OR_STOLEN: "no-longer-valid",
    Reason.NAME_DIFFERS: "name-differs",
    Reason.BIRTH_DATE_DIFFERS: "birth-date-differs",
    Reason.NUMBER_DIFFERS: "number-differs",
    Reason.WRONG_OFFICE: "wrong-office",
    Reason.REQUEST_EXPIRED_OR_USED: "request-over",
    Reason.PERSON_DIFFERS: "person-not-concluded",
    Reason.ANSWERS_INCONSISTENT: "person-not-concluded",
    Reason.CUSTOMER_WITHDRAWS: "customer-withdraws",
    Reason.PROXY_PRESENTED: "proxy-presented",
    Reason.TECHNICAL_FAILURE: "technical-failure",
    Reason.ADDRESSEE_ABSENT: "addressee-absent",
    Reason.ADDRESSEE_REFUSES: "addressee-refuses",
    Reason.VISIT_POSTPONED: "visit-postponed",
    Reason.ADDRESSEE_MOVED: "addressee-moved",
}
"""Reason to the word that the customer reads: several share one (rule 2)."""


class Standing(StrEnum):
    """How firm an answer is."""

    FINAL = "final"
    PROVISIONAL = "provisional"
    CONFIRMED = "confirmed"


@dataclass(frozen=True, slots=True)
class RecordCode:
    """One record that the act left, as the customer can quote it.

    Attributes:
        record_id: of the record.
        seq: its line in the journal.
        slip_code: eight characters of the journal.
        about: what it proves: ``record``, or ``distribution`` for the proof of a hand-over.
    """

    record_id: RecordId
    seq: int
    slip_code: str
    about: str = "record"

    @property
    def qr_text(self) -> str:
        """Nothing personal: record, line and code."""
        return f"VV1:{self.record_id}:{self.seq}:{self.slip_code}"


@dataclass(frozen=True, slots=True)
class AnswerFacts:
    """Everything that a sheet is written from.

    Attributes:
        procedure: name of the journey.
        outcome: how the act ended.
        words: what the customer reads as reasons, each once, in the order of the closed list.
        office_id: where.
        sealed_at: device time, aware.
        records: one, or two that are linked (hand-over and verification).
        standing: how firm it is.
        confirmed_at: when the central side answered, aware; None where it did not.
        contacts_open: ways to reach the customer that are still to be confirmed.
        codes_follow: the contact service was given them, and will send their codes.
        has_request: a request that was started online stands behind the act.
        request_until: last moment at which the same request can be presented again, or None.
        kept_until: last day on which a letter is kept, or None.
        fetch_by: the day on which the office is open last, where it is shut on that one, or None.
        visit_on: the day agreed on for a visit that was put off, or None.
        channel: way that was proposed, or ``""``.
        ready_by: when that way will have an answer, aware, or None.
        obstacle: condition that is not met, or ``""``.
        alternative: nearest other way of who does not meet it, or ``""``.
        elected: the customer comes for the account of an elected member, who has a help line.
        missing: what lacks in a paper file.
        letter_about: estimated day of a registered letter, or None.
    """

    procedure: str
    outcome: Outcome
    words: tuple[str, ...]
    office_id: OfficeId
    sealed_at: datetime
    records: tuple[RecordCode, ...]
    standing: Standing = Standing.FINAL
    confirmed_at: datetime | None = None
    contacts_open: tuple[ContactChannel, ...] = ()
    codes_follow: bool = False
    has_request: bool = False
    request_until: datetime | None = None
    kept_until: date | None = None
    fetch_by: date | None = None
    visit_on: date | None = None
    channel: str = ""
    ready_by: datetime | None = None
    obstacle: str = ""
    alternative: str = ""
    elected: bool = False
    missing: tuple[str, ...] = ()
    letter_about: date | None = None


def code_of(sealed: SealedFacts, about: str = "record") -> RecordCode:
    """The code of a record that was just sealed."""
    return RecordCode(sealed.record_id, sealed.seq, sealed.slip_code, about)


def _handed(sealed: SealedFacts) -> tuple[RecordCode, ...]:
    """The proof of distribution that was sealed with a record."""
    proof = sealed.distribution
    if proof is None:
        return ()
    return (RecordCode(proof.record_id, proof.seq, proof.slip_code, "distribution"),)


def words_of(reasons: tuple[Reason, ...]) -> tuple[str, ...]:
    """What the customer reads, each word once."""
    chosen = {WORDS_OF[reason]: None for reason in Reason if reason in reasons}
    return tuple(chosen)


def standing_of(
    outcome: Outcome, *, confirmed: bool, contacts_open: tuple[ContactChannel, ...] = ()
) -> Standing:
    """How firm an answer is; only an acceptance waits for anybody."""
    if outcome is Outcome.ACCEPTED:
        sure = confirmed and not contacts_open
        return Standing.CONFIRMED if sure else Standing.PROVISIONAL
    return Standing.FINAL


def confirmed(facts: AnswerFacts, at: datetime) -> AnswerFacts:
    """The same answer once the central side has taken the record."""
    standing = standing_of(facts.outcome, confirmed=True, contacts_open=facts.contacts_open)
    return replace(facts, confirmed_at=at, standing=standing)


def answer_of(
    state: CaseState,
    *,
    confirmed_at: datetime | None = None,
    linked: tuple[RecordCode, ...] = (),
) -> AnswerFacts:
    """The facts of a case that was sealed.

    Args:
        state: sealed.
        confirmed_at: when the central side took the record, None while it has not.
        linked: further records of the same act, beside the proof of a hand-over.

    Raises:
        ValueError: the case has no decision or no record.
    """
    decision, sealed = state.decision, state.record
    if decision is None or sealed is None:
        raise ValueError("a case without a record has no answer")
    outcome = decision.outcome
    deferred = tuple(c.channel for c in state.contacts if c.status is ContactStatus.DEFERRED)
    contacts_open = deferred if outcome is Outcome.ACCEPTED else ()
    request, advice, file = state.request, state.advice, state.paper_file
    again = request is not None and outcome not in USING_UP
    return AnswerFacts(
        procedure=state.procedure,
        outcome=outcome,
        words=words_of(decision.reasons),
        office_id=state.office_id,
        sealed_at=sealed.sealed_at,
        records=(code_of(sealed), *_handed(sealed), *linked),
        standing=standing_of(
            outcome, confirmed=confirmed_at is not None, contacts_open=contacts_open
        ),
        confirmed_at=confirmed_at,
        contacts_open=contacts_open,
        codes_follow=sealed.codes_follow and bool(contacts_open),
        has_request=request is not None,
        request_until=request.expires_at if request is not None and again else None,
        kept_until=state.presence.kept_until if state.presence else None,
        fetch_by=state.presence.fetch_by if state.presence else None,
        visit_on=state.visit.postponed_to if state.visit else None,
        channel=advice.channel if advice else "",
        ready_by=advice.ready_by if advice else None,
        obstacle=state.eligibility.obstacle if state.eligibility else "",
        alternative=advice.alternative if advice else "",
        elected=_is_elected(state),
        missing=file.missing if file else (),
        letter_about=file.letter_about if file else advice.letter_about if advice else None,
    )


def _is_elected(state: CaseState) -> bool:
    """The account of an elected member, as the customer said or as the request names it."""
    chosen, request = state.purpose, state.request
    said = chosen is not None and chosen.purpose is Purpose.ELECTED_ACCOUNT
    return said or (request is not None and request.service == Purpose.ELECTED_ACCOUNT.value)
