"""Reasons of the closed list that the facts of a case suggest. The agent chooses."""

from dataclasses import replace
from typing import Final

from kiosk.documents import checks as document_checks
from kiosk.domain.decision import Reason
from kiosk.domain.evidence import Verdict
from kiosk.domain.request import RequestVerdict
from kiosk.journeys.guards import all_checks, near_matches
from kiosk.journeys.model import CaseState
from kiosk.journeys.service_steps import LookupStatus, Presence

_OF_REQUESTS: Final = {
    RequestVerdict.EXPIRED: Reason.REQUEST_EXPIRED_OR_USED,
    RequestVerdict.USED_BEFORE: Reason.REQUEST_EXPIRED_OR_USED,
    RequestVerdict.WRONG_OFFICE: Reason.WRONG_OFFICE,
}


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
