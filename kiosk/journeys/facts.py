"""What each event changes in the state of a case, and what it makes worthless.

Rules, in order:

1. An event that does not fit the state is refused with :class:`EventRefusedError`; nothing changes.
2. A change drops everything that was found out on the strength of what it replaces: another request
   drops the whole case, another document drops checks, features and comparison, a typed date or
   print that was read drops the checks.
3. Where to go next is not decided here.
"""

from dataclasses import replace

from kiosk.documents.printed_checks import FieldSource
from kiosk.documents.printed_values import settle
from kiosk.domain.decision import Decision, Outcome, Reason
from kiosk.domain.errors import EventRefusedError
from kiosk.domain.evidence import IdentityDocument, Side, Verdict
from kiosk.domain.ids import OfficeId
from kiosk.domain.request import RequestVerdict
from kiosk.journeys.guards import near_matches
from kiosk.journeys.model import (
    CaptureRestarted,
    CaseAbandoned,
    CaseState,
    ChecksComputed,
    ChecksReviewed,
    ConsentAnswered,
    DecisionTaken,
    Event,
    FeatureExamined,
    FeaturesDrawn,
    FieldTyped,
    PersonCompared,
    PrintRead,
    RecordSealed,
    RequestPresented,
    SideCaptured,
    SideFacts,
    TypedField,
)
from kiosk.journeys.procedure import Journey
from kiosk.journeys.service_facts import take_in_service
from kiosk.journeys.service_steps import VisitFacts

_TYPED_FIELDS = ("expiry_date", "issue_date")
_ANY = OfficeId("")
_ANSWERS = (Verdict.PASS, Verdict.FAIL, Verdict.UNSURE)


def take_in(journey: Journey, state: CaseState, event: Event) -> CaseState:
    """The state with the facts of ``event``, at the same step.

    Raises:
        EventRefusedError: the event contradicts the state.
    """
    match event:
        case RequestPresented():
            return _request(journey, state, event)
        case ConsentAnswered():
            return _consent(state, event)
        case SideCaptured():
            return _side(journey, state, event)
        case FieldTyped():
            return _typed(state, event)
        case CaptureRestarted():
            return without_document(journey, state)
        case FeatureExamined():
            return _feature(state, event)
        case PersonCompared():
            return _person(state, event)
        case _:
            return _later(journey, state, event)


def _later(journey: Journey, state: CaseState, event: Event) -> CaseState:
    match event:
        case PrintRead():
            return _print(state, event)
        case ChecksComputed():
            return replace(state, checks=event.checks, rules=event.rules, ticked=())
        case ChecksReviewed():
            return _reviewed(state, event)
        case FeaturesDrawn():
            known = {item.feature_id for item in state.features}
            fresh = tuple(item for item in event.features if item.feature_id not in known)
            return replace(state, features=state.features + fresh)
        case DecisionTaken():
            visit = _visit(state, event.decision)
            decided = replace(state, decision=event.decision, visit=visit, second_agent=None)
            # Another decision: what was signed for the first one counts no more.
            return (
                decided if decided.decision == state.decision else replace(decided, signature=None)
            )
        case CaseAbandoned():
            abandoned = Decision(Outcome.ABANDONED, (event.reason,))
            visit = _visit(state, abandoned)
            left = replace(state, visit=visit, signature=None, second_agent=None)
            return replace(left, decision=abandoned)
        case RecordSealed():
            return replace(state, record=event.sealed)
        case _:
            return take_in_service(journey, state, event)


def _visit(state: CaseState, decision: Decision) -> VisitFacts | None:
    """The visit; the day agreed on counts only where the decision is to put the visit off."""
    if state.visit is None or Reason.VISIT_POSTPONED in decision.reasons:
        return state.visit
    return replace(state.visit, postponed_to=None)


def sides_missing(
    journey: Journey, state: CaseState, document: IdentityDocument | None, captured: set[Side]
) -> tuple[Side, ...]:
    """Sides still to present: those of the document read, else of the one announced."""
    if document is not None:
        return tuple(s for s in journey.sides_of(document.kind) if s not in captured)
    announced = state.request.document_kind if state.request else None
    missing = tuple(s for s in journey.sides_of(announced) if s not in captured)
    # Every side was seen and none could be read: another kind of document, or the same again.
    return missing or tuple(s for s in Side if s not in captured) or tuple(Side)


def without_document(journey: Journey, state: CaseState) -> CaseState:
    """The state as if no document had been presented yet."""
    return replace(
        state,
        document=None,
        sides=(),
        sides_expected=sides_missing(journey, state, None, set()),
        typed_fields=(),
        field_sources=(),
        reading_checks=(),
        checks=(),
        ticked=(),
        features=(),
        person=None,
        identity=None,
        second_agent=None,
        second_opinion=None,
        signature=None,
        lookup=None,
        signs=(),
    )


def _request(journey: Journey, state: CaseState, event: RequestPresented) -> CaseState:
    if event.verdict is not RequestVerdict.VALID:
        return replace(state, request_problem=event.verdict, request_office=event.meant_for)
    if event.request is None:
        raise EventRefusedError("valid request without its contents")
    kept = replace(state, request_problem=None, request_office=_ANY, request=event.request)
    if state.request == event.request:
        return kept
    return without_document(journey, replace(kept, notice_version="", consent=None))


