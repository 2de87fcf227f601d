"""Outcomes and reasons: closed lists. A refusal needs at least one reason."""

from dataclasses import dataclass
from enum import StrEnum


class Outcome(StrEnum):
    """How a face-to-face verification ends."""

    ACCEPTED = "accepted"
    REFUSED = "refused"
    SUSPENDED = "suspended"
    ABANDONED = "abandoned"


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


@dataclass(frozen=True, slots=True)
class Decision:
    """The agent's answer.

    Attributes:
        outcome: one of the four.
        reasons: at least one for a refusal or a suspension; empty for an acceptance.
        fraud_suspected: restricted flag; never shown to, or printed for, the client.
    """

    outcome: Outcome
    reasons: tuple[Reason, ...] = ()
    fraud_suspected: bool = False

    def __post_init__(self) -> None:
        """Raises ValueError where outcome and reasons do not fit together."""
        if self.outcome is Outcome.ACCEPTED and self.reasons:
            raise ValueError("an acceptance carries no reason")
        if self.outcome in (Outcome.REFUSED, Outcome.SUSPENDED) and not self.reasons:
            raise ValueError("a refusal or a suspension carries at least one reason")
