"""age files for a passphrase. Opened by another implementation in tests/interop."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kiosk.crypto.age_passphrase import decrypt, encrypt, is_protected
from kiosk.domain.errors import SealedRecordError

SEALED = encrypt(b"seed", "correct horse", 10)


@settings(deadline=None, max_examples=25)
@given(data=st.binary(max_size=200), passphrase=st.text(st.characters(codec="utf-8"), min_size=1))
def test_the_same_passphrase_opens_it(data, passphrase):
    sealed = encrypt(data, passphrase, 2)
    assert is_protected(sealed)
    assert decrypt(sealed, passphrase) == data


def test_another_passphrase_does_not():
    for wrong in ("", "correct hors", "Correct horse", "\ud800"):
        with pytest.raises(SealedRecordError):
            decrypt(SEALED, wrong)


def test_an_empty_passphrase_is_none():
    with pytest.raises(ValueError, match="empty"):
        encrypt(b"", "")


@settings(deadline=None)
@given(place=st.integers(0, len(SEALED) - 1), bit=st.integers(0, 7))
def test_no_bit_of_it_can_be_changed(place, bit):
    spoilt = bytearray(SEALED)
    spoilt[place] ^= 1 << bit
    with pytest.raises(SealedRecordError):
        decrypt(bytes(spoilt), "correct horse")


def test_work_without_end_is_not_begun_and_other_stanzas_are_not_read():
    costly = SEALED.replace(b" 10\n", b" 63\n")
    twice = SEALED.replace(b"\n---", b"\n-> scrypt AAAA 1\nAAAA\n---")
    for other in (costly, twice, b"", b"age-encryption.org/v1\n"):
        with pytest.raises(SealedRecordError, match="passphrase"):
            decrypt(other, "correct horse")
