"""A provider with a real server, and devices whose real sealing answers its requests."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from central.archive.layout import Layout
from central.archive.result_rows import ProviderRow, ResultRow
from central.authority.providers import Joined, add_provider
from central.provider.demonstration import (
    DemonstrationProvider,
    ProviderKeys,
    Trusts,
    provider_keys,
)
from kiosk.audit.entries import EntryKind, Fact
from kiosk.domain.agent import Agent
from kiosk.domain.decision import Decision, Outcome, Reason
from kiosk.domain.evidence import Verdict
from kiosk.domain.ids import AgentId, CaseId, RequestId
from kiosk.journeys.model import CaseState, PersonFacts, SealedFacts, StepKind
from kiosk.services.agents import Session
from kiosk.services.sealing import Sealing
from kiosk.services.terms import DeviceFacts, terms_of
from tests.fakes.cases import CARD_SIDES, DOCUMENT, FEATURES, PASSED, REQUEST, new_case
from tests.fakes.central_side import CentralSide
from tests.fakes.enrolled import AGENT, EnrolledDevice

ISSUER = "idp.test"
ACCEPTED = Decision(Outcome.ACCEPTED)
REFUSED = Decision(Outcome.REFUSED, (Reason.PERSON_DIFFERS,))
FRAUD = replace(REFUSED, fraud_suspected=True)
SUSPENDED = Decision(Outcome.SUSPENDED, (Reason.TECHNICAL_FAILURE,))
ABANDONED = Decision(Outcome.ABANDONED, (Reason.CUSTOMER_WITHDRAWS,))
CANARIES = (b"ROUSSEL", b"Roussel", b"MAELLE", "Maëlle".encode(), b"1988-03-09", b"D2H6862M2")


def now() -> datetime:
    return datetime.now(UTC)


def answered(number: int, decision: Decision = ACCEPTED, issuer: str = ISSUER) -> CaseState:
    """The case of request ``number``, decided."""
    return replace(
        new_case(),
        case_id=CaseId(f"{number:032x}"),
        step=StepKind.CONFIRM,
        request=replace(REQUEST, issuer=issuer, request_id=RequestId(f"req-{number}")),
        notice_version="2026-11",
        consent=True,
        document=DOCUMENT,
        sides=tuple(side.facts for side in CARD_SIDES),
        reading_checks=CARD_SIDES[1].checks,
        checks=PASSED,
        features=tuple(replace(f, verdict=Verdict.PASS) for f in FEATURES),
        person=PersonFacts(Verdict.PASS, ("ears", "nose"), 1, questions_consistent=True),
        decision=decision,
    )


def seal_case(
    device: EnrolledDevice,
    state: CaseState,
    meanwhile: Mapping[EntryKind, Mapping[str, Fact]] | None = None,
) -> SealedFacts:
    """By the real service, under the policy that the device holds now, as a case that was open.

    Entries of ``meanwhile`` come between its opening and its end.
    """
    facts = DeviceFacts(device.identity.device_id, "0.1.0", catalogues={"documents": "2026.11"})
    policy = device.policy
    sealing = Sealing(
        device.journal, device.store, lambda: terms_of(policy), device.clock, facts, device.key
    )
    told = {"case": state.case_id, "procedure": state.procedure, "agent": AGENT}
    device.journal.record(EntryKind.VERIFY_OPEN, told)
    for kind, facts_of_it in (meanwhile or {}).items():
        device.journal.record(kind, facts_of_it)
    session = Session(Agent(AgentId(AGENT), "A"), device.agent_key, bytes(32))
    return sealing.seal(state, session)


@dataclass
class Provider:
    """A provider that joined a central side.

    Attributes:
        server: its own.
        keys: what it keeps.
        joined: what it was given.
    """

    side: CentralSide
    server: DemonstrationProvider
    keys: ProviderKeys
    joined: Joined

    def row(self, record_id: str) -> ResultRow:
        """How one result stands on the central side."""
        with self.side.ledger() as ledger:
            (row,) = ledger.results.of_record(record_id)
        return row

    def wait_for(self, request_id: str, seconds: float = 120.0) -> str:
        """The outcome of a request, once it moved on."""
        requests = self.server.requests
        with requests.changed:
            assert requests.changed.wait_for(lambda: request_id in requests.results, seconds)
            return requests.results[request_id].outcome.value


def join(
    side: CentralSide,
    server: DemonstrationProvider,
    keys: ProviderKeys,
    *,
    url: str | None = None,
    pull_key: bytes | None = None,
    issuer: str = ISSUER,
    give_up_days: int = 7,
) -> Provider:
    """Let a provider hear of its requests."""
    where = server.url if url is None else url
    row = ProviderRow(issuer, where, keys.ca_pem, pull_key, 30, give_up_days, now().isoformat())
    joined = add_provider(Layout(side.data), row, keys.identity.recipient, now())
    enrolment = {key.kid: key.public for key in joined.enrolment_keys}
    server.trust(Trusts(issuer, joined.webhook_public, enrolment))
    return Provider(side, server, keys, joined)


@contextmanager
def provider_of(side: CentralSide, folder: Path, **options) -> Iterator[Provider]:
    """A provider with a server that runs, joined to a central side."""
    keys = provider_keys(folder / "provider", now())
    with DemonstrationProvider(keys, now) as server:
        yield join(side, server, keys, **options)
