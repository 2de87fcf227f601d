"""Opening the store: settings, versions, wrong keys, damage, another process."""

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlcipher3 import dbapi2

from kiosk.domain.errors import (
    VaultBusyError,
    VaultCorruptError,
    VaultError,
    VaultKeyError,
    VaultPragmaError,
    VaultVersionError,
)
from kiosk.vault import migrations, opening
from kiosk.vault.store import open_store
from tests.contracts.store import journal_row

KEY = bytes(range(32))
OTHER_KEY = bytes(32)
PAGE = 4096


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A closed store with one value and one journal entry's worth of pages."""
    path = tmp_path / "vault.db"
    store = open_store(path, KEY)
    with store.begin() as uow:
        uow.values.put("kept", b"here")
        uow.values.put("bulk", bytes(20 * PAGE))
        uow.commit()
    store.close()
    return path


def raw(path: Path, key: bytes = KEY):
    connection = dbapi2.connect(str(path), isolation_level=None)
    connection.execute(f"PRAGMA key = \"x'{key.hex()}'\"")
    return connection


def kept(path: Path) -> bytes | None:
    store = open_store(path, KEY)
    try:
        with store.begin() as uow:
            return uow.values.get("kept")
    finally:
        store.close()


def flip(path: Path, offset: int) -> None:
    data = bytearray(path.read_bytes())
    data[offset] ^= 1
    path.write_bytes(bytes(data))


def test_what_was_committed_is_there_after_closing_and_opening(path: Path):
    assert kept(path) == b"here"


def test_no_byte_of_the_file_is_readable(path: Path):
    content = path.read_bytes()
    assert not content.startswith(b"SQLite format 3")
    assert b"named_values" not in content


@pytest.mark.skipif(os.name != "posix", reason="POSIX permissions")
def test_only_this_user_can_read_the_files(path: Path):
    store = open_store(path, KEY)
    with store.begin() as uow:
        uow.values.put("a", b"b")
        uow.commit()
    files = sorted(p.name for p in path.parent.iterdir())
    modes = {stat.S_IMODE(p.stat().st_mode) for p in path.parent.iterdir()}
    store.close()
    assert files == ["vault.db", "vault.db-wal", "vault.db.keycheck"], "the index is in memory"
    assert modes == {0o600}


def test_the_key_is_32_raw_bytes(tmp_path: Path):
    with pytest.raises(VaultKeyError):
        open_store(tmp_path / "vault.db", b"short")


def test_a_wrong_key_is_called_a_wrong_key(path: Path):
    with pytest.raises(VaultKeyError):
        open_store(path, OTHER_KEY)
    assert kept(path) == b"here"


def test_a_wrong_key_is_recognised_without_the_check_file_too(path: Path):
    (path.parent / "vault.db.keycheck").unlink()
    with pytest.raises(VaultKeyError):
        open_store(path, OTHER_KEY)
    assert kept(path) == b"here"


def test_a_damaged_first_page_is_called_damage(path: Path):
    flip(path, 100)
    with pytest.raises(VaultCorruptError):
        open_store(path, KEY)


def test_a_damaged_page_further_on_is_found_and_named(path: Path):
    pages = len(path.read_bytes()) // PAGE
    flip(path, (pages - 2) * PAGE + 100)
    store = open_store(path, KEY)
    try:
        assert store.problems()
        with pytest.raises(VaultCorruptError), store.begin() as uow:
            uow.values.get("bulk")
    finally:
        store.close()


def test_a_sound_file_has_no_problems(path: Path):
    store = open_store(path, KEY)
    assert store.problems() == ()
    store.close()


def test_a_truncated_file_is_called_damage(path: Path):
    path.write_bytes(path.read_bytes()[: 3 * PAGE])
    with pytest.raises(VaultCorruptError):
        kept(path)


def test_a_foreign_file_is_not_overwritten(tmp_path: Path):
    path = tmp_path / "vault.db"
    path.write_bytes(b"not a database at all, but somebody's file" * 200)
    before = path.read_bytes()
    with pytest.raises(VaultKeyError):
        open_store(path, KEY)
    assert path.read_bytes() == before


