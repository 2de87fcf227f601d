"""Asks the central side for a newer policy, by whatever way the answer comes."""

from __future__ import annotations

from datetime import date

from kiosk.audit.entries import EntryKind
from kiosk.crypto.digests import b64u, sha256, unb64u
from kiosk.ports import CollectorLink, Store
from kiosk.services.answers import refusal_of
from kiosk.services.coming_policy import (
    drop_coming,
    is_coming,
    keep_coming,
    load_coming,
    tokens_coming,
)
from kiosk.services.fleet import POLICY, DeviceIdentity
from kiosk.services.journal import Journal
from kiosk.sync.policy import Policy, accept_policy, require_unexpired


def held_etag(store: Store) -> str:
    """Entity tag of the newest policy here, one that comes included."""
    with store.begin() as uow:
        coming = tokens_coming(uow)
        held = coming[-1].encode("ascii") if coming else uow.values.get(POLICY) or b""
    return f'"{b64u(sha256(held))}"'


def fetch_policy(
    store: Store,
    journal: Journal,
    link: CollectorLink,
    identity: DeviceIdentity,
    policy: Policy,
    today: date,
) -> Policy | None:
    """Ask for the policy after the newest one here; one that holds is applied and journalled.

    Args:
        store: of this device.
        journal: of this device.
        link: to the central side.
        identity: pins the root.
        policy: in force here.
        today: the day of the office.

    Returns:
        The policy that came into force, or None: nothing newer, or one of a coming day, kept.

    Raises:
        PolicyInvalidError: not by the pinned root, or older than the one in force.
        SyncError: no answer.
    """
    answer = link.call("GET", "/v1/policy", etag=held_etag(store))
    if answer.status == 304:
        return None
    if answer.status != 200:
        raise refusal_of(answer)
    token = answer.body.decode("ascii", "replace")
    root = unb64u(identity.root_public)
    with store.begin() as uow:
        held_for_later = load_coming(uow)
    newer = accept_policy(token, root, policy, held_for_later)
    require_unexpired(token, root, today)
    if is_coming(newer, today):
        with store.begin() as uow:
            keep_coming(uow, token, newer, root)
            uow.commit()
    elif newer.version > policy.version:
        with store.begin() as uow:
            uow.values.put(POLICY, token.encode("ascii"))
            drop_coming(uow, newer.version, root)
            journal.append(uow, EntryKind.POLICY_APPLIED, {"version": newer.version})
            uow.commit()
        return newer
    return None
