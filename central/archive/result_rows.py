"""Rows about results for providers, inside one transaction. No rule of the protocol lives here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    and_,
    case,
    delete,
    exists,
    func,
    insert,
    select,
    update,
)

from central.archive.result_schema import providers, results
from central.archive.schema import sealed
from kiosk.domain.ids import DeviceId, RecordId

RESULTS_SCOPE: Final = "provider-results"
"""Scope of whoever gives results their places or takes them to send them."""


class ResultState(StrEnum):
    """Where a result is on its way."""

    AWAITED = "awaited"
    """An entry announces it; it has not come yet, and its record gets no receipt."""

    LOST = "lost"
    """The device says that it has it no more."""

    ARRIVED = "arrived"
    WITHHELD = "withheld"
    """Somebody has to look first; ``reason`` says at what."""

    QUEUED = "queued"
    DELIVERED = "delivered"
    """The provider's own server took it."""

    ACKNOWLEDGED = "acknowledged"
    """The provider fetched it and said so."""

    DEAD = "dead"
    """Tried for days; ``reason`` is the last obstacle. The provider can still fetch it."""

    ERASED = "erased"
    """Its record was ordered to be erased, or nobody let it go for long: the envelope is gone."""

    WITHDRAWN = "withdrawn"
    """Its provider went before it had it: the envelope is gone; ``reason`` is how it stood."""


DONE: Final = (ResultState.DELIVERED, ResultState.ACKNOWLEDGED)
OVER: Final = (*DONE, ResultState.ERASED, ResultState.WITHDRAWN)
WAITING: Final = (ResultState.QUEUED, ResultState.DEAD)
"""What a provider can fetch."""


@dataclass(frozen=True, slots=True)
class ProviderRow:
    """A provider, as the operator configured it.

    Attributes:
        issuer: name in its requests.
        url: ``https`` address that results are posted to; ``""`` where it fetches them only.
        ca_pem: authority of that server's certificate; ``""`` for those of the system.
        pull_key: raw Ed25519 key that signs its calls, or None where it does not fetch.
        keep_days: how long an envelope is kept once the provider has it.
        give_up_days: how long it is tried.
        added_at: ISO 8601 UTC.
    """

    issuer: str
    url: str
    ca_pem: str
    pull_key: bytes | None
    keep_days: int
    give_up_days: int
    added_at: str


@dataclass(frozen=True, slots=True)
class ResultRow:
    """One result.

    Attributes:
        device_id, seq: the entry that announced it.
        record_id: its record; the idempotency key towards the provider.
        issuer: for whom.
        digest: SHA-256 of the envelope, 32 bytes, as the device signed it.
        state: see :class:`ResultState`.
        reason: why it is withheld, or the last obstacle; a few words, nothing of the provider's.
        announced_at, arrived_at: ISO 8601 UTC; ``""`` while it has not come.
        position: its place in the order of all results, None before it has one.
        attempts: how often it was posted.
        next_at: not before this time, ISO 8601 UTC with milliseconds.
        done_at: when the provider had it, or ``""``.
        released_at: when a person let it go although it was withheld, or ``""``.
        sealed: the envelope, None before it came and after it was erased.
    """

    device_id: DeviceId
    seq: int
    record_id: RecordId
    issuer: str
    digest: bytes
    state: str
    announced_at: str
    reason: str = ""
    arrived_at: str = ""
    position: int | None = None
    attempts: int = 0
    next_at: str = ""
    done_at: str = ""
    released_at: str = ""
    sealed: bytes | None = None


