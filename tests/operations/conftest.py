"""One central side with its operations pages, over SQLite and over PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime

import pytest

from central.archive.layout import Layout
from central.archive.storage import Storage
from central.authority.founding import LOCAL_HOSTS, found
from tests.fakes.central_side import CentralSide, serving
from tests.fakes.operations import NAME, PASSWORD, OperationsSide, add_operator, operations
from tests.fakes.stores import postgres


@pytest.fixture(scope="session", params=["sqlite", "postgresql"])
def collector(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[CentralSide]:
    data = tmp_path_factory.mktemp("operations") / "data"
    with ExitStack() as running:
        storage = Storage()
        if request.param == "postgresql":
            storage = Storage(running.enter_context(postgres()).url)
        now = datetime.now(UTC)
        found(Layout(data), LOCAL_HOSTS, "idp.test", now, demonstration=False, storage=storage)
        add_operator(data, NAME, PASSWORD)
        yield running.enter_context(serving(data))


@pytest.fixture(scope="session")
def pages(collector: CentralSide) -> Iterator[OperationsSide]:
    with operations(collector.data) as running:
        yield running
