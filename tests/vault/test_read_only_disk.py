"""A disk that takes no writes any more: said in a sentence, nothing acknowledged, and it goes on.

A file system that meets an error turns itself read-only under the files that are open. Here the
files are made immutable while the store is at work (ext4 refuses each write through a handle that
is open), or the disk is one that was mounted read-only before the program started.
"""

import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from kiosk.domain.errors import VaultReadOnlyError
from kiosk.vault.faults import fault_of_file
from kiosk.vault.store import open_store
from tests.fakes.desk import Desk
from tests.services.test_sealing import decided, save_draft
from tests.vault.test_disk_full import KEY, seal_like, whole_records

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="POSIX permissions")

_SWITCH = """
import array, fcntl, os, sys
GET, SET, IMMUTABLE = 0x80086601, 0x40086602, 0x10
for path in sys.argv[2:]:
    handle = os.open(path, os.O_RDONLY)
    flags = array.array("l", [0])
    fcntl.ioctl(handle, GET, flags)
    flags[0] = flags[0] | IMMUTABLE if sys.argv[1] == "on" else flags[0] & ~IMMUTABLE
    fcntl.ioctl(handle, SET, flags)
"""


def switch(word: str, *paths: Path) -> bool:
    """Make files immutable or not, in a process of its own: ours would lose its locks on them."""
    words = [sys.executable, "-c", _SWITCH, word, *(str(path) for path in paths)]
    return subprocess.run(words, capture_output=True, check=False).returncode == 0


def refuses_writes(folder: Path) -> bool:
    """Whether a file that is made immutable here takes nothing through a handle that is open."""
    probe = folder / "probe"
    with probe.open("wb", buffering=0) as file:
        try:
            if not switch("on", probe):
                return False
            file.write(b"x")
        except OSError:
            return True
        else:
            return (
                False  # a file system that looks at the mark when a file is opened, and only then
            )
        finally:
            switch("off", probe)
            probe.unlink()


@contextmanager
def read_only(vault: Path) -> Iterator[None]:
    """No byte of the vault can be written, whoever holds it open."""
    files = [vault.parent, *vault.parent.glob(vault.name + "*")]
    if not refuses_writes(vault.parent.parent):
        pytest.skip("needs a file system with immutable files, and the right to make them so")
    try:
        assert switch("on", *files)
        yield
    finally:
        switch("off", *files)


def test_a_disk_that_turns_read_only_at_work_is_named_and_work_goes_on_after_it(tmp_path: Path):
    folder = tmp_path / "data"
    folder.mkdir()
    store = open_store(folder / "vault.db", KEY)
    desk = Desk(store=store)
    session = desk.session()
    save_draft(desk, decided(), session)
    before = desk.entries()
    with read_only(folder / "vault.db"):
        for _ in range(2):  # the first finds it out, the second finds it so
            with pytest.raises(VaultReadOnlyError):
                desk.sealing.seal(decided(), session)
        with pytest.raises(VaultReadOnlyError):
            save_draft(desk, decided(), session)
    assert desk.entries() == before
    assert desk.outbox() == ()
    facts = desk.sealing.seal(decided(), session)
    assert desk.open_record(facts.seq)
    assert desk.verify().verified
    assert store.problems() == ()
    store.close()


def test_what_was_acknowledged_before_is_there_after_a_restart(tmp_path: Path):
    folder = tmp_path / "data"
    folder.mkdir()
    path = folder / "vault.db"
    store = open_store(path, KEY)
    for seq in range(3):
        seal_like(store, seq, 100_000)
    with read_only(path):
        with pytest.raises(VaultReadOnlyError):
            seal_like(store, 3, 100_000)
        store.close()
        with pytest.raises(VaultReadOnlyError):
            open_store(path, KEY)
    store = open_store(path, KEY)
    assert whole_records(store) == [0, 1, 2]
    assert store.problems() == ()
    store.close()


