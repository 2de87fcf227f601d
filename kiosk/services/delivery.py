"""Delivery: brings sealed records to the central side and lets them go when they are safe there.

Rules, in order: time, policy, journal, results, records, receipts, purge, conflicts; a device with
ten seconds of network has then at least committed that its records exist, and the customers'
requests move on. A policy whose day has come
takes effect as soon as signed time has said so. Every state change is durable before the next call;
running twice, or dying anywhere, loses and doubles nothing.
Source: records-and-sync 2.8.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum

import msgspec

from kiosk.crypto.signing import SigningKey
from kiosk.domain.errors import (
    CaptivePortalError,
    KeyStoreError,
    ProtocolError,
    SendingStoppedError,
    SyncError,
    UnreachableError,
)
from kiosk.domain.ids import DeviceId
from kiosk.ports import Clock, CollectorLink, KeyStore, LinkFactory, OutboxRow, Store
from kiosk.services.answers import is_busy, refusal_of
from kiosk.services.coming_policy import load_coming, promote
from kiosk.services.conflicts import ConflictCheck
from kiosk.services.fleet import (
    DEVICE_KEY,
    DeviceIdentity,
    require_membership,
)
from kiosk.services.journal import ORIGIN_SEQ, RATCHET_ORIGIN, Journal
from kiosk.services.journal_upload import JournalUpload
from kiosk.services.later_contacts import LaterUpload
from kiosk.services.log_restore import LogRestore
from kiosk.services.owed import Owed, owed_by
from kiosk.services.policy_call import fetch_policy
from kiosk.services.receipt_check import ReceiptCheck
from kiosk.services.record_upload import BLOB_TYPE, RecordUpload
from kiosk.services.result_upload import ResultUpload
from kiosk.services.time_call import TIME, SignedTime, fetch_time
from kiosk.sync.logs import log_key_of
from kiosk.sync.messages import LogState
from kiosk.sync.outbox import goes_by_itself
from kiosk.sync.policy import Policy
from kiosk.sync.receipts import LogKey

ORIGIN_SENT = "central/ratchet-origin-sent"
METERED = "delivery/metered"
"""Named value: whether each byte of the link costs, once somebody has said so on this device."""


class DeliveryStep(StrEnum):
    """What a delivery is doing."""

    TIME = "time"
    POLICY = "policy"
    JOURNAL = "journal"
    RECORDS = "records"
    RECEIPTS = "receipts"


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a delivery is; ``total`` is 0 for steps without parts."""

    step: DeliveryStep
    done: int = 0
    total: int = 0


@dataclass(frozen=True, slots=True)
class DeliverySummary:
    """What one delivery did.

    Attributes:
        sent: records that the collector took.
        stored: records whose receipt was verified.
        failed: records that were not taken, or whose receipt proved nothing.
        reason: code of what stopped the delivery, or ``""``.
        purged: sealed copies deleted here.
        pace: bytes per second of the records, or None where too few were sent to tell.
        wait_s: seconds after which the central side asks to be called again; 0: it did not.
        stopped: somebody stopped it before every record was sent that could go.
    """

    sent: int = 0
    stored: int = 0
    failed: int = 0
    reason: str = ""
    purged: int = 0
    pace: float | None = field(default=None, compare=False)
    wait_s: int = 0
    stopped: bool = False


def upload_origin(store: Store, link: CollectorLink, device_id: DeviceId) -> bool:
    """Hand over the sealed beginning of the ratchet; False where there is nothing to hand over.

    Raises:
        SyncError: it was not taken.
    """
    with store.begin() as uow:
        sealed, seq = uow.values.get(RATCHET_ORIGIN), uow.values.get(ORIGIN_SEQ)
        if sealed is None or seq is None or uow.values.get(ORIGIN_SENT) is not None:
            return False
    path = f"/v1/devices/{device_id}/ratchet/{int(seq)}"
    answer = link.call("POST", path, sealed, BLOB_TYPE)
    if answer.status not in (200, 201):
        raise refusal_of(answer)
    return True


class _CancelledError(Exception):
    """Somebody asked to stop."""


