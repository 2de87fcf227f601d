"""Tables about erasure: which records are to be forgotten, and which must be kept for now.

An order stands here from the day it was given, whether the record is here, in quarantine, or still
on a tablet: whoever takes a record in asks this table first. New tables only: a database from
before them gets them when it is opened.
"""

from sqlalchemy import Column, Table, Text

from central.archive.schema import metadata

erasure_orders = Table(
    "erasure_orders",
    metadata,
    Column("record_id", Text, primary_key=True),
    Column("order_token", Text, nullable=False),
    Column("approval", Text, nullable=False),
    Column("ordered_at", Text, nullable=False),
    Column("done_at", Text),
    sqlite_strict=True,
)

legal_holds = Table(
    "legal_holds",
    metadata,
    Column("order_id", Text, primary_key=True),
    Column("record_id", Text, primary_key=True),
    Column("order_token", Text, nullable=False),
    Column("approval", Text, nullable=False),
    Column("placed_at", Text, nullable=False),
    Column("released_at", Text),
    sqlite_strict=True,
)

TABLES = (erasure_orders, legal_holds)
