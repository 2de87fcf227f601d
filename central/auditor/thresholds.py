"""From where on a number is worth a question: dated data, not code.

Rules, in order: a table holds from its first day to its last; two never hold on the same day; where
none holds, nothing is computed. Source: ``resources/audit/signals.toml``.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time
from pathlib import Path
from typing import Annotated, Any, Final
from zoneinfo import ZoneInfo

import msgspec
from msgspec import Meta

from kiosk.domain.errors import CatalogueError

_FILE: Final = Path(__file__).resolve().parents[2] / "resources" / "audit" / "signals.toml"
HOME: Final = "Europe/Paris"
_Count = Annotated[int, Meta(ge=1)]
_Rate = Annotated[float, Meta(gt=0, lt=1)]


@dataclass(frozen=True, slots=True)
class Threshold:
    """One table; the file says what each figure is for."""

    valid_from: date
    source: str
    min_cases: _Count
    min_peers: _Count
    false_alarm: _Rate
    ratio: Annotated[float, Meta(ge=1)]
    least_rate: _Rate
    spread: Annotated[float, Meta(ge=2)]
    min_count: _Count
    quickest_s: _Count
    opens: time
    closes: time
    days: tuple[Annotated[int, Meta(ge=1, le=7)], ...]
    travel_minutes: _Count
    jump_s: _Count
    min_jumps: _Count
    min_unlocks: _Count
    min_second_tries: _Count
    until: date | None = None

    def holds_on(self, day: date) -> bool:
        """Whether the table holds on a day."""
        return self.valid_from <= day and (self.until is None or day <= self.until)


@dataclass(frozen=True, slots=True)
class Thresholds:
    """The table of a day, with what goes with all of them.

    Attributes:
        version: of the file.
        table: in force.
        quickest: seconds by procedure, where it is not the table's own.
        zones: time zone by the beginning of an office's number.
    """

    version: str
    table: Threshold
    quickest: Mapping[str, int] = field(default_factory=dict)
    zones: Mapping[str, str] = field(default_factory=dict)

    def quickest_of(self, procedure: str) -> int:
        """Quickest plausible acceptance, in seconds."""
        return self.quickest.get(procedure, self.table.quickest_s)

    def local(self, at: datetime, office: str) -> datetime:
        """A moment in the local time of an office."""
        name = next((zone for start, zone in self.zones.items() if office.startswith(start)), HOME)
        return at.astimezone(ZoneInfo(name))

    def outside(self, at: datetime, office: str) -> bool:
        """Whether a moment lies outside of the plausible hours of an office."""
        local = self.local(at, office)
        within = self.table.opens <= local.time() < self.table.closes
        return not within or local.isoweekday() not in self.table.days


def load_thresholds(day: date, path: Path = _FILE) -> Thresholds:
    """The thresholds of a day. Raises CatalogueError."""
    try:
        told: dict[str, Any] = tomllib.loads(path.read_text("utf-8"))
        tables = msgspec.convert(told["threshold"], tuple[Threshold, ...])
        quickest = {name: int(one["seconds"]) for name, one in told.get("quickest", {}).items()}
        zones = {str(start): str(ZoneInfo(zone)) for start, zone in told.get("zones", {}).items()}
        holding = [table for table in tables if table.holds_on(day)]
        (table,) = holding
        return Thresholds(str(told["version"]), table, quickest, zones)
    except (OSError, ValueError, KeyError, TypeError, msgspec.ValidationError) as exc:
        raise CatalogueError("signals: no single table holds on this day") from exc
