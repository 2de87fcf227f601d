"""Asks the central side for a newer policy, by whatever way the answer comes."""

from __future__ import annotations

from datetime import date

from kiosk.audit.entries import EntryKind
from kiosk.crypto.digests import b64u, sha256, unb64u
from kiosk.domain.errors import PolicyInvalidError
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
from kiosk.sync.policy import Policy, accept_policy, claims_restore, require_unexpired

REFUSED_PREFIX = "central/announcement-refused/"
_MOST_REFUSED = 16
"""Journalled of them: whoever can make many could fill a disk with them."""


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
    try:
        newer = accept_policy(token, root, policy, held_for_later)
        require_unexpired(token, root, today)
    except PolicyInvalidError as exc:
        _note_refused(store, journal, token, exc.detail)
        raise
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


def _note_refused(store: Store, journal: Journal, token: str, why: str) -> None:
    """Journal, once, that somebody announced a restore of the log in a policy that is none.

    Any other policy that is refused only stops the delivery, which says so.
    """
    if not claims_restore(token):
        return
    name = f"{REFUSED_PREFIX}{b64u(sha256(token.encode()))}"
    with store.begin() as uow:
        known = uow.values.names(REFUSED_PREFIX)
        if name not in known and len(known) < _MOST_REFUSED:
            journal.append(uow, EntryKind.ANNOUNCEMENT_REFUSED, {"why": why})
            uow.values.put(name, b"")
            uow.commit()
