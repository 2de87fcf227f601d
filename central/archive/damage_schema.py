"""The table of payloads that are not what their row says: cut, rotten, unreadable, or gone.

It is a new table only: a database from before it gets it when it is opened. A row is closed when
the payload came again, and never removed: a disk that loses payloads is something to know about.
"""

from sqlalchemy import BigInteger, Column, ForeignKey, Integer, Table, Text

from central.archive.schema import metadata

# Numbers of entries go to 2^40 (kiosk.sync.messages); STRICT tables of SQLite know one INTEGER.
_NUMBER = BigInteger().with_variant(Integer(), "sqlite")

damaged_payloads = Table(
    "damaged_payloads",
    metadata,
    Column("device_id", ForeignKey("devices.device_id"), primary_key=True),
    Column("seq", _NUMBER, primary_key=True),
    Column("what", Text, nullable=False),
    Column("found_at", Text, nullable=False),
    Column("mended_at", Text),
    sqlite_strict=True,
)

TABLES = (damaged_payloads,)