class ResultRows:
    """Reads and writes them."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    # --- providers --------------------------------------------------------------------------------

    def provider(self, issuer: str) -> ProviderRow | None:
        """A provider by the name in its requests."""
        query = select(providers).where(providers.c.issuer == issuer)
        row = self._connection.execute(query).one_or_none()
        return None if row is None else ProviderRow(**row._asdict())

    def providers(self) -> tuple[ProviderRow, ...]:
        """Every provider, by name."""
        rows = self._connection.execute(select(providers).order_by(providers.c.issuer))
        return tuple(ProviderRow(**row._asdict()) for row in rows)

    def put_provider(self, row: ProviderRow) -> None:
        """Add a provider, or replace what was configured."""
        self._connection.execute(delete(providers).where(providers.c.issuer == row.issuer))
        self._connection.execute(insert(providers).values(**asdict(row)))

    def remove_provider(self, issuer: str) -> None:
        """Nothing is posted to a provider any more, and it fetches nothing."""
        self._connection.execute(delete(providers).where(providers.c.issuer == issuer))

    # --- results ----------------------------------------------------------------------------------

    def add(self, rows: Sequence[ResultRow]) -> None:
        """Note results that entries announce."""
        if rows:
            self._connection.execute(insert(results), [asdict(row) for row in rows])

    def get(self, device_id: DeviceId, seq: int) -> ResultRow | None:
        """The result of an entry."""
        return self._one(results.c.device_id == device_id, results.c.seq == seq)

    def at(self, position: int) -> ResultRow | None:
        """The result at a place."""
        return self._one(results.c.position == position)

    def of_record(self, record_id: RecordId) -> tuple[ResultRow, ...]:
        """Results of a record: one, unless a device announces another's id."""
        return self._all(results.c.record_id == record_id)

    def change(self, row: ResultRow, **values: Any) -> None:
        """Set columns of one result."""
        query = update(results).where(
            results.c.device_id == row.device_id, results.c.seq == row.seq
        )
        self._connection.execute(query.values(**values))

    def in_state(self, *states: ResultState, limit: int = 1000) -> tuple[ResultRow, ...]:
        """Results in these states, oldest first."""
        return self._all(results.c.state.in_(states), limit=limit)

    def due(self, issuer: str, now: str, limit: int) -> tuple[ResultRow, ...]:
        """Queued results of a provider whose time has come, in their order."""
        query = select(results).where(
            results.c.issuer == issuer,
            results.c.state == ResultState.QUEUED,
            results.c.next_at <= now,
        )
        rows = self._connection.execute(query.order_by(results.c.position).limit(limit))
        return tuple(_result(row) for row in rows)

    def after(self, issuer: str, position: int, limit: int) -> tuple[ResultRow, ...]:
        """What a provider can fetch behind a place, in order."""
        query = select(results).where(
            results.c.issuer == issuer,
            results.c.state.in_(WAITING),
            results.c.position > position,
        )
        rows = self._connection.execute(query.order_by(results.c.position).limit(limit))
        return tuple(_result(row) for row in rows)

    def last_position(self) -> int:
        """The highest place given so far, 0 before the first."""
        highest = self._connection.execute(select(func.max(results.c.position))).scalar_one()
        return int(highest or 0)

    def counts(self) -> dict[tuple[str, str], int]:
        """How many results of each provider are in each state."""
        query = select(results.c.issuer, results.c.state, func.count()).group_by(
            results.c.issuer, results.c.state
        )
        return {(issuer, state): int(n) for issuer, state, n in self._connection.execute(query)}

    def erase(self, issuer: str, before: str) -> int:
        """Forget envelopes that a provider has had since a time; how many."""
        query = update(results).where(
            results.c.issuer == issuer,
            results.c.state.in_(DONE),
            results.c.done_at < before,
            results.c.sealed.is_not(None),
        )
        return self._connection.execute(query.values(sealed=None)).rowcount

    def erase_unsent(self, issuer: str, before: str) -> int:
        """Forget envelopes that came before a time and wait for a person since; how many."""
        query = update(results).where(
            results.c.issuer == issuer,
            results.c.state.in_((ResultState.WITHHELD, ResultState.DEAD)),
            results.c.arrived_at < before,
        )
        gone = query.values(state=ResultState.ERASED, sealed=None)
        return self._connection.execute(gone).rowcount

    def erase_of_record(self, record_id: RecordId) -> None:
        """Forget what is here of a record, and wait for nothing of it any more.

        What its provider has keeps its state, which says so.
        """
        mine = update(results).where(results.c.record_id == record_id)
        self._connection.execute(mine.values(sealed=None))
        unsent = mine.where(results.c.state.not_in(DONE))
        self._connection.execute(unsent.values(state=ResultState.ERASED, reason=""))

    def withdraw(self, issuer: str) -> int:
        """End every result that waits for a provider; how many.

        Each keeps in words how it stood: somebody may have to tell those who asked. No envelope
        stays, of those that it has had neither: nobody asks for them any more.
        """
        mine = update(results).where(results.c.issuer == issuer)
        stood = case(
            (results.c.reason == "", results.c.state),
            else_=results.c.state + ": " + results.c.reason,
        )
        waiting = mine.where(results.c.state.not_in(OVER))
        gone = waiting.values(state=ResultState.WITHDRAWN, reason=stood)
        ended = self._connection.execute(gone).rowcount
        self._connection.execute(mine.where(results.c.sealed.is_not(None)).values(sealed=None))
        return ended

    def _one(self, *where: ColumnElement[bool]) -> ResultRow | None:
        row = self._connection.execute(select(results).where(*where)).one_or_none()
        return None if row is None else _result(row)

    def _all(self, *where: ColumnElement[bool], limit: int = 1000) -> tuple[ResultRow, ...]:
        query = select(results).where(*where)
        order = (results.c.announced_at, results.c.device_id, results.c.seq)
        rows = self._connection.execute(query.order_by(*order).limit(limit))
        return tuple(_result(row) for row in rows)


def result_awaited() -> ColumnElement[bool]:
    """Of a row of ``sealed``: its entry announces a result that has not come."""
    return exists().where(
        and_(
            results.c.device_id == sealed.c.device_id,
            results.c.seq == sealed.c.seq,
            results.c.state == ResultState.AWAITED,
        )
    )


def _result(row: Row[Any]) -> ResultRow:
    return ResultRow(**row._asdict())
