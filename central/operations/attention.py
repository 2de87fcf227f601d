"""What needs somebody, worst first; each point says what to do and leads to where it is done.

Rules, in order: a second history of a device is on top and stays there, acknowledged or not; an
alarm that somebody acknowledged is counted apart, never left out; what is usual is not told.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from central.operations.census import Count, Room
from central.operations.deeds import AlarmKey

FORKS: Final = frozenset({"fork", "restore"})
"""Kinds of alarm that no acknowledgement takes off the overview."""
GRAVE: Final = FORKS | {
    "broken-journal",
    "restore_detected",
    "split_view",
    "central_loss",
    "announcement_refused",
}
"""Kinds that say that a history was changed, or may have been."""
KNOWN_ALARMS: Final = GRAVE | {
    "lost-entry",
    "key-lost",
    "policy-ahead",
    "damage",
    "salvaged",
    "fraud_alert",
    "damaged-payload",
}
_QUIET: Final = timedelta(hours=1)
_MANY_UNSEQUENCED: Final = 1000
_LOW_FREE: Final = 10 * 1024**3
_LITTLE_FREE: Final = 1024**3


@dataclass(frozen=True, slots=True)
class Point:
    """One thing to look at.

    Attributes:
        word: of its texts (``operations.attention.WORD``).
        tone: ``bad``, ``warn`` or ``info``.
        n: how many.
        link: where to go on.
        values: what its texts name.
    """

    word: str
    tone: str
    n: int
    link: str
    values: Mapping[str, str]


def points_of(
    count: Count, acknowledged: Iterable[AlarmKey], *, deeds_unbroken: bool, now: datetime
) -> tuple[Point, ...]:
    """Everything that needs somebody now."""
    census = count.census
    found = []
    if not deeds_unbroken:
        found.append(_point("log_broken", "bad", 1, "/log"))
    if not count.lost.holds:
        found.append(_point("policy", "bad", 1, "/"))
    if census.quarantined:
        found.append(_point("forks", "bad", census.quarantined, "/quarantine"))
    found += _alarms(census.alarms, acknowledged)
    found += _storage(count.room)
    if census.newest_contact and datetime.fromisoformat(census.newest_contact) < now - _QUIET:
        found.append(_point("quiet", "warn", 1, "/devices?sort=contact&down=1"))
    if census.unsequenced > _MANY_UNSEQUENCED:
        found.append(_point("unsequenced", "warn", census.unsequenced, "/"))
    if census.late:
        found.append(_point("late", "warn", census.late, "/devices?view=late"))
    if census.silent:
        found.append(_point("silent", "warn", census.silent, "/devices?view=silent"))
    if census.drifting:
        found.append(_point("drifting", "warn", census.drifting, "/devices?view=drifting"))
    expired = dict(census.ended).get("lease_expired", 0)
    if expired:
        found.append(_point("lease_expired", "warn", expired, "/devices?view=lease_expired"))
    found += _withdrawn(count.withdrawn)
    found += _versions(census.builds)
    order = {"bad": 0, "warn": 1, "info": 2}
    return tuple(sorted(found, key=lambda point: order[point.tone]))


def _point(word: str, tone: str, n: int, link: str, **values: str) -> Point:
    return Point(word, tone, n, link, values)


def _alarms(kinds: Iterable[tuple[str, int]], acknowledged: Iterable[AlarmKey]) -> list[Point]:
    looked_at = Counter(kind for _, kind, _ in acknowledged)
    found = []
    for kind, number in kinds:
        if kind in FORKS or kind not in KNOWN_ALARMS:
            # The devices of which two histories are known are a point of their own.
            continue
        left = number - looked_at[kind]
        if left > 0:
            tone = "bad" if kind in GRAVE else "warn"
            found.append(_point(f"alarm.{kind}", tone, left, f"/alarms?kind={kind}"))
    return found


def _withdrawn(results: int) -> list[Point]:
    return [_point("withdrawn", "warn", results, "/")] if results else []


def _storage(room: Room) -> list[Point]:
    if room.free < _LITTLE_FREE:
        return [_point("storage", "bad", 1, "/#storage")]
    if room.free < _LOW_FREE and room.free * 10 < room.total:
        return [_point("storage", "warn", 1, "/#storage")]
    return []


def _versions(builds: Iterable[tuple[str, int]]) -> list[Point]:
    told = {build: number for build, number in builds if build}
    if len(told) < 2:
        return []
    newest = max(told, key=_numbers)
    older = sum(number for build, number in told.items() if build != newest)
    return [_point("versions", "info", older, "/#versions", version=newest)]


def _numbers(build: str) -> tuple[tuple[int, ...], str]:
    """Order of versions: by their numbers, then by their text."""
    parts = build.replace("-", ".").replace("+", ".").split(".")
    return tuple(int(p) for p in parts if p.isascii() and p.isdecimal() and len(p) < 10), build
