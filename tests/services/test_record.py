"""The contents of a record: OpenID ``verified_claims`` of an accepted case, and the minimum kept.

The schema that claims are held against here is closed against any field that this program does not
give (``tests/fakes/ida.py``); ``packaging/ida.py`` holds the same claims against the published one.
"""

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.crypto.canonical import canonical_json, parse_json
from kiosk.documents.printed_checks import FieldSource
from kiosk.domain.decision import Decision, Outcome, Reason
from kiosk.domain.evidence import Check, DocumentKind, PartialDate, PrintedValue, Side, Verdict
from kiosk.domain.ids import RecordId
from kiosk.journeys.model import CaseState, FeatureResult, PersonFacts, SideFacts, TypedField
from kiosk.journeys.service_steps import (
    ContactChannel,
    ContactFacts,
    ContactStatus,
    IdentityFacts,
)
from kiosk.services.record import build_record
from kiosk.services.terms import Terms
from tests.fakes.cases import DOCUMENT, FEATURES, OLD_CARD, PASSPORT, REQUEST, new_case
from tests.fakes.desk import DEVICE
from tests.fakes.ida import require_closed
from tests.services.test_sealing import ABANDONED, REFUSED, SUSPENDED, decided

SEALED_AT = datetime(2026, 11, 25, 9, 41, 7, 654321, tzinfo=UTC)
RECORD_ID = RecordId("ab" * 16)
TERMS = Terms(policy_version=3, recipients=("age1pq1x",))


def record_of(state: CaseState, terms: Terms = TERMS) -> dict:
    record = build_record(state, RECORD_ID, SEALED_AT, DEVICE, terms)
    assert parse_json(canonical_json(record)) == record
    return record


def claims_of(state: CaseState, terms: Terms = TERMS) -> dict:
    claims = record_of(state, terms)["verified_claims"]
    require_closed(claims)
    return claims


def methods_of(state: CaseState) -> list[str]:
    (evidence,) = claims_of(state)["verification"]["evidence"]
    return [check["check_method"] for check in evidence["check_details"]]


# --- verified_claims ------------------------------------------------------------------------------


def test_an_accepted_case_has_claims_in_the_openid_form():
    claims = claims_of(decided())
    assert claims == {
        "verification": {
            "trust_framework": "eidas",
            "assurance_process": {
                "policy": "vis-a-vis-3",
                "procedure": "face_to_face_post_office",
            },
            "time": "2026-11-25T09:41:07Z",
            "verification_process": "c" * 32,
            "evidence": [
                {
                    "type": "document",
                    "check_details": [
                        {
                            "check_method": "vpip",
                            "check_id": "chk-doc",
                            "organization": "Bureau de poste 075012",
                        },
                        {
                            "check_method": "pvp",
                            "check_id": "chk-face",
                            "organization": "Bureau de poste 075012",
                        },
                    ],
                    "document_details": {
                        "type": "idcard",
                        "document_number": "D2H6862M2",
                        "date_of_expiry": "2032-04-12",
                        "issuer": {
                            "name": "République française",
                            "country": "FR",
                            "country_code": "FRA",
                        },
                    },
                }
            ],
        },
        "claims": {
            "family_name": "ROUSSEL",
            "given_name": "MAELLE ANNE",
            "birthdate": "1988-03-09",
        },
    }


@pytest.mark.parametrize("decision", [REFUSED, SUSPENDED, ABANDONED])
def test_nothing_is_claimed_unless_accepted(decision: Decision):
    assert "verified_claims" not in record_of(decided(decision))


def test_ultraviolet_light_is_claimed_only_where_it_was_used():
    lamp = FeatureResult("fibres", "uv", Verdict.PASS)
    assert methods_of(replace(decided(), features=(*FEATURES, lamp)))[0] == "vpiruv"
    unused = replace(lamp, verdict=Verdict.NOT_DONE)
    for feature in (unused, replace(lamp, verdict=None), replace(lamp, verdict=Verdict.UNSURE)):
        assert methods_of(replace(decided(), features=(*FEATURES, feature)))[0] == "vpip"


def test_a_signature_is_claimed_only_where_it_was_verified():
    front, back = decided().sides
    matches = Check("seal.matches", Verdict.PASS)
    agreed = replace(decided(), reading_checks=(*decided().reading_checks, matches))
    valid = replace(agreed, sides=(front, replace(back, seal="valid")))
    assert methods_of(valid) == ["vpip", "vcrypt", "pvp"]
    beside = replace(decided(), sides=(front, replace(back, seal="valid")))
    assert "vcrypt" not in methods_of(beside)  # a valid seal that says nothing of this card
    for seal in ("", "unknown-key", "invalid", "expired"):
        state = replace(agreed, sides=(front, replace(back, seal=seal)))
        assert "vcrypt" not in methods_of(state)


