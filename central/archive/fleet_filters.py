"""Which devices a list shows: conditions that combine, each of which an index finds by itself.

Rules, in order: every condition names the column whose index finds its devices; a list is led by
one index only, and what leads is chosen here by how many devices a condition holds, because a
database without statistics guesses; the others are asked of the rows that the index leads to.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Column, ColumnElement, and_
from sqlalchemy.sql.elements import UnaryExpression
from sqlalchemy.sql.operators import custom_op

from central.archive.fleet_schema import device_contacts, device_states

Test = Callable[[ColumnElement[Any], str], ColumnElement[bool]]
_PLUS = custom_op[Any]("+")


@dataclass(frozen=True, slots=True)
class Filter:
    """One condition.

    Attributes:
        column: whose index finds the devices that fit.
        test: of that column, and of the dialect of the database.
        size: about how many devices of the fleet fit; None where hardly any do.
        exact: one value of the column, whose index then goes on by number.
        besides: whose index does not help: columns and their tests.
    """

    column: Column[Any]
    test: Test
    size: int | None = None
    exact: bool = False
    besides: tuple[tuple[Column[Any], Test], ...] = ()

    @property
    def tables(self) -> frozenset[str]:
        """Names of the tables that are asked."""
        columns = (self.column, *(column for column, _ in self.besides))
        return frozenset(str(column.table.name) for column in columns)

    def clause(self, dialect: str, *, by_index: bool) -> ColumnElement[bool]:
        """The condition; ``by_index``: its index may lead."""
        column = self.column if by_index else unindexed(self.column, dialect)
        others = (test(unindexed(other, dialect), dialect) for other, test in self.besides)
        return and_(self.test(column, dialect), *others)


def unindexed(column: Column[Any], dialect: str) -> ColumnElement[Any]:
    """A column whose index SQLite leaves alone (a plus before it); PostgreSQL knows better."""
    if dialect != "sqlite":
        return column
    return UnaryExpression(column, operator=_PLUS, type_=column.type)


def of_office(office_id: str) -> Filter:
    """Devices of an office: a handful."""
    return Filter(device_states.c.office_id, lambda column, _: column == office_id, exact=True)


def of_build(app_build: str, size: int | None = None) -> Filter:
    """Devices that run a version."""
    return Filter(
        device_states.c.app_build, lambda column, _: column == app_build, size, exact=True
    )


def beginning(with_: str, size: int | None = None) -> Filter:
    """Devices whose number begins so."""

    def test(column: ColumnElement[Any], dialect: str) -> ColumnElement[bool]:
        if dialect == "sqlite":
            # LIKE of SQLite passes over its indexes; its order of letters is that of code points.
            return and_(column >= with_, column < f"{with_}\U0010ffff")
        return column.startswith(with_, autoescape=True)

    return Filter(device_states.c.device_id, test, size)


def silent(before: str, besides: Collection[str] = (), size: int | None = None) -> Filter:
    """Devices not heard since ``before``; none of which the end is known.

    Args:
        before: ISO 8601 UTC.
        besides: devices that are known to be lost.
        size: about how many.
    """
    contact, lost = device_contacts.c, sorted(besides)
    there: list[tuple[Column[Any], Test]] = [
        (device_states.c.ended, lambda column, _: column == ""),
    ]
    if lost:
        there.append((contact.device_id, lambda column, _: column.not_in(lost)))
    return Filter(contact.contact_at, lambda column, _: column < before, size, besides=tuple(there))


def owing(size: int | None = None) -> Filter:
    """Devices that owe records."""
    return Filter(device_states.c.missing, lambda column, _: column > 0, size)


def late(before: str, size: int | None = None) -> Filter:
    """Devices that have owed a record since before then."""

    def test(column: ColumnElement[Any], _: str) -> ColumnElement[bool]:
        return and_(column > "", column < before)

    return Filter(device_states.c.behind_since, test, size)


def drifting(drift_s: int, size: int | None = None) -> Filter:
    """Devices whose clock is off by so much."""
    return Filter(device_contacts.c.drift_size, lambda column, _: column >= drift_s, size)


def quarantined(size: int | None = None) -> Filter:
    """Devices of which two histories are known."""
    return Filter(device_states.c.quarantined, lambda column, _: column == 1, size, exact=True)


def ended(kind: str, size: int | None = None) -> Filter:
    """Devices that say they work no more."""
    return Filter(device_states.c.ended, lambda column, _: column == kind, size, exact=True)


def named(wanted: Collection[str]) -> Filter:
    """Devices that somebody named; unknown ones are left out."""
    names = sorted(set(wanted))
    return Filter(device_states.c.device_id, lambda column, _: column.in_(names), len(names))
