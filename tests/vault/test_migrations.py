"""A file of every earlier version opens, holds what it held, and is as a new one from then on."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import create_engine, event, inspect
from sqlalchemy.pool import StaticPool
from sqlcipher3 import dbapi2

from kiosk.audit.checkpoint import slip_code
from kiosk.audit.entries import entry_leaf
from kiosk.audit.tree import frontier_of
from kiosk.ports import AgentRow, JournalQuery, OutboxState
from kiosk.vault import migrations, schema
from kiosk.vault.store import SqlStore, open_store
from tests.fakes.desk import Desk
from tests.services.test_sealing import decided

KEY = bytes(range(32))

# What version 1 gave SQLite, written down when it was the only one. Never edited.
VERSION_1 = """
CREATE TABLE agents (agent_id TEXT NOT NULL, display_name TEXT NOT NULL, role TEXT NOT NULL,
 kdf TEXT NOT NULL, salt BLOB NOT NULL, public_key BLOB NOT NULL,
 wrapped_signing_key BLOB NOT NULL, wrapped_shift_key BLOB, failures INTEGER NOT NULL,
 last_try_at TEXT, last_try_mono_ms INTEGER NOT NULL, last_try_boot TEXT NOT NULL,
 PRIMARY KEY (agent_id));
CREATE TABLE drafts (case_id TEXT NOT NULL, agent_id TEXT NOT NULL, revision INTEGER NOT NULL,
 step TEXT NOT NULL, updated_at TEXT NOT NULL, sealed BLOB NOT NULL, PRIMARY KEY (case_id));
CREATE TABLE journal (seq INTEGER NOT NULL, kind TEXT NOT NULL, record_id TEXT,
 wall_claimed TEXT NOT NULL, jws TEXT NOT NULL, PRIMARY KEY (seq), UNIQUE (record_id));
CREATE TABLE journal_frontier (position INTEGER NOT NULL, hash BLOB NOT NULL,
 PRIMARY KEY (position));
CREATE TABLE outbox (seq INTEGER NOT NULL, record_id TEXT NOT NULL, state TEXT NOT NULL,
 queued_at TEXT NOT NULL, updated_at TEXT NOT NULL, attempts INTEGER NOT NULL,
 reason TEXT NOT NULL, payload_len INTEGER NOT NULL, purged INTEGER NOT NULL, PRIMARY KEY (seq),
 UNIQUE (record_id), FOREIGN KEY(seq) REFERENCES journal (seq) DEFERRABLE INITIALLY DEFERRED);
CREATE TABLE blobs (seq INTEGER NOT NULL, chunk INTEGER NOT NULL, data BLOB NOT NULL,
 PRIMARY KEY (seq, chunk),
 FOREIGN KEY(seq) REFERENCES journal (seq) DEFERRABLE INITIALLY DEFERRED);
CREATE TABLE named_values (name TEXT NOT NULL, value BLOB NOT NULL, PRIMARY KEY (name));
CREATE TRIGGER journal_no_update BEFORE UPDATE ON journal
 BEGIN SELECT RAISE(ABORT, 'the journal only grows'); END;
CREATE TRIGGER journal_no_delete BEFORE DELETE ON journal
 BEGIN SELECT RAISE(ABORT, 'the journal only grows'); END;