def _consent(state: CaseState, event: ConsentAnswered) -> CaseState:
    if not event.notice_version:
        raise EventRefusedError("consent without a notice")
    decision = state.decision
    if not event.given:
        decision = Decision(Outcome.ABANDONED, (CaseAbandoned().reason,))
    return replace(
        state,
        visit=state.visit if decision is None else _visit(state, decision),
        notice_version=event.notice_version,
        consent=event.given,
        decision=decision,
        second_agent=None,
    )


def _side(journey: Journey, state: CaseState, event: SideCaptured) -> CaseState:
    others = tuple(side for side in state.sides if side.side is not event.facts.side)
    document, checks = state.document, state.reading_checks
    typed = state.typed_fields
    if event.document is not None:
        checks = event.checks
        if document is not None and _same_document(document, event.document):
            typed = tuple(name for name in typed if getattr(event.document, name) is None)
            document = _completed(event.document, document)
        else:
            # Another document lies under the camera: what the first one told counts no more.
            others = others if document is None else ()
            document, typed = event.document, ()
    sides: tuple[SideFacts, ...] = (*others, event.facts)
    fresh = without_document(journey, state)
    return replace(
        fresh,
        document=document,
        sides=sides,
        sides_expected=sides_missing(journey, state, document, {s.side for s in sides}),
        typed_fields=typed,
        field_sources=tuple(item for item in state.field_sources if item.name in typed),
        reading_checks=checks,
    )


def _print(state: CaseState, event: PrintRead) -> CaseState:
    captured = [side for side in state.sides if side.side is event.side]
    if not captured or captured[0].by_hand:
        raise EventRefusedError("print of a side that was not read")
    if captured[0].printed:
        raise EventRefusedError("print was read")
    sides = tuple(
        replace(side, printed=event.printed) if side.side is event.side else side
        for side in state.sides
    )
    return replace(state, sides=sides, checks=(), ticked=())


def _same_document(one: IdentityDocument, other: IdentityDocument) -> bool:
    return (one.kind, one.document_number) == (other.kind, other.document_number)


def _completed(newer: IdentityDocument, older: IdentityDocument) -> IdentityDocument:
    return replace(
        newer,
        expiry_date=newer.expiry_date or older.expiry_date,
        issue_date=newer.issue_date or older.issue_date,
    )


def _typed(state: CaseState, event: FieldTyped) -> CaseState:
    if state.document is None:
        raise EventRefusedError("no document to complete")
    read = getattr(state.document, event.name, None) is not None
    if read and event.name not in state.typed_fields:
        raise EventRefusedError("field was read")
    if event.name == "expiry_date":
        document = replace(state.document, expiry_date=event.value)
    elif event.name == "issue_date":
        document = replace(state.document, issue_date=event.value)
    else:
        raise EventRefusedError("field cannot be typed")
    _require_source(state, event)
    typed = tuple(n for n in _TYPED_FIELDS if n in (*state.typed_fields, event.name))
    others = tuple(item for item in state.field_sources if item.name != event.name)
    sources = (*others, TypedField(event.name, event.source))
    return replace(
        state,
        document=document,
        typed_fields=typed,
        field_sources=sources,
        checks=(),
        ticked=(),
    )


def printed_days(state: CaseState, name: str) -> set[str]:
    """Dates of a field that were read for sure in print, ISO 8601."""
    found: set[str] = set()
    if state.document is None:
        return found
    bare = state.document
    if "expiry_date" in state.typed_fields:
        bare = replace(bare, expiry_date=None)
    if "issue_date" in state.typed_fields:
        bare = replace(bare, issue_date=None)
    for side in state.sides:
        settled = settle(side.printed, bare)
        found.update(value.text for value in settled if value.name == name and value.sure)
    return found


def _require_source(state: CaseState, event: FieldTyped) -> None:
    """A value is recorded as read only where it was read."""
    days = printed_days(state, event.name)
    same = event.value.isoformat() in days
    fits = {
        FieldSource.READ: same,
        FieldSource.CORRECTED: bool(days) and not same,
        FieldSource.TYPED: True,
    }
    if not fits[event.source]:
        raise EventRefusedError("source of a field")


def _reviewed(state: CaseState, event: ChecksReviewed) -> CaseState:
    if not set(event.ticked) <= {check.code for check in near_matches(state)}:
        raise EventRefusedError("tick without a near match")
    return replace(state, ticked=event.ticked)


def _feature(state: CaseState, event: FeatureExamined) -> CaseState:
    if event.verdict not in _ANSWERS:
        raise EventRefusedError("no answer")
    if all(item.feature_id != event.feature_id for item in state.features):
        raise EventRefusedError("feature was not drawn")
    features = tuple(
        replace(item, verdict=event.verdict) if item.feature_id == event.feature_id else item
        for item in state.features
    )
    return replace(state, features=features)


def _person(state: CaseState, event: PersonCompared) -> CaseState:
    if event.facts.verdict not in _ANSWERS:
        raise EventRefusedError("no answer")
    return replace(state, person=event.facts, second_agent=None, second_opinion=None)