def test_what_sqlite_itself_calls_read_only_has_the_same_name(tmp_path: Path):
    """On every system: the same code of SQLite, from a real file."""
    store = open_store(tmp_path / "vault.db", KEY)
    seal_like(store, 0, 1000)
    with store._open_engine().connect() as connection:
        connection.exec_driver_sql("PRAGMA query_only = ON")
    with pytest.raises(VaultReadOnlyError):
        seal_like(store, 1, 1000)
    # A connection that met such a disk stays as it is: the next one is new, and asks again.
    seal_like(store, 1, 1000)
    assert whole_records(store) == [0, 1]
    store.close()


@pytest.mark.parametrize("name", ["EROFS", "EACCES", "EPERM"])
def test_a_file_beside_the_vault_that_cannot_be_written_has_the_same_name(name: str):
    import errno

    fault = fault_of_file(OSError(getattr(errno, name), "refused"))
    assert (type(fault), fault.detail) == (VaultReadOnlyError, name)


_START = """
set -e
mount --bind "$1" "$1"
mount -o remount,bind,ro "$1"
"$2" -c "$3" "$1/vault.db" "$4" VAULT-016
mount -o remount,bind,rw "$1"
"$2" -c "$3" "$1/vault.db" "$4" ""
"""

_SEAL = """
import sys
from pathlib import Path
from kiosk.domain.errors import VaultError
from kiosk.vault.store import open_store
from tests.vault.test_disk_full import seal_like, whole_records
said = ""
try:
    store = open_store(Path(sys.argv[1]), bytes.fromhex(sys.argv[2]))
    seal_like(store, 1, 100_000)
    assert whole_records(store) == [0, 1]
    store.close()
except VaultError as exc:
    said = exc.code
assert said == sys.argv[3], said
"""


def _can_bind(folder: Path) -> bool:
    if not sys.platform.startswith("linux") or shutil.which("unshare") is None:
        return False
    command = ["unshare", "-rm", "mount", "--bind", str(folder), str(folder)]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


def test_a_device_that_starts_on_a_read_only_disk_says_so_and_starts_once_it_is_not(
    tmp_path: Path,
):
    folder = tmp_path / "data"
    folder.mkdir()
    if not _can_bind(folder):
        pytest.skip("needs a private mount (unshare)")
    store = open_store(folder / "vault.db", KEY)
    seal_like(store, 0, 100_000)
    store.close()
    words = ["unshare", "-rm", "sh", "-c", _START, "sh", str(folder), sys.executable, _SEAL]
    done = subprocess.run(
        [*words, KEY.hex()], capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    store = open_store(folder / "vault.db", KEY)
    assert whole_records(store) == [0, 1]
    store.close()


# --- another program wants the file ---------------------------------------------------------------


_TAKE = """
import sys
from pathlib import Path
from kiosk.domain.errors import VaultBusyError
from kiosk.vault.opening import connect_readable
assert Path(sys.argv[1]).read_bytes()  # a scan that reads every byte is in nobody's way
try:
    connect_readable(Path(sys.argv[1]), bytes.fromhex(sys.argv[2]), busy_timeout_s=0.05)
except VaultBusyError:
    print("busy", flush=True)
"""


def test_no_other_program_gets_at_the_vault_at_work_and_work_goes_on_beside_its_tries(
    tmp_path: Path,
):
    """The nearest to an antivirus that can be had here: Windows locks whole files."""
    path = tmp_path / "vault.db"
    store = open_store(path, KEY)
    desk = Desk(store=store)
    session = desk.session()
    save_draft(desk, decided(), session)
    words = [sys.executable, "-c", _TAKE, str(path), KEY.hex()]
    done = subprocess.run(words, capture_output=True, text=True, timeout=120, check=False)
    assert done.stdout == "busy\n", done.stderr
    facts = desk.sealing.seal(decided(), session)
    assert desk.open_record(facts.seq)
    assert desk.verify().verified
    store.close()
