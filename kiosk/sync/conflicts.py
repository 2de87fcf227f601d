"""Conflicts: what happened elsewhere to a request or a visit while a record was on its way.

A conflict never refuses or changes a record: what the agent saw and decided stands. It says that a
person has to look. Source: ``domain.md`` 1.7 D.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class ConflictKind(StrEnum):
    """Why a record needs a second look, the gravest first."""

    REQUEST_CANCELLED = "request-cancelled"
    VERIFIED_ELSEWHERE = "verified-elsewhere"
    VISIT_CANCELLED = "visit-cancelled"


@dataclass(frozen=True, slots=True)
class Conflict:
    """One conflict as the device keeps it.

    Attributes:
        seq: journal entry of the record.
        kind: what happened; a word that this program does not know is kept as it came.
        at: when it reached the central side, aware UTC.
        told_at: when this device learned of it, device time, aware UTC.
        seen: an agent said so.
    """

    seq: int
    kind: str
    at: datetime
    told_at: datetime
    seen: bool = False
