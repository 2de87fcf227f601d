"""Orders in which devices can be listed, each by an index, each page from a key onwards.

A page that says "from the 40,000th on" makes the database walk through 40,000 rows. A page that
says "after this value, of this device" begins where it begins.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final, Generic, TypeVar

from sqlalchemy import Column, ColumnElement, Select, and_, exists, or_, select

from central.archive.fleet_schema import device_contacts, device_states
from kiosk.domain.ids import DeviceId

Line = TypeVar("Line")
_NUMBERS: Final = frozenset({"missing", "drift_size"})
_MAX_NUMBER: Final = 2**62


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
        where: conditions that the index of ``sort`` serves too.
    """

    sort: Sort
    descending: bool = False
    where: tuple[ColumnElement[bool], ...] = field(default=())

    @property
    def _column(self) -> Column[Any]:
        return _COLUMNS[self.sort]

    def query(self, cursor: Cursor | None, limit: int) -> Select[Any]:
        """Keys of a page: value and device."""
        column = self._column
        table = column.table
        name = table.c.device_id
        falling = self.descending != (cursor is not None and cursor.backwards)
        query = select(column.label("value"), name.label("device_id")).where(*self.where)
        if cursor is not None:
            query = query.where(self._beyond(cursor, name, falling=falling))
        keys = (name,) if column is name else (column, name)
        ordered = query.order_by(*((key.desc() if falling else key.asc()) for key in keys))
        return ordered.limit(limit)

    def _beyond(self, cursor: Cursor, name: Column[Any], *, falling: bool) -> ColumnElement[bool]:
        column = self._column
        device = name < cursor.device_id if falling else name > cursor.device_id
        if column is name:
            return device
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


def of_office(office_id: str) -> Order:
    """Devices of an office."""
    return Order(Sort.DEVICE, where=(device_states.c.office_id == office_id,))


def of_build(app_build: str) -> Order:
    """Devices that run a version."""
    return Order(Sort.DEVICE, where=(device_states.c.app_build == app_build,))


def silent(before: str, besides: frozenset[DeviceId] = frozenset()) -> Order:
    """Devices not heard since ``before``, longest first; none of which the end is known.

    Args:
        before: ISO 8601 UTC.
        besides: devices that are known to be lost.
    """
    contact, state = device_contacts.c, device_states.c
    over = exists().where(state.device_id == contact.device_id, state.ended != "")
    there = (contact.device_id.not_in(sorted(besides)),) if besides else ()
    return Order(Sort.CONTACT, where=(contact.contact_at < before, ~over, *there))


def owing() -> Order:
    """Devices that owe records, most first."""
    return Order(Sort.MISSING, descending=True, where=(device_states.c.missing > 0,))


def late(before: str) -> Order:
    """Devices that have owed a record since before then, longest first."""
    since = device_states.c.behind_since
    return Order(Sort.SINCE, where=(since > "", since < before))


def drifting(drift_s: int) -> Order:
    """Devices whose clock is off by so much, most first."""
    return Order(Sort.DRIFT, descending=True, where=(device_contacts.c.drift_size >= drift_s,))


def quarantined() -> Order:
    """Devices of which two histories are known."""
    return Order(Sort.DEVICE, where=(device_states.c.quarantined == 1,))


def ended(kind: str) -> Order:
    """Devices that say they work no more."""
    return Order(Sort.DEVICE, where=(device_states.c.ended == kind,))
