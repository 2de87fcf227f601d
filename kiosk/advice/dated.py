"""Facts of the service: each with its source and with the days on which it holds.

Rules, in order:

1. A fact holds from its first day to its last day, both included; no last day: for ever.
2. Two facts of one name never hold on the same day: a new figure ends the old one.
3. Where no fact holds on a day, nothing is guessed: the caller is told (``NoFactError``).
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, time
from typing import Any, Final, Protocol, TypeVar

from kiosk.documents.data import day_of, text_of
from kiosk.domain.errors import CatalogueError, NoFactError

SPAN_KEYS: Final = frozenset({"source", "valid_from", "until"})
"""Keys that every table of a fact has."""

MIDNIGHT_AFTER: Final = "24:00"


@dataclass(frozen=True, slots=True)
class Span:
    """Where a fact comes from, and when it holds.

    Attributes:
        source: where it is written.
        first_day: on which it holds.
        last_day: on which it holds; None: until further notice.
    """

    source: str
    first_day: date
    last_day: date | None = None

    def holds_on(self, day: date) -> bool:
        """Whether the fact holds on a day."""
        return self.first_day <= day and (self.last_day is None or day <= self.last_day)

    def meets(self, other: "Span") -> bool:
        """Whether both hold on some day."""
        return (self.last_day is None or other.first_day <= self.last_day) and (
            other.last_day is None or self.first_day <= other.last_day
        )


class Dated(Protocol):
    """A fact with its days."""

    @property
    def span(self) -> Span:
        """Where it comes from, and when it holds."""


_Fact = TypeVar("_Fact", bound=Dated)


def in_force(facts: Iterable[_Fact], day: date) -> tuple[_Fact, ...]:
    """The facts that hold on a day, in the order of the data."""
    return tuple(fact for fact in facts if fact.span.holds_on(day))


def the_one(facts: Iterable[_Fact], day: date) -> _Fact:
    """The one fact that holds on a day.

    Raises:
        NoFactError: none does: the clock of the device is wrong, or the data too old.
    """
    found = in_force(facts, day)
    if not found:
        raise NoFactError("no fact in force")
    return found[0]


def never_twice(facts: Iterable[_Fact], name_of: Callable[[_Fact], str]) -> tuple[_Fact, ...]:
    """The same facts, rule 2 checked. Raises CatalogueError."""
    kept: list[_Fact] = []
    for fact in facts:
        for other in kept:
            if name_of(other) == name_of(fact) and other.span.meets(fact.span):
                raise CatalogueError(f"{name_of(fact)}: two facts on one day")
        kept.append(fact)
    return tuple(kept)


def span_of(table: Mapping[str, Any]) -> Span:
    """Source and days of a table. Raises CatalogueError."""
    first = day_of(table, "valid_from")
    last = day_of(table, "until") if "until" in table else None
    if last is not None and last < first:
        raise CatalogueError("until before valid_from")
    return Span(text_of(table, "source"), first, last)


def number_of(table: Mapping[str, Any], key: str, most: int) -> int:
    """A whole number from 0 to ``most``. Raises CatalogueError."""
    value = table.get(key)
    if type(value) is not int or not 0 <= value <= most:
        raise CatalogueError(f"{key}: a number from 0 to {most}")
    return value


def hour_of(value: object) -> time | None:
    """An hour of the day, ``HH:MM``; None for ``24:00``. Raises CatalogueError."""
    if value == MIDNIGHT_AFTER:
        return None
    try:
        hour, minute = str(value).split(":")
        return time(int(hour), int(minute))
    except ValueError as exc:
        raise CatalogueError("an hour, HH:MM") from exc
