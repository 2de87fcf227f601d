"""A copy of the vault's files made while the program works: whole, or told as what it is.

A copy may be older than it looks (its files are not of one moment), but what it shows was there: no
entry without those before it, no record with other bytes.
"""

from __future__ import annotations

import shutil
import threading
from pathlib import Path

from kiosk.domain.errors import VaultError
from kiosk.vault.store import SqlStore, open_store
from tests.contracts.store import journal_row

KEY = bytes(range(32))
MOST = 400
"""Entries after which the work ends."""


def blob_of(seq: int) -> bytes:
    return bytes([seq % 256]) * 40_000


class Work:
    """Writes an entry and a record after the other, until it is stopped."""

    def __init__(self, store: SqlStore) -> None:
        self.store = store
        self.written = 0
        self.stop = threading.Event()

    def __call__(self) -> None:
        while not self.stop.is_set() and self.written < MOST:
            with self.store.begin() as uow:
                uow.journal.append(journal_row(self.written))
                uow.blobs.put(self.written, blob_of(self.written))
                uow.commit()
            self.written += 1


def is_whole(copy: Path) -> bool:
    """Whether a copy opens; what it shows must be true."""
    try:
        opened = open_store(copy / "vault.db", KEY)
    except VaultError:
        return False
    try:
        with opened.begin() as uow:
            size = uow.journal.size()
            rows = uow.journal.range(0, size)
            blobs = [uow.blobs.get(seq) for seq in range(size)]
    except VaultError:
        return False
    finally:
        opened.close()
    assert [row.seq for row in rows] == list(range(size))
    assert blobs == [blob_of(seq) for seq in range(size)]
    return True


def test_a_vault_copied_in_the_middle_of_work_is_whole_or_says_that_it_is_not(tmp_path):
    folder = tmp_path / "vault"
    folder.mkdir()
    work = Work(open_store(folder / "vault.db", KEY))
    working = threading.Thread(target=work)
    working.start()
    copies = [tmp_path / f"copy-{number}" for number in range(12)]
    try:
        for copy in copies:
            shutil.copytree(folder, copy)
    finally:
        work.stop.set()
        working.join()
        work.store.close()
    whole = [is_whole(copy) for copy in copies]
    assert any(whole)
    again = open_store(folder / "vault.db", KEY)
    with again.begin() as uow:
        assert uow.journal.size() == work.written
    again.close()
