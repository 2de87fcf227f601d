"""Key stores: the operating system's, refused when it keeps nothing, and the demonstration's."""

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import keyring
import pytest
from keyring.backend import KeyringBackend
from keyring.backends import chainer, fail, null

from kiosk.devices.key_stores import DemonstrationKeyStore, KeyringKeyStore, system_backend
from kiosk.domain.errors import KeyStoreError
from kiosk.ports import KeyStore
from tests.contracts.key_store import KeyStoreContract
from tests.fakes.key_stores import ForgetfulKeyring, InMemoryKeyring, MemoryKeyStore


class TestKeyringKeyStore(KeyStoreContract):
    @pytest.fixture
    def keys(self) -> KeyStore:
        return KeyringKeyStore(InMemoryKeyring())


class TestDemonstrationKeyStore(KeyStoreContract):
    @pytest.fixture
    def keys(self, tmp_path: Path) -> KeyStore:
        return DemonstrationKeyStore(tmp_path)


class TestMemoryKeyStore(KeyStoreContract):
    @pytest.fixture
    def keys(self) -> KeyStore:
        return MemoryKeyStore()


@pytest.fixture
def keep_keyring() -> Iterator[None]:
    before = keyring.get_keyring()
    yield
    keyring.set_keyring(before)


class PlaintextKeyring(InMemoryKeyring):
    """Stands for a third-party backend that writes secrets in clear."""


@pytest.mark.usefixtures("keep_keyring")
@pytest.mark.parametrize("backend", [fail.Keyring(), null.Keyring(), PlaintextKeyring()])
def test_a_backend_that_keeps_nothing_or_keeps_it_in_clear_is_refused(backend: KeyringBackend):
    keyring.set_keyring(backend)
    with pytest.raises(KeyStoreError):
        system_backend()


@pytest.mark.usefixtures("keep_keyring")
def test_a_chain_of_untrusted_backends_is_refused(monkeypatch: pytest.MonkeyPatch):
    chain = chainer.ChainerBackend()
    monkeypatch.setattr(chainer.ChainerBackend, "backends", [PlaintextKeyring(), null.Keyring()])
    keyring.set_keyring(chain)
    with pytest.raises(KeyStoreError):
        system_backend()


@pytest.mark.usefixtures("keep_keyring")
def test_the_system_s_own_store_is_found_inside_a_chain(monkeypatch: pytest.MonkeyPatch):
    trusted = InMemoryKeyring()
    monkeypatch.setattr(InMemoryKeyring, "__module__", "keyring.backends.SecretService")
    monkeypatch.setattr(chainer.ChainerBackend, "backends", [null.Keyring(), trusted])
    keyring.set_keyring(chainer.ChainerBackend())
    assert system_backend() is trusted


@pytest.mark.parametrize("backend", [null.Keyring(), ForgetfulKeyring(), fail.Keyring()])
def test_a_secret_that_was_not_kept_is_an_error_at_once(backend: KeyringBackend):
    with pytest.raises(KeyStoreError):
        KeyringKeyStore(backend).put("database", b"secret")


def test_two_data_folders_on_one_machine_share_no_key():
    backend = InMemoryKeyring()
    KeyringKeyStore(backend, "vis-a-vis one").put("database", b"one")
    assert KeyringKeyStore(backend, "vis-a-vis two").get("database") is None


def test_a_foreign_value_in_the_store_is_an_error_of_ours():
    backend = InMemoryKeyring()
    backend.set_password("vis-a-vis", "database", "not base64url!")
    with pytest.raises(KeyStoreError):
        KeyringKeyStore(backend).get("database")


@pytest.mark.skipif(os.name != "posix", reason="POSIX permissions")
def test_the_demonstration_file_is_for_this_user_only(tmp_path: Path):
    keys = DemonstrationKeyStore(tmp_path)
    keys.put("database", b"secret")
    path = tmp_path / DemonstrationKeyStore.FILE_NAME
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    path.chmod(0o644)
    with pytest.raises(KeyStoreError):
        keys.get("database")


@pytest.mark.parametrize("content", ["", "[]", "{", '{"database": "***"}'])
def test_a_damaged_demonstration_file_is_an_error_of_ours(tmp_path: Path, content: str):
    path = tmp_path / DemonstrationKeyStore.FILE_NAME
    path.write_text(content)
    path.chmod(0o600)
    with pytest.raises(KeyStoreError):
        DemonstrationKeyStore(tmp_path).get("database")


def test_secrets_outlive_the_process(tmp_path: Path):
    DemonstrationKeyStore(tmp_path).put("database", b"secret")
    assert DemonstrationKeyStore(tmp_path).get("database") == b"secret"
    assert [p.name for p in tmp_path.iterdir()] == [DemonstrationKeyStore.FILE_NAME]