class Delivery:
    """Delivers what waits in the outbox."""

    def __init__(
        self,
        store: Store,
        journal: Journal,
        links: LinkFactory,
        keys: KeyStore,
        clock: Clock,
        *,
        metered: bool = False,
    ) -> None:
        """Metered: what holds until somebody says on this device what its link is."""
        self._metered = metered
        self._store = store
        self._journal = journal
        self._links = links
        self._keys = keys
        self._clock = clock

    def status(self) -> tuple[OutboxRow, ...]:
        """Every record on its way, oldest first."""
        with self._store.begin() as uow:
            return uow.outbox.all()

    def owed(self) -> Owed:
        """What a delivery could bring on, by what the vault holds now; no network is asked."""
        metered = self.is_metered()
        with self._store.begin() as uow:
            return owed_by(uow, metered=metered)

    def is_metered(self) -> bool:
        """Whether each byte of this device's link costs: big records then wait to be asked for."""
        with self._store.begin() as uow:
            said = uow.values.get(METERED)
        return self._metered if said is None else said == b"1"

    def set_metered(self, *, metered: bool) -> None:
        """Say so, for this and every later start."""
        with self._store.begin() as uow:
            uow.values.put(METERED, b"1" if metered else b"0")
            uow.commit()

    def run_once(
        self,
        progress: Callable[[Progress], None] | None = None,
        cancelled: Callable[[], bool] | None = None,
        *,
        metered: bool | None = None,
    ) -> DeliverySummary:
        """Deliver once; what could not be done now is simply left for the next time.

        Args:
            progress: told before each step and each record.
            cancelled: asked at the same moments, and in another thread while a call is under way;
                True stops there, in the middle of a record too, which goes on from there later.
            metered: whether big records wait; None as this device's setting says. False where
                somebody asked for all of it to be sent.

        Returns:
            What was done; ``reason`` names the obstacle when there was one.

        Raises:
            NotEnrolledError: there is no central side yet.
            KeyStoreError, VaultError: this device cannot work.
        """
        identity, policy = require_membership(self._store)
        seed = self._keys.get(DEVICE_KEY)
        if seed is None:
            raise KeyStoreError("device key missing")
        key = SigningKey.from_seed(seed)
        with self._store.begin() as uow:
            coming = load_coming(uow)
        link = self._links.open(identity.side(policy, coming), key, cancelled)
        watch = _Watch(progress or (lambda _: None), cancelled or (lambda: False))
        membership = _Membership(identity, policy, key)
        run = _Run(self._store, self._journal, self._clock, membership, link, watch)
        run.metered = self.is_metered() if metered is None else metered
        try:
            run.all_steps()
        except (_CancelledError, SendingStoppedError):
            run.stopped = not run.all_sent
        except SyncError as exc:
            run.reason = exc.code
            run.wait_s = exc.wait_s if isinstance(exc, UnreachableError) else 0
        finally:
            link.close()
        return run.summary()


@dataclass(frozen=True, slots=True)
class _Watch:
    """Whoever looks on, and may stop the delivery."""

    progress: Callable[[Progress], None]
    cancelled: Callable[[], bool]

    def step(self, step: DeliveryStep) -> None:
        """Tell a step. Raises _CancelledError."""
        if not self.record(step, 0, 0):
            raise _CancelledError

    def record(self, step: DeliveryStep, done: int, total: int) -> bool:
        """Tell a record; False to stop."""
        if self.cancelled():
            return False
        self.progress(Progress(step, done, total))
        return True


@dataclass(frozen=True, slots=True)
class _Membership:
    """Who delivers, and under which policy it began."""

    identity: DeviceIdentity
    policy: Policy
    key: SigningKey


