"""Verifies everything the collector holds, trusting none of it.

Rules, in order: policies as one chain from the pinned root on; the collector's log by its own
leaves and its signed checkpoint; each device's journal from its first entry, against the device's
own checkpoint; each record by the digests of its entry, on the bytes as they lie on disk; each
receipt leaf against the record it names. Whatever is missing or differs is listed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import islice

from msgspec import ValidationError, convert

from central.archive.control import Control, read_control
from central.archive.layout import Layout
from central.archive.ledger import Ledger
from central.archive.policy_chain import Policies, PolicyChain
from central.archive.rows import KEY_LOST, POLICY_AHEAD, AlarmRow, DeviceRow, EntryRow, SealedRow
from central.archive.storage import open_database, open_payloads
from central.auditor.cosignatures import WitnessReport, known_witnesses, verify_witnesses
from central.auditor.erasure_check import ErasureCheck
from central.auditor.journals import pages_of, rows_of
from central.auditor.opening import read_blob
from central.auditor.ratchet import RatchetCheck
from central.auditor.shown_logs import ShownLogs, ends_of
from central.auditor.void_receipts import VoidReceipts
from kiosk.audit.checkpoint import Checkpoint, open_note, slip_code
from kiosk.audit.entries import ALARMS, EntryKind, Fact, Header, open_entry
from kiosk.audit.records import describe_blob
from kiosk.audit.tree import Frontier, frontier_of, leaf_hash
from kiosk.audit.verify import JournalCheck
from kiosk.audit.visits import VisitTally
from kiosk.crypto.age import Identity
from kiosk.crypto.canonical import parse_json
from kiosk.crypto.digests import b64u, unb64u
from kiosk.domain.errors import AuditError
from kiosk.domain.ids import DeviceId
from kiosk.sync.checkpoints import device_origin
from kiosk.sync.logs import log_key_of
from kiosk.sync.messages import ReceiptLeaf
from kiosk.sync.policy import Policy
from kiosk.sync.receipts import ReceiptState, open_seen

_NO_WITNESSES = WitnessReport()
_PATIENCE = timedelta(hours=24)
"""Beyond what the policy lets an open case lie, and for a record on its way: a day without
network is ordinary."""


Progress = Callable[[int, int], None]
"""Told entries done and entries in all; may raise to end the work."""


class _Steps:
    """Counts entries and tells."""

    def __init__(self, progress: Progress | None, whole: int) -> None:
        self._progress, self._whole, self._done = progress, whole, 0

    def done(self, count: int) -> None:
        """So many more."""
        self._done += count
        if self._progress is not None:
            self._progress(self._done, max(self._whole, self._done))


@dataclass(frozen=True, slots=True)
class _Look:
    """Who looks, and when.

    Attributes:
        now: aware.
        identities: of the auditor; none where ratchets stay unread.
        policies: versions that are held and hold.
    """

    now: datetime
    identities: tuple[Identity, ...]
    policies: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class DeviceReport:
    """What was found about one device.

    Attributes:
        device_id: which.
        entries: journal entries.
        records: records that the journal announces.
        stored: of those, received and whole, with a leaf in the collector's log.
        missing: entry numbers of records that have not arrived.
        problems: everything that does not hold, in words.
        questions: what holds and still wants an answer from a person: visits without an end,
            records that are long due, alarms that the device itself wrote down.
    """

    device_id: str
    entries: int
    records: int
    stored: int
    missing: tuple[int, ...]
    problems: tuple[str, ...]
    questions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class HistoryReport:
    """What was found about a whole central side.

    Attributes:
        devices: one report each.
        log_size: leaves of the collector's log.
        problems: of the log and the policies.
        witnesses: what witnesses vouched for.
    """

    devices: tuple[DeviceReport, ...]
    log_size: int
    problems: tuple[str, ...]
    witnesses: WitnessReport = _NO_WITNESSES

    @property
    def complete(self) -> bool:
        """Whether nobody has to be asked about anything."""
        asked = any(device.questions for device in self.devices)
        return not asked and not self.witnesses.questions

    @property
    def verified(self) -> bool:
        """Whether nothing is wrong; a record that has not arrived yet is not wrong."""
        wrong = self.problems or self.witnesses.problems
        return not wrong and not any(device.problems for device in self.devices)


class Histories:
    """Verifies one central side."""

    def __init__(self, layout: Layout) -> None:
        layout.require()
        self._layout = layout
        self._payloads = open_payloads(layout)
        self._control = read_control(layout)
        self._chain = PolicyChain(unb64u(layout.root_public.read_text("ascii").strip()))

    def verify(
        self,
        now: datetime | None = None,
        identity: Identity | None = None,
        progress: Progress | None = None,
        only: DeviceId | None = None,
        *,
        retired: tuple[Identity, ...] = (),
    ) -> HistoryReport:
        """Verify everything, in one consistent state of the database.

        Args:
            now: aware; what is open or due is measured against it, and against the newest entry
                of each device where that is later (or where it is None).
            identity: of an auditor, to follow the ratchets too; None leaves them unread.
            progress: told how far it is, some times a second; what it raises ends the work.
            only: one device; the collector's log is verified in any case.
            retired: identities of before; devices enrolled then sealed their beginning to those.
        """
        known = () if identity is None else (identity, *retired)
        look = _Look(now or datetime.min.replace(tzinfo=UTC), known)
        database = open_database(self._layout)
        try:
            with database.reading() as ledger:
                policies = self._chain.read(ledger)
                wrong = tuple(
                    f"policy {one.version}: not valid, {one.why}" for one in policies.refused
                )
                if not policies.held:
                    return HistoryReport((), 0, wrong or ("policy: none",))
                policy = policies.held[-1].policy
                rows = [d for d in ledger.devices() if only in (None, d.device_id)]
                steps = _Steps(progress, sum(device.size for device in rows))
                size, problems = _verify_log(ledger, policy)
                witnesses = verify_witnesses(ledger, policy, known_witnesses(policies))
                shown = ShownLogs(ledger, ends_of(policies))
                orders = ErasureCheck(self._layout, self._control, database)
                problems += (*orders.problems, *_recipient_problems(self._control, policies))
                beside = (shown, steps, orders)
                held = frozenset(one.version for one in policies.held)
                look = replace(look, policies=held)
                devices = tuple(self._device(ledger, d, policy, look, beside) for d in rows)
                devices = _with_split_views(devices, shown.finish(rows))
                devices = tuple(_with_states_behind(one, shown) for one in devices)
        finally:
            database.close()
        return HistoryReport(devices, size, (*wrong, *problems), witnesses)

    def find_slip(self, code: str) -> tuple[tuple[str, int], ...]:
        """Device and entry of every journal state whose slip bore ``code``; 40 bits may repeat."""
        found = []
        database = open_database(self._layout)
        try:
            with database.reading() as ledger:
                for device in ledger.devices():
                    tree = Frontier()
                    for row in rows_of(ledger, device):
                        tree = tree.append(row.leaf)
                        if slip_code(tree.root()) == code.strip().upper():
                            found.append((str(device.device_id), row.seq))
        finally:
            database.close()
        return tuple(found)

    def _device(
        self,
        ledger: Ledger,
        device: DeviceRow,
        policy: Policy,
        look: _Look,
        beside: tuple[ShownLogs, _Steps, ErasureCheck],
    ) -> DeviceReport:
        """One device, a page of entries at a time: nothing grows with them but open questions."""
        shown, steps, orders = beside
        journal = JournalCheck(device.device_id, device.public_key)
        asked, void = _Asked(), VoidReceipts(device.device_id)
        ratchet = (
            None
            if not look.identities
            else RatchetCheck(ledger.origin(device.device_id), look.identities)
        )
        of_records: list[str] = []
        records = stored = 0
        for page in pages_of(ledger, device):
            held = ledger.sealed_between(device.device_id, page[0].seq, page[-1].seq + 1)
            for row in page:
                sealed = held.get(row.seq)
                missing = row.record_id is not None and sealed is None
                if row.record_id is not None:
                    records += 1
                    found = self._record_problem(ledger, device, (row, sealed), orders)
                    stored += not (missing or found)
                    of_records += [f"record {row.seq}: {found}"] if found else []
                if missing:
                    asked.missing.append(row.seq)
                header = journal.feed(row.jws)
                if header is None:
                    continue
                asked.feed(header, missing=missing)
                void.feed(header)
                shown.feed(header)
                if ratchet is not None:
                    ratchet.feed(header)
            steps.done(len(page))
        alarms = ledger.alarms(device.device_id)
        key_lost = any(alarm.kind == KEY_LOST for alarm in alarms)
        problems = _journal_problems(ledger, device, journal, policy, key_lost=key_lost)
        problems += of_records
        forks = ledger.forks(device.device_id)
        if forks:
            problems.append(f"another history of this device is known ({forks} entries)")
        problems += _alarming(alarms)
        found_of_visits, questions = asked.told(policy, look)
        problems += found_of_visits
        if ratchet is not None:
            problems += ratchet.problems()
        return DeviceReport(
            device_id=device.device_id,
            entries=journal.report().entries,
            records=records,
            stored=stored,
            missing=tuple(asked.missing),
            problems=tuple(problems),
            questions=(
                *questions,
                *void.told(ledger, policy),
                *_policies_unknown(alarms, asked, look),
            ),
        )

    def _record_problem(
        self,
        ledger: Ledger,
        device: DeviceRow,
        told: tuple[EntryRow, SealedRow | None],
        orders: ErasureCheck,
    ) -> str:
        """What is wrong with a record that an entry announces, or ""."""
        row, sealed = told
        if sealed is None:
            gone = ledger.leaf(device.device_id, row.seq) is not None
            return "a receipt was given, the record is gone" if gone else ""
        if sealed.header is None:
            # The leaf still proves that it existed, the order that it was erased lawfully.
            stored = sealed.state == ReceiptState.STORED
            found = _leaf_problem(ledger, row, sealed.blob_sha256) if stored else ""
            return found or orders.of_gone(ledger, row.record_id)
        try:
            header = open_entry(row.jws, device.public_key)
            described = describe_blob(read_blob(self._payloads, sealed), header.recipients)
        except AuditError as exc:
            return f"{exc.code} {exc.detail}"
        digests = (b64u(described.age_header_sha256), b64u(described.payload_sha256))
        if digests != (header.age_header_sha256, header.payload_sha256):
            return "not the announced record"
        stored = sealed.state == ReceiptState.STORED
        found = _leaf_problem(ledger, row, sealed.blob_sha256) if stored else ""
        return found or orders.of_kept(row.record_id)


class _Asked:
    """What a person must be asked about one device; grows with questions only."""

    def __init__(self) -> None:
        self.missing: list[int] = []
        self.entries = 0
        self.follows: Fact = None
        self._visits = VisitTally()
        self._due: list[tuple[int, datetime | None, str]] = []

    def feed(self, header: Header, *, missing: bool) -> None:
        """Take the next entry, verified; ``missing``: its record has not arrived."""
        self._visits.feed(header)
        self.entries = header.seq + 1
        applied = header.kind == EntryKind.POLICY_APPLIED
        self.follows = header.facts.get("version") if applied else header.policy_v
        if missing:
            words = f"record {header.seq}: announced and never received"
            self._due.append((header.seq, header.wall_time, words))
        if header.kind in ALARMS:
            facts = ", ".join(f"{name} {value}" for name, value in sorted(header.facts.items()))
            words = f"entry {header.seq}: the device says {header.kind} ({facts})"
            self._due.append((header.seq, None, words))

    def told(self, policy: Policy, look: _Look) -> tuple[list[str], list[str]]:
        """Problems of the visits, and questions to a person."""
        may_lie = timedelta(hours=policy.retention.draft_hours) + _PATIENCE
        view = self._visits.view(look.now, may_lie)
        questions = [
            f"visit {visit.case}: opened by entry {visit.seq} on {visit.since:%Y-%m-%d %H:%M} UTC "
            "as the device claims, and never closed"
            for visit in view.silent
        ]
        latest = max(self._visits.latest or look.now, look.now)
        questions += [
            words for _, since, words in self._due if since is None or latest - since > _PATIENCE
        ]
        questions += [f"entry {seq}: {word}" for seq, word in view.asked]
        return [f"entry {seq}: visit {word}" for seq, word in view.problems], questions


def _with_split_views(
    devices: tuple[DeviceReport, ...], split: dict[str, list[int]]
) -> tuple[DeviceReport, ...]:
    return tuple(
        replace(
            device,
            problems=(
                *device.problems,
                *(
                    f"entry {seq}: the collector showed this device another log (split view)"
                    for seq in split.get(device.device_id, ())
                ),
            ),
        )
        for device in devices
    )


def _with_states_behind(device: DeviceReport, shown: ShownLogs) -> DeviceReport:
    """A device that relied on leaves which are gone since the log was put back is asked about."""
    count = shown.behind(device.device_id)
    if not count:
        return device
    words = (
        f"{count} entries rely on leaves of a log that was put back to a backup, as the root "
        "announced: that state cannot be compared any more"
    )
    return replace(device, questions=(*device.questions, words))


def _alarming(alarms: Iterable[AlarmRow]) -> list[str]:
    """Alarms that say something against a history."""
    return [
        f"alarm {alarm.kind} at entry {alarm.seq}: {alarm.detail}"
        for alarm in alarms
        if alarm.kind != POLICY_AHEAD
    ]


def _policies_unknown(alarms: Iterable[AlarmRow], asked: _Asked, look: _Look) -> list[str]:
    """What is to be asked where a device holds a policy that is not known here.

    Nothing any more once that version was published again, or once the device's journal goes on
    under one that is held: whoever still follows another is given nothing and delivers nothing.
    """
    found = {
        alarm.detail
        for alarm in alarms
        if alarm.kind == POLICY_AHEAD
        and alarm.detail not in {str(version) for version in look.policies}
        and not (asked.entries > alarm.seq and asked.follows in look.policies)
    }
    named = ", ".join(f"version {one}" for one in sorted(found) if one) or "of some version"
    return [f"it follows a policy that is not known here ({named})"] if found else []


def _journal_problems(
    ledger: Ledger, device: DeviceRow, journal: JournalCheck, policy: Policy, *, key_lost: bool
) -> list[str]:
    """What is wrong with a journal.

    Where the device lost its key, the checkpoint that it signed last covers a beginning; what
    follows came without one, which the alarm tells.
    """
    checkpoint: Checkpoint | None = None
    problems = []
    # What the device's own row states counts: a journal that is gone has no rows to ask about it.
    signed = journal.report().entries or device.size or device.checkpoint
    if signed and (device.checkpoint or not key_lost):
        origin = device_origin(policy.collector.origin, device.device_id)
        try:
            checkpoint = open_note(device.checkpoint, origin, device.public_key)
        except AuditError as exc:
            problems.append(f"checkpoint: {exc.code} {exc.detail}")
    if checkpoint is not None and key_lost:
        begun = frontier_of(row.leaf for row in islice(rows_of(ledger, device), checkpoint.size))
        if (begun.size, begun.root()) != (checkpoint.size, checkpoint.root):
            problems.append("checkpoint: another beginning")
        checkpoint = None
    report = journal.report(checkpoint)
    return problems + [f"entry {found.seq}: {found.what}" for found in report.problems]


def _leaf_problem(ledger: Ledger, row: EntryRow, blob_sha256: bytes) -> str:
    leaf = ledger.leaf(row.device_id, row.seq)
    if leaf is None:
        return "no receipt leaf"
    try:
        told = convert(parse_json(leaf.data), ReceiptLeaf)
    except (ValueError, ValidationError):
        return "receipt leaf unreadable"
    named = (told.device, told.seq, told.entry, told.blob)
    held = (row.device_id, row.seq, b64u(row.leaf), b64u(blob_sha256))
    return "" if named == held and leaf_hash(leaf.data) == leaf.hash else "receipt leaf differs"


def _recipient_problems(control: Control | None, policies: Policies) -> tuple[str, ...]:
    """Whether records still go to an identity that was retired when an auditor was withdrawn."""
    if control is None or not control.retired:
        return ()
    newest = policies.held[-1]
    kids = {one.kid for one in newest.policy.recipients}
    if control.recipient in kids and not kids & set(control.retired):
        return ()
    told = (
        f"policy {newest.version}: records are still sealed to an identity of before an auditor "
        f"was withdrawn: publish the recipients of statement {control.serial} "
        "(policy set recipients=@FILE)"
    )
    return (told,)


def _verify_log(ledger: Ledger, policy: Policy) -> tuple[int, tuple[str, ...]]:
    """Size of the collector's log, and what is wrong with it."""
    tree = frontier_of(ledger.each_leaf_hash())
    state = ledger.log()
    if state is None:
        return 0, ("log: leaves without a checkpoint",) if tree.size else ()
    try:
        checkpoint = open_seen(state.checkpoint, log_key_of(policy))
    except AuditError as exc:
        return tree.size, (f"log: {exc.code} {exc.detail}",)
    if (checkpoint.size, checkpoint.root) != (tree.size, tree.root()):
        return tree.size, ("log: the leaves are not the ones that were signed",)
    unexplained = ledger.unexplained_leaves()
    if unexplained:
        return tree.size, (f"log: {unexplained} receipts whose journal entry is gone",)
    return tree.size, ()
