"""A device and a collector to which everything happens that can, in any order.

The real device side (encrypted vault, delivery, HTTPS link), a real collector in a process of its
own, a network in between that does what networks do. What must hold, in order:

1. At every moment: nothing was purged without a verified receipt, no record needs a person, and the
   device's journal verifies.
2. Once everything works again, without anybody doing anything on the device: exactly one stored
   copy of each record, a receipt here for each, no alarm there, and the auditor finds nothing.

A collector may be put back to a backup as long as no receipt was heard since: what was received
after it is gone there, and comes again. Later than that its log contradicts a signed word that the
device holds, which no device may forgive: then the root announces it, and the log goes on under
another name (``docs/nasty-cases.md``). Only a record that was let go behind the end is lost, which
has a test of its own (``tests/central/test_log_restored.py``); here it is not let happen.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import ClassVar

import msgspec
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from central.archive.layout import Layout
from central.auditor.histories import Histories
from central.auditor.opening import read_identity
from central.authority.codes import new_code
from central.authority.logs import Logs
from central.authority.policies import Policies
from kiosk.audit.entries import EntryKind
from kiosk.audit.records import Attachment, RecordContents, seal_record
from kiosk.domain.errors import UnreachableError
from kiosk.domain.ids import OfficeId, RecordId
from kiosk.ports import LinkAnswer, OutboxRow, OutboxState
from kiosk.services.delivery import DeliverySummary
from kiosk.services.fleet import LOG_CHECKPOINT
from kiosk.services.receipts_kept import RECEIPT_PREFIX, KeptReceipt, kept_name
from kiosk.services.terms import terms_of
from kiosk.transport.https_link import Deadlines, HttpsLinks
from tests.fakes.central_side import founded, reading
from tests.fakes.enrolled import Call
from tests.fakes.fault_proxy import NONE, Fault, FaultProxy
from tests.fakes.field import FieldDevice
from tests.fakes.mortal_collector import MortalCollector

HASTY = Deadlines(connect_s=1, pause_s=0.7, call_s=3)
PATIENT = Deadlines(connect_s=60, pause_s=60, call_s=120)
LARGE = 600_000
"""Bytes of a record that travels in parts once its first try was cut."""
_ROUNDS = 4
"""Deliveries without a fault after which everything must have arrived."""
HARMLESS = frozenset({"", "SYNC-001", "SYNC-006", "SYNC-032"})
"""What a delivery may say that a network or a dead server stopped."""

_ENDINGS = ("close", "reset", "half", "swallow", "repeat", "spoil")
_UP = (300, 1_000, 2_500, 4_000, 6_000, 100_000, 300_000, 500_000)
_DOWN = (300, 1_500, 2_500, 3_500, 5_000)
# One list to choose from: each fault as often as any other.
_FAULTS = st.sampled_from(
    [
        *(Fault(cut_up=at, ending=how) for at in _UP for how in _ENDINGS),
        *(Fault(cut_down=at, ending=how) for at in _DOWN for how in _ENDINGS),
        *(Fault(portal=True), Fault(refuse=True), Fault(delay_s=0.002)) * 4,
    ]
)


class DiedError(BaseException):
    """The device's process is gone in the middle of a call."""


class _Once:
    """Does something at the n-th call of a delivery, and nothing before and after."""

    def __init__(self, at: int, happens: Callable[[Call], LinkAnswer]) -> None:
        self._left = at
        self._happens = happens

    def __call__(self, call: Call) -> LinkAnswer:
        self._left -= 1
        return self._happens(call) if self._left == 0 else call.go()


def _swallowed(call: Call) -> LinkAnswer:
    call.go()
    raise UnreachableError("the reply was lost")


def _doubled(call: Call) -> LinkAnswer:
    call.go()
    return call.go()


def _died_before(_call: Call) -> LinkAnswer:
    raise DiedError


def _died_after(call: Call) -> LinkAnswer:
    call.go()
    raise DiedError


