"""The part of a record that a relying party reads: OpenID ``verified_claims``.

Rules, in order: only an accepted verification has claims; ``vpiruv`` only where ultraviolet light
was really used, else ``vpip``; ``vcrypt`` only where a signature was verified; ``pvp`` only where
the agent saw the same person; no level of assurance unless the policy states one; claims are the
minimum that identifies. Values are those read on the document; names in the spelling of its printed
zone, with accents, where that was read and agrees with the machine-readable one; the century of a
birth is the one that the agent confirmed; a birth of which only the year is known has no
``birthdate``, which the published schema takes as a whole day only, but an ``age_birth_year``.
``packaging/ida.py`` holds every form of this against the schema that the working group publishes.
Source: OpenID Identity Assurance Schema Definition 1.0; OpenID Connect Core 1.0, 5.1; the name of
the year: European Digital Identity Wallet, PID rulebook; domain 6.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from kiosk.documents import seal_comparison
from kiosk.documents.birth_places import FRANCE
from kiosk.documents.catalogue import FeatureKind
from kiosk.documents.partial_dates import same_but_century
from kiosk.documents.printed_checks import spelling
from kiosk.documents.twoddoc import SealVerdict
from kiosk.domain.decision import Outcome
from kiosk.domain.evidence import DocumentKind, IdentityDocument, PartialDate, Verdict
from kiosk.journeys.model import CaseState
from kiosk.journeys.service_steps import ContactChannel, ContactStatus
from kiosk.services.terms import Terms

TRUST_FRAMEWORK = "eidas"
PROCEDURE = {"office": "face_to_face_post_office", "home": "face_to_face_carrier"}

_TYPES = {
    DocumentKind.FR_ID_CARD_2021: "idcard",
    DocumentKind.FR_ID_CARD_1988: "idcard",
    DocumentKind.EU_ID_CARD: "idcard",
    DocumentKind.FR_PASSPORT: "passport",
    DocumentKind.PASSPORT: "passport",
    DocumentKind.FR_RESIDENCE_PERMIT: "residence_permit",
    # A type is required. This one is no predefined value: who reads it can only keep it.
    DocumentKind.OTHER: "other",
}
# ICAO Doc 9303-3 writes Germany with one letter, ISO 3166-1 with three.
_COUNTRY_CODES = {"D": "DEU"}


def utc_text(moment: datetime) -> str:
    """RFC 3339 in UTC, whole seconds: ``2026-11-23T09:41:07Z``."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def verified_claims(
    state: CaseState, terms: Terms, channel: str, verified_at: datetime
) -> dict[str, Any] | None:
    """The ``verified_claims`` object, or None where nothing was accepted.

    Args:
        state: a decided case.
        terms: for the version of the policy and the level it asserts.
        channel: ``office`` or ``home``.
        verified_at: device time of the sealing.
    """
    decision, document = state.decision, state.document
    if decision is None or decision.outcome is not Outcome.ACCEPTED or document is None:
        return None
    checks = _check_details(state)
    return {
        "verification": {
            "trust_framework": TRUST_FRAMEWORK,
            **_assurance(terms, channel, [c["check_id"] for c in checks]),
            "time": utc_text(verified_at),
            "verification_process": state.case_id,
            "evidence": [
                {
                    "type": "document",
                    "check_details": checks,
                    "document_details": _document_details(document),
                }
            ],
        },
        "claims": _claims(state, document),
    }


def _check_details(state: CaseState) -> list[dict[str, str]]:
    """What was checked and how, in the order of the journey."""
    ultraviolet = any(
        f.kind == FeatureKind.UV and f.verdict in (Verdict.PASS, Verdict.FAIL)
        for f in state.features
    )
    details = [("vpiruv" if ultraviolet else "vpip", "chk-doc")]
    agrees = any(
        check.code == seal_comparison.CODE and check.verdict is Verdict.PASS
        for check in state.reading_checks
    )
    # A valid seal that says nothing of this document checked nothing of it.
    if agrees and any(side.seal == SealVerdict.VALID for side in state.sides):
        details.append(("vcrypt", "chk-sig"))
    if state.person is not None and state.person.verdict is Verdict.PASS:
        details.append(("pvp", "chk-face"))
    return [
        {
            "check_method": method,
            "check_id": name,
            "organization": f"Bureau de poste {state.office_id}",
        }
        for method, name in details
    ]


