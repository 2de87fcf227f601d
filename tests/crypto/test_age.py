"""age files: sealed for the recipients, refused to everybody else, no byte may change."""

import os

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyhpke import AEADId, CipherSuite, KDFId, KEMId

from kiosk.crypto import age
from kiosk.domain.errors import SealedRecordError

IDENTITY = age.Identity.from_seed(bytes(range(32)))
OTHER = age.Identity.from_seed(bytes(range(1, 33)))
CHUNK = 64 * 1024
KNOWN_KID = "c9a3565ffde4f72b"


@pytest.mark.parametrize("size", [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK])
def test_every_recipient_opens_what_was_sealed(size):
    plaintext = os.urandom(size)
    blob = age.encrypt(plaintext, [IDENTITY.recipient, OTHER.recipient])
    assert age.decrypt(blob, IDENTITY) == plaintext
    assert age.decrypt(blob, OTHER) == plaintext


def test_header_with_two_recipients_has_the_documented_size():
    header, _ = age.split(age.encrypt(b"x", [IDENTITY.recipient, OTHER.recipient]))
    assert len(header) == 3184
    assert age.recipients_count(header) == 2


def test_a_stranger_opens_nothing():
    blob = age.encrypt(b"secret", [OTHER.recipient])
    with pytest.raises(SealedRecordError):
        age.decrypt(blob, IDENTITY)


def test_no_recipient_is_refused():
    with pytest.raises(ValueError, match="never be opened"):
        age.encrypt(b"secret", [])


def test_every_byte_of_header_and_payload_is_protected():
    blob = age.encrypt(b"a short record", [IDENTITY.recipient])
    for position in range(len(blob)):
        altered = bytearray(blob)
        altered[position] ^= 1
        with pytest.raises(SealedRecordError):
            age.decrypt(bytes(altered), IDENTITY)


@pytest.mark.parametrize("cut", [1, 17, CHUNK, CHUNK + 16, CHUNK + 17])
def test_truncation_is_noticed(cut):
    blob = age.encrypt(os.urandom(2 * CHUNK), [IDENTITY.recipient])
    with pytest.raises(SealedRecordError):
        age.decrypt(blob[:-cut], IDENTITY)


@given(st.binary(max_size=300))
def test_foreign_bytes_only_raise_our_error(data):
    with pytest.raises(SealedRecordError):
        age.decrypt(b"age-encryption.org/v1\n" + data, IDENTITY)


def test_identity_and_recipient_round_trip_as_text():
    assert age.Identity.parse(IDENTITY.text) == IDENTITY
    assert IDENTITY.text.startswith("AGE-SECRET-KEY-PQ-1")
    assert IDENTITY.recipient.startswith("age1pq1")
    assert len(age.kid_of(IDENTITY.recipient)) == 16
    with pytest.raises(ValueError):
        age.kid_of(IDENTITY.recipient[:-1] + ("q" if IDENTITY.recipient[-1] != "q" else "p"))


def test_known_seed_gives_the_known_recipient():
    # Same value by an independent implementation (npm package age-encryption 0.3.1).
    assert age.kid_of(IDENTITY.recipient) == KNOWN_KID


def test_classical_hpke_of_the_library_agrees_with_another_one():
    """The HPKE that wraps file keys is checked against pyhpke where both know the KEM."""
    from cryptography.hazmat.primitives import hpke
    from cryptography.hazmat.primitives.asymmetric import x25519

    suite = CipherSuite.new(
        KEMId.DHKEM_X25519_HKDF_SHA256, KDFId.HKDF_SHA256, AEADId.CHACHA20_POLY1305
    )
    ours = hpke.Suite(hpke.KEM.X25519, hpke.KDF.HKDF_SHA256, hpke.AEAD.CHACHA20_POLY1305)
    private = x25519.X25519PrivateKey.generate()
    sealed = ours.encrypt(b"file key", private.public_key(), info=b"label")
    from pyhpke import KEMKey

    theirs = suite.create_recipient_context(
        sealed[:32], KEMKey.from_pyca_cryptography_key(private), info=b"label"
    )
    assert theirs.open(sealed[32:]) == b"file key"
