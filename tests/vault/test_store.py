"""The encrypted store keeps the contract of its port, as does the one in memory."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from kiosk.ports import Store
from kiosk.vault.store import SqlStore, open_store
from tests.contracts.store import StoreContract
from tests.fakes.store import InMemoryStore

KEY = bytes(range(32))


class TestSqlStore(StoreContract):
    @pytest.fixture
    def store(self, tmp_path: Path) -> Iterator[SqlStore]:
        store = open_store(tmp_path / "vault.db", KEY)
        yield store
        store.close()


class TestInMemoryStore(StoreContract):
    @pytest.fixture
    def store(self) -> Store:
        return InMemoryStore()
