"""Tables of the collector's database.

No table holds personal data: records are sealed, entries carry none. The age header of a record
(``sealed.header``) lies here, its payload in a file: deleting the header makes the payload noise.
Tables are STRICT: a value of another type cannot be slipped in.
"""

from sqlalchemy import (
    BigInteger,
    Column,
    ForeignKey,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
)

metadata = MetaData()
# Numbers of entries go to 2^40 (kiosk.sync.messages); STRICT tables of SQLite know one INTEGER.
_NUMBER = BigInteger().with_variant(Integer(), "sqlite")

schema_version = Table(
    "schema_version",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("version", Integer, nullable=False),
    sqlite_strict=True,
)

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
    Column("size", _NUMBER, nullable=False, default=0),
    Column("frontier", LargeBinary, nullable=False, default=b""),
    Column("checkpoint", Text, nullable=False, default=""),
    Column("quarantined", Integer, nullable=False, default=0),
    sqlite_strict=True,
)

entries = Table(
    "entries",
    metadata,
    Column("device_id", ForeignKey("devices.device_id"), primary_key=True),
    Column("seq", _NUMBER, primary_key=True),
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
    Column("seq", _NUMBER, nullable=False),
    Column("jws", Text, nullable=False),
    Column("checkpoint", Text, nullable=False),
    Column("received_at", Text, nullable=False),
    UniqueConstraint("device_id", "seq", "jws"),
    sqlite_strict=True,
)

alarms = Table(
    "alarms",
    metadata,
    Column("device_id", ForeignKey("devices.device_id"), primary_key=True),
    Column("kind", Text, primary_key=True),
    Column("seq", Integer, primary_key=True),
    Column("detail", Text, nullable=False),
    Column("raised_at", Text, nullable=False),
    sqlite_strict=True,
)

origins = Table(
    "ratchet_origins",
    metadata,
    Column("device_id", ForeignKey("devices.device_id"), primary_key=True),
    Column("seq", Integer, nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    Column("received_at", Text, nullable=False),
    sqlite_strict=True,
)

sealed = Table(
    "sealed",
    metadata,
    Column("device_id", ForeignKey("devices.device_id"), primary_key=True),
    Column("seq", _NUMBER, primary_key=True),
    Column("blob_sha256", LargeBinary, nullable=False),
    Column("payload_sha256", LargeBinary, nullable=False),
    Column("header", LargeBinary),
    Column("received_at", Text, nullable=False),
    Column("state", Text, nullable=False, index=True),
    sqlite_strict=True,
)

log_leaves = Table(
    "log_leaves",
    metadata,
    Column("index", _NUMBER, primary_key=True, autoincrement=False),
    Column("device_id", Text, nullable=False),
    Column("seq", _NUMBER, nullable=False),
    Column("data", LargeBinary, nullable=False),
    Column("hash", LargeBinary, nullable=False),
    UniqueConstraint("device_id", "seq"),
    sqlite_strict=True,
)

log_nodes = Table(
    "log_nodes",
    metadata,
    Column("level", Integer, primary_key=True, autoincrement=False),
    Column("index", _NUMBER, primary_key=True, autoincrement=False),
    Column("hash", LargeBinary, nullable=False),
    sqlite_strict=True,
)

log_state = Table(
    "log_state",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("size", _NUMBER, nullable=False),
    Column("frontier", LargeBinary, nullable=False),
    Column("checkpoint", Text, nullable=False),
    sqlite_strict=True,
)

contact_challenges = Table(
    "contact_challenges",
    metadata,
    Column("challenge_id", Text, primary_key=True),
    Column("device_id", ForeignKey("devices.device_id"), nullable=False),
    Column("case_id", Text, nullable=False),
    Column("channel", Text, nullable=False),
    Column("address_hash", LargeBinary, nullable=False, index=True),
    Column("page_hash", LargeBinary, nullable=False, unique=True),
    Column("salt", LargeBinary, nullable=False),
    Column("code_hash", LargeBinary, nullable=False),
    Column("language", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("sent_at", Text, nullable=False),
    Column("expires_at", Text, nullable=False),
    Column("tries", Integer, nullable=False),
    Column("confirmed_at", Text, nullable=False),
    sqlite_strict=True,
)
