"""A post-office counter for tests: the real services over a store, keys made on the spot."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from kiosk.audit.records import RecordContents, open_record
from kiosk.audit.verify import JournalReport, verify_journal
from kiosk.crypto.age import Identity
from kiosk.crypto.passwords import Argon2Cost
from kiosk.crypto.signing import SigningKey, key_id_of
from kiosk.domain.agent import Role
from kiosk.domain.ids import AgentId, DeviceId
from kiosk.ports import JournalRow, OutboxRow, Store
from kiosk.services.agents import Agents, Session
from kiosk.services.drafts import Drafts
from kiosk.services.hand_over import HandOver
from kiosk.services.journal import Journal
from kiosk.services.onboarding import Onboarding
from kiosk.services.sealing import Sealing
from kiosk.services.sightings import Sightings
from kiosk.services.sign_in import SignIn
from kiosk.services.terms import DeviceFacts, Terms
from tests.fakes.clock import FakeClock
from tests.fakes.key_stores import MemoryKeyStore
from tests.fakes.store import InMemoryStore

CHEAP = Argon2Cost(memory_kib=64, iterations=1, lanes=1)
"""Far below any real cost: tests of rules need no slow PIN."""
PIN = "271828"
OPS = Identity.from_seed(b"o" * 32)
ESCROW = Identity.from_seed(b"e" * 32)
DEVICE = DeviceFacts(DeviceId("dev-0011223344556677"), "0.1.0", catalogues={"documents": "2026.11"})
TERMS = Terms(policy_version=3, recipients=(OPS.recipient, ESCROW.recipient))
PROVIDER = Identity.from_seed(b"p" * 32)
WITH_PROVIDER = replace(TERMS, result_recipients={"https://idp.test": PROVIDER.recipient})
"""The issuer of the requests in :mod:`tests.fakes.cases` hears how they end."""


@dataclass
class Desk:
    """One device with its services; every part may be replaced before ``__post_init__`` ends.

    Attributes:
        store: where everything goes.
        clock: moves by hand.
        keys: holds the device secret.
        terms: what the policy says now; assign another to change the policy.
    """

    store: Store = field(default_factory=InMemoryStore)
    clock: FakeClock = field(default_factory=FakeClock)
    keys: MemoryKeyStore = field(
        default_factory=lambda: MemoryKeyStore(device_secret=b"device secret of thirty-two byte")
    )
    device_key: SigningKey = field(default_factory=lambda: SigningKey.from_seed(b"d" * 32))
    terms: Terms = TERMS

    def __post_init__(self) -> None:
        self.journal = Journal(self.store, self.device_key, self.clock, DEVICE, self._terms)
        self.agents = Agents(self.store, self.keys, self.journal, CHEAP)
        self.sightings = Sightings(self.store, self.keys, self.clock)
        self.sealing = Sealing(
            self.journal,
            self.store,
            self._terms,
            self.clock,
            DEVICE,
            self.device_key,
            self.sightings,
        )
        self.drafts = Drafts(self.clock, self.sealing.standing)
        self.hand_over = HandOver(self.store, self.journal, self.drafts, self.clock, self.sealing)
        self.onboarding = Onboarding(self.store, self.keys, self.clock, self.journal, self.agents)
        self.sign_in = SignIn(
            self.store,
            self.keys,
            self.clock,
            CHEAP,
            self.journal,
            self._end_of_shift,
        )

    def _end_of_shift(self, session: Session) -> None:
        self.hand_over.accept_all(session)
        self.sealing.seal_open_drafts(session)

    def _terms(self) -> Terms:
        return self.terms

    def set_terms(self, **changes: object) -> None:
        """A new policy is in force."""
        self.terms = replace(self.terms, **changes)  # type: ignore[arg-type] # names of fields

    def add_agent(self, name: str = "a-17", role: Role = Role.AGENT, pin: str = PIN) -> AgentId:
        agent = self.agents.add(AgentId(name), name.title(), role, pin)
        return agent.agent_id

    def session(self, name: str = "a-17", role: Role = Role.AGENT) -> Session:
        """A signed-in agent, added first where needed."""
        agent_id = AgentId(name)
        if agent_id not in {agent.agent_id for agent in self.agents.all()}:
            self.add_agent(name, role)
        return self.sign_in.sign_in(agent_id, PIN)

    def entries(self) -> tuple[JournalRow, ...]:
        with self.store.begin() as uow:
            return uow.journal.range(0, uow.journal.size())

    def kinds(self) -> list[str]:
        return [row.kind for row in self.entries()]

    def outbox(self) -> tuple[OutboxRow, ...]:
        with self.store.begin() as uow:
            return uow.outbox.all()

    def verify(self) -> JournalReport:
        entries = [row.jws for row in self.entries()]
        return verify_journal(entries, DEVICE.device_id, self.device_key.public)

    def open_record(self, seq: int, identity: Identity = OPS) -> RecordContents:
        """What an auditor reads in record ``seq``."""
        with self.store.begin() as uow:
            blob = uow.blobs.get(seq)
            publics = [row.public_key for row in uow.agents.all()]
        assert blob is not None
        signers = {key_id_of(public): public for public in (*publics, self.device_key.public)}
        return open_record(blob, identity, signers, self.device_key.key_id)
