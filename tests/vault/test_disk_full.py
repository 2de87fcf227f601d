"""A full disk: the act fails as a whole, says so, and everything before it is still there."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from kiosk.audit.records import Attachment
from kiosk.domain.errors import DiskFullError
from kiosk.vault.store import SqlStore, open_store
from tests.contracts.store import journal_row, outbox_row
from tests.fakes.desk import Desk
from tests.services.test_sealing import decided

KEY = bytes(range(32))


def seal_like(store: SqlStore, seq: int, size: int) -> None:
    """The rows that a sealing writes."""
    with store.begin() as uow:
        uow.journal.append(journal_row(seq, f"{seq:032x}"))
        uow.journal.put_frontier([bytes(32)])
        uow.blobs.put(seq, bytes(size))
        uow.outbox.put(outbox_row(seq))
        uow.values.put(f"sealed/{seq}", b"facts")
        uow.commit()


def whole_records(store: SqlStore) -> list[int]:
    """Numbers of the records of which every part is there; fails on any half-written one."""
    with store.begin() as uow:
        entries = [row.seq for row in uow.journal.range(0, uow.journal.size())]
        assert [row.seq for row in uow.outbox.all()] == entries
        for seq in entries:
            assert uow.blobs.get(seq)
            assert uow.values.get(f"sealed/{seq}") == b"facts"
        assert len(uow.values.names("sealed/")) == len(entries)
    return entries


def test_a_store_that_may_not_grow_refuses_the_record_as_a_whole(tmp_path: Path):
    store = open_store(tmp_path / "vault.db", KEY)
    seal_like(store, 0, 100_000)
    with store._open_engine().connect() as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
        connection.exec_driver_sql(f"PRAGMA max_page_count = {pages + 20}")
    with pytest.raises(DiskFullError):
        seal_like(store, 1, 3_000_000)
    assert whole_records(store) == [0]
    with store._open_engine().connect() as connection:
        connection.exec_driver_sql("PRAGMA max_page_count = 1000000")
    seal_like(store, 1, 3_000_000)
    assert whole_records(store) == [0, 1]
    store.close()


def test_a_seal_on_a_full_disk_keeps_the_draft_and_works_once_there_is_room(tmp_path: Path):
    store = open_store(tmp_path / "vault.db", KEY)
    desk = Desk(store=store)
    desk.set_terms(evidence_images=True)
    session = desk.session()
    with store.begin() as uow:
        draft = desk.drafts.save(uow, decided(), session)
        uow.commit()
    before = desk.entries()
    picture = Attachment("jpg", os.urandom(1_000_000))
    with store._open_engine().connect() as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
        connection.exec_driver_sql(f"PRAGMA max_page_count = {pages + 5}")
    with pytest.raises(DiskFullError):
        desk.sealing.seal(decided(), session, [picture])
    assert desk.entries() == before
    assert desk.outbox() == ()
    with store.begin() as uow:
        assert uow.drafts.all() == (draft,)
    with store._open_engine().connect() as connection:
        connection.exec_driver_sql("PRAGMA max_page_count = 1000000")
    facts = desk.sealing.seal(decided(), session, [picture])
    assert desk.open_record(facts.seq).attachments == (picture,)
    assert desk.verify().verified
    store.close()


_FILL = """
import json, resource, sys
from pathlib import Path
from kiosk.domain.errors import DiskFullError
from kiosk.vault.store import open_store
from tests.vault.test_disk_full import seal_like, whole_records

limit = resource.RLIM_INFINITY if sys.argv[3] == "unlimited" else int(sys.argv[3])
resource.setrlimit(resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))
acknowledged, refused = [], ""
store = None
try:
    store = open_store(Path(sys.argv[1]), bytes.fromhex(sys.argv[2]))
    for seq in range(40):
        seal_like(store, seq, 150_000)
        acknowledged.append(seq)
except DiskFullError as exc:
    refused = exc.code
if store is not None:
    assert whole_records(store) == acknowledged, "half-written while running"
    store.close()
    store = open_store(Path(sys.argv[1]), bytes.fromhex(sys.argv[2]))
    assert whole_records(store) == acknowledged, "half-written after closing"
print(json.dumps({"acknowledged": acknowledged, "refused": refused}), flush=True)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="needs resource limits")
@pytest.mark.parametrize(
    "limit", [1, 5_000, 30_000, 60_000, 200_000, 700_000, 1_300_001, 2_500_000]
)
def test_no_record_is_lost_or_halved_wherever_the_space_ends(tmp_path: Path, limit: int):
    path = tmp_path / "vault.db"
    done = subprocess.run(
        [sys.executable, "-c", _FILL, str(path), KEY.hex(), str(limit)],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["refused"] == "VAULT-003"
    store = open_store(path, KEY)
    assert whole_records(store) == told["acknowledged"]
    assert store.problems() == ()
    store.close()


_SMALL_DISK = """
set -e
mount -t tmpfs -o size=3m tmpfs "$1"
exec "$2" -c "$3" "$1/vault.db" "$4" unlimited
"""


def _can_mount(folder: Path) -> bool:
    if sys.platform != "linux" or shutil.which("unshare") is None:
        return False
    command = ["unshare", "-rm", "mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(folder)]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


def test_a_disk_that_is_really_full_is_named_and_nothing_is_halved(tmp_path: Path):
    if not _can_mount(tmp_path):
        pytest.skip("needs a private mount (unshare) for a small disk")
    disk = tmp_path / "disk"
    disk.mkdir()
    done = subprocess.run(
        [
            "unshare",
            "-rm",
            "sh",
            "-c",
            _SMALL_DISK,
            "sh",
            str(disk),
            sys.executable,
            _FILL,
            KEY.hex(),
        ],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["refused"] == "VAULT-003"
    assert 5 < len(told["acknowledged"]) < 20
