"""Named guards: pure predicates over a procedure and the state of a case.

Source of the rules: ``domain.md`` 1.7 E to G; ETSI TS 119 461 VAL-8.3.3 (features of different
kinds). A guard never asks the time, a file or a service.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

from kiosk.domain.decision import Decision, Outcome, Reason
from kiosk.domain.evidence import Check, Verdict
from kiosk.domain.request import RequestVerdict
from kiosk.journeys.model import CaseState, StepKind
from kiosk.journeys.procedure import Journey
from kiosk.journeys.service_steps import (
    ContactChannel,
    ContactStatus,
    LookupStatus,
    Presence,
    SignOff,
    Situation,
)

HANDED_TO_PROXY: Final = Decision(Outcome.REFUSED, (Reason.PROXY_PRESENTED,))
"""The one refusal with which a registered item is handed over."""
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


def document_reported(_journey: Journey, state: CaseState) -> bool:
    """Somebody who was asked says that the document is reported lost or stolen."""
    return state.lookup is not None and state.lookup.status is LookupStatus.HIT


def not_reported(journey: Journey, state: CaseState) -> bool:
    """Nobody who was asked says that the document is reported lost or stolen."""
    return not document_reported(journey, state)


def unaltered(_journey: Journey, state: CaseState) -> bool:
    """No sign of damage or alteration was ticked."""
    return not state.signs


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
    """Same person, and no question was answered inconsistently.

    Where the agent cannot decide, the word of a second agent who compared too counts; it never
    counts against the agent's own "not the same".
    """
    person, opinion = state.person, state.second_opinion
    if person is None or person.questions_consistent is False:
        return False
    by_second = opinion is not None and opinion.verdict is Verdict.PASS
    return person.verdict is Verdict.PASS or (person.verdict is Verdict.UNSURE and by_second)


def person_unsure(_journey: Journey, state: CaseState) -> bool:
    """The agent cannot decide, and no colleague was asked yet."""
    return (
        state.person is not None
        and state.person.verdict is Verdict.UNSURE
        and state.second_opinion is None
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


def accepted(journey: Journey, state: CaseState) -> bool:
    """An acceptance that stands."""
    return (
        state.decision is not None
        and state.decision.outcome is Outcome.ACCEPTED
        and decision_permitted(journey, state)
    )


def second_agent_needed(journey: Journey, state: CaseState) -> bool:
    """The decision is one that stands only with the word of a second agent, who has not spoken."""
    return (
        state.decision is not None
        and state.decision.outcome in journey.second_agent_for
        and decision_permitted(journey, state)
        and not second_agent_signed(journey, state)
    )


def stop_needs_second(journey: Journey, state: CaseState) -> bool:
    """The same for a decision that ends the case: before its step no case is accepted."""
    return decision_stops(journey, state) and second_agent_needed(journey, state)


def second_agent_signed(_journey: Journey, state: CaseState) -> bool:
    """A second agent stands by the decision."""
    second = state.second_agent
    return (
        state.decision is not None
        and second is not None
        and second.about is SignOff.DECISION
        and second.verdict is Verdict.PASS
    )


def signature_wanted(journey: Journey, state: CaseState) -> bool:
    """The item is handed over, and the decision is countersigned where it must be."""
    handed_over = accepted(journey, state) or handed_to_proxy(journey, state)
    return handed_over and not second_agent_needed(journey, state)


def signature_due(journey: Journey, state: CaseState) -> bool:
    """A signature was given where one was wanted."""
    return signature_wanted(journey, state) and signature_given(journey, state)


def proxy_may_receive(journey: Journey, state: CaseState) -> bool:
    """Only that it is a proxy stands against an acceptance, and the policy allows proxies.

    The item may be handed over; the identity of the addressee is then not verified.
    """
    proxy = state.presence is not None and state.presence.presence is Presence.PROXY
    return (
        proxy
        and may_receive(journey, state)
        and obstacles(journey, state) == (addressee_present.__name__,)
    )


def handed_to_proxy(journey: Journey, state: CaseState) -> bool:
    """The verification is refused for the proxy alone, and the item is handed over."""
    return state.decision == HANDED_TO_PROXY and proxy_may_receive(journey, state)


def nothing_open(journey: Journey, state: CaseState) -> bool:
    """A decision that is permitted, countersigned where it must be, and signed for if accepted."""
    if not decision_permitted(journey, state) or second_agent_needed(journey, state):
        return False
    signs = any(step.kind is StepKind.SIGNATURE for step in journey.steps)
    return not (signs and accepted(journey, state)) or signature_given(journey, state)


def routed(_journey: Journey, state: CaseState) -> bool:
    """The customer is served by another procedure, or by the help."""
    return state.purpose is not None and state.purpose.situation is not Situation.NEW


def purpose_new(_journey: Journey, state: CaseState) -> bool:
    """The customer has nothing yet: eligibility comes next."""
    return state.purpose is not None and state.purpose.situation is Situation.NEW


def eligibility_known(_journey: Journey, state: CaseState) -> bool:
    """The answers come to a result."""
    return state.eligibility is not None and state.eligibility.eligible is not None


def advised(_journey: Journey, state: CaseState) -> bool:
    """The customer was told what there was to tell."""
    return state.decision is not None and state.decision.outcome is Outcome.ADVISED


def contacts_settled(_journey: Journey, state: CaseState) -> bool:
    """Both ways to reach the customer are confirmed, or put off for want of a network."""
    done = (ContactStatus.CONFIRMED, ContactStatus.DEFERRED)
    settled = {item.channel for item in state.contacts if item.status in done}
    return settled == set(ContactChannel)


def identity_confirmed(_journey: Journey, state: CaseState) -> bool:
    """The customer confirmed the identity data."""
    return state.identity is not None


def item_known(_journey: Journey, state: CaseState) -> bool:
    """The registered item was scanned or typed."""
    return state.item is not None


def may_receive(journey: Journey, state: CaseState) -> bool:
    """Somebody is there who may take the item."""
    if state.presence is None:
        return False
    proxy = state.presence.presence is Presence.PROXY and journey.proxy_allowed
    return proxy or addressee_present(journey, state)


def addressee_present(_journey: Journey, state: CaseState) -> bool:
    """The addressee is there in person."""
    return state.presence is not None and state.presence.presence is Presence.IN_PERSON


def not_handed_over(journey: Journey, state: CaseState) -> bool:
    """Nobody is there who may take the item."""
    return state.presence is not None and not may_receive(journey, state)


def signature_given(_journey: Journey, state: CaseState) -> bool:
    """The person signed, or cannot and the agent witnesses it."""
    return state.signature is not None


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
            document_reported,
            not_reported,
            unaltered,
            features_drawn,
            features_answered,
            features_conform,
            person_compared,
            person_same,
            decided,
            decision_stops,
            decision_permitted,
            sealed,
            person_unsure,
            accepted,
            second_agent_needed,
            stop_needs_second,
            second_agent_signed,
            signature_wanted,
            signature_due,
            proxy_may_receive,
            handed_to_proxy,
            nothing_open,
            routed,
            purpose_new,
            eligibility_known,
            advised,
            contacts_settled,
            identity_confirmed,
            item_known,
            may_receive,
            addressee_present,
            not_handed_over,
            signature_given,
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
