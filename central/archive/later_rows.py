"""Addresses that are to be confirmed later, by record and channel; none of them in clear.

New tables only: a database from before them gets them when it is opened.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    ForeignKey,
    Integer,
    LargeBinary,
    Table,
    Text,
    delete,
    insert,
    select,
    update,
)

from central.archive.schema import metadata
from kiosk.domain.ids import DeviceId, RecordId

_NUMBER = BigInteger().with_variant(Integer(), "sqlite")

envelopes = Table(
    "later_contacts",
    metadata,
    Column("device_id", ForeignKey("devices.device_id"), primary_key=True),
    Column("seq", _NUMBER, primary_key=True, autoincrement=False),
    Column("record_id", Text, nullable=False, index=True),
    Column("digest", LargeBinary, nullable=False),
    Column("state", Text, nullable=False, index=True),
    Column("reason", Text, nullable=False),
    Column("arrived_at", Text, nullable=False),
    Column("next_at", Text, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("sealed", LargeBinary),
    sqlite_strict=True,
)

lines = Table(
    "later_contact_lines",
    metadata,
    Column("record_id", Text, primary_key=True),
    Column("channel", Text, primary_key=True),
    Column("challenge_id", Text, nullable=False),
    Column("state", Text, nullable=False, index=True),
    Column("sent_at", Text, nullable=False),
    Column("expires_at", Text, nullable=False),
    Column("statement", Text, nullable=False),
    sqlite_strict=True,
)


@dataclass(frozen=True, slots=True)
class LaterRow:
    """The envelope of one record.

    Attributes:
        device_id, seq: the entry that announced it.
        record_id: its record.
        digest: SHA-256, 32 bytes, as the device signed it.
        state: ``awaited``, ``waiting`` (it is here, messages are not out), ``sent``,
            ``failed``, or ``erased`` with its record.
        reason: the last obstacle, a word or two of ours.
        arrived_at, next_at: ISO 8601 UTC with milliseconds, or ``""``.
        attempts: how often handing over was tried.
        sealed: the envelope; None before it came, and once it is of no use any more.
    """

    device_id: DeviceId
    seq: int
    record_id: RecordId
    digest: bytes
    state: str
    reason: str = ""
    arrived_at: str = ""
    next_at: str = ""
    attempts: int = 0
    sealed: bytes | None = None


@dataclass(frozen=True, slots=True)
class LineRow:
    """One message that went out for a record.

    Attributes:
        record_id, channel: which address of which record.
        challenge_id: of the code in the message.
        state: ``sending``, or a value of ``kiosk.sync.contact.ChallengeStatus``.
        sent_at, expires_at: ISO 8601 UTC with milliseconds.
        statement: signed word of this side, once confirmed.
    """

    record_id: RecordId
    channel: str
    challenge_id: str
    state: str
    sent_at: str
    expires_at: str
    statement: str = ""


class LaterRows:
    """Reads and writes them. No rule of the protocol lives here."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, row: LaterRow) -> None:
        """Note an envelope that an entry announces."""
        self._connection.execute(insert(envelopes).values(**asdict(row)))

    def get(self, device_id: DeviceId, seq: int) -> LaterRow | None:
        """The envelope of an entry."""
        query = select(envelopes).where(envelopes.c.device_id == device_id, envelopes.c.seq == seq)
        row = self._connection.execute(query).one_or_none()
        return None if row is None else LaterRow(**row._asdict())

    def due(self, now: str, limit: int) -> tuple[LaterRow, ...]:
        """Envelopes that are here and whose messages are to go out, oldest first."""
        query = select(envelopes).where(envelopes.c.state == "waiting", envelopes.c.next_at <= now)
        rows = self._connection.execute(query.order_by(envelopes.c.next_at).limit(limit))
        return tuple(LaterRow(**row._asdict()) for row in rows)

    def open_ones(self) -> tuple[LaterRow, ...]:
        """Envelopes whose messages are not out, oldest first."""
        query = select(envelopes).where(envelopes.c.state != "sent")
        rows = self._connection.execute(query.order_by(envelopes.c.arrived_at).limit(10_000))
        return tuple(LaterRow(**row._asdict()) for row in rows)

    def change(self, row: LaterRow, **values: Any) -> None:
        """Set columns of one envelope."""
        query = update(envelopes).where(
            envelopes.c.device_id == row.device_id, envelopes.c.seq == row.seq
        )
        self._connection.execute(query.values(**values))

    def erase_of_record(self, record_id: RecordId) -> None:
        """Forget what is here of a record; nothing of it is sent any more."""
        query = update(envelopes).where(
            envelopes.c.record_id == record_id, envelopes.c.state.in_(("awaited", "waiting"))
        )
        self._connection.execute(query.values(state="erased", reason="", sealed=None))

    def put_line(self, row: LineRow) -> None:
        """Note a message, or another one in its place."""
        self._connection.execute(
            delete(lines).where(lines.c.record_id == row.record_id, lines.c.channel == row.channel)
        )
        self._connection.execute(insert(lines).values(**asdict(row)))

    def lines(self, *states: str) -> tuple[LineRow, ...]:
        """Messages in these states, or all of them, oldest first."""
        query = select(lines).order_by(lines.c.sent_at, lines.c.record_id, lines.c.channel)
        if states:
            query = query.where(lines.c.state.in_(states))
        rows = self._connection.execute(query.limit(10_000))
        return tuple(LineRow(**row._asdict()) for row in rows)

    def line(self, record_id: RecordId, channel: str) -> LineRow | None:
        """One message."""
        query = select(lines).where(lines.c.record_id == record_id, lines.c.channel == channel)
        row = self._connection.execute(query).one_or_none()
        return None if row is None else LineRow(**row._asdict())

    def settle(self, row: LineRow, state: str, statement: str = "") -> None:
        """How a message ended."""
        query = update(lines).where(
            lines.c.record_id == row.record_id, lines.c.channel == row.channel
        )
        self._connection.execute(query.values(state=state, statement=statement))
