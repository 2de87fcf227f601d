"""Takes in the journals of devices, and the sealed beginnings of their ratchets.

Rules, in order: what is already here is compared, and another history is a fork: both are kept,
the device is quarantined, nothing is lost; then each new entry must be signed by the device, carry
the next number, continue the tree, and seal its record to exactly the recipients of the policy it
names; then the device's checkpoint must state the tree that results. All or nothing. What is
refused for one of these reasons leaves an alarm, where the transaction leaves nothing else; an
entry under a policy that is not known here leaves one of its own, because it says that this central
side forgot a policy, and nothing against the device.
Source: records-and-sync 2.3, 2.8.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from central.archive.database import Database
from central.archive.ledger import Ledger
from central.archive.rows import (
    KEY_LOST,
    POLICY_AHEAD,
    AlarmRow,
    DeviceRow,
    EntryRow,
    OriginRow,
)
from central.collector.keys import PolicyShelf
from central.collector.later import note_later
from central.collector.refusal import CallRefusedError
from central.collector.results import note_result
from central.collector.rounds import act_of, note_acts
from kiosk.audit.checkpoint import Checkpoint, open_note
from kiosk.audit.entries import (
    ORIGIN_FACT,
    EntryKind,
    Header,
    entry_leaf,
    lost_leaf,
    open_entry,
)
from kiosk.audit.tree import Frontier
from kiosk.crypto.digests import b64u, sha256
from kiosk.domain.errors import AuditError
from kiosk.domain.ids import DeviceId
from kiosk.sync.checkpoints import device_origin
from kiosk.sync.messages import MAX_MISSING, LogAnswer, LogPush, LogState, MissingBlob

MAX_ORIGIN_BYTES = 64 * 1024
BROKEN, FORK, RESTORE, LOST = "broken-journal", "fork", "restore", "lost-entry"


class PolicyAheadError(CallRefusedError):
    """A record is sealed to the recipients of a policy that is not known here (422)."""

    def __init__(self, version: int) -> None:
        super().__init__(422, "recipients")
        self.version = version


class Journals:
    """Answers ``GET`` and ``POST /v1/devices/{d}/log``."""

    def __init__(self, database: Database, shelf: PolicyShelf, origin: str) -> None:
        self._database = database
        self._shelf = shelf
        self._origin = origin

    def state(self, device_id: DeviceId, after: int = -1) -> LogState:
        """What is held of a device's journal and records.

        Args:
            device_id: the device.
            after: lacking records are told of entries behind this one, MAX_MISSING at a time: what
                will never come must not hide what would.
        """
        with self._database.reading() as ledger:
            device = _known(ledger, device_id)
            # Announced and never here, and here once and damaged since: both are to come.
            lacking = {
                *ledger.missing(device_id, MAX_MISSING, after),
                *(seq for seq in ledger.damages.open_of(device_id) if seq > after),
            }
            return LogState(
                size=device.size,
                root=b64u(Frontier(device.size, device.frontier).root()),
                missing=tuple(MissingBlob(seq=seq) for seq in sorted(lacking)[:MAX_MISSING]),
                newest_receipt=ledger.newest_leaf_seq(device_id),
                quarantined=device.quarantined,
            )

    def push(self, device_id: DeviceId, push: LogPush, now: datetime) -> LogAnswer:
        """Take entries in.

        Raises:
            CallRefusedError: 409 gap (with the size held), 409 fork (evidence kept, alarm raised),
                422 entry, 422 checkpoint (alarm raised).
        """
        try:
            return self._push(device_id, push, now)
        except PolicyAheadError as refusal:
            with self._database.writing(device_id) as ledger:
                _tell_ahead(ledger, device_id, str(refusal.version), now)
            raise
        except CallRefusedError as refusal:
            if refusal.status == 422:
                with self._database.writing(device_id) as ledger:
                    seq = _known(ledger, device_id).size
                    word = refusal.problem.error
                    ledger.add_alarm(AlarmRow(device_id, BROKEN, seq, word, now.isoformat()))
            raise

    def _push(self, device_id: DeviceId, push: LogPush, now: datetime) -> LogAnswer:
        with self._database.writing(device_id, local=True) as ledger:
            device = _known(ledger, device_id)
            if push.start > device.size:
                raise CallRefusedError(409, "gap", device.checkpoint, device.size)
            checkpoint = self._checkpoint(device, push)
            forked = _forked_at(ledger, device, push)
            if forked is None:
                device = self._append(ledger, device, push, checkpoint, now)
                ledger.put_device(device)
            else:
                self._keep_fork(ledger, device, push, forked, now)
        # Outside the transaction: the evidence of a fork must be committed before it is told.
        if forked is not None:
            raise CallRefusedError(409, "fork", device.checkpoint, device.size)
        return LogAnswer(size=device.size)

    def tell_ahead(self, device_id: DeviceId, now: datetime) -> None:
        """Alarm the operators: a device holds a policy that is not known here, of some version."""
        with self._database.writing(device_id) as ledger:
            _tell_ahead(ledger, device_id, "", now)

    def take_unsigned(self, device_id: DeviceId, entries: tuple[str, ...], now: datetime) -> int:
        """Take in a whole journal whose device lost its key, so that no checkpoint ends it.

        Every entry is signed and names what it follows, so that nothing in it can be changed or
        left out; only how far it went is nobody's word. That stands in an alarm for good. A hash
        that holds the place of a lost entry is proven by the next signed one: none ends a journal.

        Returns:
            Entries held now.

        Raises:
            CallRefusedError: as :meth:`push`; 422 gap where it ends before what is held.
        """
        if entries and lost_leaf(entries[-1]) is not None:
            raise CallRefusedError(422, "entry")
        tree = Frontier()
        for entry in entries:
            tree = tree.append(entry_leaf(entry))
        claimed = Checkpoint(device_origin(self._origin, device_id), tree.size, tree.root())
        with self._database.writing(device_id) as ledger:
            device = _known(ledger, device_id)
            if tree.size < device.size:
                raise CallRefusedError(422, "gap", device.checkpoint, device.size)
            push = LogPush(start=0, entries=entries, checkpoint=device.checkpoint)
            forked = _forked_at(ledger, device, push)
            if forked is None and tree.size > device.size:
                ledger.add_alarm(AlarmRow(device_id, KEY_LOST, device.size, "", now.isoformat()))
                device = self._append(ledger, device, push, claimed, now)
                ledger.put_device(device)
            elif forked is not None:
                self._keep_fork(ledger, device, push, forked, now)
        if forked is not None:
            raise CallRefusedError(409, "fork", device.checkpoint, device.size)
        return device.size

    def keep_origin(self, device_id: DeviceId, seq: int, sealed: bytes, now: datetime) -> int:
        """Keep the sealed ratchet key of entry ``seq``; 201 new, 200 here already.

        Raises:
            CallRefusedError: 404 no such entry, 422 not what the entry announced.
        """
        status = self._keep_origin(device_id, seq, sealed, now)
        if status == 200:
            # The device sends it no more: what another process took in must be safe by then.
            self._database.settle()
        return status

    def _keep_origin(self, device_id: DeviceId, seq: int, sealed: bytes, now: datetime) -> int:
        with self._database.writing() as ledger:
            device, entry = _known(ledger, device_id), ledger.entry(device_id, seq)
            if entry is None or lost_leaf(entry.jws) is not None:
                raise CallRefusedError(404, "entry-unknown")
            announced = open_entry(entry.jws, device.public_key).facts.get(ORIGIN_FACT)
            if len(sealed) > MAX_ORIGIN_BYTES or announced != b64u(sha256(sealed)):
                raise CallRefusedError(422, "origin")
            if ledger.origin(device_id) is not None:
                return 200
            ledger.add_origin(OriginRow(device_id, seq, sealed, now.isoformat()))
        return 201

    def _checkpoint(self, device: DeviceRow, push: LogPush) -> Checkpoint:
        origin = device_origin(self._origin, device.device_id)
        try:
            checkpoint = open_note(push.checkpoint, origin, device.public_key)
        except AuditError as exc:
            raise CallRefusedError(422, "checkpoint") from exc
        if checkpoint.size != push.start + len(push.entries):
            raise CallRefusedError(422, "checkpoint")
        return checkpoint

    def _keep_fork(
        self, ledger: Ledger, device: DeviceRow, push: LogPush, forked: int, now: datetime
    ) -> None:
        """Keep the evidence of another history, and put the device into quarantine."""
        device_id, entry = device.device_id, push.entries[forked - push.start]
        ledger.add_fork(device_id, forked, entry, push.checkpoint, now.isoformat())
        kind = open_entry(entry, device.public_key).kind
        alarm = RESTORE if kind is EntryKind.RESTORE_DETECTED else FORK
        ledger.add_alarm(AlarmRow(device_id, alarm, forked, kind, now.isoformat()))
        ledger.put_device(replace(device, quarantined=True))

    def _append(
        self,
        ledger: Ledger,
        device: DeviceRow,
        push: LogPush,
        checkpoint: Checkpoint,
        now: datetime,
    ) -> DeviceRow:
        """Verify and add what is new; the device's state after it."""
        if checkpoint.size < device.size:
            return device
        frontier = Frontier(device.size, device.frontier)
        rows, acts, headers = [], [], []
        newest = self._shelf.newest(ledger)[0].version
        for jws in push.entries[device.size - push.start :]:
            leaf, record_id = entry_leaf(jws), None
            if lost_leaf(jws) is None:
                header = self._verified(ledger, device, jws, frontier)
                record_id = header.record_id
                acts += act_of(header, now)
                headers.append(header)
                if header.policy_v > newest:
                    _tell_ahead(ledger, device.device_id, str(header.policy_v), now)
                note_result(ledger, header, self._shelf, now)
                note_later(ledger, header, self._shelf)
            else:
                # Its hash keeps the tree whole, so that what follows is not lost with it.
                device_id, at = device.device_id, now.isoformat()
                ledger.add_alarm(AlarmRow(device_id, LOST, frontier.size, LOST, at))
            rows.append(EntryRow(device.device_id, frontier.size, jws, leaf, record_id))
            frontier = frontier.append(leaf)
        if frontier.root() != checkpoint.root:
            raise CallRefusedError(422, "checkpoint")
        ledger.add_entries(tuple(rows))
        ledger.fleet.told(device.device_id, headers, now.isoformat())
        note_acts(ledger, acts)
        return replace(
            device, size=frontier.size, frontier=frontier.hashes, checkpoint=push.checkpoint
        )

    def _verified(self, ledger: Ledger, device: DeviceRow, jws: str, frontier: Frontier) -> Header:
        try:
            header = open_entry(jws, device.public_key)
        except AuditError as exc:
            raise CallRefusedError(422, "entry") from exc
        placed = (header.device_id, header.seq, header.prev_root)
        if placed != (device.device_id, frontier.size, b64u(frontier.root())):
            raise CallRefusedError(422, "entry-place")
        if header.record_id is not None:
            self._check_recipients(ledger, header)
        return header

    def _check_recipients(self, ledger: Ledger, header: Header) -> None:
        policy = self._shelf.version(ledger, header.policy_v)
        if policy is None and header.policy_v > self._shelf.newest(ledger)[0].version:
            raise PolicyAheadError(header.policy_v)
        expected = [] if policy is None else sorted(r.kid for r in policy.recipients)
        if not expected or sorted(header.recipients) != expected:
            raise CallRefusedError(422, "recipients")


