"""Verifies everything the collector holds, trusting none of it.

Rules, in order: policies by the pinned root; the collector's log by its own leaves and its signed
checkpoint, and by everything that witnesses vouched for; each device's journal from its first
entry, against the device's own checkpoint; each record by the digests of its entry, on the bytes as
they lie on disk; each receipt leaf against the record it names. Whatever is missing or differs is
listed.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from msgspec import ValidationError, convert

from central.archive.layout import Layout
from central.archive.ledger import Ledger
from central.archive.rows import KEY_LOST, DeviceRow, EntryRow
from central.archive.storage import open_database, open_payloads
from central.auditor.cosignatures import WitnessReport, known_witnesses, verify_witnesses
from central.auditor.opening import RecordUnknownError, read_blob
from central.auditor.ratchet import ratchet_problems
from kiosk.audit.checkpoint import Checkpoint, open_note, slip_code
from kiosk.audit.entries import ALARMS, LOG_ROOT_FACT, LOG_SIZE_FACT, Header, open_entry
from kiosk.audit.records import describe_blob
from kiosk.audit.tree import Frontier, leaf_hash, root_of
from kiosk.audit.verify import verify_journal
from kiosk.audit.visits import view_visits
from kiosk.crypto.age import Identity
from kiosk.crypto.canonical import parse_json
from kiosk.crypto.digests import b64u, unb64u
from kiosk.domain.errors import AuditError, KioskError
from kiosk.sync.checkpoints import device_origin
from kiosk.sync.messages import ReceiptLeaf
from kiosk.sync.policy import Policy, open_policy
from kiosk.sync.receipts import ReceiptState

_ALL_RECORDS = 2**40
_NO_WITNESSES = WitnessReport()
_PATIENCE = timedelta(hours=24)
"""Beyond what the policy lets an open case lie, and for a record on its way: a day without
network is ordinary."""


@dataclass(frozen=True, slots=True)
class _Look:
    """Who looks, and when."""

    now: datetime
    identity: Identity | None


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
        self._root_public = unb64u(layout.root_public.read_text("ascii").strip())

    def verify(
        self, now: datetime | None = None, identity: Identity | None = None
    ) -> HistoryReport:
        """Verify everything, in one consistent state of the database.

        Args:
            now: aware; what is open or due is measured against it, and against the newest entry
                of each device where that is later (or where it is None).
            identity: of an auditor, to follow the ratchets too; None leaves them unread.
        """
        look = _Look(now or datetime.min.replace(tzinfo=UTC), identity)
        database = open_database(self._layout)
        try:
            with database.reading() as ledger:
                row = ledger.policy()
                if row is None:
                    return HistoryReport((), 0, ("policy: none",))
                try:
                    policy = open_policy(row[1], self._root_public)
                except KioskError as exc:
                    return HistoryReport((), 0, (f"policy: {exc}",))
                size, problems = _verify_log(ledger, policy)
                known = known_witnesses(ledger, self._root_public)
                witnesses = verify_witnesses(ledger, policy, known)
                devices = tuple(self._device(ledger, d, policy, look) for d in ledger.devices())
        finally:
            database.close()
        return HistoryReport(devices, size, problems, witnesses)

    def find_slip(self, code: str) -> tuple[tuple[str, int], ...]:
        """Device and entry of every journal state whose slip bore ``code``; 40 bits may repeat."""
        found = []
        database = open_database(self._layout)
        try:
            with database.reading() as ledger:
                for device in ledger.devices():
                    tree = Frontier()
                    for row in ledger.entries(device.device_id, 0, _ALL_RECORDS):
                        tree = tree.append(row.leaf)
                        if slip_code(tree.root()) == code.strip().upper():
                            found.append((str(device.device_id), row.seq))
        finally:
            database.close()
        return tuple(found)

    def _device(
        self, ledger: Ledger, device: DeviceRow, policy: Policy, look: _Look
    ) -> DeviceReport:
        rows = ledger.entries(device.device_id, 0, _ALL_RECORDS)
        alarms = ledger.alarms(device.device_id)
        key_lost = any(alarm.kind == KEY_LOST for alarm in alarms)
        problems = _journal_problems(device, rows, policy, key_lost=key_lost)
        announced = [row for row in rows if row.record_id is not None]
        missing, stored = [], 0
        for row in announced:
            if ledger.sealed(device.device_id, row.seq) is None:
                missing.append(row.seq)
                if ledger.leaf(device.device_id, row.seq) is not None:
                    problems.append(f"record {row.seq}: a receipt was given, the record is gone")
                continue
            found = self._record_problem(ledger, device, row)
            if found:
                problems.append(f"record {row.seq}: {found}")
            else:
                stored += 1
        forks = ledger.forks(device.device_id)
        if forks:
            problems.append(f"another history of this device is known ({forks} entries)")
        problems += [f"alarm {alarm.kind} at entry {alarm.seq}: {alarm.detail}" for alarm in alarms]
        headers = _headers(device, rows)
        problems += _split_views(headers, ledger.leaf_hashes())
        found_of_visits, questions = _asked(headers, missing, policy, look)
        problems += found_of_visits
        if look.identity is not None:
            origin = ledger.origin(device.device_id)
            problems += ratchet_problems(headers, origin, look.identity)
        return DeviceReport(
            device_id=device.device_id,
            entries=len(rows),
            records=len(announced),
            stored=stored,
            missing=tuple(missing),
            problems=tuple(problems),
            questions=tuple(questions),
        )

    def _record_problem(self, ledger: Ledger, device: DeviceRow, row: EntryRow) -> str:
        """What is wrong with a received record, or ""."""
        sealed = ledger.sealed(device.device_id, row.seq)
        if sealed is None:
            return "missing"
        try:
            header = open_entry(row.jws, device.public_key)
            described = describe_blob(read_blob(self._payloads, sealed), header.recipients)
        except AuditError as exc:
            return f"{exc.code} {exc.detail}"
        except RecordUnknownError:
            return ""  # erased lawfully: the leaf still proves that it existed
        digests = (b64u(described.age_header_sha256), b64u(described.payload_sha256))
        if digests != (header.age_header_sha256, header.payload_sha256):
            return "not the announced record"
        if sealed.state == ReceiptState.STORED:
            return _leaf_problem(ledger, row, sealed.blob_sha256)
        return ""


def _headers(device: DeviceRow, rows: tuple[EntryRow, ...]) -> list[Header]:
    """The headers of a journal; one that does not open is named by its verification."""
    headers = []
    for row in rows:
        with suppress(AuditError):
            headers.append(open_entry(row.jws, device.public_key))
    return headers


def _split_views(headers: list[Header], leaves: list[bytes]) -> list[str]:
    """States of the collector's log that it showed this device and that were never its own."""
    shown = [h for h in headers if LOG_SIZE_FACT in h.facts and LOG_ROOT_FACT in h.facts]
    sizes = {h.facts[LOG_SIZE_FACT] for h in shown}
    roots: dict[object, str] = {}
    tree = Frontier()
    for leaf in (None, *leaves):
        tree = tree if leaf is None else tree.append(leaf)
        if tree.size in sizes:
            roots[tree.size] = b64u(tree.root())
    return [
        f"entry {h.seq}: the collector showed this device another log (split view)"
        for h in shown
        if roots.get(h.facts[LOG_SIZE_FACT]) != h.facts[LOG_ROOT_FACT]
    ]


