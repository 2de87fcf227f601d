"""Tables of the store, as the numbered steps of :mod:`kiosk.vault.migrations` leave them.

Rules, in order: a migration is never edited once released, only followed by another; the version
stands in ``PRAGMA user_version``; a file of a newer version is refused, never guessed at. The
personal data that the tables hold are ciphertext of their own (drafts, sealed records), so no
claim rests on the file's encryption alone. No column of the journal or the outbox can hold a name.
"""

from sqlalchemy import (
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
)

metadata = MetaData()

agents = Table(
    "agents",
    metadata,
    Column("agent_id", Text, primary_key=True),
    Column("display_name", Text, nullable=False),
    Column("role", Text, nullable=False),
    Column("kdf", Text, nullable=False),
    Column("salt", LargeBinary, nullable=False),
    Column("public_key", LargeBinary, nullable=False),
    Column("wrapped_signing_key", LargeBinary, nullable=False),
    Column("wrapped_shift_key", LargeBinary),
    Column("failures", Integer, nullable=False),
    Column("last_try_at", Text),
    Column("last_try_mono_ms", Integer, nullable=False),
    Column("last_try_boot", Text, nullable=False),
)

drafts = Table(
    "drafts",
    metadata,
    Column("case_id", Text, primary_key=True),
    Column("agent_id", Text, nullable=False),
    Column("revision", Integer, nullable=False),
    Column("step", Text, nullable=False),
    Column("updated_at", Text, nullable=False),
    Column("sealed", LargeBinary, nullable=False),
)

journal = Table(
    "journal",
    metadata,
    Column("seq", Integer, primary_key=True, autoincrement=False),
    Column("kind", Text, nullable=False),
    Column("record_id", Text, unique=True),
    Column("wall_claimed", Text, nullable=False),
    Column("jws", Text, nullable=False),
    Index("journal_by_time", "wall_claimed"),
    Index("journal_by_kind", "kind", "wall_claimed"),
)

# Apart from the entries, on pages of their own: where a page of the journal is lost, the hash of
# the entry still holds its place in the tree.
leaves = Table(
    "journal_leaves",
    metadata,
    Column("seq", Integer, primary_key=True, autoincrement=False),
    Column("leaf", LargeBinary, nullable=False),
    Column("slip_code", Text, nullable=False),
    Index("journal_by_slip", "slip_code"),
)

frontier = Table(
    "journal_frontier",
    metadata,
    Column("position", Integer, primary_key=True, autoincrement=False),
    Column("hash", LargeBinary, nullable=False),
)

outbox = Table(
    "outbox",
    metadata,
    Column(
        "seq",
        Integer,
        ForeignKey("journal.seq", deferrable=True, initially="DEFERRED"),
        primary_key=True,
        autoincrement=False,
    ),
    Column("record_id", Text, nullable=False, unique=True),
    Column("state", Text, nullable=False),
    Column("queued_at", Text, nullable=False),
    Column("updated_at", Text, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("reason", Text, nullable=False),
    Column("payload_len", Integer, nullable=False),
    Column("purged", Integer, nullable=False),
)

blobs = Table(
    "blobs",
    metadata,
    Column(
        "seq",
        Integer,
        ForeignKey("journal.seq", deferrable=True, initially="DEFERRED"),
        primary_key=True,
        autoincrement=False,
    ),
    Column("chunk", Integer, primary_key=True, autoincrement=False),
    Column("data", LargeBinary, nullable=False),
)

# "values" is a word of SQL; the table carries another name.
named_values = Table(
    "named_values",
    metadata,
    Column("name", Text, primary_key=True),
    Column("value", LargeBinary, nullable=False),
)
