"""Commits of PostgreSQL where a second server has to have them too (synchronous replication).

Rules, in order: a commit waits for the replica, and never for ever: a wait that lasts too long is
called off. The transaction is durable on this server then and visible to everybody, and the replica
may lack it; PostgreSQL says so with a warning, and so do we. From then on this process is *behind*,
until one more commit came through the replica: the log of a server is written in one order, so that
one proves all before it. While behind, what devices keep and bring again is taken in without
waiting, whatever else wants to be written is refused at once, and one call at a time tries whether
the replica is there again: nobody has to be told, and no thread is lost to it. What another
process wrote, or what was found after a crash of the server, may be visible here and not be there:
who shows something that lets a last copy go asks :meth:`Commits.settle` first.
Sources: records-and-sync 2.8 and section 8, case 13; PostgreSQL manual, "Synchronous Replication".
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg import Connection as Driver
from psycopg.errors import Diagnostic
from sqlalchemy import Connection, Engine, event, text
from sqlalchemy.pool import ConnectionPoolEntry

from central.archive.faults import StoreError

PATIENCE_S = 3.0
"""How long a commit waits for the replica: less than a device waits for its answer."""
_LOOK_S = 0.2
_AGAIN_S = 1.0
"""After so long a wait that did not end is called off once more."""
_CANCEL_S = 2.0
_WARNED = "visavis-warned"
_LOCAL = "visavis-local"
_HERE = text("SET LOCAL synchronous_commit TO local")
_REPLICAS = text("SELECT current_setting('synchronous_standby_names')")
# A commit that changes nothing and is written to the log of the server all the same.
_MARK = text("SELECT pg_logical_emit_message(true, 'visavis', '')")


@dataclass(slots=True)
class _Wait:
    """A commit under way.

    Attributes:
        until: when it is called off, monotonic clock, seconds.
        called_off: somebody tried to.
    """

    until: float
    called_off: bool = False


class _Waits:
    """Calls off what waits too long, in a thread of its own; again where that did not arrive."""

    def __init__(self, patience_s: float) -> None:
        self._patience_s = patience_s
        self._some = threading.Condition()
        self._under_way: dict[Driver[Any], _Wait] = {}
        self._watching = False

    @contextmanager
    def bounded(self, driver: Driver[Any]) -> Iterator[_Wait]:
        """Let what is done inside wait no longer than patience; it ends by itself then."""
        wait = _Wait(time.monotonic() + self._patience_s)
        with self._some:
            self._under_way[driver] = wait
            if not self._watching:
                self._watching = True
                threading.Thread(target=self._watch, name="replica", daemon=True).start()
        try:
            yield wait
        finally:
            with self._some:
                self._under_way.pop(driver, None)

    def _watch(self) -> None:
        """Ends where nothing waits any more; the next commit begins another."""
        while True:
            with self._some:
                if not self._under_way:
                    self._watching = False
                    return
                now = time.monotonic()
                for driver, wait in self._under_way.items():
                    if wait.until > now:
                        continue
                    # Held meanwhile: the connection is not used for anything else before.
                    wait.called_off, wait.until = True, now + _AGAIN_S
                    with suppress(psycopg.Error, OSError):
                        driver.cancel_safe(timeout=_CANCEL_S)
                self._some.wait(_LOOK_S)


class Commits:
    """Ends the transactions of one engine, and knows whether the replica has them.

    Attributes:
        behind: the replica may lack what was committed here.
    """

    def __init__(self, engine: Engine, patience_s: float = PATIENCE_S) -> None:
        self._engine = engine
        self._waits = _Waits(patience_s)
        self._trying = threading.Lock()
        self.behind = False
        event.listen(engine, "connect", _hear_warnings)

    def start(self) -> None:
        """See whether what lies here is on the replica too; one that is away stops nobody."""
        with suppress(StoreError):
            self.settle()

    def begin(self, connection: Connection, *, local: bool) -> None:
        """What is to be said before anything is written.

        Args:
            connection: in a transaction that wrote nothing yet.
            local: durable on this server is enough.

        Raises:
            StoreError: it is not, and the replica is away.
        """
        behind = self.behind  # asked once: others change it meanwhile
        connection.info[_LOCAL] = local and behind
        if behind:
            if not local:
                raise StoreError("replica")
            connection.execute(_HERE)

    def commit(self, connection: Connection) -> bool:
        """Commit; whether the replica is known to have it."""
        info = connection.info
        info[_WARNED] = False
        driver = connection.connection.driver_connection
        if driver is None:
            raise StoreError("connection")
        with self._waits.bounded(driver) as wait:
            connection.commit()
        if wait.called_off or info[_WARNED]:
            # It may be called off once more, at its next statement.
            connection.invalidate()
        if info.pop(_LOCAL, False):
            return False
        self.behind = bool(info[_WARNED])
        return not self.behind

    def settle(self) -> None:
        """Return once everything that is visible now is on the replica too.

        Raises:
            StoreError: it is away; or somebody else is finding that out.
        """
        alone = self.behind
        if alone and not self._trying.acquire(blocking=False):
            raise StoreError("replica")
        try:
            with self._engine.connect() as connection:
                if not connection.execute(_REPLICAS).scalar_one():
                    self.behind = False
                    return
                connection.info[_LOCAL] = False
                connection.execute(_MARK)
                if not self.commit(connection):
                    raise StoreError("replica")
        finally:
            if alone:
                self._trying.release()


def _hear_warnings(driver: Driver[Any], entry: ConnectionPoolEntry) -> None:
    def hear(notice: Diagnostic) -> None:
        if notice.severity_nonlocalized == "WARNING":
            entry.info[_WARNED] = True

    driver.add_notice_handler(hear)
