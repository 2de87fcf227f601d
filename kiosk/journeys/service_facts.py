"""What the events of the steps around a verification change in the state of a case.

Rules, in order:

1. An event that does not fit the state is refused with :class:`EventRefusedError`.
2. What was found out about one thing never counts for another: a corrected address must be
   confirmed anew, another item asks anew who is there.
3. A colleague's word about a decision goes with that decision, one about the person with the
   comparison: neither takes the place of the other.
4. Where an act of the agent settles how the case ends (nobody at the door, a customer advised), the
   decision is set here, in the words of the closed list.
"""

from dataclasses import replace
from typing import Final

from kiosk.documents.items import OTHER, is_number, scheme_of
from kiosk.domain.decision import OF_SIGNS, Decision, Outcome, Reason
from kiosk.domain.errors import EventRefusedError
from kiosk.domain.evidence import Verdict
from kiosk.journeys.guards import may_receive
from kiosk.journeys.model import CaseState, Event
from kiosk.journeys.procedure import Journey
from kiosk.journeys.service_steps import (
    AddresseeMet,
    AdviceGiven,
    ContactChallenged,
    ContactChannel,
    ContactConfirmed,
    ContactDeferred,
    ContactFacts,
    ContactStatus,
    ContactTyped,
    DocumentLookedUp,
    EligibilityAnswered,
    IdentityConfirmed,
    ItemFacts,
    ItemScanned,
    LookupFacts,
    LookupStatus,
    PaperFileChecked,
    Presence,
    PurposeChosen,
    SecondAgentAnswered,
    SignatureFacts,
    SignatureGiven,
    SignOff,
    SignsNoted,
    Situation,
    VisitBegun,
)

MAX_STROKES: Final = 200
MAX_POINTS: Final = 20_000
"""A signature of a minute at 120 points a second has 7,200."""
_ADVISED = Decision(Outcome.ADVISED)
UNHANDED = {
    Presence.PROXY: Decision(Outcome.REFUSED, (Reason.PROXY_PRESENTED,)),
    Presence.ABSENT: Decision(Outcome.NO_SHOW, (Reason.ADDRESSEE_ABSENT,)),
    Presence.REFUSES: Decision(Outcome.NO_SHOW, (Reason.ADDRESSEE_REFUSES,)),
}
"""How a letter ends that nobody may take."""


def take_in_service(journey: Journey, state: CaseState, event: Event) -> CaseState:
    """The state with the facts of ``event``, at the same step.

    Raises:
        EventRefusedError: the event contradicts the state.
    """
    match event:
        case PurposeChosen() | EligibilityAnswered() | AdviceGiven() | PaperFileChecked():
            return _counsel(state, event)
        case ContactTyped() | ContactChallenged() | ContactConfirmed() | ContactDeferred():
            return _contact(state, event)
        case AddresseeMet():
            return _met(journey, state, event)
        case SignatureGiven():
            return _signed(state, event)
        case SecondAgentAnswered():
            return _second(state, event)
        case _:
            return _kept(state, event)


def _kept(state: CaseState, event: Event) -> CaseState:
    """Facts that are kept as they are."""
    match event:
        case IdentityConfirmed():
            return replace(state, identity=event.facts, checks=(), ticked=())
        case VisitBegun():
            return replace(state, visit=event.facts)
        case ItemScanned():
            _require_number(event.facts)
            return replace(
                state, item=event.facts, presence=None, signature=None, second_agent=None
            )
        case DocumentLookedUp():
            _require_source(event.facts)
            return replace(state, lookup=event.facts)
        case SignsNoted():
            _require_signs(event.signs)
            return replace(state, signs=event.signs)
        case _:
            return state


def _counsel(
    state: CaseState,
    event: PurposeChosen | EligibilityAnswered | AdviceGiven | PaperFileChecked,
) -> CaseState:
    match event:
        case PurposeChosen():
            elsewhere = event.situation is not Situation.NEW
            fresh = replace(state, purpose=event, eligibility=None, advice=None)
            return replace(fresh, decision=_ADVISED if elsewhere else None)
        case EligibilityAnswered():
            return replace(state, eligibility=event.facts, advice=None)
        case AdviceGiven():
            return replace(state, advice=event.facts, decision=_ADVISED)
        case PaperFileChecked():
            return replace(state, paper_file=event.facts, decision=_ADVISED)


