"""Delivery by a medium that somebody carries, for an office without a network.

Rules, in order: what came back is taken in first, verified as over the network: policy, receipts,
deletions, conflicts; then everything that is not proven stored is written, the journal first, then
results and deferred addresses, then records, with the questions whose answers come back next time.
What lies on the medium is as good as sent and no better: a record and its result are let go by a
verified receipt alone, deferred addresses by the answer to them, and what the network brings
meanwhile counts as ever. Answers that this device has outgrown are left alone; they accuse nobody.
The time that comes back is days old: it is only the earliest that it can be now.
Source: docs/decisions/0034-records-on-a-stick.md.
"""

from __future__ import annotations

import contextlib
import secrets
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import msgspec

from kiosk.crypto.signing import SigningKey
from kiosk.domain.errors import (
    CourierStaleError,
    FolderFullError,
    ForkError,
    KeyStoreError,
    NothingCarriedError,
    SignatureInvalidError,
    SyncError,
)
from kiosk.ports import (
    CarriedAnswers,
    CarriedCalls,
    Clock,
    CollectorLink,
    FolderLinkFactory,
    KeyStore,
    LinkAnswer,
    OutboxState,
    Store,
)
from kiosk.services.coming_policy import promote
from kiosk.services.conflicts import ETAG, ConflictCheck
from kiosk.services.delivery import DeliveryStep, Progress, upload_origin
from kiosk.services.fleet import (
    DEVICE_KEY,
    LOG_CHECKPOINT,
    DeviceIdentity,
    require_membership,
)
from kiosk.services.journal import Journal
from kiosk.services.journal_upload import JournalUpload, whole_state
from kiosk.services.later_contacts import LaterUpload
from kiosk.services.log_restore import LogRestore
from kiosk.services.policy_call import fetch_policy, held_etag
from kiosk.services.receipt_check import ReceiptCheck
from kiosk.services.record_upload import RecordUpload
from kiosk.services.result_upload import ResultUpload
from kiosk.sync.logs import log_key_of
from kiosk.sync.messages import LogState, MissingBlob, ReceiptPage, decode, encode
from kiosk.sync.policy import Policy
from kiosk.sync.receipts import LogKey, open_seen
from kiosk.sync.signed_time import open_time

NONCE = "courier/nonce"
_AWAITED = (OutboxState.WAITING, OutboxState.SENDING, OutboxState.UNCONFIRMED)
_MOST_POLICIES = 16

Told = Callable[[Progress], None]


@dataclass(frozen=True, slots=True)
class CourierSummary:
    """What one visit to a medium did.

    Attributes:
        stored: records whose receipt came back and was verified.
        failed: receipts that proved nothing, and records that cannot be sent as they are.
        purged: sealed copies deleted here.
        written: records that lie on the medium now.
        left: records that found no room, or were not reached.
        reason: code of what stopped it or was left alone, or ``""``.
    """

    stored: int = 0
    failed: int = 0
    purged: int = 0
    written: int = 0
    left: int = 0
    reason: str = ""


class Courier:
    """Reads and writes media that are carried."""

    def __init__(
        self, store: Store, journal: Journal, links: FolderLinkFactory, keys: KeyStore, clock: Clock
    ) -> None:
        self._store = store
        self._journal = journal
        self._links = links
        self._keys = keys
        self._clock = clock

    def take(
        self,
        medium: Path,
        progress: Told | None = None,
        cancelled: Callable[[], bool] | None = None,
    ) -> CourierSummary:
        """Take in what the central side gave. The medium is only read.

        Raises:
            NotEnrolledError, KeyStoreError, VaultError: this device cannot work.
        """
        return self._visit(medium, progress, cancelled).taken()

    def give(
        self,
        medium: Path,
        progress: Told | None = None,
        cancelled: Callable[[], bool] | None = None,
    ) -> CourierSummary:
        """Take in what the central side gave, then write what waits.

        Raises:
            NotEnrolledError, KeyStoreError, VaultError: this device cannot work.
        """
        return self._visit(medium, progress, cancelled).given()

    def _visit(
        self, medium: Path, progress: Told | None, cancelled: Callable[[], bool] | None
    ) -> _Visit:
        identity, policy = require_membership(self._store)
        seed = self._keys.get(DEVICE_KEY)
        if seed is None:
            raise KeyStoreError("device key missing")
        device = _Device(identity, policy, SigningKey.from_seed(seed))
        told, stop = progress or (lambda _: None), cancelled or (lambda: False)
        return _Visit(
            self._store, self._journal, self._links, self._clock, device, medium, told, stop
        )


