"""Reads and writes rows inside one transaction. No rule of the protocol lives here."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict

from sqlalchemy import ColumnElement, Connection, Table, bindparam, func, insert, select, update

from central.archive.challenges import ChallengeRows
from central.archive.damage_rows import DamageRows
from central.archive.erasure_rows import ErasureRows
from central.archive.journal_rows import JournalRows
from central.archive.later_rows import LaterRows
from central.archive.locks import lock
from central.archive.log_rows import LogRows
from central.archive.provider_rows import ProviderChangeRows
from central.archive.question_rows import QuestionRows
from central.archive.restore_rows import RestoreRows
from central.archive.result_rows import ResultRows
from central.archive.round_rows import RoundRows
from central.archive.rows import CodeRow
from central.archive.schema import codes, policies
from central.archive.sealed_rows import SealedRows
from central.archive.sheet_rows import SheetRows
from central.archive.witness_rows import WitnessRows

_POLICIES_AFTER = (
    select(policies.c.version, policies.c.token)
    .where(policies.c.version > bindparam("after"))
    .order_by(policies.c.version)
)


class Ledger(JournalRows, SealedRows, LogRows):
    """The rows of one transaction.

    Attributes:
        rounds: the rows about visits and requests.
        questions: the rows about questions to colleagues.
    """

    def __init__(self, connection: Connection) -> None:
        super().__init__(connection)
        self.rounds = RoundRows(connection)
        self.questions = QuestionRows(connection)

    @property
    def challenges(self) -> ChallengeRows:
        """Codes that were sent to customers."""
        return ChallengeRows(self._connection)

    @property
    def later(self) -> LaterRows:
        """Addresses that are to be confirmed later."""
        return LaterRows(self._connection)

    @property
    def sheets(self) -> SheetRows:
        """Sheets that were mailed."""
        return SheetRows(self._connection)

    @property
    def results(self) -> ResultRows:
        """Results for providers."""
        return ResultRows(self._connection)

    @property
    def provider_changes(self) -> ProviderChangeRows:
        """Providers that come and go."""
        return ProviderChangeRows(self._connection)

    @property
    def witnesses(self) -> WitnessRows:
        """What witnesses said of the collector's log."""
        return WitnessRows(self._connection)

    @property
    def restores(self) -> RestoreRows:
        """Logs of the collector that ended."""
        return RestoreRows(self._connection)

    @property
    def damages(self) -> DamageRows:
        """Payloads that are not what their row says."""
        return DamageRows(self._connection)

    @property
    def erasures(self) -> ErasureRows:
        """Orders of erasure and legal holds."""
        return ErasureRows(self._connection)

    def lock(self, scopes: Iterable[str]) -> None:
        """Keep other writers of these scopes out until the transaction ends.

        To be called once in a transaction, with every scope that it will need beside its own: the
        order in which they are taken is what keeps two writers from waiting for each other.
        """
        for scope in sorted(set(scopes)):
            lock(self._connection, scope)

    def count(self, table: Table, *where: ColumnElement[bool]) -> int:
        """Rows of a table that fit."""
        query = select(func.count()).select_from(table).where(*where)
        return int(self._connection.execute(query).scalar_one())

    # --- policies -----------------------------------------------------------------------------

    def policy(self, version: int | None = None) -> tuple[int, str] | None:
        """Version and token of a policy, the newest by default."""
        query = select(policies.c.version, policies.c.token).order_by(policies.c.version.desc())
        if version is not None:
            query = query.where(policies.c.version == version)
        row = self._connection.execute(query.limit(1)).one_or_none()
        return None if row is None else (row.version, row.token)

    def policies(self, after: int = 0) -> tuple[tuple[int, str], ...]:
        """Versions and tokens of every policy after version ``after``, oldest first."""
        rows = self._connection.execute(_POLICIES_AFTER, {"after": after})
        return tuple((row.version, row.token) for row in rows)

    def add_policy(self, version: int, token: str) -> None:
        """Keep a new version."""
        self._connection.execute(insert(policies).values(version=version, token=token))

    # --- enrolment ----------------------------------------------------------------------------

    def code(self, secret_sha256: bytes) -> CodeRow | None:
        """An enrolment code by the hash of its secret."""
        row = self._one(codes, secret_sha256=secret_sha256)
        return None if row is None else CodeRow(**row._asdict())

    def put_code(self, row: CodeRow) -> None:
        """Add a code, or note who used it."""
        if self.code(row.secret_sha256) is None:
            self._connection.execute(insert(codes).values(**asdict(row)))
        else:
            query = update(codes).where(codes.c.secret_sha256 == row.secret_sha256)
            self._connection.execute(query.values(**asdict(row)))
