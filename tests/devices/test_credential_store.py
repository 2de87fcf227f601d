"""Secrets as systemd credentials: by the real program with a host key of the test's own."""

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from kiosk.bootstrap import build
from kiosk.bootstrap.opening import key_store_of, move_to_credentials
from kiosk.devices.credential_store import CredentialKeyStore
from kiosk.domain.errors import CredentialStoreError
from kiosk.paths import Paths
from kiosk.ports import KeyStore
from kiosk.services.key_change import SECRETS, rewrap
from tests.contracts.key_store import KeyStoreContract
from tests.fakes.key_stores import InMemoryKeyring

# systemd is Linux; there its absence is no reason to skip: the set-up installs it.
pytestmark = [
    pytest.mark.process,
    pytest.mark.skipif(not sys.platform.startswith("linux"), reason="systemd is Linux"),
]
SECRET = bytes(range(32))


@pytest.fixture(autouse=True)
def host_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A host key that is not the machine's."""
    path = tmp_path / "host.secret"
    monkeypatch.setenv("SYSTEMD_CREDENTIAL_SECRET", str(path))
    if os.geteuid() != 0:
        # With a host key of one's own, systemd asks for no rights; the TPM would.
        monkeypatch.setattr(os, "geteuid", lambda: 0)
        monkeypatch.setattr(CredentialKeyStore, "_has_tpm", lambda _self: False)
    return path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "credentials"


class TestCredentialKeyStore(KeyStoreContract):
    @pytest.fixture
    def keys(self, folder: Path) -> KeyStore:
        return CredentialKeyStore(folder)


def test_what_lies_on_the_disk_tells_nothing_and_is_for_this_user_only(folder: Path):
    CredentialKeyStore(folder).put("database", SECRET)
    (file,) = folder.iterdir()
    assert file.name == "database.cred"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert SECRET not in file.read_bytes()


def test_another_program_reads_it_with_the_tools_of_the_system(folder: Path):
    CredentialKeyStore(folder).put("database", SECRET)
    done = subprocess.run(
        ["systemd-creds", "decrypt", "--name=database", folder / "database.cred", "-"],
        capture_output=True,
        check=True,
    )
    assert done.stdout == b"\x01" + SECRET


def test_a_secret_put_in_the_place_of_another_is_refused(folder: Path):
    store = CredentialKeyStore(folder)
    store.put("device-secret", SECRET)
    (folder / "device-secret.cred").rename(folder / "database.cred")
    with pytest.raises(CredentialStoreError):
        store.get("database")


def test_every_changed_byte_is_refused(folder: Path):
    store = CredentialKeyStore(folder)
    store.put("database", SECRET)
    path = folder / "database.cred"
    sound = path.read_bytes()
    for place in range(0, len(sound) - 2, 9):
        changed = bytearray(sound)
        changed[place] = ord("A") if changed[place] != ord("A") else ord("B")
        path.write_bytes(bytes(changed))
        with pytest.raises(CredentialStoreError):
            store.get("database")
    path.write_bytes(sound)
    assert store.get("database") == SECRET


def test_on_another_machine_nothing_opens(folder: Path, host_key: Path):
    store = CredentialKeyStore(folder)
    store.put("database", SECRET)
    host_key.unlink()
    with pytest.raises(CredentialStoreError):
        store.get("database")


def test_a_replaced_secret_is_the_new_one_or_the_old_one(
    folder: Path, monkeypatch: pytest.MonkeyPatch
):
    store = CredentialKeyStore(folder)
    store.put("database", SECRET)

    def cut(self: Path, _target: Path) -> Path:
        raise OSError("power cut")

    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", cut)
        with pytest.raises(CredentialStoreError):
            store.put("database", bytes(32))
    assert store.get("database") == SECRET


def script(folder: Path, text: str) -> str:
    path = folder / "systemd-creds"
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return str(path)


FAILING = {
    "missing": None,
    "silent": "exit 0",
    "old and not root": "echo 'systemd 252 (252)'",
    "keeps it in clear": 'case "$1" in --version) echo "systemd 252";; has-tpm2) exit 1;; '
    "*) cat;; esac",
    "fails": 'case "$1" in --version) echo "systemd 252";; *) echo secret >&2; exit 1;; esac',
}


