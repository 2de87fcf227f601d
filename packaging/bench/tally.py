"""Counts of the read bench: what was read, how long it took, and what was wrong."""

from __future__ import annotations

import math
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent))

import numpy as np
from sides import Shown


@dataclass
class Tally:
    """Counts of one preset."""

    shown: int = 0
    read: int = 0
    illegible: int = 0
    frames: int = 0
    seconds: list[float] = field(default_factory=list)
    attempts_ms: list[float] = field(default_factory=list)
    cpu_ms: list[float] = field(default_factory=list)
    print_frames: list[float] = field(default_factory=list)
    unread: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    offered: int = 0
    offered_wrong: int = 0

    def count(self, side: Shown, got: tuple[str, ...] | None) -> None:
        """One showing: the text accepted, or None."""
        if not side.legible:
            self.illegible += 1
            if got is not None and got != side.mrz:
                self.wrong.append(side.name)
            return
        self.shown += 1
        if got is None:
            self.unread.append(side.name)
        elif got == side.mrz:
            self.read += 1
        else:
            self.wrong.append(side.name)

    def add(self, other: Tally) -> None:
        """The counts of another process."""
        for name in ("shown", "read", "illegible", "frames", "offered", "offered_wrong"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        for name in ("seconds", "attempts_ms", "cpu_ms", "print_frames", "unread", "wrong"):
            getattr(self, name).extend(getattr(other, name))

    def figures(self) -> dict[str, Any]:
        """For the report."""
        return {
            "shown": self.shown,
            "read": self.read,
            "read_rate": round(self.read / max(1, self.shown), 4),
            "accepted_but_wrong": len(self.wrong),
            "frames": self.frames,
            "accepted_after_s": summary(self.seconds),
            "attempt_ms": summary(self.attempts_ms),
            "attempt_cpu_ms": summary(self.cpu_ms),
            "frames_from_accepted_to_print": summary(self.print_frames),
            "offered_to_the_agent": self.offered,
            "offered_without_the_right_text": self.offered_wrong,
            "not_read": sorted(self.unread),
            "wrong": sorted(self.wrong),
        }


def summary(values: list[float]) -> dict[str, float] | None:
    """Median and nearest-rank 95th percentile."""
    if not values:
        return None
    ordered = sorted(values)
    rank = max(0, math.ceil(0.95 * len(ordered)) - 1)
    return {"median": round(float(np.median(ordered)), 3), "p95": round(ordered[rank], 3)}
