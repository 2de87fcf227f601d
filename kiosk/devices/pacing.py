"""Keeps a made-up camera at its rate without sleeping: waits on an event, with a deadline."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable


def monotonic_ms() -> int:
    """Milliseconds that never go back."""
    return time.monotonic_ns() // 1_000_000


class Pacer:
    """Tells when the next picture is due, and how many were missed.

    Args:
        fps: pictures a second; 0 for as fast as they are asked for.
        monotonic_ms: the clock.
    """

    def __init__(self, fps: float, monotonic_ms: Callable[[], int]) -> None:
        self._period_ms = 1000.0 / fps if fps > 0 else 0.0
        self._now = monotonic_ms
        self._began = 0
        self._next = 0

    def start(self) -> None:
        """Number 0 is due now."""
        self._began = self._now()
        self._next = 0

    def wait(self, stopped: threading.Event) -> int:
        """Wait for the next picture and return its number; numbers of missed ones are skipped."""
        if not self._period_ms:
            self._next += 1
            return self._next - 1
        due = self._began + self._next * self._period_ms
        late = self._now() - due
        if late < 0:
            stopped.wait(-late / 1000.0)
        else:
            self._next += int(late // self._period_ms)
        self._next += 1
        return self._next - 1