class _Run:
    """One delivery: its link, and what it did so far."""

    def __init__(
        self,
        store: Store,
        journal: Journal,
        clock: Clock,
        membership: _Membership,
        link: CollectorLink,
        watch: _Watch,
    ) -> None:
        self._store = store
        self._journal = journal
        self._clock = clock
        self._identity = membership.identity
        self._key = membership.key
        self.policy = membership.policy
        self._link = link
        self._watch = watch
        self._sent = self._stored = self._failed = self._purged = 0
        self.reason = ""
        self.wait_s = 0
        self.metered = False
        self.stopped = self.all_sent = False
        self._pace: float | None = None
        self._true_now: datetime | None = None

    def summary(self) -> DeliverySummary:
        """What was done so far."""
        return DeliverySummary(
            self._sent,
            self._stored,
            self._failed,
            self.reason,
            self._purged,
            self._pace,
            self.wait_s,
            self.stopped,
        )

    @property
    def _log(self) -> LogKey:
        return log_key_of(self.policy)

    def all_steps(self) -> None:
        """Every step in order. Raises SyncError where it cannot go on."""
        self._watch.step(DeliveryStep.TIME)
        self._fetch_time()
        self._promote()
        self._watch.step(DeliveryStep.POLICY)
        self._fetch_policy()
        self._watch.step(DeliveryStep.JOURNAL)
        journal = JournalUpload(
            self._store,
            self._link,
            self._identity.device_id,
            self._key,
            self.policy.collector.origin,
            self._journal,
        )
        state = journal.run()
        self._upload_origin()
        self._upload_results(state)
        size = self._journal_size()
        self._upload_records(state)
        self._watch.step(DeliveryStep.RECEIPTS)
        self._check_receipts(frozenset(item.seq for item in state.missing))
        if self._journal_size() > size:
            # Deletions and losses are journal entries of their own; they need not wait.
            journal.run()
        ConflictCheck(self._store, self._link, self._identity.device_id, self._clock).run()

    def _fetch_time(self) -> None:
        try:
            at = fetch_time(self._link, self._trusted())
        except CaptivePortalError:
            raise  # nobody of the central side was heard: there is no other policy to ask for
        except ProtocolError:
            # Its log may have another key by now, which a policy says that is not here yet. That
            # one is believed for the signature of the root, whatever time it is.
            before = self._trusted()
            self._fetch_policy()
            if self._trusted() == before:
                raise
            at = fetch_time(self._link, self._trusted())
        clock = self._clock
        self._true_now = at
        signed = SignedTime(at, clock.now(), clock.monotonic_ms(), clock.boot_id)
        with self._store.begin() as uow:
            uow.values.put(TIME, msgspec.json.encode(signed))
            uow.commit()

    def _trusted(self) -> tuple[Policy, ...]:
        with self._store.begin() as uow:
            return (self.policy, *load_coming(uow))

    def _promote(self) -> None:
        """Put into force what is due by the time that was just signed; see :func:`promote`."""
        self.policy = promote(self._store, self._journal, self._today()) or self.policy

    def _fetch_policy(self) -> None:
        found = fetch_policy(
            self._store, self._journal, self._link, self._identity, self.policy, self._today()
        )
        self.policy = found or self.policy

    def _today(self) -> date:
        """The day of the office, by the signed time that was just fetched."""
        return (self._true_now or self._clock.now()).astimezone().date()

    def _journal_size(self) -> int:
        with self._store.begin() as uow:
            return uow.journal.size()

    def _upload_origin(self) -> None:
        """Hand over, once, the sealed beginning of the ratchet that an entry announced."""
        try:
            sent = upload_origin(self._store, self._link, self._identity.device_id)
        except UnreachableError as exc:
            if not is_busy(exc):
                raise
            return  # a database whose replica is away takes records all the same
        if sent:
            with self._store.begin() as uow:
                uow.values.put(ORIGIN_SENT, b"")
                uow.commit()

    def _upload_results(self, state: LogState) -> None:
        device_id, public = self._identity.device_id, self._key.public
        ResultUpload(self._store, self._link, device_id, public, self._journal).run(state)
        LaterUpload(self._store, self._link, device_id).run()

    def _upload_records(self, state: LogState) -> None:
        upload = RecordUpload(
            self._store,
            self._link,
            self._identity.device_id,
            self._key,
            self._clock,
            self._journal,
        )
        upload.recover(state)
        try:
            for done in upload.run(
                lambda n, of: self._watch.record(DeliveryStep.RECORDS, n, of),
                lambda row: goes_by_itself(row, metered=self.metered),
            ):
                self._sent += done
                self._failed += not done
        finally:
            # A link that broke off was measured by what passed before.
            self._pace = upload.pace
            upload.keep_pace()
            self.all_sent = not upload.left

    def _check_receipts(self, missing: frozenset[int]) -> None:
        device_id = self._identity.device_id
        LogRestore(self._store, self._link, self._journal, device_id, self.policy, self._clock).run(
            missing
        )
        check = ReceiptCheck(
            self._store,
            self._link,
            self._journal,
            device_id,
            self._log,
            self._clock,
        )
        self._stored, failed = check.run()
        self._failed += failed
        grace = timedelta(hours=self.policy.retention.blob_grace_hours)
        self._purged = check.purge(grace)
