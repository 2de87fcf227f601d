"""Whether the database repeats what the log of openings says was ordered, row by row.

The collector has no auditors' keys: whoever takes a record in believes the rows about erasures and
holds that stand in the database. Whoever may write there can take one out, or put one in. The log,
signed by two, anchors each of them.

Rules, in order: a hold that is in force by the log has its row, not released; a released one is
released; an order that waits for its record has its row, with the tokens of the log; no row waits
that nobody ordered. An order whose record is here is judged with the record
(:mod:`central.auditor.erasure_check`). A crash between line and row looks like a row that was taken
out, and is mended the same way: ``audit reapply``.
"""

from __future__ import annotations

from central.archive.erasure_rows import HoldRow
from central.archive.layout import Layout
from central.archive.ledger import Ledger
from central.archive.storage import open_database
from central.auditor.opening_log import OpeningLog
from central.auditor.ordered import Ordered
from kiosk.domain.ids import RecordId

_MEND = "run audit reapply, and find out who wrote into the database"


def row_problems(ordered: Ordered, ledger: Ledger) -> tuple[str, ...]:
    """What the database says otherwise than the log, a sentence each; names records by number."""
    return (*_of_holds(ordered, ledger), *_of_orders(ordered, ledger))


def problems_of(layout: Layout, log: OpeningLog) -> tuple[str, ...]:
    """The same of a central side, while its log is held. Raises FolderError, StoreError."""
    database = open_database(layout)
    try:
        with database.reading() as ledger:
            return row_problems(Ordered(log.lines), ledger)
    finally:
        database.close()


def _of_holds(ordered: Ordered, ledger: Ledger) -> list[str]:
    found = []
    rows = {(row.order_id, row.record_id): row for row in ledger.erasures.all_holds()}
    for said in ordered.holds:
        row = rows.get((said.order_id, said.record_id))
        what = f"hold on record {said.record_id}, placed {said.placed_at}"
        if said.released_at is None and (row is None or row.released_at is not None):
            gone = "is not in the database" if row is None else "stands in the database as released"
            found.append(f"the {what}, {gone}: nothing would stop an erasure; {_MEND}")
        elif said.released_at is not None and row is not None and row.released_at is None:
            found.append(f"the {what}, was released, and stands in the database; {_MEND}")
    found += [
        f"a hold on record {row.record_id} stands in the database, and nobody placed it; {_MEND}"
        for row in foreign_holds(ordered, ledger)
        if row.released_at is None
    ]
    return found


def _of_orders(ordered: Ordered, ledger: Ledger) -> list[str]:
    found = []
    rows = {row.record_id: row for row in ledger.erasures.orders()}
    for record_id, said in ordered.erasures.items():
        row = rows.get(record_id)
        if not _awaited(ledger, record_id):
            continue
        what = f"order of {said.ordered_at} to erase record {record_id}, which is still to come"
        if row is None:
            found.append(f"the {what}, is not in the database: it would be kept; {_MEND}")
        elif (row.order_token, row.approval) != (said.order_token, said.approval):
            found.append(f"the {what}, stands in the database as another one; {_MEND}")
    found += [
        f"an order to erase record {record_id} waits in the database, and nobody gave it: the "
        f"record would be destroyed when it comes, or when a hold ends; {_MEND}"
        for record_id in foreign_orders(ordered, ledger)
    ]
    return found


def foreign_holds(ordered: Ordered, ledger: Ledger) -> tuple[HoldRow, ...]:
    """Rows of holds that the log does not know."""
    known = {(one.order_id, one.record_id) for one in ordered.holds}
    rows = ledger.erasures.all_holds()
    return tuple(row for row in rows if (row.order_id, row.record_id) not in known)


def foreign_orders(ordered: Ordered, ledger: Ledger) -> tuple[RecordId, ...]:
    """Records to come, or here with their key, whose erasure stands in the database and in no log.

    A row about a record that is here and lost its key stays: it is what somebody is asked about.
    """
    rows = (row.record_id for row in ledger.erasures.orders())
    return tuple(one for one in rows if one not in ordered.erasures and not _gone(ledger, one))


def _gone(ledger: Ledger, record_id: RecordId) -> bool:
    """Whether a record is here, and its key is not."""
    entries = ledger.entries_of_record(record_id)
    rows = [ledger.sealed(one.device_id, one.seq) for one in entries]
    return bool(rows) and all(row is not None and row.header is None for row in rows)


def _awaited(ledger: Ledger, record_id: RecordId) -> bool:
    """Whether nothing of a record has arrived, or not from every device that announced it."""
    entries = ledger.entries_of_record(record_id)
    return not entries or any(ledger.sealed(one.device_id, one.seq) is None for one in entries)
