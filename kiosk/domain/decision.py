"""Outcomes and reasons: closed lists. A refusal needs at least one reason."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Outcome(StrEnum):
    """How an act ends.

    ``domain.md`` 1.8 lists the first four, for verifications. An act that verifies nobody ends
    ADVISED (a welcome, a paper file) or NO_SHOW (nobody met at the door, or at the counter).
    """

    ACCEPTED = "accepted"
    REFUSED = "refused"
    SUSPENDED = "suspended"
    ABANDONED = "abandoned"
    ADVISED = "advised"
    NO_SHOW = "no-show"


class Reason(StrEnum):
    """Why a verification was refused or suspended."""

    NOT_ADULT = "not-adult"
    TYPE_NOT_ACCEPTED = "type-not-accepted"
    NOT_ORIGINAL = "not-original"
    EXPIRED = "expired"
    DAMAGED = "damaged"
    MRZ_CHECK_DIGIT = "mrz-check-digit"
    MRZ_PRINT_DIFFER = "mrz-print-differ"
    SEAL_INVALID = "seal-invalid"
    SEAL_DIFFERS = "seal-differs"
    FEATURE_NOT_CONFORM = "feature-not-conform"
    TOO_FEW_FEATURES = "too-few-features"
    REPORTED_LOST_OR_STOLEN = "reported-lost-or-stolen"
    NAME_DIFFERS = "name-differs"
    BIRTH_DATE_DIFFERS = "birth-date-differs"
    NUMBER_DIFFERS = "number-differs"
    WRONG_OFFICE = "wrong-office"
    REQUEST_EXPIRED_OR_USED = "request-expired-or-used"
    PERSON_DIFFERS = "person-differs"
    ANSWERS_INCONSISTENT = "answers-inconsistent"
    CUSTOMER_WITHDRAWS = "customer-withdraws"
    PROXY_PRESENTED = "proxy-presented"
    TECHNICAL_FAILURE = "technical-failure"
    ADDRESSEE_ABSENT = "addressee-absent"
    ADDRESSEE_REFUSES = "addressee-refuses"
    VISIT_POSTPONED = "visit-postponed"
    ADDRESSEE_MOVED = "addressee-moved"


VISIT_REASONS: Final = (
    Reason.ADDRESSEE_ABSENT,
    Reason.ADDRESSEE_REFUSES,
    Reason.VISIT_POSTPONED,
    Reason.ADDRESSEE_MOVED,
)
"""Why nobody was verified although the agent was there: reasons of NO_SHOW, and of nothing else."""
OF_SIGNS: Final = (Reason.NOT_ORIGINAL, Reason.DAMAGED, Reason.FEATURE_NOT_CONFORM)
"""Reasons that a visible sign of damage or alteration may suggest."""
_NEED_REASONS: Final = (Outcome.REFUSED, Outcome.SUSPENDED, Outcome.NO_SHOW)


@dataclass(frozen=True, slots=True)
class Decision:
    """The agent's answer.

    Attributes:
        outcome: how it ends.
        reasons: at least one for a refusal, a suspension or a visit to nobody (there only those of
            VISIT_REASONS); none for an acceptance or an advice.
        fraud_suspected: restricted flag; never shown to, or printed for, the client.
    """

    outcome: Outcome
    reasons: tuple[Reason, ...] = ()
    fraud_suspected: bool = False

    def __post_init__(self) -> None:
        """Raises ValueError where outcome and reasons do not fit together."""
        if self.outcome in (Outcome.ACCEPTED, Outcome.ADVISED) and self.reasons:
            raise ValueError("an acceptance or an advice carries no reason")
        if self.outcome in _NEED_REASONS and not self.reasons:
            raise ValueError("a refusal, a suspension or a missed visit carries a reason")
        of_visits = {reason in VISIT_REASONS for reason in self.reasons}
        if of_visits not in (set(), {self.outcome is Outcome.NO_SHOW}):
            raise ValueError("reasons of another outcome")
