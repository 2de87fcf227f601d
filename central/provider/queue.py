"""The queue of results: released in order, taken to be posted, settled, given up, erased.

Rules, in order: a result gets its place only once it is here and nobody has to look at it first;
it is withheld after all where its device is believed no more when it is to be posted or fetched; it
is taken for a while, durably, before it is posted, so that a sender that dies loses nothing (the
next one posts it again, under the same idempotency key); what waits for a provider that is
withdrawn ends with it, unless its server took it in that very moment; a failure waits longer each
time, by full jitter, and never less than the provider asked for; after so many days it is given up,
with the last obstacle, and stays to be fetched; an envelope that the provider has is erased in
time, and so is one that a person does not let go.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from central.archive.database import Database
from central.archive.ledger import Ledger
from central.archive.policy_chain import PolicyChain
from central.archive.result_rows import (
    OVER,
    RESULTS_SCOPE,
    WAITING,
    ProviderRow,
    ResultRow,
    ResultState,
)
from central.provider.slip import slip_of
from central.provider.withholding import device_because, lost_devices, withheld_because
from kiosk.domain.ids import RecordId
from kiosk.sync.retry import delay_s

LEASE: Final = timedelta(seconds=60)
"""How long a taken result is nobody else's; longer than a post may last."""
BATCH: Final = 64
LONGEST_WAIT: Final = timedelta(hours=24)
"""A provider may ask for patience, not for ever."""
UNSENT: Final = timedelta(days=90)
"""How long an envelope waits for a person, after the days that it may be tried."""
_REASON_CHARS = 60


