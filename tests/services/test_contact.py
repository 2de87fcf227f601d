"""Contacts: only the signed word about this very address of this very case counts."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.crypto.signing import SigningKey, key_id_of
from kiosk.domain.contact import email_address, mobile_number
from kiosk.domain.errors import (
    ContactAddressError,
    ContactCodeFormError,
    ContactNotSentError,
    ContactStatementError,
    ContactTooOftenError,
    EventRefusedError,
    UnreachableError,
)
from kiosk.domain.ids import CaseId, DeviceId
from kiosk.journeys.service_steps import ContactChannel, ContactFacts, ContactStatus
from kiosk.services.contact import Contacts, ContactWords, no_word
from kiosk.sync.contact import ChallengeStatus
from tests.fakes.clock import FakeClock
from tests.fakes.contact import NearContact, near_contact

CASE = CaseId("c" * 32)
DEVICE = DeviceId("dev-0011223344556677")
EMAIL = ContactFacts(ContactChannel.EMAIL, "client@example.org")
MOBILE = ContactFacts(ContactChannel.MOBILE, "+33639980000")


@pytest.fixture
def near(tmp_path: Path) -> Iterator[NearContact]:
    with near_contact(tmp_path, DEVICE, FakeClock()) as made:
        yield made


def words_of(near: NearContact, device_id: DeviceId = DEVICE) -> ContactWords:
    return ContactWords(device_id, lambda: {key_id_of(near.key.public): near.key.public})


@pytest.fixture
def contacts(near: NearContact) -> Contacts:
    return Contacts(near, words_of(near))


def sent(contacts: Contacts, contact: ContactFacts) -> ContactFacts:
    standing = contacts.send(CASE, contact, "fr")
    return replace(
        contact,
        status=ContactStatus.SENT,
        challenge_id=standing.challenge_id,
        expires_at=standing.expires_at,
        sent=1,
    )


@pytest.mark.parametrize("contact", [EMAIL, MOBILE])
def test_the_code_of_the_customer_brings_the_signed_word(contacts, near, contact):
    held = sent(contacts, contact)
    assert contacts.state(CASE, held).status is ChallengeStatus.SENT
    standing = contacts.check(CASE, held, f" {near.mailbox.code[:2]} {near.mailbox.code[2:]} ")
    assert standing.status is ChallengeStatus.CONFIRMED
    assert contacts.state(CASE, held).statement == standing.statement
    words_of(near).require(CASE, held, standing.statement)


def test_a_word_about_anything_else_is_refused(contacts, near):
    held = sent(contacts, EMAIL)
    word = contacts.check(CASE, held, near.mailbox.code).statement
    mine = words_of(near)
    for case, contact in (
        (CaseId("d" * 32), held),
        (CASE, replace(held, address="other@example.org")),
        (CASE, replace(held, challenge_id="9" * 32)),
        (CASE, replace(held, channel=ContactChannel.MOBILE)),
        (CASE, None),
    ):
        with pytest.raises(EventRefusedError):
            mine.require(case, contact, word)
    with pytest.raises(EventRefusedError):
        words_of(near, DeviceId("dev-other")).require(CASE, held, word)
    other = SigningKey.generate()
    strange = ContactWords(DEVICE, lambda: {other.key_id: other.public})
    with pytest.raises(EventRefusedError):
        strange.require(CASE, held, word)
    with pytest.raises(EventRefusedError):
        no_word(CASE, held, word)


def test_a_confirmation_without_a_word_is_not_believed(contacts, near):
    held = sent(contacts, EMAIL)
    strange = Contacts(near, ContactWords(DEVICE, dict))
    with pytest.raises(ContactStatementError):
        strange.check(CASE, held, near.mailbox.code)


def test_what_is_no_code_is_not_even_asked(contacts, near):
    held = sent(contacts, MOBILE)
    near.plugged = False
    for typed in ("", "12345", "é234", "AB C"):
        with pytest.raises(ContactCodeFormError):
            contacts.check(CASE, held, typed)


def test_without_a_network_nothing_is_claimed(contacts, near):
    near.plugged = False
    with pytest.raises(UnreachableError):
        contacts.send(CASE, EMAIL, "fr")


def test_a_broken_mail_server_and_a_hurry_are_told_apart(contacts, near):
    near.mailbox.broken = True
    with pytest.raises(ContactNotSentError):
        contacts.send(CASE, EMAIL, "fr")
    with pytest.raises(ContactTooOftenError) as hurry:
        contacts.send(CASE, EMAIL, "fr")
    assert hurry.value.detail == "30"


@pytest.mark.parametrize(
    ("typed", "number"),
    [
        ("06 39 98 00 00", "+33639980000"),
        ("+33 (0)6 39 98 00 00", "+33639980000"),
        ("0033639980000", "+33639980000"),
        ("07.56.78.90.12", "+33756789012"),
        ("0690 12 34 56", "+590690123456"),
        ("0694123456", "+594694123456"),
        ("0709312345", "+594709312345"),
        ("0696123456", "+596696123456"),
        ("0692123456", "+262692123456"),
        ("0639123456", "+262639123456"),
        ("0709351234", "+262709351234"),
        ("0708412345", "+508708412345"),
        ("+33690123456", "+590690123456"),
        ("+687 751234", "+687751234"),
    ],
)
def test_numbers_as_typed(typed, number):
    assert mobile_number(typed) == number


@pytest.mark.parametrize("typed", ["", "0112345678", "0700123456", "06 12", "abc", "٠٦١٢٣٤٥٦٧٨"])
def test_what_is_no_mobile_number(typed):
    with pytest.raises(ContactAddressError):
        mobile_number(typed)


@pytest.mark.parametrize(
    ("typed", "address"),
    [
        (" Camille.D@Example.ORG ", "Camille.D@example.org"),
        ("a+b@sub.example.fr", "a+b@sub.example.fr"),
        ("o'neil@example.ie", "o'neil@example.ie"),
    ],
)
def test_addresses_as_typed(typed, address):
    assert email_address(typed) == address


@pytest.mark.parametrize(
    "typed",
    [
        *("", "a", "a@b", "a@b.1", "a@@b.fr", ".a@b.fr", "a.@b.fr", "a b@c.fr", "a@-b.fr"),
        *("a@b..fr", "é@b.fr", "a@élysée.fr", f"{'a' * 65}@b.fr", f"a@{'b' * 64}.fr", "a@b.fr\nc"),
    ],
)
def test_what_is_no_address(typed):
    with pytest.raises(ContactAddressError):
        email_address(typed)


@given(st.text(max_size=60))
def test_anything_typed_is_an_address_or_a_typed_error(typed):
    for rule in (email_address, mobile_number):
        try:
            assert rule(rule(typed)) == rule(typed)
        except ContactAddressError:
            continue
