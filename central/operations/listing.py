"""Which devices a list was asked to show, in which order; everything of it stands in the address.

Rules, in order: state, office, version and the beginning of a number combine; a state has the order
in which its devices are looked after, unless another one was asked for; what is not known is left
out.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from central.archive import fleet_filters as filters
from central.archive.fleet_filters import Filter
from central.archive.fleet_order import Order, Sort
from central.operations.asking import Ask
from central.operations.census import DRIFT_S, Count, limits_at

VIEWS: Final = (
    "all",
    "late",
    "owing",
    "silent",
    "drifting",
    "quarantined",
    "lost",
    "lease_expired",
    "device_closed",
)
"""States of devices that a list may be of."""
PREFIX: Final = "dev-"
_OWN: Final[Mapping[str, tuple[Sort, bool]]] = {
    "late": (Sort.SINCE, False),
    "owing": (Sort.MISSING, True),
    "silent": (Sort.CONTACT, False),
    "drifting": (Sort.DRIFT, True),
}
"""Order of a state, and whether it begins with the largest."""
_BITS, _DIGITS = 4, 16
"""A digit of a number tells so much, and so many it has."""
_HEX: Final = frozenset("0123456789abcdef")


@dataclass(frozen=True, slots=True)
class Listing:
    """What a list of devices was asked to show.

    Attributes:
        view: one of :data:`VIEWS`.
        office, build, begins: only devices of this office, of this version, whose number begins
            so; ``""`` for all.
        sort: by what; None for the order of the view.
        down: largest first.
    """

    view: str
    office: str
    build: str
    begins: str
    sort: Sort | None
    down: bool

    @property
    def sorted_by(self) -> tuple[Sort, bool]:
        """By what, and whether it begins with the largest."""
        if self.sort is None:
            return _OWN.get(self.view, (Sort.DEVICE, False))
        return self.sort, self.down

    @property
    def narrowed(self) -> tuple[str, ...]:
        """Names of the fields that leave devices out."""
        told = {
            "view": "" if self.view == "all" else self.view,
            "office": self.office,
            "build": self.build,
            "begins": self.begins,
        }
        return tuple(name for name, value in told.items() if value)

    def question(self, **others: object) -> dict[str, object]:
        """Fields of the address of this list, some of them otherwise."""
        asked: dict[str, object] = {
            "view": "" if self.view == "all" else self.view,
            "office": self.office,
            "build": self.build,
            "begins": self.begins,
            "sort": "" if self.sort is None else self.sort.value,
            "down": 1 if self.sort is not None and self.down else "",
        }
        return asked | others

    def without(self, name: str) -> dict[str, object]:
        """The address of the same list with one filter less."""
        return self.question(**{name: ""})

    def builds(self, count: Count) -> tuple[str, ...]:
        """Versions to choose from: what the fleet runs, and what was asked for."""
        known = {build for build, _ in count.census.builds}
        return tuple(sorted({*known, self.build} - {""}))

    def order(self, ask: Ask, count: Count) -> Order:
        """As the database knows it; ``count``: how many devices fit what."""
        found = [] if self.view == "all" else [_view(self.view, ask, count)]
        if self.office:
            found.append(filters.of_office(self.office))
        if self.build:
            known = dict(count.census.builds)
            found.append(filters.of_build(self.build, known.get(self.build)))
        if self.begins:
            found.append(filters.beginning(self.begins, _share(self.begins, count)))
        sort, down = self.sorted_by
        return Order(sort, down, tuple(found))


def _view(view: str, ask: Ask, count: Count) -> Filter:
    census, lost = count.census, count.lost.devices
    limits = limits_at(ask.now, lost)
    over = dict(census.ended)
    views: dict[str, Callable[[], Filter]] = {
        "owing": lambda: filters.owing(census.owing),
        "late": lambda: filters.late(limits.late_before, census.late),
        "silent": lambda: filters.silent(limits.silent_before, lost, census.silent),
        "drifting": lambda: filters.drifting(DRIFT_S, census.drifting),
        "quarantined": lambda: filters.quarantined(census.quarantined),
        "lost": lambda: filters.named(lost),
        "lease_expired": lambda: filters.ended("lease_expired", over.get("lease_expired")),
        "device_closed": lambda: filters.ended("device_closed", over.get("device_closed")),
    }
    return views[view]()


def _share(begins: str, count: Count) -> int:
    """About how many devices begin so: their numbers are hashes."""
    digits = max(0, len(begins) - len(PREFIX))
    return count.census.devices >> _BITS * min(digits, _DIGITS)


def beginning_of(text: str) -> str:
    """The beginning of a number as people type it, with or without its ``dev-``."""
    begins = text.lower()
    if begins and set(begins) <= _HEX:
        return f"{PREFIX}{begins}"
    if PREFIX.startswith(begins):
        return ""  # every number begins so
    return begins if begins.startswith(PREFIX) else f"{PREFIX}{begins}"


def listing_of(ask: Ask) -> Listing:
    """What was asked; whatever is not known is left out."""
    view, sort = ask.asked("view"), ask.asked("sort")
    return Listing(
        view if view in VIEWS else "all",
        ask.asked("office"),
        ask.asked("build"),
        beginning_of(ask.asked("begins")),
        Sort(sort) if sort in set(Sort) else None,
        ask.asked("down") == "1",
    )
