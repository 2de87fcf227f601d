"""How often somebody may try to sign in.

Rules, in order: failures count by name and by address, in memory, for a quarter of an hour; five of
one name, or twenty from one address, and no password is looked at any more until they are older;
what succeeds clears its name; the lists have a bound, so that names nobody has cannot fill memory.
"""

from __future__ import annotations

import threading
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Final

WINDOW: Final = timedelta(minutes=15)
OF_A_NAME: Final = 5
OF_AN_ADDRESS: Final = 20
_MOST_KEYS: Final = 10_000


class Attempts:
    """Failures that still count."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._failures: dict[tuple[str, str], list[datetime]] = {}

    def wait_s(self, name: str, address: str, now: datetime) -> int:
        """Seconds until another try is looked at; 0 for now."""
        with self._lock:
            return max(
                self._left(("name", name), OF_A_NAME, now),
                self._left(("address", address), OF_AN_ADDRESS, now),
            )

    def failed(self, name: str, address: str, now: datetime) -> None:
        """One more; told before the password is looked at, so that many at once are many."""
        with self._lock:
            if len(self._failures) >= _MOST_KEYS:
                self._forget(now)
            for key in (("name", name), ("address", address)):
                self._failures.setdefault(key, []).append(now)

    def succeeded(self, name: str, address: str, at: datetime) -> None:
        """It was none: the failures of its name are forgotten, those of its address are not."""
        with self._lock:
            self._failures.pop(("name", name), None)
            with suppress(ValueError):
                self._failures.get(("address", address), []).remove(at)

    def _left(self, key: tuple[str, str], allowed: int, now: datetime) -> int:
        recent = [at for at in self._failures.get(key, ()) if now - at < WINDOW]
        if recent:
            self._failures[key] = recent
        else:
            self._failures.pop(key, None)
        if len(recent) < allowed:
            return 0
        return max(1, round((recent[-allowed] + WINDOW - now).total_seconds()))

    def _forget(self, now: datetime) -> None:
        kept = {k: v for k, v in self._failures.items() if v and now - v[-1] < WINDOW}
        # Still full of fresh ones: the oldest keys go, newest failures weigh more.
        surplus = len(kept) - _MOST_KEYS // 2
        for key in list(kept)[: max(0, surplus)]:
            del kept[key]
        self._failures = kept
