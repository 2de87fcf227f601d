"""The logs of a collector as a policy names them: the one that counts, and those that ended."""

from __future__ import annotations

from kiosk.crypto.notes import parse_verifier_key
from kiosk.sync.policy import Policy
from kiosk.sync.receipts import LogKey


def log_key_of(policy: Policy) -> LogKey:
    """The log whose receipts count under a policy, with the witnesses that it demands."""
    terms = policy.collector
    return LogKey(terms.log_origin, terms.log_public, policy.witnesses.terms, terms.former_publics)


def ended_logs_of(policy: Policy) -> tuple[LogKey, ...]:
    """The logs that were put back to a backup, oldest first; their word counts for what was."""
    return tuple(
        LogKey(
            ended.log_origin,
            parse_verifier_key(ended.log_key)[1],
            policy.witnesses.terms,
            tuple(parse_verifier_key(key)[1] for key in ended.former),
        )
        for ended in policy.restored
    )