def test_the_person_is_claimed_only_where_the_agent_saw_the_same_one():
    assert "pvp" not in methods_of(replace(decided(), person=None))
    unsure = replace(decided(), person=PersonFacts(Verdict.UNSURE))
    assert "pvp" not in methods_of(unsure)


def test_no_level_is_asserted_unless_the_policy_states_one():
    assert "assurance_level" not in claims_of(decided())["verification"]
    stated = claims_of(decided(), replace(TERMS, assurance_level="substantial"))["verification"]
    assert stated["assurance_level"] == "substantial"
    details = stated["assurance_process"]["assurance_details"]
    named = {r["check_id"] for detail in details for r in detail["evidence_ref"]}
    (evidence,) = stated["evidence"]
    assert named == {check["check_id"] for check in evidence["check_details"]}


@pytest.mark.parametrize(
    ("document", "kind"),
    [
        (DOCUMENT, "idcard"),
        (OLD_CARD, "idcard"),
        (PASSPORT, "passport"),
        (replace(DOCUMENT, kind=DocumentKind.FR_RESIDENCE_PERMIT), "residence_permit"),
        (replace(DOCUMENT, kind=DocumentKind.EU_ID_CARD, issuer="D"), "idcard"),
        (replace(PASSPORT, kind=DocumentKind.PASSPORT, issuer="UTO"), "passport"),
        (replace(DOCUMENT, kind=DocumentKind.OTHER, issuer="ITA"), "other"),
    ],
)
def test_each_kind_of_document_has_its_standard_name(document, kind: str):
    (evidence,) = claims_of(replace(decided(), document=document))["verification"]["evidence"]
    assert evidence["document_details"]["type"] == kind


def test_germany_has_three_letters_outside_of_passports():
    state = replace(decided(), document=replace(PASSPORT, issuer="D"))
    (evidence,) = claims_of(state)["verification"]["evidence"]
    assert evidence["document_details"]["issuer"] == {"country_code": "DEU"}


def test_dates_are_claimed_where_they_are_known():
    document = replace(DOCUMENT, issue_date=date(2022, 4, 13), expiry_date=None)
    (evidence,) = claims_of(replace(decided(), document=document))["verification"]["evidence"]
    assert evidence["document_details"]["date_of_issuance"] == "2022-04-13"
    assert "date_of_expiry" not in evidence["document_details"]


@pytest.mark.parametrize(
    ("birth", "claimed"),
    [
        (PartialDate(1988, 3, 9), {"birthdate": "1988-03-09"}),
        (PartialDate(1988), {"age_birth_year": 1988}),
        (PartialDate(1988, 3), {"age_birth_year": 1988}),
        (PartialDate(None), {}),
        (PartialDate(1989, 2, 29), {}),
    ],
)
def test_a_partly_unknown_birth_date_claims_no_more_than_is_known(birth, claimed):
    state = replace(decided(), document=replace(DOCUMENT, birth_date=birth))
    claims = claims_of(state)["claims"]
    assert {name: claims[name] for name in claims if "birth" in name} == claimed


# --- the record -----------------------------------------------------------------------------------


def test_a_record_holds_what_was_checked_and_decided():
    part = record_of(decided(REFUSED))["visavis"]
    assert part["decision"] == {
        "outcome": "refused",
        "reasons": ["person-differs"],
        "fraud_suspected": True,
    }
    assert part["request"] == {
        "issuer": "https://idp.test",
        "request_id": "req-1",
        "service": "cpf",
        "key_id": "00112233445566aa",
    }
    assert part["times"] == {
        "opened_at": "2026-11-25T09:00:00Z",
        "sealed_at": "2026-11-25T09:41:07Z",
    }
    assert part["notice"] == {"version": "2026-11", "consent": True}
    assert [f["verdict"] for f in part["features"]] == ["pass"] * 3
    assert part["person"]["questions_asked"] == 1
    assert (part["office_id"], part["agent_id"]) == ("075012", "a-17")
    assert (part["device_id"], part["app_build"]) == (DEVICE.device_id, DEVICE.app_build)
    assert part["policy_version"] == 3
    assert part["catalogues"] == {"documents": "2026.11"}


def test_a_record_holds_no_line_of_the_zone_and_no_name_outside_the_claims():
    text = canonical_json(record_of(decided(REFUSED))).decode()
    for word in ("ROUSSEL", "MAELLE", "Roussel", "IDFRA", "1988"):
        assert word not in text


def test_a_case_abandoned_at_its_first_step_has_a_record_too():
    state = replace(new_case(), decision=Decision(Outcome.ABANDONED, (Reason.CUSTOMER_WITHDRAWS,)))
    record = record_of(state)
    assert record["visavis"]["document"] is None
    assert record["visavis"]["request"] is None
    assert record["visavis"]["person"] is None


