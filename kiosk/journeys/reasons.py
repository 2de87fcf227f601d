"""Reasons of the closed list: which ones can be given where, and which ones the facts suggest.

Rules, in order:

1. What can be given hangs on the procedure alone: a reason about a request is none where there is
   no request. What a check suggests can always be given.
2. The facts of a case suggest; the agent chooses.
3. Whoever leaves gives no reason of a decision: why a case is abandoned is a list of its own.
"""

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Final

from kiosk.documents import checks as document_checks
from kiosk.domain.decision import Reason
from kiosk.domain.evidence import Verdict
from kiosk.domain.request import RequestVerdict
from kiosk.journeys.guards import all_checks, near_matches
from kiosk.journeys.model import CaseState, StepKind
from kiosk.journeys.procedure import Journey
from kiosk.journeys.service_steps import LookupStatus, Presence

GROUPS: Final[Mapping[str, tuple[Reason, ...]]] = MappingProxyType(
    {
        "document": (
            Reason.TYPE_NOT_ACCEPTED,
            Reason.NOT_ORIGINAL,
            Reason.EXPIRED,
            Reason.DAMAGED,
            Reason.REPORTED_LOST_OR_STOLEN,
        ),
        "reading": (
            Reason.MRZ_CHECK_DIGIT,
            Reason.MRZ_PRINT_DIFFER,
            Reason.SEAL_INVALID,
            Reason.SEAL_DIFFERS,
        ),
        "features": (Reason.FEATURE_NOT_CONFORM, Reason.TOO_FEW_FEATURES),
        "request": (
            Reason.NAME_DIFFERS,
            Reason.BIRTH_DATE_DIFFERS,
            Reason.NUMBER_DIFFERS,
            Reason.WRONG_OFFICE,
            Reason.REQUEST_EXPIRED_OR_USED,
        ),
        "person": (
            Reason.NOT_ADULT,
            Reason.PERSON_DIFFERS,
            Reason.ANSWERS_INCONSISTENT,
            Reason.PROXY_PRESENTED,
        ),
        "other": (Reason.TECHNICAL_FAILURE,),
    }
)
"""The reasons that an agent may give for a refusal or a suspension, by what they are about."""
WALKED_AWAY: Final[Mapping[str, Reason]] = MappingProxyType(
    {
        "withdraws": Reason.CUSTOMER_WITHDRAWS,
        "proxy": Reason.PROXY_PRESENTED,
        "technical": Reason.TECHNICAL_FAILURE,
    }
)
"""Why a case is abandoned, by the name of the choice."""
MISMATCHES: Final = frozenset(
    {
        Reason.NOT_ORIGINAL,
        Reason.REPORTED_LOST_OR_STOLEN,
        Reason.MRZ_CHECK_DIGIT,
        Reason.MRZ_PRINT_DIFFER,
        Reason.SEAL_INVALID,
        Reason.SEAL_DIFFERS,
        Reason.FEATURE_NOT_CONFORM,
        Reason.NAME_DIFFERS,
        Reason.BIRTH_DATE_DIFFERS,
        Reason.NUMBER_DIFFERS,
        Reason.PERSON_DIFFERS,
        Reason.ANSWERS_INCONSISTENT,
    }
)
"""Reasons that say that document, request and person do not go together. Not among them: what an
honest customer comes with by mistake (an expired document, the wrong office)."""
_WITH_REQUEST: Final = frozenset({StepKind.REQUEST, StepKind.VISIT})

_OF_REQUESTS: Final = {
    RequestVerdict.EXPIRED: Reason.REQUEST_EXPIRED_OR_USED,
    RequestVerdict.USED_BEFORE: Reason.REQUEST_EXPIRED_OR_USED,
    RequestVerdict.WRONG_OFFICE: Reason.WRONG_OFFICE,
}


def groups_of(journey: Journey) -> Mapping[str, tuple[Reason, ...]]:
    """The reasons that an agent may give in a procedure, by group."""
    steps = {step.kind for step in journey.steps}
    return {
        name: reasons
        for name, reasons in GROUPS.items()
        if name != "request" or steps & _WITH_REQUEST
    }


def reasons_of(journey: Journey) -> tuple[Reason, ...]:
    """The same in the order of the closed list, and those that only a check brings up.

    Where an identity is confirmed by the customer, its names are compared with the document's.
    """
    given = {reason for reasons in groups_of(journey).values() for reason in reasons}
    if any(step.kind is StepKind.IDENTITY for step in journey.steps):
        given.add(Reason.NAME_DIFFERS)
    return tuple(reason for reason in Reason if reason in given)


def suggested_reasons(state: CaseState) -> tuple[Reason, ...]:
    """Reasons for a refusal or a suspension, in the order of the closed list, each once."""
    doubts = tuple(
        replace(check, verdict=Verdict.FAIL)
        for check in near_matches(state)
        if check.code not in state.ticked
    )
    # A seal that could not be checked is no seal that is wrong: only a failure says that.
    of_doubts = set(document_checks.suggested_reasons(doubts)) - {Reason.SEAL_INVALID}
    found = {
        *document_checks.suggested_reasons(all_checks(state)),
        *of_doubts,
        *_of_features(state),
        *_of_person(state),
        *_of_letter(state),
    }
    if state.lookup is not None and state.lookup.status is LookupStatus.HIT:
        found.add(Reason.REPORTED_LOST_OR_STOLEN)
    if state.request_problem in _OF_REQUESTS:
        found.add(_OF_REQUESTS[state.request_problem])
    return tuple(reason for reason in Reason if reason in found)


def found_against(state: CaseState) -> bool:
    """Whether something that was found stands against the case: a mismatch, and no mere doubt.

    A check that is not sure says nothing here, nor does a likeness that the agent left open.
    """
    found = {*document_checks.suggested_reasons(all_checks(state)), *_of_features(state)}
    if state.lookup is not None and state.lookup.status is LookupStatus.HIT:
        found.add(Reason.REPORTED_LOST_OR_STOLEN)
    if state.person is not None and state.person.verdict is Verdict.FAIL:
        found.add(Reason.PERSON_DIFFERS)
    if state.person is not None and state.person.questions_consistent is False:
        found.add(Reason.ANSWERS_INCONSISTENT)
    return not MISMATCHES.isdisjoint(found)


def _of_letter(state: CaseState) -> tuple[Reason, ...]:
    proxy = state.presence is not None and state.presence.presence is Presence.PROXY
    return (Reason.PROXY_PRESENTED,) if proxy else ()


def _of_features(state: CaseState) -> tuple[Reason, ...]:
    signs = tuple(Reason(sign.partition(".")[0]) for sign in state.signs)
    return (*signs, *_of_verdicts(state))


def _of_verdicts(state: CaseState) -> tuple[Reason, ...]:
    verdicts = {item.verdict for item in state.features}
    if Verdict.FAIL in verdicts:
        return (Reason.FEATURE_NOT_CONFORM,)
    return (Reason.TOO_FEW_FEATURES,) if Verdict.UNSURE in verdicts else ()


def _of_person(state: CaseState) -> tuple[Reason, ...]:
    if state.person is None:
        return ()
    differs = () if state.person.verdict is Verdict.PASS else (Reason.PERSON_DIFFERS,)
    if state.person.questions_consistent is False:
        return (*differs, Reason.ANSWERS_INCONSISTENT)
    return differs
