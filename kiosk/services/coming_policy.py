"""Policies that arrived before the day on which they hold.

Rules, in order:

1. In force is the highest version whose first day has come; a version never gives way to a lower
   one.
2. The day is that of the office, by signed time where it is known; midnight needs no network. For
   good it takes effect by signed time only: a clock that is ahead must not write tomorrow's rules.
3. What comes is verified when it arrives and again when it is read; it stays signed as it came.
4. When a policy takes effect, the journal says so.
"""

from collections.abc import Iterable
from datetime import date
from typing import Final

import msgspec

from kiosk.audit.entries import EntryKind
from kiosk.crypto.digests import unb64u
from kiosk.ports import Store, UnitOfWork
from kiosk.services.fleet import POLICY, load_identity, load_policy
from kiosk.services.journal import Journal
from kiosk.sync.policy import Policy, open_policy

COMING: Final = "central/policy-coming"
"""Tokens of policies that hold later, JSON list, lowest version first."""


def is_coming(policy: Policy, day: date) -> bool:
    """Whether a policy holds only after ``day``."""
    return policy.valid_from is not None and policy.valid_from > day


def in_force(held: Policy, coming: Iterable[Policy], day: date) -> Policy:
    """The policy that counts on a day (rule 1)."""
    due = (policy for policy in coming if not is_coming(policy, day))
    return max((held, *due), key=lambda policy: policy.version)


def tokens_coming(uow: UnitOfWork) -> list[str]:
    """Signed tokens of what comes, as they came."""
    stored = uow.values.get(COMING)
    return [] if stored is None else msgspec.json.decode(stored, type=list[str])


def load_coming(uow: UnitOfWork) -> tuple[Policy, ...]:
    """What comes, verified again. Raises PolicyInvalidError."""
    identity = load_identity(uow)
    if identity is None:
        return ()
    root = unb64u(identity.root_public)
    return tuple(open_policy(token, root) for token in tokens_coming(uow))


def keep_coming(uow: UnitOfWork, token: str, policy: Policy, root_public: bytes) -> None:
    """Keep a verified token for its day; the caller commits. A token kept before is kept once."""
    others = [t for t in tokens_coming(uow) if open_policy(t, root_public).version < policy.version]
    uow.values.put(COMING, msgspec.json.encode([*others, token]))


def drop_coming(uow: UnitOfWork, version: int, root_public: bytes) -> None:
    """Forget what a version in force has overtaken; the caller commits."""
    held = tokens_coming(uow)
    kept = [token for token in held if open_policy(token, root_public).version > version]
    if kept != held:
        uow.values.put(COMING, msgspec.json.encode(kept))


def promote(store: Store, journal: Journal, day: date) -> Policy | None:
    """Put into force for good what is due; the policy that took effect, None where none did.

    Args:
        store: the vault.
        journal: of this device.
        day: of the office, by signed time.

    Raises:
        PolicyInvalidError: what is stored is not signed by the pinned root.
    """
    with store.begin() as uow:
        identity, held = load_identity(uow), load_policy(uow)
        if identity is None or held is None:
            return None
        root = unb64u(identity.root_public)
        tokens = {open_policy(token, root).version: token for token in tokens_coming(uow)}
        due = in_force(held, load_coming(uow), day)
        if due.version == held.version:
            return None
        uow.values.put(POLICY, tokens[due.version].encode("ascii"))
        drop_coming(uow, due.version, root)
        journal.append(
            uow, EntryKind.POLICY_APPLIED, {"version": due.version}, policy_version=due.version
        )
        uow.commit()
    return due