@given(
    surname=st.text(st.characters(codec="utf-8"), min_size=1, max_size=40),
    sharpness=st.floats(0, 1),
    frames=st.integers(0, 10_000),
)
def test_any_name_and_measure_has_a_canonical_form(surname, sharpness, frames):
    sides = tuple(replace(s, sharpness=sharpness, frames_agreeing=frames) for s in decided().sides)
    record = build_record(
        replace(decided(), document=replace(DOCUMENT, surname=surname), sides=sides),
        RECORD_ID,
        SEALED_AT,
        DEVICE,
        TERMS,
    )
    assert canonical_json(parse_json(canonical_json(record))) == canonical_json(record)


def test_the_century_of_a_birth_is_the_one_that_was_confirmed():
    read = replace(DOCUMENT, birth_date=PartialDate(2024, 3, 9))
    request = replace(REQUEST, birth_date=PartialDate(1924, 3, 9))
    state = replace(decided(), document=read, request=request)
    assert claims_of(state)["claims"]["birthdate"] == "1924-03-09"
    other_day = replace(request, birth_date=PartialDate(1924, 3, 8))
    assert claims_of(replace(state, request=other_day))["claims"]["birthdate"] == "2024-03-09"


def with_print(state: CaseState, *values: PrintedValue) -> CaseState:
    side = SideFacts(Side.FRONT, 5, by_hand=False, sharpness=0.9, seen_as="id-card", printed=values)
    return replace(state, sides=(side, *state.sides[1:]))


def test_names_are_claimed_with_their_accents_where_print_agrees_with_the_zone():
    state = with_print(
        decided(Decision(Outcome.ACCEPTED)),
        PrintedValue("given_names", "Maëlle, Anne", sure=True),
        PrintedValue("surname", "ROUSSELLE", sure=False),
    )
    claims = record_of(state)["verified_claims"]["claims"]
    assert claims["given_name"] == "Maëlle Anne"
    assert claims["family_name"] == "ROUSSEL"


def test_a_record_says_what_was_read_and_typed_but_not_what_it_says():
    state = with_print(decided(REFUSED), PrintedValue("birth_place", "SAINT-MALO", sure=True))
    sources = (TypedField("expiry_date", FieldSource.CORRECTED),)
    record = record_of(replace(state, field_sources=sources))
    reading = record["visavis"]["reading"]
    assert reading["field_sources"] == {"expiry_date": "corrected"}
    assert reading["sides"][0]["printed_fields"] == ["birth_place"]
    assert reading["sides"][0]["seen_as"] == "id-card"
    assert b"SAINT-MALO" not in canonical_json(record)


# --- creation -------------------------------------------------------------------------------------


def test_a_creation_claims_what_the_customer_confirmed_and_no_more():
    confirmed = ContactFacts(
        ContactChannel.EMAIL,
        "client@example.org",
        ContactStatus.CONFIRMED,
        "1" * 32,
        SEALED_AT,
        2,
        "header.payload.signature",
    )
    deferred = ContactFacts(ContactChannel.MOBILE, "+33639980000", ContactStatus.DEFERRED)
    identity = IdentityFacts(
        "Roussel-Évrard", ("Maëlle", "Anne"), "Petit", "2A004", "99100", "Ajaccio", ("surname",)
    )
    state = replace(decided(), contacts=(confirmed, deferred), identity=identity)
    assert claims_of(state)["claims"] == {
        "family_name": "ROUSSEL-ÉVRARD",
        "given_name": "Maëlle Anne",
        "birthplace": "2A004",
        "birthcountry": "99100",
        "preferred_username": "Petit",
        "email": "client@example.org",
        "email_verified": True,
        "birthdate": "1988-03-09",
    }
    service = record_of(state)["visavis"]["service"]
    assert service["contacts"] == [
        {
            "channel": "email",
            "address": "client@example.org",
            "status": "confirmed",
            "statement": "header.payload.signature",
        },
        {"channel": "mobile", "address": "+33639980000", "status": "deferred"},
    ]
    refused = record_of(replace(state, decision=REFUSED))
    assert "verified_claims" not in refused


@pytest.mark.parametrize(
    ("place", "country", "claimed"),
    [
        ("75112", "99100", {"birthplace": "75112", "birthcountry": "99100"}),
        ("", "99352", {"birthplace": "", "birthcountry": "99352"}),  # empty: born abroad
        ("", "99100", {"birthcountry": "99100"}),  # the code of the commune is not known
    ],
)
def test_an_empty_place_of_birth_means_a_birth_abroad_and_nothing_else(place, country, claimed):
    identity = IdentityFacts("Roussel", ("Maëlle",), "", place, country, "Oran")
    claims = claims_of(replace(decided(), identity=identity))["claims"]
    assert {
        name: value for name, value in claims.items() if "birthp" in name or "birthc" in name
    } == (claimed)
