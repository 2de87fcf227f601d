"""Signed lists of authorities, chains, revocations, and the verdicts that come of them."""

import base64
from datetime import UTC, date, datetime

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import pkcs7
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kiosk.crypto.seal_signers import take_apart
from kiosk.crypto.tsl import open_list
from kiosk.documents.trust_list import open_trust
from kiosk.documents.twoddoc import SealVerdict, parse, verify
from kiosk.domain.errors import (
    CertificateFileError,
    TrustListError,
    TrustRollbackError,
    TrustSignerError,
)
from kiosk.services.trust import (
    LIST,
    SIGNERS,
    import_files,
    load_state,
    load_trust,
    pinned_signer,
)
from tests.crypto import seal_world as world
from tests.crypto.seal_world import Provider
from tests.fakes.store import InMemoryStore

TODAY = date(2026, 11, 26)
OPERATOR = world.authority("Operator of the scheme")
PIN = world.fingerprint(OPERATOR[0])
CA = world.authority("Authority three", world.rsa_key(4096))
LEAF = world.signer(CA)
SEAL = parse(world.signed_seal(LEAF[1]))
XML = world.plain_list([Provider("FR03", CA[0])])
TSL = world.signed(XML, OPERATOR)
CRL = world.revocations(CA)
ABCD = [world.der(LEAF[0])]


def verdict(seal=SEAL, *, tsl=TSL, leaves=None, crls=(CRL,), today=TODAY):
    state = open_trust(tsl, ABCD if leaves is None else leaves, crls, PIN)
    return verify(seal, state.trust, today)


# --- verdicts -------------------------------------------------------------------------------------


def test_a_seal_whose_chain_leads_to_the_list_is_valid():
    assert verdict() is SealVerdict.VALID


def test_a_seal_on_the_larger_curve_is_valid():
    leaf = world.signer(CA, curve=ec.SECP384R1())
    seal = parse(world.signed_seal(leaf[1]))
    assert len(seal.signature) == 96
    assert verdict(seal, leaves=[world.der(leaf[0])]) is SealVerdict.VALID
    changed = parse(world.signed_seal(leaf[1]).replace("MARTIN", "MARTEN"))
    assert verdict(changed, leaves=[world.der(leaf[0])]) is SealVerdict.INVALID


def test_a_changed_seal_is_invalid():
    changed = parse(world.signed_seal(LEAF[1]).replace("MARTIN", "MARTEN"))
    assert verdict(changed) is SealVerdict.INVALID


def test_without_its_certificate_a_seal_is_of_nobody_known():
    assert verdict(leaves=[]) is SealVerdict.UNKNOWN_CERTIFICATE


def test_without_a_revocation_list_nothing_is_called_valid():
    assert verdict(crls=()) is SealVerdict.LIST_TOO_OLD


def test_a_revocation_list_that_is_due_gives_no_yes():
    old = world.revocations(CA, next_update=datetime(2026, 11, 25, tzinfo=UTC))
    assert verdict(crls=(old,)) is SealVerdict.LIST_TOO_OLD
    assert verdict(crls=(old, CRL)) is SealVerdict.VALID


def test_a_list_past_its_next_update_gives_no_yes():
    assert verdict(today=date(2027, 5, 1)) is SealVerdict.VALID
    assert verdict(today=date(2027, 5, 2)) is SealVerdict.LIST_TOO_OLD


def test_a_closed_list_gives_no_yes():
    closed = world.signed(world.plain_list([Provider("FR03", CA[0])], until=""), OPERATOR)
    state = open_trust(closed, ABCD, [CRL], PIN)
    assert state.too_old(TODAY)
    assert verify(SEAL, state.trust, TODAY) is SealVerdict.LIST_TOO_OLD


@pytest.mark.parametrize(
    "reason",
    [
        None,
        x509.ReasonFlags.unspecified,
        x509.ReasonFlags.key_compromise,
        x509.ReasonFlags.ca_compromise,
        x509.ReasonFlags.certificate_hold,
    ],
)
def test_a_key_in_doubt_takes_every_seal_with_it_whatever_its_date(reason):
    crl = world.revocations(CA, [(LEAF[0], datetime(2029, 6, 1, tzinfo=UTC), reason)])
    assert verdict(crls=(crl,)) is SealVerdict.INVALID


@pytest.mark.parametrize(
    ("moment", "expected"),
    [
        (datetime(2029, 6, 1, tzinfo=UTC), SealVerdict.VALID),
        (datetime(2024, 6, 1, tzinfo=UTC), SealVerdict.INVALID),
    ],
)
def test_other_revocations_count_from_their_day(moment, expected):
    crl = world.revocations(CA, [(LEAF[0], moment, x509.ReasonFlags.superseded)])
    assert verdict(crls=(crl,)) is expected
    assert verdict(crls=(crl, CRL)) is expected


