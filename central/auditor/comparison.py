"""The same document at several counters, told from records that two auditors agreed to open.

Rules, in order:

1. No journal entry names a document, in any form, and none ever will: numbers are short, so whoever
   holds any key that makes tokens of them could try them all, and what once stands in a log that
   only grows cannot be erased. So this is asked of opened records, about an order, never of the
   journals (docs/decisions/0052).
2. The order names what is looked at: records, requests, or one office and at most 31 days. Each
   record is written down before it is opened and counts against the quota; too many are refused as
   a whole.
3. Two records are about the same document where issuer, kind and number are the same, written
   without spaces and signs. The comparison is by a keyed hash whose key is random and gone when the
   command ends; what is told names records, counters, agents and days, and no document or person.
4. Records without a number, and records that do not verify, are told apart, never passed over.

Source: records-and-sync section 3, rows 4 and 15.
"""

from __future__ import annotations

import hmac
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from central.archive.layout import Layout
from central.auditor.access import candidates
from central.auditor.opening import Opened, Opening
from central.auditor.refusal import AuditRefusedError
from central.auditor.session import Session, Target
from kiosk.crypto.canonical import canonical_json
from kiosk.domain.errors import AuditError
from kiosk.domain.ids import RecordId


@dataclass(frozen=True, slots=True)
class Shown:
    """Where and how a document was shown once.

    Attributes:
        record_id: the record.
        device_id / office / agent: which counter, and who sat there.
        at: device time of the closing entry as claimed, ISO 8601 UTC.
        outcome: how that case ended.
    """

    record_id: str
    device_id: str
    office: str
    agent: str
    at: str
    outcome: str


@dataclass(frozen=True, slots=True)
class SameDocument:
    """One document that was shown several times, oldest first."""

    shown: tuple[Shown, ...]

    @property
    def counters(self) -> int:
        """At how many devices."""
        return len({one.device_id for one in self.shown})

    @property
    def agents(self) -> int:
        """To how many agents."""
        return len({one.agent for one in self.shown})


@dataclass(frozen=True, slots=True)
class Comparison:
    """What was found.

    Attributes:
        same: documents shown more than once, at most counters first.
        looked: records that were opened.
        untold: records that hold no number of a document, by identifier.
        unreadable: records that did not verify, by identifier.
        closed: named records that are not here or were erased, by identifier.
    """

    same: tuple[SameDocument, ...]
    looked: int
    untold: tuple[str, ...]
    unreadable: tuple[str, ...]
    closed: tuple[str, ...]


def compare_documents(
    layout: Layout, opening: Opening, session: Session, now: datetime
) -> Comparison:
    """Open what the session's order names, and tell which records are about the same document.

    Raises:
        AuditRefusedError: ``order``, ``too-many``, or what a grant raises; nothing was opened.
    """
    about = session.authority.order.about
    if about.criteria:
        raise AuditRefusedError("order", "a comparison looks for nobody")
    found, closed = candidates(layout, opening, about)
    if len(found) > session.present.control.per_hour:
        session.block("too-many", now)
        raise AuditRefusedError(
            "too-many",
            f"{len(found)} records; {session.present.control.per_hour} may be opened in an hour",
        )
    targets = [Target(RecordId(str(one.entry.record_id)), one.entry.device_id) for one in found]
    session.grant(targets, now, "" if targets else "nothing found")
    key = os.urandom(32)
    shown: dict[bytes, list[Shown]] = {}
    untold, unreadable = [], []
    for one in found:
        record_id = str(one.entry.record_id)
        try:
            opened = opening.read(one)
        except AuditError:
            unreadable.append(record_id)
            continue
        token = _token(opened.contents.record, key)
        if token is None:
            untold.append(record_id)
        else:
            shown.setdefault(token, []).append(_shown(opened, one.device.office_id))
    return Comparison(
        _several(shown.values()), len(found), tuple(untold), tuple(unreadable), closed
    )


def _several(groups: Iterable[list[Shown]]) -> tuple[SameDocument, ...]:
    same = [
        SameDocument(tuple(sorted(group, key=lambda one: (one.at, one.record_id))))
        for group in groups
        if len(group) > 1
    ]
    same.sort(key=lambda one: (-one.counters, -len(one.shown), one.shown[0].record_id))
    return tuple(same)


def _token(record: Mapping[str, Any], key: bytes) -> bytes | None:
    """What stands for the document of a record in this process; None where it names none."""
    facts = record.get("visavis")
    document = facts.get("document") if isinstance(facts, Mapping) else None
    if not isinstance(document, Mapping):
        return None
    number = _plain(document.get("number"))
    if not number:
        return None
    parts = [_plain(document.get("issuer")), _plain(document.get("kind")), number]
    return hmac.digest(key, canonical_json(parts), "sha256")


def _plain(value: object) -> str:
    return "".join(sign for sign in str(value or "").upper() if sign.isalnum())


def _shown(opened: Opened, office: str) -> Shown:
    facts = opened.contents.record.get("visavis")
    told: Mapping[str, Any] = facts if isinstance(facts, Mapping) else {}
    decision = told.get("decision")
    outcome = decision.get("outcome", "") if isinstance(decision, Mapping) else ""
    return Shown(
        record_id=str(opened.entry.record_id),
        device_id=opened.entry.device_id,
        office=office,
        agent=str(told.get("agent_id", "")),
        at=opened.entry.wall_claimed,
        outcome=str(outcome),
    )


def comparison_json(comparison: Comparison) -> dict[str, Any]:
    """A comparison as JSON types."""
    return {
        "looked": comparison.looked,
        "same_document": [
            {
                "counters": one.counters,
                "agents": one.agents,
                "shown": [asdict(each) for each in one.shown],
            }
            for one in comparison.same
        ],
        "untold": list(comparison.untold),
        "unreadable": list(comparison.unreadable),
        "not_here": list(comparison.closed),
    }


def comparison_lines(comparison: Comparison) -> Sequence[str]:
    """The same in words, for a terminal."""
    lines = []
    for number, one in enumerate(comparison.same, 1):
        lines.append(
            f"document {number}: {len(one.shown)} records, {one.counters} counters, "
            f"{one.agents} agents"
        )
        lines += [
            f"  {each.at}  {each.office}  {each.device_id}  {each.agent}  {each.outcome}  "
            f"{each.record_id}"
            for each in one.shown
        ]
    lines.append(
        f"{comparison.looked} records opened; {len(comparison.untold)} without a number, "
        f"{len(comparison.unreadable)} that do not verify, {len(comparison.closed)} not here"
    )
    return lines
