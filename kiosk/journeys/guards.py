"""Named guards: pure predicates over a procedure and the state of a case.

Source of the rules: ``domain.md`` 1.7 E to G; ETSI TS 119 461 VAL-8.3.3 (features of different
kinds). A guard never asks the time, a file or a service.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

from kiosk.domain.decision import Outcome
from kiosk.domain.evidence import Check, Verdict
from kiosk.domain.request import RequestVerdict
from kiosk.journeys.model import CaseState
from kiosk.journeys.procedure import Journey

Guard = Callable[[Journey, CaseState], bool]


def always(_journey: Journey, _state: CaseState) -> bool:
    """No condition."""
    return True


def request_accepted(_journey: Journey, state: CaseState) -> bool:
    """A valid request was presented, and nothing else since."""
    return state.request is not None and state.request_problem is None


def request_not_accepted(_journey: Journey, state: CaseState) -> bool:
    """The last code presented was not an acceptable request."""
    return state.request_problem not in (None, RequestVerdict.VALID)


def consent_given(_journey: Journey, state: CaseState) -> bool:
    """The information notice was shown and the person agreed."""
    return state.consent is True and bool(state.notice_version)


def consent_refused(_journey: Journey, state: CaseState) -> bool:
    """The information notice was shown and the person said no."""
    return state.consent is False


def document_complete(_journey: Journey, state: CaseState) -> bool:
    """All sides were presented, a document was read, and its expiry is known.

    A document without a zone may bear no date of expiry at all: the agent said so when typing it,
    and the check of validity asks for a tick.
    """
    document = state.document
    if document is None or state.sides_expected:
        return False
    return document.expiry_date is not None or not document.layout


def checks_known(_journey: Journey, state: CaseState) -> bool:
    """The automatic checks were made on the document as it stands."""
    return bool(state.checks)


def checks_failed(journey: Journey, state: CaseState) -> bool:
    """The checks are known and at least one failed."""
    return checks_known(journey, state) and any(
        check.verdict is Verdict.FAIL for check in all_checks(state)
    )


def checks_clear(journey: Journey, state: CaseState) -> bool:
    """No check failed and every near match was confirmed by a tick."""
    return (
        checks_known(journey, state)
        and not checks_failed(journey, state)
        and all(check.code in state.ticked for check in near_matches(state))
    )


def features_drawn(_journey: Journey, state: CaseState) -> bool:
    """Security features were drawn for this document."""
    return bool(state.features)


def features_answered(_journey: Journey, state: CaseState) -> bool:
    """Every security feature drawn has an answer."""
    return bool(state.features) and all(item.verdict is not None for item in state.features)


def features_conform(journey: Journey, state: CaseState) -> bool:
    """Enough features of enough different kinds conform, and none does not."""
    conform = [item for item in state.features if item.verdict is Verdict.PASS]
    return (
        len(conform) >= journey.feature_count
        and len({item.kind for item in conform}) >= journey.feature_kinds
        and all(item.verdict is not Verdict.FAIL for item in state.features)
    )


def person_compared(_journey: Journey, state: CaseState) -> bool:
    """The agent answered whether the person is the one on the portrait."""
    return state.person is not None


def person_same(_journey: Journey, state: CaseState) -> bool:
    """Same person, and no question was answered inconsistently."""
    return (
        state.person is not None
        and state.person.verdict is Verdict.PASS
        and state.person.questions_consistent is not False
    )


def decided(_journey: Journey, state: CaseState) -> bool:
    """A decision stands."""
    return state.decision is not None


def decision_stops(_journey: Journey, state: CaseState) -> bool:
    """The decision ends the case without acceptance: possible at any step."""
    return state.decision is not None and state.decision.outcome is not Outcome.ACCEPTED


def decision_permitted(journey: Journey, state: CaseState) -> bool:
    """The decision is no acceptance, or everything that an acceptance needs is there."""
    return state.decision is not None and (
        state.decision.outcome is not Outcome.ACCEPTED or not obstacles(journey, state)
    )


def sealed(_journey: Journey, state: CaseState) -> bool:
    """The record is sealed."""
    return state.record is not None


GUARDS: Final[Mapping[str, Guard]] = MappingProxyType(
    {
        guard.__name__: guard
        for guard in (
            always,
            request_accepted,
            request_not_accepted,
            consent_given,
            consent_refused,
            document_complete,
            checks_known,
            checks_failed,
            checks_clear,
            features_drawn,
            features_answered,
            features_conform,
            person_compared,
            person_same,
            decided,
            decision_stops,
            decision_permitted,
            sealed,
        )
    }
)


def all_checks(state: CaseState) -> tuple[Check, ...]:
    """Checks of the reading, then the automatic ones; an automatic one replaces its namesake."""
    codes = {check.code for check in state.checks}
    return (*(c for c in state.reading_checks if c.code not in codes), *state.checks)


def near_matches(state: CaseState) -> tuple[Check, ...]:
    """Checks that are not sure: each needs the agent's tick, or the case is not accepted."""
    return tuple(check for check in all_checks(state) if check.verdict is Verdict.UNSURE)


def obstacles(journey: Journey, state: CaseState) -> tuple[str, ...]:
    """Names of the guards that forbid an acceptance now, in the order of the journey."""
    return tuple(name for name in journey.accept_when if not GUARDS[name](journey, state))