def test_a_revoked_signer_and_a_seal_without_a_day():
    crl = world.revocations(
        CA, [(LEAF[0], datetime(2029, 6, 1, tzinfo=UTC), x509.ReasonFlags.superseded)]
    )
    seal = parse(world.signed_seal(LEAF[1], day="FFFF"))
    assert verdict(seal) is SealVerdict.VALID
    assert verdict(seal, crls=(crl,)) is SealVerdict.INVALID


def test_the_test_authority_is_never_valid():
    tsl = world.signed(world.plain_list([Provider("FR00", CA[0])]), OPERATOR)
    seal = parse(world.signed_seal(LEAF[1], ca_id="FR00"))
    assert verdict(seal, tsl=tsl) is SealVerdict.TEST_CERTIFICATE


# --- chains ---------------------------------------------------------------------------------------


def test_a_certificate_of_another_authority_does_not_count():
    other = world.signer(world.authority("Authority nine"))
    state = open_trust(TSL, [world.der(other[0])], [CRL], PIN)
    assert (state.trust.certificates, state.refused) == ((), 1)


def test_an_authority_of_the_same_name_and_another_key_does_not_count():
    forged = world.signer(world.authority("Authority three"))
    assert open_trust(TSL, [world.der(forged[0])], [CRL], PIN).refused == 1


def test_a_certificate_that_may_not_certify_is_no_authority():
    ca = world.authority("Leafy", may_certify=False)
    tsl = world.signed(world.plain_list([Provider("FR03", ca[0])]), OPERATOR)
    leaf = world.signer(ca)
    assert open_trust(tsl, [world.der(leaf[0])], [], PIN).refused == 1


def test_a_signer_from_after_the_end_of_its_authority_does_not_count():
    ca = world.authority("Short", end=datetime(2025, 1, 1, tzinfo=UTC))
    tsl = world.signed(world.plain_list([Provider("FR03", ca[0])]), OPERATOR)
    late = world.signer(ca, start=datetime(2025, 2, 1, tzinfo=UTC))
    assert open_trust(tsl, [world.der(late[0])], [], PIN).refused == 1


@pytest.mark.parametrize("common_name", ["abcd", "ABCDE", "ABC", "A B1", "ÀBCD"])
def test_a_name_that_is_no_identifier_does_not_count(common_name):
    leaf = world.signer(CA, common_name)
    assert open_trust(TSL, [world.der(leaf[0])], [], PIN).refused == 1


def test_keys_of_other_kinds_do_not_count():
    for key in (world.rsa_key(2048, "leaf"), ec.generate_private_key(ec.SECP521R1())):
        assert open_trust(TSL, [world.der(world.signer(CA, key=key)[0])], [], PIN).refused == 1


def test_of_two_certificates_with_one_identifier_neither_counts():
    twin = world.signer(CA)
    state = open_trust(TSL, [*ABCD, world.der(twin[0])], [CRL], PIN)
    assert (state.trust.certificates, state.refused) == ((), 1)
    assert len(open_trust(TSL, [*ABCD, *ABCD], [CRL], PIN).trust.certificates) == 1


@pytest.mark.parametrize(
    "crl",
    [
        world.revocations(world.authority("Authority three")),
        world.revocations(world.authority("Somebody")),
        world.revocations(CA, delta=True),
    ],
)
def test_revocation_lists_of_others_and_parts_do_not_count(crl):
    state = open_trust(TSL, ABCD, [crl], PIN)
    assert (state.unused_revocations, state.unchecked) == (1, 1)


# --- the list -------------------------------------------------------------------------------------


def test_what_a_list_says():
    found = open_list(TSL, PIN)
    assert (found.sequence, found.withheld) == (1, 0)
    assert found.issued == datetime(2026, 11, 1, tzinfo=UTC)
    assert found.next_update == datetime(2027, 5, 1, tzinfo=UTC)
    assert [(a.ca_id, a.certificate) for a in found.authorities] == [("FR03", world.der(CA[0]))]


def test_a_signature_with_signed_properties_is_read():
    both = world.signed_with_properties(XML, OPERATOR)
    assert b"SignedProperties" in both
    assert open_list(both, PIN) == open_list(TSL, PIN)
    with pytest.raises(TrustListError):
        open_list(both.replace(b">FR03<", b">FR04<"), PIN)


def test_the_identifier_may_stand_in_the_name():
    xml = world.plain_list([Provider("FR03", CA[0], field="TSPName")])
    assert open_list(world.signed(xml, OPERATOR), PIN).authorities[0].ca_id == "FR03"


