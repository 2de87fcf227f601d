"""Lets deliveries in, and tells those that come while too much is going on when to come back.

Rules, in order: only the first call of a delivery, which asks for the time, is ever put off: one
that was let in runs to its end, and no call about a journal is shed; a process is busy while it
works on as many calls as it answers well within a second; a body that is still on its way over a
slow link is no work; who is put off gets a turn of its own, as far apart from the others' as
deliveries were let in lately, so that a fleet that came at once comes back in a row; nobody is put
off for longer than five minutes, because by then the row is only a guess. A turn is a courtesy and
no right: it lies in the memory of this process, and a device that comes too early loses nothing.
Source: records-and-sync 2.8 (peak); RFC 9110, 10.2.3 and 15.6.4.
"""

from __future__ import annotations

import math
import random
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

MOST_AT_WORK: Final = 24
"""Calls that a process works on before it puts deliveries off."""
SHORTEST_S: Final = 5
LONGEST_S: Final = 300
_REMEMBERED: Final = 512
_SLOWEST_PER_S: Final = 10.0
"""What a process is believed to let in at least: it was quiet before, and never measured."""


class Admission:
    """How much goes on in one process; used by its event loop alone."""

    def __init__(
        self,
        monotonic: Callable[[], float] = time.monotonic,
        draw: Callable[[], float] = random.random,
        most_at_work: int = MOST_AT_WORK,
    ) -> None:
        """Draw: uniform random numbers below 1."""
        self._monotonic = monotonic
        self._draw = draw
        self._most = most_at_work
        self._at_work = 0
        self._let_in: deque[float] = deque(maxlen=_REMEMBERED)
        self._last_turn = 0.0

    @contextmanager
    def working(self) -> Iterator[None]:
        """A call is worked on."""
        self._at_work += 1
        try:
            yield
        finally:
            self._at_work -= 1

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Inside :meth:`working`: the rest of the call is still to come, and nothing to be done."""
        self._at_work -= 1
        try:
            yield
        finally:
            self._at_work += 1

    def wait_s(self) -> int:
        """Seconds after which a delivery that begins may come again; 0: it is let in now.

        To be asked inside :meth:`working`, once for each delivery.
        """
        now = self._monotonic()
        if self._at_work <= self._most:
            self._let_in.append(now)
            return 0
        turn = max(self._last_turn, now + SHORTEST_S) + 1 / self._pace(now)
        if turn > now + LONGEST_S:
            # Nobody knows by then; half of the longest time keeps those who are there apart.
            return math.ceil(LONGEST_S * (1 + self._draw()) / 2)
        self._last_turn = turn
        return math.ceil(turn - now)

    def _pace(self, now: float) -> float:
        """Deliveries let in a second, lately."""
        if len(self._let_in) < 2:
            return _SLOWEST_PER_S
        return max(_SLOWEST_PER_S, len(self._let_in) / max(0.001, now - self._let_in[0]))
