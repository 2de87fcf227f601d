"""Tables about witnesses: which states of the log were put to them, and what they said.

They are new tables only: a database from before them gets them when it is opened. Rows are added
and never changed: what a witness once vouched for stays to be held against the log.
"""

from sqlalchemy import BigInteger, Column, ForeignKey, Integer, Table, Text

from central.archive.schema import metadata

# Sizes of a log go to 2^40; STRICT tables of SQLite know one INTEGER.
_NUMBER = BigInteger().with_variant(Integer(), "sqlite")

cosigned_checkpoints = Table(
    "cosigned_checkpoints",
    metadata,
    Column("size", _NUMBER, primary_key=True, autoincrement=False),
    Column("note", Text, nullable=False),
    sqlite_strict=True,
)

cosignatures = Table(
    "cosignatures",
    metadata,
    Column("size", ForeignKey("cosigned_checkpoints.size"), primary_key=True, autoincrement=False),
    Column("witness", Text, primary_key=True),
    Column("line", Text, nullable=False),
    Column("cosigned_at", _NUMBER, nullable=False),
    sqlite_strict=True,
)

witness_troubles = Table(
    "witness_troubles",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("witness", Text, nullable=False, index=True),
    Column("trouble", Text, nullable=False),
    Column("told_at", Text, nullable=False),
    sqlite_strict=True,
)

TABLES = (cosigned_checkpoints, cosignatures, witness_troubles)
