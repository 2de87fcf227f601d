"""The sealed key beside the vault: right for the key, the auditors and the device of today."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.audit.vault_escrow import VaultKeys, open_vault_keys, parse_vault_keys, seal_vault_keys
from kiosk.crypto.age import Identity
from kiosk.domain.errors import DiskFullError, SealedRecordError
from kiosk.domain.ids import DeviceId
from kiosk.services.terms import Terms
from kiosk.services.vault_escrow import VaultEscrow
from tests.fakes.store import InMemoryStore

DEVICE = DeviceId("dev-1")


class File:
    """A file in memory that may be on a full disk."""

    def __init__(self) -> None:
        self.data = b""
        self.writes = 0
        self.full = False

    def read(self) -> bytes:
        return self.data

    def write(self, data: bytes) -> None:
        if self.full:
            raise DiskFullError("escrow")
        self.data, self.writes = data, self.writes + 1


class Place:
    """One device: its file, its keys, its auditors."""

    def __init__(self) -> None:
        self.file = File()
        self.keys: tuple[bytes, ...] = (bytes(32),)
        self.auditors = (Identity.generate(),)
        self.enrolled = True
        self.store = InMemoryStore()
        self.escrow = VaultEscrow(self.store, self.file, self._terms, DEVICE, lambda: self.keys)

    def _terms(self) -> Terms:
        recipients = tuple(auditor.recipient for auditor in self.auditors)
        return Terms(recipients=recipients if self.enrolled else ())


@pytest.fixture
def place() -> Place:
    return Place()


def test_each_auditor_of_the_policy_opens_it_and_nobody_else(place: Place):
    place.auditors = (Identity.generate(), Identity.generate())
    place.escrow.keep()
    for auditor in place.auditors:
        assert open_vault_keys(place.file.data, auditor) == VaultKeys(DEVICE, (bytes(32),))
    with pytest.raises(SealedRecordError):
        open_vault_keys(place.file.data, Identity.generate())
    assert bytes(32) not in place.file.data


def test_it_is_written_once_and_again_only_when_something_changed(place: Place):
    for _ in range(3):
        place.escrow.keep()
    assert place.file.writes == 1
    place.keys = (bytes(32), bytes([1]) * 32)
    place.escrow.keep()
    place.auditors = (Identity.generate(),)
    place.escrow.keep()
    assert open_vault_keys(place.file.data, place.auditors[0]).keys == place.keys
    place.file.data = b"something else"
    assert not place.escrow.kept()
    place.escrow.keep()
    assert place.file.writes == 4
    assert place.escrow.kept()


def test_before_a_policy_there_is_nobody_to_seal_to(place: Place):
    place.enrolled = False
    place.escrow.keep()
    assert (place.file.data, place.escrow.kept()) == (b"", True)


def test_a_full_disk_is_no_reason_to_stop_and_is_told(place: Place):
    place.file.full = True
    assert not place.escrow.try_keep()
    assert not place.escrow.kept()
    place.file.full = False
    assert place.escrow.try_keep()
    assert place.escrow.kept()


@given(st.text(max_size=300))
def test_what_is_no_key_file_is_refused(text: str):
    with pytest.raises(SealedRecordError):
        parse_vault_keys(text)


@pytest.mark.parametrize(
    "text",
    [
        '{"device_id":"d","format":"visavis-vault-key/1","keys":[]}',
        '{"device_id":"d","format":"visavis-vault-key/1","keys":["AAAA"]}',
        '{"device_id":"d","format":"visavis-vault-key/1","keys":7}',
        '{"device_id":"d","format":"visavis-vault-key/2","keys":["' + "A" * 43 + '"]}',
        '["visavis-vault-key/1"]',
    ],
)
def test_almost_a_key_file_is_refused_too(text: str):
    with pytest.raises(SealedRecordError):
        parse_vault_keys(text)


def test_text_and_seal_come_back():
    keys = VaultKeys(DEVICE, (bytes(range(32)), bytes(32)))
    auditor = Identity.generate()
    assert parse_vault_keys(keys.text()) == keys
    sealed = seal_vault_keys(keys, (auditor.recipient,))
    assert open_vault_keys(sealed, auditor) == keys
    with pytest.raises(SealedRecordError):
        open_vault_keys(sealed + bytes(64 * 1024), auditor)
