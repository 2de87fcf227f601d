"""Tables for those who run the fleet: what each device last told, counted while it is told.

Rules, in order: a page about 80,000 devices reads a few rows of these tables and never walks
through journals; whatever is counted here changes in the very transaction that changes what is
counted; no column holds personal data, free text or the name of an agent. They are new tables only:
a database from before them gets them when it is opened, and :mod:`.fleet_filling` counts once what
was there.
"""

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, Table, Text

from central.archive.schema import metadata

# As in the schema beside: STRICT tables of SQLite know one INTEGER.
_NUMBER = BigInteger().with_variant(Integer(), "sqlite")

device_states = Table(
    "device_states",
    metadata,
    Column("device_id", ForeignKey("devices.device_id"), primary_key=True),
    Column("office_id", Text, nullable=False),
    Column("quarantined", Integer, nullable=False, default=0),
    Column("announced", _NUMBER, nullable=False, default=0),
    Column("received", _NUMBER, nullable=False, default=0),
    Column("missing", _NUMBER, nullable=False, default=0),
    Column("behind_since", Text, nullable=False, default=""),
    Column("held_back", _NUMBER, nullable=False, default=0),
    Column("held_bytes", _NUMBER, nullable=False, default=0),
    Column("app_build", Text, nullable=False, default=""),
    Column("told_at", Text, nullable=False, default=""),
    Column("ended", Text, nullable=False, default=""),
    Index("states_by_office", "office_id", "device_id"),
    Index("states_by_quarantine", "quarantined", "device_id"),
    Index("states_by_missing", "missing", "device_id"),
    Index("states_by_debt", "behind_since", "device_id"),
    Index("states_by_build", "app_build", "device_id"),
    Index("states_by_end", "ended", "device_id"),
    # Whoever searches types the beginning of a number; other orders of letters cannot serve that.
    Index("states_by_beginning", "device_id", postgresql_ops={"device_id": "text_pattern_ops"}),
    sqlite_strict=True,
)

device_contacts = Table(
    "device_contacts",
    metadata,
    Column("device_id", ForeignKey("devices.device_id"), primary_key=True),
    Column("contact_at", Text, nullable=False, default=""),
    Column("drift_s", _NUMBER),
    Column("drift_size", _NUMBER, nullable=False, default=-1),
    Column("drift_at", Text, nullable=False, default=""),
    Column("refused", Integer, nullable=False, default=0),
    Index("contacts_by_time", "contact_at", "device_id"),
    Index("contacts_by_drift", "drift_size", "device_id"),
    sqlite_strict=True,
)

fleet_alarms = Table(
    "fleet_alarms",
    metadata,
    Column("device_id", ForeignKey("devices.device_id"), primary_key=True),
    Column("kind", Text, primary_key=True),
    Column("seq", _NUMBER, primary_key=True),
    Column("raised_at", Text, nullable=False),
    Index("fleet_alarms_by_time", "raised_at", "device_id", "kind", "seq"),
    Index("fleet_alarms_by_kind", "kind", "raised_at", "device_id", "seq"),
    sqlite_strict=True,
)

hourly_receipts = Table(
    "hourly_receipts",
    metadata,
    Column("hour", Text, primary_key=True),
    Column("receipts", _NUMBER, nullable=False),
    sqlite_strict=True,
)

TABLES = (device_states, device_contacts, fleet_alarms, hourly_receipts)
