"""Orders in which devices can be listed, by an index, each page from a key onwards.

A page that says "from the 40,000th on" makes the database walk through 40,000 rows. A page that
says "after this value, of this device" begins where it begins. What a list is led by: the index of
its order, or the index of the condition that few devices fit, which are sorted then.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final, Generic, TypeVar

from sqlalchemy import Column, ColumnElement, Select, Table, and_, or_, select

from central.archive.fleet_filters import Filter, unindexed
from central.archive.fleet_schema import device_contacts, device_states

Line = TypeVar("Line")
_NUMBERS: Final = frozenset({"missing", "drift_size"})
_MAX_NUMBER: Final = 2**62
_FEW: Final = 3000
"""Devices that can be found and sorted for one page: a few milliseconds."""


class Sort(StrEnum):
    """By what a list of devices is sorted."""

    DEVICE = "device"
    OFFICE = "office"
    CONTACT = "contact"
    MISSING = "missing"
    DRIFT = "drift"
    BUILD = "build"
    SINCE = "since"


_COLUMNS: Final[dict[Sort, Column[Any]]] = {
    Sort.DEVICE: device_states.c.device_id,
    Sort.OFFICE: device_states.c.office_id,
    Sort.CONTACT: device_contacts.c.contact_at,
    Sort.MISSING: device_states.c.missing,
    Sort.DRIFT: device_contacts.c.drift_size,
    Sort.BUILD: device_states.c.app_build,
    Sort.SINCE: device_states.c.behind_since,
}


@dataclass(frozen=True, slots=True)
class Cursor:
    """Where a page begins.

    Attributes:
        value: of the column that sorts, as text.
        device_id: of the device that stands just before (after, going backwards).
        backwards: towards the first page.
    """

    value: str
    device_id: str
    backwards: bool = False


@dataclass(frozen=True, slots=True)
class Slice(Generic[Line]):
    """A page of a list.

    Attributes:
        lines: in order.
        before, after: where the pages beside it begin; None where there is none.
    """

    lines: tuple[Line, ...]
    before: Cursor | None
    after: Cursor | None


@dataclass(frozen=True, slots=True)
class Order:
    """One way to list devices.

    Attributes:
        sort: by what.
        descending: largest first.
        filters: what all of its devices fit.
    """

    sort: Sort
    descending: bool = False
    filters: tuple[Filter, ...] = ()

    @property
    def _column(self) -> Column[Any]:
        return _COLUMNS[self.sort]

    @property
    def _lead(self) -> Filter | None:
        """Whose index leads to the devices; None: that of the order itself.

        Many devices of a condition are met soon on the way through the order; a few are not. Two
        conditions that many fit each, and hardly any fits both, cost a walk through one of them.
        """
        here = [one for one in self.filters if one.column is not self._column]
        few = min(here, key=_size, default=None)
        if few is None or _size(few) > _FEW:
            exact = [one for one in here if one.exact and self.sort is Sort.DEVICE]
            return min(exact, key=_size, default=None)
        own = [one for one in self.filters if one.column is self._column]
        return None if any(_size(one) <= _size(few) for one in own) else few

    def query(self, cursor: Cursor | None, limit: int, dialect: str) -> Select[Any]:
        """Keys of a page: value and device."""
        column, lead = self._column, self._lead
        name = column.table.c.device_id
        falling = self.descending != (cursor is not None and cursor.backwards)
        own: ColumnElement[Any] = column
        if lead is not None and not (lead.exact and column is name):
            own = unindexed(column, dialect)
        query = select(column.label("value"), name.label("device_id"))
        for table in _others(column, self.filters):
            query = query.join(table, table.c.device_id == name)
        for one in self.filters:
            leads = one is lead or (lead is None and one.column is column)
            query = query.where(one.clause(dialect, by_index=leads))
        if cursor is not None:
            query = query.where(self._beyond(cursor, own, name, falling=falling))
        keys = (own,) if column is name else (own, name)
        ordered = query.order_by(*((key.desc() if falling else key.asc()) for key in keys))
        return ordered.limit(limit)

    def _beyond(
        self, cursor: Cursor, column: ColumnElement[Any], name: Column[Any], *, falling: bool
    ) -> ColumnElement[bool]:
        if self._column is name:
            return column < cursor.device_id if falling else column > cursor.device_id
        device = name < cursor.device_id if falling else name > cursor.device_id
        value = self._value(cursor.value)
        # The first condition is what the index begins at; the second cuts ties.
        if falling:
            return and_(column <= value, or_(column < value, device))
        return and_(column >= value, or_(column > value, device))

    def _value(self, text: str) -> str | int:
        if self._column.name not in _NUMBERS:
            return text
        digits = text.removeprefix("-")
        number = int(text) if digits.isascii() and digits.isdecimal() and len(digits) < 20 else 0
        return max(-_MAX_NUMBER, min(_MAX_NUMBER, number))

    def slice(
        self, found: Sequence[tuple[Any, Line]], cursor: Cursor | None, *, more: bool
    ) -> Slice[Line]:
        """The page of what was found: value and line of each device.

        Args:
            found: in order.
            cursor: where the page began.
            more: there is more in the direction of the query.
        """
        lines = tuple(line for _, line in found)
        if not lines:
            return Slice((), None, None)
        backwards = cursor is not None and cursor.backwards
        has_before = more if backwards else cursor is not None
        has_after = True if backwards else more
        first, last = found[0], found[-1]
        return Slice(
            lines,
            Cursor(str(first[0]), _name(first[1]), backwards=True) if has_before else None,
            Cursor(str(last[0]), _name(last[1])) if has_after else None,
        )


def _name(line: Any) -> str:
    return str(line.device_id)


def all_devices(sort: Sort, *, descending: bool) -> Order:
    """Every device."""
    return Order(sort, descending)


def _size(one: Filter) -> int:
    return 0 if one.size is None else one.size


def _others(column: Column[Any], filters: Iterable[Filter]) -> tuple[Table, ...]:
    """Tables that filters ask, beside the one of the order."""
    asked = {name for one in filters for name in one.tables} - {column.table.name}
    return tuple(table for table in (device_states, device_contacts) if table.name in asked)
