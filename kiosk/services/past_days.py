"""Acts of earlier days whose sheet can still be given to the customer.

Rules, in order:

1. A closed act that left a record; one that ended without any has no sheet.
2. As long as the proof of its record is kept: until the policy lets the receipt go
   (:mod:`.receipt_retention`). What still waits to be delivered is kept in any case.
3. A day is the device's own: that of the time which the entry claims, in the zone of the office.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Final

from kiosk.audit.entries import EntryKind
from kiosk.ports import JournalQuery, JournalRow, Store, UnitOfWork
from kiosk.services.receipt_retention import let_go

_BATCH: Final = 500
_DAY: Final = timedelta(days=1)


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

    def after(self, day: date) -> PastDay | None:
        """The nearest later day of which an act is kept."""
        found = None
        with self._store.begin() as uow:
            for row in _kept(uow, since=_start(day + _DAY)):
                found = row
        return None if found is None else self.on(_day_of(found))


def _kept(
    uow: UnitOfWork, since: datetime | None = None, until: datetime | None = None
) -> Iterator[JournalRow]:
    """Acts of a time whose receipt was not let go, newest first."""
    gone = let_go(uow)
    while True:
        query = JournalQuery(since, until, EntryKind.VERIFY_CLOSE.value, limit=_BATCH)
        rows = uow.journal.find(query)
        yield from (row for row in rows if row.record_id is not None and row.seq not in gone)
        if len(rows) < _BATCH:
            return
        until = rows[-1].wall_claimed


def _start(day: date) -> datetime:
    """The first moment of a day at the office, aware."""
    return datetime.combine(day, time.min).astimezone()


def _day_of(row: JournalRow) -> date:
    return row.wall_claimed.astimezone().date()
