"""The ``verified_claims`` that this program makes: their closed schema, and every form of them.

The schema is written from the text of OpenID Identity Assurance Schema Definition 1.0 (final,
October 2024), clause by clause, narrower than the JSON schema that its working group publishes:
objects are closed, values are those that this program may give, and there is one form of time. The
published files state no licence, so they are not here; ``packaging/ida.py`` holds the same forms
against a copy that somebody downloaded.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from itertools import product
from typing import Any

import jsonschema
import msgspec

from kiosk.audit.records import open_record
from kiosk.crypto.signing import key_id_of
from kiosk.domain.decision import Decision, Outcome
from kiosk.domain.evidence import Check, DocumentKind, PartialDate, Verdict
from kiosk.domain.ids import RecordId
from kiosk.journeys.automatic import Script, play
from kiosk.journeys.blocks import Terms as ProcedureTerms
from kiosk.journeys.model import CaseState, FeatureResult
from kiosk.journeys.procedure import Form
from kiosk.journeys.procedures import REGISTERED_LETTER, procedures
from kiosk.journeys.service_steps import (
    ContactChannel,
    ContactFacts,
    ContactStatus,
    IdentityFacts,
)
from kiosk.services.record import build_record
from kiosk.services.result import build_result
from kiosk.services.terms import Terms
from tests.fakes.cases import CARD_SIDES, DOCUMENT, FEATURES, PASSPORT, SIDES, PaperCase, side
from tests.fakes.desk import DEVICE
from tests.fakes.office import Office
from tests.fakes.store import InMemoryStore

SEALED_AT = datetime(2026, 11, 25, 9, 41, 7, 654321, tzinfo=UTC)
RECORD_ID = RecordId("ab" * 16)


def closed(properties: dict[str, Any], required: list[str]) -> dict[str, Any]:
    """An object with these members and no other."""
    return {
        "type": "object",
        "properties": properties,
        "required": required,
        "additionalProperties": False,
    }


TEXT = {"type": "string", "minLength": 1}
DAY = {"type": "string", "format": "date", "pattern": r"^\d{4}-\d{2}-\d{2}$"}
TIME = {
    "type": "string",
    "format": "date-time",
    "pattern": r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z$",
}
LEVEL = {"enum": ["low", "substantial", "high"]}
REFERENCES = {"type": "array", "minItems": 1, "items": closed({"check_id": TEXT}, ["check_id"])}
# check_method is required; check_id too, since evidence_ref may name it. The codes are predefined
# values: physical inspection, with ultraviolet light, a signature, a person seen in person.
CHECK = closed(
    {
        "check_method": {"enum": ["vpip", "vpiruv", "vcrypt", "pvp"]},
        "organization": TEXT,
        "check_id": TEXT,
        "time": TIME,
    },
    ["check_method", "check_id"],
)
ISSUER = closed(
    {
        "name": TEXT,
        "country": {"type": "string", "pattern": "^[A-Z]{2}$"},
        "country_code": {"type": "string", "pattern": "^[A-Z]{3}$"},
    },
    ["country_code"],
)
KIND = {"enum": ["idcard", "passport", "residence_permit", "other"]}
DOCUMENT_DETAILS = closed(
    {
        "type": KIND,
        "document_number": TEXT,
        "date_of_issuance": DAY,
        "date_of_expiry": DAY,
        "issuer": ISSUER,
    },
    ["type", "document_number", "issuer"],
)
TOLD_DETAILS = closed({"type": KIND, "issuer": ISSUER}, ["type", "issuer"])
"""What a provider hears of the document."""
ASSURANCE = closed(
    {
        "assurance_type": {"enum": ["evidence_validation", "verification"]},
        "assurance_classification": LEVEL,
        "evidence_ref": REFERENCES,
    },
    ["assurance_type", "evidence_ref"],
)
PROCESS = closed(
    {
        "policy": TEXT,
        "procedure": {"enum": ["face_to_face_post_office", "face_to_face_carrier"]},
        "assurance_details": {"type": "array", "minItems": 1, "items": ASSURANCE},
    },
    ["policy", "procedure"],
)
CLAIMS = closed(
    {
        "given_name": TEXT,
        "family_name": TEXT,
        # The published schema takes a whole day only, where OpenID Connect Core allows a year.
        "birthdate": DAY,
        "age_birth_year": {"type": "integer", "minimum": 1850, "maximum": 2100},
        # Of a creation: claims of the federation (domain 5.9) and of OpenID Connect Core.
        "birthplace": {"type": "string", "pattern": "^([0-9][0-9AB][0-9]{3})?$"},
        "birthcountry": {"type": "string", "pattern": "^99[0-9]{3}$"},
        "preferred_username": TEXT,
        "email": {"type": "string", "pattern": r"^[^@]+@[^@.]+([.][^@.]+)+$"},
        "email_verified": {"const": True},
        "phone_number": {"type": "string", "pattern": r"^\+[0-9]{8,15}$"},
        "phone_number_verified": {"const": True},
    },
    ["given_name", "family_name"],
) | {"not": {"required": ["birthdate", "age_birth_year"]}}


def schema_of(details: dict[str, Any]) -> dict[str, Any]:
    """Of ``verified_claims``, with this of the document."""
    evidence = closed(
        {
            "type": {"const": "document"},
            "check_details": {"type": "array", "minItems": 1, "items": CHECK},
            "document_details": details,
        },
        ["type", "check_details", "document_details"],
    )
    verification = closed(
        {
            "trust_framework": {"const": "eidas"},
            "assurance_level": LEVEL,
            "assurance_process": PROCESS,
            "time": TIME,
            "verification_process": TEXT,
            "evidence": {"type": "array", "minItems": 1, "maxItems": 1, "items": evidence},
        },
        ["trust_framework", "assurance_process", "time", "verification_process", "evidence"],
    )
    schema = closed({"verification": verification, "claims": CLAIMS}, ["verification", "claims"])
    return {"$schema": "https://json-schema.org/draft/2020-12/schema"} | schema


_CHECKER = jsonschema.Draft202012Validator.FORMAT_CHECKER


def require_closed(claims: dict[str, Any], *, told: bool = False) -> None:
    """Hold claims against the closed schema. ``told``: of a result. Raises ValidationError."""
    schema = schema_of(TOLD_DETAILS if told else DOCUMENT_DETAILS)
    jsonschema.Draft202012Validator(schema, format_checker=_CHECKER).validate(claims)
    checks = claims["verification"]["evidence"][0]["check_details"]
    details = claims["verification"]["assurance_process"].get("assurance_details", ())
    named = {ref["check_id"] for one in details for ref in one["evidence_ref"]}
    if not named <= {check["check_id"] for check in checks}:
        raise jsonschema.ValidationError("evidence_ref names a check that is not there")


def forms() -> Iterator[tuple[str, dict[str, Any], bool]]:
    """Every form: a name, the ``verified_claims``, and whether a provider is told them.

    First each kind of document, place of work, level, light, seal and birth; then the accepted end
    of every procedure, through the services and the seal of a device.
    """
    for name, state, channel, level in _states():
        terms = Terms(3, ("age1pq1x",), assurance_level=level)
        device = replace(DEVICE, channel=channel)
        record = build_record(state, RECORD_ID, SEALED_AT, device, terms)
        yield name, record["verified_claims"], False
        result = build_result(state, record, "certificate", bytes(32))
        if result is not None and result.verified_claims is not None:
            yield f"{name}, told", msgspec.to_builtins(result.verified_claims), True
    for form in Form:
        yield from _played(form)


def _accepted() -> CaseState:
    """An online request at its end, with everything in order."""
    case = PaperCase()
    play(case, Script(codes=("valid",), sides=CARD_SIDES))
    return case.state


def _states() -> Iterator[tuple[str, CaseState, str, str]]:
    ready = replace(_accepted(), decision=Decision(Outcome.ACCEPTED))
    for kind, channel, level in product(DocumentKind, ("office", "home"), ("", *LEVEL["enum"])):
        foreign = kind in (DocumentKind.EU_ID_CARD, DocumentKind.PASSPORT, DocumentKind.OTHER)
        base = PASSPORT if kind in (DocumentKind.FR_PASSPORT, DocumentKind.PASSPORT) else DOCUMENT
        document = replace(base, kind=kind, issuer="D" if foreign else "FRA")
        name = f"{kind.value}, {channel}, {level or 'no level'}"
        yield name, replace(ready, document=document), channel, level
    for birth in (PartialDate(1988), PartialDate(1988, 3), PartialDate(None)):
        document = replace(DOCUMENT, birth_date=birth)
        yield f"born {birth}", replace(ready, document=document), "office", "high"
    dated = replace(DOCUMENT, issue_date=date(2022, 4, 13), expiry_date=None)
    yield "issued", replace(ready, document=dated), "office", ""
    lamp = FeatureResult("fibres", "uv", Verdict.PASS)
    yield "ultraviolet", replace(ready, features=(*FEATURES, lamp)), "office", "substantial"
    front, back = ready.sides
    sealed = replace(
        ready,
        sides=(front, replace(back, seal="valid")),
        reading_checks=(*ready.reading_checks, Check("seal.matches", Verdict.PASS)),
    )
    yield "seal", sealed, "office", "high"
    yield "nobody compared", replace(ready, person=None), "office", "low"
    mobile = ContactFacts(
        ContactChannel.MOBILE, "+33639980000", ContactStatus.CONFIRMED, "1" * 32, SEALED_AT, 1, "w"
    )
    mail = replace(mobile, channel=ContactChannel.EMAIL, address="client@example.org")
    identity = IdentityFacts(
        "Roussel-Évrard", ("Maëlle", "Anne"), "Petit", "2A004", "99100", "Ajaccio", ("surname",)
    )
    yield "creation", replace(ready, contacts=(mobile, mail), identity=identity), "office", ""
    abroad = replace(identity, birth_place="", birth_country="99352", used_name="")
    yield "creation, born abroad", replace(ready, identity=abroad), "office", ""


def _played(form: Form) -> Iterator[tuple[str, dict[str, Any], bool]]:
    terms = ProcedureTerms(SIDES, form=form)
    made = procedures(terms)
    letter = next(journey for journey in made if journey.name == REGISTERED_LETTER)
    others = tuple(journey for journey in made if journey is not letter)
    sides = (side(CARD_SIDES[0].facts.side), CARD_SIDES[1])
    for journey in made:
        office = Office(InMemoryStore(), journeys=others, letter=letter)
        session = office.session()
        case = office.proofing.open_case(journey.name, session)
        ended = play(case, Script(codes=(office.code(),), sides=sides))
        if ended.decision is None or ended.decision.outcome is not Outcome.ACCEPTED:
            continue  # a welcome, a paper file: nobody is verified
        with office.store.begin() as uow:
            row = uow.outbox.all()[-1]
            blob = uow.blobs.get(row.seq)
        signers = {key_id_of(key.public): key.public for key in (session.signing_key,)}
        signers |= {office.device_key.key_id: office.device_key.public}
        record = open_record(blob, office.auditor, signers, office.device_key.key_id).record
        yield f"{journey.name}, {form.value}, opened", record["verified_claims"], False
        result = build_result(ended, record, "certificate", bytes(32))
        if result is not None and result.verified_claims is not None:
            yield f"{journey.name}, {form.value}, told", result.verified_claims, True
