"""Acts of earlier days whose sheet can still be given to the customer.

Rules, in order:

1. A closed act that left a record; one that ended without any has no sheet.
2. As long as the proof of its record is kept: until the policy lets the receipt go
   (:mod:`.receipt_retention`). What still waits to be delivered is kept in any case.
3. A day is the device's own: that of the time which the entry claims, in the zone of the office.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import Final

from kiosk.audit.entries import EntryKind
from kiosk.ports import JournalQuery, JournalRow, Store, UnitOfWork
from kiosk.services.receipt_retention import let_go

_BATCH: Final = 500
_DAY: Final = timedelta(days=1)
_WEEK: Final = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class PastDay:
    """A day and its acts, newest first."""

    day: date
    acts: tuple[JournalRow, ...]


class PastDays:
    """Finds them. Called in the vault's thread."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def on(self, day: date) -> PastDay:
        """The acts of one day; none where nothing of it is kept."""
        with self._store.begin() as uow:
            acts = _kept(uow, since=_start(day), until=_start(day + _DAY))
            return PastDay(day, tuple(acts))

    def before(self, day: date) -> PastDay | None:
        """The nearest earlier day of which an act is kept."""
        with self._store.begin() as uow:
            found = next(_kept(uow, until=_start(day)), None)
        return None if found is None else self.on(_day_of(found))

    def after(self, day: date, today: date) -> PastDay | None:
        """The nearest later day of which an act is kept; None where that is today, or none is.

        The journal gives the newest first: looked for from week to week, and then further, so that
        a year is never read for a day.
        """
        start, span = day + _DAY, _WEEK
        rows: tuple[JournalRow, ...] = ()
        with self._store.begin() as uow:
            while not rows and start < today:
                end = min(start + span, today)
                rows = tuple(_kept(uow, since=_start(start), until=_start(end)))
                start, span = end, 2 * span
        return self.on(_day_of(rows[-1])) if rows else None


def _kept(
    uow: UnitOfWork, since: datetime | None = None, until: datetime | None = None
) -> Iterator[JournalRow]:
    """Acts of a time whose receipt was not let go, newest first."""
    gone = let_go(uow)
    query = JournalQuery(since, until, EntryKind.VERIFY_CLOSE.value, limit=_BATCH)
    while True:
        rows = uow.journal.find(query)
        yield from (row for row in rows if row.record_id is not None and row.seq not in gone)
        if len(rows) < _BATCH:
            return
        # By time and number: a clock that stood, or was set, claims one moment for many of them.
        query = replace(query, behind=(rows[-1].wall_claimed, rows[-1].seq))


def _start(day: date) -> datetime:
    """The first moment of a day at the office, aware."""
    return datetime.combine(day, time.min).astimezone()


def _day_of(row: JournalRow) -> date:
    return row.wall_claimed.astimezone().date()