def moment_text(moment: datetime) -> str:
    """ISO 8601 UTC with milliseconds: texts of this form sort as the moments do."""
    return moment.isoformat(timespec="milliseconds")


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a post did not arrive.

    Attributes:
        reason: a word or two of ours; nothing that the provider wrote.
        wait: how long the provider asked us to wait, zero where it did not.
    """

    reason: str
    wait: timedelta = timedelta()


class ResultQueue:
    """The queue over the collector's database."""

    def __init__(self, database: Database, root_public: bytes) -> None:
        """Root public: raw key of the policy root."""
        self._database = database
        self._chain = PolicyChain(root_public)

    def release(self, now: datetime) -> int:
        """Give every result that has arrived its place, or withhold it; how many those were."""
        with self._database.reading() as ledger:
            if not ledger.results.in_state(ResultState.ARRIVED, limit=1):
                return 0
        with self._database.writing(RESULTS_SCOPE) as ledger:
            rows = ledger.results.in_state(ResultState.ARRIVED, limit=BATCH)
            position = ledger.results.last_position()
            policies = self._chain.read(ledger)
            for row in rows:
                if ledger.provider_changes.is_withdrawn(row.issuer):
                    # It was announced in the moment in which its provider went.
                    ledger.results.withdraw(row.issuer)
                    continue
                why = withheld_because(ledger, row, policies)
                if why:
                    ledger.results.change(row, state=ResultState.WITHHELD, reason=why)
                    continue
                position += 1
                ledger.results.change(
                    row, state=ResultState.QUEUED, position=position, next_at=moment_text(now)
                )
        return len(rows)

    def providers(self) -> tuple[ProviderRow, ...]:
        """Every provider."""
        with self._database.reading() as ledger:
            return ledger.results.providers()

    def take(self, issuer: str, limit: int, now: datetime) -> tuple[ResultRow, ...]:
        """Results to post now; they are this caller's for :data:`LEASE`."""
        with self._database.reading() as ledger:
            if not ledger.results.due(issuer, moment_text(now), 1):
                return ()
        taken = []
        with self._database.writing(RESULTS_SCOPE) as ledger:
            for row in self._hold_back(ledger, ledger.results.due(issuer, moment_text(now), limit)):
                later = moment_text(now + LEASE)
                ledger.results.change(row, attempts=row.attempts + 1, next_at=later)
                taken.append(replace(row, attempts=row.attempts + 1, next_at=later))
        return tuple(taken)

    def slip_codes(self, rows: Sequence[ResultRow]) -> tuple[str, ...]:
        """Of each result the code of the customer's sheet, "" where the journal has no entry."""
        with self._database.reading() as ledger:
            return tuple(slip_of(ledger, row) for row in rows)

    def offered(self, issuer: str, after: int, limit: int) -> tuple[ResultRow, ...]:
        """What a provider can fetch behind a place, in order."""
        while True:
            with self._database.reading() as ledger:
                rows = ledger.results.after(issuer, after, limit)
            if self._all_sound(rows):
                return rows

    def one(self, issuer: str, position: int) -> ResultRow | None:
        """The result at a place, where it is this provider's to have."""
        while True:
            with self._database.reading() as ledger:
                row = ledger.results.at(position)
            if row is None or row.issuer != issuer or row.state not in (*WAITING, *OVER):
                return None
            if row.state in OVER or self._all_sound((row,)):
                return row

    def _all_sound(self, rows: Sequence[ResultRow]) -> bool:
        """Whether all of them may be handed out; those that may not are withheld."""
        with self._database.reading() as ledger:
            if not any(self._doubts(ledger, rows)):
                return True
        with self._database.writing(RESULTS_SCOPE) as ledger:
            held = (ledger.results.get(row.device_id, row.seq) for row in rows)
            self._hold_back(ledger, [row for row in held if row and row.state in WAITING])
        return False

    def _hold_back(self, ledger: Ledger, rows: Sequence[ResultRow]) -> list[ResultRow]:
        """Withhold those whose device is believed no more; the others."""
        sound = []
        for row, why in zip(rows, self._doubts(ledger, rows), strict=True):
            if why:
                ledger.results.change(row, state=ResultState.WITHHELD, reason=why)
            else:
                sound.append(row)
        return sound

    def _doubts(self, ledger: Ledger, rows: Sequence[ResultRow]) -> list[str]:
        """Of each result that had its place: what came to light since, or ""."""
        lost = lost_devices(self._chain.read(ledger)) if rows else ()
        return [
            "" if row.released_at else device_because(ledger.device(row.device_id), lost)
            for row in rows
        ]

    def delivered(self, row: ResultRow, now: datetime) -> None:
        """The provider's server took it."""
        self._done(row, ResultState.DELIVERED, now)

    def acknowledged(self, row: ResultRow, now: datetime) -> None:
        """The provider fetched it and said so."""
        self._done(row, ResultState.ACKNOWLEDGED, now)

    def _done(self, row: ResultRow, state: ResultState, now: datetime) -> None:
        with self._database.writing(RESULTS_SCOPE) as ledger:
            held = ledger.results.get(row.device_id, row.seq)
            if held is None or held.done_at:
                return
            if held.state == ResultState.ERASED:  # while it was on its way
                state = ResultState.ERASED
            if held.state == ResultState.WITHDRAWN and state is not ResultState.DELIVERED:
                return  # who was withdrawn fetches nothing: there is nothing to acknowledge
            ledger.results.change(row, state=state, reason="", done_at=moment_text(now))

    def failed(
        self, row: ResultRow, failure: Failure, give_up: timedelta, draw: float, now: datetime
    ) -> None:
        """It did not arrive: wait, or give up.

        Args:
            row: as it was taken.
            failure: why.
            give_up: how long after its arrival it is given up.
            draw: uniform random number, 0 <= draw < 1.
            now: server time.
        """
        with self._database.writing(RESULTS_SCOPE) as ledger:
            held = ledger.results.get(row.device_id, row.seq)
            if held is None or held.state != ResultState.QUEUED:
                return
            reason = failure.reason[:_REASON_CHARS]
            if now - datetime.fromisoformat(held.arrived_at) >= give_up:
                ledger.results.change(held, state=ResultState.DEAD, reason=reason)
                return
            wait = max(
                timedelta(seconds=delay_s(held.attempts, draw)), min(failure.wait, LONGEST_WAIT)
            )
            ledger.results.change(held, reason=reason, next_at=moment_text(now + wait))

    def again(self, records: Sequence[RecordId], now: datetime, *, release: bool) -> int:
        """Queue dead results anew, and with ``release`` withheld ones too; how many.

        Args:
            records: which; all of them where there is none.
            now: server time; the days until they are given up begin again.
            release: a person has looked at what withholds them.
        """
        states = (ResultState.DEAD, ResultState.WITHHELD) if release else (ResultState.DEAD,)
        with self._database.writing(RESULTS_SCOPE) as ledger:
            meant = [
                row
                for row in ledger.results.in_state(*states, limit=100_000)
                if not records or row.record_id in records
            ]
            position = ledger.results.last_position()
            for row in meant:
                if row.position is None:
                    position += 1
                ledger.results.change(
                    row,
                    state=ResultState.QUEUED,
                    position=row.position or position,
                    attempts=0,
                    arrived_at=moment_text(now),
                    next_at=moment_text(now),
                    reason="",
                    released_at=moment_text(now) if release else row.released_at,
                )
        return len(meant)

    def erase_old(self, now: datetime) -> int:
        """Forget envelopes that their providers have had, or nobody let go, for long; how many."""
        erased = 0
        for provider in self.providers():
            before = moment_text(now - timedelta(days=provider.keep_days))
            with self._database.writing(RESULTS_SCOPE) as ledger:
                erased += ledger.results.erase(provider.issuer, before)
                long = UNSENT + timedelta(days=provider.give_up_days)
                erased += ledger.results.erase_unsent(provider.issuer, moment_text(now - long))
        return erased
