"""A new key for the vault while work goes on, and the power may go at any moment."""

import sys
import threading
from pathlib import Path

import pytest

from kiosk.audit.entries import EntryKind
from kiosk.bootstrap import build
from kiosk.domain.errors import DiskFullError, KeyChangeError, KeyStoreError, VaultError
from kiosk.paths import Paths
from kiosk.services.key_change import DATABASE_KEY, DATABASE_NEXT, KeyChange
from kiosk.vault.store import SqlStore, open_store
from tests.fakes.desk import Desk
from tests.fakes.key_stores import MemoryKeyStore
from tests.services.test_sealing import decided
from tests.vault.figures import figures

KEY = bytes(range(32))


@pytest.fixture
def keys() -> MemoryKeyStore:
    return MemoryKeyStore(database=KEY, device_secret=b"device secret of thirty-two byte")


@pytest.fixture
def desk(tmp_path: Path, keys: MemoryKeyStore):
    desk = Desk(store=open_store(tmp_path / "vault.db", KEY), keys=keys)
    yield desk
    desk.store.close()


def opens(path: Path, key: bytes | None) -> bool:
    assert key is not None
    try:
        open_store(path, key).close()
    except VaultError:
        return False
    return True


def test_the_new_key_opens_everything_and_the_old_one_nothing(
    tmp_path: Path, desk: Desk, keys: MemoryKeyStore
):
    session = desk.session()
    facts = desk.sealing.seal(decided(), session)
    KeyChange(desk.store, keys, desk.journal).rotate_database()
    assert desk.kinds()[-1] == EntryKind.KEYS_CHANGED
    desk.sealing.seal(decided(case="e" * 32), session)
    assert desk.verify().verified
    assert desk.open_record(facts.seq).record["record_id"] == facts.record_id
    assert desk.store.problems() == ()
    desk.store.close()
    assert keys.get(DATABASE_NEXT) is None
    assert keys.get(DATABASE_KEY) != KEY
    assert not opens(tmp_path / "vault.db", KEY)
    assert opens(tmp_path / "vault.db", keys.get(DATABASE_KEY))


def test_work_goes_on_while_the_key_changes(desk: Desk, keys: MemoryKeyStore):
    session = desk.session()
    faults: list[Exception] = []

    def work() -> None:
        try:
            for number in range(12):
                desk.sealing.seal(decided(case=f"{number:032x}"), session)
        except Exception as exc:  # noqa: BLE001 - told by the test
            faults.append(exc)

    worker = threading.Thread(target=work)
    worker.start()
    change = KeyChange(desk.store, keys, desk.journal)
    for _ in range(3):
        change.rotate_database()
    worker.join()
    assert faults == []
    assert len(desk.outbox()) == 12
    assert desk.verify().verified
    assert desk.kinds().count("keys_changed") == 3


def test_without_room_nothing_changes(
    desk: Desk, keys: MemoryKeyStore, monkeypatch: pytest.MonkeyPatch
):
    desk.session()
    monkeypatch.setattr(SqlStore, "free_bytes", lambda _self: 1024)
    with pytest.raises(DiskFullError):
        KeyChange(desk.store, keys, desk.journal).rotate_database()
    assert (keys.get(DATABASE_KEY), keys.get(DATABASE_NEXT)) == (KEY, None)
    monkeypatch.undo()
    desk.sealing.seal(decided(), desk.session())


def test_a_change_that_fails_keeps_both_keys_and_goes_on(
    desk: Desk, keys: MemoryKeyStore, monkeypatch: pytest.MonkeyPatch
):
    desk.session()

    def failing(_self: SqlStore, _key: bytes) -> None:
        raise VaultError("SQLITE_IOERR")

    with monkeypatch.context() as patch:
        patch.setattr(SqlStore, "rekey", failing)
        with pytest.raises(KeyChangeError):
            KeyChange(desk.store, keys, desk.journal).rotate_database()
    assert keys.get(DATABASE_KEY) == KEY
    assert keys.get(DATABASE_NEXT) is not None
    desk.sealing.seal(decided(), desk.session())


class DyingKeyStore(MemoryKeyStore):
    """The machine dies, or the store refuses, at the n-th change of a secret."""

    left = 10**6

    def put(self, name: str, secret: bytes) -> None:
        self._count()
        super().put(name, secret)

    def delete(self, name: str) -> None:
        self._count()
        super().delete(name)

    def _count(self) -> None:
        if self.left == 0:
            raise KeyStoreError("dead")
        self.left -= 1


@pytest.mark.parametrize("step", range(4))
def test_a_change_interrupted_between_its_steps_is_settled_at_the_next_start(
    tmp_path: Path, step: int
):
    paths, keys = Paths.of_device(tmp_path / "data"), DyingKeyStore()
    kiosk = build(paths, keys=keys)
    kiosk.journal.record(EntryKind.BOOT)
    keys.left = step
    try:
        kiosk.key_change.rotate_database()
        done = True
    except KeyStoreError:
        done = False
    kiosk.close()
    keys.left = 10**6
    assert done == (step == 3)
    again = build(paths, keys=keys)
    assert keys.get(DATABASE_NEXT) is None
    assert again.verify_journal().verified
    with again.store.begin() as uow:
        assert uow.journal.size() >= 1
    again.close()
    assert opens(paths.vault, keys.get(DATABASE_KEY))


@pytest.mark.process
@pytest.mark.skipif(
    not sys.platform.startswith("linux"), reason="SQLCipher's VFS calls are exported on Linux"
)
def test_a_power_cut_at_any_write_of_the_change_finds_a_key_that_opens(tmp_path: Path):
    found = figures("-m", "tests.vault.rekey_process", tmp_path, "700")
    assert found["faults"] == {}
    assert min(found["opened"]["old"], found["opened"]["new"]) > 80, found
