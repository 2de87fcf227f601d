"""Benchmark: power cuts at every moment of the store's life, and what is still there afterwards.

    python packaging/bench/powerloss.py [--json] [--images N] [--seed S] [--dir FOLDER]

The real services create a store, add an agent, sign in, draft, seal, purge, mistype a PIN, end the
shift, close, open and seal again over the shipped schema and settings, while every file operation
below SQLite is recorded (see ``crash_images``). Each time a service returns, what the screen may
now call kept is put into the same record. Then images of cuts are made at every moment and opened
by the real opening code. For each: no error, the file sound page by page, the journal whole and an
extension of what was acknowledged, every announced record queued with exactly the sealed bytes that
its entry names, every acknowledged seal (both records of a letter), draft and counted PIN try
there. Every fiftieth image goes on to seal one more record. N counts images that differ; equal ones
are opened once.

Images are written to memory where there is such a folder: their own durability is not the matter.
"""

from __future__ import annotations

import argparse
import json
import random
import shutil
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))
sys.path.insert(0, str(ROOT / "packaging" / "bench"))

import msgspec
from crash_images import Recorder, images, replayed
from sqlalchemy import text

from kiosk.audit.entries import EntryKind, open_entry
from kiosk.audit.records import Attachment, describe_blob
from kiosk.audit.verify import JournalReport, verify_journal
from kiosk.crypto.age import Identity
from kiosk.crypto.digests import b64u, sha256
from kiosk.crypto.passwords import Argon2Cost
from kiosk.crypto.signing import SigningKey
from kiosk.domain.agent import Role
from kiosk.domain.decision import Decision, Outcome
from kiosk.domain.errors import KioskError, WrongPinError
from kiosk.domain.evidence import DocumentKind, IdentityDocument, PartialDate
from kiosk.domain.ids import AgentId, CaseId, DeviceId, OfficeId, RecordId
from kiosk.journeys.model import CaseState, SealedFacts, StepKind
from kiosk.journeys.service_steps import (
    ItemFacts,
    Presence,
    PresenceFacts,
    SignatureFacts,
)
from kiosk.ports import Store
from kiosk.services.agents import DEVICE_SECRET, Agents, Session
from kiosk.services.drafts import Drafts
from kiosk.services.journal import Journal
from kiosk.services.receipt_check import ReceiptCheck
from kiosk.services.record_upload import move
from kiosk.services.sealing import SEALED_PREFIX, Sealing
from kiosk.services.sign_in import SignIn
from kiosk.services.standing_record import STANDING_PREFIX
from kiosk.services.terms import DeviceFacts, Terms
from kiosk.sync.outbox import OutboxEvent
from kiosk.sync.receipts import LogKey
from kiosk.vault.store import SqlStore, open_store
from kiosk.vault.transaction import Transaction

KEY = bytes(range(32))
DEVICE = DeviceFacts(DeviceId("dev-00000000000000be"), "bench")
DEVICE_KEY = SigningKey.from_seed(b"d" * 32)
AGENT, PIN, WRONG_PIN = AgentId("a-17"), "271828", "314159"
# The cost of a PIN is not the matter here, and the images hold no PIN.
CHEAP = Argon2Cost(memory_kib=64, iterations=1, lanes=1)
TERMS = Terms(1, (Identity.from_seed(b"o" * 32).recipient,), evidence_images=True)
START = datetime(2026, 11, 25, 9, 0, tzinfo=UTC)
LONG_SHARE = 0.1
GO_ON_EVERY = 50
STORE = "vault.db"
_TO_STORED = (OutboxEvent.SEND_STARTED, OutboxEvent.ACCEPTED, OutboxEvent.RECEIPT_VERIFIED)


class Ticks:
    """Both clocks, moved on by hand."""

    boot_id = "bench"

    def __init__(self) -> None:
        self.passed_s = 0

    def now(self) -> datetime:
        """Wall clock."""
        return START + timedelta(seconds=self.passed_s)

    def monotonic_ms(self) -> int:
        """Monotonic clock."""
        return self.passed_s * 1000


@dataclass(frozen=True)
class Kept:
    """What has been acknowledged.

    Attributes:
        entries: digest of each journal entry.
        sealed: number and name of the record by case.
        drafts: revision by case.
        tries: wrong PINs counted: said when the device secret is asked for, before the check.
    """

    entries: tuple[bytes, ...] = ()
    sealed: dict[str, tuple[int, str]] = field(default_factory=dict)
    drafts: dict[str, int] = field(default_factory=dict)
    tries: int = 0