def _contact(
    state: CaseState,
    event: ContactTyped | ContactChallenged | ContactConfirmed | ContactDeferred,
) -> CaseState:
    known = {item.channel: item for item in state.contacts}
    known[event.channel] = _contact_facts(known.get(event.channel), event)
    return replace(state, contacts=tuple(known[c] for c in ContactChannel if c in known))


def _contact_facts(
    held: ContactFacts | None,
    event: ContactTyped | ContactChallenged | ContactConfirmed | ContactDeferred,
) -> ContactFacts:
    if isinstance(event, ContactTyped):
        if not event.address:
            raise EventRefusedError("no address")
        same = held is not None and held.address == event.address
        return held if held is not None and same else ContactFacts(event.channel, event.address)
    if held is None:
        raise EventRefusedError("no address typed")
    match event:
        case ContactChallenged():
            return replace(
                held,
                status=ContactStatus.SENT,
                challenge_id=event.challenge_id,
                expires_at=event.expires_at,
                sent=held.sent + 1,
                statement="",
            )
        case ContactConfirmed():
            if held.status is not ContactStatus.SENT or not event.statement:
                raise EventRefusedError("no code is out")
            return replace(held, status=ContactStatus.CONFIRMED, statement=event.statement)
        case ContactDeferred():
            if held.status is ContactStatus.CONFIRMED:
                raise EventRefusedError("confirmed already")
            return replace(held, status=ContactStatus.DEFERRED)


def _met(journey: Journey, state: CaseState, event: AddresseeMet) -> CaseState:
    met = replace(state, presence=event.facts, signature=None, second_agent=None)
    there = may_receive(journey, met)
    return replace(met, decision=None if there else UNHANDED[event.facts.presence])


def _require_number(facts: ItemFacts) -> None:
    """A number is kept only as its format writes it, with its check digit right."""
    known = scheme_of(facts.number)
    typed = facts.by_hand and facts.scheme == OTHER and known is None and is_number(facts.number)
    if facts.scheme != known and not typed:
        raise EventRefusedError("number of an item")


def _require_source(facts: LookupFacts) -> None:
    asked = facts.status is not LookupStatus.NOT_AVAILABLE
    if asked is (facts.consulted is None):
        raise EventRefusedError("an answer has somebody who gave it")


def _require_signs(signs: tuple[str, ...]) -> None:
    """A sign begins with the reason that it suggests; none is ticked twice."""
    known = all(sign.partition(".")[0] in OF_SIGNS for sign in signs)
    if not known or len(set(signs)) != len(signs):
        raise EventRefusedError("unknown sign")


def _signed(state: CaseState, event: SignatureGiven) -> CaseState:
    if event.facts.unable is any(event.facts.strokes):
        raise EventRefusedError("neither a signature nor a reason for none")
    _require_strokes(event.facts)
    return replace(state, signature=event.facts)


def _require_strokes(facts: SignatureFacts) -> None:
    """Every point lies on the pad, and there are no more than a hand can make."""
    if facts.width < 1 or facts.height < 1 or len(facts.strokes) > MAX_STROKES:
        raise EventRefusedError("size of a signature")
    if sum(len(stroke) for stroke in facts.strokes) > MAX_POINTS:
        raise EventRefusedError("size of a signature")
    points = (point for stroke in facts.strokes for point in stroke)
    if not all(0 <= x <= facts.width and 0 <= y <= facts.height for x, y in points):
        raise EventRefusedError("signature outside its pad")


def _second(state: CaseState, event: SecondAgentAnswered) -> CaseState:
    second = event.facts
    about = SignOff.PERSON if state.decision is None else SignOff.DECISION
    if second.agent_id == state.agent_id:
        raise EventRefusedError("the second agent is another one")
    if second.about is not about or second.verdict is Verdict.NOT_DONE:
        raise EventRefusedError("answer to another question")
    if about is SignOff.PERSON:
        return replace(state, second_opinion=second, second_agent=None)
    if second.verdict is Verdict.PASS:
        return replace(state, second_agent=second)
    # Their word goes with the decision that it is about; the journal keeps it.
    return replace(state, second_agent=None, decision=None)
