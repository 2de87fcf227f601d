"""How this device stands: what a technician asks first, read in one go.

Rules, in order: nothing is written, nothing is asked of the network; nothing of a customer or of a
case is in it, only how many there are; what is not known is None and never guessed.
Source: records-and-sync 2.7.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import msgspec

from kiosk.audit.entries import EntryKind
from kiosk.audit.witnesses import Quorum
from kiosk.domain.errors import ReceiptUnwitnessedError
from kiosk.ports import Clock, JournalQuery, OutboxRow, OutboxState, Store, UnitOfWork
from kiosk.services.coming_policy import load_coming
from kiosk.services.diagnosis import EARLIEST_PLAUSIBLE, LATEST_PLAUSIBLE
from kiosk.services.fleet import load_policy
from kiosk.services.lease import Lease, closed_at
from kiosk.services.receipts_kept import KeptReceipt, kept_name
from kiosk.services.sealing import SPACE_RESERVE_BYTES
from kiosk.services.time_call import TIME, SignedTime
from kiosk.sync.policy import Policy

CLOCK_DRIFT = timedelta(minutes=5)
"""From here on the central side refuses the first call of a delivery; it goes on by signed time."""
LEASE_NEAR = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Queue:
    """Sealed records on their way, by number.

    Attributes:
        waiting: without a verified receipt; those of ``stuck`` and ``unwitnessed`` are among them.
        stuck: refused or in quarantine: a person must look.
        unwitnessed: a receipt came without enough witnesses, or the policy asks for more by now.
        stored: proven stored.
        held: of those proven stored, how many are still kept here too.
    """

    waiting: int = 0
    stuck: int = 0
    unwitnessed: int = 0
    stored: int = 0
    held: int = 0


@dataclass(frozen=True, slots=True)
class DeviceState:
    """How the device stands now.

    Attributes:
        enrolled_at: device time of the entry; None before.
        contact_at: signed time that was heard last.
        drift: device clock minus signed time, at that contact.
        clock_plausible: whether the device's clock can be right at all.
        lease_days / lease_left: of the policy, and what is left of them; 0 and None without lease.
        darkness: code of what hides the cases, ``""`` where nothing does.
        closed_at: when the journal was closed; None while the device is at work.
        open_cases: unfinished, of every agent.
        queue: see :class:`Queue`.
        entries: of the journal.
        policy_version: in force; None before enrolment.
        coming: version and first day of the next policy that is known; None where none is.
        witnesses / quorum: how many the policy names, and how many of them must have cosigned.
        free_bytes / reserve_bytes: on the disk of the vault, and below which no case begins.
    """

    enrolled_at: datetime | None = None
    contact_at: datetime | None = None
    drift: timedelta | None = None
    clock_plausible: bool = True
    lease_days: int = 0
    lease_left: timedelta | None = None
    darkness: str = ""
    closed_at: datetime | None = None
    open_cases: int = 0
    queue: Queue = Queue()
    entries: int = 0
    policy_version: int | None = None
    coming: tuple[int, str] | None = None
    witnesses: int = 0
    quorum: int = 0
    free_bytes: int = 0
    reserve_bytes: int = SPACE_RESERVE_BYTES

    @property
    def drifts(self) -> bool:
        """Whether the clock is too far from the central side's."""
        return not self.clock_plausible or (
            self.drift is not None and abs(self.drift) > CLOCK_DRIFT
        )

    @property
    def lease_near(self) -> bool:
        """Whether the device goes dark within a day."""
        return self.lease_left is not None and self.lease_left <= LEASE_NEAR


class StateReader:
    """Reads the state of this device."""

    def __init__(
        self, store: Store, clock: Clock, lease: Lease, policy: Callable[[], Policy | None]
    ) -> None:
        """Policy: in force today."""
        self._store = store
        self._clock = clock
        self._lease = lease
        self._policy = policy

    def read(self) -> DeviceState:
        """As it is now. Raises VaultError."""
        policy = self._policy()
        quorum = None if policy is None else policy.witnesses.terms
        darkness, left = self._lease.darkness(), self._lease.left()
        with self._store.begin() as uow:
            enrolled = uow.journal.find(JournalQuery(kind=EntryKind.ENROLLED.value, limit=1))
            told = uow.values.get(TIME)
            contact = None if told is None else msgspec.json.decode(told, type=SignedTime)
            now = self._clock.now()
            return DeviceState(
                enrolled_at=enrolled[0].wall_claimed if enrolled else None,
                contact_at=None if contact is None else contact.at,
                drift=None if contact is None else contact.wall - contact.at,
                clock_plausible=EARLIEST_PLAUSIBLE <= now <= LATEST_PLAUSIBLE,
                lease_days=0 if policy is None else policy.lease_days,
                lease_left=left,
                darkness=darkness,
                closed_at=closed_at(uow),
                open_cases=len(uow.drafts.all()),
                queue=_queue(uow, uow.outbox.all(), quorum),
                entries=uow.journal.size(),
                policy_version=None if policy is None else policy.version,
                coming=_coming(uow, policy),
                witnesses=0 if quorum is None else len(quorum.cosigners),
                quorum=0 if quorum is None else quorum.needed,
                free_bytes=self._store.free_bytes(),
            )


def _queue(uow: UnitOfWork, rows: Sequence[OutboxRow], quorum: Quorum | None) -> Queue:
    stored = [row for row in rows if row.state is OutboxState.STORED]
    here = [row for row in rows if not row.purged]
    stuck = (OutboxState.REFUSED, OutboxState.QUARANTINED)
    return Queue(
        waiting=len(rows) - len(stored),
        stuck=sum(row.state in stuck for row in rows),
        unwitnessed=sum(_lacks_witnesses(uow, row, quorum) for row in here),
        stored=len(stored),
        held=sum(not row.purged for row in stored),
    )


def _lacks_witnesses(uow: UnitOfWork, row: OutboxRow, quorum: Quorum | None) -> bool:
    """Whether only witnesses are missing for this record to be let go."""
    if row.state is not OutboxState.STORED:
        return row.reason == ReceiptUnwitnessedError.code
    if quorum is None or quorum.needed == 0:
        return False
    kept = uow.values.get(kept_name(row.seq))
    if kept is None:
        return True
    return not quorum.met_by(msgspec.json.decode(kept, type=KeptReceipt).checkpoint)


def _coming(uow: UnitOfWork, now: Policy | None) -> tuple[int, str] | None:
    """The first policy that comes after the one in force."""
    stored = load_policy(uow)
    known = (*load_coming(uow), *(() if stored is None else (stored,)))
    later = [each for each in known if now is not None and each.version > now.version]
    if not later:
        return None
    first = min(later, key=lambda each: each.version)
    return first.version, "" if first.valid_from is None else first.valid_from.isoformat()
