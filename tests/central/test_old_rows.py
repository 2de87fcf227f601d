"""What an erasure leaves in the files of a real PostgreSQL: nothing in its tables and indexes."""

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from hashlib import shake_256
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import create_engine, make_url

from central.archive.database import Database
from central.archive.layout import Layout
from central.archive.old_rows import ERASED_FROM, rewrite
from central.archive.rows import DeviceRow, EntryRow, SealedRow
from central.archive.storage import Storage, open_database
from central.auditor.erasure import Erasures, erase, reapply
from central.auditor.opening import read_identity
from central.auditor.opening_log import held
from central.auditor.orders import Act, Subject
from central.auditor.session import own_order, present_alone, session
from central.authority.founding import LOCAL_HOSTS, found
from central.commands.auditors import control_of
from kiosk.domain.ids import DeviceId, OfficeId, RecordId
from kiosk.sync.receipts import ReceiptState
from tests.fakes.stores import PostgresServer, postgres

pytestmark = pytest.mark.process
TABLET = DeviceId("dev-1")
AT = "2026-11-26T09:00:00.000+00:00"
SIZES = (1_700, 3_300, 1_700, 3_300)
"""Of headers with one recipient and with two: in the row itself, and outside of it (TOAST)."""
RECORDS = tuple(RecordId(f"{number:032x}") for number in range(len(SIZES)))
GONE, KEPT = (0, 1), (2, 3)


def header(number: int) -> bytes:
    return shake_256(bytes([number])).digest(SIZES[number])


def piece(number: int) -> bytes:
    """Of the middle of a header: no page and no TOAST chunk ends there."""
    return header(number)[700:828]


@pytest.fixture(scope="module")
def server() -> Iterator[PostgresServer]:
    with postgres() as running:
        yield running


@pytest.fixture
def central(server: PostgresServer, tmp_path: Path) -> Iterator[tuple[Layout, Database]]:
    """A central side that holds four sealed records."""
    with psycopg.connect(server.url, autocommit=True) as connection:
        connection.execute("DROP DATABASE IF EXISTS files WITH (FORCE)")
        connection.execute("CREATE DATABASE files")
    layout = Layout(tmp_path / "data")
    storage = Storage(url_of(server), "", "", "")
    now = datetime.now(UTC)
    found(layout, LOCAL_HOSTS, "idp.test", now, demonstration=False, storage=storage)
    with closing(open_database(layout)) as database:
        with database.writing() as ledger:
            ledger.put_device(DeviceRow(TABLET, b"k" * 32, OfficeId("075012"), AT))
            for number, record in enumerate(RECORDS):
                ledger.add_entries((EntryRow(TABLET, number, "jws", b"l" * 32, record),))
                hashes = (b"b" * 32, b"p" * 32)
                row = SealedRow(TABLET, number, *hashes, header(number), AT, ReceiptState.LOGGED)
                ledger.add_sealed(row)
        with database.writing() as ledger:  # as the sequencer does: every row is written anew
            keys = [(TABLET, number) for number in range(len(RECORDS))]
            ledger.set_states(keys, ReceiptState.STORED)
        yield layout, database


def url_of(server: PostgresServer) -> str:
    return f"{server.url.rpartition('/')[0]}/files"


def on_disk(server: PostgresServer, where: str) -> set[int]:
    """Records of whose header something lies in the files below a folder of the server."""
    with psycopg.connect(url_of(server), autocommit=True) as connection:
        connection.execute("CHECKPOINT")
    files = [path for path in (server._data / where).rglob("*") if path.is_file()]
    held = [path.read_bytes() for path in files]
    return {n for n in range(len(SIZES)) if any(piece(n) in data for data in held)}


def erased(layout: Layout) -> Erasures:
    now = datetime.now(UTC)
    present = present_alone(layout, read_identity(layout.identity), now)
    about = Subject(records=tuple(RECORDS[n] for n in GONE))
    why = ("demande de la personne", "art. 17 RGPD")
    order = own_order(present, Act.ERASE, about, why, now)
    with session(layout, present, order) as at_work:
        return erase(layout, at_work, now)


def again(layout: Layout) -> Erasures:
    with held(layout, control_of(layout)) as log:
        return reapply(layout, log, datetime.now(UTC))


def test_keys_that_were_destroyed_are_in_no_file_of_the_tables(central, server) -> None:
    layout, database = central
    assert on_disk(server, "base") == {0, 1, 2, 3}
    done = erased(layout)
    assert (done.rewritten, done.forgotten) == (True, False)
    assert on_disk(server, "base") == set(KEPT)
    with database.reading() as ledger:
        rows = [ledger.sealed(TABLET, number) for number in range(len(RECORDS))]
    assert [row.header if row else None for row in rows] == [None, None, header(2), header(3)]
    # What is said to be left is left: nobody is to believe that the log is clean.
    assert set(GONE) <= on_disk(server, "pg_wal")


def test_plain_vacuum_leaves_the_bytes_where_they_were(central, server) -> None:
    """Why the tables are written anew."""
    _, _ = central
    with psycopg.connect(url_of(server), autocommit=True) as connection:
        connection.execute("UPDATE sealed SET header = NULL WHERE seq IN (0, 1)")
        connection.execute("VACUUM sealed")
    assert on_disk(server, "base") & set(GONE)


@pytest.mark.parametrize("reads", ["SELECT count(*) FROM sealed", "SELECT 1"])
def test_a_reader_at_work_keeps_old_rows_and_the_answer_says_so(central, server, reads) -> None:
    layout, _ = central
    with psycopg.connect(url_of(server)) as reader:
        reader.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        reader.execute(reads)
        done = erased(layout)
        assert (done.records[0].erased, done.rewritten) == (True, False)
        assert on_disk(server, "base") & set(GONE)
    assert again(layout).rewritten
    assert on_disk(server, "base") == set(KEPT)


def test_tables_that_are_too_large_are_left_and_the_answer_says_so(central, server) -> None:
    _, _ = central
    engine = create_engine(make_url(url_of(server)).set(drivername="postgresql+psycopg"))
    try:
        assert not rewrite(engine, most_bytes=1)
        assert rewrite(engine)
    finally:
        engine.dispose()


def test_a_table_that_somebody_holds_is_left_and_the_answer_says_so(central, server) -> None:
    _, _ = central
    engine = create_engine(make_url(url_of(server)).set(drivername="postgresql+psycopg"))
    try:
        with psycopg.connect(url_of(server)) as holder:
            holder.execute("LOCK TABLE sealed IN ACCESS EXCLUSIVE MODE")
            assert not rewrite(engine, patience_ms=50)
        assert rewrite(engine)
    finally:
        engine.dispose()


def test_tables_of_somebody_else_are_left_and_the_answer_says_so(central, server) -> None:
    _, _ = central
    with psycopg.connect(url_of(server), autocommit=True) as connection:
        connection.execute("DROP ROLE IF EXISTS other")
        connection.execute("CREATE ROLE other LOGIN")
        connection.execute(f"GRANT SELECT ON {', '.join(ERASED_FROM)} TO other")
    url = make_url(url_of(server)).set(drivername="postgresql+psycopg", username="other")
    engine = create_engine(url)
    try:
        assert not rewrite(engine)
    finally:
        engine.dispose()
    with psycopg.connect(url_of(server), autocommit=True) as connection:
        connection.execute("DROP OWNED BY other")
        connection.execute("DROP ROLE other")
