"""Tables about results for providers: who they are, and which envelope is on its way to whom.

An envelope is sealed on the device to the provider's key: nothing here opens it. What lies open is
what the journal entry says anyway, and how the delivery goes. They are new tables only: a database
from before them gets them when it is opened.
"""

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, LargeBinary, Table, Text

from central.archive.schema import metadata

# Numbers of entries go to 2^40 (kiosk.sync.messages); STRICT tables of SQLite know one INTEGER.
_NUMBER = BigInteger().with_variant(Integer(), "sqlite")

providers = Table(
    "result_providers",
    metadata,
    Column("issuer", Text, primary_key=True),
    Column("url", Text, nullable=False),
    Column("ca_pem", Text, nullable=False),
    Column("pull_key", LargeBinary),
    Column("keep_days", Integer, nullable=False),
    Column("give_up_days", Integer, nullable=False),
    Column("added_at", Text, nullable=False),
    sqlite_strict=True,
)

results = Table(
    "provider_results",
    metadata,
    Column("device_id", ForeignKey("devices.device_id"), primary_key=True),
    Column("seq", _NUMBER, primary_key=True, autoincrement=False),
    Column("record_id", Text, nullable=False, index=True),
    Column("issuer", Text, nullable=False),
    Column("digest", LargeBinary, nullable=False),
    Column("state", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("announced_at", Text, nullable=False),
    Column("arrived_at", Text, nullable=False),
    Column("position", _NUMBER, unique=True),
    Column("attempts", Integer, nullable=False),
    Column("next_at", Text, nullable=False),
    Column("done_at", Text, nullable=False),
    Column("released_at", Text, nullable=False),
    Column("sealed", LargeBinary),
    Index("results_by_state", "state", "next_at"),
    Index("results_of_a_provider", "issuer", "position"),
    sqlite_strict=True,
)

TABLES = (providers, results)
