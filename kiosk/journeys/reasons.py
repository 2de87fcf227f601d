"""Reasons of the closed list that the facts of a case suggest. The agent chooses."""

from typing import Final

from kiosk.domain.decision import Reason
from kiosk.domain.evidence import Check, Verdict
from kiosk.domain.request import RequestVerdict
from kiosk.journeys.guards import all_checks
from kiosk.journeys.model import CaseState

# Longest prefix of a check's dotted code first.
_OF_CHECKS: Final = (
    ("request.surname", Reason.NAME_DIFFERS),
    ("request.given_names", Reason.NAME_DIFFERS),
    ("request.name", Reason.NAME_DIFFERS),
    ("request.birth", Reason.BIRTH_DATE_DIFFERS),
    ("request.number", Reason.NUMBER_DIFFERS),
    ("request.document_number", Reason.NUMBER_DIFFERS),
    ("request.kind", Reason.TYPE_NOT_ACCEPTED),
    ("request.document_kind", Reason.TYPE_NOT_ACCEPTED),
    ("document.specimen", Reason.NOT_ORIGINAL),
    ("document", Reason.TYPE_NOT_ACCEPTED),
    ("validity", Reason.EXPIRED),
    ("age", Reason.NOT_ADULT),
    ("seal.signature", Reason.SEAL_INVALID),
    ("seal", Reason.SEAL_DIFFERS),
    ("mrz", Reason.MRZ_CHECK_DIGIT),
)
_OF_REQUESTS: Final = {
    RequestVerdict.EXPIRED: Reason.REQUEST_EXPIRED_OR_USED,
    RequestVerdict.USED_BEFORE: Reason.REQUEST_EXPIRED_OR_USED,
    RequestVerdict.WRONG_OFFICE: Reason.WRONG_OFFICE,
}


def suggested_reasons(state: CaseState) -> tuple[Reason, ...]:
    """Reasons for a refusal or a suspension, the gravest facts first, without repetition."""
    found: list[Reason] = []
    if state.request_problem in _OF_REQUESTS:
        found.append(_OF_REQUESTS[state.request_problem])
    for verdict in (Verdict.FAIL, Verdict.UNSURE):
        found += [
            reason_of(check)
            for check in all_checks(state)
            if check.verdict is verdict and check.code not in state.ticked
        ]
    found += _of_features(state)
    found += _of_person(state)
    return tuple(dict.fromkeys(found))


def reason_of(check: Check) -> Reason:
    """The reason that a failed check stands for."""
    for prefix, reason in _OF_CHECKS:
        if check.code == prefix or check.code.startswith(f"{prefix}."):
            return reason
    return Reason.DAMAGED


def _of_features(state: CaseState) -> list[Reason]:
    verdicts = {item.verdict for item in state.features}
    if Verdict.FAIL in verdicts:
        return [Reason.FEATURE_NOT_CONFORM]
    return [Reason.TOO_FEW_FEATURES] if Verdict.UNSURE in verdicts else []


def _of_person(state: CaseState) -> list[Reason]:
    if state.person is None:
        return []
    differs = [] if state.person.verdict is Verdict.PASS else [Reason.PERSON_DIFFERS]
    if state.person.questions_consistent is False:
        return [*differs, Reason.ANSWERS_INCONSISTENT]
    return differs