class MarkingKeys:
    """Holds the device secret; tells when it is asked for, which is after a try was counted."""

    def __init__(self) -> None:
        self.asked = lambda: None

    def get(self, name: str) -> bytes | None:
        """The secret; there is none of before, which a wrong PIN is looked at under as well."""
        if name != DEVICE_SECRET:
            return None
        self.asked()
        return b"device secret of thirty-two byte"


class Office:
    """The services of one device over a store."""

    def __init__(self, store: Store, clock: Ticks) -> None:
        self.store, self.clock, self.keys = store, clock, MarkingKeys()
        self.journal = Journal(store, DEVICE_KEY, clock, DEVICE, lambda: TERMS)
        self.agents = Agents(store, self.keys, self.journal, CHEAP)
        self.sealing = Sealing(self.journal, store, lambda: TERMS, clock, DEVICE, DEVICE_KEY)
        self.drafts = Drafts(clock, self.sealing.standing)
        self.small_drafts = Drafts(clock)
        ends = self.sealing.seal_open_drafts
        self.sign_in = SignIn(store, self.keys, clock, CHEAP, self.journal, ends)

    def draft(self, state: CaseState, session: Session, *, small: bool = False) -> int:
        """Save one revision; its number. ``small``: without the record of a case that is left."""
        drafts = self.small_drafts if small else self.drafts
        with self.store.begin() as uow:
            row = drafts.save(uow, state, session)
            uow.commit()
        return row.revision

    def purge(self, seq: int) -> None:
        """As after a verified receipt whose grace is over."""
        with self.store.begin() as uow:
            for event in _TO_STORED:
                move(uow, self.clock, seq, event)
            uow.commit()
        log = LogKey("collector.example/log", bytes(32))  # asked for its witnesses: it wants none
        check = ReceiptCheck(self.store, None, self.journal, DEVICE.device_id, log, self.clock)
        assert check.purge(timedelta(0)) == 1  # noqa: S101 - a benchmark that purges nothing is none


def case(number: int) -> CaseState:
    """A decided case."""
    return CaseState(
        case_id=CaseId(f"{number:032x}"),
        procedure="bench",
        step=StepKind.CONFIRM,
        agent_id=AGENT,
        office_id=OfficeId("000000"),
        opened_at=START,
        decision=Decision(Outcome.ABANDONED),
    )


def letter(number: int) -> CaseState:
    """A registered letter at the moment it is handed over: it leaves two records."""
    document = IdentityDocument(
        kind=DocumentKind.FR_PASSPORT,
        layout="TD3",
        mrz=(),
        document_code="P",
        issuer="FRA",
        nationality="FRA",
        surname="SPECIMEN",
        given_names=("ANNE",),
        document_number="07CD12304",
        birth_date=PartialDate(1973, 7, 12),
        sex="F",
    )
    return replace(
        case(number),
        procedure="registered-letter",
        decision=Decision(Outcome.ACCEPTED),
        document=document,
        item=ItemFacts("RR123456785FR", "s10"),
        presence=PresenceFacts(Presence.IN_PERSON),
        signature=SignatureFacts((((100, 150), (400, 90)),), 900, 300),
    )


def _marks(name: str, facts: SealedFacts) -> dict[str, tuple[int, str]]:
    """Every record that a case left, by a name of its own."""
    marks = {name: (facts.seq, str(facts.record_id))}
    if facts.distribution is not None:
        proof = facts.distribution
        marks[f"{name}/distribution"] = (proof.seq, str(proof.record_id))
    return marks


