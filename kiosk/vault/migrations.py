"""The steps from an empty file to the tables of :mod:`kiosk.vault.schema`, one a version.

Rules, in order: a step that shipped is never changed again, so its tables stand here as the text
that it gave SQLite and not as today's definitions; a step works in the transaction of all steps, so
that a power cut leaves the old version or the new one; a step loses nothing. What all steps make
together is what :mod:`kiosk.vault.schema` describes, and a test compares the two.
"""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import Connection

from kiosk.audit.checkpoint import slip_code
from kiosk.audit.entries import entry_leaf
from kiosk.audit.tree import Frontier

APPLICATION_ID = 0x56414156  # "VAAV"

_VERSION_1 = (
    (
        "CREATE TABLE agents (agent_id TEXT NOT NULL, display_name TEXT NOT NULL, "
        "role TEXT NOT NULL, "
        "kdf TEXT NOT NULL, salt BLOB NOT NULL, public_key BLOB NOT NULL, "
        "wrapped_signing_key BLOB NOT NULL, wrapped_shift_key BLOB, failures INTEGER NOT NULL, "
        "last_try_at TEXT, last_try_mono_ms INTEGER NOT NULL, last_try_boot TEXT NOT NULL, "
        "PRIMARY KEY (agent_id))"
    ),
    (
        "CREATE TABLE drafts (case_id TEXT NOT NULL, agent_id TEXT NOT NULL, "
        "revision INTEGER NOT NULL, step TEXT NOT NULL, updated_at TEXT NOT NULL, "
        "sealed BLOB NOT NULL, PRIMARY KEY (case_id))"
    ),
    (
        "CREATE TABLE journal (seq INTEGER NOT NULL, kind TEXT NOT NULL, record_id TEXT, "
        "wall_claimed TEXT NOT NULL, jws TEXT NOT NULL, PRIMARY KEY (seq), UNIQUE (record_id))"
    ),
    (
        "CREATE TABLE journal_frontier (position INTEGER NOT NULL, hash BLOB NOT NULL, "
        "PRIMARY KEY (position))"
    ),
    (
        "CREATE TABLE outbox (seq INTEGER NOT NULL, record_id TEXT NOT NULL, state TEXT NOT NULL, "
        "queued_at TEXT NOT NULL, updated_at TEXT NOT NULL, attempts INTEGER NOT NULL, "
        "reason TEXT NOT NULL, payload_len INTEGER NOT NULL, purged INTEGER NOT NULL, "
        "PRIMARY KEY (seq), UNIQUE (record_id), "
        "FOREIGN KEY(seq) REFERENCES journal (seq) DEFERRABLE INITIALLY DEFERRED)"
    ),
    (
        "CREATE TABLE blobs (seq INTEGER NOT NULL, chunk INTEGER NOT NULL, data BLOB NOT NULL, "
        "PRIMARY KEY (seq, chunk), "
        "FOREIGN KEY(seq) REFERENCES journal (seq) DEFERRABLE INITIALLY DEFERRED)"
    ),
    "CREATE TABLE named_values (name TEXT NOT NULL, value BLOB NOT NULL, PRIMARY KEY (name))",
    # The journal only grows: the file itself refuses anything else, whatever the program does.
    (
        "CREATE TRIGGER journal_no_update BEFORE UPDATE ON journal "
        "BEGIN SELECT RAISE(ABORT, 'the journal only grows'); END"
    ),
    (
        "CREATE TRIGGER journal_no_delete BEFORE DELETE ON journal "
        "BEGIN SELECT RAISE(ABORT, 'the journal only grows'); END"
    ),
    f"PRAGMA application_id = {APPLICATION_ID}",
)

_VERSION_2 = (
    "CREATE INDEX journal_by_time ON journal (wall_claimed)",
    "CREATE INDEX journal_by_kind ON journal (kind, wall_claimed)",
    (
        "CREATE TABLE journal_leaves (seq INTEGER NOT NULL, leaf BLOB NOT NULL, "
        "slip_code TEXT NOT NULL, PRIMARY KEY (seq))"
    ),
    "CREATE INDEX journal_by_slip ON journal_leaves (slip_code)",
)
_BATCH = 10_000


def _first(connection: Connection) -> None:
    """Version 1: everything."""
    for statement in _VERSION_1:
        connection.exec_driver_sql(statement)


def _searchable(connection: Connection) -> None:
    """Version 2: entries are found by day, kind and slip code; their hashes stand apart."""
    for statement in _VERSION_2:
        connection.exec_driver_sql(statement)
    frontier = Frontier()
    last = connection.exec_driver_sql("SELECT max(seq) FROM journal").scalar_one()
    for start in range(0, 0 if last is None else int(last) + 1, _BATCH):
        rows = connection.exec_driver_sql(
            "SELECT seq, jws FROM journal WHERE seq >= ? AND seq < ? ORDER BY seq",
            (start, start + _BATCH),
        ).all()
        leaves = []
        for row in rows:
            # What is no entry is for the verification to name; here every row has its place.
            leaf = entry_leaf(row.jws.encode("ascii", "replace").decode("ascii"))
            frontier = frontier.append(leaf)
            leaves.append((row.seq, leaf, slip_code(frontier.root())))
        connection.exec_driver_sql(
            "INSERT INTO journal_leaves (seq, leaf, slip_code) VALUES (?, ?, ?)", leaves
        )


MIGRATIONS: tuple[Callable[[Connection], None], ...] = (_first, _searchable)
VERSION = len(MIGRATIONS)
