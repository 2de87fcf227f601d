"""What each line of a policy means, for people: those who sign it, and those who run the fleet."""

from __future__ import annotations

import json
from dataclasses import asdict

import msgspec

from central.archive.layout import Layout
from kiosk.sync.policy import Policy

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
    "restored": "logs of the collector that were put back to a backup and ended there",
    "demonstration": "the screens of this fleet say that it is a demonstration",
    "valid_from": "first day on which it holds, in the local time of each office; null: at once",
}


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