@dataclass(frozen=True, slots=True)
class _Device:
    identity: DeviceIdentity
    policy: Policy
    key: SigningKey


class _Visit:
    """One visit to one medium."""

    def __init__(  # noqa: PLR0913, PLR0917 - one parameter a thing that it needs
        self,
        store: Store,
        journal: Journal,
        links: FolderLinkFactory,
        clock: Clock,
        device: _Device,
        medium: Path,
        told: Told,
        stop: Callable[[], bool],
    ) -> None:
        self._store, self._journal, self._links, self._clock = store, journal, links, clock
        self._identity, self._policy, self._key = device.identity, device.policy, device.key
        self._id = device.identity.device_id
        self._medium, self._told, self._stop = medium, told, stop
        self._side = self._identity.side(self._policy)
        self._done = CourierSummary()
        self._state: LogState | None = None
        self._lacked: frozenset[int] = frozenset()

    def taken(self) -> CourierSummary:
        """Only read; nothing there for this device is a reason too."""
        try:
            self._take(self._links.arriving(self._medium, self._id, self._side))
        except SyncError as exc:
            self._note(exc)
        return self._done

    def given(self) -> CourierSummary:
        """Read what there is, then write."""
        try:
            self._take(self._links.arriving(self._medium, self._id, self._side))
        except NothingCarriedError:
            pass  # a new medium, or one on its way there
        except SyncError as exc:
            # What came back is no good; what waits here must leave all the same.
            self._note(exc)
        try:
            # A policy that was just taken in may name another collector.
            _, self._policy = require_membership(self._store)
            self._side = self._identity.side(self._policy)
            self._give(self._links.leaving(self._medium, self._id, self._side, self._key))
        except SyncError as exc:
            self._note(exc)
        return self._done

    def _note(self, exc: SyncError) -> None:
        self._done = replace(self._done, reason=exc.code)

    @property
    def _log(self) -> LogKey:
        return log_key_of(self._policy)

    # --- what came back ---------------------------------------------------------------------------

    def _take(self, link: CarriedAnswers) -> None:
        self._told(Progress(DeliveryStep.POLICY))
        self._take_policies(link)
        self._take_state(link)
        LaterUpload(self._store, link, self._id).settle()
        self._told(Progress(DeliveryStep.RECEIPTS))
        try:
            self._take_receipts(link)
        finally:
            # Conflicts have nothing to do with what became of the receipts.
            self._take_conflicts(link)

    def _take_policies(self, link: CarriedAnswers) -> None:
        today = self._earliest(link).astimezone().date()
        self._policy = promote(self._store, self._journal, today) or self._policy
        try:
            for _ in range(_MOST_POLICIES):
                found = fetch_policy(
                    self._store, self._journal, link, self._identity, self._policy, today
                )
                self._policy = found or self._policy
        except NothingCarriedError:
            pass  # asked by a policy that was replaced since, or answered to the end

    def _earliest(self, link: CarriedAnswers) -> datetime:
        """It cannot be earlier than the time that the central side signed for this device."""
        now = self._clock.now()
        with self._store.begin() as uow:
            nonce = uow.values.get(NONCE)
        if nonce is None:
            return now
        text = nonce.decode("ascii")
        try:
            answer = link.call("GET", f"/v1/time?nonce={text}")
            note, terms = answer.body.decode("utf-8", "replace"), self._policy.collector
            return max(now, open_time(note, text, terms.origin, terms.log_public))
        except (SyncError, SignatureInvalidError):
            return now

    def _take_state(self, link: CarriedAnswers) -> None:
        """How far the central side was; which records it lacked then tells nothing of today."""
        try:
            state = whole_state(partial(_state_from, link), f"/v1/devices/{self._id}/log")
        except NothingCarriedError:
            return
        self._lacked = frozenset(item.seq for item in state.missing)
        self._state = replace_missing(state, ())

    def _take_receipts(self, link: CarriedAnswers) -> None:
        with contextlib.suppress(NothingCarriedError):
            # Asked for by the next letter, where this one was written before the policy came.
            self._restore(link).run(self._lacked)
        before = self._seen()
        receipts = _Receipts(link, f"/v1/devices/{self._id}/receipts?")
        if not receipts.answers(before):
            if receipts.any:
                raise CourierStaleError("receipts")
            return
        check = self._check(receipts)
        try:
            # A page a run: the next one is about the log as the last one left it.
            while receipts.answers(self._seen()) and not self._stop():
                stored, failed = check.run()
                self._done = replace(
                    self._done, stored=self._done.stored + stored, failed=self._done.failed + failed
                )
                if not stored:
                    break
        except NothingCarriedError:
            pass
        self._results(link).settle()
        grace = timedelta(hours=self._policy.retention.blob_grace_hours)
        self._done = replace(self._done, purged=check.purge(grace))

    def _results(self, link: CollectorLink) -> ResultUpload:
        return ResultUpload(self._store, link, self._id, self._key.public, self._journal)

    def _restore(self, link: CollectorLink) -> LogRestore:
        return LogRestore(self._store, link, self._journal, self._id, self._policy, self._clock)

    def _check(self, link: CollectorLink) -> ReceiptCheck:
        return ReceiptCheck(self._store, link, self._journal, self._id, self._log, self._clock)

    def _seen(self) -> int:
        """Size of the collector's log as last verified here."""
        with self._store.begin() as uow:
            note = uow.values.get(LOG_CHECKPOINT)
        if note is None:
            return 0
        try:
            return open_seen(note.decode(), self._log).size
        except SignatureInvalidError:
            return 0

    def _take_conflicts(self, link: CarriedAnswers) -> None:
        with contextlib.suppress(NothingCarriedError):
            ConflictCheck(self._store, link, self._id, self._clock).run()

    # --- what leaves ------------------------------------------------------------------------------

    def _give(self, link: CarriedCalls) -> None:
        self._told(Progress(DeliveryStep.JOURNAL))
        if self._state is not None:
            link.state = self._state
        fork: ForkError | None = None
        try:
            JournalUpload(
                self._store, link, self._id, self._key, self._policy.collector.origin, self._journal
            ).run()
        except ForkError as exc:
            fork = exc  # both histories travel: the central side keeps the evidence
        upload_origin(self._store, link, self._id)
        full: FolderFullError | None = None
        if fork is None:
            try:
                self._give_records(link)
            except FolderFullError as exc:
                full = exc  # what has found room goes; the rest waits for the next medium
        self._ask(link)
        link.finish(self._id)
        if (trouble := fork or full) is not None:
            raise trouble

    def _give_records(self, link: CarriedCalls) -> None:
        upload = RecordUpload(
            self._store, link, self._id, self._key, self._clock, self._journal, parts=False
        )
        upload.recover(replace_missing(link.state, self._unproven()))
        waiting = len(upload.waiting())
        self._done = replace(self._done, left=waiting)
        # Before the records, as over the network: there is no receipt without the result.
        self._results(link).carry()
        LaterUpload(self._store, link, self._id).carry()

        def told(done: int, total: int) -> bool:
            self._told(Progress(DeliveryStep.RECORDS, done, total))
            return not self._stop()

        for written in upload.run(told):
            self._done = replace(
                self._done,
                written=self._done.written + written,
                failed=self._done.failed + (not written),
                left=self._done.left - 1,
            )

    def _unproven(self) -> tuple[int, ...]:
        """Records that left once and of which no receipt came: they are written again."""
        with self._store.begin() as uow:
            return tuple(
                row.seq for row in uow.outbox.unsettled() if row.state is OutboxState.UNCONFIRMED
            )

    def _ask(self, link: CarriedCalls) -> None:
        """Questions, after everything that changes their answers."""
        nonce = secrets.token_hex(16)
        with self._store.begin() as uow:
            awaited = [row.seq for row in uow.outbox.unsettled() if row.state in _AWAITED]
            etag = (uow.values.get(ETAG) or b"").decode("ascii")
            uow.values.put(NONCE, nonce.encode("ascii"))
            uow.commit()
        base = f"/v1/devices/{self._id}"
        link.call("GET", f"/v1/time?nonce={nonce}")
        link.call("GET", "/v1/policy", etag=held_etag(self._store))
        link.call("GET", f"{base}/log")
        first = min(awaited, default=0)
        link.call("GET", f"{base}/receipts?from={first}&tree={self._seen()}")
        for path in self._restore(link).questions():
            link.call("GET", path)
        link.call("GET", f"{base}/conflicts", etag=etag)