@pytest.mark.parametrize("what", FAILING)
def test_a_system_that_cannot_keep_a_secret_is_refused_and_nothing_lies_in_clear(
    folder: Path, tmp_path: Path, what: str, monkeypatch: pytest.MonkeyPatch
):
    text = FAILING[what]
    program = str(tmp_path / "nowhere") if text is None else script(tmp_path, text)
    if what == "old and not root":
        monkeypatch.setattr(os, "geteuid", lambda: 1000)
    with pytest.raises(CredentialStoreError) as told:
        CredentialKeyStore(folder, program).put("database", SECRET)
    assert "secret" not in str(told.value)
    assert not folder.exists() or not list(folder.iterdir())


def test_an_ordinary_user_asks_the_system_in_its_own_scope(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """From systemd 256 on; told apart here by what the program is asked."""
    log = tmp_path / "asked"
    program = script(
        tmp_path,
        f'echo "$@" >> {log}\n'
        'case "$1" in --version) echo "systemd 257";;\n'
        "--user) shift; case $1 in encrypt) base64;; decrypt) base64 -d $3;; esac;; esac",
    )
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    store = CredentialKeyStore(folder, program)
    store.put("database", SECRET)
    assert store.get("database") == SECRET
    asked = log.read_text().splitlines()
    assert asked[1] == "--user encrypt --name=database --with-key=auto - -"
    assert all(line.startswith(("--version", "--user ")) for line in asked)


def test_a_machine_with_a_tpm_lets_it_take_part(folder: Path, tmp_path: Path):
    log = tmp_path / "asked"
    program = script(
        tmp_path,
        f'echo "$@" >> {log}\n'
        'case "$1" in --version) echo "systemd 252";; has-tpm2) exit 0;;\n'
        "encrypt) base64;; decrypt) base64 -d $3;; esac",
    )
    store = CredentialKeyStore(folder, program)
    store.uses_tpm = store._run(("has-tpm2", "--quiet")) == b""
    store.put("database", SECRET)
    assert "encrypt --name=database --with-key=host+tpm2 - -" in log.read_text()


def test_the_choice_is_made_once_and_holds_at_every_start(tmp_path: Path):
    paths = Paths.of_device(tmp_path / "data")
    paths.prepare()
    move_to_credentials(paths)
    move_to_credentials(paths)
    assert isinstance(key_store_of(paths), CredentialKeyStore)
    assert not list((paths.data / "credentials").iterdir()), "the trial left nothing"


@pytest.fixture
def at_work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Paths, KeyStore]:
    """A device whose secrets are in the key ring of the session."""
    paths, backend = Paths.of_device(tmp_path / "data"), InMemoryKeyring()
    monkeypatch.setattr("kiosk.devices.key_stores.system_backend", lambda: backend)
    build(paths).close()
    return paths, key_store_of(paths)


def test_a_device_at_work_moves_with_all_its_secrets(at_work: tuple[Paths, KeyStore]):
    paths, ring = at_work
    before = {name: ring.get(name) for name in SECRETS}
    assert all(before[name] for name in ("database", "device-signing", "device-secret"))
    move_to_credentials(paths)
    kept = key_store_of(paths)
    assert isinstance(kept, CredentialKeyStore)
    assert {name: kept.get(name) for name in SECRETS} == before
    assert [ring.get(name) for name in SECRETS] == [None] * len(SECRETS)
    kiosk = build(paths)
    assert kiosk.device_key.seed == before["device-signing"]
    kiosk.close()


def test_a_move_that_fails_leaves_everything_where_it_was(
    at_work: tuple[Paths, KeyStore], monkeypatch: pytest.MonkeyPatch
):
    paths, ring = at_work
    before = {name: ring.get(name) for name in SECRETS}
    real = CredentialKeyStore.put

    def failing(self: CredentialKeyStore, name: str, secret: bytes) -> None:
        if name == "device-secret":
            raise CredentialStoreError("encrypt refused")
        real(self, name, secret)

    monkeypatch.setattr(CredentialKeyStore, "put", failing)
    with pytest.raises(CredentialStoreError):
        move_to_credentials(paths)
    assert sorted(p.name for p in paths.data.iterdir() if "cred" in p.name) == []
    assert {name: ring.get(name) for name in SECRETS} == before
    build(paths).close()


def test_secrets_are_wrapped_anew_and_stay_the_same(folder: Path):
    store = CredentialKeyStore(folder)
    for number, name in enumerate(SECRETS[:3]):
        store.put(name, bytes([number]) * 32)
    before = {file.name: file.read_bytes() for file in folder.iterdir()}
    assert rewrap(store, store) == tuple(SECRETS[:3])
    after = {file.name: file.read_bytes() for file in folder.iterdir()}
    assert before.keys() == after.keys()
    assert all(before[name] != after[name] for name in before)
    assert [store.get(name) for name in SECRETS[:3]] == [bytes([n]) * 32 for n in range(3)]