class Workload:
    """A day at the counter, told to the recorder as it is acknowledged."""

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder
        self._kept = Kept()
        self._clock = Ticks()
        self.long_from = self.fold_at = 0

    def run(self) -> None:
        """All of it."""
        with self._recorder.recording():
            store = self._open()
            office = Office(store, self._clock)
            office.agents.add(AGENT, "A", Role.AGENT, PIN)
            self._tell(office)
            session = office.sign_in.sign_in(AGENT, PIN)
            self._tell(office)
            for number in range(3):
                self._draft_and_seal(office, session, case(number))
            self._draft_and_seal(office, session, letter(3))
            self._mistype(office)
            session = office.sign_in.sign_in(AGENT, PIN)
            self._kept = replace(self._kept, tries=0)
            self._tell(office)
            office.purge(self._kept.sealed[case(1).case_id][0])
            self._tell(office)
            self._draft(office, session, 50)
            self._kept = replace(self._kept, drafts={})
            office.sign_in.sign_out(session)
            self._tell(office)
            store.close()
            store = self._open()
            office = Office(store, self._clock)
            session = office.sign_in.sign_in(AGENT, PIN)
            self._draft_and_seal(office, session, letter(4))
            self.long_from = len(self._recorder.ops)
            self._until_the_log_starts_again(office, session)
            store.close()

    def _open(self) -> SqlStore:
        return open_store(self._recorder.folder / STORE, KEY)

    def _tell(self, office: Office) -> None:
        """What was just done is kept now: on record, between the operations before and after."""
        with office.store.begin() as uow:
            rows = uow.journal.range(len(self._kept.entries), uow.journal.size())
        entries = self._kept.entries + tuple(sha256(row.jws.encode()) for row in rows)
        self._kept = replace(self._kept, entries=entries)
        self._recorder.mark(self._kept)
        self._clock.passed_s += 1

    def _draft(self, office: Office, session: Session, number: int, *, small: bool = False) -> None:
        revision = office.draft(case(number), session, small=small)
        drafts = self._kept.drafts | {case(number).case_id: revision}
        self._kept = replace(self._kept, drafts=drafts)
        self._tell(office)

    def _draft_and_seal(self, office: Office, session: Session, state: CaseState) -> None:
        number = int(state.case_id, 16)
        for _ in range(2):
            self._draft(office, session, number)
        drafts = {key: n for key, n in self._kept.drafts.items() if key != state.case_id}
        self._kept = replace(self._kept, drafts=drafts)
        picture = Attachment("jpg", random.Random(number).randbytes(2000))  # noqa: S311
        facts = office.sealing.seal(state, session, [picture])
        sealed = self._kept.sealed | _marks(state.case_id, facts)
        self._kept = replace(self._kept, sealed=sealed)
        self._tell(office)

    def _mistype(self, office: Office) -> None:
        """Two wrong PINs; each is counted before the device secret is even asked for."""

        def counted() -> None:
            self._kept = replace(self._kept, tries=self._kept.tries + 1)
            self._recorder.mark(self._kept)

        office.keys.asked = counted
        for _ in range(2):
            try:
                office.sign_in.sign_in(AGENT, WRONG_PIN)
            except WrongPinError:
                self._tell(office)
        office.keys.asked = lambda: None
        # From here a right PIN may set the count back at any moment.
        self._kept = replace(self._kept, tries=0)
        self._recorder.mark(self._kept)

    def _until_the_log_starts_again(self, office: Office, session: Session) -> None:
        """Small drafts until SQLite folds its log by itself and writes over it from the start.

        Small ones, since each is an acknowledgement: the log takes the same pages in more commits.
        """
        more = 3
        while more:
            seen = len(self._recorder.ops)
            self._draft(office, session, 60, small=True)
            if self.fold_at:
                more -= 1
                continue
            for place, op in enumerate(self._recorder.ops[seen:], seen):
                if op.what == "write" and op.name == STORE:
                    self.fold_at = place
                    break


@dataclass(frozen=True)
class Found:
    """What one image holds, or why it does not hold together."""

    problems: tuple[str, ...]
    entries: tuple[bytes, ...] = ()
    sealed: dict[str, tuple[int, str]] = field(default_factory=dict)
    drafts: dict[str, int] = field(default_factory=dict)
    ended: frozenset[str] = frozenset()
    tries: int = 0

    def lost(self, kept: Kept) -> list[str]:
        """Everything acknowledged that is not here."""
        lost = []
        if self.entries[: len(kept.entries)] != kept.entries:
            lost.append("journal")
        lost += ["record" for key, facts in kept.sealed.items() if self.sealed.get(key) != facts]
        lost += [
            "draft"
            for key, revision in kept.drafts.items()
            if self.drafts.get(key, 0) < revision and key not in self.ended
        ]
        if self.tries < kept.tries:
            lost.append("try")
        return lost


@lru_cache(maxsize=4096)
def _proof(entries: tuple[str, ...]) -> JournalReport:
    """The same entries are proven once."""
    return verify_journal(entries, DEVICE.device_id, DEVICE_KEY.public)


@lru_cache(maxsize=4096)
def _header(entry: str) -> Any:
    return open_entry(entry, DEVICE_KEY.public)