def _state_from(link: CarriedAnswers, path: str) -> LogState:
    """What a page of the answers says. Raises NothingCarriedError where the first is not there."""
    try:
        answer = link.call("GET", path)
    except NothingCarriedError:
        if "?" not in path:
            raise
        # A central side of before does not answer what nobody asked: that page is all there is.
        return LogState(size=0, root="")
    return decode(answer.body, LogState)


def replace_missing(state: LogState, seqs: tuple[int, ...]) -> LogState:
    """``state`` with other missing blobs."""
    return msgspec.structs.replace(state, missing=tuple(MissingBlob(seq=seq) for seq in seqs))


class _Receipts:
    """Carried pages of receipts, found by the state of the log that they begin at."""

    def __init__(self, link: CarriedAnswers, prefix: str) -> None:
        self._link = link
        self._pages = [
            (_number(path, "from"), _number(path, "tree"), path) for path in link.paths(prefix)
        ]

    @property
    def any(self) -> bool:
        """Whether there are any at all."""
        return bool(self._pages)

    def answers(self, tree: int) -> bool:
        """Whether a page begins at a log of this size."""
        return any(size == tree for _, size, _ in self._pages)

    def call(
        self,
        method: str,
        path: str,
        body: bytes = b"",  # noqa: ARG002 - the port's
        content_type: str = "application/json",  # noqa: ARG002 - the port's
        etag: str = "",  # noqa: ARG002 - the port's
        fields: object = (),  # noqa: ARG002 - the port's
    ) -> LinkAnswer:
        """The page that reaches furthest into what is asked, without what was not asked."""
        start, tree = _number(path, "from"), _number(path, "tree")
        fitting = sorted(page for page in self._pages if page[1] == tree)
        if not fitting:
            raise NothingCarriedError("receipts")
        before = [page for page in fitting if page[0] <= start]
        answer = self._link.call(method, (before or fitting)[-1 if before else 0][2])
        if answer.status != 200:
            return answer
        page = decode(answer.body, ReceiptPage)
        asked = tuple(item for item in page.receipts if item.seq >= start)
        return LinkAnswer(200, encode(msgspec.structs.replace(page, receipts=asked)))

    def close(self) -> None:
        """Nothing is open."""


def _number(path: str, name: str) -> int:
    text = parse_qs(urlsplit(path).query).get(name, ["0"])[0]
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= 12 else 0