def _asked(
    headers: list[Header], missing: list[int], policy: Policy, look: _Look
) -> tuple[list[str], list[str]]:
    """Problems of the visits, and questions to a person."""
    may_lie = timedelta(hours=policy.retention.draft_hours) + _PATIENCE
    view = view_visits(headers, look.now, may_lie)
    questions = [
        f"visit {visit.case}: opened by entry {visit.seq} on {visit.since:%Y-%m-%d %H:%M} UTC "
        "as the device claims, and never closed"
        for visit in view.silent
    ]
    latest = max((header.wall_time for header in headers), default=look.now)
    for header in headers:
        due = max(latest, look.now) - header.wall_time > _PATIENCE
        if header.seq in missing and due:
            questions.append(f"record {header.seq}: announced and never received")
        if header.kind in ALARMS:
            facts = ", ".join(f"{name} {value}" for name, value in sorted(header.facts.items()))
            questions.append(f"entry {header.seq}: the device says {header.kind} ({facts})")
    return [f"entry {seq}: visit {word}" for seq, word in view.problems], questions


def _journal_problems(
    device: DeviceRow, rows: tuple[EntryRow, ...], policy: Policy, *, key_lost: bool
) -> list[str]:
    """What is wrong with a journal.

    Where the device lost its key, the checkpoint that it signed last covers a beginning; what
    follows came without one, which the alarm tells.
    """
    checkpoint: Checkpoint | None = None
    problems = []
    # What the device's own row states counts: a journal that is gone has no rows to ask about it.
    if (rows or device.size or device.checkpoint) and (device.checkpoint or not key_lost):
        origin = device_origin(policy.collector.origin, device.device_id)
        try:
            checkpoint = open_note(device.checkpoint, origin, device.public_key)
        except AuditError as exc:
            problems.append(f"checkpoint: {exc.code} {exc.detail}")
    if checkpoint is not None and key_lost:
        begun = (checkpoint.size, root_of([row.leaf for row in rows[: checkpoint.size]]))
        if begun != (checkpoint.size, checkpoint.root):
            problems.append("checkpoint: another beginning")
        checkpoint = None
    entries = (row.jws for row in rows)
    report = verify_journal(entries, device.device_id, device.public_key, checkpoint)
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


def _verify_log(ledger: Ledger, policy: Policy) -> tuple[int, tuple[str, ...]]:
    """Size of the collector's log, and what is wrong with it."""
    hashes = ledger.leaf_hashes()
    state = ledger.log()
    if state is None:
        return 0, ("log: leaves without a checkpoint",) if hashes else ()
    try:
        checkpoint = open_note(
            state.checkpoint, policy.collector.origin, policy.collector.log_public
        )
    except AuditError as exc:
        return len(hashes), (f"log: {exc.code} {exc.detail}",)
    if (checkpoint.size, checkpoint.root) != (len(hashes), root_of(hashes)):
        return len(hashes), ("log: the leaves are not the ones that were signed",)
    unexplained = ledger.unexplained_leaves()
    if unexplained:
        return len(hashes), (f"log: {unexplained} receipts whose journal entry is gone",)
    return len(hashes), ()
