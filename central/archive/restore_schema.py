"""Tables about logs that ended: this central side was put back to a backup, and said so.

They are new tables only: a database from before them gets them when it is opened. What such a log
signed and what witnesses vouched for moves here, so that nothing of it is taken for the log that
goes on, and an auditor can still hold it against the leaves.
"""

from sqlalchemy import BigInteger, Column, ForeignKey, Integer, Table, Text

from central.archive.schema import metadata

# Sizes of a log go to 2^40; STRICT tables of SQLite know one INTEGER.
_NUMBER = BigInteger().with_variant(Integer(), "sqlite")

ended_logs = Table(
    "ended_logs",
    metadata,
    Column("log_origin", Text, primary_key=True),
    Column("size", _NUMBER, nullable=False),
    Column("checkpoint", Text, nullable=False),
    Column("ended_at", Text, nullable=False),
    sqlite_strict=True,
)

ended_states = Table(
    "ended_states",
    metadata,
    Column("log_origin", ForeignKey("ended_logs.log_origin"), primary_key=True),
    Column("size", _NUMBER, primary_key=True, autoincrement=False),
    Column("note", Text, nullable=False),
    sqlite_strict=True,
)

TABLES = (ended_logs, ended_states)