@pytest.mark.parametrize(
    "provider",
    [
        Provider("FR03", CA[0], status="http://uri.etsi.org/TrstSvc/Svcstatus/withdrawn"),
        Provider("FR03", CA[0], status=""),
        Provider("FR03", CA[0], status="granted-not"),
        Provider("Une autorité", CA[0]),
        Provider("FR03 ou FR04", CA[0]),
    ],
)
def test_providers_that_do_not_count(provider):
    found = open_list(world.signed(world.plain_list([provider]), OPERATOR), PIN)
    assert (found.authorities, found.withheld) == ((), 1)


def test_one_identifier_for_two_providers_is_refused():
    xml = world.plain_list([Provider("FR03", CA[0]), Provider("FR03", OPERATOR[0])])
    with pytest.raises(TrustListError):
        open_list(world.signed(xml, OPERATOR), PIN)


def test_a_list_of_another_signer_is_refused():
    other = world.authority("Impostor")
    with pytest.raises(TrustSignerError):
        open_list(world.signed(XML, other), PIN)


def test_a_signature_by_another_key_under_the_pinned_certificate_is_refused():
    other = world.signed(XML, (world.authority("X")[0], world.authority("X")[1])).decode()
    own = base64.b64encode(world.der(OPERATOR[0])).decode()
    start = other.index("<ds:X509Certificate>") + len("<ds:X509Certificate>")
    end = other.index("</ds:X509Certificate>")
    with pytest.raises(TrustListError):
        open_list((other[:start] + own + other[end:]).encode(), PIN)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"<TSLSequenceNumber>1<", b"<TSLSequenceNumber>2<"),
        (b">FR03<", b">FR04<"),
        (b"2027-05-01", b"2037-05-01"),
        (b"/granted<", b"/accredited<"),
        (b"</SchemeInformation>", b"<x/></SchemeInformation>"),
    ],
)
def test_one_change_breaks_the_signature(old, new):
    assert old in TSL
    with pytest.raises(TrustListError):
        open_list(TSL.replace(old, new, 1), PIN)


def test_a_comment_does_not_cut_a_signed_value():
    changed = TSL.replace(b">FR03<", b">FR<!-- -->03<")
    assert open_list(changed, PIN).authorities[0].ca_id == "FR03"


def test_a_signed_part_beside_an_unsigned_list_is_refused():
    inner = TSL.split(b"?>", 1)[1]
    wrapped = f"<TrustServiceStatusList xmlns='{world.TSL}'>".encode() + inner
    with pytest.raises((TrustListError, TrustSignerError)):
        open_list(wrapped + b"</TrustServiceStatusList>", PIN)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"<a/>",
        b"\x00",
        b"\xff\xfe<\x00a\x00/\x00>\x00",
        XML.encode(),
        b"<!DOCTYPE a [<!ENTITY b 'c'>]>" + TSL.split(b"?>", 1)[1],
        b"<?xml version='1.0' encoding='UTF-16'?><a/>",
        b"<" * 100_000,
        b"<a>" * 5_000,
        b"<TrustServiceStatusList>" + b"x" * (9 * 1024 * 1024),
        TSL[:-40],
        TSL.replace(b"rsa-sha256", b"rsa-sha1"),
        TSL.replace(b"rsa-sha256", b"hmac-sha256"),
    ],
)
def test_what_is_no_list_is_refused(data):
    with pytest.raises((TrustListError, TrustSignerError)):
        open_list(data, PIN)


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.integers(0, len(TSL) - 1), st.binary(min_size=1, max_size=4))
def test_damage_anywhere_never_changes_what_is_believed(place, junk):
    changed = TSL[:place] + junk + TSL[place + len(junk) :]
    try:
        found = open_list(changed, PIN)
    except (TrustListError, TrustSignerError):
        return
    assert found == open_list(TSL, PIN)


# --- files of certificates ------------------------------------------------------------------------


