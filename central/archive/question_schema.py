"""Questions to colleagues of one office, on their way from device to device.

They are forgotten after half an hour; nothing in them is about a customer. A new table only: a
database from before it gets it when it is opened.
"""

from sqlalchemy import Column, ForeignKey, Index, Table, Text

from central.archive.schema import metadata

questions = Table(
    "questions",
    metadata,
    Column("device_id", ForeignKey("devices.device_id"), primary_key=True),
    Column("question_id", Text, primary_key=True),
    Column("office_id", Text, nullable=False),
    Column("case_id", Text, nullable=False),
    Column("agent_id", Text, nullable=False),
    Column("about", Text, nullable=False),
    Column("seen", Text, nullable=False),
    Column("asked_at", Text, nullable=False),
    Column("statement", Text, nullable=False),
    Column("voucher", Text, nullable=False),
    Index("questions_of_an_office", "office_id", "asked_at"),
    sqlite_strict=True,
)