def _record_problem(row: Any, blob: bytes | None, entry: str) -> str | None:
    """Whether an announced record is queued with exactly the bytes that its entry names."""
    header = _header(entry)
    if row is None or row.record_id != header.record_id:
        return "announced but not queued"
    if row.purged or not blob:
        return None if row.purged and not blob else "blob"
    described = describe_blob(blob, header.recipients)
    same = (
        b64u(described.payload_sha256) == header.payload_sha256
        and b64u(described.age_header_sha256) == header.age_header_sha256
    )
    return None if same else "blob differs"


def _table(transaction: Transaction, columns: str, table: str) -> list[Any]:
    """Rows in the order of their keys. Plain SQL: a statement built anew costs more than it all."""
    return list(transaction.rows(text(f"SELECT {columns} FROM {table} ORDER BY 1, 2")))  # noqa: S608


def _read(store: SqlStore) -> Found:
    problems = list(store.problems())
    transaction = store.start()
    try:
        rows = _table(transaction, "seq, kind, record_id, jws", "journal")
        queue = {row.seq: row for row in _table(transaction, "seq, record_id, purged", "outbox")}
        chunks = _table(transaction, "seq, chunk, data", "blobs")
        drafts = dict(map(tuple, _table(transaction, "case_id, revision", "drafts")))
        frontier = [row.hash for row in _table(transaction, "position, hash", "journal_frontier")]
        values = dict(map(tuple, _table(transaction, "name, value", "named_values")))
        tries = dict(map(tuple, _table(transaction, "agent_id, failures", "agents")))
    finally:
        store.end(transaction)
    blobs = {seq: b"".join(row.data for row in chunks if row.seq == seq) for seq in queue}
    facts = {
        name.removeprefix(SEALED_PREFIX): msgspec.json.decode(value, type=SealedFacts)
        for name, value in values.items()
        if name.startswith(SEALED_PREFIX)
    }
    entries = tuple(row.jws for row in rows)
    report = _proof(entries)
    problems += [f"journal {problem.what}" for problem in report.problems]
    if list(report.frontier.hashes) != frontier:
        problems.append("frontier")
    announced = {row.seq: row.jws for row in rows if row.record_id is not None}
    for seq, entry in announced.items():
        problem = _record_problem(queue.get(seq), blobs.get(seq), entry)
        problems += [] if problem is None else [problem]
    sealed: dict[str, tuple[int, str]] = {}
    for name, found in facts.items():
        sealed |= _marks(name, found)
    if set(queue) != set(announced) or {seq for seq, _ in sealed.values()} != set(announced):
        problems.append("queue, marks and journal disagree")
    closed = (_header(row.jws) for row in rows if row.kind == EntryKind.VERIFY_CLOSE)
    ended = frozenset(str(header.facts["case"]) for header in closed)
    if ended & set(drafts):
        problems.append("a sealed case is still a draft")
    standing = {n.removeprefix(STANDING_PREFIX) for n in values if n.startswith(STANDING_PREFIX)}
    if not standing <= set(drafts):
        problems.append("a record stands ready for a case that is no draft")
    return Found(
        problems=tuple(problems),
        entries=tuple(sha256(entry.encode()) for entry in entries),
        sealed=sealed,
        drafts=drafts,
        ended=ended,
        tries=tries.get(AGENT, 0),
    )


def _go_on(path: Path, known: Found) -> tuple[str, ...]:
    """The restarted program seals one more record, and closes and opens once more."""
    store = open_store(path, KEY)
    try:
        clock = Ticks()
        clock.passed_s = 1_000_000
        office = Office(store, clock)
        if not any(agent.agent_id == AGENT for agent in office.agents.all()):
            office.agents.add(AGENT, "A", Role.AGENT, PIN)
        session = office.sign_in.sign_in(AGENT, PIN)
        facts = office.sealing.seal(case(99), session)
    finally:
        store.close()
    store = open_store(path, KEY)
    try:
        after = _read(store)
    finally:
        store.close()
    wanted = Kept(
        known.entries, known.sealed | {case(99).case_id: (facts.seq, RecordId(facts.record_id))}
    )
    return (*after.problems, *(f"then lost: {what}" for what in after.lost(wanted)))


def look_at(folder: Path, files: dict[str, bytes], go_on: bool) -> Found:
    """Open the image by the code that opens the store at every start."""
    for old in folder.iterdir():
        old.unlink()
    for name, data in files.items():
        (folder / name).write_bytes(data)
    path = folder / STORE
    try:
        store = open_store(path, KEY)
        try:
            found = _read(store)
        finally:
            store.close()
        if go_on:
            found = replace(found, problems=found.problems + _go_on(path, found))
    except KioskError as exc:
        return Found((f"{exc.code} {exc.detail}",))
    return found


