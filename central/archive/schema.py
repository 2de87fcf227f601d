"""Tables of the collector's database.

No table holds personal data: records are sealed, entries carry none. The age header of a record
(``sealed.header``) lies here, its payload in a file: deleting the header makes the payload noise. A
visit is sealed to the device that makes it; what lies open is a day, a number and a digest.
Tables are STRICT: a value of another type cannot be slipped in.
"""

from collections.abc import Callable

from sqlalchemy import (
    Column,
    Connection,
    ForeignKey,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
)

from central.archive.layout import FolderError

metadata = MetaData()

policies = Table(
    "policies",
    metadata,
    Column("version", Integer, primary_key=True),
    Column("token", Text, nullable=False),
    sqlite_strict=True,
)

codes = Table(
    "enrolment_codes",
    metadata,
    Column("secret_sha256", LargeBinary, primary_key=True),
    Column("office_id", Text, nullable=False),
    Column("expires_at", Text, nullable=False),
    Column("device_id", Text),
    Column("certificate", Text),
    sqlite_strict=True,
)

devices = Table(
    "devices",
    metadata,
    Column("device_id", Text, primary_key=True),
    Column("public_key", LargeBinary, nullable=False),
    Column("office_id", Text, nullable=False),
    Column("enrolled_at", Text, nullable=False),
    Column("size", Integer, nullable=False, default=0),
    Column("frontier", LargeBinary, nullable=False, default=b""),
    Column("checkpoint", Text, nullable=False, default=""),
    Column("quarantined", Integer, nullable=False, default=0),
    sqlite_strict=True,
)

entries = Table(
    "entries",
    metadata,
    Column("device_id", ForeignKey("devices.device_id"), primary_key=True),
    Column("seq", Integer, primary_key=True),
    Column("jws", Text, nullable=False),
    Column("leaf", LargeBinary, nullable=False),
    Column("record_id", Text, index=True),
    sqlite_strict=True,
)

forks = Table(
    "forks",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("device_id", ForeignKey("devices.device_id"), nullable=False),
    Column("seq", Integer, nullable=False),
    Column("jws", Text, nullable=False),
    Column("checkpoint", Text, nullable=False),
    Column("received_at", Text, nullable=False),
    UniqueConstraint("device_id", "seq", "jws"),
    sqlite_strict=True,
)

sealed = Table(
    "sealed",
    metadata,
    Column("device_id", ForeignKey("devices.device_id"), primary_key=True),
    Column("seq", Integer, primary_key=True),
    Column("blob_sha256", LargeBinary, nullable=False),
    Column("payload_sha256", LargeBinary, nullable=False),
    Column("header", LargeBinary),
    Column("received_at", Text, nullable=False),
    Column("state", Text, nullable=False),
    sqlite_strict=True,
)

log_leaves = Table(
    "log_leaves",
    metadata,
    Column("index", Integer, primary_key=True, autoincrement=False),
    Column("device_id", Text, nullable=False),
    Column("seq", Integer, nullable=False),
    Column("data", LargeBinary, nullable=False),
    Column("hash", LargeBinary, nullable=False),
    UniqueConstraint("device_id", "seq"),
    sqlite_strict=True,
)

log_state = Table(
    "log_state",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("size", Integer, nullable=False),
    Column("frontier", LargeBinary, nullable=False),
    Column("checkpoint", Text, nullable=False),
    sqlite_strict=True,
)

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
    Column("seq", Integer, primary_key=True),
    Column("request_key", Text, index=True),
    Column("visit_id", Text, index=True),
    Column("outcome", Text, nullable=False),
    Column("received_at", Text, nullable=False),
    sqlite_strict=True,
)

_ROUNDS = (recipients, visits, visit_copies, cancelled_requests, acts)


def _first(connection: Connection) -> None:
    """Version 1: enrolment, journals, records, the log."""
    of_rounds = {table.name for table in _ROUNDS}
    tables = [table for table in metadata.sorted_tables if table.name not in of_rounds]
    metadata.create_all(connection, tables)


def _rounds(connection: Connection) -> None:
    """Version 2: rounds, cancelled requests, and which act was about which of them."""
    metadata.create_all(connection, list(_ROUNDS))


MIGRATIONS: tuple[Callable[[Connection], None], ...] = (_first, _rounds)
"""Numbered steps; the version stands in ``PRAGMA user_version``. One that was released is never
edited. A database from before the first number has the tables of version 1 and says 0."""


def migrate(connection: Connection) -> None:
    """Bring the tables to the newest version, inside the caller's transaction.

    Raises:
        FolderError: the database was written by a newer program.
    """
    found = int(connection.exec_driver_sql("PRAGMA user_version").scalar_one())
    if found > len(MIGRATIONS):
        raise FolderError("the database was written by a newer program")
    for step in MIGRATIONS[found:]:
        step(connection)
    connection.exec_driver_sql(f"PRAGMA user_version = {len(MIGRATIONS)}")
