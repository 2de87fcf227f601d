"""Keeps a policy that is complete, and with it what was to take effect with it.

Rules, in order: a policy and the changes that it says come true in one transaction, or not at all;
a change is said by the policy itself, whoever drafted it: the key that it names for a provider, or
that it names none; a change whose draft was overtaken by another policy is void; a provider that
the policy before named and this one does not is withdrawn, also where its plan is not here any more
(a backup that was put back, whose policies are published again).
"""

from __future__ import annotations

from datetime import date
from typing import Final

from central.archive.database import EVERYTHING
from central.archive.layout import Layout, read_key
from central.archive.ledger import Ledger
from central.archive.provider_rows import PlanRow
from central.archive.result_rows import RESULTS_SCOPE
from central.archive.storage import open_database
from central.authority.explaining import keep_explained
from kiosk.domain.errors import PolicyInvalidError
from kiosk.sync.policy import Policy, sign_policy

DRAFT_IT: Final = "say --draft FILE, then policy sign, combine and publish"
"""What to do with a command that changes the policy in passing."""


def sign_alone(layout: Layout, policy: Policy, otherwise: str) -> str:
    """A policy signed with the one key of the fleet, which lies here.

    Args:
        layout: of the central side.
        policy: its contents.
        otherwise: what to do where several keys sign.

    Raises:
        PolicyInvalidError: several keys sign here, or devices would refuse it.
        FolderError: the key is not here.
    """
    if policy.root:
        raise PolicyInvalidError(f"several keys sign here: {otherwise}")
    return sign_policy(policy, read_key(layout.root_key))


def keep_policy(
    layout: Layout,
    before: Policy,
    policy: Policy,
    token: str,
    day: date,
    plan: PlanRow | None = None,
) -> None:
    """Keep a signed policy; devices fetch it at their next sync.

    Args:
        layout: of the central side.
        before: the newest policy until now.
        policy: its contents.
        token: as devices take it, verified.
        day: of today, UTC.
        plan: a change of a provider that this very policy says.
    """
    database = open_database(layout)
    try:
        with database.writing(EVERYTHING, RESULTS_SCOPE) as ledger:
            if plan is not None:
                ledger.provider_changes.plan(plan)
            ledger.add_policy(policy.version, token)
            _settle_plans(ledger, before, policy, day)
    finally:
        database.close()
    keep_explained(layout, policy)


def apply_plan(ledger: Ledger, plan: PlanRow, before: Policy, version: int, day: date) -> int:
    """Let a change of a provider take effect; how many results ended with it.

    Args:
        ledger: in the transaction of whoever says so.
        plan: the change.
        before: the policy that named the provider until now.
        version: of the policy that says it.
        day: of today, UTC.
    """
    provider, on = plan.provider, day.isoformat()
    if not plan.withdraws:
        ledger.provider_changes.admit(provider, on)
        return 0
    named = {one.iss: one.kid for one in before.result_recipients}
    kid = named.get(provider.issuer, "")
    return ledger.provider_changes.withdraw(provider.issuer, kid, version, on).ended


def _settle_plans(ledger: Ledger, before: Policy, policy: Policy, day: date) -> None:
    named = {one.iss: one.kid for one in policy.result_recipients}
    for plan in ledger.provider_changes.plans():
        issuer = plan.provider.issuer
        if named.get(issuer, "") == plan.kid:
            apply_plan(ledger, plan, before, policy.version, day)
        elif plan.version > policy.version:
            continue
        ledger.provider_changes.drop_plan(issuer)
    hear = {row.issuer for row in ledger.results.providers()}
    for one in before.result_recipients:
        if one.iss not in named and one.iss in hear:
            ledger.provider_changes.withdraw(one.iss, one.kid, policy.version, day.isoformat())
