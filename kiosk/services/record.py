"""The contents of a record, ``record.json``: what was checked, by whom, with which outcome.

Rules, in order: nothing that the verification does not need; no picture, no line of the
machine-readable zone, no answer to a question; the suspicion of fraud is a field of its own that
no screen or slip shows; every outcome has a record, only an accepted one has claims.
Source: domain 1.8 (closed lists, minimum per record) and 6.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from kiosk.audit.entries import PROFILE
from kiosk.audit.records import Attachment
from kiosk.audit.second_word import statement_fits
from kiosk.crypto.digests import sha256
from kiosk.domain.evidence import Check, IdentityDocument
from kiosk.domain.ids import RecordId
from kiosk.domain.request import VerificationRequest
from kiosk.journeys.model import CaseState, FeatureResult, PersonFacts, RulesUsed, SideFacts
from kiosk.services.distribution import KIND, Link
from kiosk.services.drafts import Hop
from kiosk.services.service_record import service_facts
from kiosk.services.terms import DeviceFacts, Terms
from kiosk.services.verified_claims import utc_text, verified_claims


@dataclass(frozen=True, slots=True)
class Beside:
    """What goes into a record beside the state of the case.

    Attributes:
        attachments: files that it names.
        hops: agents through whose hands the case went.
        link: the record that goes with this one, or None.
    """

    attachments: tuple[Attachment, ...] = ()
    hops: tuple[Hop, ...] = ()
    link: Link | None = None


def build_record(
    state: CaseState,
    record_id: RecordId,
    sealed_at: datetime,
    device: DeviceFacts,
    terms: Terms,
    beside: Beside | None = None,
) -> dict[str, Any]:
    """The record of a decided case, JSON types only.

    Raises:
        ValueError: the case has no decision yet.
    """
    if state.decision is None:
        raise ValueError("a case without a decision leaves no record")
    beside = beside or Beside()
    seen = seen_parts(state)
    record: dict[str, Any] = {
        "profile": PROFILE,
        "record_id": record_id,
        "visavis": {
            "case_id": state.case_id,
            "procedure": state.procedure,
            "channel": device.channel,
            **seen,
            "last_step": state.step.value,
            "notice": {"version": state.notice_version, "consent": state.consent},
            "service": _service(state, seen, device),
            "times": {"opened_at": utc_text(state.opened_at), "sealed_at": utc_text(sealed_at)},
            "office_id": state.office_id,
            "agent_id": state.agent_id,
            "hands": [
                {"from": hop.giver, "to": hop.taker, "at": hop.at, "how": hop.how}
                for hop in beside.hops
            ],
            "device_id": device.device_id,
            "app_build": device.app_build,
            "policy_version": terms.policy_version,
            "catalogues": _catalogues(device, state.rules),
            "rules": _rules(state.rules),
            "attachments": [
                {"sha256": sha256(item.data).hex(), "extension": item.extension}
                for item in beside.attachments
            ],
        },
    }
    claims = verified_claims(state, terms, device.channel, sealed_at)
    if beside.link is not None:
        record["visavis"]["linked"] = {"kind": KIND, "record_id": beside.link.distribution}
    if claims is not None:
        record["verified_claims"] = claims
    return record


def seen_parts(state: CaseState) -> dict[str, Any]:
    """What a second agent can see and stand by: everything found out, and the decision if any."""
    decision = state.decision
    parts: dict[str, Any] = {
        "request": _request(state.request),
        "document": _document(state.document),
        "reading": {
            "sides": [_side(side) for side in state.sides],
            "typed_fields": list(state.typed_fields),
            "field_sources": {f.name: f.source.value for f in state.field_sources},
            "checks": _checks(state.reading_checks),
        },
        "checks": _checks(state.checks),
        "ticked": list(state.ticked),
        "features": [_feature(feature) for feature in state.features],
        "person": _person(state.person),
    }
    if decision is not None:
        parts["decision"] = {
            "outcome": decision.outcome.value,
            "reasons": [reason.value for reason in decision.reasons],
            "fraud_suspected": decision.fraud_suspected,
        }
    return parts


def _service(state: CaseState, seen: dict[str, Any], device: DeviceFacts) -> dict[str, Any]:
    """Facts around the verification; the word of a second agent only as long as it fits.

    An abandoned case may hold the word about a decision that fell: its entry stays in the journal.
    """
    facts = service_facts(state)
    whole = seen | {
        "service": facts.copy(),
        "case_id": state.case_id,
        "device_id": device.device_id,
        "agent_id": state.agent_id,
    }
    for name in ("second_agent", "second_opinion"):
        told = facts.get(name)
        if told is not None and not statement_fits(str(told["statement"]), whole):
            del facts[name]
    if "second_opinion" in facts and "second_agent" not in facts:
        facts["second_agent"] = facts.pop("second_opinion")
    return facts


def _request(request: VerificationRequest | None) -> dict[str, Any] | None:
    """The reference only: what it announced is known to its issuer."""
    if request is None:
        return None
    return {
        "issuer": request.issuer,
        "request_id": request.request_id,
        "service": request.service,
        "key_id": request.key_id,
    }


def _catalogues(device: DeviceFacts, rules: RulesUsed | None) -> dict[str, str]:
    """Versions of the data: those that the checks were made by, where any were made."""
    return {**device.catalogues, **dict(rules.packs if rules else ())}


def _rules(rules: RulesUsed | None) -> dict[str, Any] | None:
    """Day and policy of the rules that the checks were made by."""
    if rules is None:
        return None
    return {"day": rules.day.isoformat(), "policy_version": rules.policy_version}


def _document(document: IdentityDocument | None) -> dict[str, Any] | None:
    if document is None:
        return None
    expiry = document.expiry_date
    return {
        "kind": document.kind.value,
        "layout": document.layout,
        "issuer": document.issuer,
        "number": document.document_number,
        "expiry_printed": None if expiry is None else expiry.isoformat(),
        "surname_truncated": document.surname_truncated,
        "given_names_truncated": document.given_names_truncated,
    }


def _checks(checks: Sequence[Check]) -> list[dict[str, str]]:
    return [{"code": c.code, "verdict": c.verdict.value, "detail": c.detail} for c in checks]


def _side(side: SideFacts) -> dict[str, Any]:
    return {
        "side": side.side.value,
        "by_hand": side.by_hand,
        "frames_agreeing": side.frames_agreeing,
        # Whole percent: canonical JSON keeps integers, and more digits mean nothing.
        "sharpness_percent": round(side.sharpness * 100),
        "seal": side.seal,
        "seen_as": side.seen_as,
        # Which fields were read in print; what they say stands in the claims, or nowhere.
        "printed_fields": [value.name for value in side.printed],
    }


def _feature(feature: FeatureResult) -> dict[str, Any]:
    verdict = feature.verdict
    return {
        "feature_id": feature.feature_id,
        "kind": feature.kind,
        "verdict": None if verdict is None else verdict.value,
    }


def _person(person: PersonFacts | None) -> dict[str, Any] | None:
    if person is None:
        return None
    return {
        "verdict": person.verdict.value,
        "zones": list(person.zones),
        "questions_asked": person.questions_asked,
        "questions_consistent": person.questions_consistent,
    }
