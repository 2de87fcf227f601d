"""Rows of the codes that were sent to customers, in one transaction.

No row holds an address or a code: the address is a keyed hash, the code a salted one, and the
secret of the customer's page a hash too.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass

from sqlalchemy import Connection, delete, func, insert, select, update

from central.archive.schema import contact_challenges as table
from kiosk.domain.ids import CaseId, DeviceId


@dataclass(frozen=True, slots=True)
class ChallengeRow:
    """One code that was sent.

    Attributes:
        challenge_id: named by the device.
        device_id: device that asked.
        case_id: case of that device.
        channel: ``email`` or ``mobile``.
        address_hash: keyed hash of channel and address, 32 bytes.
        page_hash: SHA-256 of the secret in the address of the customer's page.
        salt, code_hash: of the code; emptied once the code counts no more.
        language: of message and page.
        status: ``sending``, ``failed``, or a value of ``kiosk.sync.contact.ChallengeStatus``.
        sent_at, expires_at: server time, ISO 8601 UTC with milliseconds.
        tries: codes typed so far.
        confirmed_at: the same, or ``""``.
    """

    challenge_id: str
    device_id: DeviceId
    case_id: CaseId
    channel: str
    address_hash: bytes
    page_hash: bytes
    salt: bytes
    code_hash: bytes
    language: str
    status: str
    sent_at: str
    expires_at: str
    tries: int = 0
    confirmed_at: str = ""


class ChallengeRows:
    """Reads and writes them. No rule of the protocol lives here."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def get(self, challenge_id: str) -> ChallengeRow | None:
        """By the name that the device gave."""
        query = select(table).where(table.c.challenge_id == challenge_id)
        row = self._connection.execute(query).one_or_none()
        return None if row is None else ChallengeRow(**row._asdict())

    def of_page(self, page_hash: bytes) -> ChallengeRow | None:
        """By the hash of the page's secret."""
        query = select(table).where(table.c.page_hash == page_hash)
        row = self._connection.execute(query).one_or_none()
        return None if row is None else ChallengeRow(**row._asdict())

    def add(self, row: ChallengeRow) -> None:
        """Keep a new one."""
        self._connection.execute(insert(table).values(**asdict(row)))

    def set_status(self, challenge_id: str, status: str) -> None:
        """Another status, of one challenge."""
        self._connection.execute(
            update(table).where(table.c.challenge_id == challenge_id).values(status=status)
        )

    def close(self, challenge_id: str, status: str, confirmed_at: str = "") -> None:
        """Another status, and no code any more."""
        self._connection.execute(
            update(table)
            .where(table.c.challenge_id == challenge_id)
            .values(status=status, confirmed_at=confirmed_at, salt=b"", code_hash=b"")
        )

    def count_try(self, challenge_id: str) -> None:
        """One more code was typed."""
        self._connection.execute(
            update(table)
            .where(table.c.challenge_id == challenge_id)
            .values(tries=table.c.tries + 1)
        )

    def open_ones(self, device_id: DeviceId, case_id: CaseId, channel: str) -> tuple[str, ...]:
        """Challenges of a case whose code still counts, or is on its way."""
        query = select(table.c.challenge_id).where(
            table.c.device_id == device_id,
            table.c.case_id == case_id,
            table.c.channel == channel,
            table.c.status.in_(("sending", "sent")),
        )
        return tuple(self._connection.execute(query).scalars())

    def times_to_address(self, address_hash: bytes, since: str) -> tuple[str, ...]:
        """When codes were sent to an address since a time, oldest first."""
        query = select(table.c.sent_at).where(
            table.c.address_hash == address_hash, table.c.sent_at >= since
        )
        return tuple(self._connection.execute(query.order_by(table.c.sent_at)).scalars())

    def count_of_device(self, device_id: DeviceId, since: str) -> int:
        """How many codes a device asked for since a time."""
        query = select(func.count()).where(table.c.device_id == device_id, table.c.sent_at >= since)
        return int(self._connection.execute(query).scalar_one())

    def forget(self, before: str) -> None:
        """Delete what counted no more before a time."""
        self._connection.execute(delete(table).where(table.c.expires_at < before))
