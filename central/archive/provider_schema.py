"""Tables about providers that come and go: changes that wait for signatures, and withdrawals.

A withdrawal is never deleted: it says until when, and of which policy, a provider was one. They are
new tables only: a database from before them gets them when it is opened.
"""

from sqlalchemy import Column, Integer, LargeBinary, Table, Text

from central.archive.schema import metadata

provider_plans = Table(
    "provider_plans",
    metadata,
    Column("issuer", Text, primary_key=True),
    Column("version", Integer, nullable=False),
    Column("kid", Text, nullable=False),
    Column("url", Text, nullable=False),
    Column("ca_pem", Text, nullable=False),
    Column("pull_key", LargeBinary),
    Column("keep_days", Integer, nullable=False),
    Column("give_up_days", Integer, nullable=False),
    Column("planned_at", Text, nullable=False),
    sqlite_strict=True,
)

provider_withdrawals = Table(
    "provider_withdrawals",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("issuer", Text, nullable=False),
    Column("kid", Text, nullable=False),
    Column("policy_version", Integer, nullable=False),
    Column("withdrawn_on", Text, nullable=False),
    Column("ended", Integer, nullable=False),
    Column("admitted_on", Text, nullable=False),
    sqlite_strict=True,
)

TABLES = (provider_plans, provider_withdrawals)
