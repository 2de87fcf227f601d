"""Providers as they stand: those that hear, those that wait for signatures, those that went."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final

from central.archive.ledger import Ledger
from central.archive.policy_chain import Policies
from central.archive.provider_rows import PlanRow, WithdrawalRow
from central.archive.result_rows import OVER, ProviderRow

HEARS, PLANNED, WITHDRAWN = "hears", "planned", "withdrawn"
_OVER: Final = frozenset(str(state) for state in OVER)


@dataclass(frozen=True, slots=True)
class Listed:
    """One provider.

    Attributes:
        issuer: name in its requests.
        state: ``hears``, ``planned`` while its first policy waits for signatures, ``withdrawn``.
        url: where results are posted, or ``""``.
        fetches: whether it fetches them.
        kid: key that the newest policy names for it, or ``""``.
        since_policy: the version that named this key first, 0 where none does.
        results: how many are in which state.
        plan: what waits for signatures, or None.
        withdrawals: how often it went, oldest first.
    """

    issuer: str
    state: str
    url: str
    fetches: bool
    kid: str
    since_policy: int
    results: Mapping[str, int]
    plan: PlanRow | None
    withdrawals: tuple[WithdrawalRow, ...]

    @property
    def waiting(self) -> int:
        """Results that it does not have yet."""
        return sum(n for state, n in self.results.items() if state not in _OVER)

    @property
    def told(self) -> dict[str, Any]:
        """As JSON tells it."""
        plan = self.plan
        return {
            "issuer": self.issuer,
            "state": self.state,
            "url": self.url,
            "fetches": self.fetches,
            "kid": self.kid,
            "since_policy": self.since_policy,
            "results": dict(self.results),
            "plan": plan and {"kid": plan.kid, "policy_version": plan.version},
            "withdrawals": [asdict(row) for row in self.withdrawals],
        }


def directory(ledger: Ledger, policies: Policies) -> tuple[Listed, ...]:
    """Every provider that there is, was or may be, by name."""
    rows = {row.issuer: row for row in ledger.results.providers()}
    plans = {plan.provider.issuer: plan for plan in ledger.provider_changes.plans()}
    went: dict[str, list[WithdrawalRow]] = {}
    for row in ledger.provider_changes.withdrawals():
        went.setdefault(row.issuer, []).append(row)
    counts = ledger.results.counts()
    return tuple(
        _listed(
            issuer,
            rows.get(issuer),
            plans.get(issuer),
            tuple(went.get(issuer, ())),
            _named(issuer, policies),
            {state: n for (whose, state), n in counts.items() if whose == issuer},
        )
        for issuer in sorted({*rows, *plans, *went})
    )


def _listed(
    issuer: str,
    row: ProviderRow | None,
    plan: PlanRow | None,
    went: tuple[WithdrawalRow, ...],
    named: tuple[str, int],
    results: Mapping[str, int],
) -> Listed:
    away = WITHDRAWN if went else PLANNED
    return Listed(
        issuer=issuer,
        state=away if row is None else HEARS,
        url="" if row is None else row.url,
        fetches=row is not None and row.pull_key is not None,
        kid=named[0],
        since_policy=named[1],
        results=results,
        plan=plan,
        withdrawals=went,
    )


def _named(issuer: str, policies: Policies) -> tuple[str, int]:
    """The key that the newest policy names, and the version that began to; ``""`` and 0."""
    kid, since = "", 0
    for held in policies.held:
        told = next((r.kid for r in held.policy.result_recipients if r.iss == issuer), "")
        if told != kid:
            kid, since = told, held.version if told else 0
    return kid, since