def _tell_ahead(ledger: Ledger, device_id: DeviceId, version: str, now: datetime) -> None:
    """Raise the alarm once for each device and version, at the entry where it showed first.

    And again where its journal went on since: then it was over, and this is another backup.
    """
    seq = _known(ledger, device_id).size
    alarms = ledger.alarms(device_id)
    told = {(alarm.kind, alarm.detail) for alarm in alarms if alarm.seq >= seq}
    if (POLICY_AHEAD, version) not in told:
        ledger.add_alarm(AlarmRow(device_id, POLICY_AHEAD, seq, version, now.isoformat()))


def _known(ledger: Ledger, device_id: DeviceId) -> DeviceRow:
    device = ledger.device(device_id)
    if device is None:
        raise CallRefusedError(404, "device-unknown")
    return device


def _forked_at(ledger: Ledger, device: DeviceRow, push: LogPush) -> int | None:
    """First entry, signed by the device, that differs from the one held; None when none does.

    Raises:
        CallRefusedError: it differs, but is not even signed by the device: no evidence of a fork.
    """
    for row in ledger.entries(device.device_id, push.start, push.start + len(push.entries)):
        offered = push.entries[row.seq - push.start]
        if entry_leaf(offered) != row.leaf:
            try:
                open_entry(offered, device.public_key)
            except AuditError as exc:
                raise CallRefusedError(422, "entry") from exc
            return row.seq
    return None
