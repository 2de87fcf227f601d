"""Tables about rounds: who is to be sealed to, what is planned, and which act was about what.

What lies open about a visit is a day, a number and a digest; the visit itself is sealed to the
device that makes it, and to the planner. They are new tables only: a database from before them gets
them when it is opened.
"""

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, LargeBinary, Table, Text

from central.archive.schema import metadata

# Numbers of entries go to 2^40 (kiosk.sync.messages); STRICT tables of SQLite know one INTEGER.
_NUMBER = BigInteger().with_variant(Integer(), "sqlite")

recipients = Table(
    "round_recipients",
    metadata,
    Column("device_id", ForeignKey("devices.device_id"), primary_key=True),
    Column("announcement", Text, nullable=False),
    sqlite_strict=True,
)

visits = Table(
    "visits",
    metadata,
    Column("visit_id", Text, primary_key=True),
    Column("day", Text, nullable=False, index=True),
    Column("position", Integer, nullable=False),
    Column("place", Text, nullable=False),
    Column("office_id", Text, nullable=False),
    Column("device_id", Text),
    Column("request_key", Text, nullable=False, index=True),
    Column("planned_at", Text, nullable=False),
    Column("cancelled_at", Text),
    # A device asks for its own day: never a walk through the visits of the whole fleet.
    Index("visits_of_a_device", "device_id", "day"),
    Index("visits_of_an_office", "office_id", "day"),
    sqlite_strict=True,
)

visit_copies = Table(
    "visit_copies",
    metadata,
    Column("visit_id", ForeignKey("visits.visit_id"), primary_key=True),
    Column("holder", Text, primary_key=True),
    Column("sealed", LargeBinary, nullable=False),
    sqlite_strict=True,
)

cancelled_requests = Table(
    "cancelled_requests",
    metadata,
    Column("request_key", Text, primary_key=True),
    Column("cancelled_at", Text, nullable=False),
    sqlite_strict=True,
)

acts = Table(
    "acts",
    metadata,
    Column("device_id", ForeignKey("devices.device_id"), primary_key=True),
    Column("seq", _NUMBER, primary_key=True),
    Column("request_key", Text, index=True),
    Column("visit_id", Text, index=True),
    Column("outcome", Text, nullable=False),
    Column("received_at", Text, nullable=False),
    Column("conflict", Text),
    Column("conflict_at", Text),
    sqlite_strict=True,
)

TABLES = (recipients, visits, visit_copies, cancelled_requests, acts)