class Judge:
    """Opens images that were not seen before, and counts what is wrong."""

    def __init__(self, folder: Path, recorder: Recorder) -> None:
        self._folder = folder
        self._recorder = recorder
        self._found: dict[bytes, Found] = {}
        beside = STORE + ".keycheck"
        self._beside = {beside: (recorder.folder / beside).read_bytes()}
        self._kept: list[Kept] = [Kept()]
        for op in recorder.ops:
            self._kept.append(op.mark if op.what == "mark" else self._kept[-1])
        self.made = self.lost = self.corrupt = 0
        self.kinds: Counter[str] = Counter()
        self.examples: Counter[str] = Counter()

    @property
    def distinct(self) -> int:
        """How many different images were opened."""
        return len(self._found)

    def judge(self, span: range, lot: random.Random, wanted: int) -> None:
        """Make and open images of cuts within ``span`` until ``wanted`` more were opened."""
        goal = self.distinct + wanted
        for _ in range(1000):
            moments = images(self._recorder.base, self._recorder.ops, span, lot)
            for moment, word, files in moments:
                self._one(moment, word, files)
                if self.distinct >= goal:
                    return
        raise RuntimeError("the recording is too short for so many images that differ")

    def _one(self, moment: int, word: str, files: dict[str, bytes]) -> None:
        self.made += 1
        digest = sha256(
            b"".join(sha256(name.encode()) + sha256(files[name]) for name in sorted(files))
        )
        if digest not in self._found:
            go_on = self.distinct % GO_ON_EVERY == 0
            found = look_at(self._folder, files | self._beside, go_on)
            self._found[digest] = found
            self.kinds[word] += 1
            if found.problems:
                self.corrupt += 1
                self.examples[f"{word}: {found.problems[0]}"] += 1
        lost = self._found[digest].lost(self._kept[moment])
        if lost:
            self.lost += 1
            self.examples[f"{word}: lost {lost[0]}"] += 1


def measure(place: Path | None, wanted: int, seed: int) -> dict[str, object]:
    """Record a day, cut it ``wanted`` times, and count."""
    memory = Path("/dev/shm")  # noqa: S108 - a folder of its own is made there
    beside = memory if memory.is_dir() else None
    with (
        tempfile.TemporaryDirectory(dir=place, prefix="visavis-power-") as real,
        tempfile.TemporaryDirectory(dir=beside, prefix="visavis-power-") as images_folder,
    ):
        recorder = Recorder(Path(real).resolve())
        day = Workload(recorder)
        day.run()
        if recorder.unnamed:
            raise RuntimeError("SQLite opened a temporary file")
        left = replayed(recorder)
        for name, data in left.items():
            if (recorder.folder / name).read_bytes() != data:
                raise RuntimeError(f"the recording missed a change of {name}")
        judge = Judge(Path(images_folder), recorder)
        lot = random.Random(seed)  # noqa: S311 - lots, not secrets
        start = time.perf_counter()
        in_long = round(wanted * LONG_SHARE)
        judge.judge(range(day.long_from), lot, wanted - in_long)
        judge.judge(range(day.fold_at - 60, len(recorder.ops) + 1), lot, in_long)
        spent = time.perf_counter() - start
        shutil.rmtree(images_folder)
        Path(images_folder).mkdir()
    counts = Counter(op.what for op in recorder.ops)
    return {
        "images": judge.distinct,
        "images_made": judge.made,
        "lost": judge.lost,
        "corrupt": judge.corrupt,
        "operations": sum(counts.values()) - counts["mark"],
        "syncs": counts["sync"],
        "acknowledgements": counts["mark"],
        "kinds": dict(sorted(judge.kinds.items())),
        "examples": dict(judge.examples.most_common(10)),
        "ms_per_image": round(spent * 1000 / max(judge.distinct, 1), 2),
    }


def main() -> int:
    """Parse, measure, print; 1 when anything was lost or broken."""
    parser = argparse.ArgumentParser(description="Power cuts on the recorded store.")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--images", type=int, default=50_000)
    parser.add_argument("--seed", type=int, default=20261126)
    parser.add_argument("--dir", type=Path, default=None)
    options = parser.parse_args()
    figures = measure(options.dir, options.images, options.seed)
    if options.json:
        print(json.dumps(figures))
    else:
        for name, value in figures.items():
            print(f"{name:20} {value}")
    return 1 if figures["lost"] or figures["corrupt"] else 0


if __name__ == "__main__":
    sys.exit(main())