def test_a_folder_that_is_not_there_is_an_error_of_ours(tmp_path: Path):
    with pytest.raises(VaultError):
        open_store(tmp_path / "missing" / "vault.db", KEY)


def test_a_newer_version_is_refused_and_left_alone(path: Path):
    connection = raw(path)
    connection.execute(f"PRAGMA user_version = {migrations.VERSION + 1}")
    connection.close()
    with pytest.raises(VaultVersionError):
        open_store(path, KEY)
    connection = raw(path)
    assert connection.execute("PRAGMA user_version").fetchone() == (migrations.VERSION + 1,)
    connection.close()


def test_a_setting_that_does_not_hold_stops_everything(tmp_path: Path):
    # Tables made before auto_vacuum was set: SQLite keeps the old value without a word.
    path = tmp_path / "vault.db"
    connection = raw(path)
    connection.execute("CREATE TABLE early (x)")
    connection.close()
    with pytest.raises(VaultPragmaError):
        open_store(path, KEY)


def test_every_setting_is_in_force_on_the_open_connection(path: Path):
    engine = opening.open_engine(path, KEY)
    with engine.connect() as connection:
        for name, _, expected in opening._SETTINGS:
            found = connection.exec_driver_sql(f"PRAGMA {name}").scalar_one()
            assert str(found) == expected, name
    engine.dispose()


# Written down once more, so that no change of the table in the program goes unnoticed.
# Source: records-and-sync 2.4; docs/decisions/0056 for the lock.
DEMANDED = {
    "auto_vacuum": "2",
    "locking_mode": "exclusive",
    "journal_mode": "wal",
    "synchronous": "2",
    "fullfsync": "1",
    "checkpoint_fullfsync": "1",
    "foreign_keys": "1",
    "secure_delete": "1",
    "temp_store": "2",
    "trusted_schema": "0",
}


def test_the_settings_are_those_that_durability_and_secrecy_need(path: Path):
    store = open_store(path, KEY)
    with store._open_engine().connect() as connection:
        found = {
            name: str(connection.exec_driver_sql(f"PRAGMA {name}").scalar_one()).lower()
            for name in DEMANDED
        }
    store.close()
    assert found == DEMANDED


def test_a_migration_that_fails_leaves_the_old_version(path: Path, monkeypatch: pytest.MonkeyPatch):
    def broken(connection) -> None:
        connection.exec_driver_sql("CREATE TABLE half (x)")
        connection.exec_driver_sql("CREATE TABLE half (x)")

    monkeypatch.setattr(migrations, "MIGRATIONS", (*migrations.MIGRATIONS, broken))
    monkeypatch.setattr(migrations, "VERSION", migrations.VERSION + 1)
    with pytest.raises(VaultError):
        open_store(path, KEY)
    monkeypatch.undo()
    assert kept(path) == b"here"
    connection = raw(path)
    tables = connection.execute("SELECT name FROM sqlite_master WHERE name = 'half'").fetchall()
    connection.close()
    assert tables == []


def test_the_file_itself_refuses_to_change_or_drop_a_journal_entry(path: Path):
    connection = raw(path)
    connection.execute("INSERT INTO journal VALUES (0, 'boot', NULL, 'then', 'e')")
    for statement in ("DELETE FROM journal", "UPDATE journal SET jws = 'other'"):
        with pytest.raises(dbapi2.IntegrityError):
            connection.execute(statement)
    connection.close()


