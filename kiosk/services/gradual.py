"""Work in small steps: each frame does a little of it, so that the picture stays alive.

Rules, in order: the work is a generator that yields after each step and returns its outcome; who
has time does all of it at once with :meth:`Gradual.whole`; work that nobody goes on with is dropped
by forgetting it.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import Generic, TypeVar

T = TypeVar("T")
Steps = Generator[None, None, T]
"""Yields after each step, returns the outcome."""


class Gradual(Generic[T]):
    """One piece of work. Used from one thread."""

    def __init__(self, steps: Steps[T]) -> None:
        """``steps``: nothing of it is done yet."""
        self._steps = steps
        self._outcome: list[T] = []

    @property
    def done(self) -> bool:
        """Whether the outcome is there."""
        return bool(self._outcome)

    @property
    def outcome(self) -> T:
        """What came of it. Raises IndexError before it is done."""
        return self._outcome[0]

    def step(self, count: int = 1) -> bool:
        """Do so many steps more, fewer where it ends; whether it is done."""
        for _ in range(count):
            if self.done:
                break
            try:
                next(self._steps)
            except StopIteration as end:
                self._outcome.append(end.value)
        return self.done

    def whole(self) -> T:
        """Do all that is left."""
        while not self.step():
            pass
        return self.outcome
