"""Old rows of PostgreSQL: what was erased leaves the tables' files, not only their newest rows.

Rules, in order:

1. PostgreSQL writes a changed row anew and leaves the old one where it was. ``VACUUM`` marks its
   place as free and leaves the bytes there until something else is written over them; only
   ``VACUUM FULL`` writes the table, its outside parts (TOAST) and its indexes into new files, and
   empties the old ones.
2. That keeps everybody out of a table while it is written: it is done here where the tables are
   small enough for that to be short, and given up where it would have to wait long; else plain
   ``VACUUM`` is run, and the answer says that bytes are left.
3. Rows that somebody's open transaction may still see are carried along. PostgreSQL says how many;
   where it says any, or says nothing, bytes are left. Not sure counts as left.

Out of reach: the write-ahead log, archived or not, replicas that lag, backups, free blocks of the
disk. Source: PostgreSQL 15, ``VACUUM``, ``Routine Vacuuming`` and ``Database Page Layout``.
"""

from __future__ import annotations

import re
from contextlib import suppress
from typing import Any, Final

from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import DBAPIError

from central.archive.later_rows import envelopes
from central.archive.result_schema import results
from central.archive.schema import sealed

ERASED_FROM: Final = (sealed.name, results.name, envelopes.name)
"""Tables that an erasure takes something from."""
REWRITE_BYTES: Final = 4 * 1024**3
"""Of all of them together; a disk writes that in about a minute."""
PATIENCE_MS: Final = 10_000
"""How long a table that somebody holds is waited for."""
_COUNT = re.compile(r"\s*(\d+)\s")


def rewrite(
    engine: Engine, most_bytes: int = REWRITE_BYTES, patience_ms: int = PATIENCE_MS
) -> bool:
    """Write the tables anew; whether no old row is left in their files."""
    with engine.connect() as pooled:
        connection = pooled.execution_options(isolation_level="AUTOCOMMIT")
        # First of all: asking for its size waits for a table, too.
        connection.execute(text(f"SET lock_timeout = {patience_ms:d}"))
        try:
            small = _is_small(connection, most_bytes)
            gone = [small and _rewritten(connection, table) for table in ERASED_FROM]
            if not all(gone):
                # Their places are free at least, and overwritten by what comes. A table that
                # somebody holds stays as it is: the key is gone, and the answer says what is left.
                with suppress(DBAPIError):
                    connection.exec_driver_sql(f"VACUUM {', '.join(ERASED_FROM)}")
        finally:
            connection.execute(text("RESET lock_timeout"))
        return all(gone)


def _is_small(connection: Connection, most_bytes: int) -> bool:
    """Whether all the tables together may be written anew; not where somebody holds one."""
    query = text("SELECT pg_total_relation_size(CAST(:name AS regclass))")
    try:
        sizes = [connection.execute(query, {"name": name}).scalar_one() for name in ERASED_FROM]
    except DBAPIError:
        return False
    return bool(sum(sizes) <= most_bytes)


def _rewritten(connection: Connection, table: str) -> bool:
    """Whether a table was written anew without a row that was dead."""
    carried = list[int]()

    def told(notice: Any) -> None:
        found = _COUNT.match(notice.message_detail or "")
        if found:
            carried.append(int(found[1]))

    driver: Any = connection.connection.driver_connection
    driver.add_notice_handler(told)
    try:
        connection.exec_driver_sql(f"VACUUM (FULL, VERBOSE) {table}")
    except DBAPIError:
        # Somebody is at work in it.
        return False
    finally:
        driver.remove_notice_handler(told)
    return carried == [0]
