"""Rows about providers that come and go, inside one transaction.

Rules, in order: a provider is withdrawn together with its address and with every result that waits
for it; a withdrawal stays written down for ever, also once the provider is admitted again; what
waits for signatures changes nothing before.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass

from sqlalchemy import Connection, delete, func, insert, select, update

from central.archive.provider_schema import provider_plans, provider_withdrawals
from central.archive.result_rows import ProviderRow, ResultRows


@dataclass(frozen=True, slots=True)
class PlanRow:
    """A change that takes effect with the policy that several people sign.

    Attributes:
        provider: as it will be configured; of a withdrawal only its name counts.
        kid: key that the policy will name for it, ``""`` where it will name none.
        version: of the drafted policy; once another one is published under it, this is void.
    """

    provider: ProviderRow
    kid: str
    version: int

    @property
    def withdraws(self) -> bool:
        """Whether the provider goes."""
        return not self.kid


@dataclass(frozen=True, slots=True)
class WithdrawalRow:
    """A provider went.

    Attributes:
        number: in the order of all withdrawals, from 1.
        issuer: which.
        kid: key that results were sealed to until then.
        policy_version: the first policy that does not name it.
        withdrawn_on: day, ISO 8601, UTC.
        ended: how many results were waiting for it, and ended with it.
        admitted_on: day on which it was admitted again, or ``""``.
    """

    number: int
    issuer: str
    kid: str
    policy_version: int
    withdrawn_on: str
    ended: int
    admitted_on: str = ""


class ProviderChangeRows:
    """Reads and writes them."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._results = ResultRows(connection)

    # --- waiting for signatures -------------------------------------------------------------------

    def plan(self, row: PlanRow) -> None:
        """Note a change; it replaces one of the same provider."""
        self.drop_plan(row.provider.issuer)
        values = asdict(row.provider)
        values["planned_at"] = values.pop("added_at")
        values |= {"kid": row.kid, "version": row.version}
        self._connection.execute(insert(provider_plans).values(**values))

    def drop_plan(self, issuer: str) -> None:
        """Forget a change that has taken effect, or is void."""
        mine = provider_plans.c.issuer == issuer
        self._connection.execute(delete(provider_plans).where(mine))

    def plans(self) -> tuple[PlanRow, ...]:
        """Every change that waits, by provider."""
        found = []
        for row in self._connection.execute(
            select(provider_plans).order_by(provider_plans.c.issuer)
        ):
            values = row._asdict()
            kid, version = values.pop("kid"), values.pop("version")
            values["added_at"] = values.pop("planned_at")
            found.append(PlanRow(ProviderRow(**values), kid, version))
        return tuple(found)

    # --- withdrawals ------------------------------------------------------------------------------

    def withdraw(self, issuer: str, kid: str, policy_version: int, day: str) -> WithdrawalRow:
        """End a provider and everything that waits for it; ``day``: ISO 8601, UTC."""
        self._results.remove_provider(issuer)
        ended = self._results.withdraw(issuer)
        newest = select(func.max(provider_withdrawals.c.number))
        number = int(self._connection.execute(newest).scalar_one() or 0) + 1
        row = WithdrawalRow(number, issuer, kid, policy_version, day, ended)
        self._connection.execute(insert(provider_withdrawals).values(**asdict(row)))
        return row

    def admit(self, provider: ProviderRow, day: str) -> None:
        """Let a provider hear of its requests, a withdrawn one again."""
        self._results.put_provider(provider)
        mine = provider_withdrawals.c.issuer == provider.issuer
        still = provider_withdrawals.c.admitted_on == ""
        again = update(provider_withdrawals).where(mine, still)
        self._connection.execute(again.values(admitted_on=day))

    def withdrawals(self) -> tuple[WithdrawalRow, ...]:
        """Every withdrawal, in order."""
        query = select(provider_withdrawals).order_by(provider_withdrawals.c.number)
        return tuple(WithdrawalRow(**row._asdict()) for row in self._connection.execute(query))

    def is_withdrawn(self, issuer: str) -> bool:
        """Whether a provider went and was not admitted again."""
        query = select(provider_withdrawals.c.number).where(
            provider_withdrawals.c.issuer == issuer, provider_withdrawals.c.admitted_on == ""
        )
        return self._connection.execute(query.limit(1)).scalar_one_or_none() is not None