class DeliveryMachine(RuleBasedStateMachine):
    """See the module."""

    template: Path | None = None
    """A founded central side to copy: making keys anew each time would be most of the work."""

    counted: ClassVar[Counter[str]] = Counter()
    """How often each thing happened."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(prefix="delivery-"))
        data = self.folder / "central"
        if self.template is None:
            founded(data)
        else:
            shutil.copytree(self.template, data)
        self.collector = MortalCollector(data)
        self.proxy = FaultProxy(self.collector.port)
        self.proxy.__enter__()
        self.counted["machines"] += 1
        self.number = 0
        self.backed_up_leaves = self.backed_up_logs = 0
        self.device: FieldDevice | None = None

    @initialize(grace=st.sampled_from((0, 24)), backed_up=st.booleans())
    def enrol(self, grace: int, backed_up: bool) -> None:
        """A device that knows the collector by the address of the proxy."""
        layout = Layout(self.collector.data)
        if grace:
            Policies(layout).change({"retention.blob_grace_hours": str(grace)}, datetime.now(UTC))
        self.collector.start()
        now, validity = datetime.now(UTC), timedelta(hours=1)
        code = new_code(layout, self.proxy.url, OfficeId("075012"), now, validity)
        vault = self.folder / "device"
        vault.mkdir()
        device = FieldDevice(vault)
        device.links._links = HttpsLinks(device.clock, PATIENT)
        try:
            device.enrol(code.text())
        except BaseException:
            # No device of this machine: nothing is delivered at its end, and this error is told.
            device.store.close()
            raise
        self.device = device
        self.hurry(HASTY)
        if backed_up:
            self.back_up()
            self.revive()

    def hurry(self, deadlines: Deadlines) -> None:
        self.device.links._links = HttpsLinks(self.device.clock, deadlines)

    def teardown(self) -> None:
        try:
            if self.device is not None:
                self.heal()
        finally:
            with ExitStack() as ending:
                ending.callback(shutil.rmtree, self.folder)
                ending.callback(self.proxy.__exit__, None, None, None)
                ending.callback(self.collector.close)
                if self.device is not None:
                    ending.callback(self.device.store.close)

    # --- work -------------------------------------------------------------------------------------

    @rule()
    def append(self) -> None:
        """A visit, from its opening to its seal."""
        self.number += 1
        self.counted["records"] += 1
        self.device.visit(self.number)

    @rule()
    def append_large(self) -> None:
        """A record with something large in it."""
        self.number += 1
        self.counted["large records"] += 1
        device, kept = self.device, (Attachment("bin", os.urandom(LARGE)),)
        record_id = RecordId(f"{self.number:032x}")
        contents = RecordContents({"record_id": record_id, "visavis": {}}, kept)
        to = terms_of(device.policy).recipients
        sealed = seal_record(contents, to, device.session().signing_key, device.key)
        now = device.clock.now()
        with device.store.begin() as uow:
            facts = {"outcome": "abandoned"}
            opened = {"case": record_id, "procedure": "test", "agent": "a-17"}
            device.journal.append(uow, EntryKind.VERIFY_OPEN, opened)
            closing = EntryKind.VERIFY_CLOSE
            seq, _ = device.journal.append(uow, closing, facts | opened, sealed, record_id)
            uow.blobs.put(seq, sealed.blob)
            waiting, length = OutboxState.WAITING, len(sealed.blob)
            uow.outbox.put(OutboxRow(seq, record_id, waiting, now, now, 0, "", length))
            uow.commit()

    # --- delivery, and what happens to it ---------------------------------------------------------

    def send(self) -> DeliverySummary:
        summary = self.device.send()
        self.counted[f"delivery {summary.reason or 'whole'}"] += 1
        self.counted["records purged"] += summary.purged
        assert summary.reason in HARMLESS, summary
        return summary

    @rule()
    def sync(self) -> None:
        self.send()

    @rule(fault=_FAULTS, every=st.booleans(), large=st.sampled_from((None, False, True)))
    def sync_badly(self, fault: Fault, every: bool, large: bool | None) -> None:
        """One connection after the other is cut, reset, half-closed, repeated, spoilt."""
        if large is not None:
            (self.append_large if large else self.append)()
        self.revive()
        first, before = self.proxy.connections, self.proxy.struck
        self.proxy.choose = lambda number: fault if every or number == first else NONE
        self.send()
        self.proxy.choose = lambda _: NONE
        kind = "portal" if fault.portal else "refuse" if fault.refuse else fault.ending
        self.counted[f"struck by {kind}"] += self.proxy.struck - before

    @rule(
        at=st.integers(1, 12),
        trouble=st.sampled_from((_swallowed, _doubled, _died_before, _died_after)),
    )
    def sync_with_trouble(self, at: int, trouble: Callable[[Call], LinkAnswer]) -> None:
        """A reply is lost, a call doubled, or the device dies, at one call of a delivery."""
        self.device.links.trouble = _Once(at, trouble)
        self.counted[f"call {trouble.__name__[1:]}"] += 1
        try:
            self.send()
        except DiedError:
            self.restart_device()
        self.device.links.trouble = Call.go

    @rule(before=st.sampled_from(("policy", "/log", "ratchet", "/records/", "/receipts")))
    def sync_until(self, before: str) -> None:
        """The network goes away before a certain call, for the rest of a delivery."""

        def gone(call: Call) -> LinkAnswer:
            if before in call.path:
                raise UnreachableError("gone")
            return call.go()

        self.revive()
        self.counted[f"gone before {before.strip('/')}"] += 1
        self.device.links.trouble = gone
        self.send()
        self.device.links.trouble = Call.go

    @rule(at=st.integers(2, 12), comes_back=st.booleans())
    def kill_during_sync(self, at: int, comes_back: bool) -> None:
        """The collector dies at one call of a delivery, and maybe is there for the next one."""

        def killed(call: Call) -> LinkAnswer:
            self.counted["collector killed in a delivery"] += 1
            self.collector.kill()
            if comes_back:
                self.collector.start()
            return call.go()

        self.revive()
        self.device.links.trouble = _Once(at, killed)
        self.send()
        self.device.links.trouble = Call.go

    # --- machines ---------------------------------------------------------------------------------

    @rule()
    def restart_device(self) -> None:
        self.device.store.close()
        self.device.restart()

    @rule(hours=st.sampled_from((-30, 1, 25, 9_000)))
    def set_clock(self, hours: int) -> None:
        """Somebody sets the clock."""
        self.device.clock.wall += timedelta(hours=hours)

    @rule(hours=st.sampled_from((1, 25)))
    def pass_time(self, hours: int) -> None:
        """The machine runs on."""
        self.device.clock.advance(seconds=hours * 3600)

    @rule()
    def kill_collector(self) -> None:
        self.collector.kill()

    @precondition(lambda self: not self.collector.alive)
    @rule()
    def revive(self) -> None:
        if not self.collector.alive:
            self.collector.start()

    @rule()
    def back_up(self) -> None:
        self.collector.kill()
        self.collector.back_up()
        with reading(self.collector.data) as ledger:
            self.backed_up_leaves = 0 if (log := ledger.log()) is None else log.size
        self.backed_up_logs = self.logs_ended()

    @precondition(lambda self: self.collector.has_backup)
    @rule()
    def restore(self) -> None:
        """The collector as it was; what it received since is gone there."""
        # Policies do not go back: a backup from before an announcement is put back by nobody.
        if self.backed_up_logs != self.logs_ended():
            return
        behind = self.seen_log() > self.backed_up_leaves
        if behind and self.let_go_behind():
            return
        self.counted["restored from a backup"] += 1
        self.collector.kill()
        self.collector.restore()
        if behind:
            self.announce()

    def announce(self) -> None:
        """The root says that the log was put back behind receipts that it gave."""
        self.counted["restored behind receipts, and announced"] += 1
        logs, now = Logs(Layout(self.collector.data)), datetime.now(UTC)
        logs.publish(logs.restored("tried", now), now)

    def logs_ended(self) -> int:
        """How many announcements there were."""
        return len(Policies(Layout(self.collector.data)).in_force().restored)

    def let_go_behind(self) -> bool:
        """Whether the device let a record go on a receipt that the backup does not hold."""
        with self.device.store.begin() as uow:
            kept = [
                msgspec.json.decode(uow.values.get(kept_name(row.seq)), type=KeptReceipt)
                for row in uow.outbox.all()
                if row.purged
            ]
        return any(one.item.index >= self.backed_up_leaves for one in kept)

    def seen_log(self) -> int:
        """Size of the newest log that the device verified."""
        with self.device.store.begin() as uow:
            note = uow.values.get(LOG_CHECKPOINT)
        return 0 if note is None else int(note.decode().split("\n")[1])

    # --- what must hold ---------------------------------------------------------------------------

    @invariant()
    def nothing_is_lost_here(self) -> None:
        if self.device is None:
            return
        rows = self.device.rows()
        with self.device.store.begin() as uow:
            receipts = set(uow.values.names(RECEIPT_PREFIX))
            here = {row.seq for row in rows if uow.blobs.get(row.seq) is not None}
        for row in rows:
            has_receipt = f"{RECEIPT_PREFIX}{row.seq:012d}" in receipts
            assert row.seq in here or has_receipt, row
            assert has_receipt or not row.purged, row
            assert row.state not in (OutboxState.REFUSED, OutboxState.QUARANTINED), row
        assert len(rows) == self.number

    @rule()
    def heal(self) -> None:
        """Everything works again: nobody does anything, and all of it arrives."""
        self.proxy.choose = lambda _: NONE
        self.device.links.trouble = Call.go
        self.revive()
        self.hurry(PATIENT)
        for _ in range(_ROUNDS):
            summary = self.send()
        self.hurry(HASTY)
        assert (summary.reason, summary.failed) == ("", 0)
        rows = self.device.rows()
        assert {row.state for row in rows} <= {OutboxState.STORED}
        assert self.device.verify().problems == ()
        seqs = sorted(row.seq for row in rows)
        device_id = self.device.identity.device_id
        with reading(self.collector.data) as ledger:
            assert [row.seq for row in ledger.sealed_from(device_id, 0, 10_000)] == seqs
            assert all(ledger.leaf(device_id, seq) is not None for seq in seqs)
            assert ledger.alarms(device_id) == ()
        with self.device.store.begin() as uow:
            assert len(uow.values.names(RECEIPT_PREFIX)) == len(seqs)
        layout = Layout(self.collector.data)
        report = Histories(layout).verify(None, read_identity(layout.identity))
        self.counted["healed"] += 1
        (mine,) = [found for found in report.devices if found.device_id == device_id]
        assert (mine.problems, mine.stored, mine.missing) == ((), len(seqs), ())
