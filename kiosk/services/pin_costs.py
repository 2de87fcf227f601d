"""What one PIN try costs on this device: measured once, kept with the time it took.

Rules, in order:

1. Argon2id with 64 MiB and one lane, and as many passes as take about 0.4 s here; a machine that
   needs longer than 0.75 s for three passes takes less memory, and never less than 19 MiB twice,
   however long that lasts; a fast one takes 32 passes at most.
2. The processor's time counts, not the wall's, and of three runs the middle one: a busy moment
   while it is measured makes no PIN cheaper.
3. It is measured before the first agent gets keys, where a PIN is chosen anyway; on a device whose
   agents were there before, after a delivery, in that thread. Nobody waits for it at sign-in.
4. An agent's cost is raised where the measured one is at least as dear in memory and in passes, at
   their next right PIN, and is never lowered.

Source: records-and-sync 2.6; RFC 9106, section 4; the floor is OWASP's.
"""

from __future__ import annotations

import statistics
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from typing import Final

import msgspec

from kiosk.crypto.passwords import Argon2Cost, stretched
from kiosk.domain.errors import VaultError
from kiosk.ports import Clock, Store

PIN_COST: Final = "pin-cost"
STANDARD: Final = Argon2Cost()
FLOOR: Final = Argon2Cost(memory_kib=19 * 1024, iterations=2)
CEILING: Final = Argon2Cost(iterations=32)
FASTEST_MS: Final = 250.0
SLOWEST_MS: Final = 750.0
_AIM_MS: Final = 400.0
_RUNS: Final = 3
_ROUNDS: Final = 4
_SMALLER: Final = tuple(Argon2Cost(memory_kib=mib * 1024) for mib in (48, 32, 19))

Measure = Callable[[Argon2Cost], float]
"""Processor time of one derivation, ms."""


class MeasuredCost(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What was measured on this device.

    Attributes:
        memory_kib, iterations, lanes: the cost.
        ms: processor time of one derivation.
        at: when, by the device's clock.
    """

    memory_kib: int
    iterations: int
    lanes: int
    ms: int
    at: datetime

    @property
    def cost(self) -> Argon2Cost:
        """The Argon2id parameters."""
        return Argon2Cost(self.memory_kib, self.iterations, self.lanes)


def cpu_ms(cost: Argon2Cost) -> float:
    """Processor time of one derivation here, ms; with one lane all of it is in this thread."""
    began = time.thread_time()
    stretched("000000", bytes(16), cost)
    return (time.thread_time() - began) * 1000


MEASURED_BY: Measure = cpu_ms
"""By what a device measures where nothing else is given."""


def calibrated(measure: Measure) -> tuple[Argon2Cost, float]:
    """The cost for this machine, and what it takes, ms."""
    ms = _median(measure, STANDARD)
    return _smaller(measure, ms) if ms > SLOWEST_MS else _more_passes(measure, ms)


def raised(held: Argon2Cost, wanted: Argon2Cost) -> Argon2Cost:
    """``wanted`` where it is nowhere cheaper than what an agent has, else what they have."""
    return wanted if is_as_dear(wanted, held) else held


def is_as_dear(cost: Argon2Cost, as_other: Argon2Cost) -> bool:
    """Whether ``cost`` is at least the other one in memory and in passes, with as many lanes."""
    return (
        cost.memory_kib >= as_other.memory_kib
        and cost.iterations >= as_other.iterations
        and cost.lanes == as_other.lanes
    )


class PinCosts:
    """The cost of PIN tries on this device."""

    def __init__(self, store: Store, clock: Clock, measure: Measure | None = None) -> None:
        """Measure: how long a derivation takes, by the processor's time where None."""
        self._store = store
        self._clock = clock
        self._measure = measure
        self._turn = threading.Lock()

    def measured(self) -> MeasuredCost | None:
        """What was measured; None before, and for what no calibration can have left."""
        with self._store.begin() as uow:
            kept = uow.values.get(PIN_COST)
        try:
            found = None if kept is None else msgspec.json.decode(kept, type=MeasuredCost)
        except msgspec.DecodeError:
            return None
        if found is None or not is_as_dear(found.cost, FLOOR):
            return None
        return found if is_as_dear(CEILING, found.cost) else None

    def current(self) -> Argon2Cost:
        """The measured cost, or the usual one as long as nothing was measured."""
        found = self.measured()
        return STANDARD if found is None else found.cost

    def settled(self) -> Argon2Cost:
        """The measured cost, measured now where it was not: that takes a second or two.

        Raises:
            VaultError: it cannot be kept.
        """
        with self._turn:
            found = self.measured()
            if found is not None:
                return found.cost
            cost, ms = calibrated(self._measure or MEASURED_BY)
            kept = MeasuredCost(
                cost.memory_kib, cost.iterations, cost.lanes, round(ms), self._clock.now()
            )
            with self._store.begin() as uow:
                uow.values.put(PIN_COST, msgspec.json.encode(kept))
                uow.commit()
            return cost

    def try_settle(self) -> None:
        """As :meth:`settled`, for agents who were here before; the next delivery tries again."""
        with suppress(VaultError):
            with self._store.begin() as uow:
                has_agents = bool(uow.agents.all())
            if has_agents:
                self.settled()


class FixedCosts:
    """One cost, whatever the machine: for demonstrations and tests."""

    def __init__(self, cost: Argon2Cost) -> None:
        self._cost = cost

    def measured(self) -> MeasuredCost | None:
        """Nothing is."""
        return None

    def current(self) -> Argon2Cost:
        """The cost."""
        return self._cost

    def settled(self) -> Argon2Cost:
        """The cost."""
        return self._cost

    def try_settle(self) -> None:
        """Nothing is to be measured."""


Costs = PinCosts | FixedCosts


def costs_of(given: Argon2Cost | Costs) -> Costs:
    """A cost that is fixed, or those of the device."""
    return FixedCosts(given) if isinstance(given, Argon2Cost) else given


def _median(measure: Measure, cost: Argon2Cost) -> float:
    return statistics.median(measure(cost) for _ in range(_RUNS))


def _more_passes(measure: Measure, ms: float) -> tuple[Argon2Cost, float]:
    """With the usual memory; ``ms`` of the usual cost, which is not too slow."""
    cost, best = STANDARD, (STANDARD, ms)
    for _ in range(_ROUNDS):
        wanted = int(cost.iterations * _AIM_MS / max(ms, 1.0))
        passes = min(max(wanted, STANDARD.iterations), CEILING.iterations)
        if passes == cost.iterations:
            break
        cost = Argon2Cost(iterations=passes)
        ms = _median(measure, cost)
        if ms <= SLOWEST_MS:
            best = cost, ms
            if ms >= FASTEST_MS:
                break
    return best


def _smaller(measure: Measure, ms: float) -> tuple[Argon2Cost, float]:
    """With less memory; ``ms`` of the usual cost, which is too slow."""
    for cost in _SMALLER:
        if ms * cost.memory_kib / STANDARD.memory_kib <= SLOWEST_MS:
            taken = _median(measure, cost)
            if taken <= SLOWEST_MS:
                return cost, taken
    return FLOOR, _median(measure, FLOOR)