def test_every_form_of_file_is_taken_apart():
    one, two = LEAF[0], world.signer(CA, "ABCE")[0]
    pem = b"".join(c.public_bytes(serialization.Encoding.PEM) for c in (one, two))
    mime = b"".join(
        b"--End\r\nContent-Type: application/pkix-cert\r\n\r\n" + world.der(c) + b"\r\n"
        for c in (one, two)
    )
    expected = {world.der(one), world.der(two)}
    for data in (
        pem,
        mime + b"--End--\r\n",
        pkcs7.serialize_certificates([one, two], serialization.Encoding.DER),
        pkcs7.serialize_certificates([one, two], serialization.Encoding.PEM),
    ):
        assert set(take_apart(data).certificates) == expected
    assert take_apart(world.der(one)).certificates == (world.der(one),)
    crl = x509.load_der_x509_crl(CRL)
    for data in (CRL, crl.public_bytes(serialization.Encoding.PEM)):
        assert take_apart(data).revocations == (CRL,)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
        b"Content-Type: application/pkix-cert\r\n\r\nnothing",
        b"Content-Type: application/pkix-cert\r\n\r\n\x30\x82\xff\xff",
        b"-----BEGIN PKCS7-----\nAAAA\n-----END PKCS7-----\n",
        b"0" * (17 * 1024 * 1024),
    ],
)
def test_files_without_a_certificate_are_refused(data):
    with pytest.raises(CertificateFileError):
        take_apart(data)


def test_a_revocation_list_of_an_impossible_version_is_refused():
    # Found by fuzzing: the library raises something of its own.
    with pytest.raises(CertificateFileError):
        take_apart(CRL.replace(b"\x02\x01\x01", b"\x02\x01\x09", 1))


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=300))
def test_any_file_is_taken_apart_or_refused(data):
    with pytest.raises(CertificateFileError):
        take_apart(data)


# --- keeping --------------------------------------------------------------------------------------

FILES = {"tsl.xml": TSL, "abcd.der": ABCD[0], "fr03.crl": CRL}


def test_an_import_survives_and_judges():
    store = InMemoryStore()
    assert load_state(store) is None
    state = import_files(store, FILES, PIN.upper())
    assert pinned_signer(store) == PIN
    assert load_state(store) == state
    assert (state.authorities, state.sequence, state.age_days(TODAY)) == (("FR03",), 1, 25)
    assert verify(SEAL, load_trust(store), TODAY) is SealVerdict.VALID


def test_the_signer_must_be_pinned_and_stays():
    store = InMemoryStore()
    with pytest.raises(TrustSignerError):
        import_files(store, FILES)
    with pytest.raises(TrustSignerError):
        import_files(store, FILES, "ab")
    import_files(store, FILES, PIN)
    import_files(store, FILES)
    with pytest.raises(TrustSignerError):
        import_files(store, FILES, "0" * 64)
    assert pinned_signer(store) == PIN


def newer(sequence, status=world.GRANTED):
    xml = world.plain_list([Provider("FR03", CA[0], status)], sequence=sequence)
    return world.signed(xml, OPERATOR)


def test_a_list_never_goes_back():
    store = InMemoryStore()
    import_files(store, {"a": newer(5), "b": ABCD[0], "c": CRL}, PIN)
    for number in (4, 5):
        other = newer(number, "http://uri.etsi.org/TrstSvc/Svcstatus/accredited")
        with pytest.raises(TrustRollbackError):
            import_files(store, {"a": other})
    assert import_files(store, {"a": newer(6)}).sequence == 6
    assert len(load_trust(store).certificates) == 1


def test_certificates_and_revocations_may_come_later():
    store = InMemoryStore()
    import_files(store, {"a": TSL}, PIN)
    assert verify(SEAL, load_trust(store), TODAY) is SealVerdict.UNKNOWN_CERTIFICATE
    import_files(store, {"b": ABCD[0]})
    assert verify(SEAL, load_trust(store), TODAY) is SealVerdict.LIST_TOO_OLD
    import_files(store, {"c": CRL})
    assert verify(SEAL, load_trust(store), TODAY) is SealVerdict.VALID


def test_certificates_without_a_list_are_not_kept():
    store = InMemoryStore()
    with pytest.raises(TrustListError):
        import_files(store, {"b": ABCD[0]}, PIN)
    assert pinned_signer(store) == ""


def test_one_bad_file_spoils_the_whole_import():
    store = InMemoryStore()
    with pytest.raises(CertificateFileError):
        import_files(store, {**FILES, "x": b"junk"}, PIN)
    with pytest.raises(TrustListError):
        import_files(store, {"a": TSL, "b": newer(2)}, PIN)
    assert load_state(store) is None


@pytest.mark.parametrize(
    ("value", "content"),
    [(LIST, TSL.replace(b">FR03<", b">FR04<")), (SIGNERS, b"[1]"), (SIGNERS, b'["AAAA"]')],
)
def test_what_was_altered_in_the_store_is_not_believed(value, content):
    store = InMemoryStore()
    import_files(store, FILES, PIN)
    with store.begin() as uow:
        uow.values.put(value, content)
        uow.commit()
    with pytest.raises((TrustListError, CertificateFileError)):
        load_state(store)
    assert load_trust(store).certificates == ()
