"""The policy as the authority writes it: the first one, changes to it, and what each line means."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, replace
from datetime import date, datetime
from pathlib import Path
from typing import Any

import msgspec

from central.archive.layout import FolderError, Layout, read_key
from central.archive.policy_chain import stored_policies
from central.archive.storage import open_database
from kiosk.crypto import age
from kiosk.crypto.digests import b64u
from kiosk.crypto.notes import verifier_key
from kiosk.crypto.signing import key_id_of
from kiosk.domain.errors import PolicyInvalidError
from kiosk.domain.evidence import DocumentKind
from kiosk.sync.policy import (
    CollectorTerms,
    Policy,
    Recipient,
    TrustedKey,
    sign_policy,
)

EXPLANATIONS: dict[str, str] = {
    "version": "only increases; a device refuses an older policy",
    "issued_at": "when the authority signed it",
    "recipients": "every record is sealed to exactly these keys, nobody else can open it",
    "collector": "whose signed receipts allow a device to delete its own sealed copy",
    "enrolment_keys": "keys that sign the certificates of devices",
    "request_issuers": "keys that sign verification requests; any other code is refused",
    "accepted_documents": "kinds of document that an agent may accept",
    "accept_extended_id_card": "French identity cards of 2004-2013 are valid five years longer",
    "evidence_images": "whether pictures of the document go into the sealed record",
    "feature_count": "security features that the agent examines on each document, at least 3",
    "assurance_level": "level that the operator asserts in the records; empty asserts none",
    "retention": "how long a device keeps receipts, unfinished cases and sealed copies",
    "four_eyes": "decisions, or whole procedures, that need the word of a second agent",
    "lease_days": "days without contact after which a device goes dark by itself; 0 never",
    "notices": "short sentences shown on the home screen of every device",
    "proxy_allowed": "registered letters may be handed to a proxy; the identity is not verified",
    "fraud_alert": "a suspected fraud is told in the journal, without anything personal",
    "contact_recipient": "the contact service that has deferred addresses confirmed; null: nobody",
    "result_recipients": "providers that hear how their requests ended, sealed to their own key",
    "lost": "devices that were lost or withdrawn: dark at once, sealed records still go out",
    "root": "digest of the root document whose keys sign this policy; empty: a single key",
    "witnesses": "second parties, and how many must cosign the log before a device deletes",
    "demonstration": "the screens of this fleet say that it is a demonstration",
    "valid_from": "first day on which it holds, in the local time of each office; null: at once",
}


def _recipients(word: str) -> list[dict[str, str]]:
    """``PURPOSE:age1pq...`` with commas, or ``@FILE`` with one a line. Raises ValueError."""
    if word.startswith("@"):
        try:
            word = ",".join(Path(word[1:]).read_text("ascii").split())
        except OSError as exc:
            raise ValueError("file") from exc
    found = []
    for one in filter(None, (part.strip() for part in word.split(","))):
        purpose, _, public = one.rpartition(":")
        found.append({"kid": age.kid_of(public), "age": public, "purpose": purpose or "audit"})
    return found


# What `policy set` may change, and how the word after the equals sign is read.
_SETTABLE: dict[str, Callable[[str], Any]] = {
    "accepted_documents": lambda word: [kind.strip() for kind in word.split(",")],
    "accept_extended_id_card": json.loads,
    "evidence_images": json.loads,
    "feature_count": json.loads,
    "assurance_level": str,
    "retention.receipts_days": json.loads,
    "retention.draft_hours": json.loads,
    "retention.blob_grace_hours": json.loads,
    "four_eyes.outcomes": lambda word: [one.strip() for one in word.split(",") if one.strip()],
    "four_eyes.procedures": lambda word: [one.strip() for one in word.split(",") if one.strip()],
    "recipients": _recipients,
    "lost": lambda word: sorted({one.strip() for one in word.split(",") if one.strip()}),
    "witnesses.keys": lambda word: [one.strip() for one in word.split(",") if one.strip()],
    "witnesses.quorum": json.loads,
    "lease_days": json.loads,
    "retention.sightings_days": json.loads,
    "proxy_allowed": json.loads,
    "fraud_alert": json.loads,
    "notices": lambda word: [notice.strip() for notice in word.split("|") if notice.strip()],
    "demonstration": json.loads,
    # A later change keeps the day: it builds on what holds from then on. Empty: at once.
    "valid_from": lambda word: word.strip() or None,
}


def _trusted(issuer: str, public: bytes) -> TrustedKey:
    return TrustedKey(issuer, key_id_of(public), b64u(public))


def first_policy(
    now: datetime,
    *,
    recipient: str,
    origin: str,
    log_public: bytes,
    enrolment_public: bytes,
    issuer: tuple[str, bytes],
    demonstration: bool,
) -> Policy:
    """The policy a new fleet begins with: no picture kept, every official document accepted."""
    return Policy(
        version=1,
        issued_at=now,
        recipients=(Recipient(age.kid_of(recipient), recipient),),
        collector=CollectorTerms(origin, verifier_key(origin, log_public)),
        enrolment_keys=(_trusted(origin, enrolment_public),),
        request_issuers=(_trusted(*issuer),),
        accepted_documents=tuple(k for k in DocumentKind if k is not DocumentKind.OTHER),
        demonstration=demonstration,
    )


def changed_policy(policy: Policy, changes: Mapping[str, str], now: datetime) -> Policy:
    """The next version of a policy.

    Args:
        policy: the one in force.
        changes: ``name`` or ``retention.name`` to the new value, as typed.
        now: aware UTC.

    Raises:
        PolicyInvalidError: unknown name, or a value that does not fit.
    """
    values: dict[str, Any] = msgspec.to_builtins(policy)
    for name, word in changes.items():
        read = _SETTABLE.get(name)
        if read is None:
            raise PolicyInvalidError(f"cannot set {name}")
        try:
            value = read(word)
        except ValueError as exc:
            raise PolicyInvalidError(f"value of {name}") from exc
        group, _, field = name.rpartition(".")
        (values[group] if group else values)[field] = value
    try:
        changed = msgspec.convert(values, Policy)
    except msgspec.ValidationError as exc:
        raise PolicyInvalidError(str(exc)) from exc
    return replace(changed, version=policy.version + 1, issued_at=now)


def explained(policy: Policy) -> str:
    """The policy as commented text, one line of meaning above each value."""
    lines = []
    for name, value in msgspec.to_builtins(asdict(policy)).items():
        lines += [f"# {EXPLANATIONS[name]}", f"{name} = {json.dumps(value, ensure_ascii=False)}"]
    return "\n".join(lines)


def keep_explained(layout: Layout, policy: Policy) -> None:
    """Write the newest policy down for people; left out where this machine has no authority."""
    if layout.authority.is_dir():
        head = "# For reading only: change it with 'policy set' or 'policy draft'.\n"
        layout.explained_policy.write_text(f"{head}{explained(policy)}\n", "utf-8")


class Policies:
    """The policies of one central side."""

    def __init__(self, layout: Layout) -> None:
        layout.require()
        self._layout = layout

    def of_day(self, day: date) -> Policy:
        """The policy that holds on a day: the newest whose own day has come by then.

        A fleet whose first policy is of a coming day has no other to begin with.
        """
        found = None
        for held in reversed(stored_policies(self._layout).held):
            found = held.policy
            if found.valid_from is None or found.valid_from <= day:
                break
        if found is None:
            raise FolderError("no policy")
        return found

    def in_force(self) -> Policy:
        """The newest policy, of whatever day, its signature verified: changes build on it.

        Raises:
            FolderError: there is none.
            PolicyInvalidError: the newest that is stored does not hold.
        """
        return stored_policies(self._layout).to_build_on().policy

    def change(self, changes: Mapping[str, str], now: datetime) -> Policy:
        """Sign and publish the next version; devices fetch it at their next sync.

        Raises:
            PolicyInvalidError: see :func:`changed_policy`.
        """
        policy = changed_policy(self.in_force(), changes, now)
        token = sign_policy(policy, read_key(self._layout.root_key))
        database = open_database(self._layout)
        try:
            with database.writing() as ledger:
                ledger.add_policy(policy.version, token)
        finally:
            database.close()
        keep_explained(self._layout, policy)
        return policy
