"""Rows of questions to colleagues, inside one transaction."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from sqlalchemy import Connection, delete, insert, select, update

from central.archive.question_schema import questions as table
from kiosk.domain.ids import AgentId, CaseId, DeviceId, OfficeId


@dataclass(frozen=True, slots=True)
class QuestionRow:
    """A question, and its answer where there is one.

    Attributes:
        device_id / question_id: who asks, and their number for it.
        office_id: where that device works.
        case_id, agent_id, about, seen: as asked.
        asked_at: server time, ISO 8601 UTC.
        statement / voucher: the answer, or ``""``.
    """

    device_id: DeviceId
    question_id: str
    office_id: OfficeId
    case_id: CaseId
    agent_id: AgentId
    about: str
    seen: str
    asked_at: str
    statement: str = ""
    voucher: str = ""


class QuestionRows:
    """Reads and writes them. No rule of the protocol lives here."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def get(self, device_id: DeviceId, question_id: str) -> QuestionRow | None:
        """One of a device's questions."""
        query = select(table).where(
            table.c.device_id == device_id, table.c.question_id == question_id
        )
        row = self._connection.execute(query).one_or_none()
        return None if row is None else QuestionRow(*row)

    def open_of_office(
        self, office_id: OfficeId, since: str, limit: int
    ) -> tuple[QuestionRow, ...]:
        """Questions of an office without an answer, asked at ``since`` or later, oldest first."""
        query = (
            select(table)
            .where(table.c.office_id == office_id, table.c.asked_at >= since)
            .where(table.c.statement == "")
            .order_by(table.c.asked_at, table.c.question_id)
            .limit(limit)
        )
        return tuple(QuestionRow(*row) for row in self._connection.execute(query))

    def add(self, row: QuestionRow) -> None:
        """Keep a new one."""
        self._connection.execute(insert(table).values(asdict(row)))

    def answer(self, row: QuestionRow) -> None:
        """Keep the answer of one."""
        self._connection.execute(
            update(table)
            .where(table.c.device_id == row.device_id, table.c.question_id == row.question_id)
            .values(statement=row.statement, voucher=row.voucher)
        )

    def forget(self, office_id: OfficeId, before: str) -> None:
        """Delete what an office asked before ``before``."""
        self._connection.execute(
            delete(table).where(table.c.office_id == office_id, table.c.asked_at < before)
        )