def _assurance(terms: Terms, channel: str, check_ids: list[str]) -> dict[str, Any]:
    process: dict[str, Any] = {
        "policy": f"vis-a-vis-{terms.policy_version}",
        "procedure": PROCEDURE[channel],
    }
    if not terms.assurance_level:
        return {"assurance_process": process}
    level = terms.assurance_level
    kinds = (
        ("evidence_validation", [i for i in check_ids if i != "chk-face"]),
        ("verification", [i for i in check_ids if i == "chk-face"]),
    )
    process["assurance_details"] = [
        {
            "assurance_type": kind,
            "assurance_classification": level,
            "evidence_ref": [{"check_id": i} for i in ids],
        }
        for kind, ids in kinds
        if ids
    ]
    return {"assurance_level": level, "assurance_process": process}


def _document_details(document: IdentityDocument) -> dict[str, Any]:
    details: dict[str, Any] = {
        "type": _TYPES[document.kind],
        "document_number": document.document_number,
        "issuer": {"country_code": _COUNTRY_CODES.get(document.issuer, document.issuer)},
    }
    if document.issuer == "FRA":
        details["issuer"] |= {"name": "République française", "country": "FR"}
    if document.issue_date is not None:
        details["date_of_issuance"] = document.issue_date.isoformat()
    if document.expiry_date is not None:
        details["date_of_expiry"] = document.expiry_date.isoformat()
    return details


def _birth_date(state: CaseState, document: IdentityDocument) -> PartialDate:
    """The birth date that the agent confirmed: a zone holds two digits of its year.

    Where only the century differs, the case was accepted because the agent ticked the year that
    the request announces.
    """
    request = state.request
    if request is not None and same_but_century(request.birth_date, document.birth_date):
        return request.birth_date
    return document.birth_date


def _claims(state: CaseState, document: IdentityDocument) -> dict[str, Any]:
    printed = spelling([(side.seen_as, side.printed) for side in state.sides], document)
    claims: dict[str, Any] = {
        "family_name": printed.get("surname", document.surname),
        "given_name": printed.get("given_names", " ".join(document.given_names)).replace(", ", " "),
        **_confirmed(state),
        **_birth(_birth_date(state, document)),
    }
    return claims


def _confirmed(state: CaseState) -> dict[str, Any]:
    """What the customer confirmed at a creation, in the form of the federation (domain 5.9).

    The birth name in upper case with its accents; no place of birth for a birth abroad; an address
    only where its code came back.
    """
    claims: dict[str, Any] = {}
    identity = state.identity
    if identity is not None:
        claims = {
            "family_name": identity.surname.upper(),
            "given_name": " ".join(identity.given_names),
            "birthcountry": identity.birth_country,
        }
        # Empty means born abroad there: a commune without its code is left out instead.
        if identity.birth_place or identity.birth_country != FRANCE:
            claims["birthplace"] = identity.birth_place
        if identity.used_name:
            claims["preferred_username"] = identity.used_name
    for contact in state.contacts:
        if contact.status is ContactStatus.CONFIRMED:
            name = "email" if contact.channel is ContactChannel.EMAIL else "phone_number"
            claims |= {name: contact.address, f"{name}_verified": True}
    return claims


def _birth(birth: PartialDate) -> dict[str, Any]:
    """The day, or what is known of it: the year alone."""
    if birth.complete is not None:
        return {"birthdate": birth.complete.isoformat()}
    # A day that no calendar has says nothing sure about its year either.
    whole = birth.year is not None and birth.month is not None and birth.day is not None
    return {} if birth.year is None or whole else {"age_birth_year": birth.year}
