"""Why a case ends as it does: what the customer brings, and what the agent sees, for each reason.

Rules, in order:

1. A cause is what really lies on the desk or is said there; the reason is found by the program
   wherever it can find it, and never put into the case by this list.
2. What no check can find (a technical failure) is said by the agent on the page of the decision.
3. Every reason of the closed list that a decision may carry has one cause; a test says so.

Source: ``domain.md`` 1.8.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from kiosk.domain.decision import Reason
from kiosk.domain.evidence import Verdict
from kiosk.journeys.service_steps import Presence, Purpose

PASSPORT: Final = "fr-passport-le-goff"
CARD: Final = "fr-id-lefevre"


class Twist(StrEnum):
    """What is changed on a specimen before it is read."""

    NONE = ""
    SEAL_FORGED = "seal-forged"
    """The signature of the 2D-Doc is another one."""
    ZONE_REWRITTEN = "zone-rewritten"
    """The zone bears another birth date, with check digits that are right; the 2D-Doc does not."""
    PRINT_CHANGED = "print-changed"
    """The printed number is not the one of the zone."""


@dataclass(frozen=True, slots=True)
class Cause:
    """One customer, as far as it differs from an ordinary one.

    Attributes:
        specimen: the document.
        twist: what was done to it.
        announced: options of the request that differ from the document.
        sign: reason whose first sign of alteration is ticked, or None.
        feature: answer to the features: one that fails, or none that can be judged.
        person: answer in front of the person.
        consistent: whether questions were answered consistently.
        reported: somebody who was asked says that the document is reported.
        surname: what the customer says at the confirmation of the identity, or ``""``.
        presence: who comes for a letter.
        purpose: what for (welcome).
        eligible: may have a digital identity (welcome).
        complete: brings every paper of the file (paper file).
        said: the agent stops the case at once and says so: nothing can be found out.
    """

    specimen: str = PASSPORT
    twist: Twist = Twist.NONE
    announced: Mapping[str, str] = field(default_factory=dict)
    sign: Reason | None = None
    feature: Verdict = Verdict.PASS
    person: Verdict = Verdict.PASS
    consistent: bool = True
    reported: bool = False
    surname: str = ""
    presence: Presence = Presence.IN_PERSON
    purpose: Purpose = Purpose.TRAINING_ACCOUNT
    eligible: bool = True
    complete: bool = True
    said: bool = False


ORDINARY: Final = Cause()
CAUSES: Final[Mapping[Reason, Cause]] = MappingProxyType(
    {
        Reason.NOT_ADULT: Cause("fr-id-roux-minor"),
        Reason.TYPE_NOT_ACCEPTED: Cause("uto-passport-eriksson"),
        Reason.NOT_ORIGINAL: Cause(sign=Reason.NOT_ORIGINAL),
        Reason.EXPIRED: Cause("fr-passport-expired"),
        Reason.DAMAGED: Cause(sign=Reason.DAMAGED),
        Reason.MRZ_CHECK_DIGIT: Cause("fr-id-martin-tampered"),
        Reason.MRZ_PRINT_DIFFER: Cause(twist=Twist.PRINT_CHANGED),
        Reason.SEAL_INVALID: Cause(CARD, Twist.SEAL_FORGED),
        Reason.SEAL_DIFFERS: Cause(
            CARD, Twist.ZONE_REWRITTEN, announced={"birth_date": "1984-04-22"}
        ),
        Reason.FEATURE_NOT_CONFORM: Cause(feature=Verdict.FAIL),
        Reason.TOO_FEW_FEATURES: Cause(feature=Verdict.UNSURE),
        Reason.REPORTED_LOST_OR_STOLEN: Cause(CARD, reported=True),
        Reason.NAME_DIFFERS: Cause(announced={"surname": "MOREAU"}, surname="MOREAU"),
        Reason.BIRTH_DATE_DIFFERS: Cause(announced={"birth_date": "1971-05-04"}),
        Reason.NUMBER_DIFFERS: Cause(announced={"document_number": "20AB12345"}),
        Reason.WRONG_OFFICE: Cause(announced={"office": "069002"}),
        Reason.REQUEST_EXPIRED_OR_USED: Cause(announced={"hours": "1", "not_before_hours": "-48"}),
        Reason.PERSON_DIFFERS: Cause(person=Verdict.FAIL),
        Reason.ANSWERS_INCONSISTENT: Cause(consistent=False),
        Reason.PROXY_PRESENTED: Cause(presence=Presence.PROXY),
        Reason.TECHNICAL_FAILURE: Cause(said=True),
    }
)
"""By reason of a refusal or a suspension."""
