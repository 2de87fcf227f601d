"""A device in the field: the real encrypted file, real services, a real collector, and a thief.

The thief has what root on the device has: the file's key and the device's key. Only the ratchet
keys of the past are out of reach, because they are gone.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlcipher3 import dbapi2

from central.archive.layout import Layout
from central.auditor.histories import Histories, HistoryReport
from central.auditor.opening import read_identity
from central.authority.codes import new_code
from kiosk.audit.entries import EntryKind, Header, open_entry
from kiosk.audit.verify import JournalReport, verify_journal
from kiosk.crypto.signing import SigningKey
from kiosk.domain.agent import Role
from kiosk.domain.decision import Decision, Outcome
from kiosk.domain.ids import CaseId, OfficeId
from kiosk.journeys.model import CaseState, SealedFacts
from kiosk.ports import OutboxRow
from kiosk.services.agents import Agents, Session
from kiosk.services.anchor import Anchor
from kiosk.services.custody import Custody, Missing
from kiosk.services.delivery import Delivery, DeliverySummary
from kiosk.services.drafts import Drafts
from kiosk.services.enrolment import Enrolment
from kiosk.services.fleet import DEVICE_KEY, require_membership
from kiosk.services.journal import Journal
from kiosk.services.sealing import Sealing
from kiosk.services.sign_in import SignIn
from kiosk.services.terms import DeviceFacts, terms_of
from kiosk.transport.https_link import HttpsLinks
from kiosk.vault.store import open_store
from tests.fakes.cases import new_case
from tests.fakes.central_side import CentralSide
from tests.fakes.clock import FakeClock
from tests.fakes.desk import CHEAP, PIN
from tests.fakes.enrolled import TroubledLinks
from tests.fakes.key_stores import MemoryKeyStore
from tests.fakes.mortal_collector import MortalCollector

KEY = bytes(range(32))
AGENT = new_case().agent_id


@dataclass
class FieldDevice:
    """One device on one folder.

    Attributes:
        folder: holds ``vault.db`` and its neighbours.
        keys: the system's secret store, which a copy of the folder does not contain.
    """

    folder: Path
    keys: MemoryKeyStore = field(default_factory=MemoryKeyStore)
    clock: FakeClock = field(default_factory=lambda: FakeClock(wall=datetime.now(UTC)))

    def __post_init__(self) -> None:
        self.keys.is_demonstration = False
        self.links = TroubledLinks(HttpsLinks(self.clock))
        self.store = open_store(self.path, KEY)

    @property
    def path(self) -> Path:
        return self.folder / "vault.db"

    def enrol(self, code: str) -> FieldDevice:
        Enrolment(self.store, self.keys, self.links, self.clock, "0.1.0").enrol(code)
        self.wire()
        self.agents.add(AGENT, "Camille R.", Role.AGENT, PIN)
        return self

    def wire(self) -> FieldDevice:
        """As the program does at its start."""
        self.at_work: Session | None = None
        self.identity, self.policy = require_membership(self.store)
        seed = self.keys.get(DEVICE_KEY)
        assert seed is not None
        self.key = SigningKey.from_seed(seed)
        facts = DeviceFacts(self.identity.device_id, "0.1.0")

        def terms():
            return terms_of(self.policy)

        self.journal = Journal(self.store, self.key, self.clock, facts, terms)
        self.agents = Agents(self.store, self.keys, self.journal, CHEAP)
        self.sealing = Sealing(self.journal, self.store, terms, self.clock, facts, self.key)
        self.drafts = Drafts(self.clock, self.sealing.standing)
        self.sign_in = SignIn(self.store, self.keys, self.clock, CHEAP, self.journal)
        self.delivery = Delivery(self.store, self.journal, self.links, self.keys, self.clock)
        self.custody = Custody(self.store, self.journal, self.key.public)
        self.anchor = Anchor(self.store, self.keys, self.journal, self.key.public)
        return self

    def restart(self) -> FieldDevice:
        """A new program on the folder as it lies there now."""
        self.store = open_store(self.path, KEY)
        return self.wire()

    def session(self) -> Session:
        """The agent at work, signed in once a start."""
        if self.at_work is None:
            self.at_work = self.sign_in.sign_in(AGENT, PIN)
        return self.at_work

    def visit(self, number: int) -> SealedFacts:
        """A visit from its opening to its seal."""
        return self.seal(self.open_visit(number))

    def open_visit(self, number: int) -> CaseState:
        session = self.session()
        state = replace(new_case(), case_id=CaseId(f"{number:032x}"))
        with self.store.begin() as uow:
            facts = {"case": state.case_id, "procedure": "test", "agent": state.agent_id}
            self.journal.append(uow, EntryKind.VERIFY_OPEN, facts)
            self.drafts.save(uow, state, session)
            uow.commit()
        return state

    def seal(self, state: CaseState) -> SealedFacts:
        decided = replace(state, decision=Decision(Outcome.ABANDONED))
        return self.sealing.seal(decided, self.session())

    def send(self) -> DeliverySummary:
        return self.delivery.run_once()

    def headers(self) -> list[Header]:
        return [open_entry(jws, self.key.public) for jws in self.entries()]

    def kinds(self) -> list[str]:
        return [header.kind.value for header in self.headers()]

    def entries(self) -> list[str]:
        with self.store.begin() as uow:
            return [row.jws for row in uow.journal.range(0, uow.journal.size())]

    def rows(self) -> tuple[OutboxRow, ...]:
        with self.store.begin() as uow:
            return uow.outbox.all()

    def verify(self) -> JournalReport:
        return verify_journal(self.entries(), self.identity.device_id, self.key.public)

    def losses(self) -> tuple[Missing, ...]:
        return self.custody.examine()

    @contextmanager
    def stolen(self) -> Iterator[dbapi2.Connection]:
        """The file in the hands of somebody with its key; the program is not running."""
        self.store.close()
        connection = dbapi2.connect(str(self.path), isolation_level=None)
        connection.execute(f"PRAGMA key = \"x'{KEY.hex()}'\"")
        for trigger in ("journal_no_update", "journal_no_delete"):
            connection.execute(f"DROP TRIGGER {trigger}")
        yield connection
        connection.close()

    def tampered(self, *statements: str) -> FieldDevice:
        """The program again, after somebody ran these statements on its file."""
        with self.stolen() as connection:
            for statement in statements:
                assert connection.execute(statement).rowcount > 0, statement
        return self.restart()

    def image(self, name: str) -> Path:
        """A copy of the folder as it lies now; the program is closed for it and goes on."""
        copy = self.folder.parent / name
        self.store.close()
        shutil.copytree(self.folder, copy)
        self.restart()
        return copy

    def put_back(self, image: Path) -> FieldDevice:
        """The program on an older copy of its folder."""
        self.store.close()
        shutil.rmtree(self.folder)
        shutil.copytree(image, self.folder)
        return self.restart()


def enrolled_at(collector: MortalCollector, folder: Path) -> FieldDevice:
    """A device of its own in a new ``folder``, enrolled at this collector."""
    folder.mkdir()
    url, now = f"https://localhost:{collector.port}", datetime.now(UTC)
    code = new_code(Layout(collector.data), url, OfficeId("075012"), now, timedelta(hours=1))
    return FieldDevice(folder).enrol(code.text())


def audited(side: CentralSide, now: datetime | None = None) -> HistoryReport:
    """What the auditor finds, with the key that follows ratchets."""
    layout = Layout(side.data)
    return Histories(layout).verify(now, read_identity(layout.identity))


def problems(report: HistoryReport, device: FieldDevice) -> Sequence[str]:
    (found,) = [d for d in report.devices if d.device_id == device.identity.device_id]
    return found.problems


def questions(report: HistoryReport, device: FieldDevice) -> Sequence[str]:
    (found,) = [d for d in report.devices if d.device_id == device.identity.device_id]
    return found.questions


def alarms(side: CentralSide, device: FieldDevice) -> list[tuple[str, int]]:
    """Alarms that the collector raised about a device."""
    with side.ledger() as ledger:
        return [(row.kind, row.seq) for row in ledger.alarms(device.identity.device_id)]
