"""What the provider of a request is told: built from the record, sealed beside it, kept until sent.

Rules, in order: only where the policy names a key for the issuer of the request; only outcomes that
move a request on; the claims of the record, less what identifies the piece of paper (the provider
asked who stands there, not under which number the document is filed); no reason, no suspicion.
Source: domain 5.4 and 6.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from kiosk.audit.entries import open_entry
from kiosk.crypto.digests import b64u
from kiosk.crypto.signing import SigningKey
from kiosk.domain.decision import Outcome
from kiosk.domain.ids import RecordId
from kiosk.journeys.model import CaseState
from kiosk.ports import JournalRow, UnitOfWork
from kiosk.services.agents import Session
from kiosk.services.fleet import load_identity
from kiosk.services.terms import Terms
from kiosk.sync.results import (
    TOLD,
    AnnouncedResult,
    Result,
    SealedResult,
    announced_result,
    seal_result,
)

RESULT_PREFIX: Final = "result/"
"""Sealed envelopes that are not known to be safe elsewhere, by the number of their entry."""
SENT_PREFIX: Final = "result-sent/"
"""Marks of those that the central side took."""

_DOCUMENT_DETAILS: Final = ("type", "issuer")


def result_name(seq: int) -> str:
    """Name of the stored envelope of an entry."""
    return f"{RESULT_PREFIX}{seq:012d}"


def result_seq(name: str) -> int:
    """The entry of a stored envelope, by its name."""
    return int(name.removeprefix(RESULT_PREFIX))


def sent_name(seq: int) -> str:
    """Name of the mark that it was taken."""
    return f"{SENT_PREFIX}{seq:012d}"


def certificate_of(uow: UnitOfWork) -> str:
    """The fleet's word for this device, ``""`` before it is enrolled."""
    identity = load_identity(uow)
    return "" if identity is None else identity.certificate


def build_result(
    state: CaseState, record: dict[str, Any], certificate: str, agent_public: bytes
) -> Result | None:
    """The result of a case whose record was built; None where nobody is to be told.

    Args:
        state: the decided case.
        record: its record, JSON types.
        certificate: see :func:`certificate_of`.
        agent_public: raw key of the agent who signs.
    """
    request, decision = state.request, state.decision
    if request is None or decision is None or decision.outcome not in TOLD:
        return None
    facts = record["visavis"]
    claims = record.get("verified_claims")
    if claims is None and decision.outcome is Outcome.ACCEPTED:
        # Accepted without a document: nobody was verified, there is nothing to tell a provider.
        return None
    return Result(
        provider=request.issuer,
        request_id=request.request_id,
        record_id=RecordId(record["record_id"]),
        outcome=decision.outcome,
        at=datetime.fromisoformat(facts["times"]["sealed_at"]),
        device_id=facts["device_id"],
        certificate=certificate,
        agent_key=b64u(agent_public),
        policy_version=facts["policy_version"],
        rules_day=None if state.rules is None else state.rules.day,
        catalogues=dict(facts["catalogues"]),
        verified_claims=None if claims is None else _least(claims),
    )


def _least(claims: dict[str, Any]) -> dict[str, Any]:
    """``verified_claims`` of a record without number and dates of the document."""
    verification = dict(claims["verification"])
    verification["evidence"] = [
        evidence
        | {
            "document_details": {
                name: value
                for name, value in evidence["document_details"].items()
                if name in _DOCUMENT_DETAILS
            }
        }
        for evidence in verification["evidence"]
    ]
    return {"verification": verification, "claims": claims["claims"]}


@dataclass(frozen=True, slots=True)
class ResultSealer:
    """Seals the results of this device.

    Attributes:
        device_key: signs for the device.
        certificate: see :func:`certificate_of`.
    """

    device_key: SigningKey
    certificate: str

    def seal(
        self, state: CaseState, record: dict[str, Any], session: Session, terms: Terms
    ) -> SealedResult | None:
        """The envelope, or None where the policy names nobody to tell."""
        request = state.request
        recipient = None if request is None else terms.result_recipients.get(request.issuer)
        if recipient is None:
            return None
        key = session.signing_key
        result = build_result(state, record, self.certificate, key.public)
        return None if result is None else seal_result(result, recipient, key, self.device_key)


def announced_by(row: JournalRow, device_public: bytes) -> AnnouncedResult | None:
    """What an entry of this journal announces. Raises AuditError where it is not this device's."""
    return announced_result(open_entry(row.jws, device_public))


def let_go_result(uow: UnitOfWork, seq: int) -> None:
    """Drop an envelope with its record, inside ``uow``; one that was never taken stays."""
    if uow.values.get(sent_name(seq)) is not None:
        uow.values.delete(result_name(seq))
        uow.values.delete(sent_name(seq))


def unsent_results(uow: UnitOfWork) -> int:
    """How many envelopes the central side did not take yet."""
    sent = {name.removeprefix(SENT_PREFIX) for name in uow.values.names(SENT_PREFIX)}
    kept = {name.removeprefix(RESULT_PREFIX) for name in uow.values.names(RESULT_PREFIX)}
    return len(kept - sent)


def kept_results(uow: UnitOfWork) -> dict[int, bytes]:
    """Every envelope that is still here, by the number of its entry."""
    names = uow.values.names(RESULT_PREFIX)
    return {result_seq(name): uow.values.get(name) or b"" for name in names}
