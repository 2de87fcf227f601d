"""A synchronous replica of the database goes away: records are taken in, and none is let go.

Two real PostgreSQL servers, the second of which is killed and started again. Source:
records-and-sync, section 8, case 13.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import psycopg
import pytest
from sqlalchemy import Connection, create_engine

from central.archive.database import Database
from central.archive.faults import StoreError
from central.archive.layout import Layout
from central.archive.replica import PATIENCE_S, Commits, _Waits
from central.archive.rows import CodeRow
from central.archive.storage import Storage, open_payloads
from central.auditor.histories import Histories
from central.authority.founding import LOCAL_HOSTS, found
from central.collector.app import Collector
from central.collector.server import load_keys
from central.collector.uploads import Uploads
from kiosk.crypto.signing import SigningKey
from kiosk.domain.errors import UnreachableError
from kiosk.domain.ids import OfficeId
from kiosk.ports import LinkAnswer, OutboxState
from kiosk.services.journal import ORIGIN_SEQ, RATCHET_ORIGIN
from kiosk.sync.enrolment import parse_code, sign_claim
from tests.fakes.central_side import CentralSide, serving
from tests.fakes.enrolled import Call, EnrolledDevice
from tests.fakes.stores import PostgresServer, Replica, postgres

pytestmark = pytest.mark.process
CODE = CodeRow(b"s" * 32, OfficeId("075012"), "2026-11-27T09:00:00+00:00")
LONGEST_S = 180
"""A very busy machine, and far from for ever."""


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[PostgresServer, Replica]]:
    with ExitStack() as running:
        server = running.enter_context(postgres())
        replica = server.replicate(server.folder / "replica")
        running.callback(replica.stop)
        yield server, replica


@pytest.fixture
def replica(servers: tuple[PostgresServer, Replica]) -> Iterator[Replica]:
    """One that is there when the test begins, and when it has ended."""
    _, replica = servers
    yield replica
    if not replica.running:
        replica.come_back()


@pytest.fixture(scope="module")
def data(servers: tuple[PostgresServer, Replica], tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("central") / "data"
    storage = Storage(servers[0].url, "", "", "")
    now = datetime.now(UTC)
    found(Layout(folder), LOCAL_HOSTS, "idp.test", now, demonstration=False, storage=storage)
    return folder


@pytest.fixture
def side(data: Path) -> Iterator[CentralSide]:
    with serving(data) as running:
        yield running


def enrolled(side: CentralSide) -> EnrolledDevice:
    return EnrolledDevice().enrol(side.enrol_code("075012"))


def entries(device: EnrolledDevice) -> list[str]:
    with device.store.begin() as uow:
        return [row.kind for row in uow.journal.range(0, uow.journal.size())]


def test_while_the_replica_is_down_records_are_taken_in_and_none_is_called_stored(
    side: CentralSide, data: Path, replica: Replica
) -> None:
    device, other = enrolled(side), enrolled(side)
    first, _ = device.seal()
    assert device.delivery.run_once().stored == 1
    replica.kill()
    later = [device.seal()[0] for _ in range(3)]
    longest = 0.0
    for _ in range(3):
        began = time.monotonic()
        told = device.delivery.run_once()
        longest = max(longest, time.monotonic() - began)
        assert (told.stored, told.purged) == (0, 0)
        # Either nothing is shown of the log, or what is shown calls nothing stored.
        assert told.reason in {"", UnreachableError.code}
    assert longest < LONGEST_S
    assert all(device.row(seq).state is OutboxState.UNCONFIRMED for seq in later)
    assert all(device.has_blob(seq) for seq in later)
    # Whoever comes now is taken in without waiting at all.
    theirs, _ = other.seal()
    assert other.delivery.run_once().stored == 0
    assert other.row(theirs).state is OutboxState.UNCONFIRMED

    replica.come_back()
    for one, seqs in ((device, later), (other, [theirs])):
        until_stored(one, seqs)
    assert device.row(first).state is OutboxState.STORED
    assert "split_view" not in entries(device)
    with side.ledger() as ledger:
        assert replica.size_of("log_leaves") == len(ledger.leaf_hashes())
    report = Histories(Layout(data)).verify()
    assert report.verified, report.problems


def until_stored(device: EnrolledDevice, seqs: list[int]) -> None:
    """Deliver until all are; nobody does anything meanwhile."""
    until = time.monotonic() + LONGEST_S
    while any(device.row(seq).state is not OutboxState.STORED for seq in seqs):
        assert time.monotonic() < until
        device.delivery.run_once()


def process_over(database: Database, data: Path) -> Collector:
    """A collector that runs in this process."""
    layout = Layout(data)
    uploads, keys = Uploads(layout.uploads), load_keys(layout)
    return Collector(database, open_payloads(layout), uploads, keys, lambda: datetime.now(UTC))


def test_a_leaf_that_the_replica_lacks_is_shown_to_nobody_not_even_after_a_crash(
    side: CentralSide, data: Path, servers: tuple[PostgresServer, Replica], replica: Replica
) -> None:
    server, _ = servers
    device = enrolled(side)
    device.seal()
    assert device.delivery.run_once().stored == 1
    with closing(Database(server.url)) as database:
        writer = process_over(database, data)  # it does not know that the replica goes away
        replica.kill()
        second, _ = device.seal()
        device.delivery.run_once()
        with pytest.raises(StoreError, match="replica"):
            writer.sequence()
    with side.ledger() as ledger:
        assert ledger.leaf(device.identity.device_id, second) is not None, "it is visible"
    assert device.delivery.run_once().stored == 0
    server.kill()
    server.start()
    with closing(Database(server.url)) as database:
        afresh = process_over(database, data)
        with pytest.raises(StoreError, match="replica"):
            afresh.receipts_of(device.identity.device_id, 0, 0)
    assert device.delivery.run_once().stored == 0
    assert device.row(second).state is OutboxState.UNCONFIRMED
    replica.come_back()
    until_stored(device, [second])


def test_a_collector_starts_while_the_replica_is_away(
    data: Path, replica: Replica, side: CentralSide
) -> None:
    device = enrolled(side)
    replica.kill()
    seq, _ = device.seal()
    with serving(data) as afresh:
        assert afresh.process.poll() is None
        device.delivery.run_once()
        assert device.row(seq).state is OutboxState.UNCONFIRMED
        replica.come_back()
        until_stored(device, [seq])


def test_what_one_process_wrote_here_alone_another_one_calls_safe_only_once_it_is(
    side: CentralSide, data: Path, servers: tuple[PostgresServer, Replica], replica: Replica
) -> None:
    """The sealed beginning of a ratchet, and an enrolment: the device relies on the answer."""
    device = enrolled(side)

    def elsewhere(call: Call) -> LinkAnswer:
        if "/ratchet/" in call.path:
            raise UnreachableError("busy")
        return call.go()

    device.links.trouble = elsewhere
    device.delivery.run_once()
    with device.store.begin() as uow:
        origin, seq = uow.values.get(RATCHET_ORIGIN), uow.values.get(ORIGIN_SEQ)
    assert origin is not None
    assert seq is not None
    claim = sign_claim(parse_code(side.enrol_code()).secret, "0.1.0", SigningKey.generate())
    now = datetime.now(UTC)
    with ExitStack() as opened:
        databases = [opened.enter_context(closing(Database(servers[0].url))) for _ in range(4)]
        parties = [process_over(database, data) for database in databases]

        def keep(party: Collector) -> int:
            return party._journals.keep_origin(
                device.identity.device_id, int(seq or 0), origin or b"", now
            )

        def enrol(party: Collector) -> str:
            return party._enrolments.enrol(claim, now).certificate

        replica.kill()
        for party, act in zip(parties, (keep, keep, enrol, enrol), strict=True):
            with pytest.raises(StoreError, match="replica"):
                act(party)
        replica.come_back()
        databases[0].settle()
        assert keep(parties[0]) == 200
        assert enrol(parties[0])


# --- the database itself --------------------------------------------------------------------------


@pytest.fixture
def database(servers: tuple[PostgresServer, Replica], data: Path) -> Iterator[Database]:
    """The one of the central side, opened while the replica is there."""
    with closing(Database(servers[0].url)) as found:
        yield found


def test_what_must_be_on_both_servers_is_refused_in_bounded_time(
    replica: Replica, database: Database
) -> None:
    assert not database.behind
    replica.kill()
    began = time.monotonic()
    with pytest.raises(StoreError, match="replica"):
        database.settle()
    assert PATIENCE_S <= time.monotonic() - began < LONGEST_S
    assert database.behind
    # From now on nobody waits: neither what is refused nor what is taken in here alone.
    with pytest.raises(StoreError, match="replica"), database.writing("x"):
        pass
    with database.writing("x", local=True) as ledger:
        ledger.put_code(CODE)
    with database.reading() as ledger:
        assert ledger.code(CODE.secret_sha256) == CODE
    replica.come_back()
    database.settle()
    assert not database.behind
    with database.writing("x"):
        pass


def test_only_one_call_at_a_time_looks_for_the_replica(
    replica: Replica, database: Database
) -> None:
    replica.kill()
    with pytest.raises(StoreError):
        database.settle()
    replica.come_back()
    commits = database._commits
    assert commits is not None
    with commits._trying, pytest.raises(StoreError, match="replica"):
        database.settle()  # somebody is at it: no second thread waits
    database.settle()
    assert not database.behind


def test_whether_it_is_behind_is_asked_once_where_a_commit_begins() -> None:
    """Else one commits here alone, and takes that for the word of the replica."""

    class Turning(Commits):
        """Found behind from the second look on."""

        def __init__(self) -> None:
            self.looks = 0
            super().__init__(create_engine("sqlite://"))

        @property
        def behind(self) -> bool:
            self.looks += 1
            return self.looks > 1

        @behind.setter
        def behind(self, _value: bool) -> None:
            pass

    commits, said = Turning(), []
    connection = SimpleNamespace(info={}, execute=said.append)
    commits.begin(cast("Connection", connection), local=True)
    assert list(connection.info.values()) == [bool(said)]


def test_a_wait_whose_end_did_not_arrive_is_called_off_again() -> None:
    """Else it would last until the replica is there, however long that is."""

    class Waiting:
        """A commit that hears only the second word."""

        def __init__(self) -> None:
            self.words, self.ended = 0, threading.Event()

        def cancel_safe(self, **_how: float) -> None:
            self.words += 1
            if self.words == 1:
                raise psycopg.OperationalError("no connection is left for it")
            self.ended.set()

    waiting = Waiting()
    with _Waits(0.01).bounded(cast("psycopg.Connection", waiting)) as wait:
        assert waiting.ended.wait(LONGEST_S)
    assert wait.called_off
