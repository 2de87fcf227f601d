"""The specimens: zones and seals written by other code, judged by the rules of this room."""

import tomllib
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from kiosk.documents.checks import automatic_checks, suggested_reasons
from kiosk.documents.mrz import parse as parse_zone
from kiosk.documents.seal_comparison import compare
from kiosk.documents.twoddoc import SealCertificate, SealVerdict, TrustList, verify
from kiosk.documents.twoddoc import parse as parse_seal
from kiosk.documents.zone_writing import encode
from kiosk.domain.decision import Reason
from kiosk.domain.evidence import DocumentKind, PartialDate, Side, Verdict
from kiosk.domain.ids import KeyId, OfficeId, RequestId
from kiosk.domain.request import VerificationRequest
from tests.documents.vectors import TODAY

FILE = Path(__file__).resolve().parents[2] / "resources" / "specimens" / "specimens.toml"
DATA = tomllib.loads(FILE.read_text("utf-8"))
SPECIMENS = {item["id"]: item for item in DATA["specimen"]}
SEALED = [name for name, item in SPECIMENS.items() if item["seal"]]
AUTHORITY = SealCertificate(
    ca_id=DATA["authority"]["ca"],
    certificate_id=DATA["authority"]["certificate"],
    x=bytes.fromhex(DATA["authority"]["x"]),
    y=bytes.fromhex(DATA["authority"]["y"]),
    not_before=date(2000, 1, 1),
    not_after=date(2099, 12, 31),
    test=True,
)


def partial(text):
    day = date.fromisoformat(text)
    return PartialDate(day.year, day.month, day.day)


def reading_of(item):
    reading = parse_zone(item["mrz"], TODAY)
    if reading.document.expiry_date is None:
        typed = date.fromisoformat(item["document"]["expires"])
        reading = replace(reading, document=replace(reading.document, expiry_date=typed))
    return reading


def request_of(item):
    """The request as its holder would have made it, with what the specimen says differs."""
    holder, changes = item["holder"], item["request"]
    names = changes["given_names"].split() if "given_names" in changes else holder["given_names"]
    return VerificationRequest(
        request_id=RequestId("1"),
        issuer="issuer",
        service="cpf",
        not_before=datetime(2026, 1, 1, tzinfo=UTC),
        expires_at=datetime(2027, 1, 1, tzinfo=UTC),
        surname=changes.get("surname", holder["surname"]),
        given_names=tuple(names),
        birth_date=partial(changes.get("birth_date", holder["birth_date"])),
        document_kind=DocumentKind(item["kind"]),
        document_number=changes.get("document_number", item["document"]["number"]),
        office_id=OfficeId(""),
        key_id=KeyId(""),
    )


@pytest.mark.parametrize("name", sorted(SPECIMENS))
def test_the_zone_says_what_is_printed(name):
    item = SPECIMENS[name]
    reading = reading_of(item)
    assert reading.document.kind == item["kind"]
    assert reading.document.document_number == item["document"]["number"]
    assert reading.document.expiry_date == date.fromisoformat(item["document"]["expires"])
    assert reading.document.sex == item["holder"]["sex"]
    assert Side(item["mrz_side"]).value in item["sides"]
    assert reading.digits_agree == (item["variant"] != "tampered")


@pytest.mark.parametrize("name", sorted(SPECIMENS))
def test_the_outcome_is_the_one_the_specimen_was_drawn_for(name):
    item = SPECIMENS[name]
    reading = reading_of(item)
    checks = automatic_checks(
        request_of(item),
        reading.document,
        today=TODAY,
        accepted_kinds=frozenset(DocumentKind),
        accept_extended=True,
        reading_checks=reading.checks,
        specimens_allowed=True,
    )
    failed = [c for c in (*reading.checks, *checks) if c.verdict is Verdict.FAIL]
    if item["variant"] == "damaged":
        # Only the eye sees the damage: nothing in the zone is wrong.
        assert failed == []
    elif item["expected"] == "accepted":
        assert failed == []
    else:
        assert Reason(item["reason"]) in suggested_reasons(failed)


@pytest.mark.parametrize("name", SEALED)
def test_seals_are_by_the_test_authority_and_match_unless_the_card_was_altered(name):
    item = SPECIMENS[name]
    seal = parse_seal(item["seal"])
    assert verify(seal, TrustList((AUTHORITY,)), TODAY) is SealVerdict.TEST_CERTIFICATE
    assert verify(seal, TrustList(), TODAY) is SealVerdict.UNKNOWN_CERTIFICATE
    check = compare(seal, reading_of(item).document)
    # Who alters a card cannot seal it again: the seal still holds the true birth date.
    altered = item["variant"] == "tampered"
    expected = (Verdict.FAIL, "birth_date") if altered else (Verdict.PASS, "")
    assert (check.verdict, check.detail) == expected


@pytest.mark.parametrize("name", sorted(SPECIMENS))
def test_both_writers_of_zones_agree(name):
    item = SPECIMENS[name]
    lines = tuple(item["mrz"])
    if item["variant"] != "tampered":
        assert encode(reading_of(item).document) == lines