PRAGMA application_id = 1447117142;
PRAGMA user_version = 1;
"""
VERSIONS = {1: VERSION_1}


def raw(path: Path) -> dbapi2.Connection:
    connection = dbapi2.connect(str(path), isolation_level=None)
    connection.execute(f"PRAGMA key = \"x'{KEY.hex()}'\"")
    return connection


@pytest.fixture
def day(tmp_path: Path) -> Iterator[Desk]:
    """A day of work in a store of today."""
    desk = Desk(store=open_store(tmp_path / "today.db", KEY))
    session = desk.session()
    for number in range(3):
        desk.sealing.seal(decided(case=f"{number:032x}"), session)
    with desk.store.begin() as uow:
        desk.drafts.save(uow, decided(case="d" * 32), session)
        uow.commit()
    yield desk
    desk.store.close()


def old_file(path: Path, version: int, day: Desk) -> None:
    """The same day in a file of an earlier version, row by row."""
    target = raw(path)
    for setting in ("auto_vacuum = INCREMENTAL", "journal_mode = WAL"):
        target.execute(f"PRAGMA {setting}").fetchone()
    for statement in VERSIONS[version].split(";\n"):
        target.executescript(f"{statement};" if "BEGIN SELECT" not in statement else "")
        if "BEGIN SELECT" in statement:
            target.execute(statement)
    assert isinstance(day.store, SqlStore)
    # The store has its file for itself: read through its own connection.
    source = day.store._open_engine().raw_connection().cursor()
    tables = target.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
    target.execute("BEGIN")
    for (table,) in tables:
        columns = [row[1] for row in target.execute(f"PRAGMA table_info({table})")]
        names, places = ", ".join(columns), ", ".join("?" * len(columns))
        rows = source.execute(f"SELECT {names} FROM {table}").fetchall()  # noqa: S608 - our own names
        target.executemany(f"INSERT INTO {table} ({names}) VALUES ({places})", rows)  # noqa: S608
    target.execute("COMMIT")
    source.close()
    target.close()


@pytest.mark.parametrize("version", VERSIONS)
def test_a_file_of_an_earlier_version_goes_on_with_all_it_held(
    tmp_path: Path, day: Desk, version: int
):
    old_file(tmp_path / "old.db", version, day)
    desk = Desk(store=open_store(tmp_path / "old.db", KEY), clock=day.clock)
    try:
        assert desk.entries() == day.entries()
        assert desk.outbox() == day.outbox()
        assert all(row.state is OutboxState.WAITING for row in desk.outbox())
        with desk.store.begin() as uow, day.store.begin() as before:
            assert uow.agents.all() == before.agents.all()
            assert isinstance(uow.agents.all()[0], AgentRow)
            assert uow.drafts.all() == before.drafts.all()
            names = before.values.names("")
            assert uow.values.names("") == names
            assert all(uow.values.get(name) == before.values.get(name) for name in names)
            for row in before.outbox.all():
                assert uow.blobs.get(row.seq) == before.blobs.get(row.seq)
        desk.sealing.seal(decided(case="e" * 32), desk.session())
        assert desk.verify().verified
        assert desk.store.problems() == ()
    finally:
        desk.store.close()


@pytest.mark.parametrize("version", VERSIONS)
def test_old_entries_are_found_by_their_slip_code(tmp_path: Path, day: Desk, version: int):
    old_file(tmp_path / "old.db", version, day)
    store = open_store(tmp_path / "old.db", KEY)
    leaves = [entry_leaf(row.jws) for row in day.entries()]
    try:
        with store.begin() as uow:
            for seq in range(len(leaves)):
                code = slip_code(frontier_of(leaves[: seq + 1]).root())
                assert [row.seq for row in uow.journal.find(JournalQuery(slip_code=code))] == [seq]
    finally:
        store.close()


@pytest.mark.parametrize("version", VERSIONS)
def test_a_step_that_fails_leaves_the_old_file(
    tmp_path: Path, day: Desk, version: int, monkeypatch: pytest.MonkeyPatch
):
    old_file(tmp_path / "old.db", version, day)

    def broken(_connection) -> None:
        raise RuntimeError("power cut")

    steps = (*migrations.MIGRATIONS, broken)
    monkeypatch.setattr(migrations, "MIGRATIONS", steps)
    monkeypatch.setattr(migrations, "VERSION", len(steps))
    with pytest.raises(RuntimeError):
        open_store(tmp_path / "old.db", KEY)
    connection = raw(tmp_path / "old.db")
    assert connection.execute("PRAGMA user_version").fetchone() == (version,)
    connection.close()


def described(connection) -> dict[str, object]:
    """Columns, keys and indexes of every table."""
    found = inspect(connection)
    return {
        table: (
            [(c["name"], str(c["type"]), c["nullable"]) for c in found.get_columns(table)],
            found.get_pk_constraint(table)["constrained_columns"],
            sorted((i["name"], tuple(i["column_names"])) for i in found.get_indexes(table)),
            [(k["constrained_columns"], k["options"]) for k in found.get_foreign_keys(table)],
            found.get_unique_constraints(table),
        )
        for table in sorted(found.get_table_names())
    }


def in_memory():
    engine = create_engine("sqlite+pysqlite://", poolclass=StaticPool)
    event.listen(engine, "connect", lambda connection, _: connection.execute("PRAGMA user_version"))
    return engine


def test_all_steps_together_make_the_tables_that_the_program_speaks_of():
    stepped, declared = in_memory(), in_memory()
    with stepped.begin() as connection:
        for step in migrations.MIGRATIONS:
            step(connection)
        from_steps = described(connection)
    with declared.begin() as connection:
        schema.metadata.create_all(connection)
        assert from_steps == described(connection)
    stepped.dispose()
    declared.dispose()


def test_every_earlier_version_is_tried_here():
    assert len(migrations.MIGRATIONS) == migrations.VERSION
    assert set(VERSIONS) == set(range(1, migrations.VERSION))