def test_another_process_that_holds_the_store_is_named_busy(path: Path):
    holder = subprocess.Popen(
        [sys.executable, "-c", _HOLD, str(path), KEY.hex()],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    try:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        with pytest.raises(VaultBusyError):
            open_store(path, KEY, busy_timeout_s=0.05)
    finally:
        holder.communicate(b"\n", timeout=30)
    assert kept(path) == b"here"


_HOLD = """
import sys
from pathlib import Path
from kiosk.vault.store import open_store
store = open_store(Path(sys.argv[1]), bytes.fromhex(sys.argv[2]))
with store.begin() as uow:
    print("held", flush=True)
    sys.stdin.readline()
store.close()
"""


def test_purged_blobs_give_their_space_back(path: Path):
    small = path.stat().st_size
    store = open_store(path, KEY)
    with store.begin() as uow:
        uow.journal.append(journal_row(0))
        uow.blobs.put(0, os.urandom(3_000_000))
        uow.commit()
    store.close()
    assert path.stat().st_size > small + 3_000_000
    store = open_store(path, KEY)
    with store.begin() as uow:
        uow.blobs.purge(0)
        uow.commit()
    store.close()
    assert path.stat().st_size < small + 40_000


def test_damage_in_one_record_blocks_neither_the_others_nor_new_ones(path: Path):
    store = open_store(path, KEY)
    with store.begin() as uow:
        for seq in range(3):
            uow.journal.append(journal_row(seq))
            uow.blobs.put(seq, bytes([seq]) * 900_000)
        uow.commit()
    store.close()
    pages = path.stat().st_size // PAGE
    flip(path, (pages // 2) * PAGE + 77)

    store = open_store(path, KEY)

    def readable(seq: int) -> bool:
        try:
            with store.begin() as uow:
                return uow.blobs.get(seq) == bytes([seq]) * 900_000
        except VaultCorruptError:
            return False

    assert [readable(seq) for seq in range(3)] == [True, False, True]
    with store.begin() as uow:
        uow.journal.append(journal_row(3))
        uow.blobs.put(3, b"new")
        uow.commit()
    assert store.problems()
    with store.begin() as uow:
        assert uow.blobs.get(3) == b"new"
    store.close()
    with pytest.raises(VaultError), store.begin():
        pass


def test_a_full_check_inside_a_unit_of_work_is_a_fault_said_at_once(path: Path):
    store = open_store(path, KEY)
    with store.begin(), pytest.raises(RuntimeError):
        store.problems()
    assert store.problems() == ()
    store.close()


def test_junk_where_the_salt_stood_shuts_nobody_out(path: Path):
    content = path.read_bytes()
    path.write_bytes(os.urandom(16) + content[16:])
    assert kept(path) == b"here"


def test_a_store_whose_neighbour_file_has_no_salt_yet_opens_and_gets_one(path: Path):
    beside = path.parent / "vault.db.keycheck"
    whole = beside.read_bytes()
    beside.write_bytes(opening._check_value(KEY))
    assert kept(path) == b"here"
    assert beside.read_bytes() == whole


def test_the_salt_beside_gives_way_where_the_file_was_put_back_from_elsewhere(path: Path):
    beside = path.parent / "vault.db.keycheck"
    whole = beside.read_bytes()
    beside.write_bytes(whole[:-32] + b"0" * 32)
    assert kept(path) == b"here"
    assert beside.read_bytes() == whole


@settings(max_examples=60, deadline=None)
@given(position=st.integers(0, 2**31), mask=st.integers(1, 255))
def test_wherever_a_byte_changes_the_answer_is_right_or_an_error_of_ours(
    tmp_path_factory: pytest.TempPathFactory, position: int, mask: int
):
    path = tmp_path_factory.mktemp("flip") / "vault.db"
    path.write_bytes(_sound_file(tmp_path_factory))
    (path.parent / "vault.db.keycheck").write_bytes(opening._check_value(KEY))
    data = bytearray(path.read_bytes())
    data[position % len(data)] ^= mask
    path.write_bytes(bytes(data))
    try:
        store = open_store(path, KEY)
    except VaultError:
        return
    try:
        with store.begin() as uow:
            assert uow.values.get("kept") == b"here"
            assert uow.blobs.get(0) == bytes(300_000)
            assert uow.journal.get(0) == journal_row(0)
    except VaultError:
        pass
    finally:
        store.close()


_SOUND: list[bytes] = []


def _sound_file(factory: pytest.TempPathFactory) -> bytes:
    """A small closed store, made once."""
    if not _SOUND:
        path = factory.mktemp("sound") / "vault.db"
        store = open_store(path, KEY)
        with store.begin() as uow:
            uow.values.put("kept", b"here")
            uow.journal.append(journal_row(0))
            uow.blobs.put(0, bytes(300_000))
            uow.commit()
        store.close()
        _SOUND.append(path.read_bytes())
    return _SOUND[0]
