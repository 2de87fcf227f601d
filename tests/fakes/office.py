"""A post office for tests: vault, keys, agents, issuer, services; real except where named."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path

from kiosk.crypto.age import Identity
from kiosk.crypto.passwords import Argon2Cost
from kiosk.crypto.signing import SigningKey
from kiosk.documents.requests import encode
from kiosk.domain.agent import Role
from kiosk.domain.evidence import Check
from kiosk.domain.ids import AgentId, DeviceId, OfficeId, RequestId
from kiosk.domain.request import VerificationRequest
from kiosk.journeys.blocks import Terms as ProcedureTerms
from kiosk.journeys.catalogue import JourneyCatalogue
from kiosk.journeys.model import CaseState, FeatureResult, RulesUsed
from kiosk.journeys.procedure import Journey
from kiosk.journeys.procedures import registered_letter
from kiosk.ports import Clock, Store
from kiosk.services.agents import DEVICE_SECRET, Agents, Session
from kiosk.services.chip_count import NO_CHIP, ChipCount
from kiosk.services.colleagues import Elsewhere, OfficeLine
from kiosk.services.contact import ContactWord, no_word
from kiosk.services.drafts import Drafts
from kiosk.services.hand_over import HandOver
from kiosk.services.journal import Journal
from kiosk.services.onboarding import Onboarding
from kiosk.services.proofing import Desk, Proofing
from kiosk.services.requests import IssuerKey, RequestDesk
from kiosk.services.sealing import Sealing
from kiosk.services.second_agent import SecondAgents
from kiosk.services.sign_in import SignIn
from kiosk.services.terms import DeviceFacts, Terms
from kiosk.vault.store import open_store
from tests.fakes.cases import FEATURES, JOURNEY, PASSED, REQUEST, SIDES, SPARE_FEATURE
from tests.fakes.clock import FakeClock
from tests.fakes.key_stores import MemoryKeyStore

ISSUER = "https://idp.test"
OFFICE = OfficeId("075012")
PIN = "271828"
CHEAP = Argon2Cost(memory_kib=64, iterations=1, lanes=1)
SEEDS = {name: bytes([number]) * 32 for number, name in enumerate(("device", "issuer", "auditor"))}


@dataclass
class ScriptedExamination:
    """Checks and features as a test wants them (``kiosk.services.proofing.Examination``)."""

    verdicts: tuple[Check, ...] = PASSED
    catalogue: tuple[FeatureResult, ...] = (*FEATURES, SPARE_FEATURE)

    rules: RulesUsed | None = None

    def rules_now(self) -> RulesUsed | None:
        return self.rules

    def checks(self, _state: CaseState) -> tuple[Check, ...]:
        return self.verdicts

    def features(self, state: CaseState, count: int) -> tuple[FeatureResult, ...]:
        drawn = {item.feature_id for item in state.features}
        return tuple(item for item in self.catalogue if item.feature_id not in drawn)[:count]


@dataclass
class Office:
    """One device of an office, wired; ``reopen`` is a restart of the program."""

    store: Store
    clock: Clock = field(default_factory=FakeClock)
    examination: ScriptedExamination = field(default_factory=ScriptedExamination)
    evidence_images: bool = False
    letter: Journey = field(default_factory=lambda: registered_letter(ProcedureTerms(SIDES)))
    journeys: Sequence[Journey] = (JOURNEY,)
    word: ContactWord = no_word
    chip: ChipCount = NO_CHIP

    def __post_init__(self) -> None:
        self.device_key = SigningKey.from_seed(SEEDS["device"])
        self.issuer_key = SigningKey.from_seed(SEEDS["issuer"])
        self.auditor = Identity.from_seed(SEEDS["auditor"])
        self.device = DeviceFacts(DeviceId("dev-0011223344556677"), "0.1.0-test")
        self.keys = MemoryKeyStore()
        self.keys.put(DEVICE_SECRET, bytes(32))
        self.journal = Journal(self.store, self.device_key, self.clock, self.device, self.terms)
        self.agents = Agents(self.store, self.keys, self.journal, CHEAP)
        self.sealing = Sealing(
            self.journal, self.store, self.terms, self.clock, self.device, self.device_key
        )
        drafts = Drafts(self.clock, self.sealing.standing)
        self.hand_over = HandOver(self.store, self.journal, drafts, self.clock, self.sealing)
        self.onboarding = Onboarding(self.store, self.keys, self.clock, self.journal, self.agents)
        self.sign_in = SignIn(
            self.store, self.keys, self.clock, CHEAP, self.journal, self._end_of_shift
        )
        desk = Desk(
            self.store,
            self.sealing,
            drafts,
            RequestDesk(self.store, self.issuers, OFFICE, self.clock),
            self.examination,
            self.hand_over,
            SecondAgents(self.store, self.sign_in, self.journal, self.clock, self.device),
            Elsewhere(
                OfficeLine(lambda: None, self.device.device_id), self.journal, lambda: None, dict
            ),
            self.word,
            self.chip,
        )
        catalogue = JourneyCatalogue(*self.journeys, self.letter)
        self.proofing = Proofing(desk, self.journal, self.clock, catalogue, OFFICE)

    def use_line(self, elsewhere: Elsewhere) -> None:
        """Let cases ask the other counters of the office."""
        self.proofing._desk = replace(self.proofing._desk, elsewhere=elsewhere)

    def _end_of_shift(self, session: Session) -> None:
        self.hand_over.accept_all(session)
        self.sealing.seal_open_drafts(session)

    def terms(self) -> Terms:
        return Terms(1, (self.auditor.recipient,), evidence_images=self.evidence_images)

    def issuers(self) -> dict[str, IssuerKey]:
        return {self.issuer_key.key_id: IssuerKey(ISSUER, self.issuer_key.public)}

    def session(self, agent: str = "camille", role: Role = Role.AGENT) -> Session:
        """Sign in, after the agent was added where that is still to do."""
        agent_id = AgentId(agent)
        if all(known.agent_id != agent_id for known in self.agents.all()):
            self.agents.add(agent_id, f"{agent.title()} R.", role, PIN)
        return self.sign_in.sign_in(agent_id, PIN)

    def code(self, request_id: str = "req-1", **changes: object) -> str:
        """A signed request as the customer's telephone shows it."""
        return encode(self.request(request_id, **changes), self.issuer_key)

    def request(self, request_id: str = "req-1", **changes: object) -> VerificationRequest:
        now = self.clock.now()
        values = {
            "request_id": RequestId(request_id),
            "issuer": ISSUER,
            "not_before": now - timedelta(days=2),
            "expires_at": now + timedelta(days=20),
            "key_id": self.issuer_key.key_id,
            **changes,
        }
        return replace(REQUEST, **values)

    def journal_kinds(self) -> list[str]:
        with self.store.begin() as uow:
            return [row.kind for row in uow.journal.range(0, uow.journal.size())]

    def outbox(self) -> Sequence[object]:
        with self.store.begin() as uow:
            return uow.outbox.all()


def office_on_disk(folder: Path, **parts: object) -> Office:
    """An office whose vault is a real encrypted file."""
    return Office(open_store(folder / "vault.db", bytes(range(32))), **parts)
